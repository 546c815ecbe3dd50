//! Accounts and users that the configuration names: resolved when it is loaded, and pinned to what they
//! meant the first time (decision 4).

use std::collections::BTreeMap;

use doorward::config::{Meant, Settings};
use doorward_core::id::{AccountId, UserId};
use doorward_store::{Actor, Pin};

use crate::fail::{Fail, Outcome};
use crate::wiring::{self, Opened, quoted};

/// The configuration key of the Crossbar dialect's default account.
const CROSSBAR_ACCOUNT: &str = "crossbar.account";
/// The one of the account whose users sign in by the Funnelback dialect.
const FUNNELBACK_ACCOUNT: &str = "funnelback.account";

/// A key of the configuration that names an account, or a user in one.
#[derive(Debug)]
pub(crate) struct Named {
    /// The key.
    pub(crate) key: String,
    /// Id, realm or name; of a user id or username.
    pub(crate) text: String,
    /// Of a user, the key that names its account.
    within: Option<String>,
}

/// Every key that names an account; then those that name users.
pub(crate) fn named(settings: &Settings) -> Vec<Named> {
    let crossbar = &settings.crossbar;
    let default = crossbar.account.iter().filter(|_| crossbar.enabled);
    let default = default.map(|text| (CROSSBAR_ACCOUNT, text));
    let funnelback = settings.funnelback.account.iter();
    let funnelback = funnelback.map(|text| (FUNNELBACK_ACCOUNT, text));
    let guarded = &settings.guarded;
    let apis = guarded.apis.iter();
    let apis = apis.map(|api| (api.key.as_str(), &api.account));
    let identities = guarded.identities.iter();
    let holders = identities.clone();
    let holders = holders.map(|identity| (identity.key.as_str(), &identity.account));
    let accounts = default.chain(funnelback).chain(apis).chain(holders);
    let accounts = accounts.map(|(key, text)| Named {
        key: key.to_owned(),
        text: text.clone(),
        within: None,
    });
    let users = identities.filter_map(|identity| {
        Some(Named {
            key: identity.user_key.clone(),
            text: identity.user.clone()?,
            within: Some(identity.key.clone()),
        })
    });
    accounts.chain(users).collect()
}

/// What a key means.
#[derive(Debug)]
struct Meaning {
    pin: Pin,
    /// Whether the store does not say so yet.
    is_new: bool,
}

/// What every key that names an account or a user means.
#[derive(Debug, Default)]
pub(crate) struct Meanings(BTreeMap<String, Meaning>);

impl Meanings {
    /// The account that a key means; of a user, the one it is in.
    pub(crate) fn account(&self, key: &str) -> Option<AccountId> {
        self.0.get(key).map(|meaning| meaning.pin.account)
    }

    /// The user that a key means.
    pub(crate) fn user(&self, key: &str) -> Option<UserId> {
        self.0.get(key)?.pin.user
    }

    /// The account of the Crossbar dialect.
    pub(crate) fn of_crossbar(&self) -> Option<AccountId> {
        self.account(CROSSBAR_ACCOUNT)
    }

    /// The account whose users sign in by the Funnelback dialect.
    pub(crate) fn of_funnelback(&self) -> Option<AccountId> {
        self.account(FUNNELBACK_ACCOUNT)
    }

    /// Pins first meanings, all or none. Only for a configuration that is accepted: one that is refused for
    /// another mistake must not say what a name means.
    pub(crate) async fn keep(&self, opened: &Opened) -> Outcome {
        let new = self.0.values().filter(|meaning| meaning.is_new);
        pin(opened, new.map(|meaning| &meaning.pin)).await
    }
}

/// What every key that names an account or a user means. Pins nothing.
pub(crate) async fn resolve(opened: &Opened, settings: &Settings) -> Outcome<Meanings> {
    let mut meanings = Meanings::default();
    let names = named(settings);
    if names.is_empty() {
        return Ok(meanings);
    }
    let pins = opened.engine.store().pins().await?;
    for named in &names {
        let within = named.within.as_deref();
        let account = within.and_then(|key| meanings.account(key));
        let pin = now(opened, named, account).await?;
        let meaning = beside_what_it_meant(pin, &pins)?;
        meanings.0.insert(named.key.clone(), meaning);
    }
    Ok(meanings)
}

