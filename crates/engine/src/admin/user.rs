//! Users and their passwords.

use doorward_core::document::Document;
use doorward_core::id::{AccountId, UserId};
use doorward_core::name;
use doorward_core::secret::{SecretText, equal};
use doorward_core::user::{Level, User};
use doorward_store::{Action, Actor, NewVerifier, Write};

use super::AdminError;
use super::account::checked_document;
use super::verifiers::check_password;
use crate::Engine;

/// Attempts at a change whose ground moved while passwords were hashed.
const ATTEMPTS: u32 = 8;

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
}

/// A change made ready: everything slow is done.
struct Ready {
    level: Option<Level>,
    enabled: Option<bool>,
    document: Option<Document>,
    username: Option<String>,
    /// The username the verifiers were computed with, and per live hash generation, newest first, the verifiers.
    verifiers: Option<(String, Vec<Vec<NewVerifier>>)>,
    secret: SecretText,
}

/// What became of a change.
enum Applied {
    Done(Box<User>),
    /// The username changed while the password was hashed.
    Moved,
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
        self.commit(actor, move |write| {
            Box::pin(async move {
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
            enabled,
            generation: 1,
            signature_secret: self.new_secret(),
            document: checked_document(document)?,
            revision: 1,
            created: self.now(),
            modified: self.now(),
        })
    }

    /// Changes a user. A password or username change that alters a digest, and switching off or on, end what the user
    /// holds; the same password again ends nothing (decision 16).
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn change_user(
        &self,
        actor: Actor,
        account: AccountId,
        id: UserId,
        change: UserChange,
    ) -> Result<User, AdminError> {
        for _ in 0..ATTEMPTS {
            let ready = self.make_ready(account, id, change.clone()).await?;
            let applied = self
                .commit(actor.clone(), move |write| {
                    Box::pin(apply(write, account, id, ready))
                })
                .await?;
            if let Applied::Done(user) = applied {
                return Ok(*user);
            }
        }
        Err(AdminError::Busy)
    }

    /// Hashes what must be hashed, outside any transaction.
    async fn make_ready(
        &self,
        account: AccountId,
        id: UserId,
        change: UserChange,
    ) -> Result<Ready, AdminError> {
        let user = self
            .store()
            .user(account, id)
            .await?
            .ok_or(AdminError::UnknownUser)?;
        let salt = self
            .account(account)
            .await?
            .ok_or(AdminError::UnknownAccount)?
            .salt;
        let username = change
            .username
            .as_deref()
            .map(checked_username)
            .transpose()?;
        let effective = username.clone().or(user.username);
        let verifiers = match (&change.password, effective) {
            (None, _) => None,
            (Some(_), None) => return Err(AdminError::UsernameNeeded),
            (Some(password), Some(username)) => {
                check_password(password)?;
                let mut sets = Vec::new();
                for generation in self.hash_generations() {
                    sets.push(
                        self.0
                            .verifiers(generation, salt, &username, password)
                            .await?,
                    );
                }
                Some((username, sets))
            }
        };
        Ok(Ready {
            level: change.level,
            enabled: change.enabled,
            document: change.document.map(checked_document).transpose()?,
            username,
            verifiers,
            secret: self.new_secret(),
        })
    }

    /// Deletes a user with its credentials.
    ///
    /// # Errors
    /// What the store says when there is none.
    pub async fn delete_user(
        &self,
        actor: Actor,
        account: AccountId,
        id: UserId,
    ) -> Result<(), AdminError> {
        self.commit(actor, move |write| {
            Box::pin(async move { Ok(write.delete_user(account, id).await?) })
        })
        .await
    }
}

/// Reads, changes and writes the user back in one transaction.
async fn apply(
    write: &mut Write,
    account: AccountId,
    id: UserId,
    ready: Ready,
) -> Result<Applied, AdminError> {
    let mut user = write
        .user(account, id)
        .await?
        .ok_or(AdminError::UnknownUser)?;
    let renamed = ready.username.is_some() && ready.username != user.username;
    if renamed && ready.verifiers.is_none() {
        return Err(AdminError::PasswordNeeded);
    }
    if let Some(username) = ready.username {
        user.username = Some(username);
    }
    let mut action = Action::ChangeUser;
    let mut ends = ready.enabled.is_some_and(|enabled| enabled != user.enabled);
    if let Some((username, sets)) = &ready.verifiers {
        if user.username.as_ref() != Some(username) {
            return Ok(Applied::Moved);
        }
        let stored = write.verifiers(account, id).await?;
        if !is_same_password(&stored, sets) {
            action = Action::ChangePassword;
            ends = true;
            let newest = sets.first().map(Vec::as_slice).unwrap_or_default();
            write.replace_verifiers(account, id, newest).await?;
        }
    }
    if ends {
        user.generation += 1;
        user.signature_secret = ready.secret;
    }
    user.level = ready.level.unwrap_or(user.level);
    user.enabled = ready.enabled.unwrap_or(user.enabled);
    user.document = ready.document.unwrap_or(user.document);
    user.revision = write.update_user(action, &user).await?;
    Ok(Applied::Done(Box::new(user)))
}

/// Whether every stored verifier is one of this password: then nothing changes (crossbar.md section 5.4).
fn is_same_password(stored: &[NewVerifier], sets: &[Vec<NewVerifier>]) -> bool {
    let is_known = |old: &NewVerifier| {
        sets.iter().flatten().any(|new| {
            new.kind == old.kind
                && new.hash_generation == old.hash_generation
                && equal(&new.verifier, &old.verifier)
        })
    };
    let expected = sets.first().map_or(0, Vec::len);
    !stored.is_empty() && stored.len() == expected && stored.iter().all(is_known)
}

fn checked_username(username: &str) -> Result<String, AdminError> {
    name::username(username).map_err(|error| AdminError::Name {
        field: "username",
        error,
    })
}
