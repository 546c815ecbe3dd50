//! Two at once: one wins, nothing is lost.

use std::time::Duration;

use doorward_core::tree::MAX_DEPTH;
use doorward_store::{Action, Actor, Conflict, NameRule, Store, StoreError};
use doorward_testkit::both_databases;
use tokio::task::JoinSet;

use crate::build::{account, account_id, add_accounts, add_root, add_user, user, user_id};

/// How many of the results are fine; all others must be this conflict.
fn winners(results: Vec<Result<(), StoreError>>, conflict: Conflict) -> usize {
    let mut winners = 0;
    for result in results {
        match result {
            Ok(()) => winners += 1,
            Err(StoreError::Conflict(found)) if found == conflict => {}
            Err(other) => panic!("unexpected: {other}"),
        }
    }
    winners
}

both_databases!(one_username_has_one_winner, async |database| {
    add_root(&database.store).await.unwrap();
    let mut tasks = JoinSet::new();
    for n in 0..64 {
        let store = database.store.clone();
        tasks.spawn(async move {
            let mut row = user(1, n);
            row.username = Some("wanted".to_owned());
            add_user(&store, &row).await.map(drop)
        });
    }
    assert_eq!(winners(tasks.join_all().await, Conflict::Username), 1);
});

both_databases!(one_realm_has_one_winner, async |database| {
    add_root(&database.store).await.unwrap();
    let mut tasks = JoinSet::new();
    for n in 2..66 {
        let store = database.store.clone();
        tasks.spawn(async move {
            let mut row = account(n, Some(1));
            row.realm = "wanted.example.com".into();
            add_accounts(&store, &[row]).await.map(drop)
        });
    }
    assert_eq!(winners(tasks.join_all().await, Conflict::Realm), 1);
});

both_databases!(one_account_name_has_one_winner, async |database| {
    add_root(&database.store).await.unwrap();
    let mut tasks = JoinSet::new();
    for n in 2..66 {
        let store = database.store.clone();
        tasks.spawn(async move {
            let mut row = account(n, Some(1));
            row.name = format!("Wan{}ted", "-".repeat(usize::try_from(n).unwrap()));
            add_accounts(&store, &[row]).await.map(drop)
        });
    }
    assert_eq!(winners(tasks.join_all().await, Conflict::AccountName), 1);
    let found = database.store.accounts_named("wanted", 9).await.unwrap();
    assert_eq!(found.len(), 1);
});

