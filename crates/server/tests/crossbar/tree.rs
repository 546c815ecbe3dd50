//! Group Z: who may reach which account.

use crate::support::expire_account;
use doorward_testkit::{App, operator};

async fn assert_status(app: &App, user: &str, accounts: &[&str], status: u16) {
    let token = app.token(user).await;
    for account in accounts {
        let reply = app.get(app.account_path(account), &token).await;
        reply.assert_status(status);
        if status == 200 {
            assert_eq!(reply.at("/data/id"), app.account(account).id.to_string());
        } else {
            reply.assert_403();
        }
    }
}

#[tokio::test]
async fn cb_z01_ones_own_account() {
    let app = App::start().await;
    assert_status(&app, "adm", &["A"], 200).await;
    assert_status(&app, "usr", &["A"], 200).await;
}

#[tokio::test]
async fn cb_z02_an_account_below() {
    let app = App::start().await;
    assert_status(&app, "adm", &["C"], 200).await;
}

#[tokio::test]
async fn cb_z03_not_an_account_beside() {
    let app = App::start().await;
    assert_status(&app, "adm", &["B"], 403).await;
}

#[tokio::test]
async fn cb_z04_not_an_account_above() {
    let app = App::start().await;
    assert_status(&app, "adm", &["R", "M"], 403).await;
}

#[tokio::test]
async fn cb_z05_not_the_parent() {
    let app = App::start().await;
    assert_status(&app, "cad", &["A", "R", "M", "B"], 403).await;
}

#[tokio::test]
async fn cb_z06_the_system_owner_reaches_all() {
    let app = App::start().await;
    assert_status(&app, "mad", &["M", "R", "A", "B", "C"], 200).await;
}

#[tokio::test]
async fn cb_z07_a_user_is_not_found_in_another_account() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let cad = app.user("cad").id.to_string();
    let path = format!("{}/users/{cad}", app.account_path("A"));
    let reply = app.get(path, &token).await;
    reply.assert_error(404, "bad_identifier");
    assert_eq!(reply.at("/data/cause"), cad);
}

#[tokio::test]
async fn cb_z08_a_user_is_found_in_its_account() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let reply = app.get(app.user_path("cad"), &token).await;
    reply.assert_status(200);
    let data = reply.at("/data");
    assert_eq!(data["id"], app.user("cad").id.to_string());
    assert_eq!(data["username"], "cad");
    assert_eq!(data["priv_level"], "admin");
    assert_eq!(data["first_name"], "cad");
    for hidden in [
        "password",
        "credentials",
        "pvt_md5_auth",
        "signature_secret",
    ] {
        assert!(data.get(hidden).is_none(), "{data}");
    }
}

#[tokio::test]
async fn cb_z13_users_without_an_account_are_forbidden() {
    let app = App::start().await;
    let token = app.token("adm").await;
    app.get("/v2/users", &token).await.assert_403();
    app.call("GET", "/v2/users").send().await.assert_401std();
}

#[tokio::test]
async fn cb_z16_a_moved_account_is_reached_from_its_new_place() {
    let app = App::start().await;
    let (bad, cad) = (app.token("bad").await, app.token("cad").await);
    let path = app.account_path("A");
    app.get(&path, &bad).await.assert_403();
    app.get(app.account_path("C"), &bad).await.assert_403();
    let (a, b) = (app.account("A").id, app.account("B").id);
    app.engine.move_account(operator(), a, b).await.unwrap();
    app.get(&path, &bad).await.assert_status(200);
    app.get(app.account_path("C"), &bad)
        .await
        .assert_status(200);
    app.get(&path, &cad).await.assert_403();
    let r = app.account("R").id;
    app.engine.move_account(operator(), a, r).await.unwrap();
    app.get(&path, &bad).await.assert_403();
}

#[tokio::test]
async fn a_locked_account_is_still_reached_from_above() {
    let app = App::start().await;
    let mad = app.token("mad").await;
    expire_account(&app, "A").await;
    let reply = app.get(app.account_path("A"), &mad).await;
    reply.assert_status(200);
}

#[tokio::test]
async fn an_account_document_hides_what_is_private() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let reply = app.get(app.account_path("A"), &token).await;
    let (text, data) = (reply.text(), reply.at("/data"));
    assert_eq!(data["realm"], "a.example");
    assert_eq!(data["enabled"], true);
    assert_eq!(data["superduper_admin"], false);
    assert_eq!(data["is_reseller"], false);
    assert_eq!(data["reseller_id"], app.account("R").id.to_string());
    assert_eq!(data["created"], app.account("A").created.gregorian());
    for secret in [
        app.api_key("A").await.as_str(),
        app.account("A").signature_secret.expose(),
    ] {
        assert!(!text.contains(secret), "{text}");
    }
    for key in data.as_object().unwrap().keys() {
        assert!(!key.starts_with("pvt_") && !key.starts_with('_'), "{key}");
    }
}
