use super::*;
use crate::api::Accept;
use crate::id::AccountId;
use proptest::prelude::*;

fn api(accept: AcceptMethod) -> Api {
    let accept = Accept::new(vec![vec![accept]]).unwrap();
    let mut api = Api::new("a", AccountId::new([1; 16]), accept);
    api.headers.user = HeaderName::from_static("remote-user");
    api
}

fn left(lines: &[(&str, &str)], accept: AcceptMethod, peer: Peer) -> Vec<String> {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let name: HeaderName = name.parse().unwrap();
        headers.append(name, value.parse().unwrap());
    }
    let other = api(AcceptMethod::Token);
    let plain = Api::new("b", AccountId::new([1; 16]), other.accept.clone());
    Names::new([&other, &plain]).strip(&mut headers, &api(accept), peer);
    let mut left: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    left.sort();
    left
}

fn untrusted(lines: &[(&str, &str)]) -> Vec<String> {
    left(lines, AcceptMethod::Token, Peer::Untrusted)
}

#[test]
fn atk_s4_every_spelling_of_an_identity_header_goes() {
    for name in [
        "x-doorward-user",
        "X_Doorward_User",
        "x-doorward_user",
        "X_DOORWARD-anything",
        "X.Doorward.User",
        "x+doorward~user",
        "remote.user",
        "remote-user",
        "Remote_User",
        "REMOTE_USER",
    ] {
        assert!(untrusted(&[(name, "root")]).is_empty(), "{name}");
    }
    assert_eq!(untrusted(&[("x-user", "me")]), ["x-user: me"]);
}

#[test]
fn atk_s7_names_that_become_one_cgi_variable_go_together() {
    for name in [
        "X-Forwarded-User",
        "x-auth_token",
        "x_auth_token",
        "X_Auth-Account_Id",
        "x_http_method_override",
        "x.auth.token",
        "X'Security'Token",
        "x|http|method",
    ] {
        assert!(untrusted(&[(name, "x")]).is_empty(), "{name}");
    }
}

#[test]
fn atk_s8_forwarded_families_of_strangers_go_by_prefix() {
    for name in [
        "x-forwarded-for",
        "x-forwarded-prefix",
        "x-forwarded-anything",
        "forwarded",
        "x-real-ip",
        "x-original-url",
        "x-rewrite-url",
        "x_forwarded_for",
        "x-envoy-original-path",
    ] {
        assert!(untrusted(&[(name, "x")]).is_empty(), "{name}");
    }
    let trusted = |lines: &[(&str, &str)]| left(lines, AcceptMethod::Token, Peer::Trusted);
    assert_eq!(
        trusted(&[("x-forwarded-host", "h")]),
        ["x-forwarded-host: h"]
    );
    assert!(trusted(&[("x_forwarded_host", "h")]).is_empty());
}

#[test]
fn atk_s1_connection_takes_what_it_lists_but_neither_host_nor_framing() {
    let lines = [
        ("connection", "close, X-Hop, Host, content-length"),
        ("x-hop", "1"),
        ("host", "h"),
        ("content-length", "3"),
        ("te", "trailers"),
        ("keep-alive", "5"),
    ];
    assert_eq!(untrusted(&lines), ["content-length: 3", "host: h"]);
}

#[test]
fn atk_s30_override_headers_go() {
    for name in [
        "x-http-method-override",
        "X-HTTP-Method",
        "x_method_override",
    ] {
        assert!(untrusted(&[(name, "DELETE")]).is_empty(), "{name}");
    }
}

#[test]
fn credentials_of_ours_go_and_others_stay() {
    let lines = [
        ("authorization", "Basic YTpi"),
        ("x-auth-token", "t"),
        ("x_security_token", "t"),
        ("x-auth-account-id", "1"),
        ("cookie", "a=b; SPRING_SECURITY_REMEMBER_ME_COOKIE=x; c=d"),
        ("cookie", "__Host-doorward=s; e"),
    ];
    assert_eq!(untrusted(&lines), ["cookie: a=b; c=d; e"]);
    let open = left(&lines[..2], AcceptMethod::Anonymous, Peer::Untrusted);
    assert_eq!(open, ["authorization: Basic YTpi"]);
    assert!(untrusted(&[("cookie", "SPRING_SECURITY_REMEMBER_ME_COOKIE=x")]).is_empty());
}

#[test]
fn values_are_printable_and_read_back_one_way() {
    let shown = |text| header_value(text).unwrap().to_str().unwrap().to_owned();
    assert_eq!(shown("john@example.com"), "john@example.com");
    assert_eq!(shown("zo\u{eb} 5%"), "zo%C3%AB 5%25");
    assert_eq!(shown("a\r\nb"), "a%0D%0Ab");
}

proptest! {
    #[test]
    fn no_spelling_of_an_identity_header_survives(
        name in "[xX][-_.!#$%&'*+^`|~][dD][oO]orward[-_.!#$%&'*+^`|~][A-Za-z0-9_.~-]{0,12}", peer: bool,
    ) {
        let peer = if peer { Peer::Trusted } else { Peer::Untrusted };
        prop_assert!(left(&[(&name, "root")], AcceptMethod::Anonymous, peer).is_empty());
    }

    #[test]
    fn values_never_break_a_header(text: String) {
        let value = header_value(&text).unwrap();
        prop_assert!(value.to_str().unwrap().bytes().all(|b| matches!(b, b' '..=b'~')));
    }
}
