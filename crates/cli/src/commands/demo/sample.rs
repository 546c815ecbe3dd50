//! The example's accounts and users: the owner of the system, a reseller, its two customers, and a
//! branch of one of them.

use doorward_core::digest::{md5_credentials, sha1_credentials};
use doorward_core::document::Document;
use doorward_core::id::{AccountId, UserId};
use doorward_core::secret::SecretText;
use doorward_core::user::Level;
use doorward_engine::Founding;
use doorward_engine::admin::{AccountChange, NewAccount, NewUser};
use doorward_store::Actor;

use crate::fail::Outcome;
use crate::wiring::Opened;

/// The phone number of the first customer.
pub(super) const PHONE: &str = "+14155550100";

const ROOT: Login = Login::new(
    "Example Telecom",
    "telecom.example",
    "admin",
    "demo-admin-1",
);
const RESELLER: Login = Login::new("Northwind", "northwind.example", "rita", "demo-rita-2");
const CUSTOMER: Login = Login::new("Acme", "acme.example", "alice", "demo-alice-3");
const COLLEAGUE: Login = Login::new("Acme", "acme.example", "bob", "demo-bob-4");
const NEIGHBOUR: Login = Login::new("Globex", "globex.example", "gina", "demo-gina-5");
const BRANCH: Login = Login::new(
    "Acme Branch",
    "branch.acme.example",
    "carol",
    "demo-carol-6",
);

/// Somebody who can sign in. The passwords are no secrets: they stand here and are printed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Login {
    pub(super) account: &'static str,
    pub(super) realm: &'static str,
    pub(super) username: &'static str,
    pub(super) password: &'static str,
}

impl Login {
    const fn new(
        account: &'static str,
        realm: &'static str,
        username: &'static str,
        password: &'static str,
    ) -> Self {
        Self {
            account,
            realm,
            username,
            password,
        }
    }

    /// What the vendor's clients send.
    pub(super) fn md5(&self) -> String {
        md5_credentials(self.username, self.password)
    }

    /// What they send with `method: sha`.
    pub(super) fn sha1(&self) -> String {
        sha1_credentials(self.username, self.password)
    }
}

/// A login with its ids.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    pub(super) login: Login,
    pub(super) account: AccountId,
    pub(super) user: UserId,
}

/// The example.
pub(super) struct Sample {
    pub(super) root: Person,
    pub(super) reseller: Person,
    pub(super) customer: Person,
    pub(super) colleague: Person,
    pub(super) neighbour: Person,
    pub(super) branch: Person,
    /// API key of the first customer.
    pub(super) api_key: SecretText,
}

impl Sample {
    /// Everybody, from the top of the tree down.
    pub(super) fn people(&self) -> [&Person; 6] {
        [
            &self.root,
            &self.reseller,
            &self.customer,
            &self.colleague,
            &self.neighbour,
            &self.branch,
        ]
    }
}

/// The first account and its admin.
pub(super) fn root() -> Founding {
    Founding {
        account_name: ROOT.account.to_owned(),
        realm: ROOT.realm.to_owned(),
        username: ROOT.username.to_owned(),
        password: ROOT.password.into(),
    }
}

/// Creates what is below the root.
pub(super) async fn plant(opened: &Opened) -> Outcome<Sample> {
    let root = opened.account(ROOT.realm).await?.id;
    let reseller = account(opened, &RESELLER, root).await?;
    let change = AccountChange {
        reseller: Some(true),
        ..AccountChange::default()
    };
    opened
        .engine
        .change_account(Actor::operator(), reseller, change)
        .await?;
    let customer = account(opened, &CUSTOMER, reseller).await?;
    opened
        .engine
        .assign_phone(Actor::operator(), customer, PHONE)
        .await?;
    let neighbour = account(opened, &NEIGHBOUR, reseller).await?;
    let branch = account(opened, &BRANCH, customer).await?;

    user(opened, &RESELLER, reseller, Level::Admin).await?;
    user(opened, &CUSTOMER, customer, Level::Admin).await?;
    user(opened, &COLLEAGUE, customer, Level::User).await?;
    user(opened, &NEIGHBOUR, neighbour, Level::Admin).await?;
    user(opened, &BRANCH, branch, Level::User).await?;
    find(opened).await
}

/// Finds what was planted.
pub(super) async fn find(opened: &Opened) -> Outcome<Sample> {
    let customer = person(opened, CUSTOMER).await?;
    Ok(Sample {
        root: person(opened, ROOT).await?,
        reseller: person(opened, RESELLER).await?,
        customer,
        colleague: person(opened, COLLEAGUE).await?,
        neighbour: person(opened, NEIGHBOUR).await?,
        branch: person(opened, BRANCH).await?,
        api_key: opened.engine.api_key(customer.account).await?,
    })
}

async fn account(opened: &Opened, login: &Login, parent: AccountId) -> Outcome<AccountId> {
    let new = NewAccount {
        name: login.account.to_owned(),
        realm: Some(login.realm.to_owned()),
        parent: Some(parent),
        ..NewAccount::default()
    };
    Ok(opened
        .engine
        .create_account(Actor::operator(), new)
        .await?
        .id)
}

async fn user(opened: &Opened, login: &Login, account: AccountId, level: Level) -> Outcome {
    let mut document = Document::new();
    document.insert("first_name".to_owned(), login.username.into());
    document.insert("last_name".to_owned(), "Example".into());
    let new = NewUser {
        account,
        username: Some(login.username.to_owned()),
        password: Some(login.password.into()),
        level,
        enabled: true,
        document,
    };
    opened.engine.create_user(Actor::operator(), new).await?;
    Ok(())
}

async fn person(opened: &Opened, login: Login) -> Outcome<Person> {
    let account = opened.account(login.realm).await?;
    let user = opened.user(&account, login.username).await?;
    Ok(Person {
        login,
        account: account.id,
        user: user.id,
    })
}
