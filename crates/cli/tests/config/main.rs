//! Loading and showing configurations, and how they are refused.
#![expect(clippy::unwrap_used, reason = "a test's helper fails by panicking")]

mod guarded;
mod refused;
mod secrets;

use std::path::{Path, PathBuf};
use std::time::Duration;

use doorward::config::{
    BasicAuthType, Loaded, LogFormat, MasterKey, Outage, Problems, Settings, Sources, StoreUrl,
    UserLevel, reference,
};
use tempfile::TempDir;

const SECRET: &str = "hunter2";

struct Case {
    folder: TempDir,
    environment: Vec<(String, String)>,
    listen: Vec<String>,
}

impl Case {
    fn new(file: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("doorward.toml"), file).unwrap();
        Self {
            folder,
            environment: Vec::new(),
            listen: Vec::new(),
        }
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn listen(mut self, address: &str) -> Self {
        self.listen.push(address.to_owned());
        self
    }

    fn load(&self) -> Result<Loaded, Problems> {
        Settings::load(Sources {
            file: None,
            environment: self.environment.clone(),
            data: Some(self.folder.path().to_owned()),
            listen: self.listen.clone(),
        })
    }

    fn settings(&self) -> Settings {
        self.load().unwrap().settings
    }

    /// The problems as printed, the folder left out.
    fn problems(&self) -> Vec<String> {
        let folder = format!("{}/", self.folder.path().display());
        let printed = self.load().unwrap_err().to_string().replace(&folder, "");
        printed.lines().map(str::to_owned).collect()
    }
}

fn problem(file: &str) -> String {
    let problems = Case::new(file).problems();
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.first().unwrap().clone()
}

#[test]
fn defaults_are_the_documented_ones() {
    let case = Case::new("");
    let s = case.settings();
    assert_eq!(s.listen.public, ["127.0.0.1:8000".parse().unwrap()]);
    assert!(s.listen.ops.is_empty() && !s.listen.allow_plaintext);
    assert_eq!(
        s.store.url,
        StoreUrl::Sqlite(case.folder.path().join("doorward.db"))
    );
    assert_eq!(s.store.statement_timeout, Duration::from_secs(2));
    assert_eq!(
        (s.store.stale_grace, s.store.outage),
        (Duration::from_mins(1), Outage::Stale)
    );
    assert_eq!((s.store.max_connections, s.store.feed_url), (10, None));
    assert!(s.trust.proxies.is_empty());
    assert!(
        s.crossbar.enabled && s.crossbar.v1 && s.crossbar.unique_names && s.crossbar.allow_basic
    );
    assert_eq!(s.crossbar.user_level, UserLevel::Own);
    assert_eq!(s.crossbar.basic_auth_type, BasicAuthType::Md5);
    assert_eq!(s.crossbar.max_body, 8_000_000);
    assert_eq!(
        (s.crossbar.account, s.crossbar.language.as_str()),
        (None, "en-US")
    );
    assert_eq!(s.tokens.lifetime, Duration::from_hours(1));
    assert_eq!(s.tokens.max_total_life, Duration::from_hours(12));
    assert!(s.hash.threads >= 1);
    assert_eq!(
        (s.hash.queue, s.hash.memory_kib, s.hash.time),
        (64, 19456, 2)
    );
    assert_eq!(
        (s.cache.credentials, s.cache.accounts, s.cache.users),
        (1_000_000, 200_000, 200_000)
    );
    assert!(s.limits.enabled);
    assert_eq!(
        (
            s.limits.failures_per_address,
            s.limits.failures_per_account_address,
            s.limits.failures_per_user_address
        ),
        (120, 60, 10)
    );
    let record = &s.record;
    assert_eq!((record.sample, record.refusals_per_second), (100, 50));
    assert_eq!(
        (record.keep, record.keep_for.as_secs()),
        (100_000, 30 * 86_400)
    );
    assert_eq!((s.log.level, s.log.format), ("info", LogFormat::Auto));
    assert_eq!(s.shutdown_grace, Duration::from_secs(30));
    assert!(matches!(s.master_key, MasterKey::DataFolder(p) if p.ends_with("master.key")));
}

#[test]
fn every_section_is_read_from_the_file() {
    let s = Case::new(
        r#"
        shutdown_grace = "250ms"
        listen = { public = ["127.0.0.1:1", "[::1]:1"], ops = "unix:/run/ops.sock" }
        store.url = "postgres://u:p@db/d"
        store.outage = "closed"
        [trust]
        proxies = ["10.0.0.0/8", "192.0.2.1"]
        [crossbar]
        account = "acme"
        user_level = "kazoo"
        basic_auth_type = "sha"
        max_body = 2048
        [tokens]
        lifetime = -1
        [hash]
        memory = "64MiB"
        [log]
        format = "json"
        "#,
    )
    .settings();
    assert_eq!(s.shutdown_grace, Duration::from_millis(250));
    assert_eq!((s.listen.public.len(), s.listen.ops.len()), (2, 1));
    assert!(matches!(s.store.url, StoreUrl::Postgres(_)) && s.store.outage == Outage::Closed);
    assert_eq!(
        s.trust.proxies,
        [
            "10.0.0.0/8".parse().unwrap(),
            "192.0.2.1/32".parse().unwrap()
        ]
    );
    assert_eq!(s.crossbar.account.as_deref(), Some("acme"));
    assert_eq!(s.crossbar.user_level, UserLevel::Kazoo);
    assert_eq!(
        (s.crossbar.basic_auth_type, s.crossbar.max_body),
        (BasicAuthType::Sha, 2048)
    );
    assert_eq!(s.tokens.lifetime, Duration::from_hours(1));
    assert_eq!((s.hash.memory_kib, s.log.format), (65536, LogFormat::Json));
}

