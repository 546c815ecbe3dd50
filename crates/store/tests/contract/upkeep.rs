//! Pruning, copies, and what happens when the database does not answer.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use doorward_core::id::TokenId;
use doorward_core::secret::SecretText;
use doorward_core::time::Timestamp;
use doorward_store::{Action, Actor, Conflict, NameRule, Page, Store, StoreError};
use doorward_testkit::{TestDatabase, both_databases};

use crate::build::{account, account_id, add_accounts, add_root, add_user, bytes, user};

both_databases!(
    pruning_is_bounded_and_takes_only_what_is_over,
    async |database| {
        let store = &database.store;
        let now = database.clock.clock().now();
        let mut write = store.write(Actor::operator()).await.unwrap();
        for n in 0..10_u8 {
            let until = Timestamp::from_micros(now.micros() - 5 + i64::from(n));
            let id = TokenId::new(bytes(u128::from(n)));
            write.deny_token(account_id(1), id, until).await.unwrap();
        }
        write.commit().await.unwrap();
        let left = async |table| {
            database
                .number(&format!("SELECT count(*) FROM {table}"))
                .await
        };
        store.prune(now, 4).await.unwrap();
        assert_eq!(
            (left("denied_tokens").await, left("changes").await),
            (6, 10)
        );
        store.prune(now, 100).await.unwrap();
        assert_eq!(left("denied_tokens").await, 4, "what ends now is over");
        assert_eq!(store.denied_tokens(now).await.unwrap().len(), 4);
        database.clock.advance(Duration::from_hours(24));
        let later = database.clock.clock().now();
        store.prune(later, 100).await.unwrap();
        assert_eq!(
            left("changes").await,
            10,
            "a day old is not older than a day"
        );
        database.clock.advance(Duration::from_micros(1));
        store.prune(database.clock.clock().now(), 3).await.unwrap();
        assert_eq!(left("changes").await, 7);
        assert_eq!(database.number("SELECT min(id) FROM changes").await, 4);
    }
);

both_databases!(a_denial_only_grows, async |database| {
    let store = &database.store;
    for until in [20, 10] {
        let mut write = store.write(Actor::server()).await.unwrap();
        let id = TokenId::new(bytes(1));
        write
            .deny_token(account_id(1), id, Timestamp::from_unix(until))
            .await
            .unwrap();
        write.commit().await.unwrap();
    }
    let denied = store.denied_tokens(Timestamp::from_unix(15)).await.unwrap();
    assert_eq!(denied, [(TokenId::new(bytes(1)), Timestamp::from_unix(20))]);
});

/// Adds two users in each write, until told to stop.
async fn add_pairs(store: Store, stop: Arc<AtomicBool>) -> u128 {
    let mut n = 0;
    while !stop.load(Ordering::SeqCst) {
        let mut write = store.write(Actor::server()).await.unwrap();
        write.insert_user(&user(1, n)).await.unwrap();
        write.insert_user(&user(1, n + 1)).await.unwrap();
        write.commit().await.unwrap();
        n += 2;
    }
    n
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_while_writing_is_whole() {
    let database = TestDatabase::sqlite().await;
    let store = &database.store;
    add_root(store).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let mut writer = tokio::task::JoinSet::new();
    writer.spawn(add_pairs(store.clone(), Arc::clone(&stop)));
    for n in 0..3 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let name = format!("copy {n}'s.db");
        let path = database.folder().join(&name);
        store.backup(&path).await.unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let again = store.backup(&path).await;
        assert!(
            matches!(again, Err(StoreError::Unreachable(_))),
            "never over a file"
        );
        let mut options = database.options.clone();
        options.url = SecretText::new(format!("sqlite:{name}"));
        options.create = false;
        let copy = database
            .open_with(&options, &database.master)
            .await
            .unwrap();
        let page = Page {
            after: None,
            limit: 100_000,
        };
        let users = copy.users(account_id(1), page).await.unwrap().len();
        assert!(users > 0 && users % 2 == 0, "{users}");
        copy.close().await;
    }
    stop.store(true, Ordering::SeqCst);
    assert!(writer.join_all().await[0] > 0);
    let nowhere = database.folder().join("none/copy.db");
    assert!(matches!(
        store.backup(&nowhere).await,
        Err(StoreError::Unreachable(_))
    ));
}

#[tokio::test]
async fn a_server_is_not_copied_this_way() {
    let database = TestDatabase::postgres().await;
    let path = database.folder().join("copy.db");
    let error = database.store.backup(&path).await.unwrap_err();
    assert!(error.to_string().contains("pg_dump"), "{error}");
    assert!(!path.exists());
}

