use super::*;
use proptest::prelude::*;

const JWT: &str = "e30.e30.c2ln";
const REMEMBER: &str = "YWRtaW46NDEwMjQ0NDgwMDAwMDpi";

fn app_token() -> String {
    format!("{APP_TOKEN_PREFIX}abc")
}

fn shown(presented: Result<Presented, Contradiction>) -> String {
    match presented {
        Err(Contradiction) => "400".to_owned(),
        Ok(presented) => match presented {
            Presented::Nothing => "nothing".to_owned(),
            Presented::Malformed => "malformed".to_owned(),
            Presented::MalformedCookie => "malformed cookie".to_owned(),
            Presented::Token { token, account } => {
                format!(
                    "token {} {}",
                    token.expose(),
                    account.as_deref().unwrap_or("-")
                )
            }
            Presented::AccountDigest { digest, .. } => format!("digest {}", digest.expose()),
            Presented::Password { username, password } => {
                format!("password {username} {}", password.expose())
            }
            Presented::AppToken { token, name } => {
                format!("app {} {}", token.expose(), name.as_deref().unwrap_or("-"))
            }
            Presented::ApiKey { .. } => "key".to_owned(),
            Presented::RememberMe { token, place } => format!("{place:?} {}", token.expose()),
        },
    }
}

fn look(dialect: Dialect, accept: &[AcceptMethod], lines: &[(&str, &str)]) -> String {
    let accept = Accept::new(accept.iter().map(|method| vec![*method]).collect()).unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let name: HeaderName = name.parse().unwrap();
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    shown(extract(dialect, &accept, &headers))
}

fn doorward(lines: &[(&str, &str)]) -> String {
    look(Dialect::Doorward, &[AcceptMethod::Token], lines)
}

fn crossbar(lines: &[(&str, &str)]) -> String {
    look(Dialect::Crossbar, &[AcceptMethod::Token], lines)
}

/// An API that takes Basic, as push and public do.
fn push(lines: &[(&str, &str)]) -> String {
    look(
        Dialect::Funnelback,
        &[AcceptMethod::Basic, AcceptMethod::Token],
        lines,
    )
}

/// One that does not.
fn admin(lines: &[(&str, &str)]) -> String {
    look(Dialect::Funnelback, &[AcceptMethod::Token], lines)
}

fn cookie(value: &str) -> String {
    format!("a=b; {REMEMBER_ME_COOKIE}={value}; c")
}

#[test]
fn the_shape_tells_the_kind() {
    let key = "ab".repeat(32);
    assert_eq!(
        doorward(&[("authorization", &format!("Bearer {JWT}"))]),
        format!("token {JWT} -")
    );
    assert_eq!(doorward(&[("x-auth-token", JWT)]), format!("token {JWT} -"));
    assert_eq!(
        doorward(&[("x-auth-token", &app_token())]),
        format!("app {} -", app_token())
    );
    assert_eq!(
        doorward(&[("authorization", &format!("Bearer {key}"))]),
        "key"
    );
    let digest = format!("{}:d", "a".repeat(32));
    let basic = |pair: &str| format!("Basic {}", base64_of(pair));
    assert_eq!(doorward(&[("authorization", &basic(&digest))]), "digest d");
    assert_eq!(
        doorward(&[("authorization", &basic("john:a:b"))]),
        "password john a:b"
    );
    let pair = format!("ci:{}", app_token());
    assert_eq!(
        doorward(&[("authorization", &basic(&pair))]),
        format!("app {} ci", app_token())
    );
    assert_eq!(doorward(&[]), "nothing");
}

fn base64_of(pair: &str) -> String {
    Basic {
        user_id: pair.split_once(':').unwrap().0.to_owned(),
        password: pair.split_once(':').unwrap().1.into(),
    }
    .encode()
}

#[test]
fn atk_s11_credentials_that_differ_contradict_each_other() {
    let bearer = format!("Bearer {JWT}");
    assert_eq!(
        doorward(&[("authorization", &bearer), ("x-auth-token", JWT)]),
        format!("token {JWT} -")
    );
    assert_eq!(
        doorward(&[("authorization", &bearer), ("x-auth-token", "x")]),
        "400"
    );
    assert_eq!(
        doorward(&[("authorization", "Basic YTpi"), ("x-auth-token", JWT)]),
        "400"
    );
    assert_eq!(
        doorward(&[
            ("authorization", "Basic YTpi"),
            ("authorization", "Basic YTpj")
        ]),
        "400"
    );
    assert_eq!(
        doorward(&[("x-auth-token", "a"), ("x-auth-token", "b")]),
        "400"
    );
    assert_eq!(
        crossbar(&[("x-auth-token", "a"), ("x-auth-token", "b")]),
        "400"
    );
    assert_eq!(
        push(&[("x-security-token", "a"), ("x-security-token", "b")]),
        "400"
    );
    assert_eq!(
        push(&[
            ("authorization", "Basic YTpi"),
            ("authorization", "Basic YTpi")
        ]),
        "400"
    );
}

#[test]
fn doorward_refuses_what_it_does_not_know() {
    for value in [
        "Digest x",
        "Basic",
        "Basic !",
        "Bearer",
        "Bearer a b",
        "",
        "x",
    ] {
        assert_eq!(
            doorward(&[("authorization", value)]),
            "malformed",
            "{value}"
        );
    }
    assert_eq!(doorward(&[("x-auth-token", "")]), "malformed");
    assert_eq!(doorward(&[("cookie", &cookie(REMEMBER))]), "nothing");
    assert_eq!(doorward(&[("x-security-token", REMEMBER)]), "nothing");
}

