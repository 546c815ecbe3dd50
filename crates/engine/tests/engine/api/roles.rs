//! Roles: who may do what on guarded APIs.

use std::collections::BTreeSet;

use doorward_core::api::{AcceptMethod, Rule};
use doorward_core::permission::{Grants, Role};
use doorward_engine::{AdminError, shipped_roles};
use doorward_store::{Action, Actor};
use doorward_testkit::{TestDatabase, both_databases};
use http::Method;

use super::super::nodes::Node;
use super::super::{founded, quick, sign_in_as_admin};
use super::{Ask, accept, add_account, add_bob, api, guard, key};

#[tokio::test]
async fn atk_s32_what_is_remembered_is_who_asks_and_no_decision() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let account = founded.account.id;
    let child = add_account(&engine, "Child", account).await;
    add_bob(&engine, account, &["push-only"]).await;
    let guarded = |name: &str, account, permission: &str| {
        let mut api = api(name, account);
        api.accept = accept(&[&[AcceptMethod::Basic]]);
        api.permission = Some(permission.parse().unwrap());
        api
    };
    let mut elsewhere = guarded("elsewhere", account, "push.read");
    elsewhere.hosts = vec!["other.example.com".parse().unwrap()];
    let mut push = guarded("push", account, "push.read");
    push.rules = vec![Rule {
        methods: Some(vec![Method::DELETE]),
        path: "/push/**".parse().unwrap(),
        permission: "admin.users".parse().unwrap(),
        resource: None,
    }];
    let apis = vec![
        push,
        guarded("search", account, "search.read"),
        guarded("child", child, "push.read"),
        elsewhere,
    ];
    guard(&engine, apis);
    // In every order: neither a yes nor a no outlives the request it was given to.
    for _ in 0..3 {
        for (method, path, code) in [
            (Method::GET, "/push/", "allowed"),
            (Method::DELETE, "/push/", "missing_permission"),
            (Method::GET, "/search/", "missing_permission"),
            (Method::GET, "/elsewhere/", "unproven"),
            (Method::GET, "/push/x", "allowed"),
        ] {
            let ask = Ask::get(path)
                .method(method.clone())
                .basic("bob", "hunter2");
            assert_eq!(ask.code(&engine).await, code, "{method} {path}");
        }
        let of_child = Ask::get("/child/").basic("acme-inc~bob", "hunter2");
        assert_eq!(of_child.code(&engine).await, "not_member");
    }
}

fn role(name: &str, permissions: &[&str], resources: Option<&[&str]>) -> Role {
    Role {
        name: name.parse().unwrap(),
        grants: Grants::Some {
            permissions: permissions.iter().map(|p| p.parse().unwrap()).collect(),
            resources: resources.map(|all| all.iter().map(|r| (*r).to_owned()).collect()),
        },
    }
}

both_databases!(
    a_role_change_is_in_force_at_once_and_ends_no_session,
    async |database| {
        let (engine, founded) = founded(&database, quick()).await;
        let account = founded.account.id;
        let bob = add_bob(&engine, account, &["search-only"]).await;
        let mut push = api("push", account);
        push.accept = accept(&[&[AcceptMethod::Basic]]);
        push.permission = Some("push.write".parse().unwrap());
        guard(&engine, vec![push.clone()]);
        let ask = Ask::get("/push/").basic("bob", "hunter2");
        assert_eq!(ask.code(&engine).await, "missing_permission");
        let give = async |roles: &[&str]| {
            let roles = roles.iter().map(|role| role.parse().unwrap()).collect();
            let actor = Actor::operator();
            engine.set_user_roles(actor, account, bob.id, roles).await
        };
        let changed = give(&["push-only", "search-only", "push-only"])
            .await
            .unwrap();
        assert_eq!(changed.roles.len(), 2);
        assert_eq!(changed.generation, bob.generation);
        let passage = ask.passage(&engine).await;
        let names: Vec<_> = passage.roles().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["push-only", "search-only"]);
        drop(passage);

        let node = Node::join(&database).await;
        guard(&node.engine, vec![push]);
        assert_eq!(ask.code(&node.engine).await, "allowed");
        give(&[]).await.unwrap();
        assert_eq!(ask.code(&engine).await, "missing_permission");
        let heard = async {
            while ask.code(&node.engine).await == "allowed" {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), heard)
            .await
            .expect("the node hears of it");
    }
);

