//! At trace level, with every way to sign in: no secret in any output, nor in any file of the data
//! folder but the master key.

use std::fs;
use std::process::Output;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use doorward_core::digest::{md5_credentials, sha1_credentials};
use doorward_core::hex;
use serde_json::{Value, json};

use crate::support::{Installation, Server, feed, good, names, text};

const PASSWORD: &str = "correct-horse-battery-9";
const WRONG: &str = "wrong-horse-battery-10";

/// Everything that must not be found, with a name for it.
struct Secrets(Vec<(String, Vec<u8>)>);

impl Secrets {
    fn add(&mut self, name: &str, secret: &str) {
        self.0.push((name.to_owned(), secret.as_bytes().to_vec()));
    }

    /// Asserts that none of them is in these bytes, in clear, hex or base64.
    fn are_not_in(&self, place: &str, bytes: &[u8]) {
        for (name, secret) in &self.0 {
            for (form, needle) in forms(secret) {
                let found = bytes.windows(needle.len()).any(|window| window == needle);
                assert!(!found, "{name} stands in {place} as {form}");
            }
        }
    }
}

/// A secret as it may look: base64 in each of the three positions it can have in a longer text.
fn forms(secret: &[u8]) -> Vec<(String, Vec<u8>)> {
    let lower = hex::encode(secret);
    let mut forms = vec![
        ("clear text".to_owned(), secret.to_vec()),
        ("hex".to_owned(), lower.to_uppercase().into_bytes()),
        ("hex".to_owned(), lower.into_bytes()),
    ];
    // A digest or key in hex may also be stored as the bytes it stands for.
    if let Some(bytes) = raw(secret) {
        forms.push(("bytes".to_owned(), bytes));
    }
    for skip in 0..3 {
        let padded = [&[0_u8; 2][..skip], secret].concat();
        for encoded in [
            STANDARD_NO_PAD.encode(&padded),
            URL_SAFE_NO_PAD.encode(&padded),
        ] {
            // The first characters hold bits of what stands before, the last ones of what follows.
            let kept = &encoded[if skip == 0 { 0 } else { skip + 1 }..encoded.len() - 1];
            forms.push((format!("base64 at {skip}"), kept.as_bytes().to_vec()));
        }
    }
    forms
}

fn raw(secret: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(secret).ok()?;
    match text.len() {
        32 => hex::decode::<16>(text).map(Vec::from),
        40 => hex::decode::<20>(text).map(Vec::from),
        64 => hex::decode::<32>(text).map(Vec::from),
        _ => None,
    }
}

/// Uses every token that was issued, in every place, and keeps what commands say about it.
fn use_tokens(
    installation: &Installation,
    server: &Server,
    answers: [Value; 3],
    secrets: &mut Secrets,
) -> Vec<Output> {
    let account = format!("/v2/accounts/{}", installation.account);
    let mut outputs = Vec::new();
    for answer in answers {
        let token = answer["auth_token"].as_str().unwrap().to_owned();
        secrets.add("a token", &token);
        secrets.add("a token's signature", token.rsplit('.').next().unwrap());
        let in_query = format!("{account}?auth_token={token}");
        for (path, headers) in [
            (&account, vec![("x-auth-token", token.clone())]),
            (&account, vec![("authorization", format!("Bearer {token}"))]),
            (&in_query, vec![]),
        ] {
            let headers: Vec<_> = headers
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            assert_eq!(server.send("GET", path, &headers, "").status, 200);
        }
        outputs.push(feed(
            installation.command(&["token", "inspect", "-"]),
            &token,
        ));
    }
    outputs
}

/// Basic with this digest.
fn use_basic(installation: &Installation, server: &Server, md5: &str, secrets: &mut Secrets) {
    let basic = STANDARD.encode(format!("{}:{md5}", installation.account));
    secrets.add("the Basic credentials", basic.trim_end_matches('='));
    let path = format!("/v2/accounts/{}", installation.account);
    let header = ("authorization", &*format!("Basic {basic}"));
    assert_eq!(server.send("GET", &path, &[header], "").status, 200);
}

#[test]
fn no_secret_is_logged_or_stored_in_the_clear() {
    let installation = Installation::found();
    let line = [
        "user",
        "set-password",
        "--account",
        "root",
        "--user",
        "admin",
    ];
    let mut set = installation.command(&line);
    set.arg("--password-stdin").env("RUST_LOG", "trace");
    let mut outputs = vec![feed(set, PASSWORD)];
    let server = installation.serve_with(&[], &[("RUST_LOG", "trace")]);

    let mut secrets = Secrets(Vec::new());
    let md5 = md5_credentials("admin", PASSWORD);
    let sha1 = sha1_credentials("admin", PASSWORD);
    let wrong = md5_credentials("admin", WRONG);
    let master = fs::read_to_string(installation.data().join("master.key")).unwrap();
    for (name, secret) in [
        ("the password", PASSWORD),
        ("the first password", "first-password"),
        ("its MD5", &md5),
        ("its SHA-1", &sha1),
        ("the wrong password", WRONG),
        ("the wrong MD5", &wrong),
        ("the API key", &installation.api_key),
        ("the master key", master.trim()),
    ] {
        secrets.add(name, secret);
    }

    assert_eq!(server.present(&wrong, "md5").json()["error"], "401");
    let body = json!({"data": {"api_key": installation.api_key}}).to_string();
    let by_key = server.send("PUT", "/v2/api_auth", &[], &body).json();
    let answers = [
        server.present(&md5, "md5").json(),
        server.present(&sha1, "sha").json(),
        by_key,
    ];
    outputs.extend(use_tokens(&installation, &server, answers, &mut secrets));
    use_basic(&installation, &server, &md5, &mut secrets);

    for output in &outputs {
        secrets.are_not_in("what a command printed", good(output).as_bytes());
        secrets.are_not_in("what a command complained", text(&output.stderr).as_bytes());
    }
    assert!(server.log().contains("\"answered\""), "{}", server.log());
    search_folder(&installation, &secrets);
    let log = server.log_file();
    assert_eq!(server.stop(), Some(0));
    secrets.are_not_in("the log", &fs::read(log).unwrap());
    search_folder(&installation, &secrets);
}

fn search_folder(installation: &Installation, secrets: &Secrets) {
    for name in names(&installation.data()) {
        if name != "master.key" {
            let bytes = fs::read(installation.data().join(&name)).unwrap();
            secrets.are_not_in(&name, &bytes);
        }
    }
}

#[test]
fn the_search_finds_what_is_there() {
    let mut secrets = Secrets(Vec::new());
    secrets.add("it", PASSWORD);
    for before in ["", "a", "ab", "abc"] {
        let encoded = STANDARD_NO_PAD.encode(format!("{before}{PASSWORD}after"));
        let found = std::panic::catch_unwind(|| secrets.are_not_in("a text", encoded.as_bytes()));
        assert!(found.is_err(), "behind {} bytes", before.len());
    }
}
