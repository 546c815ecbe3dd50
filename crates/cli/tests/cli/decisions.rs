//! The record of decisions, as an operator reads it.

use std::fs;

use serde_json::{Value, json};

use crate::directory::on_a_terminal;
use crate::support::{Installation, bad, eventually};

const SETTINGS: &str = "
[record]
sample = 1

[limits]
failures_per_user_address = 1

[[api]]
name = 'push'
paths = ['/push-api/']
account = 'root'
accept = ['basic', 'token']

[[api]]
name = 'open'
paths = ['/open/']
account = 'root'
accept = ['anonymous']
";

/// An installation that answered some requests: six decisions.
fn asked() -> Installation {
    let installation = Installation::found();
    fs::write(installation.data().join("doorward.toml"), SETTINGS).unwrap();
    let server = installation.serve();
    let statuses =
        |path: &str, headers: &[(&str, &str)]| server.send("GET", path, headers, "").status;
    // What may pass is not found, for there is no upstream.
    assert_eq!(statuses("/open/1?secret=hunter2", &[]), 404);
    assert_eq!(statuses("/open/2", &[]), 404);
    assert_eq!(statuses("/push-api/1", &[]), 401);
    let key = [("x-auth-token", installation.api_key.as_str())];
    assert_eq!(statuses("/push-api/2", &key), 404);
    // YWRtaW46YQ== is admin:a, YWRtaW46Yg== is admin:b.
    let wrong = |pair| [("authorization", pair)];
    assert_eq!(statuses("/push-api/3", &wrong("Basic YWRtaW46YQ==")), 401);
    assert_eq!(statuses("/push-api/4", &wrong("Basic YWRtaW46Yg==")), 429);
    eventually(|| rows(&installation.run("decisions")).len() == 6);
    assert_eq!(server.stop(), Some(0));
    installation
}

fn rows(list: &Value) -> &Vec<Value> {
    list.as_array().unwrap()
}

fn paths(list: &Value) -> Vec<&str> {
    let rows = rows(list).iter();
    rows.map(|row| row["path"].as_str().unwrap()).collect()
}

#[test]
fn the_record_is_read_filtered_and_in_pages() {
    let installation = asked();
    let newest = installation.run("decisions");
    assert!(!newest.to_string().contains("hunter2"));
    let expected = [
        "/push-api/4",
        "/push-api/3",
        "/push-api/2",
        "/push-api/1",
        "/open/2",
        "/open/1",
    ];
    assert_eq!(paths(&newest), expected);
    let by_key = &newest[2];
    let told = json!({
        "id": by_key["id"],
        "at": by_key["at"],
        "door": "proxy",
        "api": "push",
        "method": "GET",
        "path": "/push-api/2",
        "outcome": "allow",
        "reason": "allowed",
        "presented": by_key["presented"],
        "account_id": installation.account,
        "user_id": null,
        "client_ip": "127.0.0.1",
    });
    assert_eq!(by_key, &told);
    for (line, expected) in [
        ("--api open", &["/open/2", "/open/1"][..]),
        ("--api push --limit 2", &["/push-api/4", "/push-api/3"]),
        ("--outcome throttle", &["/push-api/4"]),
        (
            "--api push --outcome challenge",
            &["/push-api/3", "/push-api/1"],
        ),
        ("--account root", &["/push-api/2"]),
        ("--account 00000000000000000000000000000000", &[]),
        ("--oldest-first --limit 1", &["/open/1"]),
        ("--since 2099-01-01T00:00:00Z", &[]),
        ("--api nothing", &[]),
    ] {
        let found = installation.run(&format!("decisions {line}"));
        assert_eq!(paths(&found), expected, "{line}");
    }
    let since = newest[5]["at"].as_str().unwrap();
    let found = installation.run(&format!("decisions --since {since}"));
    assert_eq!(found, newest);
    let after = format!("decisions --limit 2 --after {}", newest[1]["id"]);
    assert_eq!(paths(&installation.run(&after)), expected[2..4]);
    let table = on_a_terminal(&installation, "decisions");
    assert_eq!(table.lines().count(), 7, "{table}");
    for row in table.lines() {
        assert!(row.chars().count() <= 80, "{row}");
    }
}

#[test]
fn a_wrong_question_is_told() {
    let installation = Installation::found();
    for (line, said) in [
        ("decisions --limit 0", "--limit takes"),
        ("decisions --limit 10001", "--limit takes"),
        ("decisions --since yesterday", "--since takes a time"),
        ("decisions --outcome denied", "deny"),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let error = bad(&installation.command(&words).output().unwrap(), 2);
        assert!(error.contains(said), "{line}: {error}");
    }
    let words = ["decisions", "--account", "nobody"];
    bad(&installation.command(&words).output().unwrap(), 1);
}
