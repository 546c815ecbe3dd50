//! Shapes of what goes over the wire.

use std::net::IpAddr;

use doorward_core::route::{PathPattern, PathPrefix};
use doorward_gateway::upstream::UpstreamUrl;
use http::Uri;
use http::uri::PathAndQuery;
use ipnet::IpNet;

use super::quoted;
use crate::config::check;
use crate::config::key::Shape;

/// A host, or every host below a name.
pub(in crate::config) const HOST_PATTERN: Shape = Shape {
    takes: "host names, `\"*.example.com\"` for all below one",
    canonical: |text| {
        let (star, name) = match text.strip_prefix("*.") {
            Some(name) => ("*.", name),
            None => ("", text),
        };
        let is_address = name.starts_with('[') || name.parse::<IpAddr>().is_ok();
        if !star.is_empty() && is_address {
            return Err(format!(
                "{} is no name; an address has none below it",
                quoted(text)
            ));
        }
        check::host_name(name).map(|name| format!("{star}{name}"))
    },
};

/// The beginning of a path.
pub(in crate::config) const PATH_PREFIX: Shape = Shape {
    takes: "beginnings of paths, such as `\"/push-api/\"`",
    canonical: |text| match text.parse::<PathPrefix>() {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("{}: {error}", quoted(text))),
    },
};

/// A rule's path.
pub(in crate::config) const PATH_PATTERN: Shape = Shape {
    takes: "path: segments, `{name}` for any one, `**` at the end for the rest",
    canonical: |text| match text.parse::<PathPattern>() {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("{}: {error}", quoted(text))),
    },
};

/// A method of HTTP.
pub(in crate::config) const METHOD: Shape = Shape {
    takes: "methods, such as `\"GET\"`",
    canonical: |text| {
        let fits = |b: u8| b.is_ascii_uppercase() || b == b'-';
        if text == "CONNECT" {
            return Err("\"CONNECT\" is refused everywhere; remove it".to_owned());
        }
        if (1..=32).contains(&text.len()) && text.bytes().all(fits) {
            return Ok(text.to_owned());
        }
        let upper = text.to_ascii_uppercase();
        if upper != text && upper.bytes().all(fits) {
            return Err(format!(
                "{} is no method, for they are told apart by case; write {}",
                quoted(text),
                quoted(&upper)
            ));
        }
        Err(format!(
            "{} is no method; write one such as \"GET\"",
            quoted(text)
        ))
    },
};

/// Names and beginnings of names that identity must not travel under: what frames the message, what is
/// a credential, what others are known to write.
const TAKEN: [&str; 27] = [
    "accept",
    "authorization",
    "connection",
    "cookie",
    "cookie2",
    "date",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "max-forwards",
    "origin",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "www-authenticate",
    "x-auth-token",
    "x-method-override",
    "x-real-ip",
    "x-request-id",
    "x-doorward-otp",
    "x-doorward-peer",
    "x-security-token",
];
const TAKEN_FAMILIES: [&str; 8] = [
    "content-",
    "access-control-",
    "if-",
    "proxy-",
    "sec-",
    "x-forwarded-",
    "x-http-method",
    "x-original-",
];

/// A header that tells the upstream who is asking.
pub(in crate::config) const HEADER: Shape = Shape {
    takes: "header name",
    canonical: |text| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        let name = text.to_ascii_lowercase();
        if !(1..=64).contains(&text.len()) || !text.bytes().all(fits) || text.starts_with('-') {
            return Err(format!(
                "{} is no name for it; write 1 to 64 letters, digits and dashes",
                quoted(text)
            ));
        }
        let taken = TAKEN.contains(&name.as_str())
            || TAKEN_FAMILIES.iter().any(|family| name.starts_with(family));
        if taken {
            return Err(format!(
                "{} has a meaning of its own; choose another",
                quoted(text)
            ));
        }
        Ok(text.to_owned())
    },
};

/// Who may ask at the check listener.
pub(in crate::config) const LISTEN_PEER: Shape = Shape {
    takes: "networks (`\"10.0.0.0/8\"`) and addresses, and `\"unix:\"` for Unix sockets",
    canonical: |text| {
        if text == "unix:" {
            return Ok(text.to_owned());
        }
        if text.starts_with("unix:") {
            return Err(format!(
                "{}: whoever reaches a Unix socket is one peer; write \"unix:\"",
                quoted(text)
            ));
        }
        check::network_of(text).map(|network: IpNet| network.to_string())
    },
};

/// Where an upstream is.
pub(in crate::config) const UPSTREAM_URL: Shape = Shape {
    takes: "addresses, such as `\"http://127.0.0.1:9100\"`, `\"https://app.internal:8443\"` or \
            `\"unix:/run/app.sock\"`",
    canonical: |text| match text.parse::<UpstreamUrl>() {
        Ok(url) => Ok(url.to_string()),
        // What is refused is not repeated: somebody's password may stand before the host.
        Err(error) => Err(error.to_string()),
    },
};

/// What an upstream is asked for to see whether it is well.
pub(in crate::config) const PROBE_PATH: Shape = Shape {
    takes: "path, with a query if need be",
    canonical: |text| {
        let is_path = text.starts_with('/') && !text.contains('#');
        if is_path && text.parse::<PathAndQuery>().is_ok() {
            return Ok(text.to_owned());
        }
        Err(format!(
            "{} is no path; write one such as \"/health\"",
            quoted(text)
        ))
    },
};

/// One of our public addresses.
pub(in crate::config) const ORIGIN: Shape = Shape {
    takes: "origins, such as `\"https://id.example.com\"`",
    canonical: bare_url,
};

/// Scheme, host and port, nothing else. What is refused is not repeated: somebody's password may stand
/// before the host.
fn bare_url(text: &str) -> Result<String, String> {
    const RIGHT: &str = "write http:// or https://, a host, and a port if it is not the usual one";
    if text.contains('@') {
        return Err(format!(
            "holds a user or a password, which it must not; {RIGHT}"
        ));
    }
    let uri: Uri = text
        .parse()
        .map_err(|_| format!("{} is no such address; {RIGHT}", quoted(text)))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(format!("{} is no such address; {RIGHT}", quoted(text)));
    };
    if !["http", "https"].contains(&scheme) {
        return Err(format!("{}: neither http nor https; {RIGHT}", quoted(text)));
    }
    let host = check::host_name(authority.host())?;
    if uri.path() != "/" || uri.query().is_some() || text.contains('#') {
        return Err(format!("{} has a path; {RIGHT}", quoted(text)));
    }
    let after_host = authority
        .as_str()
        .get(authority.host().len()..)
        .unwrap_or_default();
    match (after_host, authority.port_u16()) {
        ("", _) => Ok(format!("{scheme}://{host}")),
        (_, Some(port)) if port > 0 => Ok(format!("{scheme}://{host}:{port}")),
        _ => Err(format!("{}: no such port; {RIGHT}", quoted(text))),
    }
}