#[test]
fn flags_win_over_environment_over_file_over_defaults() {
    let public = |case: &Case| case.settings().listen.public.first().unwrap().to_string();
    let file = "[listen]\npublic = \"127.0.0.1:1\"";
    assert_eq!(public(&Case::new("")), "127.0.0.1:8000");
    assert_eq!(public(&Case::new(file)), "127.0.0.1:1");
    let with_env = Case::new(file).env("DOORWARD_LISTEN__PUBLIC", "127.0.0.1:2");
    assert_eq!(public(&with_env), "127.0.0.1:2");
    assert_eq!(public(&with_env.listen("127.0.0.1:3")), "127.0.0.1:3");
}

#[test]
fn the_environment_knows_every_kind() {
    let s = Case::new("")
        .env("DOORWARD_SHUTDOWN_GRACE", "5s")
        .env("DOORWARD_TRUST__PROXIES", "10.0.0.0/8,::1")
        .env("DOORWARD_CROSSBAR__HOSTS", "['a.example', 'b.example']")
        .env("DOORWARD_CROSSBAR__V1", "false")
        .env("DOORWARD_CROSSBAR__MAX_BODY", "4096")
        .env("DOORWARD_HASH__TIME", "3")
        .env("DOORWARD_LOG__LEVEL", "debug")
        .env("DOORWARD_TEST_ANYTHING", "x")
        .env("PATH", "/bin")
        .settings();
    assert_eq!(s.shutdown_grace, Duration::from_secs(5));
    assert_eq!((s.trust.proxies.len(), s.crossbar.hosts.len()), (2, 2));
    assert!(!s.crossbar.v1);
    assert_eq!(
        (s.crossbar.max_body, s.hash.time, s.log.level),
        (4096, 3, "debug")
    );
}

#[test]
fn variables_that_kubernetes_makes_for_a_service_are_not_ours() {
    let case = Case::new("")
        .env("DOORWARD_SERVICE_HOST", "10.0.0.1")
        .env("DOORWARD_SERVICE_PORT_HTTP", "8000")
        .env("DOORWARD_PORT", "tcp://10.0.0.1:8000")
        .env("DOORWARD_OPS_PORT_9000_TCP_ADDR", "10.0.0.1");
    assert!(case.load().is_ok());
    assert!(
        Case::new("")
            .env("DOORWARD_LISTEN_PORT", "8000")
            .load()
            .is_err()
    );
}

#[test]
fn show_says_where_each_value_came_from_and_is_toml() {
    let case = Case::new("[hash]\n\ntime = 3\n")
        .env("DOORWARD_LOG__LEVEL", "warn")
        .listen("127.0.0.1:9");
    let loaded = case.load().unwrap();
    let shown = loaded
        .show()
        .replace(&format!("{}/", case.folder.path().display()), "");
    for line in [
        "public = [\"127.0.0.1:9\"] # from flag --listen",
        "time = 3 # from file doorward.toml:3",
        "level = \"warn\" # from environment DOORWARD_LOG__LEVEL",
        "queue = 64 # from default",
        "max_body = \"8MB\" # from default",
        "# account is not set",
    ] {
        assert!(shown.lines().any(|l| l == line), "{line}\n{shown}");
    }
    let again = Case::new(&shown).load().unwrap();
    let values = |text: &str| -> Vec<String> {
        text.lines()
            .skip(1)
            .map(|l| l.split(" # from").next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(values(&again.show()), values(&shown));
}

#[test]
fn the_file_is_found_by_flag_then_environment_then_data_folder() {
    let case = Case::new("shutdown_grace = '1s'");
    let other = case.folder.path().join("other.toml");
    std::fs::write(&other, "shutdown_grace = '2s'").unwrap();
    let load = |file: Option<PathBuf>, environment: Vec<(String, String)>| {
        let data = Some(case.folder.path().to_owned());
        Settings::load(Sources {
            file,
            environment,
            data,
            listen: vec![],
        })
        .map(|loaded| loaded.settings.shutdown_grace.as_secs())
    };
    let from_env = |path: &Path| {
        vec![(
            "DOORWARD_CONFIG".to_owned(),
            path.to_str().unwrap().to_owned(),
        )]
    };
    assert_eq!(load(None, vec![]), Ok(1));
    assert_eq!(load(None, from_env(&other)), Ok(2));
    assert_eq!(
        load(
            Some(case.folder.path().join("doorward.toml")),
            from_env(&other)
        ),
        Ok(1)
    );
    let missing = case.folder.path().join("missing.toml");
    let said = load(Some(missing.clone()), vec![]).unwrap_err().to_string();
    assert!(
        said.starts_with(&format!("{}: cannot read the file", missing.display())),
        "{said}"
    );
}

#[test]
fn the_data_folder_comes_from_flag_then_environment_then_default() {
    let load = |data: Option<&str>, environment| {
        let data = data.map(PathBuf::from);
        Settings::load(Sources {
            data,
            environment,
            ..Sources::default()
        })
        .unwrap()
        .settings
        .data
    };
    let variable = || vec![("DOORWARD_DATA".to_owned(), "/nonexistent/env".to_owned())];
    assert_eq!(load(None, vec![]), Path::new("./doorward-data"));
    assert_eq!(load(None, variable()), Path::new("/nonexistent/env"));
    assert_eq!(
        load(Some("/nonexistent/flag"), variable()),
        Path::new("/nonexistent/flag")
    );
}

#[test]
fn the_reference_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    if std::env::var_os("DOORWARD_TEST_WRITE").is_some() {
        std::fs::write(&path, reference()).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        page == reference(),
        "docs/configuration.md is stale; its first lines say how to renew it"
    );
}
