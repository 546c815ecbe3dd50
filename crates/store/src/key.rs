//! The key ring and the hash generations.

use doorward_core::id::KeyId;
use doorward_core::verifier::Cost;

use crate::query::{Query, Row, sql};
use crate::seal::{Place, Purpose, Sealer};
use crate::{
    Action, Change, Conflict, HashGeneration, KeyPurpose, KeyState, RingKey, Store, StoreError,
    Write,
};

const TABLE: &str = "key_ring";

impl KeyPurpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::CrossbarToken => "crossbar_token",
            Self::Pepper => "pepper",
            Self::ApiKeyLookup => "api_key_lookup",
            Self::Assertion => "assertion",
            Self::RememberMe => "remember_me",
        }
    }
}

impl KeyState {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Dead => "dead",
        }
    }
}

fn sealed<'a>(row: &'a [&'a [u8]]) -> Place<'a> {
    Place {
        purpose: Purpose::RingKey,
        table: TABLE,
        row,
    }
}

fn read(row: Row, sealer: &Sealer) -> Result<RingKey, StoreError> {
    let mut columns = row.read(TABLE);
    let id: KeyId = columns.parsed()?;
    let purpose_text = columns.text()?;
    let purpose = match purpose_text.as_str() {
        "crossbar_token" => KeyPurpose::CrossbarToken,
        "pepper" => KeyPurpose::Pepper,
        "api_key_lookup" => KeyPurpose::ApiKeyLookup,
        "assertion" => KeyPurpose::Assertion,
        "remember_me" => KeyPurpose::RememberMe,
        _ => return Err(columns.wrong("unknown purpose")),
    };
    let state = match columns.text()?.as_str() {
        "next" => KeyState::Next,
        "active" => KeyState::Active,
        "retiring" => KeyState::Retiring,
        _ => return Err(columns.wrong("unknown state")),
    };
    // The purpose is authenticated too: a key cannot be made to serve another one.
    let place: [&[u8]; 2] = [id.as_bytes(), purpose_text.as_bytes()];
    Ok(RingKey {
        id,
        purpose,
        state,
        material: sealer.open(sealed(&place), &columns.bytes()?)?,
        created: columns.time()?,
    })
}

fn ring() -> Query {
    sql(
        "SELECT id, purpose, state, material, created FROM key_ring WHERE state <> 'dead' ORDER BY created, id",
    )
}

impl Store {
    /// The key ring, oldest first, dead keys left out.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn keys(&self) -> Result<Vec<RingKey>, StoreError> {
        self.fetch(ring())
            .await?
            .into_iter()
            .map(|row| read(row, self.sealer()))
            .collect()
    }

    /// Live hash generations, newest first: one or two.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn hash_generations(&self) -> Result<Vec<HashGeneration>, StoreError> {
        let query =
            sql("SELECT id, memory_kib, passes, pepper FROM hash_generations ORDER BY id DESC");
        self.fetch(query)
            .await?
            .into_iter()
            .map(|row| {
                let mut columns = row.read("hash_generations");
                let id = columns.int()?;
                let cost = (columns.int()?, columns.int()?);
                let cost = (u32::try_from(cost.0), u32::try_from(cost.1));
                let (Ok(memory), Ok(passes)) = cost else {
                    return Err(columns.wrong("a cost is out of bounds"));
                };
                Ok(HashGeneration {
                    id,
                    cost: Cost::new(memory, passes)
                        .map_err(|_| columns.wrong("a cost is out of bounds"))?,
                    pepper: columns.parsed()?,
                })
            })
            .collect()
    }
}

impl Write {
    /// The key ring as it is once nobody else is changing it, and until this write ends.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keys(&mut self) -> Result<Vec<RingKey>, StoreError> {
        // The installation's row stands for the ring, which has rows that nobody can lock yet: those being added.
        self.system().await?;
        self.fetch(ring())
            .await?
            .into_iter()
            .map(|row| read(row, self.sealer()))
            .collect()
    }

    /// Adds a key to the ring, sealed.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] for the id.
    pub async fn insert_key(&mut self, key: &RingKey) -> Result<(), StoreError> {
        self.step()?;
        let place: [&[u8]; 2] = [key.id.as_bytes(), key.purpose.as_str().as_bytes()];
        let blob = self.sealer().seal(sealed(&place), key.material.expose())?;
        let query = sql(
            "INSERT INTO key_ring (id, purpose, state, material, created, modified) \
             VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT DO NOTHING",
        )
        .id(key.id)
        .text(key.purpose.as_str())
        .text(key.state.as_str())
        .bytes(blob)
        .time(key.created);
        if self.execute(query).await? == 0 {
            return Err(StoreError::Conflict(Conflict::Row));
        }
        self.changed(Change::Keys);
        self.done(Action::CreateKey, None, key.id);
        Ok(())
    }

    /// Moves a key on in its life; a dead key's material is erased. The audit log tells of keys that come into use as
    /// `key.create`, of those that leave it as `key.retire`.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when it is not there, or dead.
    pub async fn set_key_state(&mut self, id: KeyId, state: KeyState) -> Result<(), StoreError> {
        self.step()?;
        let query = sql("UPDATE key_ring SET state = $2, modified = $3, \
             material = CASE WHEN $2 = 'dead' THEN NULL ELSE material END \
             WHERE id = $1 AND state <> 'dead'")
        .id(id)
        .text(state.as_str())
        .time(self.store().now());
        self.execute_one(query).await?;
        self.changed(Change::Keys);
        let action = match state {
            KeyState::Next | KeyState::Active => Action::CreateKey,
            KeyState::Retiring | KeyState::Dead => Action::RetireKey,
        };
        self.done(action, None, id);
        Ok(())
    }

    /// Adds a hash generation; its id is ignored, the new one is returned. The caller keeps at most two alive.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_hash_generation(
        &mut self,
        generation: HashGeneration,
    ) -> Result<i64, StoreError> {
        self.step()?;
        let query = sql(
            "INSERT INTO hash_generations (memory_kib, passes, pepper, created) \
             VALUES ($1, $2, $3, $4) RETURNING id",
        )
        .int(generation.cost.memory_kib().into())
        .int(generation.cost.passes().into())
        .id(generation.pepper)
        .time(self.store().now());
        let id = self
            .fetch_one(query)
            .await?
            .ok_or(StoreError::Missing)?
            .read("hash_generations")
            .int()?;
        self.changed(Change::Keys);
        self.done(Action::ChangeHash, None, id);
        Ok(id)
    }

    /// Ends a hash generation with all verifiers that use it.
    ///
    /// # Errors
    /// [`StoreError::Missing`].
    pub async fn retire_hash_generation(&mut self, id: i64) -> Result<(), StoreError> {
        self.step()?;
        let row = sql("DELETE FROM hash_generations WHERE id = $1");
        self.execute_one(row.int(id)).await?;
        let batch = || {
            sql("DELETE FROM credentials WHERE (account_id, id) IN \
                 (SELECT account_id, id FROM credentials \
                  WHERE hash_generation = $1 AND kind <> 'api_key' LIMIT 5000)")
        };
        self.exhaust(|| batch().int(id)).await?;
        self.changed(Change::Keys);
        self.done(Action::ChangeHash, None, id);
        Ok(())
    }
}
