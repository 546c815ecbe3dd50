//! The sections of the configuration, each with its keys and its settings.

pub(super) mod api;
pub(super) mod cache;
pub(super) mod check;
pub(super) mod crossbar;
pub(super) mod funnelback;
pub(super) mod hash;
pub(super) mod identity;
pub(super) mod limits;
pub(super) mod listen;
pub(super) mod log;
pub(super) mod record;
pub(super) mod store;
pub(super) mod tls;
pub(super) mod tokens;
pub(super) mod trust;
pub(super) mod upstream;
