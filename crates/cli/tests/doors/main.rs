//! Both doors to a guarded API: one request, the same answer and the same identity at each.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed, and waits for what it spawns"
)]

mod differential;
mod support;
