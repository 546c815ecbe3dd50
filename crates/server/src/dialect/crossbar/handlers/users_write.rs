//! `users`: creating, changing, deleting (crossbar.md sections 12.4 and 12.5).

use doorward_core::user::User;
use doorward_engine::admin::{EditError, NewSecrets, NewUser};
use doorward_engine::{AdminError, Conflict, Permit, StoreError};
use serde_json::json;

use crate::dialect::crossbar::call::Call;
use crate::dialect::crossbar::envelope::Answer;
use crate::dialect::crossbar::error::Error;
use crate::dialect::crossbar::user_document::{Mode, Wish, asked_username, password};
use crate::dialect::crossbar::validate::Details;
use crate::dialect::crossbar::view;

/// `PUT accounts/{account}/users`.
pub(super) async fn create(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let data = call.input.object()?;
    let account = call.account()?;
    let password = password(data)?;
    let mut draft = Wish::new(data, Mode::Replace, true).create()?;
    if password.is_some() && draft.username.is_none() {
        draft.username = Some(call.engine.generated_username());
    }
    let new = NewUser {
        account,
        username: draft.username,
        password,
        level: draft.level,
        enabled: draft.enabled,
        document: draft.document,
    };
    let user = call.engine.create_user(call.actor(permit), new).await;
    let user = user.map_err(|error| refused(call, error, &account.to_string()))?;
    let location = super::below(call, user.id);
    Ok(super::created(
        user.revision,
        view::user(&user),
        Some(location),
    ))
}

/// `POST accounts/{account}/users/{user}`.
pub(super) async fn replace(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    edit(call, permit, Mode::Replace).await
}

/// `PATCH accounts/{account}/users/{user}`.
pub(super) async fn patch(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    edit(call, permit, Mode::Merge).await
}

async fn edit(call: &Call<'_>, permit: &Permit, mode: Mode) -> Result<Answer, Error> {
    let data = call.input.object()?;
    let (account, id) = (call.account()?, call.user()?);
    let secrets = NewSecrets {
        password: password(data)?,
        fallback_username: Some(call.engine.generated_username()),
    };
    let wish = Wish::new(data, mode, call.engine.administers(permit));
    let plan = move |user: &User| wish.apply(user);
    let edited = call
        .engine
        .edit_user(call.actor(permit), account, id, secrets, plan);
    match edited.await {
        Ok(user) => Ok(super::changed(user.revision, view::user(&user))),
        Err(EditError::Refused(error)) => Err(error),
        Err(EditError::Failed(error)) => Err(refused(call, error, &id.to_string())),
    }
}

/// `DELETE accounts/{account}/users/{user}`.
pub(super) async fn delete(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let (account, id) = (call.account()?, call.user()?);
    let deleted = call
        .engine
        .delete_user(call.actor(permit), account, id)
        .await;
    let user = deleted.map_err(|error| Error::of_change(error, &id.to_string()))?;
    Ok(super::deleted(user.revision, view::user(&user)))
}

/// Why a user was not written; names are repeated, secrets are not.
fn refused(call: &Call<'_>, error: AdminError, id: &str) -> Error {
    let asked = || call.input.object().map(asked_username).unwrap_or_default();
    let (field, code, message) = match error {
        AdminError::Store(StoreError::Conflict(Conflict::Username)) => (
            "username",
            "unique",
            "Username must be unique within account",
        ),
        AdminError::PasswordNeeded => (
            "password",
            "required",
            "The password must be provided when creating / updating the user name",
        ),
        other => return Error::of_change(other, id),
    };
    let detail = json!({"message": message, "cause": asked()});
    Error::Validation(Details::one(field, code, detail))
}
