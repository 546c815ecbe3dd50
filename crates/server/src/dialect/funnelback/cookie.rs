//! The remember-me cookie on its way out (funnelback.md sections 5.2 and 5.3). How it is read stands in
//! `doorward_core::credential::place`.

use std::net::IpAddr;

use doorward_core::credential::place::REMEMBER_ME_COOKIE;
use doorward_core::request::Scheme;
use doorward_engine::Remembered;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::settings::{Funnelback, SameSite};

/// Whether the cookie must do without `Secure`: on one's own machine there is no TLS to demand.
#[must_use]
pub fn in_clear(scheme: Scheme, client: IpAddr) -> bool {
    scheme == Scheme::Http && client.is_loopback()
}

/// The cookie for a fresh token; `None` for a token that no header can hold, of which there are none.
pub(super) fn set(
    settings: &Funnelback,
    remembered: &Remembered,
    in_clear: bool,
) -> Option<HeaderValue> {
    let same_site = match settings.same_site {
        SameSite::Lax => "Lax",
        SameSite::Strict => "Strict",
    };
    let text = format!(
        "{REMEMBER_ME_COOKIE}={}; Path=/; Max-Age={}; Expires={}; HttpOnly; SameSite={same_site}{}",
        remembered.token.expose(),
        settings.token_lifetime.as_secs(),
        remembered.expires.http_date(),
        secure(in_clear),
    );
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The cookie that takes it back.
pub(crate) fn cancel(in_clear: bool) -> HeaderValue {
    HeaderValue::from_static(if in_clear {
        "SPRING_SECURITY_REMEMBER_ME_COOKIE=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; \
         HttpOnly; SameSite=Lax"
    } else {
        "SPRING_SECURITY_REMEMBER_ME_COOKIE=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; \
         HttpOnly; SameSite=Lax; Secure"
    })
}

const fn secure(in_clear: bool) -> &'static str {
    if in_clear { "" } else { "; Secure" }
}

/// Whether a cookie of this name came along, whatever is in it.
pub(super) fn is_sent(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(COOKIE).iter();
    lines
        .flat_map(|line| line.as_bytes().split(|b| *b == b';'))
        .any(|pair| {
            pair.trim_ascii()
                .strip_prefix(REMEMBER_ME_COOKIE.as_bytes())
                .is_some_and(|rest| rest.first() == Some(&b'='))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cancelling_cookie_is_the_one_that_was_set() {
        for in_clear in [true, false] {
            let cancel = cancel(in_clear);
            let cancel = cancel.to_str().unwrap();
            assert!(cancel.starts_with(&format!("{REMEMBER_ME_COOKIE}=; Path=/; Max-Age=0;")));
            assert_eq!(cancel.ends_with("Secure"), !in_clear);
        }
    }

    #[test]
    fn a_cookie_is_found_among_others_by_its_exact_name() {
        let sent = |text: &str| {
            let headers = HeaderMap::from_iter([(COOKIE, text.parse().unwrap())]);
            is_sent(&headers)
        };
        assert!(sent("a=b; SPRING_SECURITY_REMEMBER_ME_COOKIE=x"));
        assert!(sent("SPRING_SECURITY_REMEMBER_ME_COOKIE="));
        assert!(!sent("spring_security_remember_me_cookie=x"));
        assert!(!sent("SPRING_SECURITY_REMEMBER_ME_COOKIE2=x"));
    }
}
