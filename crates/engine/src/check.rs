//! From what was presented to who it is.

use std::sync::Arc;

use doorward_core::account::Account;
use doorward_core::identity::Identity;
use doorward_core::user::User;

/// An identity joined with the live state it was last compared with.
#[derive(Debug)]
pub(crate) struct Live {
    /// Who.
    pub(crate) identity: Arc<Identity>,
    /// The account it acts for.
    pub(crate) account: Arc<Account>,
    /// The user it acts as.
    pub(crate) user: Option<Arc<User>>,
}
