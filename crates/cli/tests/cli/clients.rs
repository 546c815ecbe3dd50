//! Real clients, unchanged, from the package registry: what they do stands in `tests/clients/`.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::support::{Installation, good, text};

/// Where `cargo xtask test` has a Python with the clients' packages.
pub(crate) const PYTHON: &str = "DOORWARD_TEST_PYTHON";

fn drive(script: &str, part: &str, version: &str) {
    let python = env::var_os(PYTHON).unwrap_or_else(|| {
        panic!("{PYTHON} names no Python with the clients' packages: run `cargo xtask test`")
    });
    let installation = Installation::found();
    let server = installation.serve();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    let output = Command::new(python)
        .arg(folder.join(script))
        .arg(part)
        .arg(format!("http://{}/{version}", server.public))
        .args([&installation.account, "Root", "admin", "first-password"])
        .arg(&installation.api_key)
        .output()
        .unwrap();
    let said = good(&output);
    assert!(said.ends_with("good\n"), "{said}{}", text(&output.stderr));
}

#[test]
fn cb_x01_kazoo_sdk_works_on_v1_and_v2() {
    drive("kazoo_client.py", "work", "v1");
    drive("kazoo_client.py", "work", "v2");
}

#[test]
fn cb_x02_kazoo_sdk_signs_in_again_when_its_token_is_gone() {
    drive("kazoo_client.py", "sign-in-again", "v2");
}

#[test]
fn cb_x03_kazoo_sdk_gets_the_field_map_of_bad_data() {
    drive("kazoo_client.py", "send-bad-data", "v2");
}

/// Its second sign-in sends the token it has along.
#[test]
fn cb_x04_pykazoo_works_on_v1_and_v2() {
    drive("py_kazoo.py", "work", "v1");
    drive("py_kazoo.py", "work", "v2");
}
