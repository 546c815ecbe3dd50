//! Application tokens: what they rest on, on one node and on two.

use std::time::Duration;

use doorward_core::app_token::{AppToken, Label};
use doorward_core::id::AccountId;
use doorward_engine::admin::{AccountChange, NewAppToken};
use doorward_engine::{AdminError, Engine};
use doorward_store::Actor;
use doorward_testkit::both_databases;

use super::super::nodes::Node;
use super::super::{founded, quick};
use super::{Ask, api, guard};

fn label(text: &str) -> Label {
    text.parse().unwrap()
}

async fn make(engine: &Engine, account: AccountId, text: &str, roles: &[&str]) -> AppToken {
    let new = NewAppToken {
        account,
        label: label(text),
        roles: roles.iter().map(|role| role.parse().unwrap()).collect(),
        expires: None,
        created_by: "operator".to_owned(),
    };
    let made = engine.create_app_token(Actor::operator(), new).await;
    made.unwrap().1
}

/// Guards an API that wants `push.read`.
fn guard_push(engine: &Engine, account: AccountId) {
    let mut push = api("push", account);
    push.permission = Some("push.read".parse().unwrap());
    guard(engine, vec![push]);
}

both_databases!(
    an_application_token_has_its_own_roles_and_ends_when_revoked,
    async |database| {
        let (engine, founded) = founded(&database, quick()).await;
        let account = founded.account.id;
        guard_push(&engine, account);
        let may = make(&engine, account, "shop~feed", &["push-only"]).await;
        let may_not = make(&engine, account, "shop~idle", &[]).await;
        let ask = |token: &AppToken| Ask::get("/push/").bearer(token.expose());
        assert_eq!(ask(&may).code(&engine).await, "allowed");
        assert_eq!(ask(&may_not).code(&engine).await, "missing_permission");
        let other = AppToken::new([7; 32]);
        assert_eq!(ask(&other).code(&engine).await, "unproven");
        engine
            .revoke_app_token(Actor::operator(), account, label("shop~feed"))
            .await
            .unwrap();
        assert_eq!(ask(&may).code(&engine).await, "unproven");
        let again = engine.revoke_app_token(Actor::operator(), account, label("shop~feed"));
        assert!(matches!(again.await, Err(AdminError::UnknownAppToken)));
    }
);

both_databases!(
    an_application_token_is_neither_the_accounts_nor_a_sign_ins,
    async |database| {
        let (engine, founded) = founded(&database, quick()).await;
        let account = founded.account.id;
        guard_push(&engine, account);
        let token = make(&engine, account, "shop~feed", &["push-only"]).await;
        let ask = Ask::get("/push/").bearer(token.expose());
        assert_eq!(ask.code(&engine).await, "allowed");
        // What ends sessions and API keys leaves it alone; a locked account does not.
        engine.reset_system_secret(Actor::operator()).await.unwrap();
        engine
            .rotate_api_key(Actor::operator(), account)
            .await
            .unwrap();
        engine
            .end_sessions(Actor::operator(), account)
            .await
            .unwrap();
        assert_eq!(ask.code(&engine).await, "allowed");
        let lock = AccountChange {
            enabled: Some(false),
            ..AccountChange::default()
        };
        engine
            .change_account(Actor::operator(), account, lock)
            .await
            .unwrap();
        assert_eq!(ask.code(&engine).await, "locked");
    }
);

both_databases!(an_application_token_ends_at_its_end, async |database| {
    let (engine, founded) = founded(&database, quick()).await;
    let account = founded.account.id;
    guard(&engine, vec![api("push", account)]);
    let hour = Duration::from_hours(1);
    for (name, end, code) in [
        ("later", engine.now().plus(hour), "allowed"),
        ("now", engine.now(), "unproven"),
    ] {
        let new = NewAppToken {
            account,
            label: label(&format!("shop~{name}")),
            roles: Vec::new(),
            expires: Some(end),
            created_by: "operator".to_owned(),
        };
        let made = engine.create_app_token(Actor::operator(), new).await;
        let ask = Ask::get("/push/").bearer(made.unwrap().1.expose());
        assert_eq!(ask.code(&engine).await, code);
    }
});

both_databases!(
    other_nodes_hear_of_a_revoked_application_token,
    async |database| {
        let (engine, founded) = founded(&database, quick()).await;
        let account = founded.account.id;
        let node = Node::join(&database).await;
        guard_push(&node.engine, account);
        let token = make(&engine, account, "shop~feed", &["push-only"]).await;
        let ask = Ask::get("/push/").bearer(token.expose());
        assert_eq!(ask.code(&node.engine).await, "allowed");
        engine
            .revoke_app_token(Actor::operator(), account, label("shop~feed"))
            .await
            .unwrap();
        comes_to(&node, &ask, "unproven").await;
    }
);

/// Waits until the node answers so; bounded for a hanging test only.
pub(super) async fn comes_to(node: &Node, ask: &Ask, code: &str) {
    let agrees = async {
        while ask.code(&node.engine).await != code {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), agrees)
        .await
        .expect("the node hears of it");
}
