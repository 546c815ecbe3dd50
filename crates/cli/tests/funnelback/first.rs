//! The way through the whole of it.

use crate::site::{ACCOUNT, DOCUMENTS, SEARCH, STATE, Site};

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
