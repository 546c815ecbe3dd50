//! Application tokens: credentials of an account that programs hold, known by their digest alone.

use std::net::IpAddr;

use doorward_core::app_token::Label;
use doorward_core::hex;
use doorward_core::id::{AccountId, CredentialId};
use doorward_core::permission::RoleName;
use doorward_core::time::Timestamp;

use crate::query::{Row, sql, sql_for, sql_locked};
use crate::role;
use crate::{Action, Change, Conflict, Store, StoreError, Write};

const TABLE: &str = "credentials";
/// What their digests stand under in the directory, and the kind of their rows.
const KIND: &str = "app_token";

/// An application token, without its value, which nobody has but its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppTokenRow {
    /// Its id.
    pub id: CredentialId,
    /// The account it acts for.
    pub account: AccountId,
    /// What it is called.
    pub label: Label,
    /// Its roles.
    pub roles: Vec<RoleName>,
    /// When its time is over; `None` for never.
    pub expires: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
    /// By whom, as a name.
    pub created_by: String,
    /// When it was last used, to the minute.
    pub last_used: Option<Timestamp>,
    /// From where.
    pub last_used_address: Option<IpAddr>,
}

/// A credential was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CredentialUse {
    /// Whose it is.
    pub account: AccountId,
    /// Which one.
    pub credential: CredentialId,
    /// When.
    pub at: Timestamp,
    /// From where.
    pub address: IpAddr,
}

macro_rules! columns {
    () => {
        "id, account_id, label, scope, expires, created, created_by, last_used, last_used_address"
    };
}

fn read(row: Row) -> Result<AppTokenRow, StoreError> {
    let mut columns = row.read(TABLE);
    Ok(AppTokenRow {
        id: columns.parsed()?,
        account: columns.parsed()?,
        label: columns.parsed()?,
        roles: role::read_names(&mut columns)?,
        expires: columns.time_if()?,
        created: columns.time()?,
        created_by: columns.text()?,
        last_used: columns.time_if()?,
        last_used_address: columns.address_if()?,
    })
}

impl Store {
    /// The application token with this digest, by its account and id.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn app_token_by_digest(
        &self,
        digest: &[u8; 32],
    ) -> Result<Option<(AccountId, CredentialId)>, StoreError> {
        let query = sql(
            "SELECT c.account_id, c.id FROM directory d \
             JOIN credentials c ON c.account_id = d.account_id AND c.kind = 'app_token' AND c.lookup = $2 \
             WHERE d.kind = 'app_token' AND d.key = $1",
        )
        .text(&hex::encode(digest))
        .bytes(digest.to_vec());
        let Some(row) = self.fetch_one(query).await? else {
            return Ok(None);
        };
        let mut columns = row.read(TABLE);
        Ok(Some((columns.parsed()?, columns.parsed()?)))
    }

    /// An application token.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn app_token(
        &self,
        account: AccountId,
        id: CredentialId,
    ) -> Result<Option<AppTokenRow>, StoreError> {
        let query = sql(concat!(
            "SELECT ",
            columns!(),
            " FROM credentials WHERE account_id = $1 AND id = $2 AND kind = 'app_token'"
        ));
        let row = self.fetch_one(query.id(account).id(id)).await?;
        row.map(read).transpose()
    }

    /// An account's application tokens in order of their labels, at most `limit`.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn app_tokens(
        &self,
        account: AccountId,
        limit: u32,
    ) -> Result<Vec<AppTokenRow>, StoreError> {
        let query = sql(concat!(
            "SELECT ",
            columns!(),
            " FROM credentials WHERE account_id = $1 AND label IS NOT NULL ORDER BY label LIMIT $2"
        ));
        let rows = self.fetch(query.id(account).int(i64::from(limit))).await?;
        rows.into_iter().map(read).collect()
    }

    /// Notes uses of credentials, all or none; what is gone by now is passed over. Nobody's change: neither the audit
    /// log nor other nodes hear of it, and no revision moves (decision 30).
    ///
    /// # Errors
    /// As every write: [`StoreError`].
    pub async fn note_uses(&self, uses: &[CredentialUse]) -> Result<(), StoreError> {
        if uses.is_empty() {
            return Ok(());
        }
        let mut open = self.begin().await?;
        for used in uses {
            let query = sql(
                "UPDATE credentials SET last_used = $3, last_used_address = $4 \
                 WHERE account_id = $1 AND id = $2 AND (last_used IS NULL OR last_used < $3)",
            )
            .id(used.account)
            .id(used.credential)
            .time(used.at)
            .id(used.address);
            open.execute(query).await?;
        }
        Ok(open.commit().await?)
    }
}

