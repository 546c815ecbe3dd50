//! Guarded APIs: who is asking, and may they? One answer for every door (decisions 5, 8, 9, 11, 23).

mod accept;
mod counts;
mod cross_site;
mod decide;
mod foreign;
mod guarding;
mod headers;
mod mapped;
mod record;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::Guard;
use doorward_core::account::Account;
use doorward_core::api::{AcceptMethod, Api};
use doorward_core::certificate::ClientCertificate;
use doorward_core::identity::Identity;
use doorward_core::permission::{Role, RoleName};
use doorward_core::request::{Canonical, Scheme};
use doorward_core::user::User;
use doorward_store::{Actor, AppTokenRow};
use http::{HeaderMap, Method};

use crate::Decision;
use crate::present::Live;

pub(crate) use counts::ApiCounts;
pub(crate) use guarding::Guarding;
pub use guarding::{Extension, FunnelbackSettings, Guarded, IdentityRule, Mapped};
pub(crate) use record::Recorder;

/// A request to a guarded API, as a door received it.
#[derive(Debug)]
pub struct Inquiry<'a> {
    /// The method as sent.
    pub method: &'a Method,
    /// How the client came.
    pub scheme: Scheme,
    /// The one `Host` or `:authority`.
    pub authority: &'a str,
    /// Path and query in origin form.
    pub path_and_query: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The client's address, trusted proxies taken into account.
    pub client: IpAddr,
    /// Whether it came over plain HTTP from afar, where no credential is looked at (decision 40).
    pub exposed: bool,
    /// The client's verified certificate.
    pub certificate: Option<&'a ClientCertificate>,
    /// Which door it came to.
    pub door: Door,
}

/// The doors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Door {
    /// The reverse proxy.
    Proxy,
    /// Forward authentication with `X-Forwarded-…` headers.
    Forwarded,
    /// nginx's `auth_request`.
    Nginx,
    /// Envoy's external authorization.
    Grpc,
    /// A service of the embedding program.
    Tower,
}

impl Door {
    pub(crate) const ALL: [Self; 5] = [
        Self::Proxy,
        Self::Forwarded,
        Self::Nginx,
        Self::Grpc,
        Self::Tower,
    ];

    /// Its name in metrics and in the record of decisions.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proxy => "proxy",
            Self::Forwarded => "forwarded",
            Self::Nginx => "nginx",
            Self::Grpc => "grpc",
            Self::Tower => "tower",
        }
    }
}

/// The answer about a guarded API.
#[derive(Debug)]
pub struct Verdict {
    /// The API, which settles what a refusal looks like; `None` where nobody claims the request.
    pub api: Option<Arc<Api>>,
    /// The decision.
    pub decision: Decision<Passage>,
    /// Whether the remember-me cookie was looked at: one that is no good is taken back (funnelback.md section 5.3).
    pub by_cookie: bool,
}

/// Leave to go on to an upstream. Made by [`crate::Engine::decide_api`] and, for a resource in the Crossbar
/// dialect's tree, by [`crate::Engine::decide_foreign`] alone.
pub struct Passage {
    pub(crate) who: Option<Guard<Arc<Live>>>,
    pub(crate) method: AcceptMethod,
    pub(crate) api: Arc<Api>,
    pub(crate) canonical: Canonical,
    pub(crate) client: IpAddr,
    pub(crate) extension: Option<Extension>,
}

impl Passage {
    /// Who is asking; `None` for anonymous callers.
    #[must_use]
    pub fn identity(&self) -> Option<&Arc<Identity>> {
        self.who.as_ref().map(|live| &live.identity)
    }

    /// The caller's account.
    #[must_use]
    pub fn account(&self) -> Option<&Arc<Account>> {
        self.who.as_ref().map(|live| &live.account)
    }

    /// The caller's user, if it is one.
    #[must_use]
    pub fn user(&self) -> Option<&Arc<User>> {
        self.who.as_ref().and_then(|live| live.user.as_ref())
    }

    /// The caller's roles.
    #[must_use]
    pub fn roles(&self) -> &[RoleName] {
        self.who
            .as_ref()
            .map_or(&[], |live| live.role_names.as_slice())
    }

    /// What these roles are.
    #[must_use]
    pub fn held(&self) -> &[Role] {
        self.who.as_ref().map_or(&[], |live| live.roles.as_slice())
    }

    /// The application token the caller is, if it is one.
    #[must_use]
    pub fn app_token(&self) -> Option<&Arc<AppTokenRow>> {
        self.who.as_ref().and_then(|live| live.app_token.as_ref())
    }

    /// Who a change made on behalf of this request is written down to.
    #[must_use]
    pub fn actor(&self, request_id: &str) -> Actor {
        let identity = self.identity();
        Actor {
            account: identity.map(|identity| identity.account),
            user: identity.and_then(|identity| identity.user),
            credential: identity.and_then(|identity| identity.app_token()),
            impersonator: identity.and_then(|identity| Some(identity.impersonator?.user)),
            request_id: Some(request_id.to_owned()),
            address: Some(self.client),
        }
    }

    /// How the caller proved who it is.
    #[must_use]
    pub const fn method(&self) -> AcceptMethod {
        self.method
    }

    /// The API.
    #[must_use]
    pub const fn api(&self) -> &Arc<Api> {
        &self.api
    }

    /// The request in the form in which it was judged; this one is forwarded.
    #[must_use]
    pub const fn canonical(&self) -> &Canonical {
        &self.canonical
    }

    /// The client's address.
    #[must_use]
    pub const fn client(&self) -> IpAddr {
        self.client
    }

    /// What a door kept with the table by which the request was judged: [`Guarded::extension`].
    #[must_use]
    pub const fn extension(&self) -> Option<&Extension> {
        self.extension.as_ref()
    }
}

impl fmt::Debug for Passage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passage")
            .field("api", &self.api.name)
            .field("identity", &self.identity())
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}
