//! What an operator can set about the wire.

use std::time::Duration;

use doorward_core::id::AccountId;
use ipnet::IpNet;

/// What an operator can set about the wire, already checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Peers whose `X-Forwarded-For` and `-Proto` are believed (decision 36).
    pub trusted_proxies: Vec<IpNet>,
    /// Whether credentials over plain HTTP from other machines are looked at (decision 40).
    pub allow_plaintext: bool,
    /// The Crossbar dialect; `None` when it is off.
    pub crossbar: Option<Crossbar>,
    /// The Funnelback dialect; `None` when it is off.
    pub funnelback: Option<Funnelback>,
}

/// The Funnelback dialect's part.
#[derive(Debug, Clone)]
pub struct Funnelback {
    /// Hosts it answers on; empty for all.
    pub hosts: Vec<String>,
    /// The account whose users sign in.
    pub account: AccountId,
    /// Life of a token.
    pub token_lifetime: Duration,
    /// `SameSite` of the cookie.
    pub same_site: SameSite,
    /// Whether the admin API takes Basic.
    pub admin_basic: bool,
}

/// `SameSite` of a cookie (RFC 6265bis section 4.1.2.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameSite {
    /// Links from other sites carry it.
    Lax,
    /// Nothing from other sites does.
    Strict,
}

impl Funnelback {
    /// With the defaults: two weeks, `Lax`, no Basic on the admin API.
    #[must_use]
    pub const fn new(account: AccountId) -> Self {
        Self {
            hosts: Vec::new(),
            account,
            token_lifetime: Duration::from_hours(14 * 24),
            same_site: SameSite::Lax,
            admin_basic: false,
        }
    }
}

/// The Crossbar dialect's part.
#[derive(Debug, Clone)]
pub struct Crossbar {
    /// Hosts it answers on; empty for all.
    pub hosts: Vec<String>,
    /// The account of sign-ins that name none.
    pub account: Option<AccountId>,
    /// Whether `/v1` is an alias of `/v2`; otherwise it is gone.
    pub v1: bool,
    /// Largest body, in bytes.
    pub max_body: u64,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// Nouns below an account that are somebody else's: their requests are checked here and passed on.
    pub foreign: Vec<String>,
    /// The language of users and accounts that say none.
    pub language: String,
}

impl Default for Crossbar {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            account: None,
            v1: true,
            max_body: 8_000_000,
            body_timeout: Duration::from_secs(30),
            foreign: Vec::new(),
            language: "en-US".to_owned(),
        }
    }
}
