//! Group U, second half: signing in that is refused, and how little the refusal says.

use serde_json::{Value, json};

use crate::support::{
    comparable, delete_user, disable_account, enable_user, expire_account, md5_credentials,
};
use doorward_testkit::{App, Reply};

fn adm() -> String {
    md5_credentials("adm", "pw-adm")
}

async fn put(app: &App, data: Value) -> Reply {
    app.put_user_auth(data).await
}

/// With the account named.
async fn put_acme(app: &App, credentials: &str) -> Reply {
    let data = json!({"credentials": credentials, "account_name": "Acme Phones"});
    put(app, data).await
}

#[tokio::test]
async fn cb_u07_without_an_account_nobody_signs_in() {
    let app = App::start().await;
    put(&app, json!({"credentials": adm()}))
        .await
        .assert_401std();
}

#[tokio::test]
async fn cb_u08_an_unknown_account_is_401() {
    let app = App::start().await;
    let data = json!({"credentials": adm(), "account_name": "Nobody Ltd"});
    put(&app, data).await.assert_401std();
    let data = json!({"credentials": adm(), "account_name": "!!!"});
    put(&app, data).await.assert_401std();
}

#[tokio::test]
async fn cb_u09_wrong_credentials_look_like_an_unknown_account() {
    let app = App::start().await;
    let unknown_account = app.sign_in("Nobody Ltd", "adm", "pw-adm").await;
    let unknown_user = app.sign_in("Acme Phones", "nobody", "pw-adm").await;
    let wrong_password = app.sign_in("Acme Phones", "adm", "wrong").await;
    let no_account = put(&app, json!({"credentials": adm()})).await;
    unknown_account.assert_401std();
    for other in [unknown_user, wrong_password, no_account] {
        assert_eq!(comparable(&other), comparable(&unknown_account));
    }
}

#[tokio::test]
async fn cb_u10_a_hash_over_upper_case_is_wrong() {
    let app = App::start().await;
    let reply = put_acme(&app, &md5_credentials("ADM", "pw-adm")).await;
    reply.assert_401std();
}

#[tokio::test]
async fn cb_u12_upper_case_digits_are_wrong() {
    let app = App::start().await;
    put_acme(&app, &adm().to_uppercase()).await.assert_401std();
}

#[tokio::test]
async fn cb_u15_other_methods_are_no_value_of_the_list() {
    let app = App::start().await;
    let data = json!({"credentials": adm(), "method": "sha256", "account_name": "Acme Phones"});
    let reply = put(&app, data).await;
    reply.assert_invalid("method", "enum");
    assert_eq!(
        reply.at("/data/method/enum/message"),
        "Value not found in enumerated list of values"
    );
    assert!(reply.at("/data/method/enum/target").is_array());
}

#[tokio::test]
async fn cb_u16_an_md5_is_no_sha1() {
    let app = App::start().await;
    let data = json!({"credentials": adm(), "method": "sha", "account_name": "Acme Phones"});
    put(&app, data).await.assert_401std();
    let sha1 = crate::support::sha1_credentials("adm", "pw-adm");
    put_acme(&app, &sha1).await.assert_401std();
}

#[tokio::test]
async fn cb_u18_long_credentials_are_refused_and_not_echoed() {
    let app = App::start().await;
    let credentials = "7".repeat(65);
    let reply = put_acme(&app, &credentials).await;
    reply.assert_invalid("credentials", "maxLength");
    assert_eq!(
        reply.at("/data/credentials/maxLength/message"),
        "String must not be more than 64 characters"
    );
    assert_eq!(reply.at("/data/credentials/maxLength/target"), 64);
    assert!(!reply.text().contains(&credentials));
    put_acme(&app, &"7".repeat(64)).await.assert_401std();
}

#[tokio::test]
async fn cb_u19_empty_credentials_are_too_short() {
    let app = App::start().await;
    let reply = put_acme(&app, "").await;
    reply.assert_invalid("credentials", "minLength");
    assert_eq!(
        reply.at("/data/credentials/minLength/message"),
        "String must be at least 1 characters"
    );
}

#[tokio::test]
async fn cb_u20_credentials_of_another_type_are_refused() {
    let app = App::start().await;
    for credentials in [json!(12345), json!({}), json!([]), json!(null), json!(true)] {
        let data = json!({"credentials": credentials, "account_name": "Acme Phones"});
        let reply = put(&app, data).await;
        assert!([400, 401].contains(&reply.status), "{}", reply.text());
        assert_eq!(reply.at("/status"), "error");
    }
}

