use proptest::prelude::*;

use crate::client::{Running, V1, encoded, search_target};

#[tokio::test]
async fn a_method_the_path_does_not_know_is_named_with_those_it_does() {
    let running = Running::start().await;
    for (method, target, allow) in [
        ("POST", format!("{V1}/state"), "GET,HEAD"),
        ("GET", format!("{V1}/commit"), "POST"),
        ("PATCH", format!("{V1}/documents"), "GET,HEAD,PUT,DELETE"),
        ("PUT", "/s/search.json".to_owned(), "GET,HEAD"),
    ] {
        let answer = running.client.send(method, &target, &[], b"").await;
        assert_eq!(answer.status, 405, "{method} {target}");
        assert_eq!(answer.field("allow"), Some(allow));
        let body = answer.json();
        assert!(body["errorMessage"].is_string() || body["error"]["reason"] == "Unknown");
    }
}

#[tokio::test]
async fn unknown_paths_are_not_found_in_the_shape_of_their_api() {
    let running = Running::start().await;
    for target in [
        "/",
        "/push-api/",
        "/push-api/v1/collections/example-push",
        "/push-api/v1/collections/example-push/zzz",
    ] {
        let answer = running.client.get(target).await;
        assert_eq!(answer.status, 404, "{target}");
        assert!(answer.json()["errorMessage"].is_string());
    }
    for target in ["/s/", "/s/search", "/s/search.txt", "/s/../s/search.json"] {
        let answer = running.client.get(target).await;
        assert_eq!(answer.status, 404, "{target}");
        assert_eq!(answer.json()["error"]["reason"], "Unknown");
    }
}

#[tokio::test]
async fn long_query_strings_are_refused() {
    let running = Running::start().await;
    let target = search_target("json", "x", &format!("a={}", "x".repeat(9000)));
    assert_eq!(running.client.get(&target).await.status, 414);
    let target = format!("{V1}/documents?key=http://a/{}", "x".repeat(3000));
    assert_eq!(running.client.get(&target).await.status, 400);
}

#[tokio::test]
async fn a_head_request_has_no_body() {
    let running = Running::start().await;
    let target = format!("{V1}/state");
    let answer = running.client.send("HEAD", &target, &[], b"").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
}

/// Pieces of query strings that mean something to us, to SQLite, or to nobody.
const PIECES: &[&str] = &[
    "collection=example-push",
    "collection",
    "query",
    "=",
    "&",
    "%",
    "%ff",
    "%00",
    "%22",
    "%27",
    "+",
    "*",
    "NEAR(",
    "meta_a",
    "meta_",
    "sort=date",
    "start_rank",
    "num_ranks",
    "-1",
    "9223372036854775807",
    "partial_query=",
    "OR",
    "title:",
    "f.x%7Cy",
    "profile",
    "bees",
    "!padrenull",
    "^",
    "(",
    ")",
    "{",
    ":",
];

fn query_strings() -> impl Strategy<Value = String> {
    const START: &str = "collection=example-push";
    let text = || any::<String>().prop_map(|text| encoded(&text));
    prop_oneof![
        prop::collection::vec(prop::sample::select(PIECES), 0..14)
            .prop_map(|pieces| format!("{START}&query={}", pieces.concat())),
        text().prop_map(|text| format!("{START}&query={text}")),
        text().prop_map(|text| format!("{START}&partial_query={text}&meta_a={text}")),
    ]
}

#[test]
fn no_query_string_makes_the_service_fail() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let running = runtime.block_on(async {
        let running = Running::start().await;
        running.client.put("http://a/1", "bees").await;
        running.client.commit().await;
        running
    });
    proptest!(ProptestConfig::with_cases(96), |(query in query_strings())| {
        for file in ["search.html", "search.json", "search.xml", "suggest.json"] {
            let answer = runtime.block_on(running.client.get(&format!("/s/{file}?{query}")));
            prop_assert!(answer.status < 500, "{file}?{query}: {}", answer.status);
            if file == "search.xml" {
                prop_assert!(roxmltree::Document::parse(&answer.body).is_ok(), "{}", answer.body);
            }
        }
    });
}
