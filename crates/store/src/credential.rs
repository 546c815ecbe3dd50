//! The one table of credentials (decision 7): verifiers of users' passwords, and accounts' API keys.

use doorward_core::hex;
use doorward_core::id::{AccountId, CredentialId, UserId};
use doorward_core::secret::SecretText;
use doorward_core::verifier::VERIFIER_LEN;

use crate::query::{Row, sql, sql_locked};
use crate::seal::{Place, Purpose};
use crate::{
    Action, ApiKeyOwner, Change, Conflict, NewVerifier, Store, StoreError, VerifierKind,
    VerifierMatch, Write,
};

const TABLE: &str = "credentials";

macro_rules! verifiers {
    () => {
        "SELECT id, kind, hash_generation, lookup FROM credentials \
         WHERE account_id = $1 AND user_id = $2 AND kind IN ('md5', 'sha1', 'plain') ORDER BY id"
    };
}

impl VerifierKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Plain => "plain",
        }
    }
}

fn sealed<'a>(row: &'a [&'a [u8]]) -> Place<'a> {
    Place {
        purpose: Purpose::ApiKey,
        table: TABLE,
        row,
    }
}

fn read_verifier(row: Row) -> Result<NewVerifier, StoreError> {
    let mut columns = row.read(TABLE);
    Ok(NewVerifier {
        id: columns.parsed()?,
        kind: match columns.text()?.as_str() {
            "md5" => VerifierKind::Md5,
            "sha1" => VerifierKind::Sha1,
            "plain" => VerifierKind::Plain,
            _ => return Err(columns.wrong("unknown kind of verifier")),
        },
        hash_generation: columns.int()?,
        verifier: columns.array()?,
    })
}

impl Store {
    /// Whom a verifier belongs to.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn verifier(
        &self,
        account: AccountId,
        kind: VerifierKind,
        verifier: &[u8; VERIFIER_LEN],
    ) -> Result<Option<VerifierMatch>, StoreError> {
        let query = sql(
            "SELECT id, user_id FROM credentials WHERE account_id = $1 AND kind = $2 AND lookup = $3",
        )
        .id(account)
        .text(kind.as_str())
        .bytes(verifier.to_vec());
        let Some(row) = self.fetch_one(query).await? else {
            return Ok(None);
        };
        let mut columns = row.read(TABLE);
        Ok(Some(VerifierMatch {
            credential: columns.parsed()?,
            user: columns.parsed()?,
        }))
    }

    /// Every verifier of a user.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn verifiers_of(
        &self,
        account: AccountId,
        user: UserId,
    ) -> Result<Vec<NewVerifier>, StoreError> {
        let query = sql(verifiers!()).id(account).id(user);
        self.fetch(query)
            .await?
            .into_iter()
            .map(read_verifier)
            .collect()
    }

    /// Whom an API key belongs to, by its keyed digest.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn api_key_owner(
        &self,
        lookup: &[u8; 32],
    ) -> Result<Option<ApiKeyOwner>, StoreError> {
        let query = sql(
            "SELECT c.id, c.account_id FROM directory d \
             JOIN credentials c ON c.account_id = d.account_id AND c.kind = 'api_key' AND c.lookup = $2 \
             WHERE d.kind = 'api_key' AND d.key = $1",
        )
        .text(&hex::encode(lookup))
        .bytes(lookup.to_vec());
        let Some(row) = self.fetch_one(query).await? else {
            return Ok(None);
        };
        let mut columns = row.read(TABLE);
        Ok(Some(ApiKeyOwner {
            credential: columns.parsed()?,
            account: columns.parsed()?,
        }))
    }

    /// An account's API key, opened.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn api_key(&self, account: AccountId) -> Result<Option<SecretText>, StoreError> {
        let query =
            sql("SELECT id, sealed FROM credentials WHERE account_id = $1 AND kind = 'api_key'");
        let Some(row) = self.fetch_one(query.id(account)).await? else {
            return Ok(None);
        };
        let mut columns = row.read(TABLE);
        let id: CredentialId = columns.parsed()?;
        let row: [&[u8]; 2] = [account.as_bytes(), id.as_bytes()];
        self.sealer()
            .open_text(sealed(&row), &columns.bytes()?)
            .map(Some)
    }

    /// Whether any verifier still uses this hash generation.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn hash_generation_in_use(&self, id: i64) -> Result<bool, StoreError> {
        let query = sql(
            "SELECT id FROM credentials WHERE hash_generation = $1 AND kind <> 'api_key' LIMIT 1",
        );
        Ok(self.fetch_one(query.int(id)).await?.is_some())
    }
}

