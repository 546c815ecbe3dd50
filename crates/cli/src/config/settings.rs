//! The settings the rest of the program sees, and their making.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use doorward_gateway::address::ListenAddr;

use super::check::check;
use super::environment::Environment;
use super::input::Input;
use super::value::{Mismatch, Value, Values};
use super::{
    Cache, Crossbar, Entry, Hash, Layer, Limits, Listen, Log, MasterKey, Origin, Place, Problem,
    Problems, Sources, Store, StoreUrl, Tokens, Trust, file, table,
};

/// The data folder when nobody names one.
const DEFAULT_DATA: &str = "./doorward-data";

/// The configuration's name in the data folder.
const FILE_NAME: &str = "doorward.toml";

/// The checked configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The data folder.
    pub data: PathBuf,
    /// Where the master key comes from.
    pub master_key: MasterKey,
    /// How long requests in flight may take at the end.
    pub shutdown_grace: Duration,
    /// `[listen]`
    pub listen: Listen,
    /// `[store]`
    pub store: Store,
    /// `[trust]`
    pub trust: Trust,
    /// `[crossbar]`
    pub crossbar: Crossbar,
    /// `[tokens]`
    pub tokens: Tokens,
    /// `[hash]`
    pub hash: Hash,
    /// `[cache]`
    pub cache: Cache,
    /// `[limits]`
    pub limits: Limits,
    /// `[log]`
    pub log: Log,
}

/// Settings that remember where each value came from.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
    pub(super) values: Values,
}

impl Settings {
    /// Reads all layers: defaults, then the file, the environment and the flags, each over the
    /// ones before.
    ///
    /// # Errors
    ///
    /// Everything that is wrong in any layer, also in values that a later layer overrides.
    pub fn load(sources: Sources) -> Result<Loaded, Problems> {
        let environment = Environment::new(sources.environment);
        let data = sources
            .data
            .or_else(|| environment.data())
            .unwrap_or_else(|| DEFAULT_DATA.into());
        let file = sources
            .file
            .or_else(|| environment.config())
            .or_else(|| in_folder(&data));
        let layers = [
            file.as_deref().map(file::layer).unwrap_or_default(),
            environment.layer(),
            flags(&sources.listen),
        ];
        let (values, mut problems) = merge(layers);
        problems.extend(together(&values));
        let master_key = environment
            .master_key(&data)
            .map_err(|problem| problems.push(problem));
        match (
            Self::build(&values, data, master_key.ok()),
            problems.is_empty(),
        ) {
            (Ok(Some(settings)), true) => Ok(Loaded {
                settings,
                file,
                values,
            }),
            (Err(mismatch), true) => Err(Problems::new(vec![internal(&mismatch)])),
            _ => Err(Problems::new(problems)),
        }
    }

    fn build(
        values: &Values,
        data: PathBuf,
        master_key: Option<MasterKey>,
    ) -> Result<Option<Self>, Mismatch> {
        let Some(master_key) = master_key else {
            return Ok(None);
        };
        Ok(Some(Self {
            shutdown_grace: values.read("shutdown_grace")?,
            listen: Listen::build(values)?,
            store: Store::build(values, &data)?,
            trust: Trust::build(values)?,
            crossbar: Crossbar::build(values)?,
            tokens: Tokens::build(values)?,
            hash: Hash::build(values)?,
            cache: Cache::build(values)?,
            limits: Limits::build(values)?,
            log: Log::build(values)?,
            data,
            master_key,
        }))
    }
}

fn in_folder(data: &Path) -> Option<PathBuf> {
    let path = data.join(FILE_NAME);
    // Whatever is there but cannot be read must be reported, not passed over.
    path.symlink_metadata().is_ok().then_some(path)
}

fn flags(listen: &[String]) -> Layer {
    let key = table::find("listen.public").filter(|_| !listen.is_empty());
    let entry = |key| {
        let input = Input::List(listen.iter().cloned().map(Input::Text).collect());
        Entry {
            key,
            input,
            place: Place::Flag("--listen"),
        }
    };
    Layer {
        entries: key.map(entry).into_iter().collect(),
        problems: Vec::new(),
    }
}

fn merge(layers: [Layer; 3]) -> (Values, Vec<Problem>) {
    let mut values = BTreeMap::new();
    let mut problems = Vec::new();
    for key in table::keys() {
        let default = key
            .default_text()
            .map(|text| check(key.kind, &Input::Bare(text)));
        let value = default.unwrap_or(Ok(Value::Unset));
        values.insert(key.name, (value.unwrap_or(Value::Unset), Origin::Default));
    }
    for layer in layers {
        problems.extend(layer.problems);
        for Entry { key, input, place } in layer.entries {
            match check(key.kind, &input) {
                Ok(value) => {
                    values.insert(key.name, (value, Origin::Set(place)));
                }
                Err(message) => {
                    problems.push(Problem {
                        place,
                        key: Some(key.name.to_owned()),
                        message,
                    });
                }
            }
        }
    }
    (Values(values), problems)
}

/// What is wrong only with several values seen together.
fn together(values: &Values) -> Vec<Problem> {
    let at = |key: &'static str, message: &str| {
        let place = match values.0.get(key) {
            Some((_, Origin::Set(place))) => place.clone(),
            _ => Place::Together,
        };
        Problem {
            place,
            key: Some(key.to_owned()),
            message: message.to_owned(),
        }
    };
    let mut problems = Vec::new();
    if let (Ok(StoreUrl::Sqlite(_)), Ok(Some(_))) = (
        values.read("store.url"),
        values.read::<Option<StoreUrl>>("store.feed_url"),
    ) {
        problems.push(at(
            "store.feed_url",
            "store.url is SQLite, which needs none; remove this key",
        ));
    }
    let public = values
        .read::<Vec<ListenAddr>>("listen.public")
        .unwrap_or_default();
    let ops = values
        .read::<Vec<ListenAddr>>("listen.ops")
        .unwrap_or_default();
    let chosen_by_system = |a: &ListenAddr| matches!(a, ListenAddr::Tcp(a) if a.port() == 0);
    if ops
        .iter()
        .any(|address| public.contains(address) && !chosen_by_system(address))
    {
        problems.push(at(
            "listen.ops",
            "the same address as in listen.public; choose another",
        ));
    }
    if public.is_empty() {
        problems.push(at("listen.public", "no address; write at least one"));
    }
    problems
}

fn internal(mismatch: &Mismatch) -> Problem {
    Problem {
        place: Place::Together,
        key: None,
        message: mismatch.to_string(),
    }
}
