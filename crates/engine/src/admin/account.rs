//! Accounts.

use doorward_core::account::Account;
use doorward_core::credential::DigestKind;
use doorward_core::document::{Document, holds_nul, size, values, without_private};
use doorward_core::hex;
use doorward_core::id::{AccountId, CredentialId};
use doorward_core::name;
use doorward_core::time::Timestamp;
use doorward_store::{Action, Actor};

use super::tree::may_be_reseller;
use super::{AdminError, EditError};
use crate::Engine;

/// A new account.
#[derive(Debug, Clone, Default)]
pub struct NewAccount {
    /// As shown.
    pub name: String,
    /// Realm; generated when absent.
    pub realm: Option<String>,
    /// Above; the root when absent.
    pub parent: Option<AccountId>,
    /// Whether it starts switched off.
    pub disabled: bool,
    /// Custom keys.
    pub document: Document,
}

/// Largest document of an account or user in bytes: merging cannot make one grow without end.
const MAX_DOCUMENT: usize = 1 << 18;
/// Most values of a document. Attack: 256 KiB of `[0,0,…` are 10 MB in memory, in every cache and list. Answer: few.
const MAX_VALUES: usize = 4096;

/// An account as it shall be.
#[derive(Debug, Clone)]
pub struct AccountDraft {
    /// Name.
    pub name: String,
    /// Realm.
    pub realm: String,
    /// On or off.
    pub enabled: bool,
    /// Custom keys.
    pub document: Document,
}

/// What changes about an account; `None` leaves a thing as it is.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    /// New name.
    pub name: Option<String>,
    /// New realm.
    pub realm: Option<String>,
    /// On or off.
    pub enabled: Option<bool>,
    /// Billing boundary or not.
    pub reseller: Option<bool>,
    /// When the trial ends; `Some(None)` ends the trial itself.
    pub trial_ends: Option<Option<Timestamp>>,
    /// Which digest Basic compares; `Some(None)` goes back to the system's.
    pub basic_digest: Option<Option<DigestKind>>,
    /// Replaces the custom keys.
    pub document: Option<Document>,
}

impl AccountChange {
    fn apply(self, account: &mut Account) -> Result<(), AdminError> {
        if let Some(name) = self.name {
            account.name = checked_name(name)?;
        }
        if let Some(realm) = self.realm {
            account.realm = checked_realm(&realm)?;
        }
        if let Some(document) = self.document {
            account.document = checked_document(document)?;
        }
        account.enabled = self.enabled.unwrap_or(account.enabled);
        account.reseller = self.reseller.unwrap_or(account.reseller);
        account.trial_ends = self.trial_ends.unwrap_or(account.trial_ends);
        account.basic_digest = self.basic_digest.unwrap_or(account.basic_digest);
        Ok(())
    }
}

impl Engine {
    /// Finds an account by id, realm or name.
    ///
    /// # Errors
    /// [`AdminError::UnknownAccount`], [`AdminError::Ambiguous`].
    pub async fn find_account(&self, text: &str) -> Result<Account, AdminError> {
        let store = self.store();
        if text.contains('\0') {
            return Err(AdminError::UnknownAccount);
        }
        if let Ok(id) = text.parse() {
            return store.account(id).await?.ok_or(AdminError::UnknownAccount);
        }
        // Attack: a realm that reads like the name of somebody else's account. Answer: neither is meant.
        let mut found = Vec::new();
        if let Some(key) = name::account_name_key(text) {
            found = store.accounts_named(&key, 2).await?;
        }
        if let Ok(realm) = name::realm(text) {
            let id = store.account_of_realm(&realm).await?;
            found.extend(id.filter(|id| !found.contains(id)));
        }
        match found.as_slice() {
            [] => Err(AdminError::UnknownAccount),
            [id] => store.account(*id).await?.ok_or(AdminError::UnknownAccount),
            _ => Err(AdminError::Ambiguous),
        }
    }

    /// Creates an account with its API key. A child of a disabled parent starts disabled.
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn create_account(
        &self,
        actor: Actor,
        new: NewAccount,
    ) -> Result<Account, AdminError> {
        let parent = new.parent.unwrap_or_else(|| self.root());
        let account = self.draft_account(Some(parent), new)?;
        let key = self.new_api_key();
        let (id, lookup) = (
            CredentialId::new(self.0.random.bytes()),
            self.0.keys.load().api_key_lookup(&key),
        );
        let names = self.settings().names;
        self.commit(actor, move |write| {
            Box::pin(async move {
                // The tree first, as whoever moves the account above does.
                write.lock_tree().await?;
                let mut account = account;
                let parent = write.account(parent).await?;
                account.enabled &= parent.ok_or(AdminError::UnknownAccount)?.enabled;
                write.insert_account(&account, names).await?;
                write.set_api_key(account.id, id, &key, &lookup).await?;
                Ok(account)
            })
        })
        .await
    }

    /// An account as it will be stored.
    pub(crate) fn draft_account(
        &self,
        parent: Option<AccountId>,
        new: NewAccount,
    ) -> Result<Account, AdminError> {
        let random = self.random();
        let realm = match new.realm {
            Some(realm) => checked_realm(&realm)?,
            None => format!(
                "{}.{}",
                hex::encode(&random.bytes::<3>()),
                self.settings().realm_suffix
            ),
        };
        Ok(Account {
            id: AccountId::new(random.bytes()),
            parent,
            name: checked_name(new.name)?,
            realm,
            enabled: !new.disabled,
            superduper: false,
            reseller: false,
            trial_ends: None,
            basic_digest: None,
            generation: 1,
            key_generation: 1,
            salt: random.bytes(),
            signature_secret: self.new_secret(),
            roles: Vec::new(),
            document: checked_document(new.document)?,
            revision: 1,
            created: self.now(),
            modified: self.now(),
        })
    }

