//! Doorward's wire: one folder per dialect, one per door. Rules live in the engine.
//!
//! [`public()`] is everything the public listener serves, [`ops()`] everything the ops listener serves. Both
//! are plain routers, so that tests call them in memory and the gateway puts them on sockets. Whoever
//! listens puts a [`Peer`] into each request's extensions; a request without one is a stranger's.

mod client;
mod dialect;
mod door;
mod jwks;
mod log;
mod ops;
mod public;
mod rejection;
mod request_id;
mod settings;

pub use client::{Facts, Peer};
pub use dialect::crossbar::{Complaint, is_own_noun, new_account, patch_account, patch_user};
pub use dialect::funnelback::{PATHS as FUNNELBACK_PATHS, in_clear};
pub use door::forward_auth::{Check, CheckPeers, check};
pub use ops::ops;
pub use public::{Foreign, claims, own_table, public};
pub use rejection::{Asked, Rejection, reject, rejection};
pub use settings::{Crossbar, Funnelback, SameSite, Settings};
