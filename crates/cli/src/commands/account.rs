//! `doorward account`: the tenants of the tree.

use doorward_core::account::Account;
use doorward_core::credential::DigestKind;
use doorward_core::id::AccountId;
use doorward_core::name;
use doorward_core::time::Timestamp;
use doorward_engine::AdminError;
use doorward_engine::admin::{AccountChange, NewAccount};
use doorward_store::{Actor, Page, StoreError};
use serde_json::Value;

use crate::args::{self, AccountChanges, BasicDigest, OneAccount, Place, YesNo};
use crate::fail::{Fail, Outcome};
use crate::output::{self, Format};
use crate::views;
use crate::wiring::{self, Opened};

/// Rows asked for at once.
const PAGE: u32 = 500;
/// Columns of the list.
const COLUMNS: [&str; 5] = ["id", "name", "realm", "enabled", "parent_id"];

pub(crate) async fn run(command: args::Account) -> Outcome {
    match command {
        args::Account::List {
            parent,
            place,
            json,
        } => list(parent, &place, json).await,
        args::Account::Show(which) => {
            let (opened, account) = find(&which).await?;
            finish(opened, which.json, &account).await
        }
        args::Account::Create {
            name,
            realm,
            parent,
            place,
            json,
        } => {
            let opened = wiring::open(&place).await?;
            let parent = parent_id(&opened, parent).await?;
            let new = NewAccount {
                name,
                realm,
                parent,
                ..NewAccount::default()
            };
            let account = opened.engine.create_account(Actor::operator(), new).await?;
            finish(opened, json, &account).await
        }
        args::Account::Set(args) => set(args.which, args.change).await,
        args::Account::Enable(which) => switch(which, true).await,
        args::Account::Disable(which) => switch(which, false).await,
        args::Account::Delete(which) => {
            let (opened, account) = find(&which).await?;
            opened
                .engine
                .delete_account(Actor::operator(), account.id)
                .await?;
            finish(opened, which.json, &account).await
        }
        args::Account::Move { which, to } => {
            let (opened, account) = find(&which).await?;
            let to = opened.account(&to).await?.id;
            opened
                .engine
                .move_account(Actor::operator(), account.id, to)
                .await?;
            let moved = opened.account(&account.id.to_string()).await?;
            finish(opened, which.json, &moved).await
        }
    }
}

async fn find(which: &OneAccount) -> Outcome<(Opened, Account)> {
    let opened = wiring::open(&which.place).await?;
    let account = opened.account(&which.account).await?;
    Ok((opened, account))
}

async fn parent_id(opened: &Opened, parent: Option<String>) -> Outcome<Option<AccountId>> {
    match parent {
        Some(text) => Ok(Some(opened.account(&text).await?.id)),
        None => Ok(None),
    }
}

async fn list(parent: Option<String>, place: &Place, json: args::Json) -> Outcome {
    let opened = wiring::open(place).await?;
    let parent = parent_id(&opened, parent).await?;
    let accounts = all(&opened, parent).await?;
    opened.close().await;
    output::list(Format::choose(json.json), accounts, &COLUMNS)
}

async fn finish(opened: Opened, json: args::Json, account: &Account) -> Outcome {
    opened.close().await;
    output::object(Format::choose(json.json), &views::account(account))
}

async fn all(opened: &Opened, parent: Option<AccountId>) -> Outcome<Vec<Value>> {
    let mut views = Vec::new();
    let mut last: Option<Account> = None;
    loop {
        let key = last
            .as_ref()
            .and_then(|last| name::account_name_key(&last.name))
            .unwrap_or_default();
        let after = last
            .as_ref()
            .map(|last| (key.as_str(), *last.id.as_bytes()));
        let rows = opened
            .engine
            .store()
            .accounts(parent, Page { after, limit: PAGE })
            .await?;
        views.extend(rows.iter().map(views::account));
        last = rows.into_iter().next_back();
        if last.is_none() {
            return Ok(views);
        }
    }
}

async fn switch(which: OneAccount, enabled: bool) -> Outcome {
    let change = AccountChange {
        enabled: Some(enabled),
        ..AccountChange::default()
    };
    let opened = wiring::open(&which.place).await?;
    let id = opened.account(&which.account).await?.id;
    let account = opened
        .engine
        .change_account(Actor::operator(), id, change)
        .await?;
    finish(opened, which.json, &account).await
}

/// Everything of one invocation is one transaction, except that sessions end after it: the flags
/// that would be another one exclude the others.
async fn set(which: OneAccount, changes: AccountChanges) -> Outcome {
    let change = change(&changes)?;
    let opened = wiring::open(&which.place).await?;
    let (engine, actor) = (&opened.engine, Actor::operator());
    let id = opened.account(&which.account).await?.id;
    if let Some(number) = &changes.phone {
        engine.assign_phone(actor.clone(), id, number).await?;
    } else if let Some(number) = &changes.release_phone {
        engine
            .release_phone(actor.clone(), id, number)
            .await
            .map_err(|error| match error {
                AdminError::Store(StoreError::Missing) => {
                    Fail::new("the account does not have this number")
                }
                error => error.into(),
            })?;
    } else if let Some(change) = change {
        engine.change_account(actor.clone(), id, change).await?;
    }
    if changes.end_sessions {
        engine.end_sessions(actor, id).await?;
    }
    let account = opened.account(&id.to_string()).await?;
    finish(opened, which.json, &account).await
}

fn change(changes: &AccountChanges) -> Outcome<Option<AccountChange>> {
    let AccountChanges {
        name,
        realm,
        trial_ends,
        basic_digest,
        reseller,
        ..
    } = changes;
    let nothing = name.is_none()
        && realm.is_none()
        && trial_ends.is_none()
        && basic_digest.is_none()
        && reseller.is_none();
    if nothing {
        return Ok(None);
    }
    Ok(Some(AccountChange {
        name: name.clone(),
        realm: realm.clone(),
        reseller: reseller.map(|reseller| reseller == YesNo::Yes),
        trial_ends: trial_ends.as_deref().map(trial_end).transpose()?,
        basic_digest: basic_digest.map(|digest| match digest {
            BasicDigest::Md5 => Some(DigestKind::Md5),
            BasicDigest::Sha => Some(DigestKind::Sha1),
            BasicDigest::Default => None,
        }),
        ..AccountChange::default()
    }))
}

fn trial_end(text: &str) -> Outcome<Option<Timestamp>> {
    if text == "never" {
        return Ok(None);
    }
    let time: jiff::Timestamp = text.parse().map_err(|_| {
        Fail::usage("--trial-ends takes a time as in 2027-01-31T00:00:00Z, or never")
    })?;
    Ok(Some(Timestamp::from_micros(time.as_microsecond())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_ends_at_a_time_or_never() {
        let end = trial_end("2024-03-12T21:24:34Z").unwrap();
        assert_eq!(end, Some(Timestamp::from_unix(1_710_278_674)));
        assert_eq!(trial_end("never").unwrap(), None);
        assert!(trial_end("tomorrow").is_err());
    }
}
