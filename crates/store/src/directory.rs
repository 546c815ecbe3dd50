//! The global directories: what is looked up before the account is known.

use doorward_core::account::Account;
use doorward_core::id::AccountId;
use doorward_core::time::Timestamp;

use crate::query::{Query, sql};
use crate::{Action, Conflict, NameRule, Store, StoreError, Write};

fn phones_query(account: AccountId, limit: u32) -> Query {
    sql("SELECT key FROM directory WHERE account_id = $1 AND kind = 'phone' ORDER BY key LIMIT $2")
        .id(account)
        .int(i64::from(limit))
}

/// The statement that lists phone numbers, with a name.
#[cfg(feature = "testing")]
pub(crate) fn statements() -> Vec<(&'static str, Query)> {
    vec![("phone numbers", phones_query(AccountId::new([1; 16]), 9))]
}

impl Store {
    /// Accounts whose normalised name is this, who has had it longest first, at most `limit`.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn accounts_named(
        &self,
        name_key: &str,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError> {
        self.fetch(
            sql(
                "SELECT account_id FROM directory WHERE kind = 'name' AND key = $1 \
                 ORDER BY created, account_id LIMIT $2",
            )
            .text(name_key)
            .int(i64::from(limit)),
        )
        .await?
        .into_iter()
        .map(|row| row.read("directory").parsed())
        .collect()
    }

    /// The account of a realm (normalised).
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn account_of_realm(&self, realm: &str) -> Result<Option<AccountId>, StoreError> {
        self.listed("realm", realm).await
    }

    /// The account a phone number (E.164) is assigned to.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn account_of_phone(&self, number: &str) -> Result<Option<AccountId>, StoreError> {
        self.listed("phone", number).await
    }

    /// The phone numbers (E.164) of an account, in order, at most `limit`.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn phones(&self, account: AccountId, limit: u32) -> Result<Vec<String>, StoreError> {
        self.fetch(phones_query(account, limit))
            .await?
            .into_iter()
            .map(|row| row.read("directory").text())
            .collect()
    }

    async fn listed(&self, kind: &str, key: &str) -> Result<Option<AccountId>, StoreError> {
        let query = sql("SELECT account_id FROM directory WHERE kind = $1 AND key = $2");
        self.fetch_one(query.text(kind).text(key))
            .await?
            .map(|row| row.read("directory").parsed())
            .transpose()
    }
}

impl Write {
    /// Assigns a phone number (E.164) to an account; one it has already stays.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another account has it; [`StoreError::Missing`] without account.
    pub async fn assign_phone(
        &mut self,
        account: AccountId,
        number: &str,
    ) -> Result<(), StoreError> {
        self.step()?;
        if !self.list(account, "phone", number).await? {
            let query = sql("SELECT account_id FROM directory WHERE kind = 'phone' AND key = $1");
            let owner = self.fetch_one(query.text(number)).await?;
            let owner: Option<AccountId> = owner
                .map(|row| row.read("directory").parsed())
                .transpose()?;
            if owner != Some(account) {
                return Err(StoreError::Conflict(Conflict::Phone));
            }
        }
        self.done(Action::AssignPhone, Some(account), number);
        Ok(())
    }

    /// Takes a phone number from an account.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when the account has it not.
    pub async fn release_phone(
        &mut self,
        account: AccountId,
        number: &str,
    ) -> Result<(), StoreError> {
        self.step()?;
        self.unlist(account, "phone", number).await?;
        self.done(Action::ReleasePhone, Some(account), number);
        Ok(())
    }

    /// Lists an account under its name's key, which it has since then; a name of which nothing is left is found by nobody.
    pub(crate) async fn list_name(
        &mut self,
        account: &Account,
        key: &str,
        since: Timestamp,
        names: NameRule,
    ) -> Result<(), StoreError> {
        if key.is_empty() {
            return Ok(());
        }
        self.transaction().lock_name(key).await?;
        if names == NameRule::Unique {
            let taken =
                sql("SELECT account_id FROM directory WHERE kind = 'name' AND key = $1 LIMIT 1");
            if self.fetch_one(taken.text(key)).await?.is_some() {
                return Err(StoreError::Conflict(Conflict::AccountName));
            }
        }
        let query = sql(
            "INSERT INTO directory (kind, key, account_id, created) VALUES ('name', $1, $2, $3)",
        );
        self.execute_one(query.text(key).id(account.id).time(since))
            .await?;
        Ok(())
    }

    /// Lists an account under its realm.
    pub(crate) async fn list_realm(&mut self, account: &Account) -> Result<(), StoreError> {
        if self.list(account.id, "realm", &account.realm).await? {
            Ok(())
        } else {
            Err(StoreError::Conflict(Conflict::Realm))
        }
    }

    /// Lists an account under a key that only one may have. Says whether it was free.
    pub(crate) async fn list(
        &mut self,
        account: AccountId,
        kind: &str,
        key: &str,
    ) -> Result<bool, StoreError> {
        let query = sql(
            "INSERT INTO directory (kind, key, account_id, created) VALUES ($1, $2, $3, $4) \
             ON CONFLICT DO NOTHING",
        );
        let now = self.store().now();
        let query = query.text(kind).text(key).id(account).time(now);
        Ok(self.execute(query).await? == 1)
    }

    /// Takes an account off the directory.
    pub(crate) async fn unlist(
        &mut self,
        account: AccountId,
        kind: &str,
        key: &str,
    ) -> Result<(), StoreError> {
        if kind == "name" && key.is_empty() {
            return Ok(());
        }
        let query = sql("DELETE FROM directory WHERE kind = $1 AND key = $2 AND account_id = $3");
        Ok(self
            .execute_one(query.text(kind).text(key).id(account))
            .await?)
    }
}
