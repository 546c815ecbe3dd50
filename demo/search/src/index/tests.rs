use proptest::prelude::*;
use sqlx::Connection as _;

use super::change::Pushed;
use super::*;
use crate::key::DocumentKey;
use crate::terms::Terms;

const NEVER: i64 = i64::MAX;

async fn open() -> (tempfile::TempDir, Index) {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path()).await.unwrap();
    (folder, index)
}

fn document(key: &str, body: &str) -> NewDocument {
    let key = DocumentKey::parse(key).unwrap();
    let html = Some("text/html".to_owned());
    NewDocument::read(key, html, body.as_bytes().to_vec(), Metadata::new())
}

async fn put(index: &Index, key: &str, body: &str) -> Pushed {
    let document = document(key, body);
    index.put("c", &document, 1, NEVER).await.unwrap()
}

async fn find(index: &Index, query: &str) -> Vec<String> {
    found(index, query, Order::Relevance, 1, 100)
        .await
        .hits
        .into_iter()
        .map(|hit| hit.key)
        .collect()
}

async fn found(index: &Index, query: &str, order: Order, start: i64, size: i64) -> Found {
    let request = Request {
        collection: "c",
        terms: &Terms::parse(query),
        constraints: &[],
        order,
        page: Page { start, size },
    };
    index.search(&request).await.unwrap()
}

#[tokio::test]
async fn every_connection_syncs_its_commits() {
    let (_folder, index) = open().await;
    for pool in [&index.writer, &index.readers] {
        let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous")
            .fetch_one(pool)
            .await
            .unwrap();
        assert_eq!(synchronous, 2);
    }
    let write = sqlx::query("DELETE FROM document").execute(&index.readers);
    assert!(write.await.is_err());
}

#[tokio::test]
async fn connections_with_other_settings_are_refused() {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    assert!(assert_settings(&mut connection).await.is_err());
}

#[tokio::test]
async fn an_index_of_another_version_is_left_alone() {
    let (folder, index) = open().await;
    sqlx::query("PRAGMA user_version = 2")
        .execute(&index.writer)
        .await
        .unwrap();
    index.close().await;
    let again = Index::open(folder.path()).await;
    assert!(matches!(again, Err(IndexError::Version)));
}

#[tokio::test]
async fn changes_are_found_after_the_commit_only() {
    let (_folder, index) = open().await;
    put(&index, "http://a/1", "first bees").await;
    assert!(find(&index, "bees").await.is_empty());
    assert_eq!(index.commit("c", 7).await.unwrap(), Committed(1));
    assert_eq!(find(&index, "bees").await, ["http://a/1"]);

    let replaced = put(&index, "http://a/1", "then wasps").await;
    assert!(replaced.existed && !replaced.committed);
    assert_eq!(find(&index, "bees").await, ["http://a/1"]);
    index.commit("c", 8).await.unwrap();
    assert!(find(&index, "bees").await.is_empty());
    assert_eq!(find(&index, "wasps").await, ["http://a/1"]);

    let deleted = index.delete("c", "http://a/1", 1, NEVER).await.unwrap();
    assert!(deleted.existed);
    assert_eq!(index.document("c", "http://a/1").await.unwrap(), None);
    assert_eq!(find(&index, "wasps").await, ["http://a/1"]);
    index.commit("c", 9).await.unwrap();
    assert!(find(&index, "wasps").await.is_empty());
    assert!(find(&index, "!padrenull").await.is_empty());
    let facts = found(&index, "", Order::Relevance, 1, 1).await.facts;
    assert_eq!((facts.documents, facts.committed_ms), (0, Some(9)));
}

#[tokio::test]
async fn absent_keys_leave_no_row() {
    let (_folder, index) = open().await;
    put(&index, "http://a/1", "x").await;
    for key in ["http://a/1", "http://a/2"] {
        index.delete("c", key, 1, NEVER).await.unwrap();
    }
    assert_eq!(index.commit("c", 1).await.unwrap(), Committed(0));
}

#[tokio::test]
async fn enough_changes_commit_themselves() {
    let (_folder, index) = open().await;
    for (key, committed) in [
        ("http://a/1", false),
        ("http://a/2", true),
        ("http://a/3", false),
    ] {
        let pushed = index.put("c", &document(key, "bees"), 1, 2).await.unwrap();
        assert_eq!(pushed.committed, committed, "{key}");
    }
    assert_eq!(find(&index, "bees").await.len(), 2);
    assert_eq!(index.waiting_since(0).await.unwrap(), Vec::<String>::new());
    assert_eq!(index.waiting_since(1).await.unwrap(), ["c"]);
}

