//! The browser application Monster UI (crossbar.md section 13.4).

use std::net::SocketAddr;

use doorward_core::digest::md5_credentials;
use serde_json::{Value, json};

use super::{Reply, Wire};
use crate::support::Installation;

/// The browser application, in a browser: what is not simple is asked for first (Fetch standard, section 4.8), and an
/// answer is read only if it allows the origin.
struct Monster {
    wire: Wire,
    clock: u64,
    token: Option<String>,
}

const ORIGIN: &str = "http://monster.example";

impl Monster {
    fn new(address: SocketAddr) -> Self {
        Self {
            wire: Wire::to(address),
            clock: 1_710_278_674_000,
            token: None,
        }
    }

    fn browser() -> Vec<String> {
        [
            "Connection: keep-alive",
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "Accept-Language: en-US,en;q=0.5",
            "Accept-Encoding: gzip, deflate",
            "Referer: http://monster.example/",
            "Origin: http://monster.example",
            "Sec-Fetch-Dest: empty",
            "Sec-Fetch-Mode: cors",
            "Sec-Fetch-Site: cross-site",
        ]
        .map(str::to_owned)
        .to_vec()
    }

    #[track_caller]
    fn preflight(&mut self, method: &str, path: &str) {
        let headers = match &self.token {
            Some(_) => vec!["content-type", "x-auth-token"],
            None => vec!["content-type"],
        };
        let mut head = Self::browser();
        head.push("Accept: */*".to_owned());
        head.push(format!("Access-Control-Request-Method: {method}"));
        let joined = headers.join(",");
        head.push(format!("Access-Control-Request-Headers: {joined}"));
        let reply = self.wire.send(&format!("OPTIONS {path}"), &head, None);
        assert!((200..300).contains(&reply.status), "{}", reply.status);
        Self::assert_allowed(&reply);
        for (name, wanted) in [("methods", vec![method]), ("headers", headers)] {
            let allowed = reply
                .header(&format!("access-control-allow-{name}"))
                .unwrap();
            let allowed: Vec<_> = allowed.split(',').map(str::trim).collect();
            for one in wanted {
                assert!(
                    allowed.iter().any(|known| known.eq_ignore_ascii_case(one)),
                    "{one} in {allowed:?}"
                );
            }
        }
    }

    #[track_caller]
    fn assert_allowed(reply: &Reply) {
        let origin = reply.header("access-control-allow-origin");
        assert!(matches!(origin, Some("*" | ORIGIN)), "{origin:?}");
    }

    /// A call as its `$.ajax` makes it: JSON is said also where there is no body, reads are never cached, everything that
    /// is sent has the metadata of the application in `data`.
    #[track_caller]
    fn request(&mut self, method: &str, path: &str, data: Option<Value>) -> Reply {
        let path = if data.is_none() && method == "GET" {
            self.clock += 1;
            format!("/v2/{path}?_={}", self.clock)
        } else {
            format!("/v2/{path}")
        };
        self.preflight(method, &path);
        let mut head = Self::browser();
        head.push("Accept: application/json, text/javascript, */*; q=0.01".to_owned());
        head.push("Content-Type: application/json".to_owned());
        head.extend(
            self.token
                .as_ref()
                .map(|token| format!("X-Auth-Token: {token}")),
        );
        let body = data.map(|mut data| {
            data["ui_metadata"] = json!({"version": "4.3.0", "ui": "monster-ui", "origin": "core"});
            json!({ "data": data }).to_string()
        });
        let reply = self
            .wire
            .send(&format!("{method} {path}"), &head, body.as_deref());
        Self::assert_allowed(&reply);
        reply
    }

    fn sign_in(&mut self, password: &str) -> Reply {
        self.sign_in_to("Acme", "moni", password)
    }

    fn sign_in_to(&mut self, account: &str, username: &str, password: &str) -> Reply {
        let credentials = md5_credentials(username, password);
        let data = json!({"credentials": credentials, "account_name": account});
        self.token = None;
        self.request("PUT", "user_auth", Some(data))
    }

    /// Takes the token of a sign-in, and what it keeps of it.
    #[track_caller]
    fn signed_in(&mut self, reply: &Reply) -> Value {
        let answer = reply.json(201);
        self.token = answer["auth_token"].as_str().map(str::to_owned);
        assert_eq!(
            self.token.as_ref().map(|token| token.split('.').count()),
            Some(3)
        );
        answer["data"].clone()
    }
}

/// Acme with an admin who must change the password, and a user below.
fn acme() -> Installation {
    let installation = Installation::found();
    installation.run("account create --name Acme --realm acme.example");
    let document = installation.folder.path().join("user.json");
    let member = json!({"first_name": "Mo", "last_name": "Ni", "require_password_update": true});
    std::fs::write(&document, member.to_string()).unwrap();
    let named = format!("@{}", document.display());
    let create = [
        "user",
        "create",
        "--account",
        "acme",
        "--level",
        "admin",
        "--username",
        "moni",
    ];
    let more = ["--document", &named];
    installation.json_with(&[&create[..], &more].concat(), "given-password");
    let create = ["user", "create", "--account", "acme", "--username", "bob"];
    installation.json_with(&create, "bobs-password");
    installation
}

