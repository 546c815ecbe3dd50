//! The one question, answered (decision 23).

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::Guard;
use doorward_core::account::Account;
use doorward_core::credential::Presented;
use doorward_core::id::AccountId;
use doorward_core::right::{Caller, Right, Target, holds, may_reach};
use doorward_core::secret::SecretText;
use doorward_core::tree::{Position, position};
use doorward_store::StoreError;

use crate::check::{Ground, via};
use crate::engine::Inner;
use crate::metrics::Outcome;
use crate::present::Live;
use crate::source::monotonic;
use crate::{AccountFacts, Decision, Engine, Permit, Reason, Refusal, Request, Resource, Trace};

impl Engine {
    /// Who is asking, and may they? Every door and every management resource asks here.
    ///
    /// Warm, this takes no lock, no slow hash and no look at the store. In doubt it denies.
    pub async fn decide(&self, request: &Request<'_>, trace: &mut Trace) -> Decision {
        let started = monotonic();
        let decision = self.0.decide(request, trace).await;
        let took = monotonic().saturating_sub(started);
        self.0
            .metrics
            .decided(via(request.presented), outcome(&decision), took);
        decision
    }

    /// A permit for the holder of a token as such, whatever it may do: for `tokeninfo`, where the token is the
    /// question and not the caller's credential.
    pub async fn decide_for_token(&self, token: &SecretText, client: IpAddr) -> Decision {
        let presented = Presented::Token {
            token: token.clone(),
            account: None,
        };
        let resource = Resource {
            right: Right::Authenticated,
            account: None,
            user: None,
        };
        self.decide(
            &Request {
                presented: &presented,
                client,
                resource,
            },
            &mut Trace::off(),
        )
        .await
    }

    /// What an account's place in the tree says about it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn facts(&self, account: &Account) -> Result<AccountFacts, StoreError> {
        let above = self.0.live.ancestors(account).await?;
        let root = above.last().map_or(account.id, |root| root.id);
        let reseller = above
            .iter()
            .find(|account| account.reseller)
            .map_or(root, |reseller| reseller.id);
        Ok(AccountFacts {
            reseller,
            is_master: account.parent.is_none(),
        })
    }

    /// Whether the caller may also change what affects others (decision 2); for operations whose right is
    /// held by people who may change themselves only.
    #[must_use]
    pub fn administers(&self, permit: &Permit) -> bool {
        caller(&permit.live).administers(self.0.settings.user_level)
    }
}

impl Inner {
    async fn decide(self: &Arc<Self>, request: &Request<'_>, trace: &mut Trace) -> Decision {
        let now = self.clock.now();
        if self.health.is_lost() {
            trace.step("the store has been silent for longer than the grace");
            return Decision::Unavailable;
        }
        let live = match self
            .authenticate(request.presented, Ground::Management, request.client, now)
            .await
        {
            Ok(live) => live,
            Err(unproven) => {
                trace.step("what was presented proves nobody");
                return unproven.into();
            }
        };
        trace.step("it is known who is asking");
        if let Some(lock) = live.lock {
            trace.step("the caller's account is locked");
            return Decision::Deny(Reason::Locked(lock));
        }
        match self.judge(&live, request.resource, trace).await {
            Ok(None) => Decision::Allow(permit(live, request)),
            Ok(Some(refused)) => refused,
            Err(error) => {
                tracing::warn!(%error, "the account tree could not be read");
                Decision::Unavailable
            }
        }
    }

    /// Tree, then right; `None` when both allow.
    async fn judge(
        &self,
        live: &Live,
        resource: Resource,
        trace: &mut Trace,
    ) -> Result<Option<Decision>, StoreError> {
        let position = match resource.account {
            None => None,
            Some(target) if target == live.account.id => Some(Position::Same),
            Some(target) => match self.position(live.account.id, target).await? {
                Some(position) => Some(position),
                None => return Ok(Some(Decision::Refuse(Refusal::UnknownAccount(target)))),
            },
        };
        let caller = caller(live);
        let user_level = self.settings.user_level;
        if !may_reach(&caller, position, user_level) {
            trace.step("the account in the path is outside the caller's tree");
            return Ok(Some(Decision::Deny(Reason::OutsideTree)));
        }
        let target = Target {
            position,
            user: resource.user,
        };
        if !holds(&caller, resource.right, &target, user_level) {
            trace.step("the caller lacks the right");
            return Ok(Some(Decision::Deny(Reason::MissingRight)));
        }
        trace.step("the caller holds the right");
        Ok(None)
    }

    /// Where `target` stands, seen from `origin`; `None` when there is no such account.
    pub(crate) async fn position(
        &self,
        origin: AccountId,
        target: AccountId,
    ) -> Result<Option<Position>, StoreError> {
        match self.live.known_position(origin, target) {
            Some(position) => Ok(Some(position)),
            None => Box::pin(self.position_from_store(origin, target)).await,
        }
    }

    async fn position_from_store(
        &self,
        origin: AccountId,
        target: AccountId,
    ) -> Result<Option<Position>, StoreError> {
        let Some(account) = self.live.account(target).await? else {
            return Ok(None);
        };
        let above = self.live.ancestors(&account).await?;
        let above = above.iter().map(|account| account.id);
        Ok(Some(position(origin, target, above)))
    }
}

fn caller(live: &Live) -> Caller {
    Caller {
        user: live.user.as_ref().map(|user| (user.id, user.level)),
        superduper: live.account.superduper,
    }
}

fn permit(live: Guard<Arc<Live>>, request: &Request<'_>) -> Permit {
    Permit {
        live,
        client: request.client,
        resource: request.resource,
    }
}

pub(crate) const fn outcome<P>(decision: &Decision<P>) -> Outcome {
    match decision {
        Decision::Allow(_) => Outcome::Allow,
        Decision::Challenge => Outcome::Challenge,
        Decision::Deny(_) => Outcome::Deny,
        Decision::Throttle(_) => Outcome::Throttle,
        Decision::Unavailable => Outcome::Unavailable,
        Decision::Refuse(_) => Outcome::Refuse,
    }
}
