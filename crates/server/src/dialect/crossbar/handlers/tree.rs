//! The tree around an account: what is above it, moving it, resellers (crossbar.md sections 12.1 and 12.3).

use std::sync::Arc;

use doorward_core::account::Account;
use doorward_core::id::AccountId;
use doorward_engine::{AdminError, Permit, StoreError};
use serde_json::{Value, json};

use crate::dialect::crossbar::call::Call;
use crate::dialect::crossbar::envelope::{Answer, Success};
use crate::dialect::crossbar::error::Error;
use crate::dialect::crossbar::list::{self, Shown};
use crate::dialect::crossbar::validate::Details;
use crate::dialect::crossbar::view;

/// The account in the path.
pub(super) async fn account(call: &Call<'_>) -> Result<Arc<Account>, Error> {
    let id = call.account()?;
    let account = call.engine.account(id).await?;
    account.ok_or_else(|| Error::BadIdentifier(id.to_string()))
}

/// The accounts above another, topmost first, from the caller's account on; all of them for a caller that is not among
/// them, for only the system owner reaches so far.
pub(super) async fn visible_above(
    call: &Call<'_>,
    permit: &Permit,
    account: &Account,
) -> Result<Vec<Arc<Account>>, Error> {
    let caller = permit.identity().account;
    if account.id == caller {
        return Ok(Vec::new());
    }
    let mut above = call.engine.ancestors(account).await?;
    if let Some(at) = above.iter().position(|one| one.id == caller) {
        above.truncate(at + 1);
    }
    above.reverse();
    Ok(above)
}

async fn items(call: &Call<'_>, permit: &Permit) -> Result<Vec<Value>, Error> {
    let account = account(call).await?;
    let above = visible_above(call, permit, &account).await?;
    let item = |account: &Arc<Account>| json!({"id": account.id, "name": account.name});
    Ok(above.iter().map(item).collect())
}

/// `GET accounts/{account}/tree`.
pub(super) async fn above(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let items = items(call, permit).await?;
    Ok(list::answer(call, items, Shown::Nothing))
}

/// `GET accounts/{account}/parents`.
pub(super) async fn parents(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let items = items(call, permit).await?;
    Ok(list::answer(call, items, Shown::Size))
}

/// `POST accounts/{account}/move`: hangs it below `to`.
pub(super) async fn move_account(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let id = call.account()?;
    let data = call.input.object()?;
    let mut details = Details::default();
    if !data.contains_key("to") {
        let message = json!({"message": "Field 'to' is required"});
        details.add("to", "required", message);
    }
    let to = details.text(data, "to", (1, 128));
    details.into_result()?;
    let to = to.unwrap_or_default();
    let unknown = || Error::BadIdentifier(to.to_owned());
    let parent: AccountId = to.parse().map_err(|_| unknown())?;
    if call.engine.account(parent).await?.is_none() {
        return Err(unknown());
    }
    call.engine
        .move_account(call.actor(permit), id, parent)
        .await
        .map_err(|error| of_tree(error, id))?;
    shown(call, permit, false).await
}

/// `PUT` and `DELETE accounts/{account}/reseller`.
pub(super) async fn set_reseller(
    call: &Call<'_>,
    permit: &Permit,
    reseller: bool,
) -> Result<Answer, Error> {
    let id = call.account()?;
    call.engine
        .set_reseller(call.actor(permit), id, reseller)
        .await
        .map_err(|error| of_tree(error, id))?;
    shown(call, permit, reseller).await
}

async fn shown(call: &Call<'_>, permit: &Permit, created: bool) -> Result<Answer, Error> {
    let account = account(call).await?;
    let data = view::account(call, &account, permit.identity().account).await?;
    Ok(Answer::Success(Success {
        created,
        revision: Some(view::revision(account.revision, &data)),
        data: Some(Value::Object(data)),
        ..Success::default()
    }))
}

fn of_tree(error: AdminError, id: AccountId) -> Error {
    match error {
        AdminError::Root | AdminError::Store(StoreError::Tree) => Error::Forbidden,
        AdminError::ResellersBelow => Error::HasDescendants,
        other => Error::of_change(other, &id.to_string()),
    }
}
