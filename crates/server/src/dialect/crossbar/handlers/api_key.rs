//! `accounts/{account}/api_key`: reading and rotating an account's API key (crossbar.md section 4).

use doorward_core::secret::SecretText;
use doorward_engine::Permit;
use serde_json::json;

use crate::dialect::crossbar::call::Call;
use crate::dialect::crossbar::envelope::{Answer, Success};
use crate::dialect::crossbar::error::Error;

/// `GET accounts/{account}/api_key`.
pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Error> {
    Ok(Answer::Success(shown(&read(call).await?)))
}

/// `PUT accounts/{account}/api_key`: another key; the old one and the tokens that came from it end.
pub(super) async fn rotate(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let id = call.account()?;
    let rotated = call.engine.rotate_api_key(call.actor(permit), id).await;
    let key = rotated.map_err(|error| Error::of_change(error, &id.to_string()))?;
    Ok(Answer::Success(Success {
        created: true,
        ..shown(&key)
    }))
}

/// The key of the account in the path.
pub(super) async fn read(call: &Call<'_>) -> Result<SecretText, Error> {
    let id = call.account()?;
    let key = call.engine.api_key(id).await;
    key.map_err(|error| Error::of_change(error, &id.to_string()))
}

fn shown(key: &SecretText) -> Success {
    Success {
        data: Some(json!({"api_key": key.expose()})),
        ..Success::default()
    }
}