#[test]
fn crossbar_reads_the_token_first_and_an_empty_one_is_absent() {
    assert_eq!(
        crossbar(&[("x-auth-token", JWT), ("authorization", "Basic YTpi")]),
        format!("token {JWT} -")
    );
    assert_eq!(
        crossbar(&[("x-auth-token", ""), ("authorization", "Basic YTpi")]),
        "password a b"
    );
    assert_eq!(
        crossbar(&[("x-auth-token", JWT), ("x-auth-account-id", "1")]),
        format!("token {JWT} 1")
    );
    assert_eq!(crossbar(&[("cookie", &cookie(REMEMBER))]), "nothing");
}

#[test]
fn funnelback_the_header_decides_before_basic_and_basic_before_the_cookie() {
    let all = [
        ("x-security-token", REMEMBER),
        ("authorization", "Basic YTpi"),
        ("cookie", &*cookie("Yzpk")),
    ];
    assert_eq!(push(&all), format!("Header {REMEMBER}"));
    assert_eq!(push(&all[1..]), "password a b");
    assert_eq!(push(&all[2..]), "Cookie Yzpk");
    assert_eq!(push(&[]), "nothing");
    assert_eq!(
        push(&[("x-security-token", ""), all[1], all[2]]),
        "malformed"
    );
    assert_eq!(push(&[("authorization", "Basic !"), all[2]]), "malformed");
    assert_eq!(push(&[("authorization", "Basic"), all[2]]), "malformed");
    assert_eq!(
        push(&[("authorization", "Bearer x"), all[2]]),
        "Cookie Yzpk"
    );
    assert_eq!(push(&[("authorization", "Bearer x")]), "nothing");
}

#[test]
fn funnelback_an_api_without_basic_never_looks_at_the_password() {
    let basic = ("authorization", "Basic YTpi");
    let cookie = cookie(REMEMBER);
    assert_eq!(admin(&[basic]), "malformed");
    assert_eq!(
        admin(&[basic, ("x-security-token", REMEMBER)]),
        format!("Header {REMEMBER}")
    );
    assert_eq!(
        admin(&[basic, ("cookie", &cookie)]),
        format!("Cookie {REMEMBER}")
    );
}

#[test]
fn funnelback_basic_may_come_without_padding() {
    assert_eq!(
        push(&[("authorization", "basic cm9kOg==")]),
        "password rod "
    );
    assert_eq!(push(&[("authorization", "BaSiC cm9kOg")]), "password rod ");
    assert_eq!(doorward(&[("authorization", "Basic cm9kOg")]), "malformed");
    for bad in [
        "cm9kOh",
        "cm9k Og",
        "cm9k-_",
        "bm9jb2xvbg==",
        "cm9kOuT2/A==",
    ] {
        assert_eq!(
            push(&[("authorization", &format!("Basic {bad}"))]),
            "malformed",
            "{bad}"
        );
    }
}

#[test]
fn funnelback_cookies_are_read_by_rfc_6265() {
    assert_eq!(
        push(&[("cookie", &cookie(&format!("\"{REMEMBER}\"")))]),
        format!("Cookie {REMEMBER}")
    );
    let equal = [
        ("cookie", &*cookie(REMEMBER)),
        ("cookie", &cookie(REMEMBER)),
    ];
    assert_eq!(push(&equal), format!("Cookie {REMEMBER}"));
    let differ = [("cookie", &*cookie(REMEMBER)), ("cookie", &cookie("eA"))];
    assert_eq!(push(&differ), "malformed cookie");
    let other = format!("{}=x", REMEMBER_ME_COOKIE.to_lowercase());
    assert_eq!(push(&[("cookie", &other)]), "nothing");
    let longer = format!("{REMEMBER_ME_COOKIE}2=x; \u{e9}=\u{e9}");
    assert_eq!(push(&[("cookie", &longer)]), "nothing");
    for bad in ["", "\"", "a,b", JWT, &app_token(), &"ab".repeat(32)] {
        assert_eq!(
            push(&[("cookie", &cookie(bad))]),
            "malformed cookie",
            "{bad}"
        );
    }
}

#[test]
fn funnelback_tokens_of_other_kinds_are_taken_in_the_header() {
    assert_eq!(push(&[("x-security-token", JWT)]), format!("token {JWT} -"));
    assert_eq!(
        push(&[("x-security-token", &app_token())]),
        format!("app {} -", app_token())
    );
    assert_eq!(admin(&[("x-security-token", &"ab".repeat(32))]), "key");
}

proptest! {
    #[test]
    fn looking_never_panics(
        lines in proptest::collection::vec((0_usize..5, proptest::collection::vec(any::<u8>(), 0..60)), 0..6),
    ) {
        let names = ["authorization", "x-auth-token", "x-auth-account-id", "x-security-token", "cookie"];
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.append(HeaderName::from_static(names[name]), value);
            }
        }
        let accept = Accept::new(vec![vec![AcceptMethod::Basic]]).unwrap();
        for dialect in [Dialect::Doorward, Dialect::Crossbar, Dialect::Funnelback] {
            std::hint::black_box(extract(dialect, &accept, &headers).is_ok());
        }
    }
}
