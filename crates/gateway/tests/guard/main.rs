//! The proxy door over real sockets: a client's bytes in, an upstream's bytes out.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed, and waits for what it spawns"
)]

mod bodies;
mod exchange;
mod headers;
mod health;
mod large;
mod streams;
mod strict;
mod summary;
mod support;
mod tls;
mod trouble;
mod versions;
