//! Changes reach other handles, all of them and in order.

use std::time::Duration;

use doorward_core::id::TokenId;
use doorward_core::time::Timestamp;
use doorward_store::{Actor, Change, ChangeRow, Feed, News, Store, StoreError};
use doorward_testkit::{Kind, TestDatabase, both_databases};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::build::{account, account_id, add_accounts, add_root, add_user, bytes, user, user_id};

/// The next rows; heartbeats are skipped.
async fn rows(feed: &mut Feed) -> Vec<ChangeRow> {
    loop {
        match feed.next().await.unwrap() {
            News::Rows(rows) => return rows,
            News::Heartbeat(_) => {}
            News::Gap => panic!("a gap where none is"),
        }
    }
}

both_databases!(another_handle_hears_within_200_ms, async |database| {
    let other = database.second().await.unwrap();
    let mut feed = other
        .feed(other.last_change().await.unwrap())
        .await
        .unwrap();
    add_root(&database.store).await.unwrap();
    let first = rows(&mut feed).await;
    assert_eq!(
        first.iter().map(|row| row.change).collect::<Vec<_>>(),
        [Change::Account(account_id(1))]
    );
    let mut in_time = 0;
    for n in 0..20 {
        let written = add_user(&database.store, &user(1, n)).await.unwrap();
        let began = tokio::time::Instant::now();
        assert_eq!(rows(&mut feed).await, written);
        in_time += usize::from(began.elapsed() < Duration::from_millis(200));
    }
    // The machine may stumble once or twice; a feed that polls too slowly is late nearly always.
    assert!(in_time >= 17, "{in_time} of 20");
    assert_eq!(other.last_change().await.unwrap(), 21);
    drop(feed);
    other.close().await;
});

both_databases!(every_kind_of_change_is_told_as_it_was, async |database| {
    let store = &database.store;
    let mut feed = store.feed(0).await.unwrap();
    let until = Timestamp::from_unix(2_000_000_000);
    let mut write = store.write(Actor::operator()).await.unwrap();
    write
        .insert_account(&account(1, None), doorward_store::NameRule::Unique)
        .await
        .unwrap();
    write.insert_user(&user(1, 2)).await.unwrap();
    write
        .deny_token(account_id(1), TokenId::new(bytes(3)), until)
        .await
        .unwrap();
    let written = write.commit().await.unwrap();
    let changes: Vec<_> = written.iter().map(|row| row.change).collect();
    assert_eq!(
        changes,
        [
            Change::Account(account_id(1)),
            Change::User(account_id(1), user_id(2)),
            Change::DenyToken(TokenId::new(bytes(3)), until),
        ]
    );
    assert_eq!(rows(&mut feed).await, written);
    // Another feed begins where it is told to.
    let mut later = store.feed(written[1].id).await.unwrap();
    assert_eq!(rows(&mut later).await, written[2..]);
});

both_databases!(
    silence_is_a_heartbeat_with_the_databases_time,
    async |database| {
        let mut feed = database.store.feed(0).await.unwrap();
        for _ in 0..2 {
            let news = timeout(Duration::from_secs(3), feed.next())
                .await
                .unwrap()
                .unwrap();
            let News::Heartbeat(now) = news else {
                panic!("{news:?}")
            };
            let clock = database.clock.clock().now();
            match database.kind {
                Kind::Sqlite => assert_eq!(now, clock),
                Kind::Postgres => assert!(now > clock),
            }
        }
    }
);

async fn write_users(store: Store, first: u128) -> Vec<ChangeRow> {
    let mut written = Vec::new();
    for n in first..first + 10 {
        written.extend(add_user(&store, &user(1, n)).await.unwrap());
    }
    written
}

both_databases!(
    concurrent_commits_are_told_in_order_and_whole,
    async |database| {
        let other = database.second().await.unwrap();
        add_root(&database.store).await.unwrap();
        let mut feed = database.store.feed(1).await.unwrap();
        let mut tasks = JoinSet::new();
        for n in 0..16 {
            let store = if n % 2 == 0 { &database.store } else { &other };
            tasks.spawn(write_users(store.clone(), n * 100));
        }
        let mut heard = Vec::new();
        while heard.len() < 160 {
            heard.extend(rows(&mut feed).await);
        }
        assert!(heard.is_sorted_by(|a, b| a.id < b.id));
        let mut written: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        written.sort_by_key(|row| row.id);
        assert_eq!(heard, written);
        other.close().await;
    }
);

both_databases!(who_was_away_too_long_is_told_of_a_gap, async |database| {
    let store = &database.store;
    add_root(store).await.unwrap();
    for n in 0..5 {
        add_user(store, &user(1, n)).await.unwrap();
    }
    database.clock.advance(Duration::from_hours(25));
    let now = database.clock.clock().now();
    store.prune(now, 100).await.unwrap();
    assert_eq!(database.number("SELECT count(*) FROM changes").await, 1);
    assert_eq!(
        store.last_change().await.unwrap(),
        6,
        "the newest id is never forgotten"
    );
    let mut away = store.feed(2).await.unwrap();
    let mut present = store.feed(6).await.unwrap();
    let mut nearly = store.feed(5).await.unwrap();
    assert_eq!(away.next().await.unwrap(), News::Gap);
    assert_eq!(
        rows(&mut nearly).await.len(),
        1,
        "nothing it needs was pruned"
    );
    let written = add_user(store, &user(1, 10)).await.unwrap();
    for feed in [&mut away, &mut present, &mut nearly] {
        assert_eq!(rows(feed).await, written);
    }
    // A restored database may be younger than what a node remembers.
    let mut ahead = store.feed(1000).await.unwrap();
    assert_eq!(ahead.next().await.unwrap(), News::Gap);
});

/// Tries again while connections of the pool turn out to be cut.
async fn persistently(
    attempt: impl AsyncFn() -> Result<Vec<ChangeRow>, StoreError>,
) -> Vec<ChangeRow> {
    loop {
        match attempt().await {
            Ok(rows) => return rows,
            Err(StoreError::Unreachable(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn a_cut_connection_is_a_gap_on_postgres() {
    let database = TestDatabase::postgres().await;
    let store = &database.store;
    add_root(store).await.unwrap();
    let mut feed = store.feed(1).await.unwrap();
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for n in 0..3 {
        assert!(database.number(cut).await > 0);
        // Written while nobody listens, perhaps through a connection that was cut as well.
        persistently(async || add_user(store, &user(1, n)).await).await;
        let news = timeout(Duration::from_secs(3), feed.next()).await.unwrap();
        assert_eq!(news.unwrap(), News::Gap);
        let row = account(n + 10, Some(1));
        let written =
            persistently(async || add_accounts(store, std::slice::from_ref(&row)).await).await;
        assert_eq!(rows(&mut feed).await, written);
    }
}

#[tokio::test]
async fn a_server_that_went_away_is_unreachable_and_then_a_gap() {
    let database = TestDatabase::postgres().await;
    let store = &database.store;
    add_root(store).await.unwrap();
    let mut feed = store.feed(1).await.unwrap();
    database.cut_off().await;
    let error = timeout(Duration::from_mins(1), feed.next()).await.unwrap();
    assert!(
        matches!(error, Err(StoreError::Unreachable(_))),
        "{error:?}"
    );
    database.let_in().await;
    assert_eq!(feed.next().await.unwrap(), News::Gap);
    let written = persistently(async || add_user(store, &user(1, 1)).await).await;
    assert_eq!(rows(&mut feed).await, written);
}
