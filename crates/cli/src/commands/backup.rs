//! `doorward backup`: a consistent copy of an embedded store, also while it is being written to.

use std::fs;

use doorward::config::StoreUrl;
use serde_json::json;

use crate::args::Backup;
use crate::data::Undo;
use crate::fail::{Fail, Outcome};
use crate::output::{self, Format};
use crate::{master, wiring};

pub(crate) async fn run(args: Backup) -> Outcome {
    let settings = wiring::load(&args.place)?.settings;
    if !matches!(settings.store.url, StoreUrl::Sqlite(_)) {
        return Err(Fail::new("a PostgreSQL store is backed up with pg_dump"));
    }
    if fs::symlink_metadata(&args.file).is_ok() {
        return Err(Fail::new(format!("{} exists already", args.file.display()))
            .hint("choose another name; a backup never replaces a file"));
    }
    let opened = wiring::open_for_command(&settings).await?;
    opened
        .engine
        .store()
        .backup(&args.file)
        .await
        .map_err(|error| {
            Fail::from(anyhow::Error::new(error).context("the backup was not made"))
        })?;
    opened.close().await;
    let mut undo = Undo::default();
    undo.file(args.file.clone());

    // What cannot be opened is no backup.
    let master = master::load(&settings.master_key)?;
    let copy = wiring::open_store(&wiring::options_of_file(&settings, &args.file), &master).await?;
    copy.close().await;
    undo.keep();
    let bytes = fs::metadata(&args.file).map_or(0, |found| found.len());
    output::object(
        Format::choose(args.json.json),
        &json!({"file": args.file.display().to_string(), "bytes": bytes}),
    )
}
