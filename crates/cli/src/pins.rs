//! Accounts that the configuration names: resolved when it is loaded, and pinned to what they meant
//! the first time (decision 4).

use std::collections::BTreeMap;

use doorward::config::{Accounts, Settings};
use doorward_core::id::AccountId;
use doorward_store::{Actor, Pin};

use crate::fail::{Fail, Outcome};
use crate::wiring::{self, Opened, quoted};

/// The configuration key of the Crossbar dialect's default account.
const CROSSBAR_ACCOUNT: &str = "crossbar.account";

/// A key of the configuration that names an account.
#[derive(Debug)]
pub(crate) struct Named {
    /// The key.
    pub(crate) key: String,
    /// Id, realm or name.
    pub(crate) text: String,
}

/// Every key that names an account.
pub(crate) fn named(settings: &Settings) -> Vec<Named> {
    let crossbar = settings
        .crossbar
        .account
        .iter()
        .filter(|_| settings.crossbar.enabled);
    let crossbar = crossbar.map(|text| (CROSSBAR_ACCOUNT, text));
    let guarded = &settings.guarded;
    let apis = guarded
        .apis
        .iter()
        .map(|api| (api.key.as_str(), &api.account));
    let identities = guarded.identities.iter();
    let identities = identities.map(|identity| (identity.key.as_str(), &identity.account));
    let all = crossbar.chain(apis).chain(identities);
    all.map(|(key, text)| Named {
        key: key.to_owned(),
        text: text.clone(),
    })
    .collect()
}

/// What a key means.
#[derive(Debug)]
struct Meaning {
    pin: Pin,
    /// Whether the store does not say so yet.
    is_new: bool,
}

/// What every key that names an account means.
#[derive(Debug, Default)]
pub(crate) struct Meanings(BTreeMap<String, Meaning>);

impl Meanings {
    /// The account that a key means.
    pub(crate) fn account(&self, key: &str) -> Option<AccountId> {
        self.0.get(key).map(|meaning| meaning.pin.account)
    }

    /// The account of the Crossbar dialect.
    pub(crate) fn of_crossbar(&self) -> Option<AccountId> {
        self.account(CROSSBAR_ACCOUNT)
    }

    /// Pins first meanings, all or none. Only for a configuration that is accepted: one that is refused for
    /// another mistake must not say what a name means.
    pub(crate) async fn keep(&self, opened: &Opened) -> Outcome {
        let new = self.0.values().filter(|meaning| meaning.is_new);
        let new: Vec<&Pin> = new.map(|meaning| &meaning.pin).collect();
        if new.is_empty() {
            return Ok(());
        }
        let mut write = opened.engine.store().write(Actor::operator()).await?;
        for pin in new {
            write.set_pin(pin).await?;
        }
        write.commit().await?;
        Ok(())
    }
}

/// What every key that names an account means. Pins nothing.
pub(crate) async fn resolve(opened: &Opened, settings: &Settings) -> Outcome<Meanings> {
    let mut meanings = Meanings::default();
    let names = named(settings);
    if names.is_empty() {
        return Ok(meanings);
    }
    let pins = opened.engine.store().pins().await?;
    for named in names {
        let meaning = meaning(opened, &pins, named).await?;
        meanings.0.insert(meaning.pin.key.clone(), meaning);
    }
    Ok(meanings)
}

/// What every name means, by key; `None` for each where the store cannot be reached. Pins nothing.
pub(crate) async fn look_up(settings: &Settings) -> Outcome<Accounts> {
    let names = named(settings);
    if names.is_empty() {
        return Ok(Accounts::new());
    }
    let Ok(opened) = wiring::open_for_command(settings).await else {
        return Ok(names.into_iter().map(|named| (named.key, None)).collect());
    };
    let meanings = resolve(&opened, settings).await;
    opened.close().await;
    let meant = meanings?.0.into_iter();
    Ok(meant
        .map(|(key, meaning)| (key, Some(meaning.pin.account)))
        .collect())
}

/// What a key means now, beside what was pinned.
async fn meaning(opened: &Opened, pins: &[Pin], named: Named) -> Outcome<Meaning> {
    let Named { key, text } = named;
    let account = opened.engine.find_account(&text).await.map_err(|error| {
        Fail::new(format!("{key}: {}: {error}", quoted(&text)))
            .hint("see `doorward account list`; an id, a realm or a name will do")
    })?;
    let pinned = pins.iter().find(|pin| pin.key == key);
    if let Some(pin) = pinned.filter(|pin| pin.account != account.id) {
        return Err(Fail::new(format!(
            "{key}: {} means the account {}, but meant {} before",
            quoted(&text),
            account.id,
            pin.account,
        ))
        .hint(format!(
            "if that is right, run `doorward config pin --accept {key}`"
        )));
    }
    Ok(Meaning {
        is_new: pinned.is_none_or(|pin| pin.text != text),
        pin: Pin {
            key,
            text,
            account: account.id,
        },
    })
}
