//! Doorward's use cases over rows and rules: sign in, check, revoke, administer.
//!
//! [`Engine`] is the handle everybody holds. The one question is [`Engine::decide`]: every door and
//! every management resource asks it, and nothing is let in another way, because a [`Permit`] can be
//! made by it alone.
//!
//! ```no_run
//! # async fn example(engine: doorward_engine::Engine, token: String) {
//! use doorward_core::credential::Presented;
//! use doorward_core::right::Right;
//! use doorward_engine::{Decision, Request, Resource, Trace};
//!
//! let presented = Presented::Token { token: token.into(), account: None };
//! let request = Request {
//!     presented: &presented,
//!     client: std::net::Ipv4Addr::LOCALHOST.into(),
//!     resource: Resource { right: Right::Authenticated, account: None, user: None },
//! };
//! match engine.decide(&request, &mut Trace::off()).await {
//!     Decision::Allow(permit) => println!("{:?}", permit.identity().account),
//!     refused => println!("{refused:?}"),
//! }
//! # }
//! ```

pub mod admin;
mod api;
mod cache;
mod check;
mod decide;
mod decision;
mod engine;
mod found;
mod guard;
mod hash;
mod health;
mod keys;
mod live;
mod metrics;
mod present;
mod role;
mod settings;
mod sign_in;
mod source;
mod tokens;
mod upkeep;
mod usage;

pub use admin::AdminError;
pub use api::{
    Door, Extension, FunnelbackSettings, Guarded, IdentityRule, Inquiry, Mapped, Passage, Verdict,
};
pub use decision::{Decision, Permit, Reason, Refusal, Request, Resource, Trace};
pub use engine::{AccountFacts, Engine, StartError};
pub use found::{Founded, Founding};
pub use metrics::{Histogram, Label, Metrics, Reading, ReadingKind};
pub use role::{SUPER_USER, shipped_roles};
pub use settings::{HashSettings, LimitSettings, Outage, RecordSettings, Settings};
pub use sign_in::{AccountHint, Remembered, Session, SignIn, SignInError};
pub use source::{monotonic, system_clock, system_random};
pub use tokens::TokenInfo;

// What callers hand in and get back unchanged, so that they need not know the store.
pub use doorward_store::{
    Actor, AppTokenRow, Conflict, DecisionFilter, Descendant, Direction, ListedAccount, ListedUser,
    Page, Position, RecordedDecision, StoreError,
};
