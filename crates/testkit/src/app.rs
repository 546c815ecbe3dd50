//! A server in memory, with the accounts and users that the check-list of the Crossbar dialect speaks
//! of (crossbar.md section 16).
//!
//! ```text
//! M  root          mad (admin), mus (user)
//! └─ R  reseller
//!    ├─ A          adm (admin), usr (user)
//!    │  └─ C       cad (admin)
//!    └─ B          bad (admin)
//! ```
//!
//! The password of each user is `pw-` and its name. Founding draws an RSA key, so it is done once a
//! process; each [`App`] begins with a copy of that store in a folder of its own. On PostgreSQL each is founded anew.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::panic,
    reason = "this is a test's own ground: what fails here fails the test"
)]

mod call;
mod template;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_core::account::Account;
use doorward_core::credential::DigestKind;
use doorward_core::digest::md5_credentials;
use doorward_core::id::{AccountId, KeyId, UserId};
use doorward_core::secret::SecretText;
use doorward_core::time::Timestamp;
use doorward_core::user::User;
use doorward_core::verifier::Cost;
use doorward_engine::{AccountHint, Engine, Settings, SignIn};
use doorward_store::{Actor, KeyPurpose, KeyState, MasterKey, NameRule, Options, Store};
use serde_json::json;
use tempfile::TempDir;

pub use call::{Call, Reply};
use template::Template;

use crate::{ManualClock, TestDatabase, seeded_random};

/// When every [`App`] begins: 2026-03-02 08:30:00 UTC.
const START: Timestamp = Timestamp::from_unix(1_772_440_200);

/// The rule under which several accounts may have one name.
pub const SHARED_NAMES: NameRule = NameRule::Shared;

/// A secret of the installation, to forge tokens with.
#[derive(Debug, Clone)]
pub struct Secret {
    /// Id of the key that signs tokens.
    pub kid: KeyId,
    /// That key: RSA, PKCS#8.
    pub pkcs8: Vec<u8>,
    /// What is in every identity signature.
    pub system: String,
}

/// A server in memory on a store of its own.
pub struct App {
    /// The engine, to set what a test presupposes.
    pub engine: Engine,
    router: Router,
    clock: ManualClock,
    template: &'static Template,
    home: Home,
}

/// Where the store of a server in memory is; it goes with the server.
enum Home {
    Folder(TempDir),
    Database(Box<TestDatabase>),
}

/// The operator, as the actor of what a test presupposes.
#[must_use]
pub fn operator() -> Actor {
    Actor::operator()
}

impl App {
    /// Starts with the default settings, but cheap slow hashes.
    pub async fn start() -> Self {
        Self::with(|_, _| {}).await
    }

    /// Starts with changed settings.
    pub async fn with(change: impl FnOnce(&mut Settings, &mut doorward_server::Settings)) -> Self {
        let template = Template::get().await;
        let folder = TempDir::new().expect("a temporary folder");
        template.copy_to(folder.path());
        let mut settings = cheap_settings();
        let mut wire = wire_settings();
        change(&mut settings, &mut wire);
        let clock = ManualClock::new(START);
        let random = another_random();
        let store = open_store(folder.path(), &template.master, &clock, &random).await;
        let engine = Engine::open(store, settings, clock.clock(), random)
            .await
            .expect("the engine opens a founded store");
        Self {
            router: doorward_server::public(engine.clone(), wire),
            engine,
            clock,
            template,
            home: Home::Folder(folder),
        }
    }

    /// Stops it and starts another one with the default settings on the same store, at the same time of day.
    pub async fn reopened(self) -> Self {
        self.engine.shutdown().await;
        self.engine.store().close().await;
        let random = another_random();
        let store = open_store(self.folder(), &self.template.master, &self.clock, &random).await;
        let engine = Engine::open(store, cheap_settings(), self.clock.clock(), random)
            .await
            .expect("the engine opens the store again");
        Self {
            router: doorward_server::public(engine.clone(), wire_settings()),
            engine,
            ..self
        }
    }

