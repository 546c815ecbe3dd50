//! The record of decisions, and the counts.

use std::collections::BTreeMap;

use doorward_core::api::AcceptMethod;
use doorward_engine::{DecisionFilter, Direction, RecordSettings, RecordedDecision, Settings};
use doorward_testkit::{TestDatabase, both_databases};

use super::super::{founded, quick, sign_in_as_admin};
use super::{Ask, accept, api, guard};

fn recording(sample: u32, refusals_per_second: u32) -> Settings {
    Settings {
        record: RecordSettings {
            sample,
            refusals_per_second,
            ..RecordSettings::default()
        },
        ..quick()
    }
}

async fn recorded(database: &TestDatabase) -> Vec<RecordedDecision> {
    let filter = DecisionFilter::default();
    let store = &database.store;
    let found = store.decisions(&filter, None, Direction::Ascending, 1000);
    found.await.unwrap()
}

both_databases!(
    what_became_of_a_request_can_be_read_later,
    async |database| {
        let (engine, founded) = founded(&database, recording(0, 50)).await;
        let mut push = api("push", founded.account.id);
        push.accept = accept(&[&[AcceptMethod::Token], &[AcceptMethod::Basic]]);
        guard(&engine, vec![push]);
        let session = sign_in_as_admin(&engine).await;
        let token = session.token.expose();
        for _ in 0..5 {
            let ask = Ask::get("/push/x?secret=1").bearer(token);
            assert_eq!(ask.code(&engine).await, "allowed");
        }
        Ask::get("/push/x")
            .basic("admin", "hunter2")
            .code(&engine)
            .await;
        Ask::get("/nowhere").bearer(token).code(&engine).await;
        engine.shutdown().await;
        let rows = recorded(&database).await;
        let short: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    row.api.as_deref(),
                    row.reason.as_str(),
                    row.presented.as_str(),
                )
            })
            .collect();
        assert_eq!(
            short,
            [
                (Some("push"), "allowed", "token"),
                (Some("push"), "unproven", "basic"),
                (None, "not_found", "token"),
            ]
        );
        let (let_in, refused) = (&rows[0], &rows[1]);
        assert_eq!(
            (let_in.door.as_str(), let_in.method.as_str()),
            ("proxy", "GET")
        );
        assert_eq!(
            (let_in.path.as_str(), let_in.outcome.as_str()),
            ("/push/x", "allow")
        );
        assert_eq!(let_in.account, Some(founded.account.id));
        assert_eq!(let_in.user, Some(founded.user.id));
        assert_eq!(let_in.address, super::super::CLIENT);
        assert_eq!((refused.account, refused.user), (None, None));
        let all = format!("{rows:?}");
        for secret in ["secret", "hunter2", token] {
            assert!(!all.contains(secret), "{secret}");
        }
    }
);

#[tokio::test]
async fn a_flood_of_refusals_is_dropped_and_counted_but_each_kind_is_there_once() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, recording(0, 0)).await;
    guard(&engine, vec![api("push", founded.account.id)]);
    for _ in 0..20 {
        Ask::get("/push/").code(&engine).await;
        Ask::get("push").code(&engine).await;
    }
    engine.shutdown().await;
    let mut kinds = BTreeMap::new();
    for row in recorded(&database).await {
        *kinds.entry(row.reason).or_insert(0) += 1;
    }
    let expected = [("bad_request".to_owned(), 1), ("unproven".to_owned(), 1)];
    assert_eq!(kinds, BTreeMap::from(expected));
    let dropped = engine.readings();
    let dropped = dropped.iter().find(|one| one.name == "attempts_dropped");
    assert!((dropped.unwrap().value - 38.0).abs() < 0.1);
}

#[tokio::test]
async fn of_those_let_in_a_sample_is_kept() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, recording(10, 0)).await;
    let mut public = api("public", founded.account.id);
    public.accept = accept(&[&[AcceptMethod::Anonymous]]);
    guard(&engine, vec![public]);
    for _ in 0..101 {
        assert_eq!(Ask::get("/public/").code(&engine).await, "allowed");
    }
    engine.shutdown().await;
    // The first, and one of ten of the hundred after it.
    assert_eq!(recorded(&database).await.len(), 11);
}

#[tokio::test]
async fn decisions_are_counted_by_door_api_method_and_outcome() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let apis = || vec![api("push", founded.account.id)];
    guard(&engine, apis());
    Ask::get("/push/").code(&engine).await;
    guard(&engine, apis());
    Ask::get("/push/").code(&engine).await;
    Ask::get("/push/").bearer("a.b.c").code(&engine).await;
    Ask::get("/nowhere").code(&engine).await;
    let counted: Vec<(Vec<String>, u64)> = engine
        .readings()
        .into_iter()
        .filter(|reading| reading.name == "decisions")
        .map(|reading| {
            let labels = reading.labels.iter().map(|(_, value)| value.to_string());
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "small"
            )]
            (labels.collect(), reading.value as u64)
        })
        .collect();
    let count = |labels: [&str; 4]| {
        let found = counted.iter().find(|(found, _)| *found == labels);
        found.map(|(_, count)| *count)
    };
    assert_eq!(count(["proxy", "push", "anonymous", "challenge"]), Some(2));
    assert_eq!(count(["proxy", "push", "token", "challenge"]), Some(1));
    assert_eq!(count(["proxy", "-", "anonymous", "challenge"]), Some(1));
    let histograms = engine.histograms();
    let proxy = histograms
        .iter()
        .find(|one| one.labels.contains(&("door", "proxy".into())));
    assert_eq!(proxy.unwrap().buckets.last().unwrap().1, 4);
}
