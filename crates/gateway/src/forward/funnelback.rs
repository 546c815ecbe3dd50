//! What an upstream does not say to our clients.
//!
//! Attack: an upstream, or a script on one of its pages, hands out a cookie or a token of our names, so that its reader
//! goes on as somebody else; or it asks for a password where we take none, and a browser shows its prompt. Answer: the
//! cookies are ours on every API, for a browser sends what one has set to all that share its host; behind the Funnelback
//! dialect the token's name is ours, too, and so is Basic. Whatever else it says is passed on.

use doorward_core::api::{AcceptMethod, Api, Dialect};
use doorward_core::credential::place::SECURITY_TOKEN;
use doorward_core::strip::{folded, is_own_cookie};
use http::header::{SET_COOKIE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Takes it out, of a head or of trailers.
pub(super) fn clean(headers: &mut HeaderMap, api: &Api) {
    retain(headers, &SET_COOKIE, |line| !sets_ours(line));
    if api.dialect != Dialect::Funnelback {
        return;
    }
    let token = folded(SECURITY_TOKEN.as_str());
    let is_token = |name: &&HeaderName| folded(name.as_str()) == token;
    let tokens: Vec<HeaderName> = headers.keys().filter(is_token).cloned().collect();
    for name in tokens {
        headers.remove(name);
    }
    if !api.accept.names(AcceptMethod::Basic) {
        retain(headers, &WWW_AUTHENTICATE, |line| !asks_for_basic(line));
    }
}

fn retain(headers: &mut HeaderMap, name: &HeaderName, stays: impl Fn(&[u8]) -> bool) {
    let lines = headers.get_all(name).iter();
    let (kept, gone): (Vec<HeaderValue>, Vec<HeaderValue>) =
        lines.cloned().partition(|line| stays(line.as_bytes()));
    if gone.is_empty() {
        return;
    }
    headers.remove(name);
    for line in kept {
        headers.append(name.clone(), line);
    }
}

/// Whether a browser would send it back as our cookie. One without a name is sent as its bare value (RFC 6265bis section
/// 5.7), which then looks like a name and a value.
fn sets_ours(line: &[u8]) -> bool {
    let pair = line.split(|b| *b == b';').next().unwrap_or_default();
    let is_before = |b: &u8| b.is_ascii_whitespace() || *b == b'=';
    let start = pair
        .iter()
        .position(|b| !is_before(b))
        .unwrap_or(pair.len());
    let named = pair.get(start..).unwrap_or_default();
    let name = named.split(|b| *b == b'=').next().unwrap_or_default();
    is_own_cookie(name)
}

/// Whether Basic is among a line's challenges (RFC 9110 section 11.6.1): commas part them, outside of quotes.
fn asks_for_basic(line: &[u8]) -> bool {
    let (mut quoted, mut escaped) = (false, false);
    let mut parts = line.split(|b| {
        quoted ^= *b == b'"' && !escaped;
        escaped = quoted && !escaped && *b == b'\\';
        *b == b',' && !quoted
    });
    parts.any(|part| {
        let mut words = part.trim_ascii().split(u8::is_ascii_whitespace);
        words
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case(b"basic"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_cookies_are_ours_in_every_dialect() {
        use doorward_core::api::Accept;
        use doorward_core::id::AccountId;

        let token = Accept::new(vec![vec![AcceptMethod::Token]]).unwrap();
        let mut api = Api::new("a", AccountId::new([1; 16]), token);
        for dialect in [Dialect::Doorward, Dialect::Crossbar, Dialect::Funnelback] {
            api.dialect = dialect;
            let lines = [
                "SPRING_SECURITY_REMEMBER_ME_COOKIE=x; Path=/",
                "__Host-doorward=x; Path=/; Secure",
                "theme=dark",
            ];
            let lines = lines.map(|line| (SET_COOKIE, HeaderValue::from_static(line)));
            let mut headers: HeaderMap = lines.into_iter().collect();
            clean(&mut headers, &api);
            let left: Vec<&HeaderValue> = headers.get_all(SET_COOKIE).iter().collect();
            assert_eq!(left, ["theme=dark"], "{dialect:?}");
        }
    }

    #[test]
    fn our_cookie_is_known_in_every_spelling_that_browsers_send_back() {
        for (line, ours) in [
            ("SPRING_SECURITY_REMEMBER_ME_COOKIE=x; Path=/", true),
            ("  SPRING_SECURITY_REMEMBER_ME_COOKIE\t=x", true),
            ("SPRING_SECURITY_REMEMBER_ME_COOKIE", true),
            ("SPRING_SECURITY_REMEMBER_ME_COOKIE;", true),
            ("=SPRING_SECURITY_REMEMBER_ME_COOKIE=x", true),
            (" = =SPRING_SECURITY_REMEMBER_ME_COOKIE=x", true),
            ("SPRING_SECURITY_REMEMBER_ME_COOKIE2=x", false),
            ("a=SPRING_SECURITY_REMEMBER_ME_COOKIE=x", false),
            ("__Host-doorward=x", true),
            ("a=b; SPRING_SECURITY_REMEMBER_ME_COOKIE=x", false),
            ("", false),
            ("=", false),
        ] {
            assert_eq!(sets_ours(line.as_bytes()), ours, "{line:?}");
        }
    }

    #[test]
    fn basic_is_found_among_other_challenges() {
        for (line, asks) in [
            ("Basic", true),
            ("basic realm=\"a\"", true),
            ("BASIC\trealm=a", true),
            ("Bearer, Basic", true),
            ("Digest realm=\"x\", nonce=\"y\" , Basic realm=\"z\"", true),
            ("Bearer realm=\"a\\\\\", Basic realm=\"b\"", true),
            ("Bearer realm=\"a, Basic b\"", false),
            ("Bearer realm=\"a\\\", Basic b\"", false),
            ("Basically", false),
            ("Bearer scope=basic", false),
            ("", false),
        ] {
            assert_eq!(asks_for_basic(line.as_bytes()), asks, "{line}");
        }
    }
}
