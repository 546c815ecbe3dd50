//! The audit log in pages: both directions, and what a filter lets through.

use std::time::Duration;

use doorward_core::id::{AccountId, UserId};
use doorward_core::time::Timestamp;
use doorward_store::{Actor, AuditFilter, Direction, Store};
use doorward_testkit::{TestDatabase, both_databases};

use crate::build::{account, account_id, add_accounts, add_root, user, user_id};

/// Rows 1 and 2 make accounts 1 and 2; then, a minute apart each, user 3 makes user 7 in account 1, user 4 as user 3
/// makes user 8 in account 2, and the operator deletes user 7. Gives when the log begins.
async fn fill(database: &TestDatabase) -> Timestamp {
    let store = &database.store;
    let begun = database.clock.clock().now();
    add_root(store).await.unwrap();
    add_accounts(store, &[account(2, Some(1))]).await.unwrap();
    let minute = Duration::from_mins(1);
    for (owner, n, impersonator) in [(1, 7, None), (2, 8, Some(user_id(4)))] {
        database.clock.advance(minute);
        let actor = Actor {
            account: Some(account_id(1)),
            user: Some(user_id(3)),
            impersonator,
            ..Actor::default()
        };
        let mut write = store.write(actor).await.unwrap();
        write.insert_user(&user(owner, n)).await.unwrap();
        write.commit().await.unwrap();
    }
    database.clock.advance(minute);
    let mut write = store.write(Actor::operator()).await.unwrap();
    write.delete_user(account_id(1), user_id(7)).await.unwrap();
    write.commit().await.unwrap();
    begun
}

/// What a filter lets through, as the log has it.
async fn passed(store: &Store, filter: AuditFilter) -> Vec<(String, Option<AccountId>)> {
    let rows = store
        .audit_listed(&filter, None, Direction::Ascending, 100)
        .await
        .unwrap();
    rows.into_iter()
        .map(|row| (row.action, row.account))
        .collect()
}

/// One line of the log as [`passed`] gives it.
fn line(action: &str, account: u128) -> (String, Option<AccountId>) {
    (action.to_owned(), Some(account_id(account)))
}

fn of_user(user: UserId) -> AuditFilter {
    AuditFilter {
        user: Some(user),
        ..AuditFilter::default()
    }
}

fn of_action(action: &str) -> AuditFilter {
    AuditFilter {
        action: Some(action.to_owned()),
        ..AuditFilter::default()
    }
}

both_databases!(the_audit_log_is_paged_either_way, async |database| {
    fill(&database).await;
    let store = &database.store;
    let log = store.audit(0, 100).await.unwrap();
    let mut ordered: Vec<i64> = log.iter().map(|row| row.id).collect();
    assert_eq!(ordered.len(), 5);
    for direction in [Direction::Ascending, Direction::Descending] {
        for limit in [1, 2, 5, 100] {
            let mut seen: Vec<i64> = Vec::new();
            loop {
                let after = seen.last().copied();
                let page = store
                    .audit_listed(&AuditFilter::default(), after, direction, limit)
                    .await
                    .unwrap();
                if page.is_empty() {
                    break;
                }
                seen.extend(page.iter().map(|row| row.id));
            }
            assert_eq!(seen, ordered, "{direction:?} {limit}");
        }
        ordered.reverse();
    }
});

both_databases!(the_audit_log_is_filtered_by_whom, async |database| {
    fill(&database).await;
    let store = &database.store;
    let below = AuditFilter {
        account: Some(account_id(2)),
        ..AuditFilter::default()
    };
    let in_below = [line("account.create", 2), line("user.create", 2)];
    assert_eq!(passed(store, below).await, in_below);
    let as_target = [line("user.create", 1), line("user.delete", 1)];
    assert_eq!(passed(store, of_user(user_id(7))).await, as_target);
    let as_actor = [line("user.create", 1), line("user.create", 2)];
    assert_eq!(passed(store, of_user(user_id(3))).await, as_actor);
    let as_impersonator = [line("user.create", 2)];
    assert_eq!(passed(store, of_user(user_id(4))).await, as_impersonator);
    assert_eq!(passed(store, of_user(user_id(9))).await, []);
});

both_databases!(
    the_audit_log_is_filtered_by_what_and_when,
    async |database| {
        let begun = fill(&database).await;
        let store = &database.store;
        let users = [
            line("user.create", 1),
            line("user.create", 2),
            line("user.delete", 1),
        ];
        assert_eq!(passed(store, of_action("user")).await, users);
        assert_eq!(passed(store, of_action("user.delete")).await, users[2..]);
        for nothing in ["user.delete.", "User", "%", "_ser", "ser.", "\u{10ffff}"] {
            assert_eq!(passed(store, of_action(nothing)).await, [], "{nothing}");
        }
        let minutes = |n: u64| begun.plus(Duration::from_mins(n));
        let mut between = AuditFilter {
            since: Some(minutes(1)),
            until: Some(minutes(3)),
            ..AuditFilter::default()
        };
        assert_eq!(passed(store, between.clone()).await, users[..2]);
        between.account = Some(account_id(2));
        between.user = Some(user_id(8));
        between.action = Some("user.create".to_owned());
        assert_eq!(passed(store, between.clone()).await, users[1..2]);
        between.until = between.since;
        assert_eq!(passed(store, between).await, []);
    }
);

both_databases!(
    filtered_pages_of_the_audit_log_join_without_a_gap,
    async |database| {
        let begun = fill(&database).await;
        let store = &database.store;
        let ordered = async |filter: &AuditFilter| {
            let rows = store.audit_listed(filter, None, Direction::Ascending, 100);
            rows.await.unwrap().into_iter().map(|row| row.id)
        };
        let later = AuditFilter {
            since: Some(begun.plus(Duration::from_mins(1))),
            ..AuditFilter::default()
        };
        let of_both = AuditFilter {
            account: Some(account_id(1)),
            ..of_user(user_id(7))
        };
        // User 3 is found in two columns, "user" begins two names.
        for (filter, count) in [
            (of_user(user_id(3)), 2),
            (of_user(user_id(7)), 2),
            (of_both, 2),
            (of_action("user"), 3),
            (of_action(""), 5),
            (later, 3),
        ] {
            let mut expected: Vec<i64> = ordered(&filter).await.collect();
            assert_eq!(expected.len(), count, "{filter:?}");
            for direction in [Direction::Ascending, Direction::Descending] {
                let (mut seen, mut after) = (Vec::new(), None);
                while seen.len() <= count {
                    let page = store.audit_listed(&filter, after, direction, 1);
                    let page = page.await.unwrap();
                    assert!(page.len() <= 1);
                    after = page.last().map(|row| row.id).or(after);
                    seen.extend(page.iter().map(|row| row.id));
                    if page.is_empty() {
                        break;
                    }
                }
                assert_eq!(seen, expected, "{filter:?} {direction:?}");
                expected.reverse();
            }
        }
    }
);

both_databases!(a_row_found_along_two_ways_comes_once, async |database| {
    fill(&database).await;
    let store = &database.store;
    let actor = Actor {
        account: Some(account_id(1)),
        user: Some(user_id(3)),
        impersonator: Some(user_id(3)),
        ..Actor::default()
    };
    let mut write = store.write(actor).await.unwrap();
    write.insert_user(&user(1, 3)).await.unwrap();
    write.commit().await.unwrap();
    let found = [
        line("user.create", 1),
        line("user.create", 2),
        line("user.create", 1),
    ];
    assert_eq!(passed(store, of_user(user_id(3))).await, found);
});
