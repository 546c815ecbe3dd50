//! Denied tokens (decision 15).

use doorward_core::id::{AccountId, TokenId};
use doorward_core::time::Timestamp;

use crate::query::sql;
use crate::{Action, Change, Store, StoreError, Write};

impl Store {
    /// Denied tokens that have not expired by `now`.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn denied_tokens(
        &self,
        now: Timestamp,
    ) -> Result<Vec<(TokenId, Timestamp)>, StoreError> {
        self.fetch(sql("SELECT id, expires FROM denied_tokens WHERE expires > $1").time(now))
            .await?
            .into_iter()
            .map(|row| {
                let mut columns = row.read("denied_tokens");
                Ok((columns.parsed()?, columns.time()?))
            })
            .collect()
    }
}

impl Write {
    /// Denies a token until its own end. Denied twice, it stays denied until the later one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn deny_token(
        &mut self,
        account: AccountId,
        id: TokenId,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        self.step()?;
        let query = sql(
            "INSERT INTO denied_tokens (id, account_id, expires) VALUES ($1, $2, $3) \
             ON CONFLICT (id) DO UPDATE SET expires = CASE \
             WHEN excluded.expires > denied_tokens.expires THEN excluded.expires \
             ELSE denied_tokens.expires END",
        );
        self.execute_one(query.id(id).id(account).time(until))
            .await?;
        self.changed(Change::DenyToken(id, until));
        self.done(Action::RevokeToken, Some(account), id);
        Ok(())
    }
}
