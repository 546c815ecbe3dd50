//! SIGHUP: the configuration is read again, judged whole, and exchanged at once or not at all.

use doorward::config::{Loaded, Settings, Sources, keys};
use doorward::log::Level;
use doorward_core::secret::{self, SecretText};
use doorward_gateway::tls;
use toml::Table;

use crate::fail::{Fail, Outcome};
use crate::running::Running;
use crate::{pins, wiring};

/// Keys, or sections, that can change while the server runs.
const LIVE: [&str; 26] = [
    "log.level",
    "origins",
    "rights",
    "trust.proxies",
    "trust.allow_any_proxy",
    "check.peers",
    SECRET_FILE,
    "check.allow_any_peer",
    TABLES,
    "listen.allow_plaintext",
    "tls.cert",
    "tls.key",
    "tls.client_ca",
    "crossbar.enabled",
    "crossbar.hosts",
    "crossbar.account",
    "crossbar.v1",
    "crossbar.language",
    "crossbar.max_body",
    "funnelback.enabled",
    "funnelback.hosts",
    "funnelback.account",
    "funnelback.token_lifetime",
    "funnelback.cookie_same_site",
    "funnelback.admin_basic",
    "crossbar.foreign",
];

/// Stands for `[[api]]`, `[[identity]]` and `[upstream.NAME]`.
const TABLES: &str = "api, identity and upstream";

/// The key of a file that is read anew.
const SECRET_FILE: &str = "check.secret_file";

/// The configuration in force.
pub(crate) struct Reload {
    loaded: Loaded,
    level: Level,
    /// What `check.secret_file` held: the text may change while the key stays.
    secret: Option<SecretText>,
}

impl Reload {
    /// With the configuration of the start.
    pub(crate) fn new(loaded: Loaded, level: Level, secret: Option<SecretText>) -> Self {
        Self {
            loaded,
            level,
            secret,
        }
    }

    /// Reads the configuration again; what is wrong with it is logged and changes nothing.
    pub(crate) async fn run(&mut self, sources: Sources, running: &Running) {
        match self.exchange(sources, running).await {
            Ok(changed) => tracing::info!(changed = changed.join(", "), "configuration reloaded"),
            Err(fail) => {
                tracing::error!(problem = %fail, "configuration not reloaded, nothing changed");
            }
        }
    }

    async fn exchange(
        &mut self,
        sources: Sources,
        running: &Running,
    ) -> Outcome<Vec<&'static str>> {
        let new = Settings::load(sources)
            .map_err(|problems| Fail::new(problems.to_string().replace('\n', "; ")))?;
        let mut changed = changed(&self.loaded, &new);
        let mut fixed: Vec<_> = changed
            .iter()
            .copied()
            .filter(|key| !LIVE.contains(key))
            .collect();
        if new.settings.tls.is_some() != running.tls.is_some() {
            fixed.push("tls");
        }
        if !fixed.is_empty() {
            return Err(Fail::new(format!("restart to change {}", fixed.join(", "))));
        }
        let meanings = pins::resolve(running.opened(), &new.settings).await?;
        let wire = wiring::wire(&new.settings, &meanings)?;
        let tls = new
            .settings
            .tls
            .as_ref()
            .map(tls::Server::load)
            .transpose()?;
        let secret = wire.check.peers.secret.clone();
        if !changed.contains(&SECRET_FILE) && !is_same(self.secret.as_ref(), secret.as_ref()) {
            changed.push(SECRET_FILE);
        }
        self.level.set(&new.settings.log).map_err(Fail::new)?;
        if let Err(fail) = meanings.keep(running.opened()).await {
            self.level
                .set(&self.loaded.settings.log)
                .map_err(Fail::new)?;
            return Err(fail);
        }
        if let (Some(running), Some(tls)) = (&running.tls, tls) {
            running.adopt(&tls);
            tracing::info!("certificates read anew");
        }
        running.front.exchange(wire);
        (self.loaded, self.secret) = (new, secret);
        Ok(changed)
    }
}

fn is_same(one: Option<&SecretText>, other: Option<&SecretText>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => {
            secret::equal(one.expose().as_bytes(), other.expose().as_bytes())
        }
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// The keys whose values differ, as shown: a secret that differs in its masked part alone does not
/// count, and is used from the next start on.
fn changed(old: &Loaded, new: &Loaded) -> Vec<&'static str> {
    let tables = (old.show_tables() != new.show_tables()).then_some(TABLES);
    let (old, new) = (shown(old), shown(new));
    keys()
        .map(|key| key.name)
        .filter(|name| value(&old, name) != value(&new, name))
        .chain(tables)
        .collect()
}

fn shown(loaded: &Loaded) -> Table {
    loaded.show().parse().unwrap_or_default()
}

fn value<'t>(table: &'t Table, name: &str) -> Option<&'t toml::Value> {
    match name.split_once('.') {
        Some((section, key)) => table.get(section)?.get(key),
        None => table.get(name),
    }
}
