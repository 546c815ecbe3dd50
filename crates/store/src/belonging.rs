//! Which master key a store belongs to.
//!
//! Every generation that may have sealed something is on record, with a value sealed by it. A master key that lacks one
//! of them, or holds another key under its id, could not open everything: it is refused before anything else is read.

use doorward_core::hex;

use crate::query::sql;
use crate::seal::{Place, Purpose};
use crate::{OpenError, Store, StoreError};

const CHECK: &[u8] = b"doorward";

/// Checks the key, and puts its newest generation on record.
pub(crate) async fn check(store: &Store) -> Result<(), OpenError> {
    let newest = hex::encode(&store.sealer().newest());
    if verify(store, known(store).await?, &newest)? {
        return Ok(());
    }
    // Under the lock, because two processes with different keys may open an empty store at once.
    let mut open = store.begin().await?;
    open.lock_tree().await.map_err(StoreError::from)?;
    let rows = open.fetch(select()).await.map_err(StoreError::from)?;
    let rows = rows.into_iter().map(read).collect::<Result<_, _>>()?;
    if !verify(store, rows, &newest)? {
        let sealed = store.sealer().seal(place(&[newest.as_bytes()]), CHECK)?;
        let query = sql("INSERT INTO master_keys (id, check_value, created) VALUES ($1, $2, $3)");
        open.execute(query.text(&newest).bytes(sealed).time(store.now()))
            .await
            .map_err(StoreError::from)?;
    }
    open.commit().await.map_err(StoreError::from)?;
    Ok(())
}

fn place<'a>(row: &'a [&'a [u8]]) -> Place<'a> {
    Place {
        purpose: Purpose::Check,
        table: "master_keys",
        row,
    }
}

fn select() -> crate::query::Query {
    sql("SELECT id, check_value FROM master_keys")
}

fn read(row: crate::query::Row) -> Result<(String, Vec<u8>), StoreError> {
    let mut columns = row.read("master_keys");
    Ok((columns.text()?, columns.bytes()?))
}

async fn known(store: &Store) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    store.fetch(select()).await?.into_iter().map(read).collect()
}

/// Whether the newest generation is on record; an error if one on record does not open.
fn verify(store: &Store, rows: Vec<(String, Vec<u8>)>, newest: &str) -> Result<bool, OpenError> {
    let mut found = false;
    for (id, sealed) in rows {
        match store.sealer().open(place(&[id.as_bytes()]), &sealed) {
            Ok(value) if value.expose() == CHECK => found |= id == newest,
            _ => return Err(OpenError::WrongMasterKey),
        }
    }
    Ok(found)
}
