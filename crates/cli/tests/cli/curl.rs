//! The documented curl examples, run with curl itself against the binary (crossbar.md section 13.5).

use std::process::{Command, Output};

use doorward_core::digest::{md5_credentials, sha1_credentials};
use serde_json::Value;

use crate::support::{Installation, Server, good, text};

/// Runs curl as the examples do; what it adds tells the status behind the body. Files of its user are not read.
fn curl(arguments: &[&str]) -> (u16, Value) {
    let output: Output = Command::new("curl")
        .args(["--disable", "--silent", "--show-error", "--noproxy", "*"])
        .args(["--write-out", "\n%{http_code} %{content_type}"])
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("no curl: run `cargo xtask test`: {error}"));
    assert_eq!(text(&output.stderr), "");
    let printed = good(&output);
    let (body, end) = printed.rsplit_once('\n').unwrap();
    let (status, content_type) = end.split_once(' ').unwrap();
    assert_eq!(content_type, "application/json");
    (status.parse().unwrap(), serde_json::from_str(body).unwrap())
}

fn url(server: &Server, path: &str) -> String {
    format!("http://{}{path}", server.public)
}

/// A sign-in with this body: `-d` alone, which says that it is a form; with the header; with a slash at the end.
fn sign_in(server: &Server, resource: &str, body: &str) -> String {
    let json = "Content-Type: application/json";
    let mut tokens = Vec::new();
    for version in ["v1", "v2"] {
        let plain = url(server, &format!("/{version}/{resource}"));
        let slashed = format!("{plain}/");
        for arguments in [
            &["-X", "PUT", "-d", body, &plain][..],
            &["-X", "PUT", "-d", body, &slashed],
            &["-X", "PUT", "-H", json, "-d", body, &plain],
            &["-X", "PUT", "-H", json, "-d", body, &slashed],
        ] {
            let (status, answer) = curl(arguments);
            assert_eq!(status, 201, "{arguments:?}: {answer}");
            assert_eq!(answer["status"], "success");
            assert!(answer["data"]["account_id"].is_string(), "{answer}");
            tokens.push(answer["auth_token"].as_str().unwrap().to_owned());
        }
    }
    tokens.pop().unwrap()
}

#[test]
fn cb_x07_curl_signs_in_and_calls_with_its_token() {
    let installation = Installation::found();
    let server = installation.serve();
    let credentials = md5_credentials("admin", "first-password");
    let body = format!(r#"{{"data":{{"credentials":"{credentials}","account_name":"Root"}}}}"#);
    let token = sign_in(&server, "user_auth", &body);
    let key = &installation.api_key;
    let body = format!(r#"{{"data": {{"api_key":"{key}"}} }}"#);
    let of_key = sign_in(&server, "api_auth", &body);

    let account = &installation.account;
    for token in [token.as_str(), &of_key] {
        let header = format!("X-Auth-Token: {token}");
        for path in [
            format!("/v2/accounts/{account}"),
            format!("/v2/accounts/{account}/"),
            format!("/v2/accounts/{account}/users?paginate=false"),
            format!("/v2/accounts/{account}/users/"),
        ] {
            let (status, answer) = curl(&["-X", "GET", "-H", &header, &url(&server, &path)]);
            assert_eq!(status, 200, "{path}: {answer}");
        }
        let by_query = format!("/v2/accounts/{account}?auth_token={token}");
        let (status, answer) = curl(&[&url(&server, &by_query)]);
        assert_eq!((status, &answer["data"]["name"]), (200, &"Root".into()));
    }
    let users = url(&server, &format!("/v2/accounts/{account}/users"));
    let header = format!("X-Auth-Token: {token}");
    let ada =
        r#"{"data":{"first_name":"Ada","last_name":"Curl","username":"ada","password":"a-1"}}"#;
    let (status, made) = curl(&["-X", "PUT", "-H", &header, "-d", ada, &users]);
    assert_eq!(status, 201, "{made}");
    let user = format!("{users}/{}", made["data"]["id"].as_str().unwrap());
    let patch = r#"{"data":{"first_name":"Adele"}}"#;
    let (status, answer) = curl(&["-X", "PATCH", "-H", &header, "-d", patch, &user]);
    assert_eq!(
        (status, &answer["data"]["first_name"]),
        (200, &"Adele".into())
    );
    assert_eq!(curl(&["-X", "DELETE", "-H", &header, &user]).0, 200);
    assert_eq!(curl(&["-H", &header, &user]).0, 404);

    let end = url(&server, "/v2/token_auth");
    assert_eq!(curl(&["-X", "DELETE", "-H", &header, &end]).0, 200);
    assert_eq!(curl(&["-H", &header, &users]).0, 401);
}

#[test]
fn cb_x07_curl_calls_by_basic() {
    let installation = Installation::found();
    let server = installation.serve();
    let account = &installation.account;
    let users = url(&server, &format!("/v2/accounts/{account}/users"));
    let basic = |digest: &str| {
        let user = format!("{account}:{digest}");
        curl(&["--basic", "--user", &user, &users])
    };
    let (status, answer) = basic(&md5_credentials("admin", "first-password"));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["data"][0]["username"], "admin");
    assert_eq!(basic(&md5_credentials("admin", "wrong")).0, 401);

    installation.run("account set root --basic-digest sha");
    crate::support::eventually(|| basic(&sha1_credentials("admin", "first-password")).0 == 200);
}
