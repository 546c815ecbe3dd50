//! Who an address or a certificate stands for, by `[[identity]]` (decision 9).
//!
//! The mapping is the proof, and the configuration holds it: nothing but the account's and the user's present state is
//! compared, and what was found is kept with the mapping itself.

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};
use doorward_core::address::folded;
use doorward_core::certificate::ClientCertificate;
use doorward_core::identity::{AuthMethod, CredentialKind, Identity};
use doorward_core::time::Timestamp;
use doorward_store::StoreError;

use super::{IdentityRule, Mapped};
use crate::engine::Inner;
use crate::present::Live;

/// A rule and what it was last found to mean.
pub(crate) struct Mapping {
    by: Mapped,
    pub(crate) identity: Arc<Identity>,
    live: ArcSwapOption<Live>,
}

impl Mapping {
    pub(crate) fn new(rule: IdentityRule) -> Self {
        let method = match rule.by {
            Mapped::Ip(_) => AuthMethod::Address,
            Mapped::CertSan(_) => AuthMethod::Certificate,
        };
        let identity = Identity {
            account: rule.account,
            user: rule.user,
            home: rule.account,
            home_user: rule.user,
            method,
            credential: CredentialKind::Mapping,
            factors: Vec::new(),
            impersonator: None,
            switch_to: None,
            token: None,
            rests_on: Vec::new(),
        };
        Self {
            by: rule.by,
            identity: Arc::new(identity),
            live: ArcSwapOption::empty(),
        }
    }

    /// Whether the address is one of the rule's.
    pub(crate) fn has_address(&self, client: IpAddr) -> bool {
        let client = folded(client);
        matches!(&self.by, Mapped::Ip(nets) if nets.iter().any(|net| net.contains(&client)))
    }

    /// Whether the certificate has the rule's name.
    pub(crate) fn has_certificate(&self, certificate: Option<&ClientCertificate>) -> bool {
        matches!((&self.by, certificate), (Mapped::CertSan(san), Some(found)) if found.holds(san))
    }
}

impl Inner {
    /// Whom a mapping stands for now; `None` when the account or the user is gone or switched off.
    pub(crate) async fn live_mapping(
        &self,
        mapping: &Mapping,
        now: Timestamp,
    ) -> Result<Option<Guard<Arc<Live>>>, StoreError> {
        if let Some(live) = mapping.live.load_full()
            && live.holds_at(self.live.epoch(), now)
        {
            return Ok(Some(Guard::from_inner(live)));
        }
        let joined = Box::pin(self.join(&mapping.identity, None, now)).await?;
        let joined = joined.map(Arc::new);
        mapping.live.store(joined.clone());
        Ok(joined.map(Guard::from_inner))
    }
}
