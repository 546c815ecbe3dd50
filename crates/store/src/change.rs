//! Changes other nodes must hear of (decision 25): what to read again, never the values.

use doorward_core::id::{AccountId, TokenId, UserId};
use doorward_core::time::Timestamp;

/// Something security depends on has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// An account's row: state, place in the tree, generations, secret, API key.
    Account(AccountId),
    /// A user's row or verifiers.
    User(AccountId, UserId),
    /// A token was denied until its own end.
    DenyToken(TokenId, Timestamp),
    /// The key ring or the hash generations.
    Keys,
    /// The system's generation or secret.
    System,
}

/// A change and its place in the order of commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeRow {
    /// Grows in the order in which changes become visible.
    pub id: i64,
    /// What changed.
    pub change: Change,
}
