//! What a store promises, asked of SQLite and PostgreSQL alike.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod accounts;
mod app_tokens;
mod audit;
mod build;
mod decisions;
mod feed;
mod global;
mod listing;
mod opening;
mod plans;
mod races;
mod upkeep;
mod users;
