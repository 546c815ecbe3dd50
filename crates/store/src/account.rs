//! Accounts: rows, their tree, and the directories by which they are found.

use doorward_core::account::Account;
use doorward_core::credential::DigestKind;
use doorward_core::document::{Document, holds_nul};
use doorward_core::id::AccountId;
use doorward_core::name::account_name_key;
use doorward_core::secret::SecretText;
use serde_json::Value;

use crate::query::{Columns, Query, Row, inconsistent, sql, sql_locked};
use crate::role;
use crate::seal::{Place, Purpose, Sealer};
use crate::{Action, Change, Conflict, NameRule, Page, Store, StoreError, Write};

pub(crate) const TABLE: &str = "accounts";

macro_rules! columns {
    () => {
        "id, parent_id, name, realm, enabled, superduper, reseller, trial_ends, basic_digest, generation, \
         key_generation, salt, signature_secret, roles, document, revision, created, modified"
    };
}
pub(crate) use columns;

fn place(id: &AccountId) -> [&[u8]; 1] {
    [id.as_bytes()]
}

fn sealed<'a>(row: &'a [&'a [u8]]) -> Place<'a> {
    Place {
        purpose: Purpose::SignatureSecret,
        table: TABLE,
        row,
    }
}

/// Writes a document as it is stored.
pub(crate) fn document_text(
    table: &'static str,
    document: &Document,
) -> Result<String, StoreError> {
    let value = Value::Object(document.clone());
    if holds_nul(&value) {
        return Err(inconsistent(table, "a document holds U+0000"));
    }
    Ok(value.to_string())
}

/// Reads a stored document.
pub(crate) fn document(columns: &mut Columns) -> Result<Document, StoreError> {
    let text = columns.text()?;
    serde_json::from_str(&text).map_err(|_| columns.wrong("a document is not a JSON object"))
}

fn read_row(row: Row, sealer: &Sealer) -> Result<Account, StoreError> {
    read(&mut row.read(TABLE), sealer)
}

/// Reads the columns of an account.
pub(crate) fn read(columns: &mut Columns, sealer: &Sealer) -> Result<Account, StoreError> {
    let id: AccountId = columns.parsed()?;
    Ok(Account {
        id,
        parent: columns.parsed_if()?,
        name: columns.text()?,
        realm: columns.text()?,
        enabled: columns.flag()?,
        superduper: columns.flag()?,
        reseller: columns.flag()?,
        trial_ends: columns.time_if()?,
        basic_digest: digest(columns)?,
        generation: columns.count()?,
        key_generation: columns.count()?,
        salt: columns.array()?,
        signature_secret: secret(columns, &id, sealer)?,
        roles: role::read_roles(columns)?,
        document: document(columns)?,
        revision: columns.count()?,
        created: columns.time()?,
        modified: columns.time()?,
    })
}

fn secret(
    columns: &mut Columns,
    id: &AccountId,
    sealer: &Sealer,
) -> Result<SecretText, StoreError> {
    sealer.open_text(sealed(&place(id)), &columns.bytes()?)
}

fn digest(columns: &mut Columns) -> Result<Option<DigestKind>, StoreError> {
    match columns.text_if()?.as_deref() {
        None => Ok(None),
        Some("md5") => Ok(Some(DigestKind::Md5)),
        Some("sha1") => Ok(Some(DigestKind::Sha1)),
        Some(_) => Err(columns.wrong("unknown digest")),
    }
}

fn name_key(account: &Account) -> String {
    account_name_key(&account.name).unwrap_or_default()
}

/// Binds what both insertion and update write: `$1` is the id.
fn written(query: Query, account: &Account, sealer: &Sealer) -> Result<Query, StoreError> {
    let secret = account.signature_secret.expose().as_bytes();
    let digest = account.basic_digest.map(|kind| match kind {
        DigestKind::Md5 => "md5".to_owned(),
        DigestKind::Sha1 => "sha1".to_owned(),
    });
    Ok(query
        .id(account.id)
        .text(&account.name)
        .text(&name_key(account))
        .text(&account.realm)
        .flag(account.enabled)
        .flag(account.superduper)
        .flag(account.reseller)
        .time_if(account.trial_ends)
        .text_if(digest)
        .count(account.generation)
        .count(account.key_generation)
        .bytes(account.salt.to_vec())
        .bytes(sealer.seal(sealed(&place(&account.id)), secret)?)
        .text(&role::roles_text(&account.roles))
        .text(&document_text(TABLE, &account.document)?))
}

fn one(id: AccountId) -> Query {
    let query = sql(concat!(
        "SELECT ",
        columns!(),
        " FROM accounts WHERE id = $1"
    ));
    query.id(id)
}

fn pages(under: Option<AccountId>, page: Page<'_>) -> Query {
    let (key, id) = page.start();
    let query = match under {
        None => sql(concat!(
            "SELECT ",
            columns!(),
            " FROM accounts WHERE id > $1 ORDER BY id LIMIT $2"
        ))
        .text(&id),
        Some(parent) => sql(concat!(
            "SELECT ",
            columns!(),
            " FROM accounts WHERE parent_id = $1 AND (name_key, id) > ($2, $3) \
             ORDER BY name_key, id LIMIT $4"
        ))
        .id(parent)
        .text(key)
        .text(&id),
    };
    query.int(i64::from(page.limit))
}

/// Every statement that reads accounts one by one or in pages, with a name.
#[cfg(feature = "testing")]
pub(crate) fn statements() -> Vec<(&'static str, Query)> {
    let id = AccountId::new([1; 16]);
    let page = Page {
        after: Some(("k", [2; 16])),
        limit: 50,
    };
    vec![
        ("an account of the tree", one(id)),
        ("all accounts", pages(None, page)),
        ("accounts under one", pages(Some(id), page)),
    ]
}

impl Store {
    /// An account.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.fetch_one(one(id))
            .await?
            .map(|row| read_row(row, self.sealer()))
            .transpose()
    }

    /// Accounts ordered by id; `under` gives the children of one account, ordered by name key then id.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn accounts(
        &self,
        under: Option<AccountId>,
        page: Page<'_>,
    ) -> Result<Vec<Account>, StoreError> {
        self.fetch(pages(under, page))
            .await?
            .into_iter()
            .map(|row| read_row(row, self.sealer()))
            .collect()
    }
}

