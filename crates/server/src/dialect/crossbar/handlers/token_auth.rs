//! `token_auth`: the caller's own token (crossbar.md section 5.8).

use doorward_engine::Permit;
use serde_json::Value;

use crate::dialect::crossbar::call::Call;
use crate::dialect::crossbar::envelope::{Answer, AuthToken, Success};
use crate::dialect::crossbar::error::Error;
use crate::dialect::crossbar::view;

/// `GET token_auth`.
pub(super) async fn show(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    Ok(super::shown(Value::Object(
        view::token(call, permit).await?,
    )))
}

/// `DELETE token_auth`: the token is no good from here on. Basic leaves nothing to revoke.
pub(super) async fn revoke(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let account = permit.identity().home.to_string();
    call.engine
        .sign_out(permit, call.actor(permit))
        .await
        .map_err(|error| Error::of_change(error, &account))?;
    Ok(Answer::Success(Success {
        auth_token: AuthToken::Absent,
        ..Success::default()
    }))
}
