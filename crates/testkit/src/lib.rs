//! For tests: a clock moved by hand, randomness that repeats, a database per test, a server in memory.

mod source;

pub use source::{ManualClock, seeded_random};
