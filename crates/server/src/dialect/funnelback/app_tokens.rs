//! Application tokens, for callers with `admin.tokens` (funnelback.md section 7.3).

use std::time::Duration;

use doorward_core::app_token::{AppToken, AppTokenName, Label};
use doorward_core::permission::RoleName;
use doorward_core::time::Timestamp;
use doorward_engine::AppTokenRow;
use doorward_engine::admin::NewAppToken;
use serde_json::{Map, Value, json};

use super::Call;
use super::account::caller;
use super::envelope::Answer;
use super::error::Error;
use super::users::roles;

/// Longest life that can be asked for.
const MAX_LIFE: u64 = 10 * 366 * 24 * 3600;

/// A program's tokens, without their values.
pub(super) async fn list(call: &Call<'_>, client: &AppTokenName) -> Result<Answer, Error> {
    let all = call.engine.app_tokens(call.settings.account).await?;
    let own = all.iter().filter(|token| token.label.client == *client);
    Ok(Answer::of(own.map(view).collect()))
}

/// A new token. Its value is in this answer and nowhere else.
pub(super) async fn create(
    call: &Call<'_>,
    members: &Map<String, Value>,
    label: Label,
) -> Result<Answer, Error> {
    let engine = call.engine;
    let new = NewAppToken {
        account: call.settings.account,
        label,
        roles: roles(members)?.unwrap_or_default(),
        expires: expiry(members.get("expiresInSeconds"), engine.now())?,
        created_by: caller(call),
    };
    let (row, value) = engine.create_app_token(call.mandate(), new).await?;
    Ok(Answer::of(shown_once(&row, &value)))
}

/// A new token with the roles and the end of another one, to take its place: both work until the old one is revoked.
pub(super) async fn copy(call: &Call<'_>, label: &Label) -> Result<Answer, Error> {
    let account = call.settings.account;
    let old = call.engine.app_token(account, label).await?;
    let new = NewAppToken {
        account,
        label: Label {
            client: label.client.clone(),
            name: new_name(call.exchange.head.uri.query().unwrap_or_default())?,
        },
        roles: old.roles,
        expires: old.expires,
        created_by: caller(call),
    };
    let (row, value) = call.engine.create_app_token(call.mandate(), new).await?;
    Ok(Answer::of(shown_once(&row, &value)))
}

/// Ends a token at once.
pub(super) async fn revoke(call: &Call<'_>, label: Label) -> Result<Answer, Error> {
    let actor = call.passage.actor(&call.exchange.facts.request_id);
    let account = call.settings.account;
    let row = call.engine.revoke_app_token(actor, account, label).await?;
    Ok(Answer::of(view(&row)))
}

fn new_name(query: &str) -> Result<AppTokenName, Error> {
    let mut named = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "new-name");
    let (Some((_, name)), None) = (named.next(), named.next()) else {
        return Err(Error::BadRequest(
            "the query names the new token once: new-name=",
        ));
    };
    name.parse().map_err(|_| Error::Name)
}

/// `expiresInSeconds`; without it a token never expires.
fn expiry(wanted: Option<&Value>, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    match wanted {
        None | Some(Value::Null) => Ok(None),
        Some(seconds) => match seconds.as_u64() {
            Some(seconds @ 1..=MAX_LIFE) => Ok(Some(now.plus(Duration::from_secs(seconds)))),
            _ => Err(Error::BadRequest(
                "expiresInSeconds is a whole number, at least 1 and at most ten years",
            )),
        },
    }
}

fn view(row: &AppTokenRow) -> Value {
    json!({
        "name": row.label.name,
        "client": row.label.client,
        "username": row.label.to_string(),
        "roles": row.roles.iter().map(RoleName::as_str).collect::<Vec<_>>(),
        "createdAt": row.created.iso8601(),
        "createdBy": row.created_by,
        "expiresAt": row.expires.map(Timestamp::iso8601),
        "lastUsedAt": row.last_used.map(Timestamp::iso8601),
    })
}

fn shown_once(row: &AppTokenRow, value: &AppToken) -> Value {
    json!({
        "name": row.label.name,
        "client": row.label.client,
        "token": value.expose(),
        "username": row.label.to_string(),
        "password": value.expose(),
        "roles": row.roles.iter().map(RoleName::as_str).collect::<Vec<_>>(),
        "createdAt": row.created.iso8601(),
        "createdBy": row.created_by,
        "expiresAt": row.expires.map(Timestamp::iso8601),
    })
}
