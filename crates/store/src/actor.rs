//! Who changes something, and what is written down about it (decision 6).

use std::net::IpAddr;

use doorward_core::id::{AccountId, CredentialId, UserId};
use doorward_core::time::Timestamp;

/// Who performs a write. There is no write without one.
#[derive(Debug, Clone, Default)]
pub struct Actor {
    /// The account the caller acts for; `None` for the operator's command line and for the server's own upkeep.
    pub account: Option<AccountId>,
    /// The user, if there is one.
    pub user: Option<UserId>,
    /// The credential, where it is a stored one.
    pub credential: Option<CredentialId>,
    /// Who impersonates the user.
    pub impersonator: Option<UserId>,
    /// The request's id (or a name such as `cli`).
    pub request_id: Option<String>,
    /// The client's address.
    pub address: Option<IpAddr>,
}

impl Actor {
    /// The operator at the command line.
    #[must_use]
    pub fn operator() -> Self {
        Self {
            request_id: Some("cli".to_owned()),
            ..Self::default()
        }
    }

    /// The server itself, in the course of a sign-in or of upkeep.
    #[must_use]
    pub fn server() -> Self {
        Self {
            request_id: Some("server".to_owned()),
            ..Self::default()
        }
    }
}

/// What was done, as the audit log names it: dotted, object first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// `account.create`
    CreateAccount,
    /// `account.change`
    ChangeAccount,
    /// `account.move`
    MoveAccount,
    /// `account.delete`
    DeleteAccount,
    /// `user.create`
    CreateUser,
    /// `user.change`
    ChangeUser,
    /// `user.password`
    ChangePassword,
    /// `user.delete`
    DeleteUser,
    /// `api_key.rotate`
    RotateApiKey,
    /// `app_token.create`
    CreateAppToken,
    /// `app_token.revoke`
    RevokeAppToken,
    /// `role.set`
    SetRole,
    /// `role.delete`
    DeleteRole,
    /// `user.roles`
    GrantRoles,
    /// `phone.assign`
    AssignPhone,
    /// `phone.release`
    ReleasePhone,
    /// `token.revoke`
    RevokeToken,
    /// `secret.reset`
    ResetSecret,
    /// `key.create`
    CreateKey,
    /// `key.retire`
    RetireKey,
    /// `verifier.upgrade`
    UpgradeVerifier,
    /// `hash.change`
    ChangeHash,
    /// `pin.set`
    SetPin,
    /// `store.found`
    FoundStore,
    /// `store.restore`
    RestoreStore,
}

impl Action {
    /// The dotted name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreateAccount => "account.create",
            Self::ChangeAccount => "account.change",
            Self::MoveAccount => "account.move",
            Self::DeleteAccount => "account.delete",
            Self::CreateUser => "user.create",
            Self::ChangeUser => "user.change",
            Self::ChangePassword => "user.password",
            Self::DeleteUser => "user.delete",
            Self::RotateApiKey => "api_key.rotate",
            Self::CreateAppToken => "app_token.create",
            Self::RevokeAppToken => "app_token.revoke",
            Self::SetRole => "role.set",
            Self::DeleteRole => "role.delete",
            Self::GrantRoles => "user.roles",
            Self::AssignPhone => "phone.assign",
            Self::ReleasePhone => "phone.release",
            Self::RevokeToken => "token.revoke",
            Self::ResetSecret => "secret.reset",
            Self::CreateKey => "key.create",
            Self::RetireKey => "key.retire",
            Self::UpgradeVerifier => "verifier.upgrade",
            Self::ChangeHash => "hash.change",
            Self::SetPin => "pin.set",
            Self::FoundStore => "store.found",
            Self::RestoreStore => "store.restore",
        }
    }
}

/// One line of the audit log.
#[derive(Debug, Clone)]
pub struct AuditRow {
    /// Position in the log.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// What, by [`Action::as_str`].
    pub action: String,
    /// In which account.
    pub account: Option<AccountId>,
    /// On what: an id as text, or a name of a global thing. Never a secret.
    pub target: Option<String>,
    /// By whom.
    pub actor: Actor,
}
