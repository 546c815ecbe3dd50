use serde_json::{Value, json};

use crate::client::{Running, encoded, search_target};

/// 25 pages with one word in common.
async fn with_25() -> Running {
    let running = Running::start().await;
    for number in 1..=25 {
        let page = format!("<title>Page {number}</title>common");
        running
            .client
            .put(&format!("http://a/{number:02}"), &page)
            .await;
    }
    running.client.commit().await;
    running
}

fn summary(packet: &Value) -> Value {
    let summary = &packet["resultsSummary"];
    let names = ["currStart", "currEnd", "prevStart", "nextStart", "numRanks"];
    names.iter().map(|name| summary[*name].clone()).collect()
}

#[tokio::test]
async fn fb_s01_json_has_the_members_clients_read() {
    let running = Running::start().await;
    let key = "http://a/1";
    running
        .client
        .put(key, "<title>On bees</title>They hum.")
        .await;
    running.client.commit().await;
    let answer = running
        .client
        .get(&search_target("json", "bees", "profile=p"))
        .await;
    assert_eq!(
        answer.field("content-type"),
        Some("application/json; charset=UTF-8")
    );
    let whole = answer.json();
    let members: Vec<&String> = whole.as_object().unwrap().keys().collect();
    assert_eq!(members, ["question", "response", "error", "session"]);
    let question = &whole["question"];
    assert_eq!(question["query"], "bees");
    assert_eq!(question["originalQuery"], "bees");
    assert_eq!(question["collection"]["id"], "example-push");
    assert_eq!(
        (&question["profile"], &question["form"]),
        (&json!("p"), &json!("simple"))
    );
    assert_eq!(question["inputParameters"]["query"], json!(["bees"]));
    let response = &whole["response"];
    assert_eq!(response["returnCode"], 0);
    assert_eq!(response["facets"], json!([]));
    assert_eq!(response["curator"]["exhibits"], json!([]));
    assert_eq!(response["customData"], json!({}));
    let packet = &response["resultPacket"];
    let counts = &packet["resultsSummary"];
    let count = |name: &str| counts[name].as_i64().unwrap();
    assert_eq!(count("totalMatching"), 1);
    assert_eq!(
        count("fullyMatching") + count("partiallyMatching"),
        count("totalMatching")
    );
    assert_eq!(packet["queryHighlightRegex"], r"(?i)\bbees\b");
    assert_eq!(packet["details"]["collectionSize"], 1);
    assert!(packet["details"]["collectionUpdated"].as_i64().unwrap() > 1_700_000_000_000);
    assert!(packet["padreElapsedTime"].is_i64());
    let result = &packet["results"][0];
    let expected = json!({
        "rank": 1, "score": 1000, "title": "On bees", "collection": "example-push", "component": 0,
        "collapsed": null, "liveUrl": key, "summary": "They hum.", "displayUrl": key, "indexUrl": key,
        "clickTrackingUrl": key, "cacheUrl": null, "date": null, "fileSize": 31, "fileType": "html", "tier": 1,
        "docNum": 1, "metaData": {}, "listMetadata": {}, "tags": [], "gscopesSet": [], "exploreLink": null,
        "kmFromOrigin": null, "quickLinks": null, "explain": null, "customData": {}, "promoted": false,
        "diversified": false, "documentVisibleToUser": true,
    });
    assert_eq!(*result, expected);
}

#[tokio::test]
async fn fb_s02_the_first_page_has_no_previous() {
    let running = with_25().await;
    let packet = running.client.search("common", "num_ranks=10").await;
    assert_eq!(summary(&packet), json!([1, 10, null, 11, 10]));
    assert_eq!(packet["results"].as_array().unwrap().len(), 10);
    assert_eq!(packet["resultsSummary"]["totalMatching"], 25);
}

#[tokio::test]
async fn fb_s03_the_last_page_has_no_next() {
    let running = with_25().await;
    let packet = running.client.search("common", "start_rank=21").await;
    assert_eq!(summary(&packet), json!([21, 25, 11, null, 10]));
    assert_eq!(packet["results"][0]["rank"], 21);
    let beyond = running.client.search("common", "start_rank=500").await;
    assert_eq!(summary(&beyond), json!([0, 0, 21, null, 10]));
    assert_eq!(beyond["results"], json!([]));
}

#[tokio::test]
async fn fb_s04_a_start_that_is_none_is_the_first() {
    let running = with_25().await;
    for start in ["0", "-1", "abc", "", "1e3", "999999999999999999999"] {
        let packet = running
            .client
            .search("common", &format!("start_rank={start}"))
            .await;
        assert_eq!(summary(&packet), json!([1, 10, null, 11, 10]), "{start}");
    }
}

