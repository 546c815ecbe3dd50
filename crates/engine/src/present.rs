//! An identity compared with the present: everything it rests on, and the live state it is joined with.

use std::sync::Arc;

use doorward_core::account::{Account, Lock};
use doorward_core::credential::DigestKind;
use doorward_core::id::KeyId;
use doorward_core::identity::{AuthMethod, CredentialKind, Identity, Subject, TokenFacts};
use doorward_core::permission::{Role, RoleName};
use doorward_core::right::UserLevel;
use doorward_core::time::Timestamp;
use doorward_core::tree::{Position, position};
use doorward_core::user::{Level, User};
use doorward_store::{AppTokenRow, StoreError};

use crate::engine::Inner;
use crate::role;
use crate::usage::LastNoted;

/// Of an application token: it never changes but by being deleted.
pub(crate) const APP_TOKEN_GENERATION: u64 = 0;

/// An identity joined with the live state it was last compared with.
#[derive(Debug)]
pub(crate) struct Live {
    /// Who.
    pub(crate) identity: Arc<Identity>,
    /// The account it acts for.
    pub(crate) account: Arc<Account>,
    /// The user it acts as.
    pub(crate) user: Option<Arc<User>>,
    /// The application token it was proven by.
    pub(crate) app_token: Option<Arc<AppTokenRow>>,
    /// What it may do on guarded APIs.
    pub(crate) roles: Vec<Role>,
    /// The names of these roles.
    pub(crate) role_names: Vec<RoleName>,
    /// When its use was last noted.
    pub(crate) last_noted: LastNoted,
    /// Why the account is locked, if it is.
    pub(crate) lock: Option<Lock>,
    /// Until when all this holds if nothing changes: the token's end, or that of a trial.
    fresh_until: Timestamp,
    /// The epoch it was compared at.
    epoch: u64,
}

impl Live {
    /// The same, read no later than this epoch.
    pub(crate) fn known_since(self, began: u64) -> Self {
        Self {
            epoch: self.epoch.min(began),
            ..self
        }
    }

    /// Whether it still is what it was compared with.
    pub(crate) fn holds_at(&self, epoch: u64, now: Timestamp) -> bool {
        self.epoch == epoch && now < self.fresh_until
    }
}

/// What of the key ring a proof rests on: it ends with it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ProvenBy {
    /// A password.
    Password {
        /// The digest presented, which the account's setting must still allow with Basic; `None` for the password itself.
        digest: Option<DigestKind>,
        /// The hash generation of its verifier.
        hash_generation: i64,
    },
    /// A remember-me token, by the key that signed it.
    RememberMe(KeyId),
}

impl ProvenBy {
    /// Whether it was a digest, and not this one.
    fn is_other_than(self, allowed: DigestKind) -> bool {
        matches!(self, Self::Password { digest: Some(digest), .. } if digest != allowed)
    }
}

impl Inner {
    /// Compares everything an identity rests on with the present; `None` when it no longer holds.
    pub(crate) async fn join(
        &self,
        identity: &Arc<Identity>,
        by: Option<ProvenBy>,
        now: Timestamp,
    ) -> Result<Option<Live>, StoreError> {
        let epoch = self.live.epoch();
        if !self.proof_stands(identity, by, now).await? {
            return Ok(None);
        }
        let Some(account) = self.live.account(identity.account).await? else {
            return Ok(None);
        };
        if identity.method == AuthMethod::Basic {
            let allowed = account.basic_digest.unwrap_or(self.settings.basic_digest);
            if by.is_none_or(|by| by.is_other_than(allowed)) {
                return Ok(None);
            }
        }
        let user = match identity.user {
            Some(user) => match self.live.user(identity.account, user).await? {
                Some(user) if user.enabled => Some(user),
                _ => return Ok(None),
            },
            None => None,
        };
        let above = self.live.ancestors(&account).await?;
        if !self.may_act_as(identity, &above).await?
            || !self.may_still_impersonate(identity).await?
        {
            return Ok(None);
        }
        let (lock, trials) = standing(&account, &above, now);
        let token = match identity.app_token() {
            Some(id) => self.live.app_token(identity.account, id).await?,
            None => None,
        };
        let ends = token.as_ref().and_then(|token| token.expires);
        if ends.is_some_and(|end| end <= now) {
            return Ok(None);
        }
        let fresh_until = [trials, ends]
            .into_iter()
            .flatten()
            .fold(identity.expires(), Timestamp::min);
        let roles = match (&token, &user) {
            (Some(token), _) => role::named(&account, &token.roles),
            (None, Some(user)) => role::named(&account, &user.roles),
            (None, None) => without_user(identity.credential),
        };
        Ok(Some(Live {
            identity: Arc::clone(identity),
            role_names: roles.iter().map(|role| role.name.clone()).collect(),
            roles,
            account,
            user,
            app_token: token,
            last_noted: LastNoted::default(),
            lock,
            fresh_until,
            epoch,
        }))
    }

