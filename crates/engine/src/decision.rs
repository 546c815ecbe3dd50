//! The one question and its answers (decision 23).

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::Guard;
use doorward_core::account::{Account, Lock};
use doorward_core::credential::Presented;
use doorward_core::id::{AccountId, UserId};
use doorward_core::identity::Identity;
use doorward_core::request::Refused;
use doorward_core::right::Right;
use doorward_core::user::User;
use doorward_store::Actor;
use http::Method;

use crate::present::Live;

/// What is asked: somebody presents something and wants something.
#[derive(Debug)]
pub struct Request<'a> {
    /// What was presented.
    pub presented: &'a Presented,
    /// From where.
    pub client: IpAddr,
    /// For what.
    pub resource: Resource,
}

/// A management resource and what it demands.
#[derive(Debug, Clone, Copy)]
pub struct Resource {
    /// The right.
    pub right: Right,
    /// The account in the path.
    pub account: Option<AccountId>,
    /// The user in the path.
    pub user: Option<UserId>,
}

/// The answer; what it lets through with is a [`Permit`], or a [`crate::Passage`] to a guarded API.
#[derive(Debug)]
pub enum Decision<P = Permit> {
    /// Go on, with this.
    Allow(P),
    /// Nothing presented proves who is asking.
    Challenge,
    /// It is known who is asking, and the answer is no.
    Deny(Reason),
    /// Too many guesses, or too many slow hashes waiting: again after this long.
    Throttle(Duration),
    /// It cannot be decided now.
    Unavailable,
    /// The request makes no sense.
    Refuse(Refusal),
}

/// Why somebody known is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The caller's account is locked.
    Locked(Lock),
    /// The account in the path is not the caller's, nor below it.
    OutsideTree,
    /// The caller lacks the right.
    MissingRight,
    /// The caller belongs to an account whose identities the API does not take (decision 5).
    NotMember,
    /// None of the caller's roles grants what the API, or the rule of this path, demands.
    MissingPermission,
    /// The API demands a second factor, and none was proven.
    NoFactorYet,
    /// A credential came over plain HTTP from afar; it was not looked at (decision 40).
    Exposed,
    /// A page of another site may have sent it: a cookie proves who asks, and nothing says where from (funnelback.md
    /// section 5.4).
    CrossSite,
}

/// Why a request makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no such account.
    UnknownAccount(AccountId),
    /// No API claims the path; told to holders of a token only (decision 11).
    NotFound,
    /// An API claims the path, but not with this method.
    MethodNotAllowed {
        /// The methods it knows.
        allow: Vec<Method>,
    },
    /// The request line cannot be judged.
    BadRequest(Refused),
    /// Two credentials that differ.
    Contradiction,
}

/// Every word of [`Decision::code`], the most frequent one first.
const CODES: [&str; 17] = [
    "allowed",
    "unproven",
    "locked",
    "outside_tree",
    "missing_right",
    "not_member",
    "missing_permission",
    "second_factor_needed",
    "plaintext",
    "cross_site",
    "throttled",
    "unavailable",
    "unknown_account",
    "not_found",
    "method_not_allowed",
    "bad_request",
    "two_credentials",
];

impl<P> Decision<P> {
    /// The place of its word among all of them.
    pub(crate) fn ending(&self) -> u32 {
        let code = self.code();
        (0..)
            .zip(CODES)
            .find(|(_, one)| *one == code)
            .map_or(u32::MAX, |(place, _)| place)
    }

    /// The decision with another leave in it, or another decision.
    pub(crate) fn and_then<Q>(self, then: impl FnOnce(P) -> Decision<Q>) -> Decision<Q> {
        match self {
            Self::Allow(leave) => then(leave),
            Self::Challenge => Decision::Challenge,
            Self::Deny(reason) => Decision::Deny(reason),
            Self::Throttle(wait) => Decision::Throttle(wait),
            Self::Unavailable => Decision::Unavailable,
            Self::Refuse(refusal) => Decision::Refuse(refusal),
        }
    }

    /// A stable word for it: in the record of decisions, and for `X-Doorward-Reason`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Allow(_) => "allowed",
            Self::Challenge => "unproven",
            Self::Deny(Reason::Locked(_)) => "locked",
            Self::Deny(Reason::OutsideTree) => "outside_tree",
            Self::Deny(Reason::MissingRight) => "missing_right",
            Self::Deny(Reason::NotMember) => "not_member",
            Self::Deny(Reason::MissingPermission) => "missing_permission",
            Self::Deny(Reason::NoFactorYet) => "second_factor_needed",
            Self::Deny(Reason::Exposed) => "plaintext",
            Self::Deny(Reason::CrossSite) => "cross_site",
            Self::Throttle(_) => "throttled",
            Self::Unavailable => "unavailable",
            Self::Refuse(Refusal::UnknownAccount(_)) => "unknown_account",
            Self::Refuse(Refusal::NotFound) => "not_found",
            Self::Refuse(Refusal::MethodNotAllowed { .. }) => "method_not_allowed",
            Self::Refuse(Refusal::BadRequest(_)) => "bad_request",
            Self::Refuse(Refusal::Contradiction) => "two_credentials",
        }
    }
}

/// Leave to go on. Made by [`crate::Engine::decide`] alone; whoever demands one cannot forget to ask.
pub struct Permit {
    pub(crate) live: Guard<Arc<Live>>,
    pub(crate) client: IpAddr,
    pub(crate) resource: Resource,
}

impl Permit {
    /// Who is asking.
    #[must_use]
    pub fn identity(&self) -> &Arc<Identity> {
        &self.live.identity
    }

    /// The caller's account.
    #[must_use]
    pub fn account(&self) -> &Arc<Account> {
        &self.live.account
    }

    /// The caller's user, if it is one.
    #[must_use]
    pub fn user(&self) -> Option<&Arc<User>> {
        self.live.user.as_ref()
    }

    /// What was permitted.
    #[must_use]
    pub const fn resource(&self) -> &Resource {
        &self.resource
    }

    /// The client's address.
    #[must_use]
    pub const fn client(&self) -> IpAddr {
        self.client
    }

    /// The caller as the actor of a write.
    #[must_use]
    pub fn actor(&self, request_id: &str) -> Actor {
        let identity = self.identity();
        Actor {
            account: Some(identity.account),
            user: identity.user,
            credential: None,
            impersonator: identity.impersonator.map(|by| by.user),
            request_id: Some(request_id.to_owned()),
            address: Some(self.client),
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("identity", self.identity())
            .field("resource", &self.resource)
            .finish_non_exhaustive()
    }
}

/// What was looked at on the way to a decision. Costs nothing when off; Explain is the same decision
/// with it on.
#[derive(Debug, Default)]
pub struct Trace(Option<Vec<&'static str>>);

impl Trace {
    /// Records nothing.
    #[must_use]
    pub const fn off() -> Self {
        Self(None)
    }

    /// Records every step.
    #[must_use]
    pub const fn on() -> Self {
        Self(Some(Vec::new()))
    }

    /// Notes a step.
    pub(crate) fn step(&mut self, step: &'static str) {
        if let Some(steps) = &mut self.0 {
            steps.push(step);
        }
    }

    /// The steps, in order.
    #[must_use]
    pub fn steps(&self) -> &[&'static str] {
        self.0.as_deref().unwrap_or_default()
    }
}
