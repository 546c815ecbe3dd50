//! The directory at the command line: documents with custom keys, phone numbers, the tree, pages.

use std::process::Output;

use serde_json::{Value, json};

use crate::support::{Installation, bad, eventually, feed, good, text};

impl Installation {
    /// A command that is given this document on standard input.
    fn give(&self, line: &str, document: &Value) -> Output {
        let words: Vec<&str> = line.split(' ').collect();
        feed(
            self.command(&[&words[..], &["--document", "-"]].concat()),
            &document.to_string(),
        )
    }

    fn given(&self, line: &str, document: &Value) -> Value {
        serde_json::from_str(&good(&self.give(line, document))).unwrap()
    }

    fn refused(&self, line: &str, code: i32) -> String {
        let words: Vec<&str> = line.split(' ').collect();
        bad(&self.command(&words).output().unwrap(), code)
    }

    /// Accounts `Acme` with `North` and `South`, and `North` with `Pole`.
    fn with_tree() -> Self {
        let installation = Self::found();
        for (name, parent) in [
            ("Acme", "Root"),
            ("South", "Acme"),
            ("North", "Acme"),
            ("Pole", "North"),
        ] {
            installation.json(&["account", "create", "--name", name, "--parent", parent]);
        }
        installation
    }
}

/// One member of each row.
fn column(list: &Value, key: &str) -> Vec<String> {
    let rows = list.as_array().unwrap().iter();
    rows.map(|row| row[key].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn custom_keys_of_an_account_are_set_merged_and_removed() {
    let installation = Installation::found();
    let made = installation.given(
        "account create --name Acme",
        &json!({"plan": {"seats": 3, "tier": "a"}, "note": "x", "enabled": true}),
    );
    assert_eq!(made["plan"], json!({"seats": 3, "tier": "a"}));
    let patch = json!({"plan": {"seats": 4}, "note": null, "timezone": "Europe/Oslo"});
    let set = installation.given("account set acme", &patch);
    assert_eq!(set["plan"], json!({"seats": 4, "tier": "a"}));
    assert_eq!(
        (set.get("note"), &set["timezone"]),
        (None, &json!("Europe/Oslo"))
    );
    assert_eq!(installation.run("account show acme"), set);

    // What was shown can be edited and given back; its typed members are members like others.
    let mut edited = set.clone();
    edited["name"] = json!("Acme Two");
    edited["enabled"] = json!(false);
    let back = installation.given("account set acme", &edited);
    assert_eq!(back, edited);

    let file = installation.folder.path().join("patch.json");
    std::fs::write(&file, r#"{"plan": null}"#).unwrap();
    let named = format!("@{}", file.display());
    let set = installation.json(&["account", "set", "acme two", "--document", &named]);
    assert_eq!(set.get("plan"), None);
}

#[test]
fn the_wire_shows_what_the_command_line_wrote_and_the_other_way_round() {
    let installation = Installation::found();
    let server = installation.serve();
    let (_, token) = server.sign_in("admin", "first-password");
    let resource = format!("/v2/accounts/{}", installation.account);
    let headers = [("x-auth-token", token.as_str())];
    installation.given("account set root", &json!({"ui": {"theme": "dark"}}));
    eventually(|| {
        let shown = server.send("GET", &resource, &headers, "").json();
        shown["data"]["ui"] == json!({"theme": "dark"})
    });
    let change = json!({"data": {"ui": {"size": 2}}}).to_string();
    assert_eq!(
        server.send("PATCH", &resource, &headers, &change).status,
        200
    );
    let shown = installation.run("account show root");
    assert_eq!(shown["ui"], json!({"theme": "dark", "size": 2}));
}

#[test]
fn what_no_document_may_say_is_refused() {
    let installation = Installation::found();
    let before = installation.run("account show root");
    let refuse = |line: &str, document: Value| bad(&installation.give(line, &document), 1);
    for (key, value) in [
        ("id", json!("0".repeat(32))),
        ("is_reseller", json!(false)),
        ("superduper_admin", json!(false)),
        ("trial_ends", json!("2030-01-01T00:00:00Z")),
        ("parent_id", json!(installation.account)),
    ] {
        let said = refuse("account set root", json!({ key: value }));
        assert!(said.contains(&format!("does not set {key}")), "{said}");
    }
    for (document, said) in [
        (json!({"name": null}), "name: Field is required"),
        (json!({"realm": "a/b.example"}), "realm: "),
        (json!({"timezone": 1}), "timezone: "),
        (json!({"nul": "a\0b"}), "NUL"),
        (json!([1]), "no JSON object"),
    ] {
        let error = refuse("account set root", document);
        assert!(error.contains(said), "{error}");
    }
    installation.given(
        "account set root",
        &json!({"pvt_api_key": "k", "_id": "x", "api_key": "k", "reseller_id": "r"}),
    );
    assert_eq!(installation.run("account show root"), before);
    installation.refused("account set root --document {}", 2);
    installation.refused("account set root --document - --name x", 2);
    installation.refused("account set root --document @/nowhere/at/all", 1);
}

#[test]
fn custom_keys_of_a_user_are_set_merged_and_removed() {
    let installation = Installation::found();
    let document = installation.folder.path().join("bob.json");
    let ada = json!({"first_name": "Bob", "last_name": "B", "ui_metadata": {"a": 1, "b": 2}});
    std::fs::write(&document, ada.to_string()).unwrap();
    let named = format!("@{}", document.display());
    let create = ["user", "create", "--account", "root", "--username", "bob"];
    let more = ["--level", "admin", "--document", &named];
    let made = installation.json_with(&[&create[..], &more].concat(), "bobs-password");
    assert_eq!(
        (&made["priv_level"], &made["ui_metadata"]["b"]),
        (&json!("admin"), &json!(2))
    );
    let of_bob = "user set --account root --user bob";
    let patch = json!({"ui_metadata": {"a": null}, "priv_level": "user", "last_name": "Ray"});
    let set = installation.given(of_bob, &patch);
    assert_eq!(set["ui_metadata"], json!({"b": 2}));
    assert_eq!(
        (&set["priv_level"], &set["last_name"]),
        (&json!("user"), &json!("Ray"))
    );
    assert_eq!(installation.given(of_bob, &set), set);

    let refuse = |document: Value| bad(&installation.give(of_bob, &document), 1);
    for (document, said) in [
        (json!({"password": "s3cr3t"}), "does not hold a password"),
        (json!({"email": "s3cr3t"}), "email: "),
        (json!({"priv_level": "root"}), "priv_level: "),
        (json!({"first_name": null}), "first_name: "),
        (json!({"username": "bobby"}), "needs a password"),
        (
            json!({"account_id": "0".repeat(32)}),
            "does not set account_id",
        ),
    ] {
        let error = refuse(document);
        assert!(error.contains(said) && !error.contains("s3cr3t"), "{error}");
    }
    assert!(
        installation
            .refused(&format!("{of_bob} --email x"), 1)
            .contains("email: ")
    );
    let both = format!("{of_bob} --document - --password-stdin");
    assert!(installation.refused(&both, 2).contains("standard input"));
    assert_eq!(installation.run("user show --account root --user bob"), set);
}

#[test]
fn a_user_is_renamed_by_a_document_along_with_a_password() {
    let installation = Installation::found();
    let server = installation.serve();
    let create = ["user", "create", "--account", "root", "--username", "bob"];
    installation.json_with(&create, "bobs-password");
    let document = installation.folder.path().join("bob.json");
    std::fs::write(&document, r#"{"username": "bobby"}"#).unwrap();
    let named = format!("@{}", document.display());
    let set = ["user", "set", "--account", "root", "--user", "bob"];
    installation.json_with(
        &[&set[..], &["--document", &named]].concat(),
        "new-password",
    );
    eventually(|| server.sign_in("bobby", "new-password").0 == 201);
}

#[test]
fn phone_numbers_are_listed_and_shown() {
    let installation = Installation::with_tree();
    let acme = installation.run("account show acme");
    let number =
        |number: &str| json!({"id": number, "state": "in_service", "account_id": acme["id"]});
    assert_eq!(
        installation.run("phone-number list --account acme"),
        json!([])
    );
    let assigned = installation.run("phone-number assign +14155550101 --account acme");
    assert_eq!(assigned, number("+14155550101"));
    installation.run("phone-number assign 4155550100 --account acme");
    let list = installation.run("phone-number list --account acme");
    assert_eq!(
        list,
        json!([number("+14155550100"), number("+14155550101")])
    );
    let shown = installation.run("phone-number show +14155550100");
    assert_eq!(shown, number("+14155550100"));

    let taken = installation.refused("phone-number assign +14155550100 --account root", 1);
    assert!(taken.contains("another account has this phone number"));
    let other = installation.refused("phone-number release +14155550100 --account root", 1);
    assert!(other.contains("does not have this number"));
    installation.refused("phone-number assign 12 --account acme", 1);
    let released = installation.run("phone-number release +14155550100 --account acme");
    assert_eq!(released, number("+14155550100"));
    let gone = installation.refused("phone-number show +14155550100", 1);
    assert!(gone.contains("no account has the number"), "{gone}");
}

#[test]
fn what_is_above_and_below_an_account_is_listed() {
    let installation = Installation::with_tree();
    let names = |line: &str| column(&installation.run(line), "name");
    assert_eq!(
        names("account list --below root"),
        ["Acme", "North", "Pole", "South"]
    );
    assert_eq!(
        names("account list --below acme"),
        ["North", "Pole", "South"]
    );
    assert_eq!(names("account list --parent acme"), ["North", "South"]);
    assert_eq!(
        names("account list --above pole"),
        ["Root", "Acme", "North"]
    );
    assert_eq!(installation.run("account list --above root"), json!([]));
    let found = installation.run("account list --below north");
    assert_eq!(found, json!([installation.run("account show pole")]));
    installation.refused("account list --below acme --parent acme", 2);
    installation.refused("account list --above acme --limit 1", 2);
}

#[test]
fn long_lists_come_in_pages() {
    let installation = Installation::with_tree();
    for name in ["bea", "ada", "cid"] {
        let create = ["user", "create", "--account", "root", "--username", name];
        installation.json_with(&create, "some-password");
    }
    for (list, count) in [
        ("account list", 5),
        ("account list --below root", 4),
        ("account list --parent acme", 2),
        ("user list --account root", 4),
    ] {
        let whole = installation.run(list);
        assert_eq!(whole.as_array().map(Vec::len), Some(count), "{list}");
        let mut seen = Vec::new();
        let mut page = installation.run(&format!("{list} --limit 1"));
        while let [row] = &page.as_array().unwrap()[..] {
            seen.push(row.clone());
            let next = format!("{list} --limit 1 --after {}", row["id"].as_str().unwrap());
            page = installation.run(&next);
        }
        assert_eq!(whole.as_array(), Some(&seen), "{list}");
    }
    let said = installation.refused("account list --limit 0", 2);
    assert!(said.contains("--limit takes"), "{said}");
    let said = installation.refused("account list --below north --after south", 1);
    assert!(said.contains("is not below"), "{said}");
    installation.refused("user list --account root --after nobody", 1);
}

#[test]
fn resellers_are_made_from_below() {
    let installation = Installation::with_tree();
    let set = installation.run("account set north --reseller yes");
    assert_eq!(set["is_reseller"], true);
    for value in ["yes", "no"] {
        let said = installation.refused(&format!("account set acme --reseller {value}"), 1);
        assert!(said.contains("resellers below"), "{said}");
        let said = installation.refused(&format!("account set root --reseller {value}"), 1);
        assert!(said.contains("always a reseller"), "{said}");
    }
    installation.run("account set north --reseller no");
    let set = installation.run("account set acme --reseller yes --name Acme2");
    assert_eq!(
        (&set["is_reseller"], &set["name"]),
        (&json!(true), &json!("Acme2"))
    );
}

/// Runs in a terminal of its own, 80 columns wide, as `script` makes one.
pub(crate) fn on_a_terminal(installation: &Installation, line: &str) -> String {
    let binary = env!("CARGO_BIN_EXE_doorward");
    let data = installation.data();
    let command = format!("stty cols 80; {binary} {line} --data {}", data.display());
    let output = std::process::Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    text(&output.stdout)
}

#[test]
fn tables_fit_a_terminal_of_80_columns() {
    let installation = Installation::with_tree();
    let long = json!({"name": "n".repeat(128), "note": "x".repeat(500)});
    let long = installation.given("account set pole", &long);
    let id = long["id"].as_str().unwrap();
    for line in [
        "account list",
        "account list --below root",
        &format!("account show {id}"),
        "user list --account root",
        "user show --account root --user admin",
        "key show --account root",
        "audit",
    ] {
        let shown = on_a_terminal(&installation, line);
        assert!(shown.lines().count() > 1, "{line}: {shown}");
        for row in shown.lines() {
            assert!(row.chars().count() <= 80, "{line}: {row}");
        }
    }
    let shown = on_a_terminal(&installation, "account list");
    assert!(shown.contains(id) && shown.contains('…'), "{shown}");
    let shown = on_a_terminal(&installation, "key show --account root");
    assert!(shown.contains(&installation.api_key));
}
