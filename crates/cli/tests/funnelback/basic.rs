//! Basic as clients write it, and as nobody should (rows B).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use doorward_core::credential::MAX_CREDENTIAL;
use serde_json::json;

use crate::exchange::Reply;
use crate::site::{ACCOUNT, LOGIN, SEARCH, STATE, Site, add_user};

/// `rod` with a password beyond ASCII, composed.
const ROD: (&str, &str) = ("rod", "\u{e4}\u{f6}\u{fc}");

impl Site {
    /// The state of the collection, with this `Authorization`.
    async fn authorized(&self, value: &str) -> Reply {
        self.get(STATE).header("Authorization", value).send().await
    }

    /// The same with these bytes in Base64.
    async fn with_basic(&self, credentials: impl AsRef<[u8]>) -> Reply {
        let value = format!("Basic {}", STANDARD.encode(credentials));
        self.authorized(&value).await
    }

    /// One more user, who may do everything.
    async fn with_user(self, username: &str, password: &str) -> Self {
        let (engine, role) = (&self.app.engine, Some("super-user"));
        add_user(engine, self.account, username, password, role).await;
        self
    }
}

#[tokio::test]
async fn fb_b01_a_right_password_is_let_in() {
    let site = Site::start().await;
    let reply = site.authorized("Basic YWRtaW46cHdk").await;
    reply.assert_status(200);
}

#[tokio::test]
async fn fb_b02_the_scheme_has_no_case() {
    let site = Site::start().await;
    for scheme in ["basic", "BASIC", "BaSiC"] {
        let reply = site.authorized(&format!("{scheme} YWRtaW46cHdk")).await;
        reply.assert_status(200);
    }
}

#[tokio::test]
async fn fb_b03_two_spaces_may_follow_the_scheme() {
    let site = Site::start().await;
    let reply = site.authorized("Basic  YWRtaW46cHdk").await;
    reply.assert_status(200);
}

#[tokio::test]
async fn fb_b04_a_password_may_hold_colons() {
    let site = Site::start().await;
    let value = "Basic YWRtaW46cGE6c3M6d29yZA==";
    site.authorized(value).await.assert_basic_challenge();
    let admin = site.user("admin").await;
    let change = doorward_engine::admin::UserChange {
        password: Some("pa:ss:word".into()),
        ..Default::default()
    };
    let actor = doorward_engine::Actor::operator();
    let changed = site
        .app
        .engine
        .change_user(actor, site.account, admin.id, change);
    changed.await.unwrap();
    site.authorized(value).await.assert_status(200);
}

#[tokio::test]
async fn fb_b05_credentials_without_a_colon_are_none() {
    let site = Site::start().await;
    let reply = site.authorized("Basic bm9jb2xvbg==").await;
    reply.assert_basic_challenge();
}

#[tokio::test]
async fn fb_b06_the_scheme_alone_is_no_credential() {
    let site = Site::start().await;
    site.authorized("Basic").await.assert_basic_challenge();
}

#[tokio::test]
async fn fb_b07_the_scheme_and_a_blank_are_no_credential() {
    let site = Site::start().await;
    site.authorized("Basic ").await.assert_basic_challenge();
}

#[tokio::test]
async fn fb_b08_what_is_not_base64_is_refused() {
    let site = Site::start().await;
    let reply = site.authorized("Basic NOT_VALID_BASE64").await;
    reply.assert_basic_challenge();
}

#[tokio::test]
async fn fb_b09_neither_the_other_alphabet_nor_a_space_inside_is_taken() {
    let site = Site::start().await.with_user("any", "a\u{ff}?>~").await;
    let credentials = "any:a\u{ff}?>~";
    let (usual, other) = (STANDARD.encode(credentials), URL_SAFE.encode(credentials));
    assert_ne!(usual, other);
    let reply = site.authorized(&format!("Basic {usual}")).await;
    reply.assert_status(200);
    let reply = site.authorized(&format!("Basic {other}")).await;
    reply.assert_basic_challenge();
    for spaced in [
        "Basic YWRtaW4 6cHdk",
        "Basic YWRtaW46 cHdk",
        "Basic YWRt\taW46cHdk",
    ] {
        site.authorized(spaced).await.assert_basic_challenge();
    }
}

#[tokio::test]
async fn fb_b10_padding_may_be_left_out() {
    for (password, padding) in [("pass1", "=="), ("pass12", "=")] {
        let site = Site::start().await.with_user("rods", password).await;
        let padded = STANDARD.encode(format!("rods:{password}"));
        let bare = padded.strip_suffix(padding).unwrap();
        assert!(!bare.contains('='), "{bare}");
        let reply = site.authorized(&format!("Basic {bare}")).await;
        reply.assert_status(200);
        // Otherwise right: what is cut off more is not.
        let cut = &bare[..bare.len() - 1];
        let reply = site.authorized(&format!("Basic {cut}")).await;
        reply.assert_basic_challenge();
    }
}

#[tokio::test]
async fn fb_b11_a_password_is_read_as_utf8() {
    let site = Site::start().await.with_user(ROD.0, ROD.1).await;
    let reply = site.authorized("Basic cm9kOsOkw7bDvA==").await;
    reply.assert_status(200);
}

#[tokio::test]
async fn fb_b12_the_same_password_in_latin_1_is_refused() {
    let site = Site::start().await.with_user(ROD.0, ROD.1).await;
    let reply = site.authorized("Basic cm9kOuT2/A==").await;
    reply.assert_basic_challenge();
}

