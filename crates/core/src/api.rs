//! A guarded API as the operator declares it: `[[api]]` (decisions 5 and 9, contract.md section 3).

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, Method};

use crate::id::AccountId;
use crate::permission::Permission;
use crate::request::{Canonical, Leniency};
use crate::route::{HostPattern, PathPattern, PathPrefix};

/// Where credentials are looked for, which challenges are given and what errors look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dialect {
    /// RFC 7235 challenges and problem details (RFC 9457).
    #[default]
    Doorward,
    /// Funnelback's token header, cookie and Basic.
    Funnelback,
    /// Crossbar's places and envelope.
    Crossbar,
}

/// Whose identities pass (decision 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Members {
    /// Those of exactly the API's account.
    #[default]
    Account,
    /// Also those of accounts below it.
    Subtree,
}

/// A way of proving who one is, or a condition on how it was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AcceptMethod {
    /// Basic credentials.
    Basic,
    /// A token of ours.
    Token,
    /// An application token or an account's API key.
    AppToken,
    /// The client's address, by `[[identity]]`.
    Ip,
    /// A client certificate, by `[[identity]]`.
    Mtls,
    /// Nobody in particular.
    Anonymous,
    /// That a second factor was proven; a condition, not a method.
    Mfa,
}

/// What an API accepts: any of these, each of which is all of those.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accept(Vec<Vec<AcceptMethod>>);

/// What an `accept` cannot say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAcceptable {
    /// Nothing at all, or an empty inner list.
    #[error("an empty list accepts nothing")]
    Empty,
    /// A condition without a method that it could be a condition of.
    #[error("\"mfa\" is a condition and needs a method beside it")]
    MfaAlone,
    /// Nobody in particular and somebody at once.
    #[error("\"anonymous\" stands alone")]
    AnonymousWithOthers,
    /// Not a method.
    #[error("a method is basic, token, app_token, ip, mtls, anonymous or mfa")]
    Unknown,
}

impl AcceptMethod {
    /// Every method, in the order of contract.md section 3.
    pub const ALL: [Self; 7] = [
        Self::Basic,
        Self::Token,
        Self::AppToken,
        Self::Ip,
        Self::Mtls,
        Self::Anonymous,
        Self::Mfa,
    ];

    /// The name in the configuration and in `X-Doorward-Method`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Token => "token",
            Self::AppToken => "app_token",
            Self::Ip => "ip",
            Self::Mtls => "mtls",
            Self::Anonymous => "anonymous",
            Self::Mfa => "mfa",
        }
    }
}

impl FromStr for AcceptMethod {
    type Err = NotAcceptable;

    fn from_str(text: &str) -> Result<Self, NotAcceptable> {
        let mut all = Self::ALL.into_iter();
        all.find(|method| method.as_str() == text)
            .ok_or(NotAcceptable::Unknown)
    }
}

impl Accept {
    /// Any of these lists, each all-of.
    ///
    /// # Errors
    /// [`NotAcceptable`].
    pub fn new(any_of: Vec<Vec<AcceptMethod>>) -> Result<Self, NotAcceptable> {
        if any_of.is_empty() || any_of.iter().any(Vec::is_empty) {
            return Err(NotAcceptable::Empty);
        }
        for all_of in &any_of {
            if all_of.iter().all(|method| *method == AcceptMethod::Mfa) {
                return Err(NotAcceptable::MfaAlone);
            }
            if all_of.contains(&AcceptMethod::Anonymous) && all_of.len() > 1 {
                return Err(NotAcceptable::AnonymousWithOthers);
            }
        }
        Ok(Self(any_of))
    }

    /// The alternatives, in the operator's order.
    #[must_use]
    pub fn alternatives(&self) -> &[Vec<AcceptMethod>] {
        &self.0
    }

    /// Whether any alternative names the method; an application token passes as `token` unless it is listed
    /// apart (contract.md section 3).
    #[must_use]
    pub fn names(&self, method: AcceptMethod) -> bool {
        let listed = |method| self.0.iter().any(|all| all.contains(&method));
        listed(method) || (method == AcceptMethod::AppToken && listed(AcceptMethod::Token))
    }
}

/// A finer rule inside an API: `[[api.rule]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Methods it is about; `None` for all.
    pub methods: Option<Vec<Method>>,
    /// Paths it is about.
    pub path: PathPattern,
    /// The permission it demands.
    pub permission: Permission,
    /// The resource the permission must cover, taken from the path: the name of a capture.
    pub resource: Option<String>,
}

