//! Lists in pages: both directions, rows that come and go meanwhile, the walk through the tree.

use doorward_store::{Actor, Direction, Position, Store, StoreError};
use doorward_testkit::both_databases;
use serde_json::{Map, json};
use tokio::task::JoinSet;

use crate::build::{account, account_id, add_accounts, add_root, add_user, user, user_id};

const BOTH: [Direction; 2] = [Direction::Ascending, Direction::Descending];

async fn user_ids(store: &Store, direction: Direction, limit: u32) -> Vec<String> {
    let mut after: Option<Position> = None;
    let mut seen = Vec::new();
    loop {
        let page = store
            .users_listed(account_id(1), after.as_ref(), direction, limit)
            .await
            .unwrap();
        seen.extend(page.iter().map(|row| row.user.id.to_string()));
        match page.last() {
            Some(last) => after = Some(last.position.clone()),
            None => return seen,
        }
    }
}

both_databases!(users_are_listed_by_their_names, async |database| {
    let store = &database.store;
    add_root(store).await.unwrap();
    for (n, last, first) in [(1, "B", "x"), (2, "A", "z"), (3, "A", "y"), (4, "B", "x")] {
        let mut row = user(1, n);
        row.document = Map::from_iter([
            ("last_name".to_owned(), json!(last)),
            ("first_name".to_owned(), json!(first)),
        ]);
        add_user(store, &row).await.unwrap();
    }
    let mut odd = user(1, 5);
    odd.document = Map::from_iter([
        ("last_name".to_owned(), json!(7)),
        ("first_name".to_owned(), json!("\u{10ffff}".repeat(4000))),
    ]);
    add_user(store, &odd).await.unwrap();
    let mut ordered: Vec<_> = [5, 3, 2, 1, 4].map(|n| user_id(n).to_string()).into();
    for direction in BOTH {
        for limit in [1, 2, 5, 100] {
            assert_eq!(
                user_ids(store, direction, limit).await,
                ordered,
                "{direction:?} {limit}"
            );
        }
        ordered.reverse();
    }
    let mut write = store.write(Actor::operator()).await.unwrap();
    let mut renamed = write
        .user(account_id(1), user_id(2))
        .await
        .unwrap()
        .unwrap();
    renamed.document.insert("last_name".to_owned(), json!("C"));
    write
        .update_user(doorward_store::Action::ChangeUser, &renamed)
        .await
        .unwrap();
    write.commit().await.unwrap();
    let last = user_ids(store, Direction::Descending, 1).await;
    assert_eq!(last[0], user_id(2).to_string());
});

/// 1 has 2, 3 and 4; 3 has 5 and 6; 5 has 7.
async fn grow(store: &Store) {
    let links = [(2, 1), (3, 1), (4, 1), (5, 3), (6, 3), (7, 5)];
    let mut all = vec![account(1, None)];
    all.extend(links.map(|(n, parent)| account(n, Some(parent))));
    add_accounts(store, &all).await.unwrap();
}

async fn walk(store: &Store, direction: Direction, limit: u32) -> Vec<u128> {
    let mut path = Vec::new();
    let mut seen = Vec::new();
    loop {
        let page = store
            .descendants_listed(account_id(1), &path, direction, limit)
            .await
            .unwrap();
        seen.extend(
            page.iter()
                .map(|row| u128::from_be_bytes(*row.account.id.as_bytes())),
        );
        match page.last() {
            Some(last) => path.clone_from(&last.path),
            None => return seen,
        }
    }
}

both_databases!(descendants_are_walked_in_pages, async |database| {
    let store = &database.store;
    grow(store).await;
    for limit in [1, 2, 3, 50] {
        assert_eq!(
            walk(store, Direction::Ascending, limit).await,
            [2, 3, 5, 7, 6, 4]
        );
        assert_eq!(
            walk(store, Direction::Descending, limit).await,
            [4, 3, 6, 5, 7, 2]
        );
    }
    let children = store
        .children_listed(account_id(1), None, Direction::Ascending, 9)
        .await
        .unwrap();
    let below: Vec<_> = children.iter().map(|row| row.has_children).collect();
    assert_eq!(below, [false, true, false]);
    let below: Vec<_> = children.iter().map(|row| row.below).collect();
    assert_eq!(below, [0, 3, 0]);
    assert_eq!(store.count_below(account_id(1)).await.unwrap(), 6);
    assert_eq!(store.count_below(account_id(7)).await.unwrap(), 0);
    let nobody = store.count_below(account_id(8)).await;
    assert!(matches!(nobody, Err(StoreError::Missing)));
});

both_databases!(a_walk_does_not_enter_what_moved_away, async |database| {
    let store = &database.store;
    grow(store).await;
    let seen = store
        .descendants_listed(account_id(3), &[], Direction::Ascending, 1)
        .await
        .unwrap();
    assert_eq!(seen[0].account.id, account_id(5));
    let mut write = store.write(Actor::operator()).await.unwrap();
    write
        .move_account(account_id(5), account_id(2))
        .await
        .unwrap();
    write.commit().await.unwrap();
    let rest = store
        .descendants_listed(account_id(3), &seen[0].path, Direction::Ascending, 9)
        .await
        .unwrap();
    let rest: Vec<_> = rest.iter().map(|row| row.account.id).collect();
    assert_eq!(rest, [account_id(6)]);
});

