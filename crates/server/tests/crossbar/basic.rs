//! Group B: Basic credentials on the request itself.

use doorward_core::credential::DigestKind;
use doorward_engine::admin::AccountChange;

use crate::support::{
    assert_is, change_account, change_password, delete_user, enable_user, expire_account,
    md5_credentials, sha1_credentials,
};
use doorward_testkit::{App, Reply};

async fn with(app: &App, path: impl AsRef<str>, authorization: &str) -> Reply {
    app.call("GET", path)
        .authorization(authorization)
        .send()
        .await
}

async fn probe(app: &App, authorization: &str) -> Reply {
    with(app, "/v2/token_auth", authorization).await
}

/// Basic with this user-id and password.
async fn probe_text(app: &App, text: &str) -> Reply {
    let call = app.call("GET", "/v2/token_auth");
    call.basic_text(text).send().await
}

#[tokio::test]
async fn basic_opens_ones_own_account() {
    let app = App::start().await;
    let basic = app.basic("A", "adm:pw-adm");
    let reply = with(&app, app.account_path("A"), &basic).await;
    reply.assert_status(200);
    assert_eq!(reply.at("/data/id"), app.account("A").id.to_string());
}

#[tokio::test]
async fn basic_opens_descendants() {
    let app = App::start().await;
    let basic = app.basic("A", "adm:pw-adm");
    let reply = with(&app, app.account_path("C"), &basic).await;
    reply.assert_status(200);
}

#[tokio::test]
async fn basic_does_not_open_siblings() {
    let app = App::start().await;
    let basic = app.basic("A", "adm:pw-adm");
    with(&app, app.account_path("B"), &basic).await.assert_403();
}

#[tokio::test]
async fn cb_b04_basic_does_not_open_what_is_above() {
    let app = App::start().await;
    let basic = app.basic("A", "adm:pw-adm");
    for above in ["R", "M"] {
        with(&app, app.account_path(above), &basic)
            .await
            .assert_403();
    }
}

#[tokio::test]
async fn cb_b05_the_user_must_be_of_the_account_named() {
    let app = App::start().await;
    for account in ["C", "B", "R", "M"] {
        probe(&app, &app.basic(account, "adm:pw-adm"))
            .await
            .assert_401std();
    }
}

#[tokio::test]
async fn cb_b06_upper_case_digits_are_wrong() {
    let app = App::start().await;
    let id = app.account("A").id;
    let digest = md5_credentials("adm", "pw-adm");
    probe_text(&app, &format!("{id}:{digest}"))
        .await
        .assert_status(200);
    let upper = digest.to_uppercase();
    probe_text(&app, &format!("{id}:{upper}"))
        .await
        .assert_401std();
    let id = id.to_string().to_uppercase();
    probe_text(&app, &format!("{id}:{digest}"))
        .await
        .assert_401std();
}

#[tokio::test]
async fn cb_b07_sha1_is_for_accounts_that_say_so() {
    let app = App::start().await;
    let id = app.account("A").id;
    let sha1 = format!("{id}:{}", sha1_credentials("adm", "pw-adm"));
    let md5 = format!("{id}:{}", md5_credentials("adm", "pw-adm"));
    probe_text(&app, &sha1).await.assert_401std();
    let change = AccountChange {
        basic_digest: Some(Some(DigestKind::Sha1)),
        ..AccountChange::default()
    };
    change_account(&app, "A", change).await;
    probe_text(&app, &sha1).await.assert_status(200);
    probe_text(&app, &md5).await.assert_401std();
}

#[tokio::test]
async fn cb_b08_a_plain_password_is_no_digest() {
    let app = App::start().await;
    let id = app.account("A").id;
    probe_text(&app, &format!("{id}:adm:pw-adm"))
        .await
        .assert_401std();
    probe_text(&app, "adm:pw-adm").await.assert_401std();
}

#[tokio::test]
async fn cb_b09_what_is_not_basic_is_401() {
    let app = App::start().await;
    for broken in [
        "Basic !!!",
        "Basic",
        "Basic ",
        "Basic YWJj",
        "Basic Og==",
        "Basic /w==",
        "Basic YQA6Yg==",
    ] {
        probe(&app, broken).await.assert_401std();
    }
    let id = app.account("A").id;
    probe_text(&app, &format!("{id}:")).await.assert_401std();
}

#[tokio::test]
async fn cb_b10_disabled_and_deleted_users_are_401() {
    let app = App::start().await;
    let (adm, usr) = (app.basic("A", "adm:pw-adm"), app.basic("A", "usr:pw-usr"));
    probe(&app, &adm).await.assert_status(200);
    probe(&app, &usr).await.assert_status(200);
    enable_user(&app, "adm", false).await;
    delete_user(&app, "usr").await;
    probe(&app, &adm).await.assert_401std();
    probe(&app, &usr).await.assert_401std();
    enable_user(&app, "adm", true).await;
    probe(&app, &adm).await.assert_status(200);
}

#[tokio::test]
async fn cb_b11_an_old_password_is_dead_at_once() {
    let app = App::start().await;
    let old = app.basic("A", "adm:pw-adm");
    probe(&app, &old).await.assert_status(200);
    change_password(&app, "adm", "new").await;
    probe(&app, &old).await.assert_401std();
    probe(&app, &app.basic("A", "adm:new"))
        .await
        .assert_status(200);
}

#[tokio::test]
async fn cb_b12_an_expired_account_is_locked() {
    let app = App::start().await;
    let warm = app.basic("A", "adm:pw-adm");
    probe(&app, &warm).await.assert_status(200);
    expire_account(&app, "A").await;
    let cold = app.basic("A", "usr:pw-usr");
    for right in [warm, cold] {
        probe(&app, &right).await.assert_locked("expired");
    }
    let wrong = app.basic("A", "adm:wrong");
    probe(&app, &wrong).await.assert_401std();
}

#[tokio::test]
async fn cb_b13_token_auth_shows_basic_without_a_secret() {
    let app = App::start().await;
    let basic = app.basic("A", "adm:pw-adm");
    let reply = probe(&app, &basic).await;
    reply.assert_status(200);
    assert_eq!(reply.at("/data/method"), "cb_basic_auth");
    assert_is(&app, &reply, "adm");
    let body = reply.json();
    assert!(body.get("auth_token").is_none(), "{body}");
    assert!(body["data"].get("identity_sig").is_none(), "{body}");
    let secret = app.user("adm").signature_secret.expose();
    let digest = md5_credentials("adm", "pw-adm");
    let encoded = basic.trim_start_matches("Basic ");
    for hidden in [secret, digest.as_str(), encoded] {
        assert!(!reply.text().contains(hidden), "{body}");
    }
}

#[tokio::test]
async fn cb_b15_the_scheme_is_read_without_case() {
    let app = App::start().await;
    let basic = app.basic("A", "adm:pw-adm");
    for scheme in ["basic ", "BASIC "] {
        probe(&app, &basic.replace("Basic ", scheme))
            .await
            .assert_status(200);
    }
}

#[tokio::test]
async fn basic_mints_a_token_through_refresh() {
    let app = App::start().await;
    let call = app.call("PUT", "/v2/auth");
    let call = call.authorization(&app.basic("A", "adm:pw-adm"));
    let body = serde_json::json!({"data": {"action": "refresh_token"}});
    let token = call
        .json(&body)
        .send()
        .await
        .assert_status(201)
        .auth_token();
    app.get("/v2/token_auth", &token).await.assert_status(200);
}
