//! The arguments of `doorward decisions`.

use clap::Args;

use super::{Json, Place};

/// Which rows of the record of decisions, and in which order.
#[derive(Debug, Args)]
pub(crate) struct Decisions {
    /// Only what was proven to be this account: id, realm or name; the id also of a deleted one
    #[arg(long, value_name = "A")]
    pub(crate) account: Option<String>,
    /// Only about the API of this name
    #[arg(long, value_name = "NAME")]
    pub(crate) api: Option<String>,
    /// Only what ended so
    #[arg(
        long,
        value_name = "OUTCOME",
        value_parser = ["allow", "challenge", "deny", "throttle", "unavailable", "refuse"]
    )]
    pub(crate) outcome: Option<String>,
    /// Not before this time, such as 2027-01-31T00:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
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
