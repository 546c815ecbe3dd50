//! The settings the rest of the program sees, and their making.

use std::path::{Path, PathBuf};
use std::time::Duration;

use doorward_gateway::address::ListenAddr;
use doorward_gateway::tls::Files;
use ipnet::IpNet;

use super::check::check;
use super::environment::Environment;
use super::input::Input;
use super::rows::{self, Row};
use super::section::funnelback::TWO_WEEKS;
use super::section::tls;
use super::value::{Mismatch, Values};
use super::{
    Cache, Check, Crossbar, Entry, Funnelback, Guarded, Hash, Layer, Limits, Listen, Log,
    MasterKey, Origin, Place, Problem, Problems, Record, Sources, Store, StoreUrl, Tokens, Trust,
    file, table,
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
    /// `[tls]`; none: in the clear.
    pub tls: Option<Files>,
    /// `[store]`
    pub store: Store,
    /// `[trust]`
    pub trust: Trust,
    /// `[crossbar]`
    pub crossbar: Crossbar,
    /// `[funnelback]`
    pub funnelback: Funnelback,
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
    /// `[check]`
    pub check: Check,
    /// `[record]`
    pub record: Record,
    /// Our public addresses.
    pub origins: Vec<String>,
    /// `[[api]]`, `[[identity]]`, `[upstream.NAME]`, `rights`.
    pub guarded: Guarded,
}

