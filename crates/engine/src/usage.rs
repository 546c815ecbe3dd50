//! When credentials were last used: kept in memory, written once a minute (decision 30).
//!
//! The warm path reads one number that changes once a minute; whoever is first in a minute notes the use.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use doorward_core::id::{AccountId, CredentialId};
use doorward_core::time::Timestamp;
use doorward_store::CredentialUse;

use crate::engine::Inner;
use crate::present::Live;

/// Uses kept until they are written; those beyond are forgotten, as being there late is all that is lost.
const KEPT: usize = 65_536;
/// Microseconds within which further uses are not noted.
const APART: i64 = 60_000_000;

/// Uses that are to be written.
#[derive(Default)]
pub(crate) struct Uses(Mutex<HashMap<(AccountId, CredentialId), CredentialUse>>);

/// When the holder of an identity was last noted.
#[derive(Debug, Default)]
pub(crate) struct LastNoted(AtomicI64);

impl LastNoted {
    /// Whether a use at this time is to be noted; says yes once a minute.
    fn is_due(&self, now: Timestamp) -> bool {
        let last = self.0.load(Ordering::Relaxed);
        let due = last == 0 || now.micros().saturating_sub(last) >= APART;
        due && self
            .0
            .compare_exchange(last, now.micros(), Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }
}

impl Inner {
    /// An identity passed: notes the use of its application token.
    pub(crate) fn note_use(&self, live: &Live, client: IpAddr, now: Timestamp) {
        let Some(token) = &live.app_token else {
            return;
        };
        if !live.last_noted.is_due(now) {
            return;
        }
        let mut uses = self.uses.0.lock().unwrap_or_else(PoisonError::into_inner);
        if uses.len() < KEPT {
            let latest = CredentialUse {
                account: token.account,
                credential: token.id,
                at: now,
                address: client,
            };
            uses.insert((token.account, token.id), latest);
        }
    }

    /// Writes down the uses that wait.
    pub(crate) async fn write_uses(&self) {
        let uses = {
            let mut uses = self.uses.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *uses)
        };
        let mut uses: Vec<CredentialUse> = uses.into_values().collect();
        // Nodes that write the same rows in orders of their own would wait for each other.
        uses.sort_unstable_by_key(|used| (used.account, used.credential));
        if let Err(error) = self.store.note_uses(&uses).await {
            tracing::warn!(%error, "uses of credentials were not written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_noted_once_a_minute() {
        let noted = LastNoted::default();
        let at = |micros| Timestamp::from_micros(micros);
        assert!(noted.is_due(at(1)));
        assert!(!noted.is_due(at(APART)));
        assert!(noted.is_due(at(APART + 1)));
        assert!(!noted.is_due(at(APART + 2)));
    }
}
