//! The layer of the environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::input::Input;
use super::{Entry, Key, Layer, MasterKey, Place, Problem, file, table, unknown};

const PREFIX: &str = "DOORWARD_";

/// Variables of ours that are no keys.
const DATA: &str = "DOORWARD_DATA";
const CONFIG: &str = "DOORWARD_CONFIG";
const MASTER_KEY: &str = "DOORWARD_MASTER_KEY";
const MASTER_KEY_FILE: &str = "DOORWARD_MASTER_KEY_FILE";

/// Left to the project's own tests.
const TEST_PREFIX: &str = "DOORWARD_TEST_";

/// Our part of the environment.
pub(super) struct Environment(BTreeMap<String, String>);

impl Environment {
    pub(super) fn new(variables: Vec<(String, String)>) -> Self {
        let ours = |(name, value): &(String, String)| {
            name.starts_with(PREFIX)
                && !name.starts_with(TEST_PREFIX)
                && !is_service_link(name, value)
        };
        Self(variables.into_iter().filter(ours).collect())
    }

    pub(super) fn data(&self) -> Option<PathBuf> {
        self.path(DATA)
    }

    pub(super) fn config(&self) -> Option<PathBuf> {
        self.path(CONFIG)
    }

    /// Where the master key comes from, and a problem if two variables disagree about it.
    pub(super) fn master_key(&self, data: &Path) -> Result<MasterKey, Problem> {
        match (self.0.get(MASTER_KEY), self.path(MASTER_KEY_FILE)) {
            (Some(_), Some(_)) => Err(both(MASTER_KEY, MASTER_KEY_FILE, None)),
            (Some(text), None) => Ok(MasterKey::Text(text.clone().into())),
            (None, Some(path)) => Ok(MasterKey::File(path)),
            (None, None) => Ok(MasterKey::DataFolder(data.join("master.key"))),
        }
    }

    /// The values of keys.
    pub(super) fn layer(&self) -> Layer {
        let mut layer = Layer::default();
        for (name, text) in &self.0 {
            if [DATA, CONFIG, MASTER_KEY, MASTER_KEY_FILE].contains(&name.as_str()) {
                continue;
            }
            match self.entry(name, text) {
                Ok(entry) => layer.entries.push(entry),
                Err(problem) => layer.problems.push(problem),
            }
        }
        layer
    }

    fn entry(&self, name: &str, text: &str) -> Result<Entry, Problem> {
        let place = Place::Environment(unknown::printable(name));
        if let Some(key) = table::keys().find(|key| key.variable() == name) {
            return Ok(Entry {
                key,
                input: Input::Bare(text.to_owned()),
                place,
            });
        }
        let Some(key) = secret_in_file(name) else {
            return Err(Problem {
                place,
                key: None,
                message: unknown::environment(name),
            });
        };
        if self.0.contains_key(&key.variable()) {
            return Err(both(&key.variable(), name, Some(key)));
        }
        match file::read_text(Path::new(text)) {
            Ok(secret) => {
                // Editors and `echo` end a file with a newline that is no part of the secret.
                let secret = secret.trim_end_matches(['\r', '\n']).to_owned();
                Ok(Entry {
                    key,
                    input: Input::Bare(secret),
                    place,
                })
            }
            Err(message) => Err(Problem {
                place,
                key: Some(key.name.to_owned()),
                message,
            }),
        }
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        // `NAME= command` is how a shell user unsets a variable for one command.
        self.0
            .get(name)
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
    }
}

/// Whether Kubernetes or Docker made this variable: both tell every container where the service
/// called "doorward" (or "doorward-ops", …) is, in variables that look like ours.
fn is_service_link(name: &str, value: &str) -> bool {
    let numbered_port = |(_, rest): (&str, &str)| rest.starts_with(|c: char| c.is_ascii_digit());
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.split_once("_PORT_").is_some_and(numbered_port)
        || (name.ends_with("_PORT") && (value.starts_with("tcp://") || value.starts_with("udp://")))
}

/// The key whose secret stands in a file named by this variable.
fn secret_in_file(name: &str) -> Option<&'static Key> {
    let variable = name.strip_suffix("_FILE")?;
    table::keys().find(|key| key.kind.may_hold_secret() && key.variable() == variable)
}

fn both(variable: &str, file_variable: &str, key: Option<&Key>) -> Problem {
    Problem {
        place: Place::Environment(file_variable.to_owned()),
        key: key.map(|key| key.name.to_owned()),
        message: format!("{variable} is set as well; set only one of them"),
    }
}
