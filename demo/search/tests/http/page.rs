use crate::client::{Running, search_target};

const HOSTILE: &str = "\"><script>alert(1)</script>'";

/// The tags of a page, without texts and attribute values of ours.
fn has_script(page: &str) -> bool {
    let lower = page.to_lowercase();
    lower.contains("<script") || lower.contains("<img") || lower.contains("javascript:alert\"")
}

#[tokio::test]
async fn fb_s08_hostile_titles_and_queries_are_text() {
    let running = Running::start().await;
    let page = "<title>&lt;script&gt;alert(1)&lt;/script&gt; bees</title>&lt;img src=x onerror=alert(1)&gt; bees";
    running
        .client
        .put("http://a/\"><script>alert(1)</script>", page)
        .await;
    running.client.commit().await;
    let found = running.client.get(&search_target("html", "bees", "")).await;
    assert!(
        found.body.contains("&#60;script&#62;alert(1)"),
        "{}",
        found.body
    );
    assert!(!has_script(&found.body), "{}", found.body);
    for rest in [
        "",
        "profile=%22%3E%3Cscript%3E",
        "meta_%22%3E%3Cscript%3E=1",
        "sort=%22%3E%3Cscript%3E",
    ] {
        for query in [HOSTILE, &format!("bees {HOSTILE}"), "!padrenull"] {
            let answer = running
                .client
                .get(&search_target("html", query, rest))
                .await;
            assert_eq!(answer.status, 200, "{query} {rest}");
            assert!(!has_script(&answer.body), "{}", answer.body);
        }
    }
    let target = "/s/search.html?collection=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&query=x";
    let refused = running.client.get(target).await;
    assert_eq!(refused.status, 404);
    assert!(!has_script(&refused.body), "{}", refused.body);
}

#[tokio::test]
async fn keys_that_are_no_web_address_are_not_linked() {
    let running = Running::start().await;
    running.client.put("javascript:alert(1)", "bees").await;
    running.client.commit().await;
    let page = running
        .client
        .get(&search_target("html", "bees", ""))
        .await
        .body;
    assert!(page.contains("javascript:alert(1)"));
    assert!(!page.contains("href=\"javascript"));
}

#[tokio::test]
async fn a_page_may_load_its_own_style_sheet_and_nothing_else() {
    let running = Running::start().await;
    let answer = running
        .client
        .get("/s/search.html?collection=example-push")
        .await;
    assert_eq!(
        answer.field("content-type"),
        Some("text/html; charset=UTF-8")
    );
    let policy = answer.field("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'self'"));
    assert!(!policy.contains("unsafe") && !policy.contains("script"));
    assert!(!answer.body.contains("style=") && !answer.body.contains("<style"));
    assert_eq!(answer.field("x-content-type-options"), Some("nosniff"));
    for (path, kind) in [
        ("/s/search.css", "text/css; charset=UTF-8"),
        ("/s/icon.svg", "image/svg+xml"),
    ] {
        let answer = running.client.get(path).await;
        assert_eq!(
            (answer.status, answer.field("content-type")),
            (200, Some(kind))
        );
    }
}

#[tokio::test]
async fn pages_lead_to_their_neighbours() {
    let running = Running::start().await;
    for number in 0..25 {
        running
            .client
            .put(&format!("http://a/{number}"), "common")
            .await;
    }
    running.client.commit().await;
    let page = running
        .client
        .get(&search_target("html", "common", "start_rank=11&sort=title"))
        .await;
    let link = |start: i64, rel: &str| {
        format!(
            "href=\"search.html?collection=example-push&#38;query=common&#38;start_rank={start}&#38;sort=title\" rel=\"{rel}\""
        )
    };
    assert!(page.body.contains(&link(1, "prev")), "{}", page.body);
    assert!(page.body.contains(&link(21, "next")), "{}", page.body);
    assert!(page.body.contains("<ol class=\"results\" start=\"11\">"));
    assert!(page.body.contains("11 to 20 of 25"));
    assert!(page.body.contains("<mark>common</mark>"));
}

#[tokio::test]
async fn every_state_has_its_own_words() {
    let running = Running::start().await;
    let page = async |query: &str, rest: &str| {
        let answer = running
            .client
            .get(&search_target("html", query, rest))
            .await;
        assert_eq!(answer.status, 200);
        answer.body
    };
    assert!(page("", "").await.contains("There is no document yet"));
    running.client.put("http://a/1", "bees").await;
    running.client.commit().await;
    assert!(page("", "").await.contains("1 document, last changed"));
    assert!(page("bees", "").await.contains("1 result "));
    assert!(
        page("wasps", "")
            .await
            .contains("No document has all these words")
    );
    assert!(
        page("bees", "start_rank=11")
            .await
            .contains("The results end before this page")
    );
    assert!(page("!padrenull", "").await.contains("<h1>1 document</h1>"));
    let named = running.client.get("/s/search.html").await;
    assert_eq!(named.status, 400);
    assert!(named.body.contains("<label for=\"collection\">"));
}
