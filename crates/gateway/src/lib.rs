//! Doorward's sockets: where it listens, how it serves, how it drains, and whom it passes requests on to.
//!
//! Nothing here knows a dialect or makes a decision. A caller [binds](listen::bind) addresses, hands the
//! listeners with a [`Service`](serve::Service) to [`serve`](serve::serve), and cancels a token
//! to drain.

mod accept;
mod activity;
pub mod address;
mod connection;
pub mod forward;
pub mod guard;
pub mod inherited;
pub mod listen;
mod owner;
pub mod peer;
mod seats;
pub mod serve;
mod tap;
pub mod tls;
mod unix;
mod unread;
mod upload;
pub mod upstream;
mod watched;
