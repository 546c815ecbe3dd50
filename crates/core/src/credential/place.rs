//! Where a guarded API's dialect looks for credentials, and which one counts (decision 9).
//!
//! Attack: two credentials in one request, of which the check sees one and somebody else the other (attacks.md
//! S11). Answer: what decides is fixed by the dialect, there is no fallback from a bad credential to another,
//! and a header that contradicts itself is an error of the request. Neither query nor body is read here.

use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::basic::Padding;
use super::{Authorization, Basic, MAX_CREDENTIAL, Presented, TokenPlace};
use crate::api::{Accept, AcceptMethod, Dialect};
use crate::app_token::APP_TOKEN_PREFIX;

/// Crossbar's and our own token header.
pub const AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");
/// The account that a Crossbar token must belong to.
pub const AUTH_ACCOUNT: HeaderName = HeaderName::from_static("x-auth-account-id");
/// Funnelback's token header.
pub const SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-security-token");
/// Funnelback's cookie; cookie names are compared with regard to case (RFC 6265 section 5.4).
pub const REMEMBER_ME_COOKIE: &str = "SPRING_SECURITY_REMEMBER_ME_COOKIE";
/// Length of an account's API key, in hexadecimal digits.
const API_KEY_LEN: usize = 64;

/// A header that may stand once stands twice with different values, or two credentials differ: 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request presents credentials that contradict each other")]
pub struct Contradiction;

/// What a request to an API presents.
///
/// # Errors
/// [`Contradiction`].
pub fn extract(
    dialect: Dialect,
    accept: &Accept,
    headers: &HeaderMap,
) -> Result<Presented, Contradiction> {
    match dialect {
        Dialect::Doorward => doorward(headers),
        Dialect::Crossbar => crossbar(headers),
        Dialect::Funnelback => funnelback(accept.names(AcceptMethod::Basic), headers),
    }
}

/// `Authorization` and `X-Auth-Token`; two that differ contradict each other.
fn doorward(headers: &HeaderMap) -> Result<Presented, Contradiction> {
    let authorization = once(headers, &AUTHORIZATION)?;
    let token = once(headers, &AUTH_TOKEN)?;
    match (authorization, token) {
        (None, None) => Ok(Presented::Nothing),
        (Some(value), None) => Ok(authorized(value, Padding::Required)),
        (None, Some(token)) => Ok(by_shape(token)),
        (Some(value), Some(token)) => match value.to_str().map(Authorization::parse) {
            Ok(Authorization::Bearer(bearer)) if bearer.expose().as_bytes() == token.as_bytes() => {
                Ok(by_shape(token))
            }
            _ => Err(Contradiction),
        },
    }
}

/// `X-Auth-Token`, where an empty one is absent (SDKs send it), then `Authorization`.
fn crossbar(headers: &HeaderMap) -> Result<Presented, Contradiction> {
    let token = once(headers, &AUTH_TOKEN)?.filter(|token| !token.is_empty());
    let presented = match token {
        Some(token) => by_shape(token),
        None => match once(headers, &AUTHORIZATION)? {
            Some(value) => authorized(value, Padding::Required),
            None => return Ok(Presented::Nothing),
        },
    };
    let account = once(headers, &AUTH_ACCOUNT)?.filter(|account| !account.is_empty());
    Ok(match (presented, account.map(HeaderValue::to_str)) {
        (Presented::Token { token, .. }, Some(Ok(account))) => Presented::Token {
            token,
            account: Some(account.to_owned()),
        },
        (_, Some(Err(_))) => Presented::Malformed,
        (presented, _) => presented,
    })
}

/// The header, then Basic where the API takes it, then the cookie (funnelback.md section 6).
fn funnelback(takes_basic: bool, headers: &HeaderMap) -> Result<Presented, Contradiction> {
    if let Some(token) = once(headers, &SECURITY_TOKEN)? {
        return Ok(security_token(token));
    }
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let authorization = lines.next();
    if lines.next().is_some() {
        return Err(Contradiction);
    }
    let basic = authorization.filter(|value| is_basic(value));
    let cookie = remember_me(headers);
    Ok(match (basic, cookie) {
        (Some(value), _) if takes_basic => authorized(value, Padding::Optional),
        (_, Some(presented)) => presented,
        // The password is not looked at.
        (Some(_), None) => Presented::Malformed,
        (None, None) => Presented::Nothing,
    })
}

