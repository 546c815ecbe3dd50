//! Guarded APIs in the configuration: what is read, and each mistake with its place.

use std::path::Path;
use std::time::Duration;

use doorward_core::api::{AcceptMethod, Dialect, Members};
use proptest::prelude::*;

use crate::{Case, problem};

const UPSTREAM: &str = "[upstream.search]\nurls = ['http://127.0.0.1:9100']\n";

/// An API with these further lines, below an upstream; its first line is the fourth.
fn api(more: &str) -> String {
    format!(
        "{UPSTREAM}\n[[api]]\nname = 'push'\npaths = ['/push-api/']\naccount = 'acme'\naccept = ['token']\n{more}"
    )
}

#[test]
fn the_sample_of_the_contract_is_read() {
    let sample = r#"
origins = ["http://localhost:8000", "http://localhost:8003"]
rights = ["orders.read"]

[listen]
public = "127.0.0.1:8000"
check = "127.0.0.1:8001"
ops = "127.0.0.1:9000"

[store]
url = "sqlite:doorward.db"

[trust]
proxies = []

[check]
peers = ["127.0.0.1/32", "unix:"]

[crossbar]
enabled = true
account = "acme"

[upstream.search]
urls = ["http://127.0.0.1:9100"]

[[api]]
name = "push"
paths = ["/push-api/"]
upstream = "search"
account = "acme"
dialect = "funnelback"
accept = ["basic", "token"]
permission = "push.read"

[[api.rule]]
methods = ["PUT", "POST", "DELETE"]
path = "/push-api/{v}/collections/{collection}/**"
permission = "push.write"
resource = "{collection}"

[[api]]
name = "public"
hosts = ["*.example.com"]
paths = ["/s/"]
upstream = "search"
account = "acme"
members = "subtree"
accept = ["basic", ["token", "ip"], "anonymous"]
max_stream_age = "5m"
assertion = true
headers.user = "Remote-User"

[[identity]]
account = "acme"
ip = ["10.0.0.0/8"]
"#;
    let settings = Case::new(sample).settings();
    let guarded = &settings.guarded;
    let [push, public] = guarded.apis.as_slice() else {
        unreachable!("two APIs")
    };
    assert_eq!(push.key, "api.push.account");
    assert_eq!(push.account, "acme");
    assert_eq!(push.api.dialect, Dialect::Funnelback);
    assert_eq!(push.api.upstream.as_deref(), Some("search"));
    assert_eq!(push.api.rules.len(), 1);
    assert_eq!(
        push.api.rules.first().unwrap().resource.as_deref(),
        Some("collection")
    );
    assert_eq!(public.api.members, Members::Subtree);
    assert_eq!(public.api.headers.user.as_str(), "remote-user");
    assert_eq!(public.api.headers.account.as_str(), "x-doorward-account");
    assert_eq!(public.api.max_stream_age, Duration::from_mins(5));
    let expected = [
        vec![AcceptMethod::Basic],
        vec![AcceptMethod::Token, AcceptMethod::Ip],
        vec![AcceptMethod::Anonymous],
    ];
    assert_eq!(public.api.accept.alternatives(), expected);
    assert_eq!(
        guarded.identities.first().unwrap().key,
        "identity.1.account"
    );
    assert_eq!(&*guarded.upstreams.first().unwrap().settings.name, "search");
    assert!(settings.check.unix);
    assert_eq!(settings.listen.check.len(), 1);
}

#[test]
fn what_is_shown_can_be_read_again() {
    let file =
        api("upstream = 'search'\n[[api.rule]]\npath = '/push-api/**'\npermission = 'push.read'\n");
    let shown = Case::new(&file).load().unwrap().show();
    let again = Case::new(&shown).load().unwrap();
    assert_eq!(again.settings.guarded.apis.len(), 1);
    assert!(shown.contains("[upstream.search]"), "{shown}");
    assert!(shown.contains("[[api.rule]]"), "{shown}");
}

