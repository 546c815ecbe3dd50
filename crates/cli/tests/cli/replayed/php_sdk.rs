//! The PHP SDK (crossbar.md section 13.3).

use doorward_core::digest::md5_credentials;
use serde_json::{Value, json};

use super::{Reply, Wire};
use crate::support::{Installation, Server};

/// As PHP's `json_encode` writes it: slashes and what is not ASCII escaped.
fn php_json(value: &Value) -> String {
    let mut units = [0; 2];
    let escape = |c: char| match c {
        '/' => "\\/".to_owned(),
        c if c.is_ascii() => c.to_string(),
        c => {
            let units = c.encode_utf16(&mut units).iter();
            let units: Vec<_> = units.map(|unit| format!("\\u{unit:04x}")).collect();
            units.concat()
        }
    };
    value.to_string().chars().map(escape).collect()
}

/// The PHP SDK: the same headers on every request, the token's empty while there is none.
struct PhpSdk {
    wire: Wire,
    realm: String,
    credentials: String,
    token: String,
}

impl PhpSdk {
    fn of(server: &Server, credentials: &str) -> Self {
        Self {
            wire: Wire::to(server.public),
            realm: "root.example".to_owned(),
            credentials: credentials.to_owned(),
            token: String::new(),
        }
    }

    fn request(&mut self, method: &str, path: &str, data: Option<&Value>) -> Reply {
        let head = [
            "User-Agent: kazoo-php-sdk".to_owned(),
            "Content-Type: application/json".to_owned(),
            "Accept: application/json".to_owned(),
            format!("X-Auth-Token: {}", self.token),
        ];
        let body = data.map(|data| php_json(&json!({ "data": data })));
        self.wire
            .send(&format!("{method} {path}"), &head, body.as_deref())
    }

    fn take_token(&mut self, answer: &Value) {
        answer["auth_token"]
            .as_str()
            .unwrap()
            .clone_into(&mut self.token);
    }

    /// What it keeps between page loads: `data`, with the token in it.
    fn sign_in(&mut self) -> Value {
        self.token = String::new();
        let data = json!({"credentials": self.credentials, "realm": self.realm});
        let answer = self.request("PUT", "/v2/user_auth", Some(&data)).json(201);
        assert_eq!(answer["status"], "success");
        self.take_token(&answer);
        answer["data"].clone()
    }

    /// A call that must succeed: on 401 it signs in again and repeats it once.
    #[track_caller]
    fn call(&mut self, method: &str, path: &str, data: Option<&Value>, status: u16) -> Value {
        let mut reply = self.request(method, path, data);
        if reply.status == 401 {
            self.sign_in();
            reply = self.request(method, path, data);
        }
        reply.json(status)["data"].clone()
    }
}

#[test]
fn cb_x05_the_php_sdks_requests_replayed_sign_in_by_realm_and_keep_users() {
    let installation = Installation::found();
    installation.run("account create --name Child --realm child.example");
    let server = installation.serve();
    let mut sdk = PhpSdk::of(&server, &md5_credentials("admin", "first-password"));
    let session = sdk.sign_in();
    assert_eq!(session["account_id"], installation.account.as_str());
    assert_eq!(session["owner_id"], installation.user.as_str());

    let account = format!("/v2/accounts/{}", installation.account);
    assert_eq!(
        sdk.call("GET", &account, None, 200)["realm"],
        "root.example"
    );
    for list in ["children", "descendants"] {
        let rows = sdk.call("GET", &format!("{account}/{list}"), None, 200);
        assert_eq!(rows[0]["name"], "Child", "{list}");
        assert_eq!(rows[0]["id"].as_str().map(str::len), Some(32), "{list}");
    }
    let child = sdk.call("GET", &format!("{account}/children"), None, 200)[0]["id"].clone();
    let below = format!("/v2/accounts/{}", child.as_str().unwrap());
    let siblings = sdk.call("GET", &format!("{below}/siblings"), None, 200);
    assert_eq!(siblings.as_array().map(Vec::len), Some(1));
    let key = sdk.call("GET", &format!("{account}/api_key"), None, 200);
    assert_eq!(key["api_key"], installation.api_key.as_str());

    // A new user is saved, changed as a whole and in part, and removed.
    let users = format!("{account}/users");
    let new = json!({
        "first_name": "Zoë", "last_name": "a/b", "username": "zoe", "password": "zoe-1",
        "email": "zoe@root.example",
    });
    let mut user = sdk.call("PUT", &users, Some(&new), 201);
    assert_eq!(
        (&user["first_name"], &user["last_name"]),
        (&json!("Zoë"), &json!("a/b"))
    );
    let path = format!("{users}/{}", user["id"].as_str().unwrap());
    user["last_name"] = json!("c/d");
    let saved = sdk.call("POST", &path, Some(&user), 200);
    assert_eq!(
        (&saved["id"], &saved["last_name"]),
        (&user["id"], &json!("c/d"))
    );
    let saved = sdk.call(
        "PATCH",
        &path,
        Some(&json!({"timezone": "Europe/Oslo"})),
        200,
    );
    assert_eq!(saved["username"], "zoe");
    let listed = sdk.call("GET", &users, None, 200);
    assert_eq!(listed.as_array().map(Vec::len), Some(2));

    // Its token is gone: it signs in again, with the empty header, and repeats the call.
    let gone = sdk.token.clone();
    assert_eq!(sdk.request("DELETE", "/v2/token_auth", None).status, 200);
    assert_eq!(sdk.call("GET", &path, None, 200)["id"], user["id"]);
    assert_ne!(sdk.token, gone);

    sdk.call("DELETE", &path, None, 200);
    let refused = sdk.request("GET", &path, None);
    assert_eq!(refused.json(404)["message"], "bad_identifier");
    assert!(refused.header("x-request-id").is_some());
}

#[test]
fn cb_x05_the_php_sdks_requests_replayed_sign_in_by_api_key() {
    let installation = Installation::found();
    let server = installation.serve();
    let mut sdk = PhpSdk::of(&server, "");
    let data = json!({"api_key": installation.api_key});
    let answer = sdk.request("PUT", "/v2/api_auth", Some(&data)).json(201);
    sdk.take_token(&answer);
    let account = format!("/v2/accounts/{}", installation.account);
    assert_eq!(sdk.call("GET", &account, None, 200)["name"], "Root");
    let numbers = sdk.call("GET", &format!("{account}/phone_numbers"), None, 200);
    assert_eq!(numbers["numbers"], json!({}));
}