impl Write {
    /// The application token of this label, locked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn app_token_labelled(
        &mut self,
        account: AccountId,
        label: &Label,
    ) -> Result<Option<AppTokenRow>, StoreError> {
        let query = sql_locked!(
            "SELECT ",
            columns!(),
            " FROM credentials WHERE account_id = $1 AND label = $2"
        );
        let row = self.fetch_one(query.id(account).id(label)).await?;
        row.map(read).transpose()
    }

    /// How many application tokens an account has.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_app_tokens(&mut self, account: AccountId) -> Result<u64, StoreError> {
        let query =
            sql("SELECT count(*) FROM credentials WHERE account_id = $1 AND label IS NOT NULL");
        let row = self.fetch_one(query.id(account)).await?;
        row.ok_or(StoreError::Missing)?.read(TABLE).count()
    }

    /// Adds an application token, to be found by its digest.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] for the label; [`StoreError::Missing`] without account.
    pub async fn insert_app_token(
        &mut self,
        token: &AppTokenRow,
        digest: &[u8; 32],
    ) -> Result<(), StoreError> {
        self.step()?;
        let owner = sql_locked!("SELECT id FROM accounts WHERE id = $1");
        self.fetch_one(owner.id(token.account))
            .await?
            .ok_or(StoreError::Missing)?;
        if !self.list(token.account, KIND, &hex::encode(digest)).await? {
            return Err(StoreError::Conflict(Conflict::Row));
        }
        let query = sql(
            "INSERT INTO credentials (account_id, id, kind, lookup, hash_generation, scope, generation, \
             expires, created, label, created_by) VALUES ($1, $2, 'app_token', $3, 0, $4, 0, $5, $6, $7, $8) \
             ON CONFLICT DO NOTHING",
        )
        .id(token.account)
        .id(token.id)
        .bytes(digest.to_vec())
        .text(&role::names_text(&token.roles))
        .time_if(token.expires)
        .time(token.created)
        .id(&token.label)
        .text(&token.created_by);
        if self.execute(query).await? == 0 {
            return Err(StoreError::Conflict(Conflict::Label));
        }
        self.changed(Change::Credential(token.account, token.id));
        self.done(Action::CreateAppToken, Some(token.account), token.id);
        Ok(())
    }

    /// Deletes an application token.
    ///
    /// # Errors
    /// [`StoreError::Missing`].
    pub async fn delete_app_token(
        &mut self,
        account: AccountId,
        id: CredentialId,
    ) -> Result<(), StoreError> {
        self.step()?;
        // Its place in the directory goes first: the digest stands in the row.
        let listed = sql_for(
            "DELETE FROM directory WHERE kind = 'app_token' AND account_id = $1 AND key = \
             (SELECT lower(hex(lookup)) FROM credentials WHERE account_id = $1 AND id = $2)",
            "DELETE FROM directory WHERE kind = 'app_token' AND account_id = $1 AND key = \
             (SELECT encode(lookup, 'hex') FROM credentials WHERE account_id = $1 AND id = $2)",
        );
        self.execute_one(listed.id(account).id(id)).await?;
        let row =
            sql("DELETE FROM credentials WHERE account_id = $1 AND id = $2 AND kind = 'app_token'");
        self.execute_one(row.id(account).id(id)).await?;
        self.changed(Change::Credential(account, id));
        self.done(Action::RevokeAppToken, Some(account), id);
        Ok(())
    }
}
