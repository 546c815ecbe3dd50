//! `accounts`: creating, changing, deleting (crossbar.md section 12.3).

use doorward_core::id::AccountId;
use doorward_engine::admin::EditError;
use doorward_engine::{AdminError, Conflict, Permit, StoreError};
use serde_json::json;

use crate::dialect::crossbar::account_document::Wish;
use crate::dialect::crossbar::call::Call;
use crate::dialect::crossbar::envelope::Answer;
use crate::dialect::crossbar::error::Error;
use crate::dialect::crossbar::user_document::Mode;
use crate::dialect::crossbar::validate::Details;
use crate::dialect::crossbar::view;

/// `PUT accounts`, `PUT accounts/{account}`: an account below the caller's, or below the one in the path.
pub(super) async fn create(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let caller = permit.identity().account;
    let parent = call.account.unwrap_or(caller);
    let new = Wish::new(call.input.object()?, Mode::Replace, true).create(parent)?;
    let account = call.engine.create_account(call.actor(permit), new).await;
    let account = account.map_err(|error| refused(call, error, parent))?;
    let data = view::account(call, &account, caller).await?;
    Ok(super::created(account.revision, data, None))
}

/// `POST accounts/{account}`.
pub(super) async fn replace(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    edit(call, permit, Mode::Replace).await
}

/// `PATCH accounts/{account}`.
pub(super) async fn patch(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    edit(call, permit, Mode::Merge).await
}

async fn edit(call: &Call<'_>, permit: &Permit, mode: Mode) -> Result<Answer, Error> {
    let id = call.account()?;
    let caller = permit.identity().account;
    let wish = Wish::new(call.input.object()?, mode, caller != id);
    let edited = call
        .engine
        .edit_account(call.actor(permit), id, |account| wish.apply(account));
    let account = match edited.await {
        Ok(account) => account,
        Err(EditError::Refused(error)) => return Err(error),
        Err(EditError::Failed(error)) => return Err(refused(call, error, id)),
    };
    let data = view::account(call, &account, caller).await?;
    Ok(super::changed(account.revision, data))
}

/// `DELETE accounts/{account}`.
pub(super) async fn delete(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let id = call.account()?;
    let deleted = call.engine.delete_account(call.actor(permit), id).await;
    let account = deleted.map_err(|error| Error::of_change(error, &id.to_string()))?;
    let data = view::account(call, &account, permit.identity().account).await?;
    Ok(super::deleted(account.revision, data))
}

/// Why the account with this id, or one below it, was not written.
fn refused(call: &Call<'_>, error: AdminError, id: AccountId) -> Error {
    let (field, code, message) = match error {
        AdminError::Store(StoreError::Conflict(Conflict::AccountName)) => {
            ("name", "unique", "Account name already in use")
        }
        AdminError::Store(StoreError::Conflict(Conflict::Realm)) => {
            ("realm", "unique", "Account realm already in use")
        }
        AdminError::Store(StoreError::Tree) => {
            ("tree", "invalid", "The account tree must not become deeper")
        }
        other => return Error::of_change(other, &id.to_string()),
    };
    let asked = call.input.object().ok().and_then(|data| data.get(field));
    let detail = json!({"message": message, "cause": asked});
    Error::Validation(Details::one(field, code, detail))
}
