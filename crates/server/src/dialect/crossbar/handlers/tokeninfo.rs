//! `auth/tokeninfo`: what is behind a token, for whoever holds it (crossbar.md sections 7.9 and 7.10).
//! Browsers resume a session with it.

use doorward_core::secret::SecretText;
use doorward_engine::Decision;
use serde_json::Value;

use crate::dialect::crossbar::call::Call;
use crate::dialect::crossbar::envelope::{Answer, AuthToken, Success};
use crate::dialect::crossbar::error::{Error, TokenPlace};
use crate::dialect::crossbar::resource::Verb;
use crate::dialect::crossbar::view;

/// `GET` with the token in the query, `POST` with it in the body.
pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Error> {
    let token = match call.input.parameter("token") {
        Some(token) if !token.is_empty() => SecretText::from(token),
        _ => {
            return Err(Error::MissingToken(match call.verb {
                Verb::Get => TokenPlace::Params,
                _ => TokenPlace::Request,
            }));
        }
    };
    let client = call.exchange.client.address;
    let permit = match call.engine.decide_for_token(&token, client).await {
        Decision::Allow(permit) => permit,
        Decision::Challenge => {
            return Err(Error::BadToken(call.engine.refusal_of_token(&token).await?));
        }
        Decision::Deny(reason) => return Err(reason.into()),
        Decision::Throttle(after) => return Err(Error::TooManyRequests(after)),
        Decision::Unavailable => return Err(Error::Unavailable),
        Decision::Refuse(refusal) => return Err(refusal.into()),
    };
    let user = permit.user().map(AsRef::as_ref);
    let data = view::login(call, permit.account(), user).await?;
    Ok(Answer::Success(Success {
        data: Some(Value::Object(data)),
        auth_token: AuthToken::New(token),
        ..Success::default()
    }))
}
