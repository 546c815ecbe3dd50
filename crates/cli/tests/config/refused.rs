//! What is wrong with a configuration is said all at once, with its place and what would be right.

use crate::{Case, SECRET, problem};

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
        "[listen]\nconsole = '127.0.0.1:1'",
        "[crossbar]\nrecovery = true",
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
fn files_that_are_no_text_or_too_large_are_refused() {
    let case = Case::new("");
    let path = case.folder.path().join("doorward.toml");
    std::fs::write(&path, [0xff, 0xfe]).unwrap();
    assert_eq!(case.problems(), ["doorward.toml: not UTF-8 text"]);
    std::fs::write(&path, " ".repeat(1024 * 1024 + 1)).unwrap();
    assert!(case.problems().concat().contains("larger than 1 MiB"));
}
