//! Proving a password with its username: Basic on guarded APIs (decisions 3, 9, 13, 14 and 28).
//!
//! A user who has a plain verifier is checked by it, any other by a digest of `username:password`, and gets the
//! plain one along with the next write. Who does not exist costs the same looks and the same slow hashes.

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::Guard;
use doorward_core::account::Account;
use doorward_core::digest::{hmac_sha256, md5_credentials, sha1_credentials};
use doorward_core::id::{AccountId, CredentialId, UserId};
use doorward_core::identity::AuthMethod;
use doorward_core::name::{self, MAX_USERNAME, nfc};
use doorward_core::secret::{SecretText, equal};
use doorward_core::time::Timestamp;
use doorward_core::user::User;
use doorward_core::verifier::SALT_LEN;
use doorward_store::{Actor, NewVerifier, StoreError, VerifierKind};

use super::Verdict;
use super::digest::{Proven, identity, refused};
use crate::Engine;
use crate::admin::check_password;
use crate::check::Unproven;
use crate::engine::{Inner, prefix};
use crate::guard::Aim;
use crate::present::{Live, ProvenBy};

/// What separates an account's name from a username (decision 3).
const SEPARATOR: char = '~';

/// A username and a password, as they were presented to an API of an account.
pub(crate) struct Plain {
    realm: AccountId,
    /// As sent, in NFC.
    username: String,
    /// In NFC.
    password: SecretText,
    client: IpAddr,
    key: [u8; 32],
}

impl Plain {
    pub(crate) fn new(
        realm: AccountId,
        username: &str,
        password: &SecretText,
        client: IpAddr,
        key: [u8; 32],
    ) -> Self {
        Self {
            realm,
            username: nfc(username),
            password: nfc(password.expose()).into(),
            client,
            key,
        }
    }
}

/// Who was named, or a stand-in where there is nobody: looked up and hashed alike.
struct Named {
    account: Option<Arc<Account>>,
    account_id: AccountId,
    salt: [u8; SALT_LEN],
    username: String,
    user: Option<User>,
    user_id: UserId,
    stored: Vec<NewVerifier>,
}

impl Named {
    /// By what the password is compared: the plain verifier, else a digest there is.
    fn kind(&self, alive: impl Fn(i64) -> bool) -> VerifierKind {
        let has = |kind: &VerifierKind| {
            let mut stored = self.stored.iter();
            stored.any(|old| old.kind == *kind && alive(old.hash_generation))
        };
        let preferred = [VerifierKind::Plain, VerifierKind::Md5, VerifierKind::Sha1];
        preferred
            .into_iter()
            .find(has)
            .unwrap_or(VerifierKind::Plain)
    }

    /// What is hashed for a kind, and with which salt.
    fn form(&self, kind: VerifierKind, password: &SecretText) -> (SecretText, [u8; SALT_LEN]) {
        let password_text = password.expose();
        match kind {
            VerifierKind::Md5 => (
                md5_credentials(&self.username, password_text).into(),
                self.salt,
            ),
            VerifierKind::Sha1 => (
                sha1_credentials(&self.username, password_text).into(),
                self.salt,
            ),
            VerifierKind::Plain => (password.clone(), user_salt(&self.salt, self.user_id)),
        }
    }
}

/// A user's own salt: the account's, bound to the user.
fn user_salt(account: &[u8; SALT_LEN], user: UserId) -> [u8; SALT_LEN] {
    first_bytes(hmac_sha256(account, user.as_bytes()))
}

fn first_bytes<const N: usize>(bytes: [u8; 32]) -> [u8; N] {
    std::array::from_fn(|i| bytes.get(i).copied().unwrap_or_default())
}

impl Inner {
    /// Verifies a username and password of an API's account.
    pub(crate) async fn verify_plain(
        self: &Arc<Self>,
        plain: Plain,
        now: Timestamp,
    ) -> Result<Guard<Arc<Live>>, Unproven> {
        // Nobody has such a password, and how long it is says nothing about anybody.
        if check_password(&plain.password).is_err() {
            return Err(Unproven::Invalid);
        }
        let began = self.live.epoch();
        let key = plain.key;
        let inner = Arc::clone(self);
        let proven = self.fly(key, Box::pin(inner.plain_verdict(plain)));
        let proven = proven.await?;
        let identity = identity(&proven.account, &proven.user, AuthMethod::Basic);
        let by = ProvenBy::Password {
            digest: None,
            hash_generation: proven.hash_generation,
        };
        let live = self.remember(key, Arc::new(identity), Some(by), began, now);
        live.await?.ok_or(Unproven::Invalid)
    }

    async fn plain_verdict(self: Arc<Self>, plain: Plain) -> Verdict {
        let named = self.named(&plain).await?;
        let scope = self.proof_key(&[
            b"user",
            named.account_id.as_bytes(),
            named.username.as_bytes(),
        ]);
        let secret = self.wrong_key_of(&plain.key, self.live.stamp(named.account_id));
        let (source, now) = (prefix(plain.client), self.clock.now());
        let guess = self
            .lanes
            .admit(Aim::User, &[scope], source, secret, now)
            .map_err(refused)?;
        let verdict = self.try_password(named, &plain.password).await;
        self.answer_for(&guess, &verdict);
        verdict
    }

