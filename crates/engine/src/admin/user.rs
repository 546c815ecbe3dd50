//! Users and their passwords.

use std::convert::Infallible;

use doorward_core::document::Document;
use doorward_core::hex;
use doorward_core::id::{AccountId, UserId};
use doorward_core::name;
use doorward_core::permission::RoleName;
use doorward_core::secret::SecretText;
use doorward_core::user::{Level, User};
use doorward_store::Actor;

use super::account::checked_document;
use super::role::checked_roles;
use super::user_edit::{NewSecrets, UserDraft};
use super::verifiers::check_password;
use super::{AdminError, EditError, Mandate};
use crate::Engine;

/// A new user.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Its account.
    pub account: AccountId,
    /// Username; without one it cannot sign in.
    pub username: Option<String>,
    /// Password; goes with the username.
    pub password: Option<SecretText>,
    /// What it may do.
    pub level: Level,
    /// On or off.
    pub enabled: bool,
    /// Names, mail, custom keys.
    pub document: Document,
}

/// What changes about a user; `None` leaves a thing as it is.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// New username; needs a password, for the digests hold both.
    pub username: Option<String>,
    /// New password.
    pub password: Option<SecretText>,
    /// New level.
    pub level: Option<Level>,
    /// On or off.
    pub enabled: Option<bool>,
    /// Replaces names, mail, custom keys.
    pub document: Option<Document>,
    /// Exactly these roles from now on.
    pub roles: Option<Vec<RoleName>>,
}

impl Engine {
    /// Finds a user of an account by id or username.
    ///
    /// # Errors
    /// [`AdminError::UnknownUser`].
    pub async fn find_user(&self, account: AccountId, text: &str) -> Result<User, AdminError> {
        let found = match text.parse() {
            Ok(id) => self.store().user(account, id).await?,
            Err(_) => match name::username(text) {
                Ok(username) => self.store().user_named(account, &username).await?,
                Err(_) => None,
            },
        };
        found.ok_or(AdminError::UnknownUser)
    }

    /// Creates a user.
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn create_user(&self, actor: Actor, new: NewUser) -> Result<User, AdminError> {
        self.create_user_with_roles(actor, new, Vec::new()).await
    }

    /// Creates a user with roles on guarded APIs.
    ///
    /// # Errors
    /// [`AdminError::UnknownRole`]; [`AdminError::BeyondCaller`]; see [`AdminError`].
    pub async fn create_user_with_roles(
        &self,
        mandate: impl Into<Mandate>,
        new: NewUser,
        roles: Vec<RoleName>,
    ) -> Result<User, AdminError> {
        let mandate = mandate.into();
        let account = self
            .account(new.account)
            .await?
            .ok_or(AdminError::UnknownAccount)?;
        let username = new.username.as_deref().map(checked_username).transpose()?;
        let verifiers = match (&username, &new.password) {
            (Some(username), Some(password)) => {
                check_password(password)?;
                let newest = self
                    .hash_generations()
                    .first()
                    .copied()
                    .ok_or(AdminError::UnknownKey)?;
                self.0
                    .verifiers(newest, account.salt, username, password)
                    .await?
            }
            (Some(_), None) => return Err(AdminError::PasswordNeeded),
            (None, Some(_)) => return Err(AdminError::UsernameNeeded),
            (None, None) => Vec::new(),
        };
        let user = self.draft_user(account.id, username, new.level, new.enabled, new.document)?;
        self.commit(mandate.actor.clone(), move |write| {
            Box::pin(async move {
                let mut user = user;
                if !roles.is_empty() {
                    let owner = write.account(user.account).await?;
                    let owner = owner.ok_or(AdminError::UnknownAccount)?;
                    mandate.may_give(&owner, &roles)?;
                    user.roles = checked_roles(&owner, roles)?;
                }
                write.insert_user(&user).await?;
                if !verifiers.is_empty() {
                    write
                        .replace_verifiers(user.account, user.id, &verifiers)
                        .await?;
                }
                Ok(user)
            })
        })
        .await
    }

    /// A username for somebody who was given a password only (crossbar.md section 12.4).
    #[must_use]
    pub fn generated_username(&self) -> String {
        format!("user_{}", hex::encode(&self.random().bytes::<8>()))
    }

    /// A user as it will be stored.
    pub(crate) fn draft_user(
        &self,
        account: AccountId,
        username: Option<String>,
        level: Level,
        enabled: bool,
        document: Document,
    ) -> Result<User, AdminError> {
        Ok(User {
            id: UserId::new(self.random().bytes()),
            account,
            username,
            level,
            roles: Vec::new(),
            enabled,
            generation: 1,
            signature_secret: self.new_secret(),
            document: checked_document(document)?,
            revision: 1,
            created: self.now(),
            modified: self.now(),
        })
    }

    /// Changes a user; see [`Engine::edit_user`].
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn change_user(
        &self,
        mandate: impl Into<Mandate>,
        account: AccountId,
        id: UserId,
        change: UserChange,
    ) -> Result<User, AdminError> {
        let secrets = NewSecrets {
            password: change.password.clone(),
            fallback_username: None,
        };
        let plan = move |user: &User| {
            Ok::<_, Infallible>(UserDraft {
                username: change.username.clone().or_else(|| user.username.clone()),
                level: change.level.unwrap_or(user.level),
                enabled: change.enabled.unwrap_or(user.enabled),
                document: change
                    .document
                    .clone()
                    .unwrap_or_else(|| user.document.clone()),
                roles: change.roles.clone(),
            })
        };
        match self.edit_user(mandate, account, id, secrets, plan).await {
            Ok(user) => Ok(user),
            Err(EditError::Failed(error)) => Err(error),
            Err(EditError::Refused(never)) => match never {},
        }
    }

    /// Deletes a user with its credentials; as it was last.
    ///
    /// # Errors
    /// [`AdminError::UnknownUser`]; [`AdminError::BeyondCaller`].
    pub async fn delete_user(
        &self,
        mandate: impl Into<Mandate>,
        account: AccountId,
        id: UserId,
    ) -> Result<User, AdminError> {
        let mandate = mandate.into();
        self.commit(mandate.actor.clone(), move |write| {
            Box::pin(async move {
                let user = write.user(account, id).await?;
                let user = user.ok_or(AdminError::UnknownUser)?;
                mandate.may_touch(write, &user).await?;
                write.delete_user(account, id).await?;
                Ok(user)
            })
        })
        .await
    }
}

pub(super) fn checked_username(username: &str) -> Result<String, AdminError> {
    name::username(username).map_err(|error| AdminError::Name {
        field: "username",
        error,
    })
}
