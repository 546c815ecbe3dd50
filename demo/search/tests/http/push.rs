use std::time::Duration;

use doorward_demo_search::Settings;

use crate::client::{Running, V1, V2, decoded};

const KEY: &str = "http://example.com/a";

#[tokio::test]
async fn a_collection_is_stopped_until_a_call_needs_it() {
    let running = Running::start().await;
    let client = &running.client;
    let state = format!("{V1}/state");
    assert_eq!(client.get(&state).await.body, r#"{"state":"STOPPED"}"#);
    client.put(KEY, "x").await;
    assert_eq!(client.get(&state).await.body, r#"{"state":"RUNNING"}"#);
    let stopped = client.post(&format!("{V1}/stop")).await;
    assert_eq!(stopped.body, r#"{"state":"STOPPED"}"#);
    let started = client.post(&format!("{V2}/start")).await;
    assert_eq!(started.body, r#"{"state":"RUNNING"}"#);
}

#[tokio::test]
async fn fb_p01_a_key_without_a_path_gets_one() {
    let running = Running::start().await;
    let put = running.client.put("http://example.com", "x").await;
    assert_eq!(put["fullKey"], "http://example.com/");
    assert_eq!(put["collection"], "example-push");
    assert_eq!(put["committed"], false);
}

#[tokio::test]
async fn fb_p02_fragment_and_dot_segments_are_dropped() {
    let running = Running::start().await;
    let put = running.client.put("http://example.com/b#id", "x").await;
    assert_eq!(put["fullKey"], "http://example.com/b");
    let put = running.client.put("http://example.com/a/../b", "x").await;
    assert_eq!(put["fullKey"], "http://example.com/b");
    assert_eq!(running.client.commit().await, 1);
}

#[tokio::test]
async fn fb_p03_a_key_that_is_none_is_refused() {
    let running = Running::start().await;
    let documents = format!("{V1}/documents");
    for query in [
        "",
        "?key=",
        "?key=example.com/a",
        "?key=/a",
        "?key=http://a/&key=http://b/",
    ] {
        for method in ["GET", "PUT", "DELETE"] {
            let target = format!("{documents}{query}");
            let answer = running.client.send(method, &target, &[], b"").await;
            assert_eq!(answer.status, 400, "{method} {target}");
            assert_eq!(
                answer.field("content-type"),
                Some("application/json; charset=UTF-8")
            );
            assert!(answer.json()["errorMessage"].is_string());
        }
    }
}

#[tokio::test]
async fn fb_p04_a_document_can_be_read_before_the_commit() {
    let running = Running::start().await;
    let body = "<title>Grüße</title>\r\n\0";
    running.client.put(KEY, body).await;
    let answer = running.client.document(KEY).await;
    assert_eq!(answer.status, 200);
    let document = answer.json();
    assert_eq!(document["fullKey"], KEY);
    assert_eq!(
        decoded(&document["pushContent"]["content"]),
        body.as_bytes()
    );
    assert_eq!(
        document["pushContent"]["contentType"],
        "text/html; charset=UTF-8"
    );
    assert_eq!(document["metadata"], serde_json::json!({}));
}

#[tokio::test]
async fn fb_p05_a_search_finds_it_after_the_commit() {
    let running = Running::start().await;
    running.client.put(KEY, "bees").await;
    assert!(running.client.keys("bees", "").await.is_empty());
    assert_eq!(running.client.commit().await, 1);
    assert_eq!(running.client.keys("bees", "").await, [KEY]);
}

#[tokio::test]
async fn fb_p06_the_same_key_again_replaces() {
    let running = Running::start().await;
    running.client.put(KEY, "bees one").await;
    running.client.put(KEY, "bees two").await;
    running.client.commit().await;
    assert_eq!(running.client.keys("bees", "").await, [KEY]);
    assert!(running.client.keys("one", "").await.is_empty());
    running.client.put(KEY, "wasps").await;
    running.client.commit().await;
    assert!(running.client.keys("bees", "").await.is_empty());
    assert_eq!(running.client.keys("wasps", "").await, [KEY]);
}

#[tokio::test]
async fn fb_p07_deleted_documents_are_gone_and_absent_ones_may_be_deleted() {
    let running = Running::start().await;
    running.client.put(KEY, "bees").await;
    running.client.commit().await;
    let deleted = running.client.delete(KEY).await;
    assert_eq!(
        (deleted.status, &deleted.json()["existed"]),
        (200, &true.into())
    );
    assert_eq!(running.client.keys("bees", "").await, [KEY]);
    running.client.commit().await;
    assert!(running.client.keys("bees", "").await.is_empty());
    let again = running.client.delete(KEY).await;
    assert_eq!(
        (again.status, &again.json()["existed"]),
        (200, &false.into())
    );
}

#[tokio::test]
async fn fb_p08_an_absent_document_is_not_found() {
    let running = Running::start().await;
    let answer = running.client.document(KEY).await;
    assert_eq!(answer.status, 404);
    assert_eq!(
        answer.body,
        r#"{"errorMessage":"there is no such document"}"#
    );
}

#[tokio::test]
async fn fb_p09_metadata_of_the_header_comes_with_the_result() {
    let running = Running::start().await;
    let fields = [
        ("X-Funnelback-Push-Meta-Data-geoPosition", "51.5;-2.6"),
        ("x-funnelback-push-meta-data-tag", "a"),
        ("x-funnelback-push-meta-data-tag", "b"),
    ];
    running.client.put_with(KEY, "bees", &fields).await;
    running.client.commit().await;
    let result = running.client.search("bees", "").await["results"][0].clone();
    assert_eq!(
        result["listMetadata"]["geoPosition"],
        serde_json::json!(["51.5;-2.6"])
    );
    assert_eq!(result["listMetadata"]["tag"], serde_json::json!(["a", "b"]));
    assert_eq!(result["metaData"]["geoPosition"], "51.5;-2.6");
    assert_eq!(result["metaData"]["tag"], "a|b");
    let document = running.client.document(KEY).await.json();
    assert_eq!(document["metadata"]["tag"], serde_json::json!(["a", "b"]));
    assert_eq!(running.client.keys("bees", "meta_tag=B").await, [KEY]);
    assert!(running.client.keys("bees", "meta_tag=c").await.is_empty());
}

#[tokio::test]
async fn fb_p10_content_and_metadata_come_in_either_kind_of_multipart() {
    let running = Running::start().await;
    let body = "--b\r\nContent-Disposition: form-data; name=\"content\"; filename=\"content.html\"\r\n\
                Content-Type: text/html\r\n\r\n<title>On bees</title>hum\r\n\
                --b\r\nContent-Disposition: form-data; name=\"metadata\"; filename=\"metadata.json\"\r\n\
                Content-Type: application/json\r\n\r\n{\"author\":\"Ada\"}\r\n--b--\r\n";
    for (kind, key) in [("form-data", "http://a/1"), ("mixed", "http://a/2")] {
        let target = format!("{V2}/documents/content-and-metadata?key={key}");
        let content_type = format!("multipart/{kind}; boundary=b");
        let fields = [("Content-Type", content_type.as_str())];
        let answer = running
            .client
            .send("POST", &target, &fields, body.as_bytes())
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json()["fullKey"], key);
    }
    running.client.commit().await;
    assert_eq!(running.client.keys("hum", "meta_author=ada").await.len(), 2);
    let document = running.client.document("http://a/2").await.json();
    assert_eq!(document["pushContent"]["contentType"], "text/html");
    for (content_type, status) in [("text/html", 415), ("multipart/mixed; boundary=other", 400)] {
        let target = format!("{V2}/documents/content-and-metadata?key=http://a/3");
        let fields = [("Content-Type", content_type)];
        let answer = running
            .client
            .send("POST", &target, &fields, body.as_bytes())
            .await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
}

#[tokio::test]
async fn fb_p11_both_versions_behave_alike() {
    let running = Running::start().await;
    for (put, read) in [(V1, V2), (V2, V1)] {
        let target = format!("{put}/documents?key={KEY}");
        let answer = running.client.send("PUT", &target, &[], b"x").await;
        assert_eq!(answer.status, 200);
        let read = running
            .client
            .get(&format!("{read}/documents?key={KEY}"))
            .await;
        assert_eq!(read.status, 200);
        assert_eq!(
            running.client.post(&format!("{put}/commit")).await.status,
            200
        );
        let vacuum = running.client.post(&format!("{put}/vacuum")).await;
        assert_eq!(vacuum.body, r#"{"collection":"example-push"}"#);
    }
    let other = running
        .client
        .get("/push-api/v3/collections/example-push/state")
        .await;
    assert_eq!(other.status, 404);
}

#[tokio::test]
async fn fb_p12_unknown_collections_are_not_found_and_disabled_ones_refuse() {
    let running = Running::start().await;
    let calls = [
        ("PUT", "documents?key=http://a/"),
        ("GET", "documents?key=http://a/"),
        ("DELETE", "documents?key=http://a/"),
        ("POST", "documents/content-and-metadata?key=http://a/"),
        ("POST", "commit"),
        ("POST", "start"),
    ];
    for (method, call) in calls {
        for (collection, status) in [("nope", 404), ("%FF", 404), ("example-archive", 409)] {
            let target = format!("/push-api/v1/collections/{collection}/{call}");
            let answer = running.client.send(method, &target, &[], b"x").await;
            assert_eq!(answer.status, status, "{method} {target}");
            assert!(answer.json()["errorMessage"].is_string());
        }
    }
    let state = running
        .client
        .get("/push-api/v1/collections/example-archive/state")
        .await;
    assert_eq!(state.body, r#"{"state":"STOPPED"}"#);
    let search = running
        .client
        .get("/s/search.json?collection=example-archive&query=x")
        .await;
    assert_eq!(search.status, 200);
}

#[tokio::test]
async fn fb_p13_a_key_may_come_without_encoding() {
    let running = Running::start().await;
    let target = format!("{V1}/documents?key=http://example.com:8080/a?b=c:d");
    let answer = running.client.send("PUT", &target, &[], b"x").await;
    assert_eq!(answer.json()["fullKey"], "http://example.com:8080/a?b=c:d");
}

#[tokio::test]
async fn large_documents_are_refused_whether_announced_or_not() {
    let settings = Settings {
        max_document: 1000,
        ..Settings::default()
    };
    let running = Running::start_with(settings).await;
    let target = format!("{V1}/documents?key={KEY}");
    let put = async |size: usize| {
        let body = vec![b'x'; size];
        running.client.send("PUT", &target, &[], &body).await.status
    };
    assert_eq!(put(1000).await, 200);
    assert_eq!(put(1001).await, 413);
    let chunked = format!(
        "PUT {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n{}\r\n0\r\n\r\n",
        "x".repeat(1001)
    );
    assert_eq!(running.client.raw(chunked.as_bytes()).await.status, 413);
    let multipart = format!("{V1}/documents/content-and-metadata?key={KEY}");
    let fields = [("Content-Type", "multipart/mixed; boundary=b")];
    let part = format!(
        "--b\r\nContent-Disposition: form-data; name=content\r\n\r\n{}\r\n--b--\r\n",
        "x".repeat(1001)
    );
    let answer = running
        .client
        .send("POST", &multipart, &fields, part.as_bytes())
        .await;
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn bad_metadata_is_refused() {
    let running = Running::start().await;
    let target = format!("{V1}/documents?key={KEY}");
    let fields = [("X-Funnelback-Push-Meta-Data-a!b", "1")];
    let answer = running.client.send("PUT", &target, &fields, b"x").await;
    assert_eq!(answer.status, 400);
    assert_eq!(running.client.document(KEY).await.status, 404);
}

#[tokio::test]
async fn enough_changes_commit_themselves() {
    let settings = Settings {
        commit_after_changes: 2,
        ..Settings::default()
    };
    let running = Running::start_with(settings).await;
    assert_eq!(
        running.client.put("http://a/1", "bees").await["committed"],
        false
    );
    assert_eq!(
        running.client.put("http://a/2", "bees").await["committed"],
        true
    );
    assert_eq!(running.client.keys("bees", "").await.len(), 2);
}

#[tokio::test]
async fn changes_that_waited_long_enough_commit_themselves() {
    let settings = Settings {
        commit_after: Duration::from_millis(1),
        ..Settings::default()
    };
    let running = Running::start_with(settings).await;
    running.client.put(KEY, "bees").await;
    running.client.wait_for("bees").await;
}
