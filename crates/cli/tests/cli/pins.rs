//! What configured names mean, and that they go on meaning it.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Installation, Server, bad, good};

const TABLES: &str = "
[[api]]
name = 'push'
paths = ['/push-api/']
account = 'acme'
accept = ['ip']

[[identity]]
account = 'branch'
ip = ['192.0.2.0/24']
";

fn write(installation: &Installation, configuration: &str) {
    fs::write(installation.data().join("doorward.toml"), configuration).unwrap();
}

fn serve_refused(installation: &Installation) -> String {
    let mut command = installation.command(&["serve", "--listen", "127.0.0.1:0"]);
    bad(&command.output().unwrap(), 1)
}

/// Key and id of every pin.
fn pinned(installation: &Installation) -> Vec<(String, Value)> {
    let pins = installation.run("config pin");
    let pins = pins.as_array().unwrap().iter();
    pins.map(|pin| {
        let key = pin["key"].as_str().unwrap().to_owned();
        (key, pin["account_id"].clone())
    })
    .collect()
}

#[test]
fn accounts_of_apis_and_identities_are_pinned() {
    let installation = Installation::found();
    let create = |name: &str| installation.json(&["account", "create", "--name", name]);
    let ids = ["acme", "branch"].map(|name| create(name)["id"].clone());
    write(&installation, TABLES);
    assert_eq!(installation.serve().stop(), Some(0));
    let keys = ["api.push.account", "identity.1.account"];
    let expected = |ids: &[Value; 2]| [0, 1].map(|n| (keys[n].to_owned(), ids[n].clone()));
    assert_eq!(pinned(&installation), expected(&ids));
    assert_eq!(installation.serve().stop(), Some(0));

    let mut now = ids.clone();
    for (n, name) in [(0, "acme"), (1, "branch")] {
        installation.json(&["account", "delete", name]);
        now[n] = create(name)["id"].clone();
        let said = serve_refused(&installation);
        let hint = format!("doorward config pin --accept {}", keys[n]);
        assert!(said.contains(&hint), "{said}");
        assert!(said.contains(now[n].as_str().unwrap()), "{said}");
        let accepted = installation.json(&["config", "pin", "--accept", keys[n]]);
        assert_eq!(accepted["account_id"], now[n]);
    }
    assert_eq!(installation.serve().stop(), Some(0));
    assert_eq!(pinned(&installation), expected(&now));
}

#[test]
fn a_user_is_named_and_pinned_like_an_account() {
    let installation = Installation::found();
    installation.run("account create --name Acme");
    let create = || {
        let bob = "user create --account acme --username bob --first-name Bob --role push-only";
        let words: Vec<&str> = bob.split(' ').collect();
        installation.json_with(&words, "bobs-password")["id"].clone()
    };
    let bob = create();
    let tables = |account: &str, user: &str| {
        format!(
            "[[api]]\nname = 'push'\npaths = ['/push-api/']\naccount = 'acme'\naccept = ['ip']\n\
             permission = 'push.read'\n[[identity]]\naccount = '{account}'\nip = ['127.0.0.1']\n{user}"
        )
    };
    let user = |server: &Server| server.send("GET", "/push-api/x", &[], "").status;
    write(&installation, &tables("acme", "user = 'Bob'\n"));
    // It may pass, and there is nowhere to go.
    assert_eq!(user(&installation.serve()), 404);
    let pin = json!({
        "key": "identity.1.user",
        "text": "Bob",
        "account_id": installation.run("account show acme")["id"],
        "user_id": bob,
    });
    assert_eq!(installation.run("config pin")[2], pin);
    let shown = good(&installation.command(&["config", "show"]).output().unwrap());
    assert!(
        shown.contains(&format!("user = {bob} # from file")),
        "{shown}"
    );

    installation.run("user delete --account acme --user bob");
    assert!(serve_refused(&installation).contains("identity.1.user: \"Bob\": no such user"));
    let bob = create();
    let said = serve_refused(&installation);
    assert!(
        said.contains("doorward config pin --accept identity.1.user"),
        "{said}"
    );
    assert!(said.contains(bob.as_str().unwrap()), "{said}");
    let accepted = installation.run("config pin --accept identity.1.user");
    assert_eq!(accepted["user_id"], bob);
    assert_eq!(user(&installation.serve()), 404);

    write(&installation, &tables("acme", &format!("user = {bob}\n")));
    assert_eq!(user(&installation.serve()), 404);
    write(&installation, &tables("acme", ""));
    assert_eq!(user(&installation.serve()), 403);
    // An id is looked for in the identity's account alone.
    installation.run("account create --name Other");
    write(&installation, &tables("other", &format!("user = {bob}\n")));
    installation.run("config pin --accept identity.1.account");
    assert!(serve_refused(&installation).contains("no such user"));
}

#[test]
fn a_reload_that_is_refused_pins_nothing() {
    let installation = Installation::found();
    let secret = installation.folder.path().join("secret");
    fs::write(&secret, "too short").unwrap();
    let mut server = installation.serve();
    let named = "[crossbar]\naccount = 'root'\n";
    let unknown = TABLES.replace("'acme'", "'root'");
    let short = format!("[check]\nsecret_file = '{}'\n", secret.display());
    for (more, said) in [
        (unknown.as_str(), "no such account"),
        (&short, "holds fewer than"),
    ] {
        write(&installation, &format!("{named}{more}"));
        server.signal("HUP");
        server.wait_for(said);
        assert_eq!(pinned(&installation), [], "{said}");
    }
    write(&installation, named);
    server.signal("HUP");
    server.wait_for("configuration reloaded");
    let root = json!(installation.account);
    assert_eq!(
        pinned(&installation),
        [("crossbar.account".to_owned(), root)]
    );
}

#[test]
fn a_start_that_is_refused_pins_nothing() {
    let installation = Installation::found();
    write(
        &installation,
        &format!("[crossbar]\naccount = 'root'\n{TABLES}"),
    );
    assert!(serve_refused(&installation).contains("no such account"));
    write(&installation, "");
    let pins = installation.command(&["config", "pin"]).output().unwrap();
    assert_eq!(good(&pins).trim(), "[]");
}
