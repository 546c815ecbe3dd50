//! The founded store that each server in memory begins with.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use doorward_core::account::Account;
use doorward_core::id::AccountId;
use doorward_core::source::{Clock, Random};
use doorward_core::user::{Level, User};
use doorward_engine::admin::{AccountChange, NewAccount, NewUser};
use doorward_engine::{Engine, Founding, Settings};
use doorward_store::{Actor, MasterKey, Store};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::{START, cheap_settings, open_store};
use crate::{ManualClock, seeded_random};

/// The files of a founded store with the fixture in it.
pub(super) struct Template {
    pub(super) master: MasterKey,
    accounts: HashMap<&'static str, Account>,
    users: HashMap<&'static str, User>,
    files: Vec<(std::ffi::OsString, Vec<u8>)>,
}

impl Template {
    /// Made by whoever comes first.
    pub(super) async fn get() -> &'static Self {
        static TEMPLATE: OnceCell<Template> = OnceCell::const_new();
        TEMPLATE.get_or_init(|| Box::pin(Self::found())).await
    }

    pub(super) fn copy_to(&self, folder: &Path) {
        for (name, content) in &self.files {
            fs::write(folder.join(name), content).expect("a file of the store is copied");
        }
    }

    pub(super) fn account(&self, name: &str) -> &Account {
        self.accounts
            .get(name)
            .unwrap_or_else(|| panic!("the fixture has no account {name}"))
    }

    pub(super) fn account_by_id(&self, id: AccountId) -> &Account {
        self.accounts
            .values()
            .find(|account| account.id == id)
            .expect("the account is of the fixture")
    }

    pub(super) fn user(&self, name: &str) -> &User {
        self.users
            .get(name)
            .unwrap_or_else(|| panic!("the fixture has no user {name}"))
    }

    async fn found() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let clock = ManualClock::new(START);
        let random = seeded_random(0);
        let master = MasterKey::generate(&random);
        let store = open_store(folder.path(), &master, &clock, &random).await;
        let settings = cheap_settings();
        let clock = clock.clock();
        let (mut template, engine) =
            Self::found_on(store.clone(), master, settings, clock, random).await;
        engine.shutdown().await;
        store.close().await;
        template.files = read_files(folder.path());
        template
    }

    /// Founds an empty store; without files to copy.
    pub(super) async fn found_on(
        store: Store,
        master: MasterKey,
        settings: Settings,
        clock: Clock,
        random: Random,
    ) -> (Self, Engine) {
        let founding = Founding {
            account_name: "Master".to_owned(),
            realm: "m.example".to_owned(),
            username: "mad".to_owned(),
            password: "pw-mad".into(),
        };
        let (engine, founded) = Engine::found(store, settings, clock, random, founding)
            .await
            .expect("an empty store is founded");
        let mut template = Self {
            master,
            accounts: HashMap::from([("M", founded.account)]),
            users: HashMap::from([("mad", founded.user)]),
            files: Vec::new(),
        };
        template.fill(&engine).await;
        (template, engine)
    }

    async fn fill(&mut self, engine: &Engine) {
        self.add_account(engine, "R", "Reseller Ltd", "M").await;
        self.add_account(engine, "A", "Acme Phones", "R").await;
        self.add_account(engine, "B", "Beta Phones", "R").await;
        self.add_account(engine, "C", "Corner Shop", "A").await;
        for (name, account, level) in [
            ("mus", "M", Level::User),
            ("adm", "A", Level::Admin),
            ("usr", "A", Level::User),
            ("cad", "C", Level::Admin),
            ("bad", "B", Level::Admin),
        ] {
            self.add_user(engine, name, account, level).await;
        }
    }

    async fn add_account(&mut self, engine: &Engine, key: &'static str, name: &str, parent: &str) {
        let new = NewAccount {
            name: name.to_owned(),
            realm: Some(format!("{}.example", key.to_lowercase())),
            parent: Some(self.account(parent).id),
            ..NewAccount::default()
        };
        let account = engine.create_account(Actor::operator(), new).await;
        let mut account = account.expect("an account of the fixture is created");
        if key == "R" {
            let change = AccountChange {
                reseller: Some(true),
                ..AccountChange::default()
            };
            let changed = engine.change_account(Actor::operator(), account.id, change);
            account = changed.await.expect("R becomes a reseller");
        }
        self.accounts.insert(key, account);
    }

    async fn add_user(&mut self, engine: &Engine, name: &'static str, account: &str, level: Level) {
        let document = json!({"first_name": name, "last_name": "Example"});
        let new = NewUser {
            account: self.account(account).id,
            username: Some(name.to_owned()),
            password: Some(format!("pw-{name}").into()),
            level,
            enabled: true,
            document: document.as_object().cloned().unwrap_or_default(),
        };
        let user = engine.create_user(Actor::operator(), new).await;
        self.users
            .insert(name, user.expect("a user of the fixture is created"));
    }
}

fn read_files(folder: &Path) -> Vec<(std::ffi::OsString, Vec<u8>)> {
    fs::read_dir(folder)
        .expect("the folder is listed")
        .map(|entry| {
            let entry = entry.expect("an entry of the folder");
            let content = fs::read(entry.path()).expect("a file of the store is read");
            (entry.file_name(), content)
        })
        .collect()
}
