//! The built binary, as its user meets it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail like tests"
)]

mod audit;
mod clients;
mod commands;
mod curl;
mod directory;
mod durability;
mod example;
mod failures;
mod full_disk;
mod funnelback;
mod log;
mod proxies;
mod replayed;
mod restoring;
mod roles;
mod serving;
mod support;
mod synced;
