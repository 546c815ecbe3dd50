//! The sections of the configuration, each with its keys and its settings.

pub(super) mod cache;
pub(super) mod crossbar;
pub(super) mod hash;
pub(super) mod limits;
pub(super) mod listen;
pub(super) mod log;
pub(super) mod store;
pub(super) mod tokens;
pub(super) mod trust;
