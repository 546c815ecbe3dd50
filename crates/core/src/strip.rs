//! What of a client's headers its upstream never sees: one function for every door (attacks.md S1 to S10).
//!
//! Attack: a client that sets our identity headers itself, in a spelling that the upstream reads as ours
//! (`X_Doorward_User`), or that has the proxy drop ours by naming them in `Connection`. Answer: names are
//! compared after folding case and marks, everything of that name goes first, and ours are set afterwards.

use std::collections::HashSet;
use std::fmt::Write as _;

use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::api::{AcceptMethod, Api};
use crate::credential::place::{AUTH_ACCOUNT, AUTH_TOKEN, REMEMBER_ME_COOKIE, SECURITY_TOKEN};

/// Ours alone, whatever comes behind it.
const OWN_PREFIX: &str = "x-doorward-";
/// The console's session.
const SESSION_COOKIE: &str = "__Host-doorward";

/// Fields of one hop (RFC 9110 section 7.6.1); `upgrade` and `te` are set again by whoever forwards.
const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "transfer-encoding",
    "upgrade",
];
/// They name another method than the one that was judged (attacks.md S30).
const OVERRIDES: [&str; 3] = [
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
];
/// Families that only a proxy may write (attacks.md S8).
const FORWARDED_PREFIXES: [&str; 4] = ["x-forwarded-", "x-original-", "x-rewrite-", "x-envoy-"];
/// And single names.
const FORWARDED: [&str; 6] = [
    "forwarded",
    "x-forwarded",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "true-client-ip",
];

/// Whether the peer is a proxy whose word about its client is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// It is: what it forwards stays, in its one proper spelling.
    Trusted,
    /// It is not: what it forwards goes.
    Untrusted,
}

/// Every identity header of every API, folded.
#[derive(Debug, Default)]
pub struct Names(HashSet<String>);

impl Names {
    /// The names that these APIs use: what one sets, no other's client may.
    #[must_use]
    pub fn new<'a>(apis: impl IntoIterator<Item = &'a Api>) -> Self {
        let names = apis.into_iter().flat_map(|api| api.headers.all());
        Self(names.map(|name| folded(name.as_str())).collect())
    }

    /// Whether a header is one of ours in any spelling.
    #[must_use]
    pub fn is_identity(&self, name: &HeaderName) -> bool {
        let folded = folded(name.as_str());
        folded.starts_with(OWN_PREFIX) || self.0.contains(&folded)
    }

    /// Takes everything out that the API's upstream must not see. Says how many headers of ours the client had written.
    pub fn strip(&self, headers: &mut HeaderMap, api: &Api, peer: Peer) -> usize {
        let forged = headers.keys().filter(|name| self.is_identity(name)).count();
        let listed = listed_by_connection(headers);
        let doomed: Vec<HeaderName> = headers
            .keys()
            .filter(|name| {
                self.is_identity(name) || is_doomed(name, peer) || listed.contains(name.as_str())
            })
            .cloned()
            .collect();
        for name in doomed {
            headers.remove(&name);
        }
        strip_credentials(headers, api);
        forged
    }
}

/// Lower case, and `-` for all that is neither letter nor digit: what CGI, WSGI and their kin take for one name
/// (attacks.md S7). Most fold `-` and `_` alone; lighttpd makes `_` of every mark, so `X.Doorward.User` counts too.
#[must_use]
pub fn folded(name: &str) -> String {
    let fold = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    name.chars().map(fold).collect()
}

fn is_doomed(name: &HeaderName, peer: Peer) -> bool {
    let proper = name.as_str();
    let folded = folded(proper);
    let is_forwarded = FORWARDED.contains(&folded.as_str())
        || FORWARDED_PREFIXES
            .iter()
            .any(|prefix| folded.starts_with(prefix));
    HOP_BY_HOP.contains(&folded.as_str())
        || OVERRIDES.contains(&folded.as_str())
        || (is_forwarded && (peer == Peer::Untrusted || folded != proper))
}

/// The names that `Connection` lists; framing and host are not its to take.
fn listed_by_connection(headers: &HeaderMap) -> HashSet<String> {
    let lines = headers.get_all(CONNECTION).iter();
    let names = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(|name| name.trim().to_ascii_lowercase());
    names
        .filter(|name| name != HOST.as_str() && name != CONTENT_LENGTH.as_str())
        .collect()
}

/// Credentials of ours go, wherever the dialect looked: a token works at every API, the upstream's other
/// clients included.
fn strip_credentials(headers: &mut HeaderMap, api: &Api) {
    let spellings = |wanted: &HeaderName, headers: &HeaderMap| -> Vec<HeaderName> {
        let of = |name: &&HeaderName| folded(name.as_str()) == wanted.as_str();
        headers.keys().filter(of).cloned().collect()
    };
    for wanted in [AUTH_TOKEN, AUTH_ACCOUNT, SECURITY_TOKEN] {
        for name in spellings(&wanted, headers) {
            headers.remove(&name);
        }
    }
    let takes = |method| api.accept.names(method);
    if takes(AcceptMethod::Basic) || takes(AcceptMethod::Token) || takes(AcceptMethod::AppToken) {
        headers.remove(AUTHORIZATION);
    }
    strip_cookies(headers);
}

/// Whether a cookie of this name is ours: no upstream sees it, and none sets it.
#[must_use]
pub fn is_own_cookie(name: &[u8]) -> bool {
    [REMEMBER_ME_COOKIE, SESSION_COOKIE]
        .iter()
        .any(|ours| name.trim_ascii() == ours.as_bytes())
}

/// Takes our cookies out of `Cookie` and leaves the others as they are, in one line (RFC 9113 section 8.2.3).
fn strip_cookies(headers: &mut HeaderMap) {
    let is_ours =
        |pair: &[u8]| is_own_cookie(pair.split(|b| *b == b'=').next().unwrap_or_default());
    let lines = headers.get_all(COOKIE).iter();
    let pairs = lines
        .flat_map(|line| line.as_bytes().split(|b| *b == b';'))
        .map(<[u8]>::trim_ascii)
        .filter(|pair| !pair.is_empty() && !is_ours(pair));
    let rest = pairs.collect::<Vec<_>>().join(&b"; "[..]);
    headers.remove(COOKIE);
    if !rest.is_empty()
        && let Ok(rest) = HeaderValue::from_bytes(&rest)
    {
        headers.insert(COOKIE, rest);
    }
}

/// A text as a header's value: what is not printable ASCII is percent-encoded, and `%` with it (decision 38).
#[must_use]
pub fn header_value(text: &str) -> Option<HeaderValue> {
    let mut value = String::with_capacity(text.len());
    for byte in text.bytes() {
        if matches!(byte, b' '..=b'~') && byte != b'%' {
            value.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _infallible = write!(value, "%{byte:02X}");
        }
    }
    HeaderValue::try_from(value).ok()
}

#[cfg(test)]
mod tests;
