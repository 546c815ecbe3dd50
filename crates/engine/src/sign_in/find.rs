//! Which account a sign-in means (crossbar.md section 3.2).

use std::sync::Arc;

use doorward_core::account::Account;
use doorward_core::name;
use doorward_store::StoreError;

use super::AccountHint;
use crate::engine::Inner;

/// Accounts of one name that are tried at most (decision 13).
const MAX_TRIED: u32 = 2;
/// Longest identifier that is looked up; longer ones belong to nobody.
const MAX_IDENTIFIER: usize = 1024;

impl Inner {
    /// The accounts meant: none, one, or (of one shared name) two.
    pub(super) async fn find(&self, hint: &AccountHint) -> Result<Vec<Arc<Account>>, StoreError> {
        let usable =
            |text: &Option<String>| text.as_deref().filter(|t| is_usable(t)).map(str::to_owned);
        if let Some(number) = usable(&hint.phone)
            && let Some(id) = self.store.account_of_phone(&name::phone(&number)).await?
            && let Some(account) = self.live.account(id).await?
        {
            return Ok(vec![account]);
        }
        if let Some(realm) = usable(&hint.realm).and_then(|realm| name::realm(&realm).ok())
            && let Some(id) = self.store.account_of_realm(&realm).await?
            && let Some(account) = self.live.account(id).await?
        {
            return Ok(vec![account]);
        }
        if let Some(key) = usable(&hint.name).and_then(|name| name::account_name_key(&name)) {
            let mut named = Vec::new();
            for id in self.store.accounts_named(&key, MAX_TRIED).await? {
                named.extend(self.live.account(id).await?);
            }
            return Ok(named);
        }
        match hint.default {
            Some(id) if hint.is_empty() => Ok(self.live.account(id).await?.into_iter().collect()),
            _ => Ok(Vec::new()),
        }
    }
}

impl AccountHint {
    const fn is_empty(&self) -> bool {
        self.phone.is_none() && self.realm.is_none() && self.name.is_none()
    }

    /// What was looked for last, for lanes of accounts that do not exist, in the form it was looked up by: every spelling
    /// that would lead to one account is one lane, whether that account exists or not (attacks.md S50).
    pub(super) fn sought(&self) -> (&'static [u8], String) {
        let text = |text: &Option<String>| text.clone().filter(|text| is_usable(text));
        if let Some(key) = text(&self.name).and_then(|name| name::account_name_key(&name)) {
            return (b"name", key);
        }
        if let Some(realm) = text(&self.realm).and_then(|realm| name::realm(&realm).ok()) {
            return (b"realm", realm);
        }
        let number = text(&self.phone).map(|number| name::phone(&number));
        (b"phone", number.unwrap_or_default())
    }
}

fn is_usable(text: &str) -> bool {
    text.len() <= MAX_IDENTIFIER && !text.contains('\0')
}
