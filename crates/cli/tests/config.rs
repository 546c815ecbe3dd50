//! Loading, refusing and showing configurations.
#![expect(clippy::unwrap_used, reason = "a test's helper fails by panicking")]

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
    assert!(s.listen.ops.is_empty() && !s.listen.allow_plaintext && s.origins.is_empty());
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
            s.limits.failures_per_account_address
        ),
        (120, 60)
    );
    assert_eq!((s.log.level, s.log.format), ("info", LogFormat::Auto));
    assert_eq!(s.shutdown_grace, Duration::from_secs(30));
    assert!(matches!(s.master_key, MasterKey::DataFolder(p) if p.ends_with("master.key")));
}

#[test]
fn every_section_is_read_from_the_file() {
    let s = Case::new(
        r#"
        origins = ["https://ID.example.com"]
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
    assert_eq!(s.origins, ["https://id.example.com"]);
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
fn broken_toml_is_reported_with_line_and_column() {
    let said = problem("[listen]\npublic = \"127.0.0.1:1\nops = 1\n");
    assert!(said.starts_with("doorward.toml:2:"), "{said}");
    assert!(said.contains("not TOML"), "{said}");
    let said = problem("[store]\nurl = 'a'\nurl = 'b'\n");
    assert!(
        said.starts_with("doorward.toml:3:1: not TOML: duplicate key"),
        "{said}"
    );
}

#[test]
fn a_broken_line_with_a_secret_is_not_repeated() {
    let said = problem(&format!("[store]\nurl = postgres://u:{SECRET}@h/d\n"));
    assert!(!said.contains(SECRET), "{said}");
}

#[test]
fn unknown_keys_come_with_the_nearest_known_one() {
    for (file, expected) in [
        (
            "[stor]\nurl = 'x'",
            "doorward.toml:1:2: stor: unknown section; did you mean [store]?",
        ),
        (
            "[store]\n  ulr = 'x'",
            "doorward.toml:2:3: store.ulr: unknown key; did you mean store.url?",
        ),
        (
            "public = 'x'",
            "doorward.toml:1:1: public: unknown key; did you mean listen.public?",
        ),
        (
            "shutdown-grace = '1s'",
            "doorward.toml:1:1: shutdown-grace: unknown key; did you mean shutdown_grace?",
        ),
        (
            "[nothing_like_it]",
            "doorward.toml:1:2: nothing_like_it: unknown section",
        ),
        ("xyzzy = 1", "doorward.toml:1:1: xyzzy: unknown key"),
        (
            "'store.url' = 'x'",
            "doorward.toml:1:1: store.url: unknown key; did you mean store.url?",
        ),
        ("\"a\\nb\" = 1", "doorward.toml:1:1: \"a\\nb\": unknown key"),
        (
            "listen = 'x'",
            "doorward.toml:1:1: listen: is a section; write [listen] and its keys below",
        ),
    ] {
        assert_eq!(problem(file), expected);
    }
}

#[test]
fn keys_of_later_versions_are_told_apart_from_unknown_ones() {
    for file in [
        "[[api]]\nname = 'push'",
        "[upstream.search]\nurls = []",
        "[funnelback]\nenabled = true",
        "[check]\npeers = []",
        "[tls]\ncert = 'x'",
        "[listen]\nconsole = '127.0.0.1:1'",
        "[crossbar]\nforeign = ['devices']",
    ] {
        let said = problem(file);
        assert!(said.ends_with("is not available in this version"), "{said}");
    }
    let said = Case::new("").env("DOORWARD_LISTEN__GRPC", "x").problems();
    assert_eq!(
        said,
        ["environment DOORWARD_LISTEN__GRPC: is not available in this version"]
    );
}

#[test]
fn wrong_values_say_what_would_be_right() {
    for (file, expected) in [
        (
            "shutdown_grace = 30",
            "1:18: shutdown_grace: a number without a unit; write",
        ),
        (
            "shutdown_grace = '30'",
            "1:18: shutdown_grace: \"30\" is not a duration; write",
        ),
        ("shutdown_grace = '3651d'", "\"3651d\" is not a duration"),
        (
            "[store]\nstatement_timeout = '1ms'",
            "too short; the least is \"10ms\"",
        ),
        (
            "[store]\nmax_connections = 0",
            "2:19: store.max_connections: out of bounds: a whole number from 1 to 1000",
        ),
        (
            "[store]\nmax_connections = '5'",
            "text where a whole number",
        ),
        (
            "[store]\nmax_connections = 99999999999999999999",
            "out of bounds",
        ),
        (
            "[store]\noutage = 'open'",
            "\"open\" is not one of \"stale\", \"closed\"",
        ),
        (
            "[crossbar]\nv1 = 'yes'",
            "text where true or false is expected, without quotes",
        ),
        ("[crossbar]\nmax_body = '8 MB'", "\"8 MB\" is not a size"),
        ("[crossbar]\nmax_body = 1", "from \"1KiB\" to \"1GiB\""),
        ("[crossbar]\naccount = ''", "1 to 255 characters"),
        ("[crossbar]\naccount = {}", "a table where text is expected"),
    ] {
        let said = problem(file);
        assert!(said.contains(expected), "{said}\n{expected}");
    }
}

#[test]
fn wrong_addresses_say_what_would_be_right() {
    for (file, expected) in [
        (
            "[listen]\npublic = ':8000'",
            "write 127.0.0.1:8000 for this machine only",
        ),
        (
            "[listen]\npublic = ['127.0.0.1:1', 'x']",
            "entry 2: \"x\": not an address",
        ),
        ("[listen]\npublic = []", "no address; write at least one"),
        (
            "[listen]\nops = '127.0.0.1:8000'",
            "2:7: listen.ops: the same address as in listen.public",
        ),
        ("[trust]\nproxies = '10.0.0.1/8'", "write \"10.0.0.0/8\""),
        ("origins = ['https://a.example/path']", "is not an origin"),
        (
            "[store]\nfeed_url = 'postgres://h/d'",
            "2:12: store.feed_url: store.url is SQLite",
        ),
    ] {
        let said = problem(file);
        assert!(said.contains(expected), "{said}\n{expected}");
    }
}

#[test]
fn columns_count_characters() {
    assert!(problem("[store]\n\"ü\" = 1").starts_with("doorward.toml:2:1:"));
    let said = problem("listen = { public = 'é' } # é");
    assert!(
        said.starts_with("doorward.toml:1:21: listen.public"),
        "{said}"
    );
}

#[test]
fn all_problems_of_all_layers_are_reported_together() {
    let case = Case::new("[hash]\ntime = 0\nqueue = 'x'\n[nonsense]\n")
        .env("DOORWARD_LOG__LEVEL", "loud")
        .env("DOORWARD_STOER__URL", "x")
        .listen("nowhere");
    let said = case.problems();
    assert_eq!(said.len(), 6, "{said:#?}");
    assert!(
        said.iter()
            .any(|s| s.starts_with("doorward.toml:2:8: hash.time: "))
    );
    assert!(
        said.iter()
            .any(|s| s.starts_with("doorward.toml:3:9: hash.queue: "))
    );
    assert!(
        said.iter()
            .any(|s| s.starts_with("environment DOORWARD_LOG__LEVEL: log.level: "))
    );
    let stoer =
        "environment DOORWARD_STOER__URL: unknown variable; did you mean DOORWARD_STORE__URL?";
    assert!(said.iter().any(|s| s == stoer), "{said:#?}");
    assert!(
        said.iter()
            .any(|s| s.starts_with("flag --listen: listen.public: \"nowhere\""))
    );
}

#[test]
fn a_wrong_value_is_reported_also_when_it_is_overridden() {
    let case = Case::new("[hash]\ntime = 0").env("DOORWARD_HASH__TIME", "3");
    assert_eq!(case.problems().len(), 1);
}

#[test]
fn secrets_are_masked_in_show_debug_and_problems() {
    let url = format!("postgres://u:{SECRET}@h/d");
    let loaded = Case::new(&format!("[store]\nurl = '{url}'\nfeed_url = '{url}'"))
        .env("DOORWARD_MASTER_KEY", SECRET)
        .load()
        .unwrap();
    let shown = format!("{}{loaded:?}", loaded.show());
    assert!(!shown.contains(SECRET), "{shown}");
    assert!(
        shown.contains("url = \"postgres://u:***@h/d\" # from file"),
        "{shown}"
    );
    for wrong in [
        format!("'mysql://u:{SECRET}@h/d'"),
        format!("['{SECRET}']"),
        format!("'{SECRET}'"),
    ] {
        let said = Case::new(&format!("[store]\nurl = {wrong}\nfeed_url = {wrong}")).problems();
        assert!(!said.concat().contains(SECRET), "{said:?}");
    }
    let said = Case::new("").env("DOORWARD_STORE__URL", SECRET).problems();
    assert!(!said.concat().contains(SECRET), "{said:?}");
}

#[test]
fn a_secret_can_stand_in_a_file_named_by_the_environment() {
    let case = Case::new("");
    let path = case.folder.path().join("url");
    std::fs::write(&path, "postgres://u:p@h/d\n").unwrap();
    let case = case.env("DOORWARD_STORE__URL_FILE", path.to_str().unwrap());
    assert_eq!(
        case.settings().store.url,
        StoreUrl::parse("postgres://u:p@h/d").unwrap()
    );
    let case = case.env("DOORWARD_STORE__URL", "sqlite:x");
    assert!(
        case.problems()
            .concat()
            .contains("is set as well; set only one of them")
    );
    let said = Case::new("")
        .env("DOORWARD_STORE__URL_FILE", "/nonexistent")
        .problems();
    assert!(
        said.concat()
            .starts_with("environment DOORWARD_STORE__URL_FILE: store.url: cannot read")
    );
    let said = Case::new("")
        .env("DOORWARD_HASH__TIME_FILE", "/x")
        .problems();
    assert!(said.concat().contains("unknown variable"), "{said:?}");
}

#[test]
fn the_master_key_comes_from_one_place() {
    let text = Case::new("").env("DOORWARD_MASTER_KEY", "k");
    assert!(matches!(text.settings().master_key, MasterKey::Text(_)));
    let file = Case::new("").env("DOORWARD_MASTER_KEY_FILE", "/run/key");
    assert!(matches!(file.settings().master_key, MasterKey::File(p) if p == Path::new("/run/key")));
    let both = file.env("DOORWARD_MASTER_KEY", "k");
    assert!(
        both.problems()
            .concat()
            .contains("DOORWARD_MASTER_KEY is set as well")
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
fn files_that_are_no_text_or_too_large_are_refused() {
    let case = Case::new("");
    let path = case.folder.path().join("doorward.toml");
    std::fs::write(&path, [0xff, 0xfe]).unwrap();
    assert_eq!(case.problems(), ["doorward.toml: not UTF-8 text"]);
    std::fs::write(&path, " ".repeat(1024 * 1024 + 1)).unwrap();
    assert!(case.problems().concat().contains("larger than 1 MiB"));
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
