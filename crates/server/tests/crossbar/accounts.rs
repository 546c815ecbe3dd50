//! Groups D and Z: writing accounts.

use serde_json::{Value, json};

use crate::support::{disable_account, send};
use doorward_core::id::AccountId;
use doorward_testkit::{App, Reply};

/// `PUT accounts/A` by its administrator.
async fn create(app: &App, data: Value) -> Reply {
    let token = app.token("adm").await;
    send(app, "PUT", app.account_path("A"), &token, data).await
}

/// The account in a reply, as the store has it.
async fn stored(app: &App, reply: &Reply) -> doorward_core::account::Account {
    let id: AccountId = reply.at("/data/id").as_str().unwrap().parse().unwrap();
    app.engine.store().account(id).await.unwrap().unwrap()
}

#[tokio::test]
async fn cb_d01_an_account_is_created() {
    let app = App::start().await;
    let reply = create(&app, json!({"name": "x", "custom": {"k": 1}})).await;
    reply.assert_status(201);
    let data = reply.at("/data");
    let realm = data["realm"].as_str().unwrap();
    assert_eq!(realm.split_once('.').unwrap().0.len(), 6);
    let id = data["id"].as_str().unwrap();
    assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()));
    assert_eq!(data["enabled"], true);
    assert_eq!(data["superduper_admin"], false);
    assert_eq!(data["custom"], json!({"k": 1}));
    assert!(reply.at("/revision").is_string());
    let account = stored(&app, &reply).await;
    assert_eq!(account.parent, Some(app.account("A").id));
    let key = app.engine.api_key(account.id).await.unwrap();
    app.put_api_auth(key.expose()).await.assert_status(201);
}

#[tokio::test]
async fn cb_d02_a_name_is_required() {
    let app = App::start().await;
    let reply = create(&app, json!({"realm": "x.example"})).await;
    reply.assert_invalid("name", "required");
    let token = app.token("adm").await;
    for (method, data) in [("POST", json!({})), ("PATCH", json!({"name": null}))] {
        let reply = send(&app, method, app.account_path("A"), &token, data).await;
        reply.assert_invalid("name", "required");
    }
}

#[tokio::test]
async fn cb_d03_a_name_is_taken_in_its_normal_form() {
    let app = App::start().await;
    let reply = create(&app, json!({"name": "BETA-phones"})).await;
    reply.assert_invalid("name", "unique");
    let said = reply.at("/data/name/unique");
    assert_eq!(said["message"], "Account name already in use");
    assert_eq!(said["cause"], "BETA-phones");
    let token = app.token("adm").await;
    let data = json!({"name": "beta phones"});
    let reply = send(&app, "PATCH", app.account_path("A"), &token, data).await;
    reply.assert_invalid("name", "unique");
}

#[tokio::test]
async fn cb_d04_a_realm_is_taken_in_any_case() {
    let app = App::start().await;
    let reply = create(&app, json!({"name": "x", "realm": "B.Example"})).await;
    reply.assert_invalid("realm", "unique");
    let message = reply.at("/data/realm/unique/message");
    assert_eq!(message, "Account realm already in use");
}

#[tokio::test]
async fn cb_d05_guarded_members_are_ignored() {
    let app = App::start().await;
    let foreign = json!({
        "name": "x", "realm": "x.example", "superduper_admin": true, "is_reseller": true,
        "pvt_tree": [], "id": app.account("M").id.to_string(), "created": 1, "trial_time_left": 9,
        "pvt_api_key": "k", "reseller_id": "r", "billing_mode": "b",
    });
    let created = create(&app, foreign.clone()).await;
    created.assert_status(201);
    let path = format!("/v2/accounts/{}", created.at("/data/id").as_str().unwrap());
    let token = app.token("adm").await;
    let replaced = send(&app, "POST", &path, &token, foreign.clone()).await;
    let merged = send(&app, "PATCH", &path, &token, foreign).await;
    for reply in [
        &created,
        replaced.assert_status(200),
        merged.assert_status(200),
    ] {
        let data = reply.at("/data");
        assert_eq!(data["id"], created.at("/data/id"));
        assert_eq!(data["superduper_admin"], false);
        assert_eq!(data["is_reseller"], false);
        assert_eq!(data["created"], app.now().gregorian());
        assert!(data.get("pvt_tree").is_none());
        assert!(data.get("trial_time_left").is_none());
        let account = stored(&app, reply).await;
        assert_eq!(account.parent, Some(app.account("A").id));
        assert!(!account.superduper && !account.reseller);
        assert!(account.document.is_empty(), "{:?}", account.document);
    }
}

