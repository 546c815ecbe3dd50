//! `doorward init`: the data folder, the master key, the root account and its first admin; all of it
//! or nothing.

use std::path::Path;

use doorward::config::{Settings, StoreUrl};
use doorward_core::name;
use doorward_engine::{Engine, Founded, Founding, StartError, system_clock, system_random};
use serde_json::json;

use crate::args::Init;
use crate::data::{DataFolder, Undo};
use crate::fail::{Fail, Outcome};
use crate::output::{self, Format};
use crate::prompt;
use crate::wiring::{self, Create};
use crate::{master, wiring::engine_settings};

pub(crate) async fn run(args: Init) -> Outcome {
    let settings = wiring::load(&args.place)?.settings;
    check_names(&args)?;
    let folder = DataFolder::new(&settings.data);
    refuse_second(&settings).await?;
    let password = prompt::new_password(args.password.password_stdin)?;

    let mut undo = Undo::default();
    folder.create(&mut undo)?;
    let lock = folder.take()?;
    let founding = Founding {
        account_name: args.account_name,
        realm: args.realm,
        username: args.username,
        password,
    };
    let founded = found(&settings, founding, &mut undo).await?;
    undo.keep();
    drop(lock);
    report(Format::choose(args.json.json), &settings.data, &founded)
}

/// Names are refused before anybody types a password for them.
fn check_names(args: &Init) -> Outcome {
    let refused = |flag: &str, error| Fail::new(format!("{flag} {error}"));
    name::check_account_name(&args.account_name).map_err(|e| refused("--account-name", e))?;
    name::realm(&args.realm).map_err(|e| refused("--realm", e))?;
    name::username(&args.username).map_err(|e| refused("--username", e))?;
    Ok(())
}

/// What a first try left behind that was killed on the way is no installation yet.
async fn refuse_second(settings: &Settings) -> Outcome {
    let is_there = match &settings.store.url {
        StoreUrl::Sqlite(path) => path.metadata().is_ok_and(|found| found.len() > 0),
        StoreUrl::Postgres(_) => false,
    };
    if !is_there {
        return Ok(());
    }
    let master = master::load(&settings.master_key)?;
    let options = wiring::store_options(settings, Create::No);
    let store = wiring::open_store(&options, &master).await?;
    let system = store.system().await?;
    store.close().await;
    system.map_or(Ok(()), |_| Err(already(&settings.data)))
}

fn already(data: &Path) -> Fail {
    Fail::new(format!(
        "there is an installation at {} already",
        data.display()
    ))
    .hint("add accounts with `doorward account create`, or name another folder with --data")
}

/// Founds the installation; what it makes on the way is noted in `undo`.
pub(super) async fn found(
    settings: &Settings,
    founding: Founding,
    undo: &mut Undo,
) -> Outcome<Founded> {
    let random = system_random();
    let master = master::found(&settings.master_key, &random, undo)?;
    if let StoreUrl::Sqlite(path) = &settings.store.url
        && !path.exists()
    {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let mut file = path.clone().into_os_string();
            file.push(suffix);
            undo.file(file.into());
        }
    }
    let options = wiring::store_options(settings, Create::Yes);
    let store = wiring::open_store(&options, &master).await?;
    let founded = Engine::found(
        store.clone(),
        engine_settings(settings)?,
        system_clock(),
        random,
        founding,
    )
    .await;
    let founded = match founded {
        Ok((engine, founded)) => {
            engine.shutdown().await;
            Ok(founded)
        }
        Err(StartError::NotEmpty) => Err(already(&settings.data)),
        Err(error) => Err(error.into()),
    };
    store.close().await;
    founded
}

fn report(format: Format, data: &Path, founded: &Founded) -> Outcome {
    if format == Format::Json {
        let object = json!({
            "account_id": founded.account.id,
            "user_id": founded.user.id,
            "api_key": founded.api_key.expose(),
        });
        return output::object(format, &object);
    }
    let username = founded.user.username.as_deref().unwrap_or_default();
    output::text(&format!(
        "\
Account   {account}  {name:?}
Admin     {user}  {username}
API key   {key}

Keep a copy of the master key and of backups in different places.

Next, serve and sign in:
  doorward serve --data {data}
  printf %s '{username}:PASSWORD' | md5sum
  curl -X PUT -H 'Content-Type: application/json' http://127.0.0.1:8000/v2/user_auth \\
    -d '{{\"data\":{{\"credentials\":\"THE MD5\",\"account_realm\":\"{realm}\"}}}}'
",
        data = shell_word(&data.display().to_string()),
        account = founded.account.id,
        name = founded.account.name,
        user = founded.user.id,
        key = founded.api_key.expose(),
        realm = founded.account.realm,
    ))
}

/// A text as one word of a shell.
pub(super) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@".contains(c);
    if text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
