//! `users`: reading one (crossbar.md sections 12.4 and 12.5).

use crate::dialect::crossbar::call::Call;
use crate::dialect::crossbar::envelope::Answer;
use crate::dialect::crossbar::error::Error;
use crate::dialect::crossbar::view;

/// `GET accounts/{account}/users/{user}`.
pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Error> {
    let id = call.user()?;
    let user = call.engine.user(call.account()?, id).await?;
    let user = user.ok_or_else(|| Error::BadIdentifier(id.to_string()))?;
    Ok(super::document(call, user.revision, view::user(&user)))
}
