//! `auth/keys`: the keys that sign tokens, their public halves (crossbar.md sections 7.6 to 7.8).

use doorward_core::jwt::VerifyingKey;
use doorward_engine::Permit;
use serde_json::json;

use crate::dialect::crossbar::call::Call;
use crate::dialect::crossbar::envelope::Answer;
use crate::dialect::crossbar::error::Error;

/// `GET auth/keys`: ids, the signing one first.
pub(super) fn list(call: &Call<'_>) -> Answer {
    let keys = call.engine.token_keys();
    let ids: Vec<_> = keys.iter().map(VerifyingKey::id).collect();
    super::shown(json!(ids))
}

/// `GET auth/keys/{key}`: as JSON, or as a file for who asks for one.
pub(super) fn show(call: &Call<'_>) -> Result<Answer, Error> {
    let id = call.key()?;
    let key = call.engine.token_key(id);
    let pem = key
        .ok_or_else(|| Error::BadIdentifier(id.to_string()))?
        .pem();
    if call.accepts("application/x-pem-file") {
        return Ok(Answer::Pem(pem));
    }
    Ok(super::shown(json!({ "public_key_pem": pem })))
}

/// `reset_private_key`: a new key, and every token ends.
pub(super) async fn reset(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let id = call.key()?;
    call.engine
        .reset_token_key(call.actor(permit), id)
        .await
        .map_err(|error| Error::of_change(error, &id.to_string()))?;
    Ok(super::done())
}
