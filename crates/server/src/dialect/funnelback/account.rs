//! The caller's own account: who they are, leaving, a new password (funnelback.md sections 3.3 and 7.2).

use doorward_core::permission::{Permission, RoleName};
use doorward_core::secret::SecretText;
use doorward_core::time::Timestamp;
use doorward_core::user::User;
use doorward_engine::admin::{EditError, NewSecrets, UserDraft};
use serde_json::{Map, Value, json};

use super::Call;
use super::envelope::Answer;
use super::error::Error;

/// The check call.
pub(super) fn show(call: &Call<'_>) -> Answer {
    let passage = call.passage;
    let identity = passage.identity();
    let id = caller(call);
    let user = passage.user();
    let permissions = call.engine.permissions(passage.held());
    let expires = identity
        .and_then(|identity| identity.token)
        .map(|token| token.expires.iso8601());
    Answer::of(json!({
        "id": id,
        "fullName": user.map_or_else(|| id.clone(), |user| full_name(user)),
        "email": user.and_then(|user| text(user, "email")),
        "roles": passage.roles().iter().map(RoleName::as_str).collect::<Vec<_>>(),
        "permissions": permissions.iter().map(Permission::as_str).collect::<Vec<_>>(),
        "tokenExpiresAt": expires,
    }))
}

/// What the caller is called: a username, an application token's label, or an account's id.
pub(super) fn caller(call: &Call<'_>) -> String {
    let passage = call.passage;
    let username = passage.user().and_then(|user| user.username.clone());
    let label = || passage.app_token().map(|token| token.label.to_string());
    let account = || passage.account().map(|account| account.id.to_string());
    username.or_else(label).or_else(account).unwrap_or_default()
}

/// First and last name, or the username.
pub(super) fn full_name(user: &User) -> String {
    let names = ["first_name", "last_name"].map(|key| text(user, key).unwrap_or_default());
    let name = names.join(" ").trim().to_owned();
    if name.is_empty() {
        user.username.clone().unwrap_or_default()
    } else {
        name
    }
}

pub(super) fn text<'u>(user: &'u User, key: &str) -> Option<&'u str> {
    user.document.get(key).and_then(Value::as_str)
}

/// Ends the presented token; others of the same user live on.
pub(super) async fn sign_out(call: &Call<'_>) -> Result<Answer, Error> {
    let identity = call.passage.identity().ok_or(Error::Challenge)?;
    let token = identity.token.ok_or(Error::BadRequest(
        "only tokens of a sign-in are signed out; an application token is revoked",
    ))?;
    let actor = call.passage.actor(&call.exchange.facts.request_id);
    let until: Timestamp = token.expires;
    call.engine
        .deny_token(actor, identity.home, token.id, until)
        .await?;
    Ok(Answer::signed_out("Logged out."))
}

/// A new password for the caller, who must know the old one. Every token of theirs ends; a new one comes back.
pub(super) async fn change_password(
    call: &Call<'_>,
    members: &Map<String, Value>,
) -> Result<Answer, Error> {
    let (engine, passage) = (call.engine, call.passage);
    let identity = passage.identity().ok_or(Error::Challenge)?;
    let user = passage.user().ok_or(NOT_A_USER)?;
    if identity.impersonator.is_some() || identity.is_switched() {
        return Err(NOT_A_USER);
    }
    let username = user.username.clone().ok_or(NOT_A_USER)?;
    let facts = &call.exchange.facts;
    let member = |name: &str| {
        let text = members.get(name).and_then(Value::as_str);
        text.map(SecretText::from)
    };
    let (Some(current), Some(new)) = (member("currentPassword"), member("newPassword")) else {
        return Err(Error::BadRequest(
            "currentPassword and newPassword are needed",
        ));
    };
    let proven = match engine
        .sign_in_remembered(&username, &current, facts.client)
        .await
        .map_err(Error::from)
    {
        // Not 401: the caller is known, and clients would sign in again for ever.
        Err(Error::Challenge) => return Err(Error::Forbidden("the current password is wrong")),
        Err(other) => return Err(other),
        Ok(proven) if proven.user.id != user.id => return Err(NOT_A_USER),
        Ok(proven) => proven.user,
    };
    replace_password(call, &proven, new.clone()).await?;
    let remembered = engine
        .sign_in_remembered(&username, &new, facts.client)
        .await?;
    Ok(Answer::with_token(
        "Password changed, see x-security-token.",
        remembered,
    ))
}

/// Attack: whoever took over an account is about to lose it by a new password, and with the old one, proven just before,
/// sets another. Answer: only of the user who was proven, as it was then.
async fn replace_password(call: &Call<'_>, proven: &User, new: SecretText) -> Result<(), Error> {
    let secrets = NewSecrets {
        password: Some(new),
        fallback_username: None,
    };
    let ground = proven.generation;
    let plan = move |user: &User| {
        if user.generation == ground {
            Ok(UserDraft::of(user))
        } else {
            Err(Error::Conflict(
                "something else was changed at the same time; try again",
            ))
        }
    };
    let actor = call.passage.actor(&call.exchange.facts.request_id);
    let changed = call
        .engine
        .edit_user(actor, proven.account, proven.id, secrets, plan)
        .await;
    match changed {
        Ok(_) => Ok(()),
        Err(EditError::Refused(why)) => Err(why),
        Err(EditError::Failed(error)) => Err(error.into()),
    }
}

const NOT_A_USER: Error = Error::Forbidden("only a user of this account has a password here");
