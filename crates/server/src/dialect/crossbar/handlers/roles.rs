//! `accounts/{account}/roles`: what its users may do at guarded APIs.

use doorward_core::permission::RoleName;
use doorward_engine::Permit;
use serde_json::{Value, json};

use crate::dialect::crossbar::call::Call;
use crate::dialect::crossbar::envelope::{Answer, Success};
use crate::dialect::crossbar::error::Error;
use crate::dialect::crossbar::list::{self, Shown};
use crate::dialect::crossbar::role_document;

/// `GET accounts/{account}/roles`: those every account has, then its own. They are few, so they come in one.
pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Error> {
    let id = call.account()?;
    let roles = call.engine.roles(id).await;
    let roles = roles.map_err(|error| Error::of_change(error, &id.to_string()))?;
    let items = roles.iter().map(role_document::view).map(Value::Object);
    Ok(list::answer(call, items.collect(), Shown::Size))
}

/// `GET accounts/{account}/roles/{role}`.
pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Error> {
    let (account, name) = (call.account()?, name(call)?);
    let role = call.engine.role(account, &name).await;
    let role = role.map_err(|error| Error::of_change(error, name.as_str()))?;
    Ok(super::shown(Value::Object(role_document::view(&role))))
}

/// `PUT accounts/{account}/roles/{role}`: makes it, or takes the place of the account's own of this name.
pub(super) async fn set(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let role = role_document::read(asked(call), call.input.object()?)?;
    let data = role_document::view(&role);
    let account = call.account()?;
    call.engine
        .set_role(call.actor(permit), account, role)
        .await
        .map_err(|error| Error::of_change(error, &account.to_string()))?;
    Ok(Answer::Success(Success {
        created: true,
        data: Some(Value::Object(data)),
        ..Success::default()
    }))
}

/// `DELETE accounts/{account}/roles/{role}`: shows it as it was.
pub(super) async fn delete(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let (account, name) = (call.account()?, name(call)?);
    let refused = |error| Error::of_change(error, asked(call));
    let role = call.engine.role(account, &name).await.map_err(refused)?;
    call.engine
        .delete_role(call.actor(permit), account, name)
        .await
        .map_err(refused)?;
    let mut data = role_document::view(&role);
    data.insert("_read_only".to_owned(), json!({"deleted": true}));
    Ok(super::shown(Value::Object(data)))
}

/// The role in the path, as written.
fn asked<'c>(call: &'c Call<'_>) -> &'c str {
    call.target.role.as_deref().unwrap_or_default()
}

/// The role in the path; a text that is no name names none.
fn name(call: &Call<'_>) -> Result<RoleName, Error> {
    let text = asked(call);
    text.parse()
        .map_err(|_| Error::BadIdentifier(text.to_owned()))
}