both_databases!(read_change_write_loses_nothing, async |database| {
    let other = database.second().await.unwrap();
    add_root(&database.store).await.unwrap();
    add_user(&database.store, &user(1, 1)).await.unwrap();
    let mut tasks = JoinSet::new();
    for n in 0..100 {
        let store = if n % 2 == 0 { &database.store } else { &other };
        let store = store.clone();
        tasks.spawn(async move {
            let mut write = store.write(Actor::operator()).await.unwrap();
            let mut row = write
                .user(account_id(1), user_id(1))
                .await
                .unwrap()
                .unwrap();
            row.generation += 1;
            row.document.insert(format!("task{n}"), n.into());
            write.update_user(Action::ChangeUser, &row).await.unwrap();
            write.commit().await.unwrap();
        });
    }
    tasks.join_all().await;
    let row = database
        .store
        .user(account_id(1), user_id(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((row.revision, row.generation), (101, 101));
    assert_eq!(row.document.len(), 100);
    other.close().await;
});

async fn hang(store: &Store, n: u128, to: u128) -> Result<(), StoreError> {
    let mut write = store.write(Actor::operator()).await?;
    write.move_account(account_id(n), account_id(to)).await?;
    write.commit().await.map(drop)
}

async fn parent_of(store: &Store, n: u128) -> Option<u128> {
    let row = store.account(account_id(n)).await.unwrap().unwrap();
    row.parent.map(|id| u128::from_be_bytes(*id.as_bytes()))
}

both_databases!(crossing_moves_never_make_a_cycle, async |database| {
    let store = &database.store;
    add_accounts(
        store,
        &[account(1, None), account(2, Some(1)), account(3, Some(1))],
    )
    .await
    .unwrap();
    for _ in 0..20 {
        let mut tasks = JoinSet::new();
        for (n, to) in [(2, 3), (3, 2)] {
            let store = store.clone();
            tasks.spawn(async move { hang(&store, n, to).await });
        }
        let refused = tasks
            .join_all()
            .await
            .into_iter()
            .filter(|result| matches!(result, Err(StoreError::Tree)))
            .count();
        assert_eq!(refused, 1);
        let parents = (parent_of(store, 2).await, parent_of(store, 3).await);
        assert!(matches!(parents, (Some(3), Some(1)) | (Some(1), Some(2))));
        for n in [2, 3] {
            hang(store, n, 1).await.unwrap();
        }
    }
});

both_databases!(the_tree_keeps_its_rules, async |database| {
    let store = &database.store;
    let depth = u128::try_from(MAX_DEPTH).unwrap();
    let chain: Vec<_> = (1..=depth)
        .map(|n| account(n, (n > 1).then(|| n - 1)))
        .collect();
    add_accounts(store, &chain).await.unwrap();
    let refuse = async |n, parent| {
        add_accounts(store, &[account(n, parent)])
            .await
            .unwrap_err()
    };
    assert!(matches!(refuse(100, Some(depth)).await, StoreError::Tree));
    assert!(matches!(refuse(100, Some(99)).await, StoreError::Missing));
    assert!(
        matches!(refuse(100, None).await, StoreError::Tree),
        "there is one root"
    );
    let twin = refuse(5, Some(1)).await;
    assert!(matches!(twin, StoreError::Conflict(Conflict::Row)));
    // Two levels fit below the last but one but one, three do not.
    add_accounts(store, &[account(100, Some(1)), account(101, Some(100))])
        .await
        .unwrap();
    assert!(matches!(
        hang(store, 100, depth - 1).await,
        Err(StoreError::Tree)
    ));
    hang(store, 100, depth - 2).await.unwrap();
    assert_eq!(parent_of(store, 100).await, Some(depth - 2));
    for (n, to) in [(1, 5), (5, 5), (5, 9)] {
        assert!(matches!(hang(store, n, to).await, Err(StoreError::Tree)));
    }
    for (n, to) in [(5, 999), (999, 5)] {
        assert!(matches!(hang(store, n, to).await, Err(StoreError::Missing)));
    }
    hang(store, 100, 1).await.unwrap();
    assert_eq!(
        store
            .account(account_id(100))
            .await
            .unwrap()
            .unwrap()
            .revision,
        3
    );
});

both_databases!(what_is_dropped_never_happened, async |database| {
    let store = &database.store;
    add_root(store).await.unwrap();
    let rows = store.audit(0, 100).await.unwrap().len();
    for n in 2..20 {
        let mut write = store.write(Actor::operator()).await.unwrap();
        write
            .insert_account(&account(n, Some(1)), NameRule::Unique)
            .await
            .unwrap();
        write.insert_user(&user(n, 1)).await.unwrap();
        drop(write);
    }
    assert!(store.account(account_id(2)).await.unwrap().is_none());
    assert_eq!(store.audit(0, 100).await.unwrap().len(), rows);
    assert_eq!(store.last_change().await.unwrap(), 1);
    add_accounts(store, &[account(2, Some(1))]).await.unwrap();
});

both_databases!(
    a_write_given_up_in_the_middle_leaves_nothing,
    async |database| {
        let store = &database.store;
        let other = database.second().await.unwrap();
        add_accounts(store, &[account(1, None), account(2, Some(1))])
            .await
            .unwrap();
        let mut holder = other.write(Actor::operator()).await.unwrap();
        holder.account(account_id(2)).await.unwrap();
        for _ in 0..10 {
            let attempt = async {
                let mut write = store.write(Actor::operator()).await?;
                let mut row = write.account(account_id(1)).await?.unwrap();
                row.name = "never".into();
                write
                    .update_account(Action::ChangeAccount, &row, NameRule::Unique)
                    .await?;
                write.account(account_id(2)).await?;
                write.commit().await
            };
            let given_up = tokio::time::timeout(Duration::from_millis(60), attempt).await;
            assert!(given_up.is_err());
        }
        holder.commit().await.unwrap();
        let row = store.account(account_id(1)).await.unwrap().unwrap();
        assert_eq!((row.name.as_str(), row.revision), ("Account 1", 1));
        add_accounts(store, &[account(3, Some(1))]).await.unwrap();
        other.close().await;
    }
);

both_databases!(
    nothing_is_added_to_what_is_being_deleted,
    async |database| {
        let store = &database.store;
        add_root(store).await.unwrap();
        for n in 2..22 {
            add_accounts(store, &[account(n, Some(1))]).await.unwrap();
            let mut tasks = JoinSet::new();
            let (adder, deleter) = (store.clone(), store.clone());
            if n % 2 == 0 {
                tasks.spawn(async move { add_user(&adder, &user(n, 1)).await.map(drop) });
            } else {
                let child = account(n + 100, Some(n));
                tasks.spawn(async move { add_accounts(&adder, &[child]).await.map(drop) });
            }
            tasks.spawn(async move {
                let mut write = deleter.write(Actor::operator()).await?;
                write.delete_account(account_id(n)).await?;
                write.commit().await.map(drop)
            });
            for result in tasks.join_all().await {
                let expected = matches!(
                    result,
                    Ok(()) | Err(StoreError::Missing | StoreError::HasChildren)
                );
                assert!(expected, "{result:?}");
            }
        }
        let orphans = "SELECT (SELECT count(*) FROM users WHERE account_id NOT IN (SELECT id FROM accounts)) \
                   + (SELECT count(*) FROM accounts WHERE parent_id NOT IN (SELECT id FROM accounts))";
        assert_eq!(database.number(orphans).await, 0);
    }
);
