//! The first account, its admin and its keys.

use doorward_core::account::Account;
use doorward_core::secret::SecretText;
use doorward_core::user::User;

/// What `init` asks for.
#[derive(Debug, Clone)]
pub struct Founding {
    /// Name of the root account.
    pub account_name: String,
    /// Its realm.
    pub realm: String,
    /// Username of its first admin.
    pub username: String,
    /// The admin's password.
    pub password: SecretText,
}

/// What `init` made.
#[derive(Debug, Clone)]
pub struct Founded {
    /// The root account.
    pub account: Account,
    /// Its admin.
    pub user: User,
    /// Its API key.
    pub api_key: SecretText,
}
