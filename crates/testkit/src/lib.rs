//! For tests: a clock moved by hand, randomness that repeats, a database per test, a server in memory.

mod app;
mod database;
mod source;

pub use app::{App, Call, Reply, SHARED_NAMES, Secret, operator};
pub use database::{Kind, TestDatabase};
pub use source::{ManualClock, seeded_random};