#[tokio::test]
async fn collections_do_not_see_each_other() {
    let (_folder, index) = open().await;
    put(&index, "http://a/1", "bees").await;
    let other = document("http://a/2", "bees");
    index.put("d", &other, 1, NEVER).await.unwrap();
    index.commit("d", 1).await.unwrap();
    assert!(find(&index, "bees").await.is_empty());
    index.commit("c", 1).await.unwrap();
    assert_eq!(find(&index, "bees").await, ["http://a/1"]);
}

#[tokio::test]
async fn what_is_committed_is_there_after_reopening() {
    let (folder, index) = open().await;
    put(&index, "http://a/1", "bees").await;
    index.commit("c", 1).await.unwrap();
    put(&index, "http://a/2", "pushed only").await;
    index.close().await;
    let index = Index::open(folder.path()).await.unwrap();
    assert_eq!(find(&index, "bees").await, ["http://a/1"]);
    assert!(index.document("c", "http://a/2").await.unwrap().is_some());
    assert_eq!(index.commit("c", 1).await.unwrap(), Committed(1));
}

#[tokio::test]
async fn words_of_a_title_count_more_and_scores_start_at_1000() {
    let (_folder, index) = open().await;
    put(
        &index,
        "http://a/1",
        "<title>On wasps</title>bees and much more",
    )
    .await;
    put(&index, "http://a/2", "<title>Bees</title>text").await;
    index.commit("c", 1).await.unwrap();
    let found = found(&index, "bee", Order::Relevance, 1, 10).await;
    assert_eq!(found.total, 2);
    let [first, second] = &found.hits[..] else {
        panic!("{found:?}")
    };
    assert_eq!((first.key.as_str(), first.score), ("http://a/2", 1000));
    assert_eq!((first.rank, second.rank), (1, 2));
    assert!(second.score < 1000);
    assert_eq!(first.title, "\u{2}Bees\u{3}");
    assert_eq!(second.summary, "\u{2}bees\u{3} and much more");
}

#[tokio::test]
async fn pages_are_cut_from_one_order() {
    let (_folder, index) = open().await;
    for number in 0..25 {
        put(
            &index,
            &format!("http://a/{number}"),
            "<title>Same</title>same words",
        )
        .await;
    }
    index.commit("c", 1).await.unwrap();
    for order in [
        Order::Relevance,
        Order::Newest,
        Order::Title,
        Order::SizeDown,
    ] {
        let whole = found(&index, "same", order, 1, 100).await.hits;
        assert_eq!(whole.len(), 25);
        let mut parts = Vec::new();
        for start in [1, 11, 21, 31] {
            let page = found(&index, "same", order, start, 10).await;
            assert_eq!(page.total, 25);
            parts.extend(page.hits);
        }
        assert_eq!(parts, whole, "{order:?}");
    }
}

#[tokio::test]
async fn a_full_collection_still_takes_replacements() {
    let (_folder, index) = open().await;
    put(&index, "http://a/1", "x").await;
    sqlx::query(
        "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) \
         INSERT INTO document (collection, key, live, pushed_ms, content) SELECT 'c', i, 0, 0, x'' FROM n",
    )
    .bind(MAX_DOCUMENTS)
    .execute(&index.writer)
    .await
    .unwrap();
    let new = document("http://a/new", "x");
    let refused = index.put("c", &new, 1, NEVER).await;
    assert!(matches!(refused, Err(IndexError::Full)));
    assert!(put(&index, "http://a/1", "y").await.existed);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_query_is_an_error(queries in prop::collection::vec(
        prop_oneof![
            any::<String>(),
            prop::collection::vec(prop::sample::select(vec![
                "\"", "'", "(", ")", "NEAR", "AND", "OR", "NOT", "*", "^", ":", "title", "{a b}", "-", "+", "\0", "\u{301}", "ि", "bees", " ", ",",
            ]), 0..12).prop_map(|pieces| pieces.concat()),
        ], 1..20,
    )) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_folder, index) = open().await;
            put(&index, "http://a/1", "bees").await;
            index.commit("c", 1).await.unwrap();
            for query in &queries {
                for order in [Order::Relevance, Order::Url] {
                    let _found = found(&index, query, order, 1, 10).await;
                }
                index.suggest("c", query).await.unwrap();
            }
        });
    }
}
