//! Accounts, users, keys and tokens, while a server runs on the same store.

use serde_json::{Value, json};

use crate::support::{Installation, Server, bad, eventually, feed, good};

fn api_auth(server: &Server, key: &str) -> u16 {
    let body = json!({"data": {"api_key": key}}).to_string();
    server.send("PUT", "/v2/api_auth", &[], &body).status
}

#[test]
fn a_user_made_at_the_command_line_signs_in_at_once() {
    let installation = Installation::found();
    let server = installation.serve();
    let account = installation.json(&[
        "account",
        "create",
        "--name",
        "Acme",
        "--realm",
        "acme.example",
    ]);
    assert_eq!(account["realm"], "acme.example");
    assert_eq!(account["parent_id"], installation.account.as_str());

    let create = [
        "user",
        "create",
        "--account",
        "acme",
        "--username",
        "Bob",
        "--first-name",
        "Bob",
    ];
    let user = installation.json_with(
        &[&create[..], &["--level", "admin"]].concat(),
        "bobs-password",
    );
    assert_eq!(
        (&user["username"], &user["priv_level"]),
        (&json!("bob"), &json!("admin"))
    );
    eventually(|| server.sign_in_to("acme.example", "bob", "bobs-password").0 == 201);

    let (_, token) = server.sign_in_to("acme.example", "bob", "bobs-password");
    let which = ["--account", "acme.example", "--user", "bob"];
    let with = |words: &[&'static str]| [words, &which[..]].concat();
    installation.json_with(&with(&["user", "set-password"]), "new-password");
    eventually(|| server.status_with(&token) == 401);
    assert_eq!(
        server.sign_in_to("acme.example", "bob", "bobs-password").0,
        401
    );

    let (_, token) = server.sign_in_to("acme.example", "bob", "new-password");
    installation.json(&with(&["user", "disable"]));
    eventually(|| server.status_with(&token) == 401);
    installation.json(&with(&["user", "enable"]));
    eventually(|| server.sign_in_to("acme.example", "bob", "new-password").0 == 201);
}

#[test]
fn a_user_is_changed_listed_and_deleted() {
    let installation = Installation::found();
    let server = installation.serve();
    let create = [
        "user",
        "create",
        "--account",
        "root",
        "--username",
        "bob",
        "--first-name",
        "Bob",
    ];
    installation.json_with(&create, "bobs-password");
    eventually(|| server.sign_in("bob", "bobs-password").0 == 201);
    let which = ["--account", "root.example", "--user", "bob"];
    let with = |words: &[&'static str]| [words, &which[..]].concat();
    let set = "user set --account root --user bob --last-name B --level admin";
    let changed = installation.run(set);
    assert_eq!(changed["first_name"], "Bob");
    let expected = (&json!("B"), &json!("admin"));
    assert_eq!((&changed["last_name"], &changed["priv_level"]), expected);
    assert_eq!(installation.json(&with(&["user", "show"])), changed);
    let list = installation.run("user list --account root");
    assert_eq!(list.as_array().map(Vec::len), Some(2));
    assert!(list.as_array().unwrap().contains(&changed), "{list}");

    installation.json(&with(&["user", "delete"]));
    eventually(|| server.sign_in("bob", "bobs-password").0 == 401);
    let list = installation.run("user list --account root");
    assert_eq!(list.as_array().map(Vec::len), Some(1));
}

#[test]
fn accounts_are_switched_off_and_on() {
    let installation = Installation::found();
    let server = installation.serve();
    installation.run("account create --name Acme --realm acme.example");
    installation.json_with(
        &["user", "create", "--account", "acme", "--username", "bob"],
        "bobs",
    );
    let sign_in = || server.sign_in_to("acme.example", "bob", "bobs");
    eventually(|| sign_in().0 == 201);

    installation.run("account disable acme");
    eventually(|| sign_in().0 == 423);
    installation.run("account enable acme");
    let ended = installation.run("account set acme --trial-ends 2020-01-01T00:00:00Z");
    assert_eq!(ended["trial_ends"], "2020-01-01T00:00:00Z");
    eventually(|| sign_in().0 == 423);
    let endless = installation.run("account set acme --trial-ends never");
    assert_eq!(endless.get("trial_ends"), None);
    eventually(|| sign_in().0 == 201);

    let (_, token) = sign_in();
    installation.run("account set acme --end-sessions");
    eventually(|| server.status_with(&token) == 401);
    assert_eq!(sign_in().0, 201);
}

#[test]
fn accounts_are_changed_moved_and_deleted() {
    let installation = Installation::found();
    for name in ["Acme", "Globex"] {
        installation.json(&["account", "create", "--name", name]);
    }
    let set = installation.run("account set acme --name Acme-2 --reseller yes --basic-digest sha");
    assert_eq!(set["name"], "Acme-2");
    assert_eq!(
        (&set["is_reseller"], &set["basic_digest"]),
        (&json!(true), &json!("sha"))
    );
    let moved = installation.run("account move globex --to acme2");
    assert_eq!(moved["parent_id"], set["id"]);
    assert_eq!(
        installation.run("account list --parent acme2"),
        json!([moved])
    );
    let all = installation.run("account list");
    assert_eq!(all.as_array().map(Vec::len), Some(3));

    let refuse = |line: [&str; 3]| bad(&installation.command(&line).output().unwrap(), 1);
    assert!(refuse(["account", "delete", "acme2"]).contains("accounts below it"));
    installation.run("account delete globex");
    installation.run("account delete acme2");
    assert!(refuse(["account", "show", "acme2"]).contains("there is no account \"acme2\""));
    assert!(refuse(["account", "delete", "root"]).contains("root account"));
}

#[test]
fn phone_numbers_are_assigned_and_released() {
    let installation = Installation::found();
    installation.json(&["account", "create", "--name", "Acme"]);
    let set = |account: &'static str, flag: &'static str| {
        let arguments = ["account", "set", account, flag, "+14155550100"];
        installation.command(&arguments).output().unwrap()
    };
    good(&set("acme", "--phone"));
    assert!(bad(&set("root", "--phone"), 1).contains("another account has this phone number"));
    assert!(bad(&set("root", "--release-phone"), 1).contains("does not have this number"));
    good(&set("acme", "--release-phone"));
    good(&set("root", "--phone"));
}

#[test]
fn an_api_key_is_shown_and_rotated() {
    let installation = Installation::found();
    let server = installation.serve();
    let shown = installation.json(&["key", "show", "--account", "root"]);
    let expected = json!({"account_id": installation.account, "api_key": installation.api_key});
    assert_eq!(shown, expected);
    assert_eq!(api_auth(&server, &installation.api_key), 201);

    let rotated = installation.json(&["key", "rotate", "--account", "root.example", "--json"]);
    let new = rotated["api_key"].as_str().unwrap();
    assert_ne!(new, installation.api_key);
    eventually(|| api_auth(&server, &installation.api_key) == 404);
    assert_eq!(api_auth(&server, new), 201);
}

#[test]
fn a_token_is_inspected_and_revoked() {
    let installation = Installation::found();
    let server = installation.serve();
    let (_, token) = server.sign_in("admin", "first-password");
    let piped = |verb: &str| -> Value {
        let output = feed(
            installation.command(&["token", verb, "-"]),
            &format!("{token}\n"),
        );
        serde_json::from_str(&good(&output)).unwrap()
    };
    let said = piped("inspect");
    assert_eq!(said["account_id"], installation.account.as_str());
    assert_eq!(said["owner_id"], installation.user.as_str());
    assert_eq!(
        (&said["valid"], &said["method"]),
        (&json!(true), &json!("cb_user_auth"))
    );
    assert!(!said.to_string().contains(&token));

    let file = installation.folder.path().join("token");
    std::fs::write(&file, &token).unwrap();
    let revoked = installation.json(&["token", "revoke", &format!("@{}", file.display())]);
    assert_eq!(
        (&revoked["id"], &revoked["revoked"]),
        (&said["id"], &json!(true))
    );
    eventually(|| server.status_with(&token) == 401);
    assert_eq!(piped("inspect")["valid"], false);

    let (_, second) = server.sign_in("admin", "first-password");
    let output = feed(installation.command(&["token", "inspect", "-"]), &second);
    let id: Value = serde_json::from_str(&good(&output)).unwrap();
    let id = id["id"].as_str().unwrap();
    assert_eq!(
        installation.json(&["token", "inspect", id])["revoked"],
        false
    );
    installation.json(&["token", "revoke", id]);
    eventually(|| server.status_with(&second) == 401);
    assert_eq!(
        installation.json(&["token", "inspect", id])["revoked"],
        true
    );
}

#[test]
fn hash_generations_are_listed_and_retired() {
    let installation = Installation::found();
    let list = installation.json(&["verifiers", "list"]);
    assert_eq!(
        (&list[0]["memory_kib"], &list[0]["in_use"]),
        (&json!(19_456), &json!(true))
    );
    let refused = installation
        .command(&["verifiers", "retire"])
        .output()
        .unwrap();
    bad(&refused, 1);

    let server = installation.serve_with(&[], &[("DOORWARD_HASH__MEMORY", "1MiB")]);
    eventually(|| {
        installation
            .json(&["verifiers", "list"])
            .as_array()
            .map(Vec::len)
            == Some(2)
    });
    let refused = installation
        .command(&["verifiers", "retire"])
        .output()
        .unwrap();
    assert!(bad(&refused, 1).contains("have not signed in"));
    assert_eq!(server.sign_in("admin", "first-password").0, 201);
    // Whoever signs in gets a verifier of the newer generation.
    installation.json(&["verifiers", "retire", "--force"]);
    assert_eq!(
        installation
            .json(&["verifiers", "list"])
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    eventually(|| server.sign_in("admin", "first-password").0 == 201);
}

/// Attack: a token of an earlier configuration that outlives the revocation of its id.
#[test]
fn an_id_is_revoked_for_longer_than_any_token_lives() {
    let installation = Installation::found();
    let server = installation.serve_with(&[], &[("DOORWARD_TOKENS__LIFETIME", "90d")]);
    let (_, token) = server.sign_in("admin", "first-password");
    let file = installation.folder.path().join("token");
    std::fs::write(&file, &token).unwrap();
    let info = installation.json(&["token", "inspect", &format!("@{}", file.display())]);
    let revoked = installation.json(&["token", "revoke", info["id"].as_str().unwrap()]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    assert!(
        text(&revoked["revoked_until"]) > text(&info["expires"]),
        "{revoked} {info}"
    );
    eventually(|| server.status_with(&token) == 401);
}
