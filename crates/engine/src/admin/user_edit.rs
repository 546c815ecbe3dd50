//! Changing a user by what is stored: the plan is made inside the write, so that two changes at once are
//! both in the result; what is slow is done before.

use std::sync::Arc;

use doorward_core::document::Document;
use doorward_core::id::{AccountId, UserId};
use doorward_core::permission::RoleName;
use doorward_core::secret::{SecretText, equal};
use doorward_core::user::{Level, User};
use doorward_store::{Action, NewVerifier, VerifierKind, Write};

use super::account::checked_document;
use super::role::checked_roles;
use super::user::checked_username;
use super::verifiers::check_password;
use super::{AdminError, EditError, Mandate};
use crate::Engine;

/// Attempts at a change whose ground moved while passwords were hashed.
const ATTEMPTS: u32 = 8;

/// A user as it shall be.
#[derive(Debug, Clone)]
pub struct UserDraft {
    /// Username; `None` takes the password away along with it, unless there is a new one.
    pub username: Option<String>,
    /// What it may do.
    pub level: Level,
    /// On or off.
    pub enabled: bool,
    /// Names, mail, custom keys.
    pub document: Document,
    /// Exactly these roles; `None` leaves them.
    pub roles: Option<Vec<RoleName>>,
}

impl UserDraft {
    /// A user as it is.
    #[must_use]
    pub fn of(user: &User) -> Self {
        Self {
            username: user.username.clone(),
            level: user.level,
            enabled: user.enabled,
            document: user.document.clone(),
            roles: None,
        }
    }
}

/// The part of a change that no plan can see.
#[derive(Debug, Clone, Default)]
pub struct NewSecrets {
    /// New password.
    pub password: Option<SecretText>,
    /// The username that goes with the password if the plan has none.
    pub fallback_username: Option<String>,
}

/// Verifiers of a new password.
struct Hashed {
    /// The username they were computed with.
    username: String,
    /// Per live hash generation, newest first.
    sets: Vec<Vec<NewVerifier>>,
}

/// What became of a change.
enum Applied<E> {
    Done(Box<User>),
    /// The username changed while the password was hashed.
    Moved,
    Refused(E),
}

impl Engine {
    /// Changes a user by a plan that sees it as it is when it is written.
    ///
    /// A password or username change that alters a digest, and switching off or on, end what the user holds; the same
    /// password again ends nothing (decision 16).
    ///
    /// # Errors
    /// What the plan refuses; [`AdminError`].
    pub async fn edit_user<E: Send + 'static>(
        &self,
        mandate: impl Into<Mandate>,
        account: AccountId,
        id: UserId,
        secrets: NewSecrets,
        plan: impl Fn(&User) -> Result<UserDraft, E> + Send + Sync + 'static,
    ) -> Result<User, EditError<E>> {
        let mandate = mandate.into();
        let NewSecrets {
            password,
            fallback_username,
        } = secrets;
        let has_password = password.is_some();
        let plan = Arc::new(move |user: &User| -> Result<UserDraft, EditError<E>> {
            let mut draft = plan(user).map_err(EditError::Refused)?;
            let username = draft.username.as_deref().map(checked_username).transpose();
            draft.username = username?;
            draft.document = checked_document(draft.document)?;
            if has_password && draft.username.is_none() {
                draft.username.clone_from(&fallback_username);
            }
            Ok(draft)
        });
        for _ in 0..ATTEMPTS {
            let user = self.store().user(account, id).await;
            let user = user
                .map_err(AdminError::from)?
                .ok_or(AdminError::UnknownUser)?;
            let draft = plan(&user)?;
            let hashed = match &password {
                Some(password) => Some(self.hashed(account, draft.username, password).await?),
                None => None,
            };
            let (plan, secret) = (Arc::clone(&plan), self.new_secret());
            let word = mandate.clone();
            let applied = self.commit(mandate.actor.clone(), move |write| {
                Box::pin(async move {
                    let user = write.user(account, id).await?;
                    let user = user.ok_or(AdminError::UnknownUser)?;
                    word.may_touch(write, &user).await?;
                    match plan(&user) {
                        Ok(mut draft) => {
                            let roles = draft.roles.take();
                            let applied = apply(write, user, draft, hashed, secret).await?;
                            give(write, &word, applied, roles).await
                        }
                        Err(EditError::Refused(refusal)) => Ok(Applied::Refused(refusal)),
                        Err(EditError::Failed(error)) => Err(error),
                    }
                })
            });
            match applied.await? {
                Applied::Done(user) => return Ok(*user),
                Applied::Refused(refusal) => return Err(EditError::Refused(refusal)),
                Applied::Moved => {}
            }
        }
        Err(AdminError::Busy.into())
    }

    /// Hashes a password in every live generation, outside any transaction: in all of them, because only so the same
    /// password again is known to be the same.
    async fn hashed(
        &self,
        account: AccountId,
        username: Option<String>,
        password: &SecretText,
    ) -> Result<Hashed, AdminError> {
        let username = username.ok_or(AdminError::UsernameNeeded)?;
        check_password(password)?;
        let account = self.account(account).await?;
        let salt = account.ok_or(AdminError::UnknownAccount)?.salt;
        let mut sets = Vec::new();
        for generation in self.hash_generations() {
            let set = self.0.verifiers(generation, salt, &username, password);
            sets.push(set.await?);
        }
        Ok(Hashed { username, sets })
    }
}

