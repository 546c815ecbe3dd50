//! `doorward restore`: a backup in the place of an embedded store. The old store stays whole until the
//! new one is on the disk, and is kept beside it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use doorward::config::{Settings, StoreUrl};
use doorward_engine::{Engine, system_clock, system_random};
use doorward_store::{Actor, OpenError, Store};
use serde_json::json;

use crate::args::Restore;
use crate::data::{DataFolder, Undo, create_private, sync_folder};
use crate::fail::{Fail, Outcome};
use crate::output::{self, Format};
use crate::{master, wiring};

/// What SQLite keeps beside a store.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

pub(crate) async fn run(args: Restore) -> Outcome {
    let settings = wiring::load(&args.place)?.settings;
    let StoreUrl::Sqlite(store) = &settings.store.url else {
        return Err(Fail::new("a PostgreSQL store is restored with pg_restore"));
    };
    let source = File::open(&args.file).map_err(|error| Fail::file("read", &args.file, error))?;
    let mut undo = Undo::default();
    let folder = DataFolder::new(&settings.data);
    folder.create(&mut undo)?;
    let lock = folder.take()?;
    if store.exists() && !args.force {
        return Err(
            Fail::new(format!("there is a store at {} already", store.display()))
                .hint("add --force to put the backup in its place; the old one is kept beside it"),
        );
    }

    let copy = with_suffix(store, ".restoring");
    for suffix in ["", "-wal", "-shm", "-journal"] {
        undo.file(with_suffix(&copy, suffix));
    }
    copy_to(source, &copy).map_err(|error| Fail::file("write", &copy, error))?;
    prepare(&settings, &copy, args.keep_tokens).await?;
    let replaced = put_in_place(&copy, store)?;
    undo.keep();
    drop(lock);
    output::object(
        Format::choose(args.json.json),
        &json!({
            "store": store.display().to_string(),
            "tokens_kept": args.keep_tokens,
            "replaced": replaced.map(|path| path.display().to_string()),
        }),
    )
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn copy_to(mut source: File, copy: &Path) -> io::Result<()> {
    let mut file = create_private(copy)?;
    io::copy(&mut source, &mut file)?;
    file.sync_all()
}

/// Makes sure that the copy is a store of this master key, and ends the tokens of the past in it.
async fn prepare(settings: &Settings, copy: &Path, keep_tokens: bool) -> Outcome {
    let master = master::load(&settings.master_key)?;
    let options = wiring::options_of_file(settings, copy);
    let store = wiring::open_store(&options, &master)
        .await
        .map_err(|fail| match fail.cause::<OpenError>() {
            Some(OpenError::WrongMasterKey) => {
                Fail::new("this backup was made with another master key; nothing was changed")
                    .hint("put the master.key that belongs to it into the data folder first")
            }
            Some(OpenError::Corrupt { .. }) => {
                Fail::new("this file is not a backup of doorward, or damaged; nothing was changed")
            }
            _ => fail,
        })?;
    let prepared = end_tokens(&store, settings, keep_tokens).await;
    store.close().await;
    prepared?;
    // The copy must be whole without what SQLite keeps beside it.
    if with_suffix(copy, "-wal")
        .metadata()
        .is_ok_and(|wal| wal.len() > 0)
    {
        return Err(Fail::new(
            "the copy could not be completed; nothing was changed",
        ));
    }
    File::open(copy)
        .and_then(|file| file.sync_all())
        .map_err(|error| Fail::file("write", copy, error))
}

/// Decision 20: what was issued or revoked since the backup is unknown to it.
async fn end_tokens(store: &Store, settings: &Settings, keep_tokens: bool) -> Outcome {
    let engine = Engine::open(
        store.clone(),
        wiring::command_settings(settings)?,
        system_clock(),
        system_random(),
    )
    .await?;
    if !keep_tokens {
        engine.mark_restored(Actor::operator()).await?;
    }
    engine.shutdown().await;
    Ok(())
}

/// Sets the old store aside, with what lies beside it, before the new one gets its name: at no moment
/// does either stand beside a log of the other.
fn put_in_place(copy: &Path, store: &Path) -> Outcome<Option<PathBuf>> {
    let aside = with_suffix(store, ".replaced");
    let failed = |error| Fail::file("replace", store, error);
    let had_one = store.exists();
    if had_one {
        for suffix in BESIDE {
            remove(&with_suffix(&aside, suffix)).map_err(failed)?;
        }
        fs::rename(store, &aside).map_err(failed)?;
    }
    for suffix in BESIDE {
        match fs::rename(with_suffix(store, suffix), with_suffix(&aside, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    sync_folder(store).map_err(failed)?;
    fs::rename(copy, store).map_err(failed)?;
    sync_folder(store).map_err(failed)?;
    Ok(had_one.then_some(aside))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