#[test]
fn cb_x06_the_browser_applications_requests_replayed_from_sign_in_to_a_new_password() {
    let installation = acme();
    let server = installation.serve();
    let mut monster = Monster::new(server.public);
    // Before anybody signs in it asks for its own looks; any answer will do that it may read.
    let looks = monster.request("GET", "whitelabel/monster.example", None);
    assert!([401, 404].contains(&looks.status), "{}", looks.status);

    let refused = monster.sign_in("wrong").json(401);
    assert_eq!(
        (&refused["error"], &refused["status"]),
        (&json!("401"), &json!("error"))
    );
    let reply = monster.sign_in("given-password");
    let data = monster.signed_in(&reply);
    for (member, is_right) in [
        ("account_id", data["account_id"].is_string()),
        ("owner_id", data["owner_id"].is_string()),
        ("is_reseller", data["is_reseller"] == json!(false)),
        ("reseller_id", data["reseller_id"].is_string()),
        ("language", data["language"].is_string()),
        ("capabilities", data["capabilities"].is_object()),
    ] {
        assert!(is_right, "{member}: {data}");
    }
    let account = format!("accounts/{}", data["account_id"].as_str().unwrap());
    let user = format!("{account}/users/{}", data["owner_id"].as_str().unwrap());
    let shown = monster.request("GET", &account, None).json(200);
    assert!(shown["version"].is_string());
    for member in ["id", "name", "realm", "superduper_admin", "is_reseller"] {
        assert!(!shown["data"][member].is_null(), "{member}");
    }
    let shown = monster.request("GET", &user, None).json(200)["data"].clone();
    assert_eq!(shown["priv_level"], "admin");
    assert_eq!(shown["require_password_update"], true);

    let change = json!({"password": "my-own-password", "require_password_update": false});
    let changed = monster.request("PATCH", &user, Some(change)).json(200);
    assert_eq!(changed["data"]["require_password_update"], false);
    assert_eq!(changed["data"].get("password"), None);

    // The token ended with the password: it repeats the sign-in with the hash it has, is refused, and asks again.
    monster.request("GET", &account, None).json(401);
    monster.sign_in("given-password").json(401);
    let reply = monster.sign_in("my-own-password");
    monster.signed_in(&reply);
    let shown = monster.request("GET", &user, None).json(200);
    assert_eq!(shown["data"]["require_password_update"], false);
}

#[test]
fn cb_x06_the_browser_applications_requests_replayed_for_a_token_it_kept() {
    let installation = acme();
    let server = installation.serve();
    let mut monster = Monster::new(server.public);
    let reply = monster.sign_in("given-password");
    let data = monster.signed_in(&reply);

    // From its cookie, or from `?t=` in its address: the token stands in the body, and in no header.
    let token = monster.token.take().unwrap();
    let kept = json!({ "token": token });
    let resumed = monster
        .request("POST", "auth/tokeninfo", Some(kept))
        .json(200);
    assert_eq!(resumed["auth_token"], token.as_str());
    for member in [
        "account_id",
        "owner_id",
        "is_reseller",
        "reseller_id",
        "language",
    ] {
        assert_eq!(resumed["data"][member], data[member], "{member}");
    }
    let stale = json!({"token": format!("{}x", token)});
    assert!(
        monster
            .request("POST", "auth/tokeninfo", Some(stale))
            .status
            >= 400
    );

    monster.token = Some(token);
    let account = format!("accounts/{}", data["account_id"].as_str().unwrap());
    monster.request("GET", &account, None).json(200);
}

/// The system owner's admin looks at an account as a user of it.
#[test]
fn cb_x06_the_browser_applications_requests_replayed_for_somebody_else() {
    let installation = acme();
    let server = installation.serve();
    let mut monster = Monster::new(server.public);
    let reply = monster.sign_in_to("Root", "admin", "first-password");
    let data = monster.signed_in(&reply);
    let children = format!("accounts/{}/children", data["account_id"].as_str().unwrap());
    let child = monster.request("GET", &children, None).json(200)["data"][0].clone();
    let users = format!("accounts/{}/users", child["id"].as_str().unwrap());
    let listed = monster.request("GET", &users, None).json(200)["data"].clone();
    let rows = listed.as_array().unwrap();
    let bob = rows.iter().find(|row| row["username"] == "bob").unwrap();
    let bob = format!("{users}/{}", bob["id"].as_str().unwrap());
    let as_bob = json!({"action": "impersonate_user"});
    let reply = monster.request("PUT", &format!("{bob}/user_auth"), Some(as_bob));
    monster.signed_in(&reply);
    let shown = monster.request("GET", &bob, None).json(200);
    assert_eq!(shown["data"]["priv_level"], "user");
    monster.request("GET", &children, None).json(403);
}
