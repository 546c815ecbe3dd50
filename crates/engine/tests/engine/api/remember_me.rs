//! Remember-me tokens of the Funnelback dialect: what they rest on, on one node and on two.

use std::time::Duration;

use doorward_core::api::Dialect;
use doorward_core::id::AccountId;
use doorward_core::route::Table;
use doorward_engine::admin::UserChange;
use doorward_engine::{Engine, FunnelbackSettings, Guarded, SignInError};
use doorward_store::Actor;
use doorward_testkit::both_databases;

use super::super::nodes::Node;
use super::super::{CLIENT, founded, quick, sign_in_as_admin, token};
use super::app_tokens::comes_to;
use super::{Ask, add_bob, api, guard};

/// Guards an API of this account in the dialect, whose users sign in.
fn guard_search(engine: &Engine, account: AccountId) {
    let mut search = api("s", account);
    search.dialect = Dialect::Funnelback;
    engine.guard(Guarded {
        table: Table::new(vec![search]).unwrap(),
        funnelback: Some(FunnelbackSettings {
            account,
            token_lifetime: Duration::from_hours(14 * 24),
        }),
        ..Guarded::default()
    });
}

async fn signed_in(engine: &Engine, username: &str, password: &str) -> Ask {
    let remembered = engine
        .sign_in_remembered(username, &password.into(), CLIENT)
        .await
        .unwrap();
    Ask::get("/s/").header("x-security-token", remembered.token.expose())
}

both_databases!(
    a_remember_me_token_ends_with_everything_it_rests_on,
    async |database| {
        let (engine, founded) = founded(&database, quick()).await;
        let account = founded.account.id;
        guard_search(&engine, account);
        let bob = add_bob(&engine, account, &[]).await;
        let ask = signed_in(&engine, "bob", "hunter2").await;
        assert_eq!(ask.code(&engine).await, "allowed");
        let actor = Actor::operator;

        engine
            .reset_user_secret(actor(), account, bob.id)
            .await
            .unwrap();
        assert_eq!(ask.code(&engine).await, "unproven");

        let ask = signed_in(&engine, "bob", "hunter2").await;
        engine.end_sessions(actor(), account).await.unwrap();
        assert_eq!(ask.code(&engine).await, "unproven");

        let ask = signed_in(&engine, "bob", "hunter2").await;
        engine.reset_system_secret(actor()).await.unwrap();
        assert_eq!(ask.code(&engine).await, "unproven");

        let ask = signed_in(&engine, "bob", "hunter2").await;
        let off = UserChange {
            enabled: Some(false),
            ..UserChange::default()
        };
        engine
            .change_user(actor(), account, bob.id, off)
            .await
            .unwrap();
        assert_eq!(ask.code(&engine).await, "unproven");
        let refused = engine
            .sign_in_remembered("bob", &"hunter2".into(), CLIENT)
            .await;
        assert!(matches!(refused, Err(SignInError::Invalid)));
    }
);

both_databases!(
    one_password_change_ends_the_tokens_of_both_dialects_on_every_node,
    async |database| {
        let (engine, founded) = founded(&database, quick()).await;
        let (account, user) = (founded.account.id, founded.user.id);
        guard_search(&engine, account);
        let node = Node::join(&database).await;
        guard_search(&node.engine, account);
        let crossbar = sign_in_as_admin(&engine).await;
        let ask = signed_in(&engine, "admin", "secret").await;
        assert_eq!(ask.code(&node.engine).await, "allowed");
        node.comes_to(true, &token(&crossbar)).await;
        let change = UserChange {
            password: Some("another".into()),
            ..UserChange::default()
        };
        engine
            .change_user(Actor::operator(), account, user, change)
            .await
            .unwrap();
        assert_eq!(ask.code(&engine).await, "unproven");
        comes_to(&node, &ask, "unproven").await;
        node.comes_to(false, &token(&crossbar)).await;
    }
);

both_databases!(
    signing_out_on_one_node_is_heard_of_on_the_other,
    async |database| {
        let (engine, founded) = founded(&database, quick()).await;
        let account = founded.account.id;
        guard_search(&engine, account);
        let node = Node::join(&database).await;
        guard_search(&node.engine, account);
        let (one, other) = (
            signed_in(&engine, "admin", "secret").await,
            signed_in(&engine, "admin", "secret").await,
        );
        assert_eq!(one.code(&node.engine).await, "allowed");
        let passage = one.passage(&engine).await;
        let facts = passage.identity().unwrap().token.unwrap();
        drop(passage);
        engine
            .deny_token(Actor::operator(), account, facts.id, facts.expires)
            .await
            .unwrap();
        comes_to(&node, &one, "unproven").await;
        assert_eq!(other.code(&node.engine).await, "allowed");
    }
);

both_databases!(where_the_dialect_is_off_nobody_signs_in, async |database| {
    let (engine, founded) = founded(&database, quick()).await;
    guard_search(&engine, founded.account.id);
    let ask = signed_in(&engine, "admin", "secret").await;
    assert_eq!(ask.code(&engine).await, "allowed");
    let mut search = api("s", founded.account.id);
    search.dialect = Dialect::Funnelback;
    guard(&engine, vec![search]);
    let off = engine
        .sign_in_remembered("admin", &"secret".into(), CLIENT)
        .await;
    assert!(matches!(off, Err(SignInError::Invalid)));
    assert_eq!(ask.code(&engine).await, "unproven");
});