impl Write {
    /// Every verifier of a user: what it has now, as (id, kind, hash generation, verifier).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn verifiers(
        &mut self,
        account: AccountId,
        user: UserId,
    ) -> Result<Vec<NewVerifier>, StoreError> {
        let query = sql_locked!(verifiers!());
        self.fetch(query.id(account).id(user))
            .await?
            .into_iter()
            .map(read_verifier)
            .collect()
    }

    /// Replaces all of a user's verifiers by these (none: the user cannot sign in by password).
    ///
    /// The audit log tells of it as `verifier.upgrade`, unless this write has another line about the user.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without user.
    pub async fn replace_verifiers(
        &mut self,
        account: AccountId,
        user: UserId,
        verifiers: &[NewVerifier],
    ) -> Result<(), StoreError> {
        self.step()?;
        let owner = sql_locked!("SELECT id FROM users WHERE account_id = $1 AND id = $2");
        self.fetch_one(owner.id(account).id(user))
            .await?
            .ok_or(StoreError::Missing)?;
        let old = sql(
            "DELETE FROM credentials WHERE account_id = $1 AND user_id = $2 \
             AND kind IN ('md5', 'sha1', 'plain')",
        );
        self.execute(old.id(account).id(user)).await?;
        let now = self.store().now();
        for new in verifiers {
            let query = sql(
                "INSERT INTO credentials (account_id, id, kind, user_id, lookup, hash_generation, \
                 generation, created) VALUES ($1, $2, $3, $4, $5, $6, 0, $7)",
            )
            .id(account)
            .id(new.id)
            .text(new.kind.as_str())
            .id(user)
            .bytes(new.verifier.to_vec())
            .int(new.hash_generation)
            .time(now);
            self.execute_one(query).await?;
        }
        self.changed(Change::User(account, user));
        self.done_upgrade(account, user);
        Ok(())
    }

    /// Replaces the account's API key: sealed to be shown, `lookup` (a keyed digest) to be found.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without account; [`StoreError::Conflict`] if another account has the same key.
    pub async fn set_api_key(
        &mut self,
        account: AccountId,
        id: CredentialId,
        key: &SecretText,
        lookup: &[u8; 32],
    ) -> Result<(), StoreError> {
        self.step()?;
        let owner = sql_locked!("SELECT id FROM accounts WHERE id = $1");
        self.fetch_one(owner.id(account))
            .await?
            .ok_or(StoreError::Missing)?;
        let old = sql("DELETE FROM directory WHERE account_id = $1 AND kind = 'api_key'");
        self.execute(old.id(account)).await?;
        let old = sql("DELETE FROM credentials WHERE account_id = $1 AND kind = 'api_key'");
        self.execute(old.id(account)).await?;
        if !self.list(account, "api_key", &hex::encode(lookup)).await? {
            return Err(StoreError::Conflict(Conflict::Row));
        }
        let row: [&[u8]; 2] = [account.as_bytes(), id.as_bytes()];
        let blob = self.sealer().seal(sealed(&row), key.expose().as_bytes())?;
        let query = sql(
            "INSERT INTO credentials (account_id, id, kind, lookup, hash_generation, sealed, generation, \
             created) VALUES ($1, $2, 'api_key', $3, 0, $4, 0, $5)",
        )
        .id(account)
        .id(id)
        .bytes(lookup.to_vec())
        .bytes(blob)
        .time(self.store().now());
        self.execute_one(query).await?;
        self.changed(Change::Account(account));
        self.done(Action::RotateApiKey, Some(account), id);
        Ok(())
    }

    /// Deletes every credential of an account and its users.
    pub(crate) async fn delete_credentials_of(
        &mut self,
        account: AccountId,
    ) -> Result<(), StoreError> {
        let batch = || {
            sql("DELETE FROM credentials WHERE account_id = $1 AND id IN \
                 (SELECT id FROM credentials WHERE account_id = $1 LIMIT 5000)")
        };
        Ok(self.exhaust(|| batch().id(account)).await?)
    }
}