    /// Starts with the default settings on PostgreSQL.
    pub async fn on_postgres() -> Self {
        let database = TestDatabase::postgres().await;
        let clock = database.clock.clone();
        let (store, master) = (database.store.clone(), database.master.clone());
        let settings = cheap_settings();
        let random = seeded_random(0);
        let (template, engine) =
            Template::found_on(store, master, settings, clock.clock(), random).await;
        Self {
            router: doorward_server::public(engine.clone(), wire_settings()),
            engine,
            clock,
            // As long as the process, like the one that all others share.
            template: Box::leak(Box::new(template)),
            home: Home::Database(Box::new(database)),
        }
    }

    /// Starts one on either database.
    pub async fn on_both() -> [Self; 2] {
        [Self::start().await, Self::on_postgres().await]
    }

    /// A call to build up and send.
    #[must_use]
    pub fn call(&self, method: &str, path: impl AsRef<str>) -> Call<'_> {
        Call::new(self, method, path.as_ref())
    }

    /// `GET` with a token.
    pub async fn get(&self, path: impl AsRef<str>, token: &str) -> Reply {
        self.call("GET", path).token(token).send().await
    }

    /// Moves the clock.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Moves the clock back.
    pub fn rewind(&self, by: Duration) {
        self.clock.rewind(by);
    }

    /// The time, as the server has it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.clock().now()
    }

    /// Where the store is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        match &self.home {
            Home::Folder(folder) => folder.path(),
            Home::Database(database) => database.folder(),
        }
    }

    /// An account of the fixture as it was made: `M`, `R`, `A`, `B` or `C`.
    #[must_use]
    pub fn account(&self, name: &str) -> &'static Account {
        self.template.account(name)
    }

    /// A user of the fixture as it was made: `mad`, `mus`, `adm`, `usr`, `cad` or `bad`.
    #[must_use]
    pub fn user(&self, name: &str) -> &'static User {
        self.template.user(name)
    }

    /// The path of an account: `/v2/accounts/{id}`.
    #[must_use]
    pub fn account_path(&self, name: &str) -> String {
        format!("/v2/accounts/{}", self.account(name).id)
    }

    /// The path of a user: `/v2/accounts/{id}/users/{id}`.
    #[must_use]
    pub fn user_path(&self, name: &str) -> String {
        let user = self.user(name);
        format!("/v2/accounts/{}/users/{}", user.account, user.id)
    }

    /// Signs in over the wire with a user of the fixture and its first password.
    pub async fn token(&self, name: &str) -> String {
        let account = self.account_of(name);
        let reply = self
            .sign_in(&account.name, name, &format!("pw-{name}"))
            .await;
        reply.assert_status(201).auth_token()
    }

    /// `PUT /v2/user_auth` with the MD5 of username and password.
    pub async fn sign_in(&self, account_name: &str, username: &str, password: &str) -> Reply {
        let credentials = md5_credentials(username, password);
        self.put_user_auth(json!({"credentials": credentials, "account_name": account_name}))
            .await
    }

    /// `PUT /v2/user_auth` with this `data`.
    pub async fn put_user_auth(&self, data: serde_json::Value) -> Reply {
        self.call("PUT", "/v2/user_auth")
            .json(&json!({"data": data}))
            .send()
            .await
    }

    /// An account's API key.
    pub async fn api_key(&self, name: &str) -> String {
        let key = self.engine.api_key(self.account(name).id).await;
        key.expect("the account has a key").expose().to_owned()
    }

    /// Signs in over the wire with an account's API key.
    pub async fn api_token(&self, name: &str) -> String {
        let key = self.api_key(name).await;
        let reply = self.put_api_auth(&key).await;
        reply.assert_status(201).auth_token()
    }

    /// `PUT /v2/api_auth` with this key.
    pub async fn put_api_auth(&self, key: &str) -> Reply {
        self.call("PUT", "/v2/api_auth")
            .json(&json!({"data": {"api_key": key}}))
            .send()
            .await
    }

    /// The value of `Authorization` for `username:password` in an account.
    #[must_use]
    pub fn basic(&self, account: &str, credentials: &str) -> String {
        let (username, password) = credentials.split_once(':').expect("username:password");
        let digest = md5_credentials(username, password);
        basic_header(&format!("{}:{digest}", self.account(account).id))
    }

    /// The account that a user of the fixture belongs to.
    #[must_use]
    pub fn account_of(&self, user: &str) -> &'static Account {
        let id = self.user(user).account;
        self.template.account_by_id(id)
    }

    /// What signs the tokens now.
    pub async fn secret(&self) -> Secret {
        let store = self.engine.store();
        let keys = store.keys().await.expect("the key ring is read");
        let active = |key: &&doorward_store::RingKey| {
            key.purpose == KeyPurpose::CrossbarToken && key.state == KeyState::Active
        };
        let key = keys.iter().find(active).expect("a key signs tokens");
        let system = store.system().await.expect("the system's row is read");
        Secret {
            kid: key.id,
            pkcs8: key.material.expose().to_vec(),
            system: system
                .expect("the store is founded")
                .signature_secret
                .expose()
                .to_owned(),
        }
    }

    /// The ids of the tokens that are denied now, as the store has them.
    pub async fn denied(&self) -> Vec<String> {
        let denied = self.engine.store().denied_tokens(self.now()).await;
        let denied = denied.expect("denied tokens are read");
        denied.into_iter().map(|(id, _)| id.to_string()).collect()
    }

    /// A user as the store has it.
    pub async fn stored_user(&self, account: AccountId, id: UserId) -> Option<User> {
        let user = self.engine.store().user(account, id).await;
        user.expect("the user is read")
    }

    /// A sign-in for the engine itself, from the loopback address.
    #[must_use]
    pub fn engine_sign_in(&self, account_name: &str, username: &str, password: &str) -> SignIn {
        SignIn {
            account: AccountHint {
                name: Some(account_name.to_owned()),
                ..AccountHint::default()
            },
            kind: DigestKind::Md5,
            digest: SecretText::new(md5_credentials(username, password)),
            switch_to: None,
            client: std::net::Ipv4Addr::LOCALHOST.into(),
        }
    }

    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("folder", &self.folder())
            .finish_non_exhaustive()
    }
}

