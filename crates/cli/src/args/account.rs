//! The arguments of `doorward account`.

use clap::{Args, Subcommand, ValueEnum};

use super::{Json, Paging, Place};

/// An account of an installation.
#[derive(Debug, Args)]
pub(crate) struct OneAccount {
    /// Id, realm or name
    #[arg(value_name = "A")]
    pub(crate) account: String,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum Account {
    /// List accounts: all, or those around one
    List(AccountList),
    /// Show an account
    Show(OneAccount),
    /// Create an account with its API key
    Create {
        /// As shown
        #[arg(long)]
        name: String,
        /// SIP realm; made up if absent
        #[arg(long)]
        realm: Option<String>,
        /// The account above: id, realm or name; the root if absent
        #[arg(long, value_name = "A")]
        parent: Option<String>,
        /// Custom keys: `-` to read a JSON object from standard input, @FILE to read it from a file
        #[arg(long, value_name = "JSON", allow_hyphen_values = true)]
        document: Option<String>,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        json: Json,
    },
    /// Change an account
    Set(AccountSet),
    /// Let an account in again
    Enable(OneAccount),
    /// Lock an account and everything below it out
    Disable(OneAccount),
    /// Delete an account that has none below it, with its users
    Delete(OneAccount),
    /// Hang an account under another
    Move {
        #[command(flatten)]
        which: OneAccount,
        /// The new account above: id, realm or name
        #[arg(long, value_name = "A")]
        to: String,
    },
}

/// Which accounts, and how many.
#[derive(Debug, Args)]
pub(crate) struct AccountList {
    /// Only the accounts directly below this one
    #[arg(long, value_name = "A")]
    pub(crate) parent: Option<String>,
    /// Every account below this one, each followed by what is below it
    #[arg(long, value_name = "A", conflicts_with = "parent")]
    pub(crate) below: Option<String>,
    /// The accounts above this one, topmost first
    #[arg(long, value_name = "A", conflicts_with_all = ["parent", "below", "limit", "after"])]
    pub(crate) above: Option<String>,
    #[command(flatten)]
    pub(crate) paging: Paging,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// What to change about an account.
#[derive(Debug, Args)]
pub(crate) struct AccountSet {
    #[command(flatten)]
    pub(crate) which: OneAccount,
    #[command(flatten)]
    pub(crate) change: AccountChanges,
}

/// What cannot be changed in one transaction with a phone number.
const ALONE: [&str; 6] = [
    "name",
    "realm",
    "trial_ends",
    "basic_digest",
    "reseller",
    "end_sessions",
];

/// What a document goes without.
const NOT_WITH_DOCUMENT: [&str; 8] = [
    "name",
    "realm",
    "trial_ends",
    "basic_digest",
    "reseller",
    "end_sessions",
    "phone",
    "release_phone",
];

/// At least one of these.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct AccountChanges {
    /// New name
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// New realm
    #[arg(long)]
    pub(crate) realm: Option<String>,
    /// When its trial ends, as in 2027-01-31T00:00:00Z, or never
    #[arg(long, value_name = "WHEN")]
    pub(crate) trial_ends: Option<String>,
    /// Which digest Basic compares
    #[arg(long, value_name = "DIGEST")]
    pub(crate) basic_digest: Option<BasicDigest>,
    /// Whether it is a reseller
    #[arg(long)]
    pub(crate) reseller: Option<YesNo>,
    /// Assign a phone number, as in +14155550100
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ALONE)]
    pub(crate) phone: Option<String>,
    /// Take a phone number away
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ALONE, conflicts_with = "phone")]
    pub(crate) release_phone: Option<String>,
    /// Merge a JSON object into it, where null removes a key: `-` for standard input, or @FILE
    #[arg(
        long,
        value_name = "JSON",
        allow_hyphen_values = true,
        conflicts_with_all = NOT_WITH_DOCUMENT
    )]
    pub(crate) document: Option<String>,
    /// End every token and session of the account
    #[arg(long)]
    pub(crate) end_sessions: bool,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum YesNo {
    /// Yes
    Yes,
    /// No
    No,
}

/// A digest, or the configured one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BasicDigest {
    /// MD5
    Md5,
    /// SHA-1
    Sha,
    /// As configured for the whole installation
    Default,
}
