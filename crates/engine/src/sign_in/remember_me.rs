//! Remember-me tokens of the Funnelback dialect: issued for a username and a password, verified on every request
//! (funnelback.md section 4.4, decision 17).
//!
//! Nothing is stored for one. Its key is the ring's, its secret is the user's together with the generations it rests on,
//! so a password change, a reset or the end of a session ends it wherever it is.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::Guard;
use doorward_core::account::Account;
use doorward_core::credential::Presented;
use doorward_core::id::KeyId;
use doorward_core::identity::{
    AuthMethod, CredentialKind, Factor, Identity, Rest, Subject, TokenFacts,
};
use doorward_core::name::MAX_USERNAME;
use doorward_core::remember_me::{self, Generations, RememberMe};
use doorward_core::secret::SecretText;
use doorward_core::time::Timestamp;
use doorward_core::user::User;
use doorward_store::StoreError;
use zeroize::Zeroizing;

use super::SignInError;
use super::digest::outcome;
use crate::Engine;
use crate::api::FunnelbackSettings;
use crate::check::{Ground, Unproven};
use crate::engine::Inner;
use crate::metrics::Login;
use crate::present::{Live, ProvenBy};

/// How much further ahead than a whole life an expiry may be: clocks of nodes differ.
const TOLERANCE: Duration = Duration::from_millis(TOLERANCE_MS);
const TOLERANCE_MS: u64 = 60_000;
const MILLISECOND: u64 = 1000;

/// A fresh remember-me token and whose it is.
#[derive(Debug, Clone)]
pub struct Remembered {
    /// The token.
    pub token: SecretText,
    /// Until when it is good.
    pub expires: Timestamp,
    /// Whose it is.
    pub user: Arc<User>,
}

/// The last expiry given out: two sign-ins in one millisecond get different ones, or denying one token would deny the
/// other (decision 15).
#[derive(Default)]
pub(crate) struct LastExpiry(AtomicU64);

impl LastExpiry {
    /// A clock that was set back counts anew: an expiry further ahead than clocks may differ would be good for nothing
    /// until the clock is there again.
    fn next(&self, wanted: u64) -> u64 {
        let later = |last: u64| match last.saturating_add(1) {
            next if next > wanted.saturating_add(TOLERANCE_MS) => wanted,
            next => wanted.max(next),
        };
        let last = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
                Some(later(last))
            });
        later(last.unwrap_or_else(|last| last))
    }
}

impl Engine {
    /// Signs in with a username and a password of the Funnelback account's users.
    ///
    /// # Errors
    /// [`SignInError::Invalid`] for every reason of the caller's, also where the dialect is off.
    pub async fn sign_in_remembered(
        &self,
        username: &str,
        password: &SecretText,
        client: IpAddr,
    ) -> Result<Remembered, SignInError> {
        let result = Box::pin(self.0.sign_in_remembered(username, password, client)).await;
        self.0.metrics.signed_in(Login::Form, outcome(&result));
        result
    }
}

impl Inner {
    async fn sign_in_remembered(
        self: &Arc<Self>,
        username: &str,
        password: &SecretText,
        client: IpAddr,
    ) -> Result<Remembered, SignInError> {
        if self.health.is_lost() {
            return Err(SignInError::Unavailable);
        }
        let settings = self
            .guarding
            .load()
            .funnelback
            .ok_or(SignInError::Invalid)?;
        let presented = Presented::Password {
            username: username.to_owned(),
            password: password.clone(),
        };
        let ground = Ground::Api(settings.account);
        let now = self.clock.now();
        let live = self.authenticate(&presented, ground, client, now).await?;
        // The token names a user of this account and no other's.
        let user = live.user.as_ref().filter(|_| live.lock.is_none());
        match user {
            Some(user) if live.account.id == settings.account => {
                self.remembered(&live.account, user, settings, now)
            }
            _ => Err(SignInError::Invalid),
        }
    }

    /// A token for the user as it was compared with the present (decision 24).
    fn remembered(
        &self,
        account: &Account,
        user: &Arc<User>,
        settings: FunnelbackSettings,
        now: Timestamp,
    ) -> Result<Remembered, SignInError> {
        let keys = self.keys.load();
        let username = user.username.as_deref().ok_or(SignInError::Invalid)?;
        let key = keys.remember_me().first();
        let key = key.ok_or(SignInError::Unavailable)?;
        let secret = user_secret(account, user, keys.system.generation);
        let wanted = millis(now.plus(settings.token_lifetime));
        let expires = self.last_expiry.next(wanted);
        // None for a name that fills a token's whole length.
        let token = remember_me::issue(username, expires, &key.key, &secret);
        let token = token.ok_or(SignInError::Invalid)?;
        Ok(Remembered {
            token,
            expires: after_millis(expires),
            user: Arc::clone(user),
        })
    }

