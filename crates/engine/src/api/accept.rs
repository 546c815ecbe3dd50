//! Which of an API's alternatives a caller satisfies (contract.md section 3).

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::Guard;
use doorward_core::api::{AcceptMethod, Api, Members};
use doorward_core::certificate::ClientCertificate;
use doorward_core::id::AccountId;
use doorward_core::time::Timestamp;
use doorward_core::tree::Position;
use doorward_store::StoreError;

use super::counts::Shown;
use super::guarding::Guarding;
use crate::engine::Inner;
use crate::present::Live;

/// Everything a caller may be known by.
pub(super) struct Evidence<'a> {
    pub(super) api: &'a Api,
    pub(super) shown: Shown,
    /// Whose the credential is, if one was presented and proven.
    pub(super) bearer: Option<Guard<Arc<Live>>>,
    pub(super) client: IpAddr,
    pub(super) certificate: Option<&'a ClientCertificate>,
    pub(super) now: Timestamp,
}

/// How an alternative was met.
pub(super) enum Met {
    /// Not at all.
    No,
    /// But for the second factor.
    ButForFactor,
    /// By this identity, proven so.
    By(Option<Guard<Arc<Live>>>, AcceptMethod),
}

/// Whether a credential shown satisfies a method: an application token passes as `token` unless it is listed apart.
fn satisfies(api: &Api, shown: Shown, method: AcceptMethod) -> bool {
    let is_apart = || {
        let mut alternatives = api.accept.alternatives().iter();
        alternatives.any(|all| all.contains(&AcceptMethod::AppToken))
    };
    match shown {
        Shown::Method(shown) if shown == method => true,
        Shown::Method(AcceptMethod::AppToken) => method == AcceptMethod::Token && !is_apart(),
        Shown::Method(_) | Shown::Malformed => false,
    }
}

/// Whether any alternative asks for what is shown; what none asks for is not even looked at.
pub(super) fn is_asked_for(api: &Api, shown: Shown) -> bool {
    let mut methods = api.accept.alternatives().iter().flatten();
    methods.any(|method| satisfies(api, shown, *method))
}

impl Inner {
    /// The first alternative that is met.
    pub(super) async fn met(
        &self,
        guarding: &Guarding,
        mut evidence: Evidence<'_>,
    ) -> Result<Met, StoreError> {
        let mut best = Met::No;
        for all in evidence.api.accept.alternatives() {
            match self.meets(guarding, all, &mut evidence).await? {
                Met::No => {}
                Met::ButForFactor => best = Met::ButForFactor,
                met @ Met::By(..) => return Ok(met),
            }
        }
        Ok(best)
    }

    /// Whether all of an alternative is there. A presented credential must be part of it: nothing is fallen back on.
    async fn meets(
        &self,
        guarding: &Guarding,
        all: &[AcceptMethod],
        evidence: &mut Evidence<'_>,
    ) -> Result<Met, StoreError> {
        let mut mapped: Option<(Guard<Arc<Live>>, AcceptMethod)> = None;
        let (mut names_bearer, mut lacks_factor) = (false, false);
        for &method in all {
            match method {
                AcceptMethod::Basic | AcceptMethod::Token | AcceptMethod::AppToken => {
                    if !satisfies(evidence.api, evidence.shown, method) {
                        return Ok(Met::No);
                    }
                    names_bearer = true;
                }
                AcceptMethod::Ip | AcceptMethod::Mtls => {
                    let agrees_with = evidence
                        .bearer
                        .as_ref()
                        .or(mapped.as_ref().map(|(live, _)| live));
                    let found = self.mapped(guarding, method, evidence, agrees_with).await?;
                    let Some(found) = found else {
                        return Ok(Met::No);
                    };
                    mapped = mapped.or(Some((found, method)));
                }
                AcceptMethod::Mfa => lacks_factor = true,
                AcceptMethod::Anonymous => {
                    let is_alone = all.len() == 1 && evidence.bearer.is_none();
                    return Ok(if is_alone {
                        Met::By(None, AcceptMethod::Anonymous)
                    } else {
                        Met::No
                    });
                }
            }
        }
        if names_bearer != evidence.bearer.is_some() || !(names_bearer || mapped.is_some()) {
            return Ok(Met::No);
        }
        if lacks_factor {
            return Ok(Met::ButForFactor);
        }
        Ok(match (evidence.bearer.take(), evidence.shown, mapped) {
            (Some(bearer), Shown::Method(method), _) => Met::By(Some(bearer), method),
            (None, _, Some((live, method))) => Met::By(Some(live), method),
            _ => Met::No,
        })
    }

    /// The first mapping of the client's address or certificate that the API takes and that agrees with who is known
    /// already.
    async fn mapped(
        &self,
        guarding: &Guarding,
        method: AcceptMethod,
        evidence: &Evidence<'_>,
        known: Option<&Guard<Arc<Live>>>,
    ) -> Result<Option<Guard<Arc<Live>>>, StoreError> {
        for mapping in &guarding.mappings {
            let fits = match method {
                AcceptMethod::Ip => mapping.has_address(evidence.client),
                _ => mapping.has_certificate(evidence.certificate),
            };
            let identity = &mapping.identity;
            let agrees = known.is_none_or(|known| {
                known.identity.account == identity.account
                    && (identity.user.is_none() || known.identity.user == identity.user)
            });
            if !fits || !agrees || !self.is_member(evidence.api, identity.account).await? {
                continue;
            }
            if let Some(live) = self.live_mapping(mapping, evidence.now).await? {
                return Ok(Some(live));
            }
        }
        Ok(None)
    }

    /// Whether identities of the account pass the API: those of its own account and, if it says so, of accounts below.
    /// Never of accounts above (decision 5).
    pub(super) async fn is_member(
        &self,
        api: &Api,
        account: AccountId,
    ) -> Result<bool, StoreError> {
        match api.members {
            _ if account == api.account => Ok(true),
            Members::Account => Ok(false),
            Members::Subtree => {
                let position = self.position(api.account, account).await?;
                Ok(position == Some(Position::Below))
            }
        }
    }
}
