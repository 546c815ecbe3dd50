//! From the configuration to a running installation: store, engine, wire.

use std::path::Path;

use doorward::config::{
    self, BasicAuthType, CookieSameSite, Loaded, Outage, Problems, Settings, Sources, StoreUrl,
    UserLevel,
};
use doorward_core::account::Account;
use doorward_core::api::{AcceptMethod, Api, Members};
use doorward_core::credential::DigestKind;
use doorward_core::lane::Measure;
use doorward_core::route::Table;
use doorward_core::secret::SecretText;
use doorward_core::user::User;
use doorward_core::verifier::Cost;
use doorward_engine::{
    AdminError, Engine, FunnelbackSettings, Guarded, HashSettings, IdentityRule, LimitSettings,
    Mapped, RecordSettings, system_clock, system_random,
};
use doorward_server::{Check, CheckPeers, SameSite};
use doorward_store::{MasterKey, NameRule, Options, Store};
use secrecy::ExposeSecret as _;

use crate::args::Place;
use crate::data::{DataFolder, Lock};
use crate::fail::{Fail, Outcome};
use crate::master;
use crate::pins::Meanings;
use crate::upstreams;
use doorward::front::Wire;

/// Shortest secret of a proxy, in characters.
const MIN_SECRET: usize = 16;

/// Entries that a command remembers of each kind.
const COMMAND_CACHE: usize = 1000;

/// The configuration in force for a command.
pub(crate) fn load(place: &Place) -> Outcome<Loaded> {
    Settings::load(sources(place, None)).map_err(|problems| unusable(&problems))
}

/// What a configuration is made from.
pub(crate) fn sources(place: &Place, listen: Option<&str>) -> Sources {
    Sources {
        file: place.config.clone(),
        environment: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        data: place.data.clone(),
        listen: listen.map(str::to_owned).into_iter().collect(),
    }
}

/// Problems of a configuration as a failure: the first of them, and where to see the others.
pub(crate) fn unusable(problems: &Problems) -> Fail {
    let count = problems.iter().count();
    let fail = match problems.iter().next() {
        Some(first) => Fail::new(first),
        None => Fail::new("the configuration is not usable"),
    };
    if count > 1 {
        fail.hint(format!(
            "and {} more; see `doorward config check FILE`",
            count - 1
        ))
    } else {
        fail
    }
}

/// An opened installation.
pub(crate) struct Opened {
    /// The engine over it.
    pub(crate) engine: Engine,
    _lock: Option<Lock>,
}

/// Opens the installation for one command.
pub(crate) async fn open(place: &Place) -> Outcome<Opened> {
    open_for_command(&load(place)?.settings).await
}

/// Opens the installation with these settings for one command.
pub(crate) async fn open_for_command(settings: &Settings) -> Outcome<Opened> {
    let opened = Box::pin(open_as(settings, command_settings(settings)?)).await?;
    // Roles may grant the rights that the configuration lists; a token says whose it is by the account that signs in.
    let account = match &settings.funnelback.account {
        Some(text) => opened.engine.find_account(text).await.ok(),
        None => None,
    };
    opened.engine.guard(Guarded {
        rights: settings.guarded.rights.clone(),
        funnelback: account.map(|account| FunnelbackSettings {
            account: account.id,
            token_lifetime: settings.funnelback.token_lifetime,
        }),
        ..Guarded::default()
    });
    Ok(opened)
}

/// Opens the installation with these settings to serve.
pub(crate) async fn open_to_serve(settings: &Settings) -> Outcome<Opened> {
    open_as(settings, engine_settings(settings)?).await
}

async fn open_as(settings: &Settings, engine: doorward_engine::Settings) -> Outcome<Opened> {
    let lock = share(settings)?;
    let master = master::load(&settings.master_key)?;
    let store = open_store(&store_options(settings, Create::No), &master).await?;
    let engine = Engine::open(store, engine, system_clock(), system_random()).await?;
    Ok(Opened {
        engine,
        _lock: lock,
    })
}

/// Opens a store.
pub(crate) async fn open_store(options: &Options, master: &MasterKey) -> Outcome<Store> {
    Ok(Store::open(options, master, system_clock(), system_random()).await?)
}

/// The folder is only needed, and only locked, where something lies in it.
fn share(settings: &Settings) -> Outcome<Option<Lock>> {
    let in_folder = matches!(settings.store.url, StoreUrl::Sqlite(_))
        || matches!(settings.master_key, config::MasterKey::DataFolder(_));
    in_folder
        .then(|| DataFolder::new(&settings.data).share())
        .transpose()
}

impl Opened {
    /// Ends what was begun and closes the store.
    pub(crate) async fn close(self) {
        self.engine.shutdown().await;
        self.engine.store().close().await;
    }

    /// The account meant by an id, realm or name.
    pub(crate) async fn account(&self, text: &str) -> Outcome<Account> {
        self.engine
            .find_account(text)
            .await
            .map_err(|error| match error {
                AdminError::UnknownAccount => {
                    Fail::new(format!("there is no account {}", quoted(text)))
                        .hint("see `doorward account list`; an id, a realm or a name will do")
                }
                error => error.into(),
            })
    }

