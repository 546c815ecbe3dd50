//! Accounts: the tenants of the tree.

use crate::credential::DigestKind;
use crate::document::Document;
use crate::id::AccountId;
use crate::permission::Role;
use crate::secret::SecretText;
use crate::time::Timestamp;
use crate::verifier::SALT_LEN;

/// An account as it is stored. What decisions read is typed (decision 1); the document holds the
/// rest, and nothing in it ever influences a decision.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The account above; `None` for the root.
    pub parent: Option<AccountId>,
    /// As shown.
    pub name: String,
    /// SIP realm, lower case.
    pub realm: String,
    /// Switched off accounts are locked: 423 for whoever proves to belong to them.
    pub enabled: bool,
    /// The system owner's account.
    pub superduper: bool,
    /// A billing boundary.
    pub reseller: bool,
    /// When its trial ends; locked from then on.
    pub trial_ends: Option<Timestamp>,
    /// Which digest Basic compares; `None` for the system's setting.
    pub basic_digest: Option<DigestKind>,
    /// Moves when everything of the account must die.
    pub generation: u64,
    /// Moves when what rests on its API key must die.
    pub key_generation: u64,
    /// Salt of its users' digest verifiers.
    pub salt: [u8; SALT_LEN],
    /// 32 hexadecimal digits that sign the identity of user-less tokens.
    pub signature_secret: SecretText,
    /// Its own roles; those every account has are not among them.
    pub roles: Vec<Role>,
    /// Custom keys and the keys nothing is decided by.
    pub document: Document,
    /// Counts changes of the account.
    pub revision: u64,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
}

/// Why an account is locked (crossbar.md section 3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// Its trial, or that of an account above, ended then.
    Expired(Timestamp),
    /// It, or an account above, is switched off.
    Disabled,
}

impl Account {
    /// Whether the account by itself is locked now; accounts above are asked one by one.
    #[must_use]
    pub fn lock(&self, now: Timestamp) -> Option<Lock> {
        match self.trial_ends {
            Some(end) if end <= now => Some(Lock::Expired(end)),
            _ if !self.enabled => Some(Lock::Disabled),
            _ => None,
        }
    }
}
