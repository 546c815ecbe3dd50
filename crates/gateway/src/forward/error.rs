//! What can go wrong on the way to the upstream and back: what, on which side, and whether anything was sent.

use std::error::Error;
use std::fmt;

use http::Extensions;
use hyper_util::client::legacy;

use crate::serve::BoxError;
use crate::upstream::{Cut, Nobody};

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The client's: its body broke off, or its request cannot be written down.
    Downstream,
    /// The upstream's.
    Upstream,
    /// Ours.
    Internal,
}

/// Why there is no answer of the upstream.
#[derive(Debug)]
pub struct ForwardError {
    kind: Kind,
    cause: Option<BoxError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The API names an upstream that does not exist, or one without addresses.
    Nowhere,
    /// Every address has as many requests under way as it may have.
    Busy,
    /// The connection could not be opened.
    Connect,
    /// The upstream closed before it answered, or what it said is no HTTP.
    Broken,
    /// The same on a connection that was kept from an earlier answer.
    Gone,
    /// The answer has its end in different places.
    Unsound,
    /// The client's body broke off.
    Body,
    /// The client's body paused for too long.
    Stalled,
    /// The upstream did not answer in time.
    Timeout,
    /// The upstream changed protocols although nobody asked.
    UnaskedUpgrade,
    /// The request cannot be written as HTTP/1.1.
    Unwritable,
}

impl ForwardError {
    const fn of(kind: Kind) -> Self {
        Self { kind, cause: None }
    }

    pub(crate) const fn nowhere() -> Self {
        Self::of(Kind::Nowhere)
    }

    /// Nothing happened for too long, and this side was waited for.
    pub(super) const fn timeout(side: Side) -> Self {
        Self::of(match side {
            Side::Downstream => Kind::Stalled,
            Side::Upstream | Side::Internal => Kind::Timeout,
        })
    }

    /// Two readers would see the answer's end in different places.
    pub(super) const fn unsound() -> Self {
        Self::of(Kind::Unsound)
    }

    pub(super) const fn unasked_upgrade() -> Self {
        Self::of(Kind::UnaskedUpgrade)
    }

    pub(crate) fn unwritable(cause: impl Into<BoxError>) -> Self {
        Self {
            kind: Kind::Unwritable,
            cause: Some(cause.into()),
        }
    }

    pub(crate) fn from_client(error: legacy::Error) -> Self {
        let kind = if error.is_connect() {
            Kind::Connect
        } else if is_of_the_body(&error) {
            Kind::Body
        } else if is_of_a_kept_connection(&error) {
            Kind::Gone
        } else {
            Kind::Broken
        };
        Self {
            kind,
            cause: Some(error.into()),
        }
    }

    /// Whose fault it is.
    #[must_use]
    pub const fn side(&self) -> Side {
        match self.kind {
            Kind::Body | Kind::Stalled | Kind::Unwritable => Side::Downstream,
            Kind::Nowhere | Kind::Busy => Side::Internal,
            Kind::Connect
            | Kind::Broken
            | Kind::Gone
            | Kind::Unsound
            | Kind::Timeout
            | Kind::UnaskedUpgrade => Side::Upstream,
        }
    }

    /// Whether the upstream was there, but slow.
    #[must_use]
    pub const fn is_timeout(&self) -> bool {
        matches!(self.kind, Kind::Timeout)
    }

    /// Whether the upstream has as many requests under way as it may have.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        matches!(self.kind, Kind::Busy)
    }

    /// Whether the client began to send a body and did not go on.
    #[must_use]
    pub const fn is_stalled(&self) -> bool {
        matches!(self.kind, Kind::Stalled)
    }

    /// Whether nothing of the request reached anybody.
    pub(super) const fn was_never_sent(&self) -> bool {
        matches!(self.kind, Kind::Connect)
    }

    /// Whether a connection ended that was kept: its upstream may have closed it before the request came.
    pub(super) const fn is_of_a_kept_connection(&self) -> bool {
        matches!(self.kind, Kind::Gone)
    }

    /// Whether the next request had better ask elsewhere.
    pub(super) const fn is_about_the_address(&self) -> bool {
        matches!(self.kind, Kind::Connect | Kind::Timeout)
    }
}

impl From<Nobody> for ForwardError {
    fn from(nobody: Nobody) -> Self {
        Self::of(match nobody {
            Nobody::IsThere => Kind::Nowhere,
            Nobody::HasRoom => Kind::Busy,
        })
    }
}

fn is_of_a_kept_connection(error: &legacy::Error) -> bool {
    let Some(connection) = error.connect_info() else {
        return false;
    };
    let mut extras = Extensions::new();
    connection.get_extras(&mut extras);
    extras.get().is_some_and(Cut::is_kept)
}

/// hyper says that a body could not be read by a user error in the chain.
fn is_of_the_body(error: &legacy::Error) -> bool {
    let mut source: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = source {
        if error
            .downcast_ref::<hyper::Error>()
            .is_some_and(hyper::Error::is_user)
        {
            return true;
        }
        source = error.source();
    }
    false
}

impl fmt::Display for ForwardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Nowhere => "the API's upstream has no address",
            Kind::Busy => "the upstream has as many requests under way as it may have",
            Kind::Connect => "the upstream could not be reached",
            Kind::Broken | Kind::Gone => "the upstream broke off before it answered",
            Kind::Unsound => "the upstream's answer has no certain end",
            Kind::Body => "the client's body broke off",
            Kind::Stalled => "the client's body paused for too long",
            Kind::Timeout => "the upstream did not answer in time",
            Kind::UnaskedUpgrade => "the upstream changed protocols unasked",
            Kind::Unwritable => "the request cannot be passed on",
        })?;
        let mut source = self.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

impl Error for ForwardError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
