//! The example's accounts and users: the owner of the system, a reseller, its two customers, and a
//! branch of one of them. The first customer's users also search and push documents.

use std::fmt::Display;
use std::str::FromStr;

use doorward_core::app_token::{AppToken, Label};
use doorward_core::document::Document;
use doorward_core::id::{AccountId, UserId};
use doorward_core::permission::{Grants, Role};
use doorward_core::secret::SecretText;
use doorward_core::user::Level;
use doorward_engine::admin::{AccountChange, NewAccount, NewAppToken, NewUser};
use doorward_engine::{Founding, SUPER_USER};
use doorward_store::Actor;

use super::login::{
    ADMIN, BRANCH, COLLEAGUE, CUSTOMER, FEEDER, Login, NEIGHBOUR, READER, RESELLER, ROOT,
};
use crate::fail::{Fail, Outcome};
use crate::wiring::Opened;

/// The phone number of the first customer.
pub(super) const PHONE: &str = "+14155550100";
/// The role of those who push into one collection and may nothing else.
pub(super) const FEEDS: &str = "feeds-example";
/// The application token that is there from the beginning.
pub(super) const TOKEN: &str = "shop~feed";

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
    pub(super) admin: Person,
    pub(super) feeder: Person,
    pub(super) reader: Person,
    /// API key of the first customer.
    pub(super) api_key: SecretText,
    /// An application token: nobody can read it again once it was made.
    pub(super) app_token: Option<AppToken>,
}

impl Sample {
    /// Everybody, from the top of the tree down.
    pub(super) fn people(&self) -> [&Person; 9] {
        [
            &self.root,
            &self.reseller,
            &self.customer,
            &self.colleague,
            &self.admin,
            &self.feeder,
            &self.reader,
            &self.branch,
            &self.neighbour,
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

    set_role(opened, customer).await?;
    user(opened, &RESELLER, reseller, Level::Admin, &[]).await?;
    user(opened, &CUSTOMER, customer, Level::Admin, &[SUPER_USER]).await?;
    user(opened, &COLLEAGUE, customer, Level::User, &[]).await?;
    user(opened, &NEIGHBOUR, neighbour, Level::Admin, &[]).await?;
    user(opened, &BRANCH, branch, Level::User, &[]).await?;
    user(opened, &ADMIN, customer, Level::User, &[SUPER_USER]).await?;
    user(opened, &FEEDER, customer, Level::User, &[FEEDS]).await?;
    user(opened, &READER, customer, Level::User, &["search-only"]).await?;
    Ok(Sample {
        app_token: Some(app_token(opened, customer).await?),
        ..find(opened).await?
    })
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
        admin: person(opened, ADMIN).await?,
        feeder: person(opened, FEEDER).await?,
        reader: person(opened, READER).await?,
        api_key: opened.engine.api_key(customer.account).await?,
        app_token: None,
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

async fn user(
    opened: &Opened,
    login: &Login,
    account: AccountId,
    level: Level,
    roles: &[&str],
) -> Outcome {
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
    let roles: Outcome<Vec<_>> = roles.iter().map(|role| named(role)).collect();
    let (engine, actor) = (&opened.engine, Actor::operator());
    engine.create_user_with_roles(actor, new, roles?).await?;
    Ok(())
}

async fn set_role(opened: &Opened, account: AccountId) -> Outcome {
    let role = Role {
        name: named(FEEDS)?,
        grants: Grants::Some {
            permissions: [named("push.read")?, named("push.write")?].into(),
            resources: Some(["example-push".to_owned()].into()),
        },
    };
    let (engine, actor) = (&opened.engine, Actor::operator());
    engine.set_role(actor, account, role).await?;
    Ok(())
}

async fn app_token(opened: &Opened, account: AccountId) -> Outcome<AppToken> {
    let new = NewAppToken {
        account,
        label: named::<Label>(TOKEN)?,
        roles: vec![named(FEEDS)?],
        expires: None,
        created_by: "doorward demo".to_owned(),
    };
    let (engine, actor) = (&opened.engine, Actor::operator());
    let (_, value) = engine.create_app_token(actor, new).await?;
    Ok(value)
}

/// A name that stands in this program.
fn named<T: FromStr<Err: Display>>(text: &str) -> Outcome<T> {
    text.parse()
        .map_err(|error| Fail::new(format!("{text}: {error}")))
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
