//! The canonical request.

use std::borrow::Cow;
use std::sync::Arc;

use http::Method;

use super::host::{self, Host};
use super::{Leniency, Refused, path};

/// Longest target that is looked at, in bytes.
pub const MAX_TARGET: usize = 8192;

/// How the client came: from the connection, or from a trusted proxy's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// In clear.
    Http,
    /// Over TLS.
    Https,
}

/// A request line with its host, as it was sent.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The method, as sent: override headers have no say (attacks.md S30).
    pub method: &'a Method,
    /// How the client came.
    pub scheme: Scheme,
    /// The one `Host` (or `:authority`), with or without port.
    pub host: &'a str,
    /// Path and query in origin form.
    pub path_and_query: &'a str,
}

/// A request in the one form in which it is judged and forwarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical {
    method: Method,
    scheme: Scheme,
    host: Host,
    path: Arc<str>,
    matched: Option<Arc<str>>,
    query: Option<Arc<str>>,
    odd: Leniency,
}

impl Canonical {
    /// Makes it, or says why not.
    ///
    /// # Errors
    /// [`Refused`]. What a route may bear is no error here: see [`Canonical::oddities`].
    pub fn new(target: Target<'_>) -> Result<Self, Refused> {
        let whole = target.path_and_query;
        if whole.len() > MAX_TARGET || !whole.starts_with('/') {
            return Err(Refused::Target);
        }
        if whole.contains('#') {
            return Err(Refused::Fragment);
        }
        let (raw, query) = match whole.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (whole, None),
        };
        if query.is_some_and(|query| !query.bytes().all(|b| b.is_ascii_graphic())) {
            return Err(Refused::Characters);
        }
        let (path, odd) = path::canonical(raw)?;
        let matched = match path::matched(&path) {
            Cow::Owned(matched) if matched != path => Some(matched.into()),
            _ => None,
        };
        Ok(Self {
            method: target.method.clone(),
            scheme: target.scheme,
            host: host::parse(target.host)?,
            path: path.into(),
            matched,
            query: query.map(Into::into),
            odd,
        })
    }

    /// The method.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// How the client came.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host in lower case, without port and without the dot of a root.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host.name
    }

    /// The port, where the client named one.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.host.port
    }

    /// The canonical path: forwarded.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The same path as patterns are compared with it: whether `:`, `@` and their kind were encoded is no matter.
    #[must_use]
    pub fn matched(&self) -> &str {
        self.matched.as_deref().unwrap_or(&self.path)
    }

    /// The query without its `?`, as sent: patterns of paths never see it (attacks.md S25).
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// What a route must bear to take this request.
    #[must_use]
    pub const fn oddities(&self) -> Leniency {
        self.odd
    }
}

#[cfg(test)]
mod tests;