/// `Basic` and the text in base64.
pub(crate) fn basic_header(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

fn wire_settings() -> doorward_server::Settings {
    doorward_server::Settings {
        trusted_proxies: Vec::new(),
        // Calls come from all over the network, and there is no TLS in memory.
        allow_plaintext: true,
        crossbar: Some(doorward_server::Crossbar::default()),
        funnelback: None,
    }
}

fn cheap_settings() -> Settings {
    let mut settings = Settings::default();
    settings.hash.cost = Cost::new(8, 1).expect("the cheapest cost there is");
    // The machine that runs the tests may be slow; no test waits for these.
    settings.hash.deadline = Duration::from_mins(1);
    settings.hash.queue = 10_000;
    settings
}

/// Random bytes that no other server of this process has.
fn another_random() -> doorward_core::source::Random {
    static SEED: AtomicU64 = AtomicU64::new(1);
    seeded_random(SEED.fetch_add(1, Ordering::SeqCst))
}

async fn open_store(
    folder: &Path,
    master: &MasterKey,
    clock: &ManualClock,
    random: &doorward_core::source::Random,
) -> Store {
    let options = Options {
        url: "sqlite:doorward.db".into(),
        data: folder.to_path_buf(),
        feed_url: None,
        max_connections: 4,
        statement_timeout: Duration::from_mins(1),
        create: true,
    };
    Store::open(&options, master, clock.clock(), random.clone())
        .await
        .unwrap_or_else(|error| panic!("the store opens: {error}"))
}
