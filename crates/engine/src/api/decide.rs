//! The question about guarded APIs: the request's one form, the route, the credential, the identity, the policy.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use arc_swap::Guard;
use doorward_core::api::{Accept, AcceptMethod, Api, Dialect};
use doorward_core::credential::{Presented, place};
use doorward_core::id::{AccountId, UserId};
use doorward_core::request::{Canonical, Leniency, Refused, Target};
use doorward_core::route::{Found, Table};
use doorward_store::StoreError;
use http::Method;

use super::accept::{Evidence, Met, is_asked_for};
use super::counts::Shown;
use super::cross_site::may_be_foreign;
use super::guarding::Guarding;
use super::{Inquiry, Passage, Verdict};
use crate::check::Ground;
use crate::decide::outcome;
use crate::engine::Inner;
use crate::present::Live;
use crate::source::monotonic;
use crate::{Decision, Engine, Reason, Refusal, Trace};

/// What is looked at where nobody claims the path.
static TOKENS: LazyLock<Accept> = LazyLock::new(tokens);

#[expect(clippy::expect_used, reason = "one method is something to accept")]
fn tokens() -> Accept {
    Accept::new(vec![vec![AcceptMethod::Token]]).expect("a method")
}

/// Leave, before it is joined with the request it was given for.
pub(super) struct Leave {
    pub(super) who: Option<Guard<Arc<Live>>>,
    pub(super) method: AcceptMethod,
}

/// A decision and what is counted and recorded about it.
pub(super) struct Ruling<'g> {
    pub(super) api: Option<&'g Arc<Api>>,
    pub(super) shown: Shown,
    /// Whether it was the remember-me cookie.
    by_cookie: bool,
    /// Who asked, as far as it was proven.
    pub(super) caller: Option<(AccountId, Option<UserId>)>,
    pub(super) decision: Decision<Leave>,
}

/// Which table a request is looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    /// What is let through goes on to an upstream.
    Guarded,
    /// What is let through is answered by ourselves.
    Own,
}

impl Which {
    /// The table that settles a request's dialect, and whether nobody claims the request: on ground of our own that is
    /// refused in that ground's way.
    fn table<'g>(self, guarding: &'g Guarding, request: &Canonical) -> (&'g Table, bool) {
        match self {
            Self::Own => (&guarding.own, false),
            Self::Guarded if guarding.table.find(request) == Found::Nothing => {
                (&guarding.own, true)
            }
            Self::Guarded => (&guarding.table, false),
        }
    }
}

/// A request between its route and its decision.
pub(super) struct Asked<'a> {
    pub(super) guarding: &'a Guarding,
    pub(super) api: &'a Arc<Api>,
    pub(super) request: &'a Canonical,
    pub(super) inquiry: &'a Inquiry<'a>,
    /// The methods there are, if the request has another one.
    pub(super) allow: Option<Vec<Method>>,
}

impl Engine {
    /// Who is asking for a guarded API, and may they? Every door asks here.
    ///
    /// Warm, this takes no lock, no slow hash and no look at the store. In doubt it denies.
    pub async fn decide_api(&self, inquiry: &Inquiry<'_>, trace: &mut Trace) -> Verdict {
        self.decide_in(Which::Guarded, inquiry, trace).await
    }

    /// The same question about what Doorward answers itself in the manner of an API.
    pub async fn decide_own(&self, inquiry: &Inquiry<'_>, trace: &mut Trace) -> Verdict {
        self.decide_in(Which::Own, inquiry, trace).await
    }

    /// Whether nothing at all has changed since leave was given, nor has its time run out: where something has, it is asked
    /// for again.
    #[must_use]
    pub fn is_current(&self, passage: &Passage) -> bool {
        let (epoch, now) = (self.0.live.epoch(), self.0.clock.now());
        let who = passage.who.as_ref();
        who.is_none_or(|live| live.holds_at(epoch, now))
    }

    async fn decide_in(&self, which: Which, inquiry: &Inquiry<'_>, trace: &mut Trace) -> Verdict {
        let started = monotonic();
        let guarding = self.0.guarding.load();
        let canonical = canonical(inquiry);
        let ruling = match &canonical {
            Ok(request) => {
                self.0
                    .rule((&guarding, which), request, inquiry, trace)
                    .await
            }
            Err(refused) => {
                trace.step("the request cannot be judged");
                Ruling::bad(None, *refused)
            }
        };
        self.conclude(&guarding, inquiry, canonical, ruling, started)
    }

