//! For tests: a clock moved by hand, randomness that repeats, a database per test, a server in memory.

mod database;
mod source;

pub use database::{Kind, TestDatabase};
pub use source::{ManualClock, seeded_random};
