//! Where an upstream is: `http://host:port`, `https://host:port` or `unix:PATH`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use http::Uri;
use http::uri::Authority;

/// An address of an upstream.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum UpstreamUrl {
    /// Plain HTTP over TCP.
    Http(Authority),
    /// HTTP over TLS; the certificate is always verified.
    Https(Authority),
    /// Plain HTTP over a Unix socket.
    Unix(PathBuf),
}

/// The text is no address of an upstream; says what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAnUpstream(&'static str);

impl FromStr for UpstreamUrl {
    type Err = NotAnUpstream;

    fn from_str(text: &str) -> Result<Self, NotAnUpstream> {
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.starts_with('/') {
                Ok(Self::Unix(path.into()))
            } else {
                Err(NotAnUpstream("the path of a Unix socket begins with \"/\""))
            };
        }
        let wrong = NotAnUpstream(
            "an upstream is \"http://host:port\", \"https://host:port\" or \"unix:/path\"",
        );
        let uri: Uri = text.parse().map_err(|_| wrong.clone())?;
        let of = match uri.scheme_str() {
            Some("http") => Self::Http,
            Some("https") => Self::Https,
            _ => return Err(wrong),
        };
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(NotAnUpstream("an upstream has neither path nor query"));
        }
        match uri.into_parts().authority {
            Some(authority) if authority.as_str().contains('@') => {
                Err(NotAnUpstream("an upstream has no user in its URL"))
            }
            Some(authority) => Ok(of(authority)),
            None => Err(wrong),
        }
    }
}

impl fmt::Display for UpstreamUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(authority) => write!(f, "http://{authority}"),
            Self::Https(authority) => write!(f, "https://{authority}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl UpstreamUrl {
    /// Whether it is reached over TLS.
    #[must_use]
    pub const fn is_https(&self) -> bool {
        matches!(self, Self::Https(_))
    }

    /// What a request's URI names, so that the pool knows it; the `Host` that is sent is the client's.
    pub(super) fn authority(&self) -> Authority {
        match self {
            Self::Http(authority) | Self::Https(authority) => authority.clone(),
            Self::Unix(_) => Authority::from_static("unix"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_back_as_they_are_shown() {
        for text in [
            "http://127.0.0.1:9100",
            "http://[::1]:80",
            "http://app",
            "https://app:8443",
            "https://[::1]",
            "unix:/run/app.sock",
        ] {
            assert_eq!(text.parse::<UpstreamUrl>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "app:80",
            "ftp://a",
            "http://a/b",
            "http://a?b",
            "http://u@a",
            "unix:a",
            "https://",
            "https://u@a",
            "https://a/b",
        ] {
            assert!(text.parse::<UpstreamUrl>().is_err(), "{text}");
        }
    }
}