    /// Counts and records what became of a request, and makes the passage if it may go on.
    pub(super) fn conclude(
        &self,
        guarding: &Guarding,
        inquiry: &Inquiry<'_>,
        canonical: Result<Canonical, Refused>,
        ruling: Ruling<'_>,
        started: Duration,
    ) -> Verdict {
        let took = monotonic().saturating_sub(started);
        let how = outcome(&ruling.decision);
        let counts = guarding.counts(ruling.api);
        counts.decided(inquiry.door, ruling.shown, how);
        self.0.metrics.decided_at(inquiry.door, took);
        let now = self.0.clock.now();
        let path = canonical.as_ref().map_or("", Canonical::path);
        self.0.recorder.note(counts, inquiry, &ruling, path, now);
        let api = ruling.api.map(Arc::clone);
        let by_cookie = ruling.by_cookie;
        let decision = ruling.decision.and_then(|leave| {
            // Nothing is let through that no API claims.
            let (Some(api), Ok(canonical)) = (&api, canonical) else {
                return Decision::Challenge;
            };
            Decision::Allow(Passage {
                who: leave.who,
                method: leave.method,
                api: Arc::clone(api),
                canonical,
                client: inquiry.client,
                extension: guarding.extension.clone(),
            })
        });
        Verdict {
            api,
            decision,
            by_cookie,
        }
    }
}

/// The one form of a request.
pub(super) fn canonical(inquiry: &Inquiry<'_>) -> Result<Canonical, Refused> {
    Canonical::new(Target {
        method: inquiry.method,
        scheme: inquiry.scheme,
        host: inquiry.authority,
        path_and_query: inquiry.path_and_query,
    })
}

/// The API that claims a request, and the methods there are if it is not with the request's own.
pub(super) fn claimant<'t>(
    table: &'t Table,
    request: &Canonical,
) -> (Option<&'t Arc<Api>>, Option<Vec<Method>>) {
    match table.find(request) {
        Found::Api(api) => (Some(api), None),
        Found::OtherMethods(apis) => (apis.first(), Some(methods(apis))),
        Found::Nothing => (None, None),
    }
}

impl<'g> Ruling<'g> {
    pub(super) fn new(api: Option<&'g Arc<Api>>, shown: Shown, decision: Decision<Leave>) -> Self {
        Self {
            api,
            shown,
            by_cookie: false,
            caller: None,
            decision,
        }
    }

    pub(super) fn bad(api: Option<&'g Arc<Api>>, refused: Refused) -> Self {
        let refusal = Refusal::BadRequest(refused);
        Self::new(api, Shown::Malformed, Decision::Refuse(refusal))
    }

    pub(super) fn note(&mut self, live: &Live) {
        self.caller = Some((live.identity.account, live.identity.user));
    }
}