#[tokio::test]
async fn cb_u21_realms_have_a_form() {
    let app = App::start().await;
    let reply = put(&app, json!({"credentials": adm(), "account_realm": "ab"})).await;
    reply.assert_invalid("account_realm", "minLength");
    let reply = put(
        &app,
        json!({"credentials": adm(), "account_realm": "a b.com"}),
    )
    .await;
    reply.assert_invalid("account_realm", "pattern");
}

#[tokio::test]
async fn cb_u22_an_empty_account_name_is_too_short() {
    let app = App::start().await;
    let reply = put(&app, json!({"credentials": adm(), "account_name": ""})).await;
    reply.assert_invalid("account_name", "minLength");
}

#[tokio::test]
async fn cb_u24_a_disabled_user_is_401() {
    let app = App::start().await;
    enable_user(&app, "adm", false).await;
    let disabled = put_acme(&app, &adm()).await;
    disabled.assert_401std();
    let wrong = app.sign_in("Acme Phones", "adm", "wrong").await;
    assert_eq!(comparable(&disabled), comparable(&wrong));
}

#[tokio::test]
async fn cb_u25_a_deleted_user_is_401() {
    let app = App::start().await;
    delete_user(&app, "adm").await;
    put_acme(&app, &adm()).await.assert_401std();
}

#[tokio::test]
async fn cb_u26_a_disabled_account_is_locked_to_those_who_belong() {
    let app = App::start().await;
    disable_account(&app, "A").await;
    let reply = put_acme(&app, &adm()).await;
    reply.assert_locked("disabled");
    assert_eq!(
        reply.at("/data"),
        json!({"account": {"disabled": {"message": "account disabled"}}})
    );
}

#[tokio::test]
async fn cb_u27_a_disabled_account_is_hidden_from_others() {
    let app = App::start().await;
    disable_account(&app, "A").await;
    let wrong = app.sign_in("Acme Phones", "adm", "wrong").await;
    wrong.assert_401std();
    let unknown = app.sign_in("Nobody Ltd", "adm", "pw-adm").await;
    assert_eq!(comparable(&wrong), comparable(&unknown));
}

#[tokio::test]
async fn cb_u28_an_expired_account_says_since_when() {
    let app = App::start().await;
    expire_account(&app, "A").await;
    let reply = put_acme(&app, &adm()).await;
    reply.assert_locked("expired");
    assert_eq!(
        reply.at("/data/account/expired/cause"),
        app.now().gregorian() - 1
    );
}

#[tokio::test]
async fn cb_u36_other_actions_are_forbidden() {
    let app = App::start().await;
    let data = json!({"credentials": adm(), "account_name": "Acme Phones", "action": "nonsense"});
    put(&app, data).await.assert_403();
    let data = json!({"credentials": adm(), "account_name": "Acme Phones"});
    let call = app.call("PUT", "/v2/user_auth?action=nonsense");
    call.json(&json!({"data": data})).send().await.assert_403();
}

#[tokio::test]
async fn cb_u37_impersonation_needs_a_user_in_the_path() {
    let app = App::start().await;
    let data = json!({"credentials": adm(), "account_name": "Acme Phones"});
    let body = json!({"data": data, "action": "impersonate_user"});
    let reply = app.call("PUT", "/v2/user_auth").json(&body).send().await;
    reply.assert_403();
    let token = app.token("mad").await;
    let call = app.call("PUT", "/v2/user_auth").token(&token);
    call.json(&body).send().await.assert_403();
}

#[tokio::test]
async fn cb_u38_strings_that_look_like_queries_are_strings() {
    let app = App::start().await;
    for name in [
        "' OR '1'='1",
        "Acme Phones' OR 1=1 --",
        "\"; DROP TABLE account; --",
        "{\"$gt\": \"\"}",
        "%' OR name LIKE '%",
        "*",
        "\u{1f4a9}",
    ] {
        let data = json!({"credentials": adm(), "account_name": name});
        let reply = put(&app, data).await;
        reply.assert_401std();
    }
    app.token("adm").await;
}

#[tokio::test]
async fn cb_u39_monstrous_bodies_are_refused() {
    let app = App::start().await;
    let data = json!({"credentials": adm(), "account_name": "x".repeat(10_000_000)});
    put(&app, data).await.assert_status(413);
    let deep = format!(
        "{{\"data\":{}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let call = app.call("PUT", "/v2/user_auth");
    let call = call.header("content-type", "application/json").body(deep);
    let reply = call.send().await;
    assert!([400, 413].contains(&reply.status), "{}", reply.status);
    let data = json!({"credentials": adm(), "account_name": "x".repeat(100_000)});
    put(&app, data)
        .await
        .assert_invalid("account_name", "maxLength");
    app.token("adm").await;
}
