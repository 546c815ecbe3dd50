//! Accounts that the configuration names: resolved when it is loaded, and pinned to what they meant
//! the first time (decision 4).

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
    pub(crate) key: &'static str,
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
    crossbar
        .map(|text| Named {
            key: CROSSBAR_ACCOUNT,
            text: text.clone(),
        })
        .collect()
}

/// What `[crossbar] account` means; a first meaning is pinned.
pub(crate) async fn resolve(opened: &Opened, settings: &Settings) -> Outcome<Option<AccountId>> {
    let mut account = None;
    for named in named(settings) {
        let (pin, is_new) = meaning(opened, named).await?;
        if is_new {
            let mut write = opened.engine.store().write(Actor::operator()).await?;
            write.set_pin(&pin).await?;
            write.commit().await?;
        }
        account = Some(pin.account);
    }
    Ok(account)
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
        let key = named.key;
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
                key: key.to_owned(),
                text,
                account: account.id,
            },
            true,
        )),
    }
}
