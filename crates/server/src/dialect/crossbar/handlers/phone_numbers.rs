//! `phone_numbers`: which numbers stand for an account when somebody signs in (crossbar.md section 12.6).

use std::collections::BTreeMap;

use doorward_core::name;
use doorward_engine::{AdminError, Conflict, Permit, StoreError};
use serde_json::{Value, json};

use crate::dialect::crossbar::call::Call;
use crate::dialect::crossbar::envelope::{Answer, Success};
use crate::dialect::crossbar::error::Error;
use crate::dialect::crossbar::validate::Details;

/// The one state a number of ours is in.
const STATE: &str = "in_service";

/// Most numbers that are shown at once.
const SHOWN: usize = 10_000;

/// `GET accounts/{account}/phone_numbers`.
pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Error> {
    let limit = u32::try_from(SHOWN + 1).unwrap_or(u32::MAX);
    let numbers = call.engine.store().phones(call.account()?, limit).await?;
    if numbers.len() > SHOWN {
        return Err(Error::RangeNotSatisfiable);
    }
    let numbers: BTreeMap<_, _> = numbers
        .into_iter()
        .map(|number| (number, json!({"state": STATE})))
        .collect();
    Ok(super::shown(json!({ "numbers": numbers })))
}

/// `GET accounts/{account}/phone_numbers/{phone}`.
pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Error> {
    let number = owned(call).await?;
    Ok(Answer::Success(shown(&number)))
}

/// `PUT accounts/{account}/phone_numbers/{phone}`.
pub(super) async fn assign(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let (account, number) = (call.account()?, asked(call));
    let assigned = call
        .engine
        .assign_phone(call.actor(permit), account, &number)
        .await;
    match assigned {
        Ok(number) => Ok(created(&number)),
        Err(AdminError::Store(StoreError::Conflict(Conflict::Phone))) => {
            Err(complaint("unique", "Number already in use"))
        }
        Err(AdminError::Name { .. }) => Err(complaint(
            "wrong_format",
            "Field is not in the correct format",
        )),
        Err(error) => Err(Error::of_change(error, &account.to_string())),
    }
}

/// `PUT accounts/{account}/phone_numbers/{phone}/activate`: what is assigned is active.
pub(super) async fn activate(call: &Call<'_>) -> Result<Answer, Error> {
    let number = owned(call).await?;
    Ok(created(&number))
}

/// `DELETE accounts/{account}/phone_numbers/{phone}`.
pub(super) async fn release(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let (account, number) = (call.account()?, owned(call).await?);
    call.engine
        .release_phone(call.actor(permit), account, &number)
        .await
        .map_err(|error| Error::of_change(error, &number))?;
    Ok(Answer::Success(shown(&number)))
}

/// The number in the path.
fn asked(call: &Call<'_>) -> String {
    call.target.phone.clone().unwrap_or_default()
}

/// The number in the path in E.164, if it is the account's: another account's is not there.
async fn owned(call: &Call<'_>) -> Result<String, Error> {
    let number = name::phone(&asked(call));
    let owner = call.engine.store().account_of_phone(&number).await?;
    if owner.is_some() && owner == call.account {
        Ok(number)
    } else {
        Err(Error::BadIdentifier(asked(call)))
    }
}

fn complaint(code: &str, message: &str) -> Error {
    let detail: Value = json!({ "message": message });
    Error::Validation(Details::one("phone_number", code, detail))
}

fn shown(number: &str) -> Success {
    Success {
        data: Some(json!({"id": number, "state": STATE})),
        ..Success::default()
    }
}

fn created(number: &str) -> Answer {
    Answer::Success(Success {
        created: true,
        ..shown(number)
    })
}
