//! Accounts that the configuration names: resolved when it is loaded, and pinned to what they meant
//! the first time (decision 4).

use std::collections::BTreeMap;

use doorward::config::{Accounts, Settings};
use doorward_core::id::AccountId;
use doorward_store::{Actor, Pin};

use crate::fail::{Fail, Outcome};
use crate::wiring::{self, Opened, quoted};

/// The configuration key of the Crossbar dialect's default account.
pub(crate) const CROSSBAR_ACCOUNT: &str = "crossbar.account";
/// The one of the account whose users sign in by the Funnelback dialect.
pub(crate) const FUNNELBACK_ACCOUNT: &str = "funnelback.account";

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
    let funnelback = settings.funnelback.account.iter();
    let funnelback = funnelback.map(|text| (FUNNELBACK_ACCOUNT, text));
    let guarded = &settings.guarded;
    let apis = guarded
        .apis
        .iter()
        .map(|api| (api.key.as_str(), &api.account));
    let identities = guarded.identities.iter();
    let identities = identities.map(|identity| (identity.key.as_str(), &identity.account));
    let all = crossbar.chain(funnelback).chain(apis).chain(identities);
    all.map(|(key, text)| Named {
        key: key.to_owned(),
        text: text.clone(),
    })
    .collect()
}

/// What every key that names an account means.
pub(crate) type Meanings = BTreeMap<String, AccountId>;

/// What every key that names an account means; a first meaning is pinned.
pub(crate) async fn resolve(opened: &Opened, settings: &Settings) -> Outcome<Meanings> {
    let mut meanings = Meanings::new();
    for named in named(settings) {
        let (pin, is_new) = meaning(opened, named).await?;
        if is_new {
            let mut write = opened.engine.store().write(Actor::operator()).await?;
            write.set_pin(&pin).await?;
            write.commit().await?;
        }
        meanings.insert(pin.key, pin.account);
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
    let mut accounts = Accounts::new();
    for named in names {
        let key = named.key.clone();
        let (pin, _) = meaning(&opened, named).await?;
        accounts.insert(key, Some(pin.account));
    }
    opened.close().await;
    Ok(accounts)
}

/// What a key means now, and whether that is to be pinned.
async fn meaning(opened: &Opened, named: Named) -> Outcome<(Pin, bool)> {
    let Named { key, text } = named;
    let account = opened.engine.find_account(&text).await.map_err(|error| {
        Fail::new(format!("{key}: {}: {error}", quoted(&text)))
            .hint("see `doorward account list`; an id, a realm or a name will do")
    })?;
    let pins = opened.engine.store().pins().await?;
    match pins.into_iter().find(|pin| pin.key == key) {
        Some(pin) if pin.account != account.id => Err(Fail::new(format!(
            "{key}: {} means the account {}, but meant {} before",
            quoted(&text),
            account.id,
            pin.account,
        ))
        .hint(format!(
            "if that is right, run `doorward config pin --accept {key}`"
        ))),
        Some(pin) if pin.text == text => Ok((pin, false)),
        _ => Ok((
            Pin {
                key,
                text,
                account: account.id,
            },
            true,
        )),
    }
}
