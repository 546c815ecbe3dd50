//! Resources in the Crossbar dialect's tree that an upstream serves.
//!
//! Attack: a second way to such a resource that knows nothing of the tree. Answer: its APIs stand in a table of
//! their own, and only who holds the permit that the dialect's checks end with is let on by it.

use std::sync::Arc;

use doorward_core::api::{AcceptMethod, Dialect};
use doorward_core::identity::AuthMethod;
use doorward_core::request::{Canonical, Refused};
use doorward_core::right::Right;
use doorward_store::StoreError;

use super::accept::{Evidence, Met, is_asked_for};
use super::counts::Shown;
use super::decide::{Asked, Leave, Ruling, canonical, claimant};
use super::guarding::Guarding;
use super::{Inquiry, Verdict};
use crate::engine::Inner;
use crate::source::monotonic;
use crate::{Decision, Engine, Permit, Reason, Refusal, Trace};

impl Engine {
    /// May a caller whom the tree lets at the account in the path go on to the API that serves the resource?
    ///
    /// The permit must be one for [`Right::Reach`] of an account. It stands in the place of the API's `members`;
    /// what the API accepts, its methods and the rights it demands count as for any other.
    pub async fn decide_foreign(
        &self,
        inquiry: &Inquiry<'_>,
        permit: Permit,
        trace: &mut Trace,
    ) -> Verdict {
        let started = monotonic();
        let guarding = self.0.guarding.load();
        let canonical = canonical(inquiry);
        let ruling = match &canonical {
            Ok(request) => {
                let foreign = Foreign { request, inquiry };
                self.0.rule_foreign(&guarding, foreign, permit, trace).await
            }
            Err(refused) => Ruling::bad(None, *refused),
        };
        self.conclude(&guarding, inquiry, canonical, ruling, started)
    }
}

/// A request to a resource of somebody else's.
struct Foreign<'a> {
    request: &'a Canonical,
    inquiry: &'a Inquiry<'a>,
}

impl Inner {
    async fn rule_foreign<'g>(
        self: &Arc<Self>,
        guarding: &'g Guarding,
        foreign: Foreign<'_>,
        permit: Permit,
        trace: &mut Trace,
    ) -> Ruling<'g> {
        let shown = shown(&permit);
        let refused = |api, decision| Ruling::new(api, shown, decision);
        let reached = permit.resource().account;
        if permit.resource().right != Right::Reach || reached.is_none() {
            return refused(None, Decision::Deny(Reason::MissingRight));
        }
        if foreign.inquiry.exposed {
            trace.step("a credential came in clear from afar");
            return refused(None, Decision::Deny(Reason::Exposed));
        }
        let (api, allow) = claimant(&guarding.foreign, foreign.request);
        let Some(api) = api.filter(|api| api.dialect == Dialect::Crossbar) else {
            trace.step("no API claims the request");
            return refused(None, Decision::Refuse(Refusal::NotFound));
        };
        trace.step("an API claims the request");
        if !api.leniency.bears(foreign.request.oddities()) {
            return Ruling::bad(Some(api), Refused::Odd);
        }
        if api.closed_in_outage && !self.health.is_up() {
            return refused(Some(api), Decision::Unavailable);
        }
        if !is_asked_for(api, shown) {
            trace.step("the API does not accept what was presented");
            return refused(Some(api), Decision::Challenge);
        }
        let mut ruling = Ruling::new(Some(api), shown, Decision::Challenge);
        ruling.note(&permit.live);
        let asked = Asked {
            guarding,
            api,
            request: foreign.request,
            inquiry: foreign.inquiry,
            allow,
        };
        let decided = self.met_by(asked, shown, permit, trace).await;
        ruling.decision = decided.unwrap_or_else(|error| {
            tracing::warn!(%error, "a request to a foreign resource could not be decided");
            Decision::Unavailable
        });
        ruling
    }

    /// What the API accepts, then its methods and rights.
    async fn met_by(
        &self,
        asked: Asked<'_>,
        shown: Shown,
        permit: Permit,
        trace: &mut Trace,
    ) -> Result<Decision<Leave>, StoreError> {
        let evidence = Evidence {
            api: asked.api,
            shown,
            bearer: Some(permit.live),
            client: asked.inquiry.client,
            certificate: asked.inquiry.certificate,
            now: self.clock.now(),
        };
        Ok(match self.met(asked.guarding, evidence).await? {
            Met::By(who, method) => asked.judge(Leave { who, method }, self, trace),
            Met::No => Decision::Challenge,
            Met::ButForFactor => Decision::Deny(Reason::NoFactorYet),
        })
    }
}

/// The dialect takes tokens and its Basic, nothing else.
fn shown(permit: &Permit) -> Shown {
    Shown::Method(match permit.identity().method {
        AuthMethod::Basic => AcceptMethod::Basic,
        _ => AcceptMethod::Token,
    })
}
