//! `auth`: refreshing tokens and resetting what they rest on (crossbar.md sections 7.1, 7.2, 7.4, 7.5).

use doorward_engine::Permit;

use crate::dialect::crossbar::call::Call;
use crate::dialect::crossbar::envelope::Answer;
use crate::dialect::crossbar::error::Error;

/// `refresh_token`: another token for the same caller.
pub(super) async fn refresh(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let session = call.engine.refresh(permit).await?;
    super::signed_in(call, session).await
}

/// `reset_signature_secret` of the system: every token ends.
pub(super) async fn reset_system(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    call.engine
        .reset_system_secret(call.actor(permit))
        .await
        .map_err(|error| Error::of_change(error, "system"))?;
    Ok(super::done())
}

/// `reset_signature_secret` of an account: its user-less tokens end.
pub(super) async fn reset_account(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let account = call.account()?;
    call.engine
        .reset_account_secret(call.actor(permit), account)
        .await
        .map_err(|error| Error::of_change(error, &account.to_string()))?;
    Ok(super::done())
}

/// `reset_signature_secret` of a user: everything the user holds ends.
pub(super) async fn reset_user(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let (account, user) = (call.account()?, call.user()?);
    call.engine
        .reset_user_secret(call.actor(permit), account, user)
        .await
        .map_err(|error| Error::of_change(error, &user.to_string()))?;
    Ok(super::done())
}