    /// Whose a token is, remembered.
    pub(crate) async fn verify_remember_me(
        self: &Arc<Self>,
        text: &str,
        key: [u8; 32],
        now: Timestamp,
    ) -> Result<Guard<Arc<Live>>, Unproven> {
        let token = RememberMe::parse(text).map_err(|_| Unproven::Invalid)?;
        let began = self.live.epoch();
        let found = self.identify(&token, now).await?;
        let (identity, signed) = found.ok_or(Unproven::Invalid)?;
        let by = ProvenBy::RememberMe(signed);
        let live = self.remember(key, Arc::new(identity), Some(by), began, now);
        live.await?.ok_or(Unproven::Invalid)
    }

    /// Whose a token is, and the key that signed it; `None` for one that we did not sign, or not for so long. A name that
    /// nobody has costs the same looks and the same computation.
    pub(crate) async fn identify(
        &self,
        token: &RememberMe,
        now: Timestamp,
    ) -> Result<Option<(Identity, KeyId)>, StoreError> {
        let Some(settings) = self.guarding.load().funnelback else {
            return Ok(None);
        };
        let keys = self.keys.load_full();
        let account = self.live.account(settings.account).await?;
        let user = self.user_of(token, settings).await?;
        let known = account.zip(user);
        let secret = match &known {
            Some((account, user)) => user_secret(account, user, keys.system.generation),
            None => Zeroizing::new(self.proof_key(&[b"nobody", token.username().as_bytes()])),
        };
        // Every key is tried, whichever it was.
        let signed = keys.remember_me().iter().fold(None, |signed, mac| {
            let by = token.is_signed_with(&mac.key, &secret).then_some(mac.id);
            signed.or(by)
        });
        let latest = millis(now.plus(settings.token_lifetime + TOLERANCE));
        let (Some((account, user)), Some(signed), true) =
            (known, signed, token.expires_ms() <= latest)
        else {
            return Ok(None);
        };
        let identity = identity(&account, &user, token, keys.system.generation, settings);
        Ok(Some((identity, signed)))
    }

    /// The user a token names, by the name that is stored and no other spelling. One look, whether or not there is
    /// anybody: a second one at who was found would tell (attacks.md S54).
    async fn user_of(
        &self,
        token: &RememberMe,
        settings: FunnelbackSettings,
    ) -> Result<Option<Arc<User>>, StoreError> {
        let name = token.username();
        let is_usable = name.chars().count() <= MAX_USERNAME && !name.contains('\0');
        let sought = if is_usable { name } else { "" };
        let found = self.store.user_named(settings.account, sought).await?;
        Ok(found.map(Arc::new))
    }
}

/// Whom a token is about. The signature holds the generations; they are carried along to be compared on every request.
fn identity(
    account: &Account,
    user: &User,
    token: &RememberMe,
    system: u64,
    settings: FunnelbackSettings,
) -> Identity {
    let expires = after_millis(token.expires_ms());
    let life = i64::try_from(settings.token_lifetime.as_micros()).unwrap_or(i64::MAX);
    let issued = Timestamp::from_micros(expires.micros().saturating_sub(life));
    let rest = |subject, generation| Rest {
        subject,
        generation,
    };
    Identity {
        account: account.id,
        user: Some(user.id),
        home: account.id,
        home_user: Some(user.id),
        method: AuthMethod::RememberMe,
        credential: CredentialKind::Password,
        factors: vec![Factor::Pwd],
        impersonator: None,
        switch_to: None,
        token: Some(TokenFacts {
            id: token.id(user.id),
            issued,
            expires,
            authenticated_at: issued,
        }),
        rests_on: vec![
            rest(Subject::System, system),
            rest(Subject::Account(account.id), account.generation),
            rest(Subject::User(account.id, user.id), user.generation),
        ],
    }
}

fn user_secret(account: &Account, user: &User, system: u64) -> Zeroizing<[u8; 32]> {
    let generations = Generations {
        user: user.generation,
        account: account.generation,
        system,
    };
    let secret = user.signature_secret.expose().as_bytes();
    Zeroizing::new(remember_me::user_secret(secret, generations))
}

fn millis(at: Timestamp) -> u64 {
    u64::try_from(at.micros()).unwrap_or(0) / MILLISECOND
}

/// The first moment at which a token is over: it is still good in its last millisecond (funnelback.md section 4.1).
fn after_millis(expires: u64) -> Timestamp {
    let micros = expires.saturating_add(1).saturating_mul(MILLISECOND);
    Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_expiry_is_given_out_twice() {
        let last = LastExpiry::default();
        assert_eq!([last.next(5), last.next(5), last.next(3)], [5, 6, 7]);
        assert_eq!(last.next(100), 100);
    }

    #[test]
    fn a_clock_that_was_set_back_far_counts_anew() {
        let last = LastExpiry::default();
        assert_eq!(last.next(1_000_000), 1_000_000);
        assert_eq!(last.next(1_000_001 - TOLERANCE_MS), 1_000_001);
        assert_eq!(
            last.next(1_000_001 - TOLERANCE_MS),
            1_000_001 - TOLERANCE_MS
        );
        assert_eq!(last.next(5), 5);
    }

    #[test]
    fn a_token_is_good_in_its_last_millisecond() {
        let over = after_millis(1_000);
        assert!(Timestamp::from_micros(1_000_999) < over);
        assert!(Timestamp::from_micros(1_001_000) >= over);
    }
}
