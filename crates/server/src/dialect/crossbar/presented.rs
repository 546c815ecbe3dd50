//! Where credentials stand, and in which order they are looked for (crossbar.md section 1.4).
//!
//! Attack: a repeated header, of which one part of a system reads the first line and another the last
//! (attacks.md S11). Answer: lines that differ are no credential at all.

use doorward_core::credential::{Authorization, Basic, MAX_CREDENTIAL, Presented};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde_json::{Map, Value};

use super::query::Query;

const TOKEN_HEADER: &str = "x-auth-token";
const ACCOUNT_HEADER: &str = "x-auth-account-id";
const TOKEN: &str = "auth_token";
const AUTHORIZATION_FIELD: &str = "authorization";

/// What the head of a request presents: `X-Auth-Token`, `auth_token` of the query, `Authorization`,
/// `authorization` of the query; the first that is not empty counts.
pub(super) fn in_head(headers: &HeaderMap, query: &Query) -> Presented {
    let header = |name: &str| {
        let lines = headers.get_all(name).iter();
        one(lines.map(|line| line.to_str().ok()))
    };
    let token = header(TOKEN_HEADER).or_else(|| one(query.all(TOKEN).map(Some)));
    if token.is_given() {
        return token_of(token, headers);
    }
    header(AUTHORIZATION.as_str())
        .or_else(|| one(query.all(AUTHORIZATION_FIELD).map(Some)))
        .into_presented(|value| authorization(value, headers))
}

/// What a body presents: `auth_token` of `data`, then of the envelope, then `authorization` likewise.
pub(super) fn in_body(envelope: &Map<String, Value>, headers: &HeaderMap) -> Presented {
    let data = envelope.get("data").and_then(Value::as_object);
    let field = |name: &str| {
        let inner = data.and_then(|data| data.get(name));
        let places = [inner, envelope.get(name)].into_iter().flatten();
        places
            .filter_map(Value::as_str)
            .find(|text| !text.is_empty())
            .map_or(Once::Absent, Once::Given)
    };
    let token = field(TOKEN);
    if token.is_given() {
        return token_of(token, headers);
    }
    field(AUTHORIZATION_FIELD).into_presented(|value| authorization(value, headers))
}

/// A value that may stand once.
#[derive(Clone, Copy)]
enum Once<'a> {
    Absent,
    Given(&'a str),
    Contradiction,
}

impl<'a> Once<'a> {
    fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Absent => other(),
            given => given,
        }
    }

    const fn is_given(self) -> bool {
        !matches!(self, Self::Absent)
    }

    fn into_presented(self, read: impl FnOnce(&'a str) -> Presented) -> Presented {
        match self {
            Self::Absent => Presented::Nothing,
            Self::Given(value) => read(value),
            Self::Contradiction => Presented::Malformed,
        }
    }
}

/// The one value of several lines; `None` is a line that is no text. Empty lines do not count.
fn one<'a>(lines: impl Iterator<Item = Option<&'a str>>) -> Once<'a> {
    let mut found = Once::Absent;
    for line in lines {
        found = match (found, line) {
            (found, Some("")) => found,
            (Once::Absent, Some(value)) => Once::Given(value),
            (Once::Given(before), Some(value)) if before == value => found,
            _ => return Once::Contradiction,
        };
    }
    found
}

fn token_of(token: Once<'_>, headers: &HeaderMap) -> Presented {
    token.into_presented(|token| {
        if token.len() > MAX_CREDENTIAL {
            return Presented::Malformed;
        }
        let lines = headers.get_all(ACCOUNT_HEADER).iter();
        let account = match one(lines.map(|line| line.to_str().ok())) {
            Once::Absent => None,
            Once::Given(account) => Some(account.to_owned()),
            Once::Contradiction => return Presented::Malformed,
        };
        Presented::Token {
            token: token.into(),
            account,
        }
    })
}