/// Writes the user as drafted, and its verifiers by the rules of crossbar.md section 12.4.
async fn apply<E>(
    write: &mut Write,
    mut user: User,
    draft: UserDraft,
    hashed: Option<Hashed>,
    secret: SecretText,
) -> Result<Applied<E>, AdminError> {
    let mut action = Action::ChangeUser;
    let mut ends = draft.enabled != user.enabled;
    let verifiers: Option<&[NewVerifier]> = match &hashed {
        Some(hashed) if draft.username.as_ref() != Some(&hashed.username) => {
            return Ok(Applied::Moved);
        }
        Some(hashed) => {
            let stored = write.verifiers(user.account, user.id).await?;
            let newest = hashed.sets.first().map(Vec::as_slice).unwrap_or_default();
            (!is_same_password(&stored, &hashed.sets)).then_some(newest)
        }
        None if draft.username == user.username => None,
        None if draft.username.is_some() => return Err(AdminError::PasswordNeeded),
        None => Some(&[]),
    };
    if let Some(verifiers) = verifiers {
        action = Action::ChangePassword;
        ends = true;
        write
            .replace_verifiers(user.account, user.id, verifiers)
            .await?;
    }
    if ends {
        user.generation += 1;
        user.signature_secret = secret;
    }
    user.username = draft.username;
    user.level = draft.level;
    user.enabled = draft.enabled;
    user.document = draft.document;
    user.revision = write.update_user(action, &user).await?;
    Ok(Applied::Done(Box::new(user)))
}

/// Gives a user who was changed exactly these roles, if it shall have others.
async fn give<E>(
    write: &mut Write,
    mandate: &Mandate,
    applied: Applied<E>,
    roles: Option<Vec<RoleName>>,
) -> Result<Applied<E>, AdminError> {
    let (mut user, roles) = match (applied, roles) {
        (Applied::Done(user), Some(roles)) => (user, roles),
        (applied, _) => return Ok(applied),
    };
    let owner = write.account(user.account).await?;
    let owner = owner.ok_or(AdminError::UnknownAccount)?;
    mandate.may_give(&owner, &roles)?;
    user.roles = checked_roles(&owner, roles)?;
    user.revision = write.update_user(Action::GrantRoles, &user).await?;
    Ok(Applied::Done(user))
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
    // A plain verifier was added to the digests of this password, and stands and falls with them.
    let digests: Vec<_> = stored
        .iter()
        .filter(|old| old.kind != VerifierKind::Plain)
        .collect();
    let expected = sets.first().map_or(0, Vec::len);
    !digests.is_empty() && digests.len() == expected && digests.into_iter().all(is_known)
}