both_databases!(
    a_lock_that_is_held_too_long_is_unreachable,
    async |database| {
        add_accounts(&database.store, &[account(1, None), account(2, Some(1))])
            .await
            .unwrap();
        let mut options = database.options.clone();
        options.statement_timeout = Duration::from_secs(1);
        let impatient = database
            .open_with(&options, &database.master)
            .await
            .unwrap();
        let mut holder = database.store.write(Actor::operator()).await.unwrap();
        holder.account(account_id(2)).await.unwrap();
        let attempt = async {
            let mut write = impatient.write(Actor::operator()).await?;
            write.account(account_id(2)).await
        };
        let result = tokio::time::timeout(Duration::from_secs(4), attempt)
            .await
            .unwrap();
        assert!(
            matches!(result, Err(StoreError::Unreachable(_))),
            "{result:?}"
        );
        // Readers never wait for writers.
        assert!(impatient.account(account_id(2)).await.unwrap().is_some());
        drop(holder);
        add_user(&impatient, &user(2, 1)).await.unwrap();
        impatient.close().await;
    }
);

#[tokio::test]
async fn a_pool_without_a_free_connection_is_unreachable() {
    let database = TestDatabase::postgres().await;
    let mut options = database.options.clone();
    options.statement_timeout = Duration::from_secs(1);
    options.max_connections = 1;
    let narrow = database
        .open_with(&options, &database.master)
        .await
        .unwrap();
    let held = narrow.write(Actor::operator()).await.unwrap();
    let result = narrow.account(account_id(1)).await;
    assert!(
        matches!(result, Err(StoreError::Unreachable(_))),
        "{result:?}"
    );
    drop(held);
    assert!(narrow.account(account_id(1)).await.unwrap().is_none());
}

/// Servers run all of this in tasks: each future must be `Send`.
async fn everything(store: Store, copy: PathBuf) -> Result<(), StoreError> {
    let now = Timestamp::from_unix(0);
    let root = account_id(1);
    let mut write = store.write(Actor::server()).await?;
    write.lock_tree().await?;
    write
        .insert_account(&account(2, Some(1)), NameRule::Unique)
        .await?;
    write.account(root).await?;
    write
        .update_account(
            Action::ChangeAccount,
            &account(2, Some(1)),
            NameRule::Shared,
        )
        .await?;
    write
        .insert_account(&account(3, Some(1)), NameRule::Unique)
        .await?;
    write.move_account(account_id(3), account_id(2)).await?;
    write.delete_account(account_id(3)).await?;
    write.insert_user(&user(2, 1)).await?;
    write
        .replace_verifiers(account_id(2), user(2, 1).id, &[])
        .await?;
    write.commit().await?;
    let mut feed = store.feed(0).await?;
    feed.next().await?;
    feed.next().await?;
    store.prune(now, 1).await?;
    if store.file().is_some() {
        store.backup(&copy).await?;
    }
    Ok(())
}

both_databases!(everything_may_run_in_a_task, async |database| {
    add_root(&database.store).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    let copy = database.folder().join("copy.db");
    tasks.spawn(everything(database.store.clone(), copy));
    for result in tasks.join_all().await {
        result.unwrap();
    }
});

both_databases!(a_failed_step_takes_the_write_with_it, async |database| {
    let store = &database.store;
    add_root(store).await.unwrap();
    let mut write = store.write(Actor::operator()).await.unwrap();
    write.insert_user(&user(1, 1)).await.unwrap();
    assert!(write.insert_user(&user(1, 1)).await.is_err());
    let next = write.insert_user(&user(1, 2)).await;
    assert!(matches!(next, Err(StoreError::Inconsistent { .. })));
    assert!(matches!(
        write.commit().await,
        Err(StoreError::Inconsistent { .. })
    ));
    let page = Page {
        after: None,
        limit: 9,
    };
    assert!(store.users(account_id(1), page).await.unwrap().is_empty());
});

#[tokio::test]
async fn a_deadlock_is_a_conflict() {
    let database = TestDatabase::postgres().await;
    let store = &database.store;
    add_accounts(store, &[account(1, None), account(2, Some(1))])
        .await
        .unwrap();
    let mut first = store.write(Actor::operator()).await.unwrap();
    let mut second = store.write(Actor::operator()).await.unwrap();
    first.account(account_id(1)).await.unwrap();
    second.account(account_id(2)).await.unwrap();
    let results = tokio::join!(
        async {
            let result = first.account(account_id(2)).await.map(drop);
            (result, first.commit().await.map(drop))
        },
        async {
            let result = second.account(account_id(1)).await.map(drop);
            (result, second.commit().await.map(drop))
        },
    );
    let lost = |(read, commit): &(Result<_, StoreError>, Result<(), StoreError>)| {
        // Who was chosen cannot commit what is left of its transaction.
        matches!(read, Err(StoreError::Conflict(Conflict::Row))) && commit.is_err()
    };
    assert_ne!(lost(&results.0), lost(&results.1), "{results:?}");
}