/// The one value of a header; equal lines count as one.
fn once<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'h HeaderValue>, Contradiction> {
    let mut lines = headers.get_all(name).iter();
    let first = lines.next();
    if lines.any(|line| Some(line) != first) {
        return Err(Contradiction);
    }
    Ok(first)
}

/// A value in the syntax of `Authorization`.
fn authorized(value: &HeaderValue, padding: Padding) -> Presented {
    match value.to_str().map(Authorization::parse) {
        Ok(Authorization::Bearer(token)) => token_by_shape(token.expose()),
        Ok(Authorization::Basic(token68)) => match Basic::decode_with(token68.expose(), padding) {
            Ok(basic) => basic_by_shape(basic),
            Err(_) => Presented::Malformed,
        },
        _ => Presented::Malformed,
    }
}

/// Whether the scheme is Basic, with or without anything behind it; other schemes are as if absent.
fn is_basic(value: &HeaderValue) -> bool {
    let text = value.as_bytes().trim_ascii();
    let scheme = text.split(|b| *b == b' ').next().unwrap_or_default();
    scheme.eq_ignore_ascii_case(b"basic")
}

/// Three kinds share Basic, told apart by their shape; there is no fallback from one to another.
fn basic_by_shape(basic: Basic) -> Presented {
    if let Some(account) = basic.account() {
        return Presented::AccountDigest {
            account,
            digest: basic.password,
        };
    }
    if basic.password.expose().starts_with(APP_TOKEN_PREFIX) {
        return Presented::AppToken {
            token: basic.password,
            name: Some(basic.user_id),
        };
    }
    Presented::Password {
        username: basic.user_id,
        password: basic.password,
    }
}

fn by_shape(token: &HeaderValue) -> Presented {
    token.to_str().map_or(Presented::Malformed, token_by_shape)
}

/// Tokens of ours in a header that takes any kind: what is none of the others is judged as a JWT.
fn token_by_shape(token: &str) -> Presented {
    if token.is_empty() || token.len() > MAX_CREDENTIAL {
        return Presented::Malformed;
    }
    if token.starts_with(APP_TOKEN_PREFIX) {
        return Presented::AppToken {
            token: token.into(),
            name: None,
        };
    }
    if is_api_key(token) {
        return Presented::ApiKey { key: token.into() };
    }
    Presented::Token {
        token: token.into(),
        account: None,
    }
}

fn is_api_key(token: &str) -> bool {
    token.len() == API_KEY_LEN && token.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A dot never stands in base64, and always in a JWT.
fn is_remember_me(token: &str) -> bool {
    !token.contains('.') && !token.starts_with(APP_TOKEN_PREFIX) && !is_api_key(token)
}

fn security_token(token: &HeaderValue) -> Presented {
    match token.to_str() {
        Ok(text) if is_remember_me(text) => remembered(text, TokenPlace::Header),
        _ => by_shape(token),
    }
}

fn remembered(text: &str, place: TokenPlace) -> Presented {
    if text.is_empty() || text.len() > MAX_CREDENTIAL {
        return Presented::Malformed;
    }
    Presented::RememberMe {
        token: text.into(),
        place,
    }
}

/// The cookie (funnelback.md section 5.1): it holds a remember-me token or nothing of ours. `None` when there
/// is none; several that differ are one that is no good.
fn remember_me(headers: &HeaderMap) -> Option<Presented> {
    let lines = headers.get_all(COOKIE).iter();
    let pairs = lines.flat_map(|line| line.as_bytes().split(|b| *b == b';'));
    let mut values = pairs.filter_map(cookie_value);
    let first = values.next()?;
    if values.any(|value| value != first) {
        return Some(Presented::MalformedCookie);
    }
    let text = std::str::from_utf8(first).ok();
    let text = text.filter(|text| text.bytes().all(is_cookie_octet) && is_remember_me(text));
    Some(
        match text.map(|text| remembered(text, TokenPlace::Cookie)) {
            Some(presented @ Presented::RememberMe { .. }) => presented,
            _ => Presented::MalformedCookie,
        },
    )
}

/// The value of our cookie in a `name=value`, without one pair of quotes.
fn cookie_value(pair: &[u8]) -> Option<&[u8]> {
    let value = pair
        .trim_ascii()
        .strip_prefix(REMEMBER_ME_COOKIE.as_bytes())?
        .strip_prefix(b"=")?;
    let inner = value
        .strip_prefix(b"\"")
        .and_then(|v| v.strip_suffix(b"\""));
    Some(inner.unwrap_or(value))
}

/// RFC 6265 section 4.1.1.
const fn is_cookie_octet(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}

#[cfg(test)]
mod tests;
