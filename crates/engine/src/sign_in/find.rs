//! Which account a sign-in means (crossbar.md section 3.2).

use std::sync::Arc;

use doorward_core::account::Account;
use doorward_core::id::AccountId;
use doorward_core::name;
use doorward_store::StoreError;

use super::AccountHint;
use crate::engine::Inner;
use crate::guard::Scope;

/// Accounts of one name that are tried at most (decision 13).
const MAX_TRIED: u32 = 2;
/// Longest identifier that is looked up; longer ones belong to nobody.
const MAX_IDENTIFIER: usize = 1024;

/// What a sign-in named.
#[derive(Default)]
pub(super) struct Sought {
    /// The accounts meant: none, one, or (of one shared name) two.
    pub(super) candidates: Vec<Arc<Account>>,
    /// One for everything that was named: the account where it leads to one, else its canonical text.
    pub(super) scopes: Vec<Scope>,
}

impl Inner {
    /// Looks up everything that was named, whether or not something before it led to an account: neither
    /// time nor lanes tell what exists (attacks.md S50, S54).
    pub(super) async fn find(&self, hint: &AccountHint) -> Result<Sought, StoreError> {
        let mut sought = Sought::default();
        if let Some(text) = &hint.phone {
            let number = canonical(text, |text| Some(name::phone(text)));
            let found = self.store.account_of_phone(&number).await?;
            self.add(&mut sought, b"phone", &number, found).await?;
        }
        if let Some(text) = &hint.realm {
            let realm = canonical(text, |text| name::realm(text).ok());
            let found = self.store.account_of_realm(&realm).await?;
            self.add(&mut sought, b"realm", &realm, found).await?;
        }
        if let Some(text) = &hint.name {
            let key = canonical(text, name::account_name_key);
            let found = self.store.accounts_named(&key, MAX_TRIED).await?;
            self.add(&mut sought, b"name", &key, found).await?;
        }
        if sought.scopes.is_empty() {
            self.add(&mut sought, b"default", "", hint.default).await?;
        }
        Ok(sought)
    }

    async fn add(
        &self,
        sought: &mut Sought,
        place: &[u8],
        text: &str,
        found: impl IntoIterator<Item = AccountId>,
    ) -> Result<(), StoreError> {
        let mut accounts = Vec::new();
        for id in found {
            accounts.extend(self.live.account(id).await?);
        }
        sought.scopes.push(match accounts.first() {
            Some(account) => self.account_scope(account.id),
            None => self.proof_key(&[b"named", place, text.as_bytes()]),
        });
        if sought.candidates.is_empty() {
            sought.candidates = accounts;
        }
        Ok(())
    }

    /// What guesses at an account are counted by, however it is named.
    pub(super) fn account_scope(&self, account: AccountId) -> Scope {
        self.proof_key(&[b"account", account.as_bytes()])
    }
}

/// The form a text is looked up by; the empty one, which belongs to nobody, for what can have none.
fn canonical(text: &str, form: impl FnOnce(&str) -> Option<String>) -> String {
    let is_usable = text.len() <= MAX_IDENTIFIER && !text.contains('\0');
    is_usable.then(|| form(text)).flatten().unwrap_or_default()
}
