//! The built binary, as its user meets it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail like tests"
)]

mod app_tokens;
mod audit;
mod clients;
mod commands;
mod curl;
mod decisions;
mod directory;
mod durability;
mod example;
mod failures;
mod foreign;
mod full_disk;
mod funnelback;
mod funnelback_clients;
mod log;
mod pins;
mod proxies;
mod reloading;
mod replayed;
mod restoring;
mod roles;
mod serving;
mod support;
mod synced;
mod tls;
