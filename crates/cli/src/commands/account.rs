//! `doorward account`: the tenants of the tree.

use doorward_core::account::Account;
use doorward_core::credential::DigestKind;
use doorward_core::document::Document;
use doorward_core::id::AccountId;
use doorward_core::time::Timestamp;
use doorward_engine::admin::{AccountChange, AccountDraft};
use doorward_store::Actor;
use serde_json::Value;

use super::{account_list, phone_number};
use crate::args::{self, AccountChanges, BasicDigest, OneAccount, YesNo};
use crate::fail::{Fail, Outcome};
use crate::output::{self, Format};
use crate::wiring::{self, Opened};
use crate::{document, views};

/// Members that a document may repeat and not change.
const FIXED: [&str; 7] = [
    "id",
    "created",
    "parent_id",
    "superduper_admin",
    "is_reseller",
    "trial_ends",
    "basic_digest",
];

pub(crate) async fn run(command: args::Account) -> Outcome {
    match command {
        args::Account::List(args) => Box::pin(account_list::run(args)).await,
        args::Account::Show(which) => {
            let (opened, account) = find(&which).await?;
            finish(opened, which.json, &account).await
        }
        args::Account::Create {
            name,
            realm,
            parent,
            document,
            place,
            json,
        } => {
            let document = new_document(name, realm, document.as_deref())?;
            let opened = wiring::open(&place).await?;
            let parent = parent_id(&opened, parent).await?;
            let new = doorward_server::new_account(&document, parent)?;
            let account = opened.engine.create_account(Actor::operator(), new).await?;
            finish(opened, json, &account).await
        }
        args::Account::Set(args) => Box::pin(set(args.which, args.change)).await,
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

async fn parent_id(opened: &Opened, parent: Option<String>) -> Outcome<AccountId> {
    match parent {
        Some(text) => Ok(opened.account(&text).await?.id),
        None => Ok(opened.engine.root()),
    }
}

/// What stands on the command line is said of the document too, and wins.
fn new_document(name: String, realm: Option<String>, document: Option<&str>) -> Outcome<Document> {
    let read = document.map(document::read).transpose()?;
    let mut document = settable(read.unwrap_or_default(), &Value::Null)?;
    document.insert("name".to_owned(), name.into());
    document.extend(realm.map(|realm| ("realm".to_owned(), realm.into())));
    Ok(document)
}

fn settable(document: Document, shown: &Value) -> Outcome<Document> {
    document::settable(document, shown, &FIXED, "account set")
}

async fn finish(opened: Opened, json: args::Json, account: &Account) -> Outcome {
    opened.close().await;
    output::object(Format::choose(json.json), &views::account(account))
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
    if let Some(document) = &changes.document {
        return patch(which, document).await;
    }
    let change = change(&changes)?;
    let opened = wiring::open(&which.place).await?;
    let (engine, actor) = (&opened.engine, Actor::operator());
    let id = opened.account(&which.account).await?.id;
    if let Some(number) = &changes.phone {
        engine.assign_phone(actor.clone(), id, number).await?;
    } else if let Some(number) = &changes.release_phone {
        phone_number::release(&opened, id, number).await?;
    } else if let Some(change) = change {
        engine.change_account(actor.clone(), id, change).await?;
    }
    if changes.end_sessions {
        engine.end_sessions(actor, id).await?;
    }
    let account = opened.account(&id.to_string()).await?;
    finish(opened, which.json, &account).await
}

/// As `PATCH` does it, by what is stored when it is written.
async fn patch(which: OneAccount, document: &str) -> Outcome {
    let document = document::read(document)?;
    let (opened, account) = find(&which).await?;
    let document = settable(document, &views::account(&account))?;
    let plan = move |account: &Account| {
        let there = AccountDraft {
            name: account.name.clone(),
            realm: account.realm.clone(),
            enabled: account.enabled,
            document: account.document.clone(),
        };
        doorward_server::patch_account(&document, there)
    };
    let account = opened
        .engine
        .edit_account(Actor::operator(), account.id, plan)
        .await?;
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