#[test]
fn each_mistake_is_told_with_its_place() {
    let cases = [
        (
            "upstrem = 'search'",
            "9:1: api.push.upstrem: unknown key; did you mean upstream?",
        ),
        (
            "upstream = 'serch'",
            "there is no [upstream.serch]; did you mean \"search\"?",
        ),
        (
            "permission = 'push.reed'",
            "there is no right \"push.reed\"; did you mean \"push.read\"?",
        ),
        ("members = 'all'", "api.push.members: \"all\" is not one of"),
        (
            "dialect = 'kazoo'",
            "api.push.dialect: \"kazoo\" is not one of",
        ),
        ("methods = ['get']", "write \"GET\""),
        ("path_allow = ['slash']", "is not one of \"encoded-slash\""),
        ("headers.user = 'Host'", "has a meaning of its own"),
        (
            "headers.user = 'X-Doorward-Roles'",
            "two things are told under one name",
        ),
        ("max_stream_age = '0s'", "api.push.max_stream_age"),
        ("assertion = true", "set origins to our public address"),
        (
            "[[api.rule]]\npath = '/other/**'\npermission = 'push.read'",
            "rule 1 of \"push\" can never match: its path lies outside the API's paths",
        ),
        (
            "[[api.rule]]\npath = '/push-api/{c}'\npermission = 'push.read'\nresource = '{d}'",
            "the path has no \"{d}\"",
        ),
        (
            "[[api]]\nname = 'push'\npaths = ['/x/']\naccount = 'a'\naccept = ['token']",
            "two APIs are called \"push\"",
        ),
        (
            "[[api]]\nname = 'b'\npaths = ['/push-api/']\naccount = 'a'\naccept = ['token']",
            "\"push\" and \"b\" claim the same requests",
        ),
    ];
    for (more, expected) in cases {
        let said = problem(&api(more));
        assert!(said.contains(expected), "{more}: {said}");
    }
}

#[test]
fn a_rule_that_lacks_something_moves_no_other_rules_mistake() {
    let rules = "[[api.rule]]\npermission = 'push.read'\n\
                 [[api.rule]]\npath = '/other/**'\npermission = 'push.reed'\n";
    let said = Case::new(&api(rules)).problems();
    let [missing, never, right] = said.as_slice() else {
        unreachable!("three problems, not {said:?}")
    };
    assert!(missing.starts_with("doorward.toml:9:"), "{missing}");
    assert!(missing.contains("path: is missing"), "{missing}");
    assert!(never.starts_with("doorward.toml:12:"), "{never}");
    assert!(never.contains("can never match"), "{never}");
    assert!(right.starts_with("doorward.toml:13:"), "{right}");
}

#[test]
fn what_an_api_accepts_must_make_sense() {
    for (accept, expected) in [
        ("[]", "name at least one method"),
        ("[[]]", "an empty inner list"),
        ("['tokens']", "\"tokens\" is not one of"),
        ("[['token', 'mfa']]", "no factor yet"),
        ("[['token', 'anonymous']]", "\"anonymous\""),
        ("['ip']", "needs an [[identity]]"),
        (
            "['mtls']",
            "needs an [[identity]] with cert_san and tls.client_ca",
        ),
    ] {
        let file = api("").replace("['token']", accept);
        let said = problem(&file);
        assert!(said.contains(expected), "{accept}: {said}");
    }
}