both_databases!(a_cursor_opens_for_its_own_list_only, async |database| {
    let store = &database.store;
    let sealed = store
        .seal_cursor("users", &[b"a", b"desc"], b"here")
        .unwrap();
    let open = |list, of: &[&[u8]], bytes: &[u8]| store.open_cursor(list, of, bytes);
    assert_eq!(open("users", &[b"a", b"desc"], &sealed).unwrap(), b"here");
    assert!(open("children", &[b"a", b"desc"], &sealed).is_none());
    assert!(open("users", &[b"b", b"desc"], &sealed).is_none());
    assert!(open("users", &[b"a", b"asc"], &sealed).is_none());
    for at in 0..sealed.len() {
        let mut forged = sealed.clone();
        forged[at] ^= 1;
        assert!(open("users", &[b"a", b"desc"], &forged).is_none(), "{at}");
    }
    assert!(open("users", &[b"a", b"desc"], &[]).is_none());
});

both_databases!(resellers_below_are_found, async |database| {
    let store = &database.store;
    grow(store).await;
    let mut write = store.write(Actor::operator()).await.unwrap();
    assert!(!write.has_reseller_below(account_id(3)).await.unwrap());
    let mut deep = write.account(account_id(7)).await.unwrap().unwrap();
    deep.reseller = true;
    write
        .update_account(
            doorward_store::Action::ChangeAccount,
            &deep,
            doorward_store::NameRule::Unique,
        )
        .await
        .unwrap();
    assert!(write.has_reseller_below(account_id(3)).await.unwrap());
    assert!(!write.has_reseller_below(account_id(7)).await.unwrap());
});

both_databases!(users_of_an_older_store_get_their_keys, async |database| {
    let store = &database.store;
    add_root(store).await.unwrap();
    let names = [
        json!({"last_name": "Ünï", "first_name": "It's"}),
        json!({"last_name": 7, "first_name": "A"}),
        json!({"first_name": null}),
        json!({"last_name": "x".repeat(3000)}),
    ];
    for (n, document) in (1..).zip(&names) {
        let mut row = user(1, n);
        row.document = document.as_object().cloned().unwrap();
        add_user(store, &row).await.unwrap();
    }
    let keys = async |store: &Store| {
        let rows = store
            .users_listed(account_id(1), None, Direction::Ascending, 9)
            .await
            .unwrap();
        rows.into_iter().map(|row| row.position).collect::<Vec<_>>()
    };
    let written = keys(store).await;
    assert_eq!(written.len(), 4);
    database
        .run(
            "DROP INDEX users_list; ALTER TABLE users DROP COLUMN list_key; \
             DELETE FROM _sqlx_migrations WHERE version = 2",
        )
        .await;
    let again = database.second().await.unwrap();
    assert_eq!(keys(&again).await, written);
    again.close().await;
});

/// How many accounts have another number beside them than there are accounts below them.
const WRONG_SIZES: &str = "WITH RECURSIVE pairs (top, id) AS ( \
       SELECT parent_id, id FROM accounts WHERE parent_id IS NOT NULL \
       UNION ALL \
       SELECT a.parent_id, pairs.id FROM pairs JOIN accounts a ON a.id = pairs.top \
       WHERE a.parent_id IS NOT NULL) \
     SELECT count(*) FROM accounts a LEFT JOIN tree_sizes s ON s.account_id = a.id \
     WHERE coalesce(s.below, -1) <> (SELECT count(*) FROM pairs WHERE pairs.top = a.id)";

both_databases!(
    accounts_below_are_counted_as_they_change,
    async |database| {
        let store = &database.store;
        grow(store).await;
        assert_eq!(database.number(WRONG_SIZES).await, 0);
        let mut tasks = JoinSet::new();
        // Two that cross, one within a branch, one out of it, additions and deletions meanwhile; some are refused.
        for round in 0..6 {
            for (n, to) in [(3, 2), (2, 3), (7, 6), (5, 4)] {
                let store = store.clone();
                tasks.spawn(async move {
                    let mut write = store.write(Actor::operator()).await?;
                    write.move_account(account_id(n), account_id(to)).await?;
                    write.commit().await.map(drop)
                });
            }
            for parent in [2, 5, 7] {
                let store = store.clone();
                let new = account(100 + round * 10 + parent, Some(parent));
                tasks.spawn(async move {
                    add_accounts(&store, std::slice::from_ref(&new)).await?;
                    let mut write = store.write(Actor::operator()).await?;
                    write.delete_account(new.id).await?;
                    write.commit().await?;
                    add_accounts(&store, &[new]).await.map(drop)
                });
            }
        }
        for result in tasks.join_all().await {
            assert!(
                matches!(result, Ok(()) | Err(StoreError::Tree)),
                "{result:?}"
            );
        }
        assert_eq!(database.number(WRONG_SIZES).await, 0);
        assert_eq!(store.count_below(account_id(1)).await.unwrap(), 6 + 18);
        database
            .run("DROP TABLE tree_sizes; DELETE FROM _sqlx_migrations WHERE version = 4")
            .await;
        let again = database.second().await.unwrap();
        assert_eq!(database.number(WRONG_SIZES).await, 0);
        again.close().await;
    }
);
