//! `doorward config`: check a file, show what is in force, accept a changed meaning.

use std::path::PathBuf;

use doorward::config::Settings;
use doorward_store::Pin;
use serde_json::{Value, json};

use crate::args::{self, Place};
use crate::fail::{Fail, Outcome};
use crate::output::{self, Format};
use crate::pins::{self, Named};
use crate::wiring;

/// Columns of the list of pins.
const COLUMNS: [&str; 4] = ["key", "text", "account_id", "user_id"];

pub(crate) async fn run(command: args::Config) -> Outcome {
    match command {
        args::Config::Check { file, data } => check(file, data).await,
        args::Config::Show { place } => show(&place).await,
        args::Config::Pin {
            accept,
            place,
            json,
        } => {
            let format = Format::choose(json.json);
            match accept {
                Some(key) => accept_pin(&place, &key, format).await,
                None => list_pins(&place, format).await,
            }
        }
    }
}

/// Prints every problem on standard output, one a line, so that they can be counted and searched.
async fn check(file: PathBuf, data: Option<PathBuf>) -> Outcome {
    let shown = file.display().to_string();
    let place = Place {
        data,
        config: Some(file),
    };
    let loaded = match Settings::load(wiring::sources(&place, None)) {
        Ok(loaded) => loaded,
        Err(problems) => {
            output::line(&problems.to_string())?;
            let count = problems.iter().count();
            let s = if count == 1 { "" } else { "s" };
            return Err(Fail::new(format!("{shown} has {count} problem{s}")));
        }
    };
    let meant = pins::look_up(&loaded.settings).await?;
    for Named { key, text, .. } in pins::named(&loaded.settings) {
        if meant.get(&key).is_some_and(Option::is_none) {
            output::line(&format!(
                "{shown}: {key}: {text:?} is not resolved, for the store cannot be reached"
            ))?;
        }
    }
    output::line(&format!("{shown}: good"))
}

/// An account or a user that a key names is shown by its id, which is what `serve` goes by.
async fn show(place: &Place) -> Outcome {
    let loaded = wiring::load(place)?;
    let meant = pins::look_up(&loaded.settings).await?;
    output::text(&loaded.show_resolved(&meant))
}

async fn list_pins(place: &Place, format: Format) -> Outcome {
    let opened = wiring::open(place).await?;
    let pins = opened.engine.store().pins().await?;
    opened.close().await;
    output::list(format, pins.iter().map(view).collect(), &COLUMNS)
}

async fn accept_pin(place: &Place, key: &str, format: Format) -> Outcome {
    let settings = wiring::load(place)?.settings;
    let pin = pins::accept(&settings, key).await?;
    output::object(format, &view(&pin))
}

fn view(pin: &Pin) -> Value {
    json!({"key": pin.key, "text": pin.text, "account_id": pin.account, "user_id": pin.user})
}
