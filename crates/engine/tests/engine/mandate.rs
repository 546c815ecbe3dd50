//! Changes on somebody's word: how far it reaches is judged in the write, whatever was asked before.

use doorward_core::app_token::Label;
use doorward_core::document::Document;
use doorward_core::id::AccountId;
use doorward_core::permission::{Grants, Role, RoleName};
use doorward_core::user::{Level, User};
use doorward_engine::admin::{Mandate, NewAppToken, NewUser, UserChange};
use doorward_engine::{AdminError, Engine};
use doorward_store::Actor;
use doorward_testkit::TestDatabase;

use super::{founded, quick};

fn names(roles: &[&str]) -> Vec<RoleName> {
    roles.iter().map(|role| role.parse().unwrap()).collect()
}

fn password() -> UserChange {
    UserChange {
        password: Some("m1ne".into()),
        ..UserChange::default()
    }
}

fn new_user(owner: &User) -> NewUser {
    NewUser {
        account: owner.account,
        username: Some("fresh".to_owned()),
        password: Some("fr3sh".into()),
        level: Level::User,
        enabled: true,
        document: Document::new(),
    }
}

fn new_token(owner: &User, roles: &[&str]) -> NewAppToken {
    NewAppToken {
        account: owner.account,
        label: "crawler~main".parse::<Label>().unwrap(),
        roles: names(roles),
        expires: None,
        created_by: "clerk".to_owned(),
    }
}

/// The word of who holds the clerk's role in the account of this user.
fn clerk_of(user: &User) -> Mandate {
    let actor = Actor {
        account: Some(user.account),
        ..Actor::operator()
    };
    Mandate::within(actor, &names(&["clerk"]))
}

#[track_caller]
fn assert_beyond<T>(result: Result<T, AdminError>) {
    let error = result.err();
    assert!(matches!(error, Some(AdminError::BeyondCaller)), "{error:?}");
}

/// That nothing can be done to this user by who holds the clerk's role, and nothing given that it lacks.
async fn assert_out_of_reach(engine: &Engine, user: &User) {
    let clerk = || clerk_of(user);
    let (account, id) = (user.account, user.id);
    let before = engine.user(account, id).await.unwrap().unwrap();
    assert_beyond(engine.delete_user(clerk(), account, id).await);
    assert_beyond(engine.reset_user_secret(clerk(), account, id).await);
    assert_beyond(engine.change_user(clerk(), account, id, password()).await);
    let made = engine
        .create_user_with_roles(clerk(), new_user(user), names(&["push-only"]))
        .await;
    assert_beyond(made);
    let made = engine
        .create_app_token(clerk(), new_token(user, &["push-only"]))
        .await;
    assert_beyond(made);
    let after = engine.user(account, id).await.unwrap().unwrap();
    assert_eq!(before.revision, after.revision);
    assert_eq!(before.generation, after.generation);
}

async fn set_clerk(engine: &Engine, user: &User, permissions: &[&str]) {
    let role = Role {
        name: "clerk".parse().unwrap(),
        grants: Grants::Some {
            permissions: permissions.iter().map(|p| p.parse().unwrap()).collect(),
            resources: None,
        },
    };
    let set = engine.set_role(Actor::operator(), user.account, role).await;
    set.unwrap();
}

#[tokio::test]
async fn a_word_reaches_as_far_as_what_is_stored_when_it_is_written() {
    for database in [TestDatabase::sqlite().await, TestDatabase::postgres().await] {
        let (engine, founded) = founded(&database, quick()).await;
        // An administrator is beyond everybody who lacks anything.
        set_clerk(&engine, &founded.user, &["admin.users", "search.read"]).await;
        assert_out_of_reach(&engine, &founded.user).await;

        let clerk = || clerk_of(&founded.user);
        let fresh = new_user(&founded.user);
        let made = engine.create_user_with_roles(clerk(), fresh, names(&["search-only"]));
        let user = made.await.unwrap();
        let (account, id) = (user.account, user.id);
        let changed = engine.change_user(clerk(), account, id, password()).await;
        changed.unwrap();

        // The same role, of somebody of another account.
        let stranger = Actor {
            account: Some(AccountId::new([9; 16])),
            ..Actor::operator()
        };
        for role in ["clerk", "super-user"] {
            let stranger = Mandate::within(stranger.clone(), &names(&[role]));
            assert_beyond(engine.delete_user(stranger, account, id).await);
        }

        // What is wanted beyond it takes what else was wanted with it.
        let more = UserChange {
            enabled: Some(false),
            roles: Some(names(&["search-only", "push-only"])),
            ..UserChange::default()
        };
        assert_beyond(engine.change_user(clerk(), account, id, more).await);
        let stored = engine.user(account, id).await.unwrap().unwrap();
        assert!(stored.enabled);
        assert_eq!(stored.roles, names(&["search-only"]));

        // The same names, of a role that grants less by now.
        set_clerk(&engine, &founded.user, &["admin.users"]).await;
        assert_out_of_reach(&engine, &user).await;
        let token = new_token(&user, &["search-only"]);
        assert_beyond(engine.create_app_token(clerk(), token).await);
        set_clerk(&engine, &founded.user, &["admin.users", "search.read"]).await;
        engine.delete_user(clerk(), account, id).await.unwrap();
    }
}