/// A value in the syntax of `Authorization`.
fn authorization(value: &str, headers: &HeaderMap) -> Presented {
    match Authorization::parse(value) {
        Authorization::Bearer(token) => token_of(Once::Given(token.expose()), headers),
        Authorization::Basic(token68) => match Basic::decode(token68.expose()) {
            Ok(basic) => match basic.account() {
                Some(account) => Presented::AccountDigest {
                    account,
                    digest: basic.password,
                },
                None => Presented::Malformed,
            },
            Err(_) => Presented::Malformed,
        },
        _ => Presented::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;
    use serde_json::json;

    /// What was presented, as a text to compare.
    fn shown(presented: &Presented) -> String {
        match presented {
            Presented::Nothing => "nothing".to_owned(),
            Presented::Token { token, account } => {
                format!("{} {}", token.expose(), account.as_deref().unwrap_or("-"))
            }
            Presented::AccountDigest { digest, .. } => format!("basic {}", digest.expose()),
            _ => "malformed".to_owned(),
        }
    }

    fn head(pairs: &[(&'static str, &str)], query: &str) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        shown(&in_head(&headers, &Query::parse(Some(query))))
    }

    fn basic(user_id: &str, digest: &str) -> String {
        let basic = Basic {
            user_id: user_id.to_owned(),
            password: digest.into(),
        };
        format!("Basic {}", basic.encode())
    }

    #[test]
    fn the_order_of_places_is_the_documented_one() {
        let account = "a".repeat(32);
        let basic = basic(&account, "d");
        let all = [("x-auth-token", "h"), ("authorization", basic.as_str())];
        assert_eq!(head(&all, "auth_token=q"), "h -");
        assert_eq!(head(&all[1..], "auth_token=q"), "q -");
        assert_eq!(head(&all[1..], ""), "basic d");
        assert_eq!(head(&[], "authorization=Bearer+t"), "t -");
        assert_eq!(head(&[], ""), "nothing");
    }

    #[test]
    fn an_empty_token_header_is_absent() {
        let basic = basic(&"a".repeat(32), "d");
        let pairs = [("x-auth-token", ""), ("authorization", basic.as_str())];
        assert_eq!(head(&pairs, ""), "basic d");
        assert_eq!(head(&[("x-auth-token", "undefined")], ""), "undefined -");
    }

    #[test]
    fn lines_that_differ_are_malformed() {
        let two = [("x-auth-token", "a"), ("x-auth-token", "b")];
        assert_eq!(head(&two, ""), "malformed");
        let same = [("x-auth-token", "a"), ("x-auth-token", "a")];
        assert_eq!(head(&same, ""), "a -");
        assert_eq!(head(&[], "auth_token=a&auth_token=b"), "malformed");
        let accounts = [
            ("x-auth-token", "a"),
            ("x-auth-account-id", "1"),
            ("x-auth-account-id", "2"),
        ];
        assert_eq!(head(&accounts, ""), "malformed");
        assert_eq!(head(&accounts[..2], ""), "a 1");
    }

    #[test]
    fn unknown_schemes_and_other_basic_never_authenticate() {
        for value in ["token", "Digest x", "Basic !", "Basic", "Bearer a b"] {
            assert_eq!(
                head(&[("authorization", value)], ""),
                "malformed",
                "{value}"
            );
        }
        assert_eq!(
            head(&[("authorization", &basic("john", "d"))], ""),
            "malformed"
        );
        let lower = basic(&"a".repeat(32), "d").replace("Basic", "basic");
        assert_eq!(head(&[("authorization", &lower)], ""), "basic d");
    }

    #[test]
    fn bodies_are_searched_data_first() {
        let look = |body: Value| {
            let Value::Object(body) = body else {
                unreachable!()
            };
            shown(&in_body(&body, &HeaderMap::new()))
        };
        assert_eq!(
            look(json!({"auth_token": "e", "data": {"auth_token": "d"}})),
            "d -"
        );
        assert_eq!(look(json!({"auth_token": "e", "data": {}})), "e -");
        assert_eq!(look(json!({"data": {"authorization": "Bearer t"}})), "t -");
        assert_eq!(look(json!({"auth_token": 5, "data": []})), "nothing");
    }

    proptest! {
        #[test]
        fn looking_never_panics(
            lines in proptest::collection::vec((0_usize..3, proptest::collection::vec(any::<u8>(), 0..40)), 0..6),
            query: String,
        ) {
            let names = [TOKEN_HEADER, ACCOUNT_HEADER, "authorization"];
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                if let Ok(value) = HeaderValue::from_bytes(&value) {
                    headers.append(HeaderName::from_static(names[name]), value);
                }
            }
            let _ = in_head(&headers, &Query::parse(Some(&query)));
        }

        #[test]
        fn authorization_never_panics(value: String) {
            let _ = authorization(&value, &HeaderMap::new());
        }
    }
}
