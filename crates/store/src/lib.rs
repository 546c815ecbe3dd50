//! Doorward's rows: SQLite or PostgreSQL behind one [`Store`], one set of SQL.
//!
//! Reads are methods of [`Store`], named after the question they answer; a row that is not there is
//! `None`. Every change goes through one [`Write`]: a transaction begun by an [`Actor`], which writes
//! the change, the revision, an audit row and (where security depends on it) a change row, or nothing.
//!
//! Secrets are sealed before they reach a statement ([`MasterKey`]); verifiers and API keys are stored
//! as digests only, except the API key that Crossbar must be able to show again, which is sealed.

mod account;
mod actor;
mod app_token;
mod audit;
mod backend;
mod backup;
mod belonging;
mod change;
mod credential;
mod decision;
mod denied;
mod directory;
mod driver;
mod error;
mod failure;
mod feed;
mod installation;
mod key;
mod listing;
mod master;
mod migrate;
#[cfg(feature = "postgres")]
mod postgres;
mod prune;
mod query;
mod role;
mod rows;
mod seal;
mod sqlite;
mod store;
#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod testing;
mod tree;
mod user;
mod write;

pub use actor::{Action, Actor, AuditRow};
pub use app_token::{AppTokenRow, CredentialUse};
pub use audit::AuditFilter;
pub use backend::Times;
pub use change::{Change, ChangeRow};
pub use decision::{DecisionFilter, NewDecision, RecordedDecision};
pub use error::{Conflict, OpenError, StoreError};
pub use feed::{Feed, News};
pub use listing::{Descendant, Direction, ListedAccount, ListedUser, Position};
pub use master::{MasterKey, MasterKeyError};
pub use rows::{
    ApiKeyOwner, HashGeneration, KeyPurpose, KeyState, NewVerifier, Page, Pin, RingKey, System,
    VerifierKind, VerifierMatch,
};
pub use store::{Options, Store};
pub use write::{NameRule, Write};
