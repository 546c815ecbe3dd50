//! `serve`: signals, reload, pins.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

use doorward_core::digest::md5_credentials;
use serde_json::json;

use crate::support::{Installation, Server, bad, doorward, eventually, exchange, good};

/// A sign-in that names no account.
fn nameless(server: &Server) -> u16 {
    let credentials = md5_credentials("admin", "first-password");
    let body = json!({"data": {"credentials": credentials}}).to_string();
    server.send("PUT", "/v2/user_auth", &[], &body).status
}

#[test]
fn it_stops_on_sigterm_and_sigint_with_code_0() {
    let installation = Installation::found();
    for signal in ["TERM", "INT"] {
        let mut server = installation.serve();
        assert_eq!(exchange(server.ops, "GET", "/livez", &[], "").status, 200);
        assert_eq!(exchange(server.ops, "GET", "/readyz", &[], "").status, 200);
        server.signal(signal);
        assert_eq!(
            server.child.wait().unwrap().code(),
            Some(0),
            "{}",
            server.log()
        );
    }
    // A clean end leaves nothing beside the store.
    assert!(!installation.data().join("doorward.db-wal").exists());
}

#[test]
fn what_is_in_flight_is_finished() {
    let installation = Installation::found();
    let mut server = installation.serve();
    let credentials = md5_credentials("admin", "first-password");
    let body = json!({"data": {"credentials": credentials, "account_name": "root"}}).to_string();
    let head = format!(
        "PUT /v2/user_auth HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(server.public).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    sleep(Duration::from_millis(200));
    server.signal("TERM");
    eventually(|| TcpStream::connect(server.public).is_err());
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[test]
fn sighup_exchanges_the_configuration_whole_or_not_at_all() {
    let installation = Installation::found();
    let file = installation.folder.path().join("doorward.toml");
    let write = |text: &str| fs::write(&file, text).unwrap();
    write("");
    let mut server = installation.serve_with(&["--config", file.to_str().unwrap()], &[]);
    assert_eq!(nameless(&server), 401);

    write("[crossbar]\naccount = \"root\"\n");
    server.signal("HUP");
    eventually(|| nameless(&server) == 201);
    server.wait_for("configuration reloaded");

    write("[crossbar]\naccont = \"root\"\n");
    server.signal("HUP");
    server.wait_for("did you mean crossbar.account?");
    assert_eq!(nameless(&server), 201);

    write("[crossbar]\naccount = \"nobody\"\n");
    server.signal("HUP");
    server.wait_for("no such account");
    assert_eq!(nameless(&server), 201);

    write("[crossbar]\n[hash]\nqueue = 7\n");
    server.signal("HUP");
    server.wait_for("restart to change hash.queue");
    assert_eq!(nameless(&server), 201);

    write("[log]\nlevel = \"error\"\n[crossbar]\nv1 = false\n");
    server.signal("HUP");
    eventually(|| nameless(&server) == 401);
    let lines = server.log().lines().count();
    assert_eq!(server.send("PUT", "/v1/user_auth", &[], "{}").status, 410);
    assert_eq!(server.log().lines().count(), lines, "{}", server.log());
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_name_that_means_another_account_than_before_is_refused_until_accepted() {
    let installation = Installation::found();
    let named = [("DOORWARD_CROSSBAR__ACCOUNT", "acme")];
    installation.json(&["account", "create", "--name", "Acme"]);
    assert_eq!(installation.serve_with(&[], &named).stop(), Some(0));
    let pins = installation.json(&["config", "pin"]);
    assert_eq!(
        (&pins[0]["key"], &pins[0]["text"]),
        (&json!("crossbar.account"), &json!("acme"))
    );

    installation.json(&["account", "delete", "acme"]);
    let new = installation.json(&["account", "create", "--name", "Acme"]);
    let with_name = |arguments: &[&str]| {
        let mut command = installation.command(arguments);
        command.envs(named).output().unwrap()
    };
    let said = bad(&with_name(&["serve", "--listen", "127.0.0.1:0"]), 1);
    assert!(
        said.contains("doorward config pin --accept crossbar.account"),
        "{said}"
    );
    let accepted = good(&with_name(&[
        "config",
        "pin",
        "--accept",
        "crossbar.account",
    ]));
    assert!(accepted.contains(new["id"].as_str().unwrap()), "{accepted}");
    assert_eq!(installation.serve_with(&[], &named).stop(), Some(0));
}

#[test]
fn a_configuration_is_checked_without_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("doorward.toml");
    fs::write(&file, "[crossbar]\naccount = \"acme\"\n").unwrap();
    let mut command = doorward(&["config", "check", file.to_str().unwrap(), "--data"]);
    let said = good(&command.arg(folder.path().join("nothing")).output().unwrap());
    assert!(
        said.contains("crossbar.account: \"acme\" is not resolved"),
        "{said}"
    );

    let installation = Installation::found();
    let mut command = installation.command(&["config", "check", file.to_str().unwrap()]);
    let said = bad(&command.output().unwrap(), 1);
    assert!(said.contains("no such account"), "{said}");
}

#[test]
fn the_effective_configuration_is_shown_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = doorward(&["config", "show", "--data"]);
    command
        .arg(folder.path())
        .env("DOORWARD_STORE__URL", "postgres://u:hunter2@h/d");
    let shown = good(&command.output().unwrap());
    assert!(shown.contains("postgres://u:***@h/d"), "{shown}");
    assert!(shown.contains("environment DOORWARD_STORE__URL"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn an_account_that_is_named_is_shown_by_its_id() {
    let installation = Installation::found();
    let file = installation.data().join("doorward.toml");
    fs::write(&file, "[crossbar]\n\naccount = \"acme\"\n").unwrap();
    let made = installation.json(&["account", "create", "--name", "Acme"]);
    let shown = good(&installation.command(&["config", "show"]).output().unwrap());
    let line = format!(
        "account = {} # from file {}:3, written \"acme\"",
        made["id"],
        file.display()
    );
    assert!(shown.lines().any(|l| l == line), "{line}\n{shown}");
    // Showing pins nothing.
    assert_eq!(installation.json(&["config", "pin"]), json!([]));

    assert_eq!(installation.serve().stop(), Some(0));
    assert_eq!(
        good(&installation.command(&["config", "show"]).output().unwrap()),
        shown
    );
    installation.json(&["account", "delete", "acme"]);
    installation.json(&["account", "create", "--name", "Acme"]);
    let said = bad(
        &installation.command(&["config", "show"]).output().unwrap(),
        1,
    );
    let served = installation
        .command(&["serve", "--listen", "127.0.0.1:0"])
        .output();
    assert_eq!(said, bad(&served.unwrap(), 1));
    assert!(said.contains("--accept crossbar.account"), "{said}");
}

#[test]
fn an_account_is_shown_as_written_where_the_store_cannot_be_reached() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = doorward(&["config", "show", "--data"]);
    command
        .arg(folder.path().join("nothing"))
        .env("DOORWARD_CROSSBAR__ACCOUNT", "acme");
    let shown = good(&command.output().unwrap());
    let line = "account = \"acme\" # from environment DOORWARD_CROSSBAR__ACCOUNT, not resolved";
    assert!(shown.lines().any(|l| l == line), "{shown}");
}

#[test]
fn listening_for_everybody_without_tls_is_warned_of() {
    let installation = Installation::found();
    let mut server = installation.serve_with(&[], &[]);
    assert!(!server.log().contains("without TLS"));
    assert_eq!(server.child.try_wait().unwrap(), None);
    let wide = [
        ("DOORWARD_LISTEN__OPS", "127.0.0.1:0"),
        ("DOORWARD_LISTEN__PUBLIC", "0.0.0.0:0"),
    ];
    let mut command = installation.command(&["serve"]);
    let mut server = Server::start(command.envs(wide), installation.folder.path());
    server.wait_for("without TLS");
}
