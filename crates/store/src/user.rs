//! Users of accounts.

use doorward_core::id::{AccountId, UserId};
use doorward_core::secret::SecretText;
use doorward_core::user::User;

use crate::account::{document, document_text};
use crate::listing::user_key;
use crate::query::{Columns, Query, Row, inconsistent, sql, sql_locked};
use crate::role;
use crate::seal::{Place, Purpose, Sealer};
use crate::{Action, Change, Conflict, Page, Store, StoreError, Write};

pub(crate) const TABLE: &str = "users";

macro_rules! columns {
    () => {
        "account_id, id, username, level, enabled, generation, signature_secret, roles, document, \
         revision, created, modified"
    };
}
pub(crate) use columns;

fn sealed<'a>(row: &'a [&'a [u8]]) -> Place<'a> {
    Place {
        purpose: Purpose::SignatureSecret,
        table: TABLE,
        row,
    }
}

fn read_row(row: Row, sealer: &Sealer) -> Result<User, StoreError> {
    read(&mut row.read(TABLE), sealer)
}

/// Reads the columns of a user.
pub(crate) fn read(columns: &mut Columns, sealer: &Sealer) -> Result<User, StoreError> {
    let (account, id): (AccountId, UserId) = (columns.parsed()?, columns.parsed()?);
    Ok(User {
        id,
        account,
        username: Some(columns.text()?).filter(|name| !name.is_empty()),
        level: columns.parsed()?,
        enabled: columns.flag()?,
        generation: columns.count()?,
        signature_secret: secret(columns, account, id, sealer)?,
        roles: role::read_names(columns)?,
        document: document(columns)?,
        revision: columns.count()?,
        created: columns.time()?,
        modified: columns.time()?,
    })
}

fn secret(
    columns: &mut Columns,
    account: AccountId,
    id: UserId,
    sealer: &Sealer,
) -> Result<SecretText, StoreError> {
    let row: [&[u8]; 2] = [account.as_bytes(), id.as_bytes()];
    sealer.open_text(sealed(&row), &columns.bytes()?)
}

/// Binds what both insertion and update write: `$1` and `$2` are the key.
fn written(query: Query, user: &User, sealer: &Sealer) -> Result<Query, StoreError> {
    // The empty username stands for none.
    if user.username.as_deref() == Some("") {
        return Err(inconsistent(TABLE, "a username is empty"));
    }
    let row: [&[u8]; 2] = [user.account.as_bytes(), user.id.as_bytes()];
    let secret = user.signature_secret.expose().as_bytes();
    Ok(query
        .id(user.account)
        .id(user.id)
        .text(user.username.as_deref().unwrap_or_default())
        .text(user.level.as_str())
        .flag(user.enabled)
        .count(user.generation)
        .bytes(sealer.seal(sealed(&row), secret)?)
        .text(&role::names_text(&user.roles))
        .text(&document_text(TABLE, &user.document)?)
        .text(&user_key(&user.document)))
}

fn pages(account: AccountId, page: Page<'_>) -> Query {
    let (key, id) = page.start();
    let query = sql(concat!(
        "SELECT ",
        columns!(),
        " FROM users WHERE account_id = $1 AND (username, id) > ($2, $3) \
         ORDER BY username, id LIMIT $4"
    ));
    let query = query.id(account).text(key).text(&id);
    query.int(i64::from(page.limit))
}

/// The statement that reads users in pages, with a name.
#[cfg(feature = "testing")]
pub(crate) fn statements() -> Vec<(&'static str, Query)> {
    let page = Page {
        after: Some(("k", [2; 16])),
        limit: 50,
    };
    vec![("users by username", pages(AccountId::new([1; 16]), page))]
}

impl Store {
    /// A user of an account.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn user(&self, account: AccountId, id: UserId) -> Result<Option<User>, StoreError> {
        let query = sql(concat!(
            "SELECT ",
            columns!(),
            " FROM users WHERE account_id = $1 AND id = $2"
        ));
        self.fetch_one(query.id(account).id(id))
            .await?
            .map(|row| read_row(row, self.sealer()))
            .transpose()
    }

    /// The user of an account with this normalised username.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn user_named(
        &self,
        account: AccountId,
        username: &str,
    ) -> Result<Option<User>, StoreError> {
        let query = sql(concat!(
            "SELECT ",
            columns!(),
            " FROM users WHERE account_id = $1 AND username = $2 AND username <> ''"
        ));
        self.fetch_one(query.id(account).text(username))
            .await?
            .map(|row| read_row(row, self.sealer()))
            .transpose()
    }

    /// Users of an account, ordered by username then id; those without a username come first.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn users(&self, account: AccountId, page: Page<'_>) -> Result<Vec<User>, StoreError> {
        self.fetch(pages(account, page))
            .await?
            .into_iter()
            .map(|row| read_row(row, self.sealer()))
            .collect()
    }
}

