//! The audit log, as an operator reads it.

use serde_json::{Value, json};

use crate::support::{Installation, bad};

/// The actions of a list, in its order.
fn actions(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|row| row["action"].as_str().unwrap())
        .collect()
}

#[test]
fn the_log_is_read_in_pages_either_way() {
    let installation = Installation::found();
    installation.run("account create --name Acme --realm acme.example");
    installation.run("account disable acme");
    let newest = installation.run("audit");
    let oldest = installation.run("audit --oldest-first --limit 10000");
    let mut reversed = oldest.as_array().unwrap().clone();
    reversed.reverse();
    assert_eq!(newest.as_array(), Some(&reversed));
    assert_eq!(actions(&newest)[0], "account.change");

    let mut seen = Vec::new();
    let mut page = installation.run("audit --limit 2");
    while let Some(last) = page.as_array().unwrap().last() {
        let next = format!("audit --limit 2 --after {}", last["id"]);
        seen.extend(page.as_array().unwrap().clone());
        page = installation.run(&next);
    }
    assert_eq!(seen, reversed);
}

#[test]
fn the_log_is_filtered() {
    let installation = Installation::found();
    let acme = installation.run("account create --name Acme --realm acme.example");
    let create = [
        "user",
        "create",
        "--account",
        "acme",
        "--username",
        "bob",
        "--first-name",
        "Bob",
    ];
    let bob = installation.json_with(&create, "bobs-password");
    installation.json_with(
        &["user", "set-password", "--account", "acme", "--user", "bob"],
        "new-password",
    );
    let changed = installation.run("audit --account acme --user bob --action user.password");
    let row = &changed[0];
    assert_eq!(actions(&changed), ["user.password"]);
    assert_eq!(row["account_id"], acme["id"]);
    assert_eq!(row["target"], bob["id"]);
    assert_eq!(row["request_id"], "cli");
    for name in ["actor_account_id", "actor_user_id", "impersonator_id"] {
        assert_eq!(row.get(name), Some(&Value::Null), "{name}");
    }
    assert_eq!(row.get("client_ip"), Some(&Value::Null));
    let at: &str = row["at"].as_str().unwrap();
    assert_eq!((at.len(), &at[19..]), (20, "Z"));
    assert_eq!(
        installation.run("audit --until 2020-01-01T00:00:00Z"),
        json!([])
    );
    assert_eq!(
        installation.run(&format!(
            "audit --oldest-first --since {at} --action user.password"
        )),
        changed
    );

    installation.run("user delete --account acme --user bob");
    let of_bob = format!("audit --user {} --limit 1", bob["id"].as_str().unwrap());
    assert_eq!(actions(&installation.run(&of_bob)), ["user.delete"]);
}

#[test]
fn a_wrong_question_is_told() {
    let installation = Installation::found();
    for (line, said) in [
        ("audit --limit 0", "--limit"),
        ("audit --limit 10001", "--limit"),
        ("audit --since yesterday", "--since takes a time"),
        ("audit --until 2020-01-01", "--until takes a time"),
        (
            "audit --since 2021-01-01T00:00:00Z --until 2020-01-01T00:00:00Z",
            "later",
        ),
        ("audit --action user%", "--action takes"),
        ("audit --user bob", "--account"),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let error = bad(&installation.command(&words).output().unwrap(), 2);
        assert!(error.contains(said), "{line}: {error}");
    }
    let words = ["audit", "--account", "nobody"];
    bad(&installation.command(&words).output().unwrap(), 1);
}