    /// The user of an account meant by an id or username.
    pub(crate) async fn user(&self, account: &Account, text: &str) -> Outcome<User> {
        self.engine
            .find_user(account.id, text)
            .await
            .map_err(|error| match error {
                AdminError::UnknownUser => {
                    let name = quoted(&account.name);
                    Fail::new(format!("the account {name} has no user {}", quoted(text)))
                        .hint(format!("see `doorward user list --account {}`", account.id))
                }
                error => error.into(),
            })
    }
}

/// A name in a message: quoted, escaped and cut.
pub(crate) fn quoted(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    format!("{short:?}")
}

/// Whether an absent store is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Create {
    /// By `init` only.
    Yes,
    /// By nobody else.
    No,
}

/// How to reach the store.
pub(crate) fn store_options(settings: &Settings, create: Create) -> Options {
    Options {
        url: url_text(&settings.store.url),
        data: settings.data.clone(),
        feed_url: settings.store.feed_url.as_ref().map(url_text),
        max_connections: settings.store.max_connections,
        statement_timeout: settings.store.statement_timeout,
        create: create == Create::Yes,
    }
}

/// How to reach another file than the configured one, with the same settings.
pub(crate) fn options_of_file(settings: &Settings, file: &Path) -> Options {
    Options {
        url: url_text(&StoreUrl::Sqlite(file.to_owned())),
        ..store_options(settings, Create::No)
    }
}

fn url_text(url: &StoreUrl) -> SecretText {
    match url {
        StoreUrl::Sqlite(path) => {
            // The path begins with the data folder already, which may be relative to where we are.
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            format!("sqlite:{}", path.display()).into()
        }
        StoreUrl::Postgres(url) => url.expose_secret().into(),
    }
}

/// What the engine is told.
pub(crate) fn engine_settings(settings: &Settings) -> Outcome<doorward_engine::Settings> {
    let measure = |failures| Measure {
        failures,
        window: settings.limits.window,
    };
    let crossbar = &settings.crossbar;
    Ok(doorward_engine::Settings {
        user_level: match crossbar.user_level {
            UserLevel::Own => doorward_core::right::UserLevel::Own,
            UserLevel::Kazoo => doorward_core::right::UserLevel::Kazoo,
        },
        names: if crossbar.unique_names {
            NameRule::Unique
        } else {
            NameRule::Shared
        },
        basic_digest: match crossbar.basic_auth_type {
            BasicAuthType::Md5 => DigestKind::Md5,
            BasicAuthType::Sha => DigestKind::Sha1,
        },
        allow_basic: crossbar.allow_basic,
        realm_suffix: crossbar.realm_suffix.clone(),
        token_lifetime: settings.tokens.lifetime,
        max_total_life: settings.tokens.max_total_life,
        hash: HashSettings {
            cost: Cost::new(settings.hash.memory_kib, settings.hash.time)
                .map_err(|error| Fail::new(format!("[hash] {error}")))?,
            threads: settings.hash.threads,
            queue: settings.hash.queue,
            deadline: settings.hash.deadline,
        },
        limits: LimitSettings {
            enabled: settings.limits.enabled,
            per_address: measure(settings.limits.failures_per_address),
            per_account_address: measure(settings.limits.failures_per_account_address),
            per_user_address: Measure {
                failures: settings.limits.failures_per_user_address,
                ..doorward_engine::Settings::default().limits.per_user_address
            },
        },
        cached_credentials: settings.cache.credentials,
        cached_accounts: settings.cache.accounts,
        cached_users: settings.cache.users,
        stale_grace: settings.store.stale_grace,
        record: RecordSettings {
            sample: settings.record.sample,
            refusals_per_second: settings.record.refusals_per_second,
            keep: settings.record.keep,
            keep_for: settings.record.keep_for,
        },
        outage: match settings.store.outage {
            Outage::Stale => doorward_engine::Outage::Stale,
            Outage::Closed => doorward_engine::Outage::Closed,
        },
    })
}

/// What the engine is told by a command, which asks a few questions and ends.
pub(crate) fn command_settings(settings: &Settings) -> Outcome<doorward_engine::Settings> {
    let mut engine = engine_settings(settings)?;
    engine.hash.threads = 1;
    engine.cached_credentials = COMMAND_CACHE;
    engine.cached_accounts = COMMAND_CACHE;
    engine.cached_users = COMMAND_CACHE;
    Ok(engine)
}