/// The id that every name means, by key; `None` for each where the store cannot be reached. Pins nothing.
pub(crate) async fn look_up(settings: &Settings) -> Outcome<Meant> {
    let names = named(settings);
    if names.is_empty() {
        return Ok(Meant::new());
    }
    let Ok(opened) = wiring::open_for_command(settings).await else {
        return Ok(names.into_iter().map(|named| (named.key, None)).collect());
    };
    let meanings = resolve(&opened, settings).await;
    opened.close().await;
    let all = meanings?.0.into_iter();
    Ok(all
        .map(|(key, meaning)| (key, Some(id(&meaning.pin))))
        .collect())
}

/// Takes what a key means now, whatever it meant before.
pub(crate) async fn accept(settings: &Settings, key: &str) -> Outcome<Pin> {
    let all = named(settings);
    let find = |key: &str| all.iter().find(|named| named.key == key);
    let Some(named) = find(key) else {
        return Err(Fail::new(format!(
            "the configuration names neither an account nor a user at {}",
            quoted(key)
        )));
    };
    let opened = wiring::open_for_command(settings).await?;
    let account = match named.within.as_deref().and_then(find) {
        Some(holder) => Some(now(&opened, holder, None).await?.account),
        None => None,
    };
    let meant = now(&opened, named, account).await?;
    pin(&opened, [&meant]).await?;
    opened.close().await;
    Ok(meant)
}

/// What a key means now; `account` is the one that a user is looked for in.
async fn now(opened: &Opened, named: &Named, account: Option<AccountId>) -> Outcome<Pin> {
    let Named { key, text, .. } = named;
    let (account, user) = match account {
        None => {
            let found = opened.engine.find_account(text).await.map_err(|error| {
                Fail::new(format!("{key}: {}: {error}", quoted(text)))
                    .hint("see `doorward account list`; an id, a realm or a name will do")
            })?;
            (found.id, None)
        }
        Some(account) => {
            let found = opened.engine.find_user(account, text).await;
            let user = found.map_err(|error| {
                Fail::new(format!("{key}: {}: {error}", quoted(text))).hint(format!(
                    "see `doorward user list --account {account}`; an id or a username will do"
                ))
            })?;
            (account, Some(user.id))
        }
    };
    Ok(Pin {
        key: key.clone(),
        text: text.clone(),
        account,
        user,
    })
}

/// What a key means, unless it meant something else before.
fn beside_what_it_meant(pin: Pin, pins: &[Pin]) -> Outcome<Meaning> {
    let before = pins.iter().find(|before| before.key == pin.key);
    let is_other = |before: &&Pin| (before.account, before.user) != (pin.account, pin.user);
    if let Some(before) = before.filter(is_other) {
        let what = pin.user.map_or("account", |_| "user");
        let Pin { key, text, .. } = &pin;
        return Err(Fail::new(format!(
            "{key}: {} means the {what} {}, but meant {} before",
            quoted(text),
            id(&pin),
            id(before),
        ))
        .hint(format!(
            "if that is right, run `doorward config pin --accept {key}`"
        )));
    }
    Ok(Meaning {
        is_new: before.is_none_or(|before| before.text != pin.text),
        pin,
    })
}

fn id(pin: &Pin) -> String {
    pin.user
        .map_or_else(|| pin.account.to_string(), |user| user.to_string())
}

/// Writes pins, all or none.
async fn pin(opened: &Opened, pins: impl IntoIterator<Item = &Pin>) -> Outcome {
    let mut pins = pins.into_iter().peekable();
    if pins.peek().is_none() {
        return Ok(());
    }
    let mut write = opened.engine.store().write(Actor::operator()).await?;
    for pin in pins {
        write.set_pin(pin).await?;
    }
    write.commit().await?;
    Ok(())
}
