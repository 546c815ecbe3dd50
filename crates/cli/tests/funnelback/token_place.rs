//! Where a token stands: in its header, whatever is in it, or in its cookie, and nowhere else.

use serde_json::json;

use crate::exchange;
use crate::forge::assert_good;
use crate::site::{ACCOUNT, LOGIN, STATE, Site};

#[tokio::test]
async fn fb_t25_an_empty_header_is_not_made_up_for_by_a_cookie() {
    let site = Site::start().await;
    let token = site.admin().await;
    for empty in ["", " ", "\t"] {
        let call = site.get(ACCOUNT).token(empty);
        call.clone().send().await.assert_challenge_without_basic();
        let reply = call.cookie(&token).send().await;
        reply.assert_challenge_without_basic();
        let both = site.get(STATE).token(empty).basic(Site::basic_admin());
        both.send().await.assert_status(401);
    }
    site.get(ACCOUNT)
        .cookie(&token)
        .send()
        .await
        .assert_status(200);
}

#[tokio::test]
async fn fb_t26_a_header_of_a_mebibyte_breaks_nothing() {
    let site = Site::start().await;
    let token = site.admin().await;
    for path in [ACCOUNT, STATE] {
        let huge = "A".repeat(1 << 20);
        for call in [site.get(path).token(&huge), site.get(path).cookie(&huge)] {
            let reply = exchange::send(site.address, &call.bytes()).await;
            // 0: closed before everything was sent.
            assert!(matches!(reply.status, 0 | 400..=499), "{}", reply.status);
        }
        assert_good(&site, &token, "admin").await;
    }
}

#[tokio::test]
async fn fb_t37_a_token_elsewhere_than_in_header_and_cookie_is_nothing() {
    let site = Site::start().await;
    let token = site.admin().await;
    for name in ["X-Security-Token", "x-security-token", "token"] {
        for path in [ACCOUNT, STATE] {
            let reply = site.get(&format!("{path}?{name}={token}")).send().await;
            reply.assert_status(401);
        }
        let form = format!("{name}={token}");
        for path in ["/admin-api/account/v1/logout", LOGIN, STATE] {
            let reply = site.call("POST", path).form(&form).send().await;
            let expected = if path == LOGIN { 400 } else { 401 };
            reply.assert_status(expected);
        }
        let body = json!({name: token, "currentPassword": "pwd", "newPassword": "other"});
        let change = site.call("PUT", "/admin-api/account/v1/password");
        let reply = change.json(&body).send().await;
        reply.assert_challenge_without_basic();
    }
    assert_good(&site, &token, "admin").await;
}
