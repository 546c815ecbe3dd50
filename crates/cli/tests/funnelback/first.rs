//! The way through the whole of it.

use crate::site::{ACCOUNT, DOCUMENTS, LOGIN, SEARCH, STATE, Site};

#[tokio::test]
async fn a_token_opens_all_three_apis() {
    let site = Site::start().await;
    let token = site.admin().await;
    let reply = site.get(STATE).token(&token).send().await;
    assert!(reply.assert_status(200).json()["state"].is_string());
    let reply = site.get(ACCOUNT).token(&token).send().await;
    let said = reply.assert_status(200).json();
    assert_eq!(said["data"]["id"], "admin");
    let reply = site.call("PUT", &format!("{DOCUMENTS}?key=http://example.com/"));
    reply
        .basic("feeder:f33d")
        .body("text/plain", "bees")
        .send()
        .await
        .assert_status(200);
    site.get(SEARCH)
        .basic("reader:r34d")
        .send()
        .await
        .assert_status(200);
}

#[tokio::test]
async fn signing_in_is_counted_under_its_dialect() {
    let site = Site::start().await;
    site.admin().await;
    let wrong = site.call("POST", LOGIN).form("username=admin&password=no");
    wrong.send().await.assert_status(401);
    let readings = site.app.engine.readings();
    let logins: Vec<_> = readings.iter().filter(|r| r.name == "logins").collect();
    let counted = |outcome: &str| {
        logins.iter().any(|reading| {
            let labels: Vec<&str> = reading.labels.iter().map(|(_, value)| &**value).collect();
            labels == ["funnelback", "password", outcome] && (reading.value - 1.0).abs() < 0.1
        })
    };
    assert!(counted("allow") && counted("challenge"), "{logins:?}");
    assert_eq!(logins.len(), 2, "{logins:?}");
}