    /// Looks up who is named. The looks are the same ones whether or not there is anybody (attacks.md S54).
    async fn named(&self, plain: &Plain) -> Result<Named, StoreError> {
        let (account, username) = match plain.username.split_once(SEPARATOR) {
            Some((account, username)) => (self.account_named(account).await?, username),
            None => (
                self.live.account(plain.realm).await?,
                plain.username.as_str(),
            ),
        };
        let stand_in = self.proof_key(&[b"nobody", plain.username.as_bytes()]);
        let account_id = account
            .as_ref()
            .map_or_else(|| AccountId::new(first_bytes(stand_in)), |found| found.id);
        // Stored names are short and hold no NUL, which the store would not take.
        let is_usable = username.chars().count() <= MAX_USERNAME && !username.contains('\0');
        let sought = if is_usable { username } else { "" };
        let user = self.store.user_named(account_id, sought).await?;
        let user_id = user
            .as_ref()
            .map_or_else(|| UserId::new(first_bytes(stand_in)), |found| found.id);
        Ok(Named {
            stored: self.store.verifiers_of(account_id, user_id).await?,
            salt: account
                .as_ref()
                .map_or_else(|| first_bytes(stand_in), |found| found.salt),
            account,
            account_id,
            username: username.to_owned(),
            user,
            user_id,
        })
    }

    /// The account before the `~`: by id, realm or normalised name; one that several accounts share names none.
    async fn account_named(&self, text: &str) -> Result<Option<Arc<Account>>, StoreError> {
        // Everything is looked up, whether or not something before it led to an account.
        let realm = name::realm(text).unwrap_or_default();
        let by_realm = self.store.account_of_realm(&realm).await?;
        let key = name::account_name_key(text).unwrap_or_default();
        let by_name = self.store.accounts_named(&key, 2).await?;
        let by_name = match by_name.as_slice() {
            [only] => Some(*only),
            _ => None,
        };
        match text.parse().ok().or(by_realm).or(by_name) {
            Some(id) => self.live.account(id).await,
            None => Ok(None),
        }
    }

    /// One slow hash per live hash generation, newest first.
    async fn try_password(self: &Arc<Self>, named: Named, password: &SecretText) -> Verdict {
        let keys = self.keys.load_full();
        let kind = named.kind(|generation| keys.is_alive(generation));
        let (secret, salt) = named.form(kind, password);
        for generation in &keys.hashes {
            let recipe = keys.recipe(generation, salt).ok_or(Unproven::Unavailable)?;
            let hashed = self.hash.compute(secret.clone(), recipe).await;
            let hashed = hashed.map_err(|busy| Unproven::Throttled(busy.retry_after))?;
            let found = named.stored.iter().find(|old| {
                old.kind == kind
                    && old.hash_generation == generation.id
                    && equal(&old.verifier, &hashed)
            });
            if let Some(found) = found {
                let is_newest = keys.hashes.first() == Some(generation);
                let proven = self.confirm(&named, found).await?;
                if kind != VerifierKind::Plain || !is_newest {
                    self.add_plain(&named, found.clone(), password.clone());
                }
                return Ok(proven);
            }
        }
        Err(Unproven::Invalid)
    }

    /// Reads the user after the verifier and the verifier once more: what changes the one replaces the other in the same
    /// transaction, so the generation belongs to this very password (decision 24).
    async fn confirm(&self, named: &Named, found: &NewVerifier) -> Verdict {
        let (Some(account), Some(user)) = (&named.account, &named.user) else {
            return Err(Unproven::Invalid);
        };
        let user = self.live.fresh_user(account.id, user.id).await?;
        let again = self.store.verifiers_of(account.id, named.user_id).await?;
        let still = again
            .iter()
            .any(|now| now.id == found.id && equal(&now.verifier, &found.verifier));
        let user = user.filter(|user| {
            still && user.enabled && user.username.as_deref() == Some(named.username.as_str())
        });
        Ok(Arc::new(Proven {
            account: Arc::clone(account),
            user: user.ok_or(Unproven::Invalid)?,
            hash_generation: found.hash_generation,
        }))
    }

    /// Adds the plain verifier of the newest hash generation (decision 14), in place of an older plain one. Nothing else
    /// changes: tokens live on.
    fn add_plain(self: &Arc<Self>, named: &Named, found: NewVerifier, password: SecretText) {
        let engine = Engine(Arc::clone(self));
        let (account, user) = (named.account_id, named.user_id);
        let salt = user_salt(&named.salt, user);
        self.tasks.spawn(async move {
            let keys = engine.0.keys.load_full();
            let Some(newest) = keys.hashes.first() else {
                return;
            };
            let Some(recipe) = keys.recipe(newest, salt) else {
                return;
            };
            let Ok(verifier) = engine.0.hash.compute(password, recipe).await else {
                return;
            };
            let new = NewVerifier {
                id: CredentialId::new(engine.0.random.bytes()),
                kind: VerifierKind::Plain,
                hash_generation: newest.id,
                verifier,
            };
            if let Err(error) = engine.put_plain(account, user, found, new).await {
                tracing::warn!(%error, "a plain verifier was not added");
            }
        });
    }
}

impl Engine {
    /// Only beside the very verifier that was found: where it is gone, the password has changed.
    async fn put_plain(
        &self,
        account: AccountId,
        user: UserId,
        found: NewVerifier,
        new: NewVerifier,
    ) -> Result<(), crate::AdminError> {
        self.commit(Actor::server(), move |write| {
            Box::pin(async move {
                let mut verifiers = write.verifiers(account, user).await?;
                let is_there = verifiers
                    .iter()
                    .any(|old| old.id == found.id && equal(&old.verifier, &found.verifier));
                let is_done = verifiers.iter().any(|old| {
                    old.kind == VerifierKind::Plain && old.hash_generation == new.hash_generation
                });
                if !is_there || is_done {
                    return Ok(());
                }
                verifiers.retain(|old| old.kind != VerifierKind::Plain);
                verifiers.push(new);
                write.replace_verifiers(account, user, &verifiers).await?;
                Ok(())
            })
        })
        .await
    }
}
