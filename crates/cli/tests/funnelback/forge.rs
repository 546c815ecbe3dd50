//! Tokens made by whoever holds the keys of the store: right ones, and ones with a single fault.

use doorward_core::hex;
use doorward_core::remember_me::{self, Generations};
use doorward_store::{KeyPurpose, KeyState};

use crate::exchange::Reply;
use crate::site::{ACCOUNT, Fields, STATE, Site};

/// How long the tokens of a sign-in are good, in milliseconds.
pub(crate) const LIFETIME: u64 = 14 * 24 * 3_600_000;

/// What a user's tokens are signed with.
#[derive(Clone)]
pub(crate) struct Forge {
    pub(crate) key: [u8; 32],
    pub(crate) secret: [u8; 32],
}

impl Forge {
    /// The key and the user's secret as they are in the store now.
    pub(crate) async fn of(site: &Site, username: &str) -> Self {
        let (engine, user) = (&site.app.engine, site.user(username).await);
        let store = engine.store();
        let account = store.account(site.account).await.unwrap().unwrap();
        let generations = Generations {
            user: user.generation,
            account: account.generation,
            system: store.system().await.unwrap().unwrap().generation,
        };
        let secret = user.signature_secret.expose().as_bytes();
        Self {
            key: active_key(site).await,
            secret: remember_me::user_secret(secret, generations),
        }
    }

    /// A token of this name.
    pub(crate) fn token(&self, name: &str, expires_ms: u64) -> String {
        let token = remember_me::issue(name, expires_ms, &self.key, &self.secret);
        token.unwrap().expose().to_owned()
    }

    /// Only its signature.
    pub(crate) fn signature(&self, name: &str, expires_ms: u64) -> String {
        Fields::of(&self.token(name, expires_ms)).signature
    }
}

/// The key that signs tokens now.
pub(crate) async fn active_key(site: &Site) -> [u8; 32] {
    let keys = site.app.engine.store().keys().await.unwrap();
    let mut keys = keys.into_iter();
    let signs = keys
        .find(|key| key.purpose == KeyPurpose::RememberMe && key.state == KeyState::Active)
        .unwrap();
    signs.material.expose().try_into().unwrap()
}

/// The server's time in milliseconds.
pub(crate) fn now_ms(site: &Site) -> u64 {
    u64::try_from(site.app.now().micros() / 1000).unwrap()
}

/// An expiry in the middle of a token's life.
pub(crate) fn some_expiry(site: &Site) -> u64 {
    now_ms(site) + LIFETIME / 2
}

/// The token is this user's.
pub(crate) async fn assert_good(site: &Site, token: &str, username: &str) {
    let reply = site.get(ACCOUNT).token(token).send().await;
    assert_eq!(reply.assert_status(200).json()["data"]["id"], username);
}

/// Nobody's: by header and by cookie on the admin API, by header on the push API.
pub(crate) async fn assert_refused(site: &Site, token: &str) -> Reply {
    let reply = site.get(STATE).token(token).send().await;
    assert_eq!(reply.status, 401, "{token:?} on push: {reply:?}");
    let reply = site.get(ACCOUNT).cookie(token).send().await;
    assert_eq!(reply.status, 401, "{token:?} in the cookie: {reply:?}");
    let reply = site.get(ACCOUNT).token(token).send().await;
    assert_eq!(reply.status, 401, "{token:?}: {reply:?}");
    reply.assert_challenge_without_basic()
}

/// These fields, with a signature in hexadecimal digits as it is.
pub(crate) fn fields(user: &str, expires: u64, signature: &str) -> String {
    Fields {
        user: user.to_owned(),
        expires,
        signature: signature.to_owned(),
    }
    .token()
}

/// Stock Spring's token: SHA-256 over what is not framed.
pub(crate) fn spring(user: &str, expires: u64, password: &str, key: &str) -> String {
    let message = format!("{user}:{expires}:{password}:{key}");
    let signature = hex::encode(&doorward_core::digest::sha256(message.as_bytes()));
    fields(user, expires, &signature)
}
