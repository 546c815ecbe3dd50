//! `doorward user`: the logins of an account.

use doorward_core::account::Account;
use doorward_core::document::Document;
use doorward_core::secret::SecretText;
use doorward_core::user::{Level, User};
use doorward_engine::admin::{NewSecrets, NewUser, UserChange, UserDraft};
use doorward_store::{Actor, Page};
use serde_json::Value;

use super::Pages;
use crate::args::{self, AboutUser, OneUser, UserCreate, UserSet};
use crate::fail::{Fail, Outcome};
use crate::output::{self, Format};
use crate::wiring::{self, Opened};
use crate::{document, prompt, views};

/// Members that a document may repeat and not change.
const FIXED: [&str; 4] = ["id", "created", "account_id", "roles"];
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
            paging,
            place,
            json,
        } => {
            let pages = Pages::new(&paging)?;
            let opened = wiring::open(&place).await?;
            let account = opened.account(&account).await?;
            let after = match &paging.after {
                Some(text) => Some(opened.user(&account, text).await?),
                None => None,
            };
            let users = listed(&opened, &account, after, pages).await?;
            opened.close().await;
            output::list(Format::choose(json.json), users, &COLUMNS)
        }
        args::User::Show(which) => {
            let (opened, user) = find(&which).await?;
            finish(opened, which.json, &user).await
        }
        args::User::Create(args) => Box::pin(create(args)).await,
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

async fn listed(
    opened: &Opened,
    account: &Account,
    mut last: Option<User>,
    mut pages: Pages,
) -> Outcome<Vec<Value>> {
    let mut views = Vec::new();
    while let Some(limit) = pages.next() {
        let after = last.as_ref().map(|last| {
            (
                last.username.as_deref().unwrap_or_default(),
                *last.id.as_bytes(),
            )
        });
        let page = Page { after, limit };
        let rows = opened.engine.store().users(account.id, page).await?;
        pages.came(rows.len());
        views.extend(rows.iter().map(views::user));
        last = rows.into_iter().next_back();
    }
    Ok(views)
}

async fn create(args: UserCreate) -> Outcome {
    let mut patch = document(args.document.as_deref(), args.password.password_stdin)?;
    patch.extend(args.about.members());
    patch.insert("username".to_owned(), args.username.into());
    let patch = settable(patch, &Value::Null)?;
    let nobody = UserDraft {
        username: None,
        level: Level::User,
        enabled: true,
        document: Document::new(),
        roles: None,
    };
    let draft = doorward_server::patch_user(&patch, nobody)?;
    let opened = wiring::open(&args.place).await?;
    let account = opened.account(&args.account).await?;
    let new = NewUser {
        account: account.id,
        username: draft.username,
        password: Some(prompt::new_password(args.password.password_stdin)?),
        level: draft.level,
        enabled: draft.enabled,
        document: draft.document,
    };
    let user = opened
        .engine
        .create_user_with_roles(Actor::operator(), new, args.roles)
        .await?;
    finish(opened, args.json, &user).await
}

/// As `PATCH` does it, by what is stored when it is written.
async fn set(args: UserSet) -> Outcome {
    let renamed = args.username.is_some();
    let mut patch = document(args.document.as_deref(), args.password.password_stdin)?;
    patch.extend(args.about.members());
    patch.extend(
        args.username
            .map(|name| ("username".to_owned(), name.into())),
    );
    let roles = (args.no_roles || !args.roles.is_empty()).then_some(args.roles);
    let edits = args.document.is_some() || !patch.is_empty() || args.password.password_stdin;
    if !edits && roles.is_none() {
        return Err(Fail::usage("nothing to change").hint("see `doorward user set --help`"));
    }
    let password = (renamed || args.password.password_stdin)
        .then(|| prompt::new_password(args.password.password_stdin))
        .transpose()?;
    let (opened, mut user) = find(&args.which).await?;
    if edits {
        let patch = settable(patch, &views::user(&user))?;
        user = edit(&opened, &user, patch, password).await?;
    }
    if let Some(roles) = roles {
        let given = opened
            .engine
            .set_user_roles(Actor::operator(), user.account, user.id, roles);
        user = given.await?;
    }
    finish(opened, args.which.json, &user).await
}

async fn edit(
    opened: &Opened,
    user: &User,
    patch: Document,
    password: Option<SecretText>,
) -> Outcome<User> {
    let secrets = NewSecrets {
        password,
        fallback_username: None,
    };
    let plan = move |user: &User| doorward_server::patch_user(&patch, UserDraft::of(user));
    let changed = opened
        .engine
        .edit_user(Actor::operator(), user.account, user.id, secrets, plan);
    Ok(changed.await?)
}

/// What the document says; standard input holds it or a password, not both.
fn document(named: Option<&str>, password_stdin: bool) -> Outcome<Document> {
    let Some(named) = named else {
        return Ok(Document::new());
    };
    if named == "-" && password_stdin {
        return Err(
            Fail::usage("standard input cannot hold the document and the password")
                .hint("write the document to a file and give --document @FILE"),
        );
    }
    let document = document::read(named)?;
    if document.contains_key("password") {
        return Err(Fail::new("a document does not hold a password")
            .hint("leave it out and add --password-stdin"));
    }
    Ok(document)
}

fn settable(document: Document, shown: &Value) -> Outcome<Document> {
    document::settable(document, shown, &FIXED, "user set")
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
    /// As members of a document.
    fn members(self) -> impl Iterator<Item = (String, Value)> {
        let level = self.level.map(|level| match level {
            args::Level::Admin => Level::Admin,
            args::Level::User => Level::User,
        });
        [
            ("first_name", self.first_name),
            ("last_name", self.last_name),
            ("email", self.email),
            ("priv_level", level.map(|level| level.as_str().to_owned())),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?.into())))
    }
}
