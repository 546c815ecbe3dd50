//! `accounts/{account}/users/{user}/roles`: which roles somebody has. They are read at each request, so nobody has to
//! sign in again.

use doorward_core::permission::RoleName;
use doorward_core::user::User;
use doorward_engine::{AdminError, Permit};
use serde_json::{Value, json};

use crate::dialect::crossbar::call::Call;
use crate::dialect::crossbar::envelope::{Answer, Success};
use crate::dialect::crossbar::error::Error;
use crate::dialect::crossbar::list::{self, Shown};
use crate::dialect::crossbar::role_document;

/// `GET accounts/{account}/users/{user}/roles`.
pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Error> {
    let id = call.user()?;
    let user = call.engine.user(call.account()?, id).await?;
    let user = user.ok_or_else(|| Error::BadIdentifier(id.to_string()))?;
    Ok(list::answer(call, names(&user), Shown::Size))
}

/// `PUT accounts/{account}/users/{user}/roles`: exactly these from now on.
pub(super) async fn set(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let (account, id) = (call.account()?, call.user()?);
    let roles = role_document::names(call.input.object()?)?;
    let changed = call
        .engine
        .set_user_roles(call.actor(permit), account, id, roles)
        .await;
    match changed {
        Ok(user) => Ok(Answer::Success(Success {
            created: true,
            data: Some(Value::Array(names(&user))),
            ..Success::default()
        })),
        Err(AdminError::UnknownRole(_)) => Err(role_document::no_such_role()),
        Err(error) => Err(Error::of_change(error, &id.to_string())),
    }
}

fn names(user: &User) -> Vec<Value> {
    let names = user.roles.iter().map(RoleName::as_str);
    names.map(|name| json!(name)).collect()
}