impl Inner {
    async fn rule<'g>(
        self: &Arc<Self>,
        (guarding, which): (&'g Guarding, Which),
        request: &Canonical,
        inquiry: &Inquiry<'_>,
        trace: &mut Trace,
    ) -> Ruling<'g> {
        let (table, is_unclaimed) = which.table(guarding, request);
        let (api, allow) = claimant(table, request);
        trace.step(match api {
            Some(_) => "an API claims the request",
            None => "no API claims the request",
        });
        let borne = api.map_or(Leniency::default(), |api| api.leniency);
        if !borne.bears(request.oddities()) {
            trace.step("the path has an encoding that the API does not take");
            return Ruling::bad(api, Refused::Odd);
        }
        let presented = match api {
            Some(api) => place::extract(api.dialect, &api.accept, inquiry.headers),
            None => place::extract(Dialect::default(), &TOKENS, inquiry.headers),
        };
        let Ok(presented) = presented else {
            trace.step("two credentials differ");
            let refused = Decision::Refuse(Refusal::Contradiction);
            return Ruling::new(api, Shown::Malformed, refused);
        };
        let shown = Shown::of(&presented);
        if inquiry.exposed && presented.is_present() {
            trace.step("a credential came in clear from afar; it was not looked at");
            return Ruling::new(api, shown, Decision::Deny(Reason::Exposed));
        }
        let closes = api.is_some_and(|api| api.closed_in_outage);
        if self.health.is_lost() || (closes && !self.health.is_up()) {
            trace.step("the store has been silent for longer than the grace");
            return Ruling::new(api, shown, Decision::Unavailable);
        }
        let mut ruling = Ruling::new(api, shown, Decision::Challenge);
        ruling.by_cookie = presented.is_cookie();
        let decided = match api {
            None => Ok(self
                .rule_unclaimed(&mut ruling, &presented, inquiry, trace)
                .await),
            Some(api) => {
                let asked = Asked {
                    guarding,
                    api,
                    request,
                    inquiry,
                    allow,
                };
                self.rule_on(&mut ruling, &presented, asked, trace).await
            }
        };
        ruling.decision = decided.unwrap_or_else(|error: StoreError| {
            tracing::warn!(%error, "a request to a guarded API could not be decided");
            Decision::Unavailable
        });
        if is_unclaimed && matches!(ruling.decision, Decision::Allow(_)) {
            ruling.decision = Decision::Refuse(Refusal::NotFound);
        }
        ruling
    }

    /// What nobody claims is not there, but that is for holders of a token to know (decision 11).
    async fn rule_unclaimed(
        self: &Arc<Self>,
        ruling: &mut Ruling<'_>,
        presented: &Presented,
        inquiry: &Inquiry<'_>,
        trace: &mut Trace,
    ) -> Decision<Leave> {
        let now = self.clock.now();
        let known = self.authenticate(presented, Ground::Unclaimed, inquiry.client, now);
        match known.await {
            Ok(live) => {
                ruling.note(&live);
                match live.lock {
                    Some(lock) => Decision::Deny(Reason::Locked(lock)),
                    None => Decision::Refuse(Refusal::NotFound),
                }
            }
            Err(unproven) => {
                trace.step("what was presented proves nobody");
                unproven.into()
            }
        }
    }

    async fn rule_on(
        self: &Arc<Self>,
        ruling: &mut Ruling<'_>,
        presented: &Presented,
        asked: Asked<'_>,
        trace: &mut Trace,
    ) -> Result<Decision<Leave>, StoreError> {
        let (api, now) = (asked.api, self.clock.now());
        let mut bearer = None;
        if presented.is_present() {
            match self.bearer(ruling, presented, &asked, trace).await? {
                Ok(live) => bearer = Some(live),
                Err(refused) => return Ok(refused),
            }
        }
        let evidence = Evidence {
            api,
            shown: ruling.shown,
            bearer,
            client: asked.inquiry.client,
            certificate: asked.inquiry.certificate,
            now,
        };
        let (who, method) = match self.met(asked.guarding, evidence).await? {
            Met::By(who, method) => (who, method),
            Met::No => {
                trace.step("no alternative of the API is met");
                return Ok(Decision::Challenge);
            }
            Met::ButForFactor => {
                trace.step("a second factor is missing");
                return Ok(Decision::Deny(Reason::NoFactorYet));
            }
        };
        let origins = &asked.guarding.origins;
        if ruling.by_cookie && may_be_foreign(asked.request, asked.inquiry.headers, origins) {
            trace.step("a page of another site may have sent the request");
            return Ok(Decision::Deny(Reason::CrossSite));
        }
        trace.step("it is known who is asking");
        ruling.shown = Shown::Method(method);
        if let Some(live) = &who {
            ruling.note(live);
            if let Some(lock) = live.lock {
                return Ok(Decision::Deny(Reason::Locked(lock)));
            }
            self.note_use(live, asked.inquiry.client, now);
        }
        Ok(asked.judge(Leave { who, method }, self, trace))
    }

    /// Whose the credential is, if the API asks for such and takes its holder.
    async fn bearer(
        self: &Arc<Self>,
        ruling: &mut Ruling<'_>,
        presented: &Presented,
        asked: &Asked<'_>,
        trace: &mut Trace,
    ) -> Result<Result<Guard<Arc<Live>>, Decision<Leave>>, StoreError> {
        let (api, now) = (asked.api, self.clock.now());
        if !is_asked_for(api, ruling.shown) {
            trace.step("the API does not accept what was presented");
            return Ok(Err(Decision::Challenge));
        }
        let ground = Ground::Api(api.account);
        let known = self.authenticate(presented, ground, asked.inquiry.client, now);
        let live = match known.await {
            Ok(live) => live,
            Err(unproven) => {
                trace.step("what was presented proves nobody");
                return Ok(Err(unproven.into()));
            }
        };
        ruling.note(&live);
        if let Some(reason) = self.outsider(api, &live).await? {
            trace.step("the caller is not among the API's members");
            return Ok(Err(Decision::Deny(reason)));
        }
        Ok(Ok(live))
    }

    /// Why an identity does not belong to the API at all.
    async fn outsider(&self, api: &Api, live: &Live) -> Result<Option<Reason>, StoreError> {
        if let Some(lock) = live.lock {
            return Ok(Some(Reason::Locked(lock)));
        }
        let is_member = self.is_member(api, live.identity.account).await?;
        Ok((!is_member).then_some(Reason::NotMember))
    }
}

impl Asked<'_> {
    /// The method, then the permission.
    pub(super) fn judge(self, leave: Leave, inner: &Inner, trace: &mut Trace) -> Decision<Leave> {
        if let Some(allow) = self.allow {
            trace.step("the API does not know the method");
            return Decision::Refuse(Refusal::MethodNotAllowed { allow });
        }
        let demand = self.api.demand(self.request);
        if let Some(permission) = demand.permission {
            let Some(live) = &leave.who else {
                trace.step("a permission is demanded of somebody known");
                return Decision::Challenge;
            };
            let resource = demand.resource.as_deref();
            if !live
                .roles
                .iter()
                .any(|role| role.grants(permission, resource))
            {
                trace.step("no role of the caller grants what is demanded");
                return Decision::Deny(Reason::MissingPermission);
            }
        }
        if self.api.assertion && inner.keys.load().assertion().is_none() {
            trace.step("no key signs assertions");
            return Decision::Unavailable;
        }
        trace.step("the caller may");
        Decision::Allow(leave)
    }
}

/// Every method of the APIs that claim the path.
fn methods(apis: &[Arc<Api>]) -> Vec<Method> {
    let mut all = Vec::new();
    for method in apis.iter().filter_map(|api| api.methods.as_ref()).flatten() {
        if !all.contains(method) {
            all.push(method.clone());
        }
    }
    all
}
