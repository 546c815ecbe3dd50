//! `serve` and SIGHUP: what is read again besides the configuration's own text.

use std::fs;
use std::net::SocketAddr;

use serde_json::Value;

use crate::support::{Installation, eventually, exchange};

const OLD: &str = "the first secret of them all";
const NEW: &str = "another secret that is good";

#[test]
fn a_secret_that_changed_in_its_file_is_taken() {
    let installation = Installation::found();
    let file = installation.folder.path().join("secret");
    fs::write(&file, OLD).unwrap();
    let settings = format!(
        "[listen]\ncheck = '127.0.0.1:0'\n[check]\nsecret_file = '{}'\n",
        file.display()
    );
    fs::write(installation.data().join("doorward.toml"), settings).unwrap();
    let mut server = installation.serve();
    let started: Value = serde_json::from_str(&server.wait_for("\"serving\"")).unwrap();
    let check: SocketAddr = started["fields"]["check"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    // Whoever may ask is told that there is nothing here; others are told nothing.
    let may_ask = |secret| {
        let status = exchange(check, "GET", "/nothing", &[("x-doorward-peer", secret)], "").status;
        assert!(matches!(status, 403 | 404), "{status}");
        status == 404
    };
    assert!(may_ask(OLD) && !may_ask(NEW));

    fs::write(&file, "too short").unwrap();
    server.signal("HUP");
    server.wait_for("holds fewer than");
    assert!(may_ask(OLD) && !may_ask(NEW));

    fs::write(&file, NEW).unwrap();
    server.signal("HUP");
    eventually(|| may_ask(NEW));
    assert!(!may_ask(OLD));
    let told = server.wait_for("configuration reloaded");
    assert!(told.contains("\"changed\":\"check.secret_file\""), "{told}");
    assert!(!server.log().contains(NEW));
}