#[tokio::test]
async fn cb_d06_custom_keys_come_and_go() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let path = app.account_path("A");
    let data = json!({"custom": {"a": {"b": 1}, "c": 2}});
    let reply = send(&app, "PATCH", &path, &token, data).await;
    reply.assert_status(200);
    assert_eq!(reply.at("/data/custom/a/b"), 1);
    assert_eq!(reply.at("/data/name"), app.account("A").name);
    let data = json!({"custom": {"a": null}});
    let reply = send(&app, "PATCH", &path, &token, data).await;
    assert_eq!(reply.at("/data/custom"), json!({"c": 2}));
    let reply = send(&app, "PATCH", &path, &token, json!({"custom": null})).await;
    reply.assert_status(200);
    let read = app.get(&path, &token).await;
    assert!(read.at("/data").get("custom").is_none());
    assert_eq!(read.at("/revision"), reply.at("/revision"));
}

#[tokio::test]
async fn a_replacement_drops_custom_keys_and_keeps_the_realm() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let path = app.account_path("A");
    let data = json!({"custom": 1, "realm": "New A.example"});
    let reply = send(&app, "PATCH", &path, &token, data).await;
    assert_eq!(reply.at("/data/realm"), "newa.example");
    let data = json!({"name": "Acme Renamed"});
    let reply = send(&app, "POST", &path, &token, data).await;
    reply.assert_status(200);
    assert_eq!(reply.at("/data/realm"), "newa.example");
    assert!(reply.at("/data").get("custom").is_none());
    let signed_in = app.sign_in("acme renamed", "adm", "pw-adm").await;
    signed_in.assert_status(201);
}

#[tokio::test]
async fn cb_d07_an_account_does_not_switch_itself_off() {
    let app = App::start().await;
    let name = &app.account("A").name;
    for token in [app.token("adm").await, app.api_token("A").await] {
        for (method, data) in [
            ("PATCH", json!({"enabled": false})),
            ("POST", json!({"name": name, "enabled": false})),
        ] {
            let reply = send(&app, method, app.account_path("A"), &token, data).await;
            reply.assert_status(200);
            assert_eq!(reply.at("/data/enabled"), true);
        }
    }
}

#[tokio::test]
async fn cb_d08_an_account_above_switches_it_off_and_on() {
    let app = App::start().await;
    let token = app.api_token("R").await;
    let path = app.account_path("A");
    let reply = send(&app, "PATCH", &path, &token, json!({"enabled": false})).await;
    assert_eq!(reply.assert_status(200).at("/data/enabled"), false);
    let read = app.get(&path, &token).await;
    assert_eq!(read.at("/data/enabled"), false);
    let name = &app.account("A").name;
    let reply = app.sign_in(name, "adm", "pw-adm").await;
    reply.assert_locked("disabled");
    // A replacement that does not speak of it does not switch it on.
    let reply = send(&app, "POST", &path, &token, json!({"name": name})).await;
    assert_eq!(reply.assert_status(200).at("/data/enabled"), false);
    let reply = send(&app, "PATCH", &path, &token, json!({"enabled": true})).await;
    assert_eq!(reply.assert_status(200).at("/data/enabled"), true);
    app.sign_in(name, "adm", "pw-adm").await.assert_status(201);
}

#[tokio::test]
async fn a_child_of_a_disabled_account_starts_disabled() {
    let app = App::start().await;
    let token = app.api_token("R").await;
    let data = json!({"name": "Off", "enabled": false});
    let reply = send(&app, "PUT", app.account_path("B"), &token, data).await;
    assert_eq!(reply.assert_status(201).at("/data/enabled"), false);
    disable_account(&app, "A").await;
    let data = json!({"name": "Below", "enabled": true});
    let reply = send(&app, "PUT", app.account_path("A"), &token, data).await;
    assert_eq!(reply.assert_status(201).at("/data/enabled"), false);
}