#[tokio::test]
async fn fb_b13_bytes_that_are_not_utf8_are_refused() {
    let site = Site::start().await;
    for credentials in [
        &b"admin:\xff\xfe"[..],
        b"\xc3:pwd",
        b"admin:pwd\x80",
        b"admin:\xed\xa0\x80",
        b"\xc0\x80:pwd",
    ] {
        site.with_basic(credentials).await.assert_basic_challenge();
    }
    let call = site.get(STATE);
    let call = call.header_bytes("Authorization", b"Basic YWRtaW46cHdk\xff");
    call.send().await.assert_basic_challenge();
}

#[tokio::test]
async fn fb_b14_control_characters_are_refused() {
    let site = Site::start().await;
    for control in [
        "\0", "\u{1}", "\t", "\n", "\r", "\u{1b}", "\u{7f}", "\u{85}",
    ] {
        for credentials in [
            format!("admin{control}:pwd"),
            format!("{control}admin:pwd"),
            format!("admin:pwd{control}"),
            format!("admin:{control}pwd"),
        ] {
            let hashes = site.app.engine.metrics().hashes();
            site.with_basic(credentials).await.assert_basic_challenge();
            assert_eq!(site.app.engine.metrics().hashes(), hashes);
        }
    }
}

#[tokio::test]
async fn fb_b15_an_empty_password_is_refused() {
    let site = Site::start().await.with_user(ROD.0, ROD.1).await;
    site.with_basic("rod:").await.assert_basic_challenge();
}

#[tokio::test]
async fn fb_b16_an_empty_user_is_refused() {
    let site = Site::start().await;
    site.with_basic(":pwd").await.assert_basic_challenge();
}

#[tokio::test]
async fn fb_b17_no_name_holds_a_colon_so_the_first_one_splits() {
    let site = Site::start().await.with_user("a", "b:pwd").await;
    let token = site.admin().await;
    let put = site.call("PUT", &format!("{ACCOUNT}users/a%3Ab"));
    let put = put.token(&token).json(&json!({"password": "pwd"}));
    let said = put.send().await.assert_status(400).json();
    assert!(said["errorMessage"].is_string() && said["data"].is_null());
    site.with_basic("a:b:pwd").await.assert_status(200);
    let form = site.call("POST", LOGIN);
    let form = form.form("username=a%3Ab&password=pwd");
    form.send().await.assert_challenge_without_basic();
}

#[tokio::test]
async fn fb_b18_bearer_is_as_no_credential() {
    let site = Site::start().await;
    let token = site.admin().await;
    let reply = site.authorized(&format!("Bearer {token}")).await;
    let reply = reply.assert_basic_challenge();
    let stranger = site.get(STATE).send().await;
    assert_eq!(reply.lasting(), stranger.lasting());
}

#[tokio::test]
async fn fb_b19_two_authorizations_contradict_each_other() {
    let site = Site::start().await;
    for second in ["Basic YWRtaW46cHdk", "Basic cmVhZGVyOnIzNGQ=", "Bearer x"] {
        let call = site.get(STATE).basic(Site::basic_admin());
        let reply = call.header("Authorization", second).send().await;
        reply.assert_status(400);
    }
}

#[tokio::test]
async fn fb_b20_a_disabled_user_is_told_what_a_wrong_password_is() {
    let site = Site::start().await;
    let disabled = site.with_basic("gone:g0ne").await.assert_basic_challenge();
    let wrong = site.with_basic("admin:wrong").await;
    assert_eq!(disabled.lasting(), wrong.lasting());
}

#[tokio::test]
async fn fb_b21_an_unknown_user_is_told_what_a_wrong_password_is() {
    let site = Site::start().await;
    let unknown = site.with_basic("nobody:pwd").await.assert_basic_challenge();
    let wrong = site.with_basic("admin:wrong").await;
    assert_eq!(unknown.lasting(), wrong.lasting());
}

#[tokio::test]
async fn fb_b22_both_unicode_forms_of_a_password_are_one() {
    let (composed, decomposed) = ("\u{e4}\u{f6}\u{fc}", "a\u{308}o\u{308}u\u{308}");
    let site = Site::start().await.with_user("rod", composed).await;
    let site = site.with_user("jane", decomposed).await;
    for username in ["rod", "jane"] {
        for password in [composed, decomposed] {
            let reply = site.with_basic(format!("{username}:{password}")).await;
            reply.assert_status(200);
        }
        let other = site.with_basic(format!("{username}:aou")).await;
        other.assert_basic_challenge();
    }
}

#[tokio::test]
async fn fb_b23_a_name_has_case() {
    let site = Site::start().await;
    for credentials in ["Admin:pwd", "ADMIN:pwd", "admin:PWD"] {
        site.with_basic(credentials).await.assert_basic_challenge();
    }
    site.with_basic("admin:pwd").await.assert_status(200);
}

#[tokio::test]
async fn fb_b24_basic_gives_neither_a_cookie_nor_a_token() {
    let site = Site::start().await;
    for target in [STATE, SEARCH] {
        let reply = site.get(target).basic(Site::basic_admin()).send().await;
        let reply = reply.assert_status(200);
        assert!(reply.all("set-cookie").is_empty(), "{reply:?}");
        assert!(reply.all("x-security-token").is_empty(), "{reply:?}");
    }
}

#[tokio::test]
async fn fb_b25_an_oversized_header_is_refused_before_anything_is_hashed() {
    let site = Site::start().await;
    let hashes = site.app.engine.metrics().hashes();
    let reply = site.with_basic(vec![b'a'; 64 * 1024 * 3 / 4]).await;
    // It may not even be answered, but for nothing else.
    assert!(matches!(reply.status, 0 | 400..500), "{reply:?}");
    let long = format!("admin:{}", "p".repeat(MAX_CREDENTIAL));
    site.with_basic(long).await.assert_basic_challenge();
    assert_eq!(site.app.engine.metrics().hashes(), hashes);
    site.with_basic(Site::basic_admin())
        .await
        .assert_status(200);
}
