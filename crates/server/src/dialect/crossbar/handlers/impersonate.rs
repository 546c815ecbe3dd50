//! `accounts/{account}/users/{user}/user_auth`: acting as somebody else's user (crossbar.md section 3.8).

use doorward_engine::{Permit, SignInError};

use crate::dialect::crossbar::call::Call;
use crate::dialect::crossbar::envelope::Answer;
use crate::dialect::crossbar::error::Error;

/// `impersonate_user`.
pub(super) async fn impersonate(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let (account, user) = (call.account()?, call.user()?);
    let session = call
        .engine
        .impersonate(permit, account, user)
        .await
        .map_err(|error| match error {
            SignInError::UnknownUser => Error::BadIdentifier(user.to_string()),
            other => other.into(),
        })?;
    super::signed_in(call, session).await
}
