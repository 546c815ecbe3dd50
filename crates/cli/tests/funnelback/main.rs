//! The Funnelback dialect's check-list (funnelback.md section 11) over real sockets: the public listener as `doorward
//! serve` puts it together, in front of the search service of the demo.
//!
//! Each test is named after its row: `fb_r01_…`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed, and its server goes with its runtime"
)]

mod app_tokens;
mod basic;
mod cookie;
mod exchange;
mod first;
mod forge;
mod leakage;
mod peers;
mod reach;
mod rights;
mod routing;
mod sign_in;
mod site;
mod token;
mod token_life;
mod token_place;
mod told;
mod upstream;