/// Settings that remember where each value came from.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
    pub(super) values: Values,
    pub(super) rows: Vec<Row>,
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
        let (values, rows, mut problems) = merge(layers);
        problems.extend(together(&values));
        let master_key = environment
            .master_key(&data)
            .map_err(|problem| problems.push(problem));
        let guarded = match Guarded::build(&values, &rows) {
            Ok((guarded, found)) => {
                problems.extend(found);
                guarded
            }
            Err(mismatch) => return Err(Problems::new(vec![internal(&mismatch)])),
        };
        match (
            Self::build(&values, data, master_key.ok(), guarded),
            problems.is_empty(),
        ) {
            (Ok(Some(settings)), true) => Ok(Loaded {
                settings,
                file,
                values,
                rows,
            }),
            (Err(mismatch), true) => Err(Problems::new(vec![internal(&mismatch)])),
            _ => Err(Problems::new(problems)),
        }
    }

    fn build(
        values: &Values,
        data: PathBuf,
        master_key: Option<MasterKey>,
        guarded: Guarded,
    ) -> Result<Option<Self>, Mismatch> {
        let Some(master_key) = master_key else {
            return Ok(None);
        };
        Ok(Some(Self {
            shutdown_grace: values.read("shutdown_grace")?,
            listen: Listen::build(values)?,
            tls: tls::build(values, &data)?,
            store: Store::build(values, &data)?,
            trust: Trust::build(values)?,
            crossbar: Crossbar::build(values)?,
            funnelback: Funnelback::build(values)?,
            tokens: Tokens::build(values)?,
            hash: Hash::build(values)?,
            cache: Cache::build(values)?,
            limits: Limits::build(values)?,
            log: Log::build(values)?,
            check: Check::build(values, &data)?,
            record: Record::build(values)?,
            origins: values.read("origins")?,
            guarded,
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
        ..Layer::default()
    }
}

fn merge(layers: [Layer; 3]) -> (Values, Vec<Row>, Vec<Problem>) {
    let mut values = rows::defaults(table::keys());
    let mut rows = Vec::new();
    let mut problems = Vec::new();
    for layer in layers {
        problems.extend(layer.problems);
        for written in layer.rows {
            rows.push(rows::checked(written, &mut problems));
        }
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
    (Values(values), rows, problems)
}

/// What is wrong only with several values seen together.
fn together(values: &Values) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let (Ok(StoreUrl::Sqlite(_)), Ok(Some(_))) = (
        values.read("store.url"),
        values.read::<Option<StoreUrl>>("store.feed_url"),
    ) {
        problems.push(at(
            values,
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
    if ops
        .iter()
        .any(|address| public.contains(address) && !chosen_by_system(address))
    {
        problems.push(at(
            values,
            "listen.ops",
            "the same address as in listen.public; choose another",
        ));
    }
    problems.extend(encrypted(values));
    problems.extend(asking(values, &[public.as_slice(), &ops].concat()));
    let lifetime = values.read::<Duration>("funnelback.token_lifetime");
    if lifetime.is_ok_and(|lifetime| lifetime > TWO_WEEKS) {
        problems.push(at(
            values,
            "funnelback.token_lifetime",
            "no token lives longer than 14d",
        ));
    }
    if public.is_empty() {
        problems.push(at(
            values,
            "listen.public",
            "no address; write at least one",
        ));
    }
    problems
}

/// A certificate is nothing without its key, nor the other way round, nor anybody's without both.
fn encrypted(values: &Values) -> Vec<Problem> {
    let is_set = |key| {
        let path = values.read::<Option<String>>(key);
        path.is_ok_and(|path| path.is_some())
    };
    let needs = |key, other: &str| at(values, key, &format!("that needs {other}"));
    let (cert, key) = (is_set(tls::CERT), is_set(tls::KEY));
    let mut problems = Vec::new();
    if cert != key {
        problems.push(if cert {
            needs(tls::CERT, tls::KEY)
        } else {
            needs(tls::KEY, tls::CERT)
        });
    }
    if is_set(tls::CLIENT_CA) && !cert && !key {
        problems.push(needs(tls::CLIENT_CA, "tls.cert and tls.key"));
    }
    problems
}

/// What is wrong with who may ask and who is believed; `taken` are the other listeners' addresses.
fn asking(values: &Values, taken: &[ListenAddr]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let check = values
        .read::<Vec<ListenAddr>>("listen.check")
        .unwrap_or_default();
    let is_taken = |address: &&ListenAddr| taken.contains(address);
    if check.iter().filter(is_taken).any(|a| !chosen_by_system(a)) {
        problems.push(at(
            values,
            "listen.check",
            "the same address as another listener's; choose another",
        ));
    }
    let unset = |key| {
        values
            .read::<Option<String>>(key)
            .unwrap_or_default()
            .is_none()
    };
    let peers = values
        .read::<Vec<String>>("check.peers")
        .unwrap_or_default();
    if !check.is_empty() && peers.is_empty() && unset("check.secret_file") {
        problems.push(at(
            values,
            "listen.check",
            "nobody may ask there; set check.peers or check.secret_file",
        ));
    }
    let proxies = values
        .read::<Vec<IpNet>>("trust.proxies")
        .unwrap_or_default();
    let peers: Vec<IpNet> = peers.iter().filter_map(|peer| peer.parse().ok()).collect();
    for (networks, key, switch) in [
        (peers, "check.peers", "check.allow_any_peer"),
        (proxies, "trust.proxies", "trust.allow_any_proxy"),
    ] {
        // Joined first: two halves are everybody too.
        let networks = IpNet::aggregate(&networks);
        let everybody = networks.iter().any(|network| network.prefix_len() == 0);
        if everybody && !values.read(switch).unwrap_or(false) {
            let message = format!("that is everybody; name your proxies, or set {switch}");
            problems.push(at(values, key, &message));
        }
    }
    problems
}

fn chosen_by_system(address: &ListenAddr) -> bool {
    matches!(address, ListenAddr::Tcp(address) if address.port() == 0)
}

fn at(values: &Values, key: &'static str, message: &str) -> Problem {
    Problem {
        place: values.place(key).cloned().unwrap_or(Place::Together),
        key: Some(key.to_owned()),
        message: message.to_owned(),
    }
}

fn internal(mismatch: &Mismatch) -> Problem {
    Problem {
        place: Place::Together,
        key: None,
        message: mismatch.to_string(),
    }
}
