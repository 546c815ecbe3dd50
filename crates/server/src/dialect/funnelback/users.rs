//! Users of the account, for callers with `admin.users` (funnelback.md section 7.2), who never reach beyond their own
//! roles.

use std::convert::Infallible;
use std::sync::Arc;

use doorward_core::account::Account;
use doorward_core::document::Document;
use doorward_core::permission::RoleName;
use doorward_core::secret::SecretText;
use doorward_core::user::{Level, User};
use doorward_engine::admin::{EditError, NewSecrets, NewUser, UserDraft, may_give, may_touch};
use doorward_engine::{AdminError, Page};
use serde_json::{Map, Value, json};

use super::Call;
use super::account::{full_name, text};
use super::envelope::Answer;
use super::error::Error;

/// Users of one page, unless the query says otherwise, and at most.
const PAGE: u32 = 100;
const MAX_PAGE: u32 = 1000;

/// One page of the account's users, by username: `?after=` the last one seen, `&limit=`.
pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Error> {
    let query = call.exchange.head.uri.query().unwrap_or_default();
    let (mut after, mut limit) = (None, PAGE);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            // What no name holds, and no store looks for.
            "after" if value.contains('\0') => {
                return Err(Error::BadRequest("after is a username"));
            }
            "after" => after = Some(value.into_owned()),
            "limit" => {
                let wanted: u32 = value
                    .parse()
                    .map_err(|_| Error::BadRequest("limit is a number"))?;
                limit = wanted.clamp(1, MAX_PAGE);
            }
            _ => {}
        }
    }
    let page = Page {
        after: after.as_deref().map(|name| (name, [0xff; 16])),
        limit,
    };
    let users = call.engine.store().users(call.settings.account, page).await;
    let users = users.map_err(AdminError::from)?;
    let named = users.iter().filter(|user| user.username.is_some());
    Ok(Answer::of(named.map(view).collect()))
}

/// One user.
pub(super) async fn show(call: &Call<'_>, username: &str) -> Result<Answer, Error> {
    let user = find(call, username).await?;
    Ok(Answer::of(view(&user)))
}

/// Creates a user, or changes one: what is not named stays.
pub(super) async fn put(
    call: &Call<'_>,
    members: &Map<String, Value>,
    username: &str,
) -> Result<Answer, Error> {
    let wanted = Wanted::read(members)?;
    let (account, held) = (own(call)?, call.passage.held());
    let known = match find(call, username).await {
        Ok(user) => Some(user),
        Err(Error::NotFound) => None,
        Err(other) => return Err(other),
    };
    // All this is judged again where it is written; here, so that nothing is hashed for somebody who may not.
    if let Some(user) = &known {
        may_touch(&account, held, user)?;
    }
    may_give(&account, held, wanted.roles.as_deref().unwrap_or_default())?;
    let user = match known {
        Some(user) => change(call, &user, wanted).await?,
        None => create(call, username, wanted).await?,
    };
    Ok(Answer::of(view(&user)))
}

async fn create(call: &Call<'_>, username: &str, wanted: Wanted) -> Result<User, Error> {
    let document = wanted.document(Document::new());
    let new = NewUser {
        account: call.settings.account,
        username: Some(username.to_owned()),
        password: wanted.password,
        level: Level::User,
        enabled: wanted.enabled.unwrap_or(true),
        document,
    };
    let roles = wanted.roles.unwrap_or_default();
    let made = call
        .engine
        .create_user_with_roles(call.mandate(), new, roles);
    Ok(made.await?)
}

async fn change(call: &Call<'_>, user: &User, wanted: Wanted) -> Result<User, Error> {
    let secrets = NewSecrets {
        password: wanted.password.clone(),
        fallback_username: None,
    };
    let plan = move |user: &User| {
        let there = UserDraft::of(user);
        Ok::<_, Infallible>(UserDraft {
            username: there.username,
            level: there.level,
            enabled: wanted.enabled.unwrap_or(there.enabled),
            document: wanted.document(there.document),
            roles: wanted.roles.clone(),
        })
    };
    let engine = call.engine;
    match engine
        .edit_user(call.mandate(), user.account, user.id, secrets, plan)
        .await
    {
        Ok(user) => Ok(user),
        Err(EditError::Failed(error)) => Err(error.into()),
        Err(EditError::Refused(never)) => match never {},
    }
}

/// Deletes a user with everything it can prove itself by.
pub(super) async fn delete(call: &Call<'_>, username: &str) -> Result<Answer, Error> {
    let user = find(call, username).await?;
    call.engine
        .delete_user(call.mandate(), user.account, user.id)
        .await?;
    Ok(Answer::of(Value::Null))
}

/// Ends every token of a user; the password stays.
pub(super) async fn revoke_tokens(call: &Call<'_>, username: &str) -> Result<Answer, Error> {
    let user = find(call, username).await?;
    call.engine
        .reset_user_secret(call.mandate(), user.account, user.id)
        .await?;
    Ok(Answer::of(json!("Tokens revoked.")))
}

/// What a user shall be.
struct Wanted {
    full_name: Option<String>,
    email: Option<String>,
    password: Option<SecretText>,
    roles: Option<Vec<RoleName>>,
    enabled: Option<bool>,
}

impl Wanted {
    fn read(members: &Map<String, Value>) -> Result<Self, Error> {
        let text = |name: &str| match members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Error::BadRequest("fullName, email and password are texts")),
        };
        let enabled = match members.get("enabled") {
            None => None,
            Some(Value::Bool(enabled)) => Some(*enabled),
            Some(_) => return Err(Error::BadRequest("enabled is true or false")),
        };
        Ok(Self {
            full_name: text("fullName")?,
            email: text("email")?,
            password: text("password")?.map(SecretText::new),
            roles: roles(members)?,
            enabled,
        })
    }

    /// The document that holds the name: all but the last word is the first name.
    fn document(&self, mut document: Document) -> Document {
        if let Some(name) = &self.full_name {
            let (first, last) = name.rsplit_once(' ').unwrap_or((name, ""));
            document.insert("first_name".to_owned(), first.trim().into());
            document.insert("last_name".to_owned(), last.into());
        }
        if let Some(email) = &self.email {
            document.insert("email".to_owned(), email.as_str().into());
        }
        document
    }
}

/// The member `roles`: a list of names.
pub(super) fn roles(members: &Map<String, Value>) -> Result<Option<Vec<RoleName>>, Error> {
    let listed = match members.get("roles") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(listed)) => listed,
        Some(_) => return Err(NOT_ROLES),
    };
    let names = listed.iter().map(|name| name.as_str()?.parse().ok());
    names.collect::<Option<_>>().map(Some).ok_or(NOT_ROLES)
}

const NOT_ROLES: Error = Error::BadRequest("roles is a list of names of roles");

/// The account all of this is about.
fn own(call: &Call<'_>) -> Result<Arc<Account>, Error> {
    let account = call.passage.account();
    account.map(Arc::clone).ok_or(Error::Challenge)
}

async fn find(call: &Call<'_>, username: &str) -> Result<User, Error> {
    let account = call.settings.account;
    let user = call.engine.find_user(account, username).await?;
    // By name alone: ids are Crossbar's.
    if user.username.as_deref() == Some(username) {
        Ok(user)
    } else {
        Err(Error::NotFound)
    }
}

fn view(user: &User) -> Value {
    json!({
        "id": user.username,
        "fullName": full_name(user),
        "email": text(user, "email"),
        "roles": user.roles.iter().map(RoleName::as_str).collect::<Vec<_>>(),
        "enabled": user.enabled,
    })
}