#[tokio::test]
async fn cb_d09_an_account_with_children_stays() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let call = app.call("DELETE", app.account_path("A")).token(&token);
    let reply = call.send().await;
    reply.assert_error(500, "account_has_descendants");
    assert_eq!(reply.at("/data/message"), "account has descendants");
    let read = app.get(app.account_path("A"), &token).await;
    read.assert_status(200);
}

#[tokio::test]
async fn cb_d10_the_root_stays() {
    let app = App::start().await;
    let token = app.token("mad").await;
    let call = app.call("DELETE", app.account_path("M")).token(&token);
    let reply = call.send().await;
    reply.assert_error(405, "invalid_method");
}

#[tokio::test]
async fn cb_d11_a_leaf_is_deleted() {
    let app = App::start().await;
    let (adm, cad) = (app.token("adm").await, app.token("cad").await);
    let path = app.account_path("C");
    let reply = app.call("DELETE", &path).token(&adm).send().await;
    reply.assert_status(200);
    assert_eq!(reply.at("/data/id"), app.account("C").id.to_string());
    let read = app.get(&path, &adm).await;
    read.assert_error(404, "bad_identifier");
    let reply = app.sign_in(&app.account("C").name, "cad", "pw-cad").await;
    reply.assert_401std();
    app.get("/v2/token_auth", &cad).await.assert_401std();
    let data = json!({"name": app.account("C").name, "realm": app.account("C").realm});
    create(&app, data).await.assert_status(201);
}

#[tokio::test]
async fn cb_z14_an_account_is_created_below_the_callers() {
    let app = App::start().await;
    for (token, name) in [
        (app.token("adm").await, "one"),
        (app.api_token("A").await, "two"),
    ] {
        let reply = send(&app, "PUT", "/v2/accounts", &token, json!({"name": name})).await;
        let account = stored(&app, reply.assert_status(201)).await;
        assert_eq!(account.parent, Some(app.account("A").id));
    }
}

#[tokio::test]
async fn cb_z15_no_account_is_created_below_a_sibling() {
    let app = App::start().await;
    let token = app.token("adm").await;
    for account in ["B", "R", "M"] {
        let path = app.account_path(account);
        let reply = send(&app, "PUT", path, &token, json!({"name": "x"})).await;
        reply.assert_403();
    }
}

/// What a caller may do about account A, which has accounts below it, and below its own.
async fn statuses(app: &App, token: &str) -> [u16; 5] {
    let path = app.account_path("A");
    let name = &app.account("A").name;
    let (one, two) = (json!({"name": "one"}), json!({"name": "two"}));
    [
        send(app, "PUT", "/v2/accounts", token, one).await.status,
        send(app, "PUT", &path, token, two).await.status,
        send(app, "POST", &path, token, json!({"name": name}))
            .await
            .status,
        send(app, "PATCH", &path, token, json!({})).await.status,
        send(app, "DELETE", &path, token, json!({})).await.status,
    ]
}

#[tokio::test]
async fn accounts_are_written_by_who_may() {
    let all = [201, 201, 200, 200, 500];
    let only_below_own = [201, 403, 403, 403, 403];
    for (caller, expected) in [
        ("mad", all),
        ("mus", [403; 5]),
        ("adm", all),
        ("usr", [403; 5]),
        ("bad", only_below_own),
        ("cad", only_below_own),
    ] {
        let app = App::start().await;
        let token = app.token(caller).await;
        assert_eq!(statuses(&app, &token).await, expected, "{caller}");
    }
    for (owner, expected) in [("M", all), ("R", all), ("A", all), ("B", only_below_own)] {
        let app = App::start().await;
        let token = app.api_token(owner).await;
        assert_eq!(statuses(&app, &token).await, expected, "{owner}");
    }
    let app = App::start().await;
    let call = app
        .call("PUT", "/v2/accounts")
        .json(&json!({"data": {"name": "x"}}));
    call.send().await.assert_401std();
}
