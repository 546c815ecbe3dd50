//! What is computed about an account from its place in the tree.

use doorward_core::id::AccountId;

/// Computed facts about an account (crossbar.md section 12.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountFacts {
    /// The nearest reseller above, else the root; the root's own id for the root.
    pub reseller: AccountId,
    /// Whether it is the root of the tree.
    pub is_master: bool,
}