impl Write {
    /// A user, locked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn user(
        &mut self,
        account: AccountId,
        id: UserId,
    ) -> Result<Option<User>, StoreError> {
        let query = sql_locked!(
            "SELECT ",
            columns!(),
            " FROM users WHERE account_id = $1 AND id = $2"
        );
        self.fetch_one(query.id(account).id(id))
            .await?
            .map(|row| read_row(row, self.sealer()))
            .transpose()
    }

    /// Adds a user.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] for username or id; [`StoreError::Missing`] without account.
    pub async fn insert_user(&mut self, user: &User) -> Result<(), StoreError> {
        self.step()?;
        let query = sql(
            "INSERT INTO users (account_id, id, username, level, enabled, generation, signature_secret, \
             roles, document, list_key, revision, created, modified) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING",
        );
        let query = written(query, user, self.sealer())?
            .count(user.revision)
            .time(user.created)
            .time(user.modified);
        if self.execute(query).await? == 0 {
            let known = sql("SELECT id FROM users WHERE account_id = $1 AND id = $2");
            let known = self.fetch_one(known.id(user.account).id(user.id)).await?;
            return Err(StoreError::Conflict(match known {
                Some(_) => Conflict::Row,
                None => Conflict::Username,
            }));
        }
        self.changed(Change::User(user.account, user.id));
        self.done(Action::CreateUser, Some(user.account), user.id);
        Ok(())
    }

    /// Writes a user back. Returns the new revision.
    ///
    /// # Errors
    /// [`StoreError::Missing`]; [`StoreError::Conflict`] for a changed username.
    pub async fn update_user(&mut self, action: Action, user: &User) -> Result<u64, StoreError> {
        self.step()?;
        let query = sql(
            "UPDATE users SET username = $3, level = $4, enabled = $5, generation = $6, \
             signature_secret = $7, roles = $8, document = $9, list_key = $10, revision = revision + 1, \
             modified = $11 WHERE account_id = $1 AND id = $2 RETURNING revision",
        );
        let query = written(query, user, self.sealer())?.time(self.store().now());
        let revision = self
            .fetch_one(query)
            .await
            .map_err(|failure| failure.unique_means(Conflict::Username))?
            .ok_or(StoreError::Missing)?
            .read(TABLE)
            .count()?;
        self.changed(Change::User(user.account, user.id));
        self.done(action, Some(user.account), user.id);
        Ok(revision)
    }

    /// Deletes a user with its credentials.
    ///
    /// # Errors
    /// [`StoreError::Missing`].
    pub async fn delete_user(&mut self, account: AccountId, id: UserId) -> Result<(), StoreError> {
        self.step()?;
        // Locked first, so that no credential is added in between.
        let row = sql_locked!("SELECT id FROM users WHERE account_id = $1 AND id = $2");
        self.fetch_one(row.id(account).id(id))
            .await?
            .ok_or(StoreError::Missing)?;
        let credentials = sql("DELETE FROM credentials WHERE account_id = $1 AND user_id = $2");
        self.execute(credentials.id(account).id(id)).await?;
        let row = sql("DELETE FROM users WHERE account_id = $1 AND id = $2");
        self.execute_one(row.id(account).id(id)).await?;
        self.changed(Change::User(account, id));
        self.done(Action::DeleteUser, Some(account), id);
        Ok(())
    }

    /// Deletes every user of an account.
    pub(crate) async fn delete_users_of(&mut self, account: AccountId) -> Result<(), StoreError> {
        let batch = || {
            sql("DELETE FROM users WHERE account_id = $1 AND id IN \
                 (SELECT id FROM users WHERE account_id = $1 LIMIT 5000)")
        };
        Ok(self.exhaust(|| batch().id(account)).await?)
    }
}
