//! The record of decisions, and roles as they are stored.

use std::collections::BTreeSet;
use std::time::Duration;

use doorward_core::permission::{Grants, Role};
use doorward_core::time::Timestamp;
use doorward_store::{
    Action, Actor, DecisionFilter, Direction, NameRule, NewDecision, Store, VerifierKind,
};
use doorward_testkit::both_databases;

use crate::build::{
    account, account_id, add_accounts, add_root, add_user, user, user_id, verifier,
};

fn decision(n: i64) -> NewDecision {
    NewDecision {
        at: Timestamp::from_unix(n),
        door: "proxy",
        api: (n % 2 == 0).then(|| "push".into()),
        method: "GET".to_owned(),
        path: format!("/push/{n}"),
        outcome: if n % 3 == 0 { "deny" } else { "allow" },
        reason: "allowed",
        presented: "token",
        account: Some(account_id(1)),
        user: (n % 2 == 0).then(|| user_id(1)),
        address: [10, 0, 0, 1].into(),
    }
}

async fn paths(store: &Store, filter: &DecisionFilter, direction: Direction) -> Vec<String> {
    let mut paths = Vec::new();
    let mut after = None;
    loop {
        let page = store.decisions(filter, after, direction, 4).await.unwrap();
        let Some(last) = page.last() else {
            return paths;
        };
        after = Some(last.id);
        paths.extend(page.into_iter().map(|row| row.path));
    }
}

both_databases!(decisions_are_read_as_they_were_written, async |database| {
    let store = &database.store;
    let written: Vec<_> = (1..=10).map(decision).collect();
    store.record_decisions(&written).await.unwrap();
    store.record_decisions(&[]).await.unwrap();
    let all = DecisionFilter::default();
    let rows = store
        .decisions(&all, None, Direction::Ascending, 100)
        .await
        .unwrap();
    assert_eq!(rows.len(), 10);
    for (row, new) in rows.iter().zip(&written) {
        assert_eq!((row.at, row.api.as_deref()), (new.at, new.api.as_deref()));
        assert_eq!((row.account, row.user), (new.account, new.user));
        assert_eq!((&row.path, row.address), (&new.path, new.address));
        assert_eq!(row.outcome, new.outcome);
    }
    let filter = DecisionFilter {
        api: Some("push".to_owned()),
        outcome: Some("allow".to_owned()),
        since: Some(Timestamp::from_unix(4)),
        account: Some(account_id(1)),
    };
    assert_eq!(
        paths(store, &filter, Direction::Descending).await,
        ["/push/10", "/push/8", "/push/4"]
    );
    let others = DecisionFilter {
        account: Some(account_id(2)),
        ..DecisionFilter::default()
    };
    let found = paths(store, &others, Direction::Ascending).await;
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(paths(store, &all, Direction::Ascending).await.len(), 10);
    assert!(
        store.audit(0, 10).await.unwrap().is_empty(),
        "nobody's change"
    );
});

both_databases!(the_record_is_bounded_by_number_and_age, async |database| {
    let store = &database.store;
    let written: Vec<_> = (1..=10).map(decision).collect();
    store.record_decisions(&written).await.unwrap();
    let all = DecisionFilter::default();
    let hour = Duration::from_hours(1);
    let now = Timestamp::from_unix(3603);
    store.prune_decisions(now, 100, hour).await.unwrap();
    let left = paths(store, &all, Direction::Ascending).await;
    assert_eq!(left.first().map(String::as_str), Some("/push/3"));
    store.prune_decisions(now, 2, hour).await.unwrap();
    assert_eq!(
        paths(store, &all, Direction::Ascending).await,
        ["/push/9", "/push/10"]
    );
    store.prune_decisions(now, 2, hour).await.unwrap();
    assert_eq!(paths(store, &all, Direction::Ascending).await.len(), 2);
});

fn roles() -> Vec<Role> {
    let permissions: BTreeSet<_> = ["push.read".parse().unwrap(), "x.y".parse().unwrap()].into();
    vec![
        Role {
            name: "all".parse().unwrap(),
            grants: Grants::Everything,
        },
        Role {
            name: "none".parse().unwrap(),
            grants: Grants::Some {
                permissions: BTreeSet::new(),
                resources: None,
            },
        },
        Role {
            name: "some".parse().unwrap(),
            grants: Grants::Some {
                permissions,
                resources: Some(["a \"b\"".to_owned(), String::new()].into()),
            },
        },
        Role {
            name: "nowhere".parse().unwrap(),
            grants: Grants::Some {
                permissions: ["x.y".parse().unwrap()].into(),
                resources: Some(BTreeSet::new()),
            },
        },
    ]
}

both_databases!(roles_are_read_as_they_were_written, async |database| {
    let store = &database.store;
    let mut root = account(1, None);
    root.roles = roles();
    add_accounts(store, &[root.clone(), account(2, Some(1))])
        .await
        .unwrap();
    let stored = store.account(account_id(1)).await.unwrap().unwrap();
    assert_eq!(stored.roles, roles());
    let other = store.account(account_id(2)).await.unwrap().unwrap();
    assert!(other.roles.is_empty());

    let mut bob = user(1, 1);
    bob.roles = vec!["some".parse().unwrap(), "all".parse().unwrap()];
    add_user(store, &bob).await.unwrap();
    let stored = store.user(account_id(1), bob.id).await.unwrap().unwrap();
    assert_eq!(
        stored.roles,
        ["all".parse().unwrap(), "some".parse().unwrap()]
    );
    let mut write = store.write(Actor::operator()).await.unwrap();
    for (name, is_used) in [("some", true), ("som", false), ("nowhere", false)] {
        let name = name.parse().unwrap();
        let found = write.role_in_use(account_id(1), &name).await.unwrap();
        assert_eq!(found, is_used, "{name}");
    }
    root.roles.truncate(1);
    bob.roles.clear();
    write
        .update_account(Action::SetRole, &root, NameRule::Unique)
        .await
        .unwrap();
    write.update_user(Action::GrantRoles, &bob).await.unwrap();
    write.commit().await.unwrap();
    let stored = store.account(account_id(1)).await.unwrap().unwrap();
    assert_eq!(stored.roles, roles()[..1]);
    let stored = store.user(account_id(1), bob.id).await.unwrap().unwrap();
    assert!(stored.roles.is_empty());
});

both_databases!(a_role_that_cannot_be_read_is_no_role, async |database| {
    let store = &database.store;
    add_root(store).await.unwrap();
    for broken in ["x", "{}", "[{}]", r#"[{"name":"a","everything":false}]"#] {
        database
            .run(&format!("UPDATE accounts SET roles = '{broken}'"))
            .await;
        assert!(store.account(account_id(1)).await.is_err(), "{broken}");
    }
});

both_databases!(plain_verifiers_go_with_the_others, async |database| {
    let store = &database.store;
    add_root(store).await.unwrap();
    add_user(store, &user(1, 1)).await.unwrap();
    let both = [
        verifier(1, VerifierKind::Md5, 1),
        verifier(2, VerifierKind::Plain, 1),
    ];
    for verifiers in [&both[..], &both[..1]] {
        let mut write = store.write(Actor::server()).await.unwrap();
        let (account, user) = (account_id(1), user_id(1));
        write
            .replace_verifiers(account, user, verifiers)
            .await
            .unwrap();
        write.commit().await.unwrap();
        let stored = store.verifiers_of(account, user).await.unwrap();
        let kinds: Vec<_> = stored.iter().map(|stored| stored.kind).collect();
        let expected: Vec<_> = verifiers.iter().map(|new| new.kind).collect();
        assert_eq!(kinds, expected);
    }
});
