//! `[crossbar] user_level` (decision 2): what `kazoo` gives back to callers of level `user`, and what it
//! does not.

use serde_json::json;

use crate::support::{act, md5_credentials, probe};
use doorward_core::right::UserLevel;
use doorward_testkit::App;

async fn with(user_level: UserLevel) -> App {
    App::with(|settings, _| settings.user_level = user_level).await
}

/// The status of what a user of the system's account gets when it resets the system's secret.
async fn owners_user_resets_the_system(app: &App) -> u16 {
    let token = app.token("mus").await;
    let reply = act(app, "/v2/auth", "reset_signature_secret", &token).await;
    reply.status
}

/// The status of what a plain user gets with a token that acts as a user below.
async fn user_acts_as_one_below(app: &App) -> u16 {
    let target = json!({
        "account_id": app.account("C").id.to_string(),
        "owner_id": app.user("cad").id.to_string(),
    });
    let credentials = md5_credentials("usr", "pw-usr");
    let name = &app.account("A").name;
    let data = json!({"credentials": credentials, "account_name": name, "as": target});
    let token = app
        .put_user_auth(data)
        .await
        .assert_status(201)
        .auth_token();
    probe(app, &token).await.status
}

#[tokio::test]
async fn the_level_user_restricts_unless_it_is_kazoos() {
    let own = with(UserLevel::Own).await;
    assert_eq!(user_acts_as_one_below(&own).await, 401);
    assert_eq!(owners_user_resets_the_system(&own).await, 403);
    let kazoo = with(UserLevel::Kazoo).await;
    assert_eq!(user_acts_as_one_below(&kazoo).await, 200);
    assert_eq!(owners_user_resets_the_system(&kazoo).await, 201);
}

#[tokio::test]
async fn what_the_dialect_reserves_for_admins_stays_theirs() {
    let app = with(UserLevel::Kazoo).await;
    let (usr, mus) = (app.token("usr").await, app.token("mus").await);
    app.get("/v2/auth/keys", &usr).await.assert_403();
    let path = format!("{}/user_auth", app.user_path("usr"));
    let reply = act(&app, path, "impersonate_user", &mus).await;
    reply.assert_403();
}