#[test]
fn certificates_need_an_authority_and_an_identity() {
    let machines = api("").replace("['token']", "['mtls']");
    let robot = "[[identity]]\naccount = 'acme'\ncert_san = 'URI:spiffe://acme/robot'\n";
    let files = "[tls]\ncert = 'c.pem'\nkey = '/k.pem'\n";
    let whole = format!("{machines}{robot}{files}client_ca = 'ca.pem'\n");
    let case = Case::new(&whole);
    let settings = case.settings();
    let data = settings.data.clone();
    let tls = settings.tls.unwrap();
    assert_eq!(tls.cert, data.join("c.pem"));
    assert_eq!(tls.key, Path::new("/k.pem"));
    let shown = Case::new(&whole).load().unwrap().show();
    assert!(shown.contains("URI:spiffe://acme/robot"), "{shown}");
    for (file, expected) in [
        (format!("{machines}{robot}{files}"), "needs tls.client_ca"),
        (
            format!("{machines}{files}client_ca = 'ca.pem'\n"),
            "needs an [[identity]] with cert_san",
        ),
        (
            format!("{robot}ip = ['10.0.0.1']\n"),
            "write a second [[identity]]",
        ),
        (
            "[[identity]]\naccount = 'acme'\n".to_owned(),
            "set ip or cert_san",
        ),
        (
            "[tls]\ncert = 'c'\n".to_owned(),
            "tls.cert: that needs tls.key",
        ),
        (
            "[tls]\nkey = 'k'\n".to_owned(),
            "tls.key: that needs tls.cert",
        ),
        (
            "[tls]\nclient_ca = 'c'\n".to_owned(),
            "that needs tls.cert and tls.key",
        ),
    ] {
        let said = problem(&file);
        assert!(said.contains(expected), "{file}: {said}");
    }
}

#[test]
fn a_name_of_a_certificate_has_its_kind_before_it() {
    let file = "[[identity]]\naccount = 'acme'\ncert_san = 'spiffe://acme/robot'\n";
    let said = Case::new(file).problems().join("\n");
    assert!(said.contains("3:12: identity.1.cert_san: "), "{said}");
    assert!(said.contains("write its kind before it"), "{said}");
}

#[test]
fn our_own_paths_are_not_an_apis_to_claim() {
    for path in ["/v2/", "/v2/accounts", "/v1", "/.well-known/jwks.json"] {
        let file = api("").replace("/push-api/", path);
        assert!(problem(&file).contains("is our own"), "{path}");
    }
    let file = api("").replace("/push-api/", "/");
    assert!(Case::new(&file).load().is_ok());
}

#[test]
fn foreign_nouns_are_an_apis_of_the_crossbar_dialect() {
    let foreign = |nouns: &str, more: &str| {
        format!("[crossbar]\nforeign = [{nouns}]\n{}", api(more)).replace("/push-api/", "/v2/")
    };
    let good = "upstream = 'search'\ndialect = 'crossbar'\n";
    let settings = Case::new(&foreign("'devices', 'callflows'", good)).settings();
    assert_eq!(settings.crossbar.foreign, ["devices", "callflows"]);
    assert!(settings.guarded.apis.first().unwrap().is_foreign);
    for (file, expected) in [
        (
            foreign("'devices'", "upstream = 'search'\n"),
            "is our own and is not passed on",
        ),
        (
            foreign("'devices'", "dialect = 'crossbar'\n"),
            "set upstream as well",
        ),
        (
            foreign("", good),
            "what is passed on there is listed in crossbar.foreign",
        ),
        (
            foreign("'users'", good),
            "\"users\" is served by Doorward itself",
        ),
        (foreign("'phone-numbers'", good), "write a-z, 0-9 and \"_\""),
        (
            "[crossbar]\nforeign = ['devices']".to_owned(),
            "crossbar.foreign: needs an [[api]]",
        ),
    ] {
        let said = Case::new(&file).problems();
        assert!(
            said.iter().any(|said| said.contains(expected)),
            "{expected}: {said:?}"
        );
    }
    // Half inside is neither the one nor the other.
    let half = foreign("'devices'", good).replace("['/v2/']", "['/v2/', '/x/']");
    let said = Case::new(&half).problems();
    assert!(
        said.iter().any(|said| said.contains("choose other paths")),
        "{said:?}"
    );
}