#[tokio::test]
async fn fb_s05_pages_have_at_most_a_hundred() {
    let running = with_25().await;
    let packet = running.client.search("common", "num_ranks=100000").await;
    assert_eq!(summary(&packet), json!([1, 25, null, null, 100]));
}

#[tokio::test]
async fn fb_s06_results_are_sorted_as_asked() {
    let running = Running::start().await;
    for (key, title, date, text) in [
        ("http://a/3", "alpha", "2024-01-02", "word"),
        ("http://a/1", "Beta", "2023-05-01", "word word word"),
        ("http://a/2", "gamma", "2025-05-01", "word word"),
        ("http://a/4", "delta", "", "word in a much longer text"),
    ] {
        let page = format!("<title>{title}</title>{text}");
        let fields = [
            ("Content-Type", "text/html"),
            ("X-Funnelback-Push-Meta-Data-date", date),
        ];
        running.client.put_with(key, &page, &fields).await;
    }
    running.client.commit().await;
    for (sort, order) in [
        ("title", "3142"),
        ("dtitle", "2413"),
        ("date", "2314"),
        ("adate", "1324"),
        ("url", "1234"),
        ("durl", "4321"),
        ("size", "3214"),
        ("dsize", "4123"),
    ] {
        let keys = running.client.keys("word", &format!("sort={sort}")).await;
        let found: String = keys.iter().map(|key| &key["http://a/".len()..]).collect();
        assert_eq!(found, order, "{sort}");
    }
    let by_relevance = running.client.keys("word", "").await;
    assert_eq!(
        by_relevance,
        running.client.keys("word", "sort=nonsense").await
    );
}

