//! The service over real sockets, as a gateway in front of it would call it.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests may fail like tests"
)]

mod client;
mod durability;
mod edges;
mod page;
mod push;
mod search;