both_databases!(accounts_keep_roles_of_their_own, async |database| {
    let (engine, founded) = founded(&database, quick()).await;
    guard(&engine, Vec::new());
    let account = founded.account.id;
    let orders = role("orders", &["orders.read", "push.read"], Some(&["shop"]));
    let actor = Actor::operator;
    engine
        .set_role(actor(), account, orders.clone())
        .await
        .unwrap();
    let all = Role {
        name: "all".parse().unwrap(),
        grants: Grants::Everything,
    };
    engine.set_role(actor(), account, all).await.unwrap();
    let listed = engine.roles(account).await.unwrap();
    assert_eq!(listed.len(), shipped_roles().len() + 2);
    let found = engine.role(account, &orders.name).await.unwrap();
    assert_eq!(found, orders);
    let changed = role("orders", &["orders.read"], None);
    engine
        .set_role(actor(), account, changed.clone())
        .await
        .unwrap();
    assert_eq!(engine.role(account, &orders.name).await.unwrap(), changed);

    let bob = add_bob(&engine, account, &["orders"]).await;
    let delete = async || {
        let name = orders.name.clone();
        engine.delete_role(actor(), account, name).await
    };
    assert!(matches!(delete().await, Err(AdminError::RoleInUse)));
    engine
        .set_user_roles(actor(), account, bob.id, vec!["all".parse().unwrap()])
        .await
        .unwrap();
    delete().await.unwrap();
    assert!(matches!(delete().await, Err(AdminError::UnknownRole(name)) if name == orders.name));
    let told: BTreeSet<String> = database
        .store
        .audit(0, 100)
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.action)
        .collect();
    for action in [Action::SetRole, Action::DeleteRole, Action::GrantRoles] {
        assert!(told.contains(action.as_str()), "{told:?}");
    }
    // Another account knows nothing of them.
    let child = add_account(&engine, "Child", account).await;
    assert_eq!(
        engine.roles(child).await.unwrap().len(),
        shipped_roles().len()
    );
});

#[tokio::test]
async fn roles_that_cannot_be_right_are_refused() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    guard(&engine, Vec::new());
    let account = founded.account.id;
    let set = async |role| engine.set_role(Actor::operator(), account, role).await;
    let shipped = set(role("super-user", &[], None)).await;
    assert!(matches!(shipped, Err(AdminError::ShippedRole(_))));
    let unknown = set(role("x", &["orders.write"], None)).await;
    assert!(
        matches!(unknown, Err(AdminError::UnknownPermission(name)) if name.as_str() == "orders.write")
    );
    let long = "x".repeat(70_000);
    let large = set(role("x", &["orders.read"], Some(&[&long]))).await;
    assert!(matches!(large, Err(AdminError::TooManyRoles)));
    for n in 0..100 {
        set(role(&format!("role{n}"), &[], None)).await.unwrap();
    }
    let another = set(role("another", &[], None)).await;
    assert!(matches!(another, Err(AdminError::TooManyRoles)));
    let nobody = vec!["nobody-has-it".parse().unwrap()];
    let given = engine
        .set_user_roles(Actor::operator(), account, founded.user.id, nobody)
        .await;
    assert!(
        matches!(given, Err(AdminError::UnknownRole(name)) if name.as_str() == "nobody-has-it")
    );
}

#[tokio::test]
async fn the_first_admin_and_the_accounts_key_may_do_everything() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let mut orders = api("orders", founded.account.id);
    orders.permission = Some("orders.read".parse().unwrap());
    guard(&engine, vec![orders]);
    let session = sign_in_as_admin(&engine).await;
    let admin = Ask::get("/orders/").bearer(session.token.expose());
    assert_eq!(admin.code(&engine).await, "allowed");
    let by_key = Ask::get("/orders/").bearer(&key(&engine, founded.account.id).await);
    assert_eq!(by_key.code(&engine).await, "allowed");
}

#[tokio::test]
async fn rules_of_an_api_ask_for_a_permission_on_a_resource() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let account = founded.account.id;
    let mut push = api("push-api", account);
    push.accept = accept(&[&[AcceptMethod::Basic]]);
    push.permission = Some("push.read".parse().unwrap());
    push.rules = vec![Rule {
        methods: Some(vec![Method::PUT]),
        path: "/push-api/{v}/collections/{collection}/**".parse().unwrap(),
        permission: "push.write".parse().unwrap(),
        resource: Some("collection".to_owned()),
    }];
    guard(&engine, vec![push]);
    let writer = role("shop-writer", &["push.write"], Some(&["shop"]));
    engine
        .set_role(Actor::operator(), account, writer)
        .await
        .unwrap();
    add_bob(&engine, account, &["shop-writer"]).await;
    for (method, path, code) in [
        (Method::PUT, "/push-api/v1/collections/shop/x", "allowed"),
        (
            Method::PUT,
            "/push-api/v1/collections/blog/x",
            "missing_permission",
        ),
        (
            Method::GET,
            "/push-api/v1/collections/shop/x",
            "missing_permission",
        ),
        (Method::PUT, "/push-api/v1/other", "missing_permission"),
    ] {
        let ask = Ask::get(path).method(method).basic("bob", "hunter2");
        assert_eq!(ask.code(&engine).await, code, "{path}");
    }
}
