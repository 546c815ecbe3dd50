//! The parts of the `doorward` binary that can be tested without starting it.

pub mod config;
pub mod front;
pub mod log;
