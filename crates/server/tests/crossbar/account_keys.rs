//! Group A: signing in with an account's API key.

use serde_json::json;

use crate::support::{claims, disable_account, expire_account, probe};
use doorward_testkit::{App, operator};

#[tokio::test]
async fn cb_a01_a_key_gives_a_token_without_user() {
    let app = App::start().await;
    let key = app.api_key("A").await;
    assert_eq!(key.len(), 64);
    assert!(key.bytes().all(|b| b"0123456789abcdef".contains(&b)));
    let reply = app.put_api_auth(&key).await;
    reply.assert_status(201);
    assert_eq!(
        reply.at("/data/account_id"),
        app.account("A").id.to_string()
    );
    assert_eq!(
        reply.at("/data/reseller_id"),
        app.account("R").id.to_string()
    );
    assert!(reply.at("/data").get("owner_id").is_none());
    let token = reply.auth_token();
    let claims = claims(&token);
    assert_eq!(claims["method"], "cb_api_auth");
    assert!(claims.get("owner_id").is_none());
    app.get(app.account_path("C"), &token)
        .await
        .assert_status(200);
    app.get(app.account_path("B"), &token).await.assert_403();
}

#[tokio::test]
async fn cb_a02_the_key_is_required() {
    let app = App::start().await;
    let empty = app.call("PUT", "/v2/api_auth").send().await;
    empty.assert_invalid("api_key", "required");
    let call = app.call("PUT", "/v2/api_auth").json(&json!({"data": {}}));
    call.send().await.assert_invalid("api_key", "required");
}

#[tokio::test]
async fn cb_a03_the_key_has_64_digits() {
    let app = App::start().await;
    let key = app.api_key("A").await;
    let short = app.put_api_auth(&key[..63]).await;
    short.assert_invalid("api_key", "minLength");
    let long = app.put_api_auth(&format!("{key}0")).await;
    long.assert_invalid("api_key", "maxLength");
    for reply in [short, long] {
        assert!(!reply.text().contains(&key[..63]));
    }
}

#[tokio::test]
async fn cb_a04_an_unknown_key_is_404_and_not_echoed() {
    let app = App::start().await;
    let unknown = "3f9a12bc".repeat(8);
    let reply = app.put_api_auth(&unknown).await;
    reply.assert_error(404, "bad identifier");
    assert!(!reply.text().contains(&unknown));
    assert!(!reply.text().contains(&unknown[..16]));
}

#[tokio::test]
async fn cb_a11_there_is_nothing_to_get() {
    let app = App::start().await;
    let reply = app.call("GET", "/v2/api_auth").send().await;
    reply.assert_error(405, "invalid_method");
}

#[tokio::test]
async fn cb_a12_the_key_of_a_deleted_account_is_unknown() {
    let app = App::start().await;
    let key = app.api_key("C").await;
    let token = app.api_token("C").await;
    let id = app.account("C").id;
    app.engine.delete_account(operator(), id).await.unwrap();
    let reply = app.put_api_auth(&key).await;
    reply.assert_error(404, "bad identifier");
    probe(&app, &token).await.assert_401std();
}

#[tokio::test]
async fn cb_a13_the_key_of_a_locked_account_is_423() {
    let app = App::start().await;
    let (of_a, of_b) = (app.api_key("A").await, app.api_key("B").await);
    disable_account(&app, "A").await;
    expire_account(&app, "B").await;
    app.put_api_auth(&of_a).await.assert_locked("disabled");
    let expired = app.put_api_auth(&of_b).await;
    expired.assert_locked("expired");
    assert_eq!(
        expired.at("/data/account/expired/cause"),
        app.now().gregorian() - 1
    );
}

#[tokio::test]
async fn cb_a14_a_rotated_key_takes_its_tokens_along() {
    let app = App::start().await;
    let (old, token) = (app.api_key("A").await, app.api_token("A").await);
    let of_user = app.token("adm").await;
    let id = app.account("A").id;
    let new = app.engine.rotate_api_key(operator(), id).await.unwrap();
    probe(&app, &token).await.assert_401std();
    app.put_api_auth(&old)
        .await
        .assert_error(404, "bad identifier");
    probe(&app, &of_user).await.assert_status(200);
    let reply = app.put_api_auth(new.expose()).await;
    let fresh = reply.assert_status(201).auth_token();
    probe(&app, &fresh).await.assert_status(200);
}

#[tokio::test]
async fn further_members_beside_the_key_do_not_matter() {
    let app = App::start().await;
    let data = json!({"api_key": app.api_key("A").await, "restrictions": {"get": ["#"]}});
    let call = app.call("PUT", "/v2/api_auth").json(&json!({"data": data}));
    call.send().await.assert_status(201);
}