#[tokio::test]
async fn fb_s07_xml_is_well_formed_and_has_the_same_hits() {
    let running = with_25().await;
    running
        .client
        .put(
            "http://a/hostile?a=1&b=2",
            "<title>&lt;b&gt; \u{7}&amp; common ]]&gt;</title>x",
        )
        .await;
    running.client.commit().await;
    let hostile = "common \u{1}<&\"";
    let answer = running
        .client
        .get(&search_target("xml", hostile, "num_ranks=100"))
        .await;
    assert_eq!(
        answer.field("content-type"),
        Some("application/xml; charset=UTF-8")
    );
    let document = roxmltree::Document::parse(&answer.body).unwrap();
    let root = document.root_element();
    assert_eq!(
        root.tag_name().name(),
        "com.funnelback.publicui.search.model.transaction.SearchTransaction"
    );
    let texts = |name: &str| -> Vec<String> {
        let named = document
            .descendants()
            .filter(|node| node.has_tag_name(name));
        named
            .map(|node| node.text().unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(
        texts("liveUrl"),
        running.client.keys(hostile, "num_ranks=100").await
    );
    assert_eq!(texts("totalMatching"), ["26"]);
    assert!(texts("title").contains(&"<b> & common ]]>".to_owned()));
    assert_eq!(texts("query")[0], "common \u{fffd}<&\"");
    let result = "com.funnelback.publicui.search.model.padre.Result";
    assert_eq!(texts(result).len(), 26);
    for absent in [
        "error",
        "session",
        "prevStart",
        "spell",
        "date",
        "exploreLink",
    ] {
        assert!(texts(absent).is_empty(), "{absent}");
    }
}

#[tokio::test]
async fn fb_s09_errors_have_reason_and_status() {
    let running = Running::start().await;
    for (target, status, reason) in [
        ("collection=nope&query=x", 404, "InvalidCollection"),
        ("collection=..%2F..&query=x", 404, "InvalidCollection"),
        ("query=x", 400, "MissingParameter"),
        (
            "collection=example-push&collection=nope",
            400,
            "InputProcessorError",
        ),
    ] {
        let answer = running
            .client
            .get(&format!("/s/search.json?{target}"))
            .await;
        assert_eq!(answer.status, status, "{target}");
        let whole = answer.json();
        assert_eq!(whole["error"]["reason"], reason);
        assert_eq!(whole["response"], Value::Null);
        let xml = running.client.get(&format!("/s/search.xml?{target}")).await;
        assert_eq!(xml.status, status);
        assert!(
            xml.body
                .contains(&format!("<error><reason>{reason}</reason>"))
        );
        roxmltree::Document::parse(&xml.body).unwrap();
        let html = running
            .client
            .get(&format!("/s/search.html?{target}"))
            .await;
        assert_eq!(html.status, status);
        assert!(html.body.contains("role=\"alert\""));
    }
    let empty = running.client.search("", "").await;
    assert_eq!(empty["resultsSummary"]["totalMatching"], 0);
    let long = search_target("json", &"x".repeat(501), "");
    assert_eq!(running.client.get(&long).await.status, 400);
}

#[tokio::test]
async fn fb_s10_the_null_query_finds_every_document() {
    let running = with_25().await;
    for query in ["!padrenull", "!padrenullquery", "!null"] {
        let packet = running.client.search(query, "").await;
        assert_eq!(packet["resultsSummary"]["totalMatching"], 25, "{query}");
        assert_eq!(packet["results"][0]["title"], "Page 1");
    }
}

#[tokio::test]
async fn fb_s11_dates_are_milliseconds_in_json_and_days_in_xml() {
    let running = Running::start().await;
    let fields = [("X-Funnelback-Push-Meta-Data-d", "2014-10-28")];
    running.client.put_with("http://a/1", "bees", &fields).await;
    running.client.commit().await;
    let packet = running.client.search("bees", "").await;
    assert_eq!(packet["results"][0]["date"], 1_414_454_400_000_i64);
    let xml = running.client.get(&search_target("xml", "bees", "")).await;
    assert!(xml.body.contains("<date>28 Oct 2014</date>"));
}

#[tokio::test]
async fn fb_s12_an_answer_is_never_a_script() {
    let running = with_25().await;
    for callback in ["f", "alert(1)", ""] {
        let target = search_target("json", "common", &format!("callback={callback}"));
        let answer = running.client.get(&target).await;
        assert_eq!(answer.status, 400, "{callback}");
        assert_eq!(answer.json()["error"]["reason"], "InputProcessorError");
        let suggest =
            format!("/s/suggest.json?collection=example-push&partial_query=p&callback={callback}");
        assert_eq!(running.client.get(&suggest).await.status, 400);
    }
    let script = "/s/suggest.json?collection=example-push&partial_query=p&fmt=json%2B%2B";
    assert_eq!(running.client.get(script).await.status, 400);
}

#[tokio::test]
async fn fb_s13_titles_are_suggested() {
    let running = Running::start().await;
    for (key, title) in [
        ("http://a/1", "Parking permit"),
        ("http://a/2", "The park"),
        ("http://a/3", "Spark plugs"),
        ("http://a/4", "The park"),
    ] {
        running
            .client
            .put(key, &format!("<title>{title}</title>x"))
            .await;
    }
    running.client.commit().await;
    let suggest = async |rest: &str| {
        let target = format!("/s/suggest.json?{rest}");
        running.client.get(&target).await
    };
    let found = suggest("collection=example-push&partial_query=PAR").await;
    assert_eq!(
        found.json(),
        json!([
            {"key": "parking permit", "disp": "Parking permit", "wt": 1.0},
            {"key": "the park", "disp": "The park", "wt": 0.5},
        ])
    );
    let one = suggest("collection=example-push&partial_query=par&show=1&sort=1").await;
    assert_eq!(
        one.json(),
        json!([{"key": "the park", "disp": "The park", "wt": 0.5}])
    );
    for (rest, status) in [
        ("collection=example-push", 400),
        ("collection=example-push&partial_query=", 400),
        ("partial_query=p", 400),
        ("collection=nope&partial_query=p", 404),
    ] {
        assert_eq!(suggest(rest).await.status, status, "{rest}");
    }
    let percent = format!("collection=example-push&partial_query={}", encoded("%_'\""));
    assert_eq!(suggest(&percent).await.json(), json!([]));
}

#[tokio::test]
async fn scripts_styles_and_tags_are_not_found() {
    let running = Running::start().await;
    let page = "<title>t</title><style>zebra{}</style><script>lion()</script><p class=tiger>horse<!-- wolf -->";
    running.client.put("http://a/1", page).await;
    running.client.commit().await;
    assert_eq!(running.client.keys("horse", "").await.len(), 1);
    for word in ["zebra", "lion", "tiger", "wolf", "class", "script"] {
        assert!(running.client.keys(word, "").await.is_empty(), "{word}");
    }
}

#[tokio::test]
async fn phrases_stand_together_and_accents_do_not_matter() {
    let running = Running::start().await;
    running
        .client
        .put("http://a/1", "the café on Mill Lane")
        .await;
    running.client.put("http://a/2", "a lane to the mill").await;
    running.client.commit().await;
    assert_eq!(running.client.keys("mill lane", "").await.len(), 2);
    assert_eq!(
        running.client.keys("\"mill lane\"", "").await,
        ["http://a/1"]
    );
    for query in ["cafe", "CAFÉ", "cafe\u{301}", "cafes"] {
        assert_eq!(
            running.client.keys(query, "").await,
            ["http://a/1"],
            "{query}"
        );
    }
}
