//! `api_auth`: signing in with an account's API key (crossbar.md section 4).

use crate::dialect::crossbar::call::Call;
use crate::dialect::crossbar::envelope::Answer;
use crate::dialect::crossbar::error::Error;
use crate::dialect::crossbar::validate::Details;

/// Length of an API key in characters.
const KEY_LENGTH: usize = 64;

/// `PUT api_auth`.
pub(super) async fn sign_in(call: &Call<'_>) -> Result<Answer, Error> {
    let data = call.input.object()?;
    let mut details = Details::default();
    let key = details.required_text(data, "api_key", (KEY_LENGTH, KEY_LENGTH));
    details.into_result()?;
    let key = key.unwrap_or_default().into();
    let client = call.exchange.client.address;
    let session = call.engine.sign_in_with_api_key(&key, client).await?;
    super::signed_in(call, session).await
}
