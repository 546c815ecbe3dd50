//! The arguments of `doorward audit`.

use clap::Args;

use super::{Json, Place};

/// Which rows of the audit log, and in which order.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// Only what happened in this account: id, realm or name; the id also of a deleted one
    #[arg(long, value_name = "A")]
    pub(crate) account: Option<String>,
    /// Only what this user did or what was done to it: id, or with --account its username
    #[arg(long, value_name = "U")]
    pub(crate) user: Option<String>,
    /// Only actions that begin so, such as user or user.password
    #[arg(long, value_name = "NAME")]
    pub(crate) action: Option<String>,
    /// Not before this time, such as 2027-01-31T00:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Oldest first, instead of newest first
    #[arg(long)]
    pub(crate) oldest_first: bool,
    /// Go on after the row with this id, the last one of the page before
    #[arg(long, value_name = "ID")]
    pub(crate) after: Option<i64>,
    /// Most rows, up to 10000
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) json: Json,
}