    /// Changes an account.
    ///
    /// # Errors
    /// See [`AdminError`]; for a reseller, also what [`Engine::set_reseller`] says.
    pub async fn change_account(
        &self,
        actor: Actor,
        id: AccountId,
        change: AccountChange,
    ) -> Result<Account, AdminError> {
        let names = self.settings().names;
        let root = self.root();
        self.commit(actor, move |write| {
            Box::pin(async move {
                if change.reseller.is_some() {
                    may_be_reseller(write, id, root).await?;
                }
                let mut account = write.account(id).await?.ok_or(AdminError::UnknownAccount)?;
                change.apply(&mut account)?;
                let action = Action::ChangeAccount;
                account.revision = write.update_account(action, &account, names).await?;
                Ok(account)
            })
        })
        .await
    }

    /// Changes an account by a plan that sees it as it is when it is written.
    ///
    /// # Errors
    /// What the plan refuses; [`AdminError`].
    pub async fn edit_account<E: Send + 'static>(
        &self,
        actor: Actor,
        id: AccountId,
        plan: impl FnOnce(&Account) -> Result<AccountDraft, E> + Send + 'static,
    ) -> Result<Account, EditError<E>> {
        let names = self.settings().names;
        let edited = self.commit(actor, move |write| {
            Box::pin(async move {
                let mut account = write.account(id).await?.ok_or(AdminError::UnknownAccount)?;
                let draft = match plan(&account) {
                    Ok(draft) => draft,
                    Err(refusal) => return Ok(Err(refusal)),
                };
                account.name = checked_name(draft.name)?;
                account.realm = checked_realm(&draft.realm)?;
                account.enabled = draft.enabled;
                account.document = checked_document(draft.document)?;
                let action = Action::ChangeAccount;
                account.revision = write.update_account(action, &account, names).await?;
                Ok(Ok(account))
            })
        });
        edited.await?.map_err(EditError::Refused)
    }

    /// Reads, changes and writes an account back in one step.
    pub(super) async fn update_account(
        &self,
        actor: Actor,
        action: Action,
        id: AccountId,
        change: impl FnOnce(&mut Account) -> Result<(), AdminError> + Send + 'static,
    ) -> Result<Account, AdminError> {
        let names = self.settings().names;
        self.commit(actor, move |write| {
            Box::pin(async move {
                let mut account = write.account(id).await?.ok_or(AdminError::UnknownAccount)?;
                change(&mut account)?;
                account.revision = write.update_account(action, &account, names).await?;
                Ok(account)
            })
        })
        .await
    }

    /// Moves an account under another.
    ///
    /// # Errors
    /// [`AdminError::Root`], and what the store says of the tree.
    pub async fn move_account(
        &self,
        actor: Actor,
        id: AccountId,
        to: AccountId,
    ) -> Result<(), AdminError> {
        if id == self.root() {
            return Err(AdminError::Root);
        }
        self.commit(actor, move |write| {
            Box::pin(async move { Ok(write.move_account(id, to).await?) })
        })
        .await
    }

    /// Deletes an account that has none below it, with everything in it; as it was last.
    ///
    /// # Errors
    /// [`AdminError::Root`], and what the store says of the tree.
    pub async fn delete_account(&self, actor: Actor, id: AccountId) -> Result<Account, AdminError> {
        if id == self.root() {
            return Err(AdminError::Root);
        }
        self.commit(actor, move |write| {
            Box::pin(async move {
                write.lock_tree().await?;
                let account = write.account(id).await?.ok_or(AdminError::UnknownAccount)?;
                write.delete_account(id).await?;
                Ok(account)
            })
        })
        .await
    }

    /// Ends every token and session of an account (its account-wide generation).
    ///
    /// # Errors
    /// [`AdminError::UnknownAccount`].
    pub async fn end_sessions(&self, actor: Actor, id: AccountId) -> Result<(), AdminError> {
        self.update_account(actor, Action::ResetSecret, id, |account| {
            account.generation += 1;
            Ok(())
        })
        .await
        .map(drop)
    }
}

fn checked_name(name: String) -> Result<String, AdminError> {
    name::check_account_name(&name).map_err(|error| AdminError::Name {
        field: "name",
        error,
    })?;
    Ok(name)
}

fn checked_realm(realm: &str) -> Result<String, AdminError> {
    name::realm(realm).map_err(|error| AdminError::Name {
        field: "realm",
        error,
    })
}

/// A document as it may be stored: no private keys, no U+0000, of bounded size.
pub(super) fn checked_document(document: Document) -> Result<Document, AdminError> {
    let document = without_private(document);
    if document
        .iter()
        .any(|(key, value)| key.contains('\0') || holds_nul(value))
    {
        return Err(AdminError::Nul);
    }
    if size(&document) > MAX_DOCUMENT {
        return Err(AdminError::TooLarge(MAX_DOCUMENT as u64));
    }
    if values(&document) > MAX_VALUES {
        return Err(AdminError::TooMany(MAX_VALUES));
    }
    Ok(document)
}
