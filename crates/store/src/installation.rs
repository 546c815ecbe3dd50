//! The installation's one row, and the pins of configured names.

use doorward_core::hex;

use crate::query::{Row, sql, sql_locked};
use crate::seal::{Place, Purpose, Sealer};
use crate::{Action, Change, Conflict, Pin, Store, StoreError, System, Write};

const TABLE: &str = "installation";
const PLACE: Place<'static> = Place {
    purpose: Purpose::SignatureSecret,
    table: TABLE,
    row: &[],
};

fn read(row: Row, sealer: &Sealer) -> Result<System, StoreError> {
    let mut columns = row.read(TABLE);
    Ok(System {
        generation: columns.count()?,
        signature_secret: sealer.open_text(PLACE, &columns.bytes()?)?,
        root: columns.parsed()?,
        installation: hex::decode(&columns.text()?)
            .ok_or_else(|| columns.wrong("the installation's id has not its form"))?,
    })
}

impl Store {
    /// The row about the installation; `None` before it was founded.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn system(&self) -> Result<Option<System>, StoreError> {
        let query =
            sql("SELECT generation, signature_secret, root, installation FROM installation");
        self.fetch_one(query)
            .await?
            .map(|row| read(row, self.sealer()))
            .transpose()
    }

    /// The pins of configured names.
    ///
    /// # Errors
    /// As every question: [`StoreError`].
    pub async fn pins(&self) -> Result<Vec<Pin>, StoreError> {
        self.fetch(sql(
            "SELECT key, text, account_id, user_id FROM pins ORDER BY key",
        ))
        .await?
        .into_iter()
        .map(|row| {
            let mut columns = row.read("pins");
            Ok(Pin {
                key: columns.text()?,
                text: columns.text()?,
                account: columns.parsed()?,
                user: columns.parsed_if()?,
            })
        })
        .collect()
    }
}

impl Write {
    /// Founds the installation: its one row.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it is founded already.
    pub async fn found(&mut self, system: &System) -> Result<(), StoreError> {
        self.step()?;
        let secret = system.signature_secret.expose().as_bytes();
        let query = sql(
            "INSERT INTO installation (only_row, generation, signature_secret, root, installation) \
             VALUES (1, $1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .count(system.generation)
        .bytes(self.sealer().seal(PLACE, secret)?)
        .id(system.root)
        .text(&hex::encode(&system.installation));
        if self.execute(query).await? == 0 {
            return Err(StoreError::Conflict(Conflict::Row));
        }
        self.changed(Change::System);
        self.done(
            Action::FoundStore,
            Some(system.root),
            hex::encode(&system.installation),
        );
        Ok(())
    }

    /// The installation's row, locked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn system(&mut self) -> Result<Option<System>, StoreError> {
        let query = sql_locked!(
            "SELECT generation, signature_secret, root, installation FROM installation"
        );
        self.fetch_one(query)
            .await?
            .map(|row| read(row, self.sealer()))
            .transpose()
    }

    /// Changes the system's generation and secret.
    ///
    /// # Errors
    /// [`StoreError::Missing`] before it was founded.
    pub async fn update_system(
        &mut self,
        action: Action,
        system: &System,
    ) -> Result<(), StoreError> {
        self.step()?;
        let secret = system.signature_secret.expose().as_bytes();
        let query = sql("UPDATE installation SET generation = $1, signature_secret = $2")
            .count(system.generation)
            .bytes(self.sealer().seal(PLACE, secret)?);
        self.execute_one(query).await?;
        self.changed(Change::System);
        self.done(action, None, hex::encode(&system.installation));
        Ok(())
    }

    /// Sets what a configured name means.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_pin(&mut self, pin: &Pin) -> Result<(), StoreError> {
        self.step()?;
        let query = sql(
            "INSERT INTO pins (key, text, account_id, user_id) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (key) DO UPDATE SET text = excluded.text, account_id = excluded.account_id, \
             user_id = excluded.user_id",
        );
        let query = query.text(&pin.key).text(&pin.text).id(pin.account);
        self.execute_one(query.text_if(pin.user.map(|user| user.to_string())))
            .await?;
        self.done(Action::SetPin, Some(pin.account), &pin.key);
        Ok(())
    }
}
