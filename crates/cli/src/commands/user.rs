//! `doorward user`: the logins of an account.

use doorward_core::account::Account;
use doorward_core::document::Document;
use doorward_core::user::{Level, User};
use doorward_engine::admin::{NewUser, UserChange};
use doorward_store::{Actor, Page};
use serde_json::Value;

use crate::args::{self, AboutUser, OneUser, UserCreate, UserSet};
use crate::fail::{Fail, Outcome};
use crate::output::{self, Format};
use crate::wiring::{self, Opened};
use crate::{prompt, views};

/// Rows asked for at once.
const PAGE: u32 = 500;
/// Columns of the list.
const COLUMNS: [&str; 6] = [
    "id",
    "username",
    "priv_level",
    "enabled",
    "first_name",
    "last_name",
];

pub(crate) async fn run(command: args::User) -> Outcome {
    match command {
        args::User::List {
            account,
            place,
            json,
        } => {
            let opened = wiring::open(&place).await?;
            let account = opened.account(&account).await?;
            let users = all(&opened, &account).await?;
            opened.close().await;
            output::list(Format::choose(json.json), users, &COLUMNS)
        }
        args::User::Show(which) => {
            let (opened, user) = find(&which).await?;
            finish(opened, which.json, &user).await
        }
        args::User::Create(args) => create(args).await,
        args::User::Set(args) => set(args).await,
        args::User::SetPassword { which, password } => {
            let password = Some(prompt::new_password(password.password_stdin)?);
            change(
                which,
                UserChange {
                    password,
                    ..UserChange::default()
                },
            )
            .await
        }
        args::User::Enable(which) => switch(which, true).await,
        args::User::Disable(which) => switch(which, false).await,
        args::User::Delete(which) => {
            let (opened, user) = find(&which).await?;
            opened
                .engine
                .delete_user(Actor::operator(), user.account, user.id)
                .await?;
            finish(opened, which.json, &user).await
        }
    }
}

async fn find(which: &OneUser) -> Outcome<(Opened, User)> {
    let opened = wiring::open(&which.place).await?;
    let account = opened.account(&which.account).await?;
    let user = opened.user(&account, &which.user).await?;
    Ok((opened, user))
}

async fn finish(opened: Opened, json: args::Json, user: &User) -> Outcome {
    opened.close().await;
    output::object(Format::choose(json.json), &views::user(user))
}

async fn all(opened: &Opened, account: &Account) -> Outcome<Vec<Value>> {
    let mut views = Vec::new();
    let mut last: Option<User> = None;
    loop {
        let after = last.as_ref().map(|last| {
            (
                last.username.as_deref().unwrap_or_default(),
                *last.id.as_bytes(),
            )
        });
        let page = Page { after, limit: PAGE };
        let rows = opened.engine.store().users(account.id, page).await?;
        views.extend(rows.iter().map(views::user));
        last = rows.into_iter().next_back();
        if last.is_none() {
            return Ok(views);
        }
    }
}

async fn create(args: UserCreate) -> Outcome {
    let opened = wiring::open(&args.place).await?;
    let account = opened.account(&args.account).await?;
    let new = NewUser {
        account: account.id,
        username: Some(args.username),
        password: Some(prompt::new_password(args.password.password_stdin)?),
        level: args.about.level.map_or(Level::User, level),
        enabled: true,
        document: describe(Document::new(), &args.about),
    };
    let user = opened.engine.create_user(Actor::operator(), new).await?;
    finish(opened, args.json, &user).await
}

async fn set(args: UserSet) -> Outcome {
    let renamed = args.username.is_some();
    if !renamed && !args.password.password_stdin && args.about.is_empty() {
        return Err(Fail::usage("nothing to change").hint("see `doorward user set --help`"));
    }
    let password = (renamed || args.password.password_stdin)
        .then(|| prompt::new_password(args.password.password_stdin))
        .transpose()?;
    let (opened, user) = find(&args.which).await?;
    let change = UserChange {
        username: args.username,
        password,
        level: args.about.level.map(level),
        enabled: None,
        document: args
            .about
            .says_something()
            .then(|| describe(user.document.clone(), &args.about)),
    };
    let changed = opened
        .engine
        .change_user(Actor::operator(), user.account, user.id, change)
        .await?;
    finish(opened, args.which.json, &changed).await
}

async fn switch(which: OneUser, enabled: bool) -> Outcome {
    change(
        which,
        UserChange {
            enabled: Some(enabled),
            ..UserChange::default()
        },
    )
    .await
}

async fn change(which: OneUser, change: UserChange) -> Outcome {
    let (opened, user) = find(&which).await?;
    let changed = opened
        .engine
        .change_user(Actor::operator(), user.account, user.id, change)
        .await?;
    finish(opened, which.json, &changed).await
}

impl AboutUser {
    fn says_something(&self) -> bool {
        self.first_name.is_some() || self.last_name.is_some() || self.email.is_some()
    }

    fn is_empty(&self) -> bool {
        self.level.is_none() && !self.says_something()
    }
}

fn level(level: args::Level) -> Level {
    match level {
        args::Level::Admin => Level::Admin,
        args::Level::User => Level::User,
    }
}

fn describe(mut document: Document, about: &AboutUser) -> Document {
    let said = [
        ("first_name", &about.first_name),
        ("last_name", &about.last_name),
        ("email", &about.email),
    ];
    for (key, value) in said {
        if let Some(value) = value {
            document.insert(key.to_owned(), value.as_str().into());
        }
    }
    document
}