impl Write {
    /// An account, locked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn account(&mut self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let query = sql_locked!("SELECT ", columns!(), " FROM accounts WHERE id = $1");
        self.fetch_one(query.id(id))
            .await?
            .map(|row| read_row(row, self.sealer()))
            .transpose()
    }

    /// Adds an account. Its parent must exist and stand above the depth limit; one account may be without: the root.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] for name, realm or id; [`StoreError::Missing`] without parent; [`StoreError::Tree`].
    pub async fn insert_account(
        &mut self,
        account: &Account,
        names: NameRule,
    ) -> Result<(), StoreError> {
        self.step()?;
        self.place_new(account.parent).await?;
        let query = sql(
            "INSERT INTO accounts (id, name, name_key, realm, enabled, superduper, reseller, trial_ends, \
             basic_digest, generation, key_generation, salt, signature_secret, roles, document, parent_id, \
             revision, created, modified) VALUES \
             ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) \
             ON CONFLICT DO NOTHING",
        );
        let query = written(query, account, self.sealer())?
            .text_if(account.parent.map(|parent| parent.to_string()))
            .count(account.revision)
            .time(account.created)
            .time(account.modified);
        if self.execute(query).await? == 0 {
            return Err(StoreError::Conflict(Conflict::Row));
        }
        self.count_new(account.id, account.parent).await?;
        self.list_name(account, &name_key(account), account.created, names)
            .await?;
        self.list_realm(account).await?;
        self.changed(Change::Account(account.id));
        self.done(Action::CreateAccount, Some(account.id), account.id);
        Ok(())
    }

    /// Writes an account back (everything but its parent), the global directories along with it. Returns the new revision.
    ///
    /// # Errors
    /// [`StoreError::Missing`]; [`StoreError::Conflict`] for a changed name or realm.
    pub async fn update_account(
        &mut self,
        action: Action,
        account: &Account,
        names: NameRule,
    ) -> Result<u64, StoreError> {
        self.step()?;
        let before = sql_locked!("SELECT name_key, realm FROM accounts WHERE id = $1");
        let mut before = self
            .fetch_one(before.id(account.id))
            .await?
            .ok_or(StoreError::Missing)?
            .read(TABLE);
        let (old_key, old_realm) = (before.text()?, before.text()?);
        let query = sql(
            "UPDATE accounts SET name = $2, name_key = $3, realm = $4, enabled = $5, superduper = $6, \
             reseller = $7, trial_ends = $8, basic_digest = $9, generation = $10, key_generation = $11, \
             salt = $12, signature_secret = $13, roles = $14, document = $15, revision = revision + 1, \
             modified = $16 WHERE id = $1 RETURNING revision",
        );
        let query = written(query, account, self.sealer())?.time(self.store().now());
        let revision = self
            .fetch_one(query)
            .await?
            .ok_or(StoreError::Missing)?
            .read(TABLE)
            .count()?;
        let key = name_key(account);
        if key != old_key {
            self.unlist(account.id, "name", &old_key).await?;
            let now = self.store().now();
            self.list_name(account, &key, now, names).await?;
        }
        if account.realm != old_realm {
            self.unlist(account.id, "realm", &old_realm).await?;
            self.list_realm(account).await?;
        }
        self.changed(Change::Account(account.id));
        self.done(action, Some(account.id), account.id);
        Ok(revision)
    }

    /// Deletes an account with its users, credentials, names and numbers. The root stays.
    ///
    /// # Errors
    /// [`StoreError::HasChildren`], [`StoreError::Missing`], [`StoreError::Tree`] for the root.
    pub async fn delete_account(&mut self, id: AccountId) -> Result<(), StoreError> {
        self.step()?;
        self.transaction().lock_tree().await?;
        let found = sql_locked!("SELECT parent_id FROM accounts WHERE id = $1");
        let parent: Option<AccountId> = self
            .fetch_one(found.id(id))
            .await?
            .ok_or(StoreError::Missing)?
            .read(TABLE)
            .parsed_if()?;
        let child = sql("SELECT id FROM accounts WHERE parent_id = $1 LIMIT 1");
        if self.fetch_one(child.id(id)).await?.is_some() {
            return Err(StoreError::HasChildren);
        }
        let Some(parent) = parent else {
            return Err(StoreError::Tree);
        };
        self.count_deleted(id, parent).await?;
        self.delete_credentials_of(id).await?;
        self.delete_users_of(id).await?;
        let directory = sql("DELETE FROM directory WHERE account_id = $1");
        self.execute(directory.id(id)).await?;
        let row = sql("DELETE FROM accounts WHERE id = $1");
        self.execute_one(row.id(id))
            .await
            // A child that was added in between.
            .map_err(|failure| failure.foreign_key_means(StoreError::HasChildren))?;
        self.changed(Change::Account(id));
        self.done(Action::DeleteAccount, Some(id), id);
        Ok(())
    }
}