    /// Whether the proof itself is neither over nor taken back, and everything it rests on is as it was.
    async fn proof_stands(
        &self,
        identity: &Identity,
        by: Option<ProvenBy>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let is_denied = |token: TokenFacts| self.live.is_denied(token.id);
        let is_dead = |by| !self.keys.load().bears(by);
        if identity.expires() <= now || identity.token.is_some_and(is_denied) {
            return Ok(false);
        }
        if by.is_some_and(is_dead) {
            return Ok(false);
        }
        for rest in &identity.rests_on {
            if self.generation(rest.subject).await? != Some(rest.generation) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the holder of a token with `as` may act as its target: a descendant of its own account,
    /// never the account itself, and for administrators and API keys only (decision 2).
    async fn may_act_as(
        &self,
        identity: &Identity,
        above: &[Arc<Account>],
    ) -> Result<bool, StoreError> {
        if !identity.is_switched() {
            return Ok(true);
        }
        let ancestors = above.iter().map(|account| account.id);
        if position(identity.home, identity.account, ancestors) != Position::Below {
            return Ok(false);
        }
        let Some(home_user) = identity.home_user else {
            return Ok(true);
        };
        let user = self.live.user(identity.home, home_user).await?;
        Ok(user.is_some_and(|user| {
            user.enabled
                && (user.level == Level::Admin || self.settings.user_level == UserLevel::Kazoo)
        }))
    }

    /// Whether the impersonator, if there is one, is still who may do that: levels and flags are read
    /// live, generations are compared with the rest.
    async fn may_still_impersonate(&self, identity: &Identity) -> Result<bool, StoreError> {
        let Some(by) = identity.impersonator else {
            return Ok(true);
        };
        let account = self.live.account(by.account).await?;
        let user = self.live.user(by.account, by.user).await?;
        Ok(account.is_some_and(|account| account.superduper)
            && user.is_some_and(|user| user.enabled && user.level == Level::Admin))
    }

    /// The generation a principal has now; `None` when it is gone.
    pub(crate) async fn generation(&self, subject: Subject) -> Result<Option<u64>, StoreError> {
        Ok(match subject {
            Subject::System => Some(self.keys.load().system.generation),
            Subject::Account(account) => self
                .live
                .account(account)
                .await?
                .map(|account| account.generation),
            Subject::AccountKey(account) => self
                .live
                .account(account)
                .await?
                .map(|account| account.key_generation),
            Subject::User(account, user) => self
                .live
                .user(account, user)
                .await?
                .map(|user| user.generation),
            Subject::Credential(account, id) => {
                let token = self.live.app_token(account, id).await?;
                token.map(|_| APP_TOKEN_GENERATION)
            }
        })
    }
}

/// Why an account is locked, if it or one above it is, and when the first trial among them ends.
fn standing(
    account: &Arc<Account>,
    above: &[Arc<Account>],
    now: Timestamp,
) -> (Option<Lock>, Option<Timestamp>) {
    let line = || std::iter::once(account).chain(above);
    let trials = line().filter_map(|account| account.trial_ends);
    (
        line().find_map(|account| account.lock(now)),
        trials.filter(|end| *end > now).min(),
    )
}

/// The roles of an identity without user. An account's own key stands for the account and has every right in it
/// (decision 2); an address or a certificate has none.
fn without_user(credential: CredentialKind) -> Vec<Role> {
    match credential {
        CredentialKind::ApiKey => role::everything(),
        _ => Vec::new(),
    }
}