#[test]
fn atk_s13_the_check_listener_needs_peers_and_everybody_is_no_peer() {
    let said = problem("[listen]\ncheck = '127.0.0.1:8001'");
    assert!(
        said.contains("nobody may ask there; set check.peers"),
        "{said}"
    );
    for networks in ["'0.0.0.0/0'", "'::/0'", "'0.0.0.0/1', '128.0.0.0/1'"] {
        let said = problem(&format!("[check]\npeers = [{networks}]"));
        assert!(
            said.contains("that is everybody; name your proxies, or set check.allow_any_peer"),
            "{said}"
        );
        let said = problem(&format!("[trust]\nproxies = [{networks}]"));
        assert!(said.contains("or set trust.allow_any_proxy"), "{said}");
        let meant = format!("[check]\npeers = [{networks}]\nallow_any_peer = true");
        assert!(Case::new(&meant).load().is_ok());
    }
}

#[test]
fn an_upstream_is_an_address() {
    for (urls, expected) in [
        ("[]", "upstream.search.urls: is empty; write at least one"),
        ("['https://u:hunter2@a']", "user"),
        ("['ftp://u:hunter2@a']", "https://host:port"),
        ("['http://u:hunter2@a']", "user"),
        ("['http://a/b']", "neither path nor query"),
    ] {
        let said = problem(&format!("[upstream.search]\nurls = {urls}"));
        assert!(said.contains(expected), "{urls}: {said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn tables_are_written_in_the_file_only() {
    let said = Case::new("").env("DOORWARD_API__NAME", "x").problems();
    assert_eq!(said.len(), 1);
    assert!(
        said.first()
            .unwrap()
            .contains("can be written in the file only")
    );
}

proptest! {
    #[test]
    fn reading_never_panics(key in "[a-z_.]{1,12}", value in "[ -~]{0,20}") {
        let file = api(&format!("{key} = '{}'", value.replace('\'', "")));
        let _loaded = Case::new(&file).load().is_ok();
    }
}

#[test]
fn an_upstream_is_read_with_what_is_asked_of_it() {
    let file = "[upstream.app]
urls = ['https://app:8443']
ca_file = 'ca.pem'
client_cert = 'own.pem'
client_key = '/run/own.key'
server_name = 'app.internal'
max_in_flight = 7
health_path = '/health?deep=1'
health_interval = '2s'
";
    let settings = Case::new(file).settings();
    let app = settings.guarded.upstreams.first().unwrap();
    assert!(app.settings.urls.first().unwrap().is_https());
    assert_eq!(app.settings.max_in_flight, 7);
    let health = app.settings.health.as_ref().unwrap();
    assert_eq!(health.path, "/health?deep=1");
    assert_eq!(health.interval, Duration::from_secs(2));
    assert_eq!(app.tls.ca.as_deref(), Some(Path::new("ca.pem")));
    let key = app.tls.client_key.as_deref();
    assert_eq!(key, Some(Path::new("/run/own.key")));
    assert_eq!(app.tls.server_name.as_deref(), Some("app.internal"));
    let plain = Case::new(UPSTREAM).settings();
    let plain = plain.guarded.upstreams.first().unwrap();
    assert_eq!(plain.settings.max_in_flight, 1024);
    assert!(plain.settings.health.is_none());
}

#[test]
fn keys_of_tls_belong_to_https_and_together() {
    let https = "urls = ['http://a', 'https://b']";
    for (lines, expected) in [
        (
            "urls = ['http://a']\nca_file = 'ca.pem'".to_owned(),
            "upstream.app.ca_file: is for https:// addresses",
        ),
        (
            format!("{https}\nclient_cert = 'own.pem'"),
            "upstream.app.client_cert: client_cert and client_key belong together",
        ),
        (
            format!("{https}\nclient_key = 'own.key'"),
            "upstream.app.client_key: client_cert and client_key belong together",
        ),
        (
            format!("{https}\nhealth_path = 'health'"),
            "upstream.app.health_path: \"health\" is no path",
        ),
        (
            format!("{https}\nmax_in_flight = 0"),
            "upstream.app.max_in_flight",
        ),
    ] {
        let said = problem(&format!("[upstream.app]\n{lines}"));
        assert!(said.contains(expected), "{lines}: {said}");
    }
}
