//! What is guarded: the table of APIs and everything beside it, swapped whole.

use std::any::Any;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use doorward_core::api::Api;
use doorward_core::certificate::San;
use doorward_core::id::{AccountId, UserId};
use doorward_core::permission::{BUILT_IN, Grants, Permission, Role};
use doorward_core::route::Table;
use ipnet::IpNet;

use super::counts::ApiCounts;
use super::mapped::Mapping;
use crate::Engine;

/// Everything the configuration says about guarded APIs.
#[derive(Debug, Default)]
pub struct Guarded {
    /// The APIs.
    pub table: Table,
    /// What Doorward answers itself in the manner of an API: [`Engine::decide_own`].
    pub own: Table,
    /// APIs inside the Crossbar dialect's tree, which only [`Engine::decide_foreign`] looks at: no door
    /// reaches them past that dialect's checks.
    pub foreign: Table,
    /// Who has which address or certificate; the first that fits an API's members counts.
    pub identities: Vec<IdentityRule>,
    /// Permissions besides the built-in ones.
    pub rights: BTreeSet<Permission>,
    /// Our public addresses, such as `https://api.example.com`: the first is `iss` of assertions, and pages of all may
    /// use cookies.
    pub origins: Vec<String>,
    /// Whose users sign in by the Funnelback dialect; `None` where it is off.
    pub funnelback: Option<FunnelbackSettings>,
    /// What a door keeps with the table and finds in each [`super::Passage`], so that both are of one configuration.
    pub extension: Option<Extension>,
}

/// Something of a door's own: its upstreams, say.
#[derive(Clone)]
pub struct Extension(Arc<dyn Any + Send + Sync>);

impl Extension {
    /// Keeps this.
    #[must_use]
    pub fn new<T: Send + Sync + 'static>(kept: Arc<T>) -> Self {
        Self(kept)
    }

    /// What is kept, if it is of this type.
    #[must_use]
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        Arc::clone(&self.0).downcast().ok()
    }
}

impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Extension")
    }
}

/// Signing in by the Funnelback dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunnelbackSettings {
    /// The account whose users sign in.
    pub account: AccountId,
    /// Life of a remember-me token.
    pub token_lifetime: Duration,
}

/// `[[identity]]`: who an address or a certificate stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityRule {
    /// The account.
    pub account: AccountId,
    /// The user; without one it has no roles.
    pub user: Option<UserId>,
    /// By what it is known.
    pub by: Mapped,
}

/// What stands for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mapped {
    /// Addresses.
    Ip(Vec<IpNet>),
    /// A name in the client's certificate.
    CertSan(San),
}

/// [`Guarded`], ready for use.
pub(crate) struct Guarding {
    pub(crate) table: Table,
    pub(crate) own: Table,
    pub(crate) foreign: Table,
    pub(crate) mappings: Vec<Mapping>,
    pub(crate) rights: BTreeSet<Permission>,
    pub(crate) origins: Vec<String>,
    pub(crate) funnelback: Option<FunnelbackSettings>,
    pub(crate) extension: Option<Extension>,
    /// Counts of each API, by where it stands in memory.
    counts: HashMap<usize, Arc<ApiCounts>>,
    /// Counts of what nobody claims.
    pub(crate) unclaimed: Arc<ApiCounts>,
}

impl Guarding {
    /// Makes it ready; what was counted under a name goes on.
    pub(crate) fn new(guarded: Guarded, before: Option<&Self>) -> Self {
        let known: HashMap<&str, &Arc<ApiCounts>> = before
            .iter()
            .flat_map(|before| before.counts.values())
            .map(|counts| (counts.name(), counts))
            .collect();
        let foreign = guarded.foreign.apis().iter();
        let counts = guarded
            .table
            .apis()
            .iter()
            .chain(guarded.own.apis())
            .chain(foreign)
            .map(|api| {
                let counts = known.get(&*api.name).map_or_else(
                    || Arc::new(ApiCounts::new(Some(Arc::clone(&api.name)))),
                    |known| Arc::clone(known),
                );
                (place(api), counts)
            })
            .collect();
        Self {
            mappings: guarded.identities.into_iter().map(Mapping::new).collect(),
            table: guarded.table,
            own: guarded.own,
            foreign: guarded.foreign,
            rights: guarded.rights,
            origins: guarded.origins,
            funnelback: guarded.funnelback,
            extension: guarded.extension,
            counts,
            unclaimed: before.map_or_else(
                || Arc::new(ApiCounts::new(None)),
                |before| Arc::clone(&before.unclaimed),
            ),
        }
    }

    /// The counts of an API of this table.
    pub(crate) fn counts(&self, api: Option<&Arc<Api>>) -> &ApiCounts {
        api.and_then(|api| self.counts.get(&place(api)))
            .unwrap_or(&self.unclaimed)
    }

    /// Everybody's counts.
    pub(crate) fn all_counts(&self) -> impl Iterator<Item = &ApiCounts> {
        self.counts
            .values()
            .chain(std::iter::once(&self.unclaimed))
            .map(Arc::as_ref)
    }
}

fn place(api: &Arc<Api>) -> usize {
    Arc::as_ptr(api).addr()
}

impl Engine {
    /// Guards these APIs from now on, and no others: requests under way end by what they began with.
    pub fn guard(&self, guarded: Guarded) {
        let before = self.0.guarding.load_full();
        let guarding = Guarding::new(guarded, Some(&before));
        self.0.guarding.store(Arc::new(guarding));
    }

    /// The permissions that roles grant on anything at all, in order.
    #[must_use]
    pub fn permissions(&self, held: &[Role]) -> Vec<Permission> {
        let built_in = BUILT_IN.iter().filter_map(|name| name.parse().ok());
        let all: BTreeSet<Permission> = built_in.chain(self.rights()).collect();
        let is_granted = |permission: &Permission| {
            held.iter().any(|role| match &role.grants {
                Grants::Everything => true,
                Grants::Some { permissions, .. } => permissions.contains(permission),
            })
        };
        all.into_iter().filter(is_granted).collect()
    }

    /// The permissions besides the built-in ones.
    pub(crate) fn rights(&self) -> BTreeSet<Permission> {
        self.0.guarding.load().rights.clone()
    }
}