/// Everything the wire is told.
pub(crate) fn wire(settings: &Settings, meanings: &Meanings) -> Outcome<Wire> {
    let secret = settings.check.secret_file.as_deref().map(read_secret);
    Ok(Wire {
        settings: wire_settings(settings, meanings),
        guarded: guarded(settings, meanings)?,
        upstreams: upstreams::load(&settings.data, &settings.guarded.upstreams)?,
        exempt: [settings.trust.proxies.as_slice(), &settings.check.networks].concat(),
        check: Check {
            peers: CheckPeers {
                networks: settings.check.networks.clone(),
                unix: settings.check.unix,
                secret: secret.transpose()?,
            },
            trusted_proxies: settings.trust.proxies.clone(),
            allow_plaintext: settings.listen.allow_plaintext,
        },
    })
}

/// The guarded APIs, each with the account that its text means.
fn guarded(settings: &Settings, meanings: &Meanings) -> Outcome<Guarded> {
    let unresolved = |key: &str| Fail::new(format!("{key} was not resolved"));
    let account = |key: &str| meanings.account(key).ok_or_else(|| unresolved(key));
    let user = |key: &str| meanings.user(key).ok_or_else(|| unresolved(key));
    let configured = &settings.guarded;
    let apis = |is_foreign: bool| {
        let of_kind = configured.apis.iter();
        let of_kind = of_kind.filter(move |configured| configured.is_foreign == is_foreign);
        let apis = of_kind.map(|configured| {
            Ok(Api {
                account: account(&configured.key)?,
                ..configured.api.clone()
            })
        });
        table(apis.collect::<Outcome<_>>()?)
    };
    let identities = configured.identities.iter().map(|configured| {
        let named = configured.user.as_ref();
        Ok(IdentityRule {
            account: account(&configured.key)?,
            user: named.map(|_| user(&configured.user_key)).transpose()?,
            by: match &configured.by {
                config::Mapped::Ip(networks) => Mapped::Ip(networks.clone()),
                config::Mapped::CertSan(san) => Mapped::CertSan(san.clone()),
            },
        })
    });
    let identities: Vec<IdentityRule> = identities.collect::<Outcome<_>>()?;
    let (table, foreign) = (apis(false)?, apis(true)?);
    let mut all = table.apis().iter().chain(foreign.apis());
    if let Some(api) = all.find(|api| nobody_shows(api, &identities)) {
        return Err(Fail::new(format!(
            "api.{}.accept: \"mtls\" needs an [[identity]] with cert_san for the API's own account, for its members \
             are nobody else",
            api.name
        )));
    }
    Ok(Guarded {
        table,
        foreign,
        identities,
        rights: configured.rights.clone(),
        origins: settings.origins.clone(),
        funnelback: funnelback(settings, meanings).map(|funnelback| FunnelbackSettings {
            account: funnelback.account,
            token_lifetime: funnelback.token_lifetime,
        }),
        ..Guarded::default()
    })
}

fn table(apis: Vec<Api>) -> Outcome<Table> {
    Table::new(apis).map_err(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Fail::new(errors.join("; "))
    })
}

/// Whether an API wants certificates of its own account alone, and none stands for that.
fn nobody_shows(api: &Api, identities: &[IdentityRule]) -> bool {
    let fits =
        |rule: &IdentityRule| rule.account == api.account && matches!(rule.by, Mapped::CertSan(_));
    api.accept.names(AcceptMethod::Mtls)
        && api.members == Members::Account
        && !identities.iter().any(fits)
}

/// A secret in a file: everything up to the line's end.
fn read_secret(path: &Path) -> Outcome<SecretText> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Fail::new(format!("check.secret_file: {}: {error}", path.display())))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.len() < MIN_SECRET {
        return Err(Fail::new(format!(
            "check.secret_file: {} holds fewer than {MIN_SECRET} characters",
            path.display()
        ))
        .hint("put a random text there, such as the output of `openssl rand -hex 32`"));
    }
    Ok(text.into())
}

/// What the dialects are told.
fn wire_settings(settings: &Settings, meanings: &Meanings) -> doorward_server::Settings {
    let crossbar = &settings.crossbar;
    doorward_server::Settings {
        trusted_proxies: settings.trust.proxies.clone(),
        allow_plaintext: settings.listen.allow_plaintext,
        crossbar: crossbar.enabled.then(|| doorward_server::Crossbar {
            hosts: crossbar.hosts.clone(),
            account: meanings.of_crossbar(),
            v1: crossbar.v1,
            max_body: crossbar.max_body,
            language: crossbar.language.clone(),
            foreign: crossbar.foreign.clone(),
            ..doorward_server::Crossbar::default()
        }),
        funnelback: funnelback(settings, meanings),
    }
}

/// The Funnelback dialect, if it is on.
fn funnelback(settings: &Settings, meanings: &Meanings) -> Option<doorward_server::Funnelback> {
    let configured = &settings.funnelback;
    let account = meanings.of_funnelback()?;
    Some(doorward_server::Funnelback {
        hosts: configured.hosts.clone(),
        account,
        token_lifetime: configured.token_lifetime,
        same_site: match configured.cookie_same_site {
            CookieSameSite::Lax => SameSite::Lax,
            CookieSameSite::Strict => SameSite::Strict,
        },
        admin_basic: configured.admin_basic,
    })
}
