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
use doorward_core::right::Right;
use doorward_core::user::User;
use doorward_store::Actor;

use crate::check::Live;

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

/// The answer.
#[derive(Debug)]
pub enum Decision {
    /// Go on, with this permit.
    Allow(Permit),
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
}

/// Why a request makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no such account.
    UnknownAccount(AccountId),
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