/// The names under which the upstream is told who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityHeaders {
    /// The account's id.
    pub account: HeaderName,
    /// The user's id.
    pub user: HeaderName,
    /// The username.
    pub username: HeaderName,
    /// How the identity was proven.
    pub method: HeaderName,
    /// Its roles, comma-separated.
    pub roles: HeaderName,
    /// The impersonator's user id.
    pub actor: HeaderName,
    /// The signed assertion.
    pub assertion: HeaderName,
}

impl Default for IdentityHeaders {
    /// `X-Doorward-…` (contract.md section 5).
    fn default() -> Self {
        Self {
            account: HeaderName::from_static("x-doorward-account"),
            user: HeaderName::from_static("x-doorward-user"),
            username: HeaderName::from_static("x-doorward-username"),
            method: HeaderName::from_static("x-doorward-method"),
            roles: HeaderName::from_static("x-doorward-roles"),
            actor: HeaderName::from_static("x-doorward-actor"),
            assertion: HeaderName::from_static("x-doorward-assertion"),
        }
    }
}

impl IdentityHeaders {
    /// Every name.
    #[must_use]
    pub const fn all(&self) -> [&HeaderName; 7] {
        [
            &self.account,
            &self.user,
            &self.username,
            &self.method,
            &self.roles,
            &self.actor,
            &self.assertion,
        ]
    }
}

/// What a request to an API demands of its caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand<'a> {
    /// The permission; `None` where an identity is enough.
    pub permission: Option<&'a Permission>,
    /// What the permission must cover, as in [`Canonical::matched`].
    pub resource: Option<String>,
}

/// A guarded API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Api {
    /// Its name: `aud` of assertions, label of metrics.
    pub name: Arc<str>,
    /// Hosts it answers on; empty for all.
    pub hosts: Vec<HostPattern>,
    /// Paths it claims.
    pub paths: Vec<PathPrefix>,
    /// Methods it claims; `None` for all.
    pub methods: Option<Vec<Method>>,
    /// The upstream's name; `None` for one that is only asked about.
    pub upstream: Option<Arc<str>>,
    /// Whose it is.
    pub account: AccountId,
    /// Who passes.
    pub members: Members,
    /// Where credentials stand.
    pub dialect: Dialect,
    /// Which are accepted.
    pub accept: Accept,
    /// The permission it demands where no rule says otherwise.
    pub permission: Option<Permission>,
    /// Finer rules; the first that matches decides.
    pub rules: Vec<Rule>,
    /// Header names for the upstream.
    pub headers: IdentityHeaders,
    /// Whether the upstream gets a signed assertion.
    pub assertion: bool,
    /// How long a stream or an upgraded connection may outlive its check.
    pub max_stream_age: Duration,
    /// Whether known callers pass while the store is silent (decision 31).
    pub closed_in_outage: bool,
    /// Which unusual paths it takes.
    pub leniency: Leniency,
}

/// How long a stream may outlive its check by default (decision 41).
const MAX_STREAM_AGE: Duration = Duration::from_hours(1);

impl Api {
    /// An API with the defaults of the configuration: it claims no path yet.
    #[must_use]
    pub fn new(name: &str, account: AccountId, accept: Accept) -> Self {
        Self {
            name: name.into(),
            hosts: Vec::new(),
            paths: Vec::new(),
            methods: None,
            upstream: None,
            account,
            members: Members::default(),
            dialect: Dialect::default(),
            accept,
            permission: None,
            rules: Vec::new(),
            headers: IdentityHeaders::default(),
            assertion: false,
            max_stream_age: MAX_STREAM_AGE,
            closed_in_outage: false,
            leniency: Leniency::default(),
        }
    }

    /// What a request demands: the first rule that matches says so, else the API itself.
    #[must_use]
    pub fn demand(&self, request: &Canonical) -> Demand<'_> {
        for rule in &self.rules {
            let methods = rule.methods.as_ref();
            if methods.is_some_and(|methods| !methods.contains(request.method())) {
                continue;
            }
            if let Some(resource) = rule
                .path
                .matches(request.matched(), rule.resource.as_deref())
            {
                return Demand {
                    permission: Some(&rule.permission),
                    resource: resource.map(str::to_owned),
                };
            }
        }
        Demand {
            permission: self.permission.as_ref(),
            resource: None,
        }
    }
}
