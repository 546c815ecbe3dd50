//! Doors through which a proxy in front asks whether a request may pass.

pub(crate) mod forward_auth;
