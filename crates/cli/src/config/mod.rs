//! The configuration: defaults, file, environment and flags, checked as a whole.
//!
//! [`Settings::load`] reads all layers, reports every problem at once, and returns settings in
//! which nothing is text that still has to be understood. Secrets are masked wherever a value is
//! shown; a message never repeats a value that may hold one.

mod accept;
mod check;
mod duration;
mod environment;
mod file;
mod guarded;
mod input;
mod key;
mod master_key;
mod problem;
mod reference;
mod rows;
mod section;
mod settings;
mod shape;
mod show;
mod size;
mod store_url;
mod table;
mod unknown;
mod upstream;
mod value;

use std::fmt;
use std::path::PathBuf;

pub use duration::parse_duration;
pub use guarded::{ApiSettings, Guarded, IdentitySettings, Mapped};
pub use key::{DefaultValue, Form, Key, Kind, Shape, Table};
pub use master_key::MasterKey;
pub use problem::{Place, Problem, Problems};
pub use reference::reference;
pub use section::cache::Cache;
pub use section::check::Check;
pub use section::crossbar::{BasicAuthType, Crossbar, UserLevel};
pub use section::funnelback::{CookieSameSite, Funnelback};
pub use section::hash::Hash;
pub use section::limits::Limits;
pub use section::listen::Listen;
pub use section::log::{Log, LogFormat};
pub use section::record::Record;
pub use section::store::{Outage, Store};
pub use section::tokens::Tokens;
pub use section::trust::Trust;
pub use settings::{Loaded, Settings};
pub use show::Meant;
pub use store_url::StoreUrl;
pub use table::{keys, tables};
pub use upstream::{TlsFiles, Upstream};

/// What a configuration is made from, besides the defaults.
#[derive(Default)]
pub struct Sources {
    /// `--config`. Without it `DOORWARD_CONFIG`, then `doorward.toml` in the data folder if there
    /// is one.
    pub file: Option<PathBuf>,
    /// The environment; variables that do not start with `DOORWARD_` are ignored.
    pub environment: Vec<(String, String)>,
    /// `--data`. Without it `DOORWARD_DATA`, then `./doorward-data`.
    pub data: Option<PathBuf>,
    /// `--listen`, in the place of `listen.public`; empty: not given.
    pub listen: Vec<String>,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    Set(Place),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            // The column helps to find a mistake; to find a value the line is enough.
            Self::Set(Place::File { path, line, .. }) => {
                write!(f, "file {}:{line}", path.display())
            }
            Self::Set(place) => place.fmt(f),
        }
    }
}

/// A value as written, for a key we know.
struct Entry {
    key: &'static Key,
    input: input::Input,
    place: Place,
}

/// What one layer says, and what is wrong with it.
#[derive(Default)]
struct Layer {
    entries: Vec<Entry>,
    /// Tables that are written more than once; of the file only.
    rows: Vec<rows::Written>,
    problems: Vec<Problem>,
}
