//! `doorward phone-number`: which number stands for which account when somebody signs in.

use doorward_core::id::AccountId;
use doorward_core::name;
use doorward_engine::AdminError;
use doorward_store::{Actor, StoreError};

use crate::args::{self, OneNumber};
use crate::fail::{Fail, Outcome};
use crate::output::{self, Format};
use crate::views;
use crate::wiring::{self, Opened, quoted};

/// Columns of the list.
const COLUMNS: [&str; 3] = ["id", "state", "account_id"];
/// Most numbers that are shown, as over the wire.
const SHOWN: u32 = 10_000;

pub(crate) async fn run(command: args::PhoneNumber) -> Outcome {
    match command {
        args::PhoneNumber::List {
            account,
            place,
            json,
        } => {
            let opened = wiring::open(&place).await?;
            let account = opened.account(&account).await?.id;
            let store = opened.engine.store();
            let numbers = store.phones(account, SHOWN.saturating_add(1)).await?;
            opened.close().await;
            if numbers.len() > SHOWN as usize {
                return Err(
                    Fail::new(format!("the account has more than {SHOWN} numbers"))
                        .hint("see `doorward phone-number show NUMBER` for one of them"),
                );
            }
            let views = numbers
                .iter()
                .map(|number| views::phone_number(number, account));
            output::list(Format::choose(json.json), views.collect(), &COLUMNS)
        }
        args::PhoneNumber::Show {
            number,
            place,
            json,
        } => {
            let opened = wiring::open(&place).await?;
            let normal = name::phone(&number);
            let owner = opened.engine.store().account_of_phone(&normal).await?;
            let owner = owner.ok_or_else(|| {
                Fail::new(format!("no account has the number {}", quoted(&number)))
            })?;
            finish(opened, json, &normal, owner).await
        }
        args::PhoneNumber::Assign(which) => {
            let opened = wiring::open(&which.place).await?;
            let account = opened.account(&which.account).await?.id;
            let number = opened
                .engine
                .assign_phone(Actor::operator(), account, &which.number)
                .await?;
            finish(opened, which.json, &number, account).await
        }
        args::PhoneNumber::Release(which) => release_and_show(which).await,
    }
}

async fn release_and_show(which: OneNumber) -> Outcome {
    let opened = wiring::open(&which.place).await?;
    let account = opened.account(&which.account).await?.id;
    release(&opened, account, &which.number).await?;
    let number = name::phone(&which.number);
    finish(opened, which.json, &number, account).await
}

/// Takes a number from an account.
pub(super) async fn release(opened: &Opened, account: AccountId, number: &str) -> Outcome {
    opened
        .engine
        .release_phone(Actor::operator(), account, number)
        .await
        .map_err(|error| match error {
            AdminError::Store(StoreError::Missing) => {
                Fail::new("the account does not have this number")
            }
            error => error.into(),
        })
}

async fn finish(opened: Opened, json: args::Json, number: &str, account: AccountId) -> Outcome {
    opened.close().await;
    let view = views::phone_number(number, account);
    output::object(Format::choose(json.json), &view)
}
