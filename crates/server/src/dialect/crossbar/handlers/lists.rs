//! Lists of accounts and users (crossbar.md sections 12.3 and 12.5).

use doorward_core::account::Account;
use doorward_core::hex;
use doorward_core::id::AccountId;
use doorward_core::user::User;
use doorward_engine::Permit;
use serde_json::{Map, Value, json};

use super::tree;
use crate::dialect::crossbar::call::Call;
use crate::dialect::crossbar::envelope::Answer;
use crate::dialect::crossbar::error::Error;
use crate::dialect::crossbar::list::{self, Of, Row, Shown, Subject};
use crate::dialect::crossbar::view;

/// What a list shows of a user, if it is there.
const USER_KEYS: [&str; 12] = [
    "id",
    "username",
    "email",
    "first_name",
    "last_name",
    "priv_level",
    "feature_level",
    "presence_id",
    "timezone",
    "call_recording",
    "service",
    "flags",
];

/// `GET accounts/{account}/users`, by last and first name.
pub(super) async fn users(call: &Call<'_>) -> Result<Answer, Error> {
    let mut found = list::read(call, Of::Users(call.account()?)).await?;
    let items = found.rows.iter().filter_map(|row| match &row.subject {
        Subject::User(user) => Some(user_summary(user)),
        Subject::Account(..) => None,
    });
    let items = items.collect();
    Ok(list::answer(call, items, found.shown()))
}

fn user_summary(user: &User) -> Value {
    let mut document = view::user(user);
    let mut item = Map::new();
    item.insert("features".to_owned(), json!([]));
    for key in USER_KEYS {
        if let Some(value) = document.shift_remove(key) {
            item.insert(key.to_owned(), value);
        }
    }
    Value::Object(item)
}

/// `GET accounts/{account}/children`, by name.
pub(super) async fn children(call: &Call<'_>) -> Result<Answer, Error> {
    accounts(call, Of::Children(call.account()?)).await
}

/// `GET accounts/{account}/siblings`: what is right below the account above, the account itself included. Nobody looks
/// beside its own account this way but the system owner.
pub(super) async fn siblings(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let account = tree::account(call).await?;
    if account.id == permit.identity().account && !call.engine.is_superduper(permit) {
        return Err(Error::Forbidden);
    }
    let Some(parent) = account.parent else {
        let below = call.engine.store().count_below(account.id).await?;
        let item = with_count(&account, below);
        return Ok(list::answer(call, vec![item], Shown::Size));
    };
    let account = account.id;
    accounts(call, Of::Siblings { account, parent }).await
}

async fn accounts(call: &Call<'_>, of: Of) -> Result<Answer, Error> {
    let mut found = list::read(call, of).await?;
    let items = found.rows.iter().filter_map(|row| match &row.subject {
        Subject::Account(account, below) => Some(with_count(account, *below)),
        Subject::User(_) => None,
    });
    let items = items.collect();
    Ok(list::answer(call, items, found.shown()))
}

fn with_count(account: &Account, below: u64) -> Value {
    let mut item = view::account_summary(account);
    if let Some(item) = item.as_object_mut() {
        item.insert("descendants_count".to_owned(), json!(below));
    }
    item
}

/// `GET accounts/{account}/descendants`: each account followed by what is below it, children by name. `tree` begins
/// where the caller's view does.
pub(super) async fn descendants(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let top = tree::account(call).await?;
    let above = tree::visible_above(call, permit, &top).await?;
    let mut above: Vec<_> = above.iter().map(|account| account.id).collect();
    above.push(top.id);
    let mut found = list::read(call, Of::Descendants(top.id)).await?;
    let items = found
        .rows
        .iter()
        .filter_map(|row| descendant(&above, row))
        .collect();
    Ok(list::answer(call, items, found.shown()))
}

fn descendant(above: &[AccountId], row: &Row) -> Option<Value> {
    let Subject::Account(account, _) = &row.subject else {
        return None;
    };
    let (_, way) = row.path.split_last()?;
    let way = way.iter().map(|position| hex::encode(&position.id));
    let tree: Vec<_> = above.iter().map(ToString::to_string).chain(way).collect();
    let mut item = view::account_summary(account);
    item.as_object_mut()?.insert("tree".to_owned(), json!(tree));
    Some(item)
}
