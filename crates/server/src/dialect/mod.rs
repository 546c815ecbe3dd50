//! The dialects: what goes over the wire, and nothing about who may do what.

pub(crate) mod crossbar;
pub(crate) mod funnelback;
mod host;
