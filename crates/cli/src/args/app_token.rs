//! The arguments of `doorward app-token`.

use std::time::Duration;

use clap::{Args, Subcommand};
use doorward::config::parse_duration;
use doorward_core::app_token::AppTokenName;
use doorward_core::permission::RoleName;

use super::{Json, Place};

/// Application tokens: what programs prove themselves by.
#[derive(Debug, Subcommand)]
pub(crate) enum AppToken {
    /// List an account's application tokens, without their values
    List {
        /// The account: id, realm or name
        #[arg(long, value_name = "A")]
        account: String,
        /// Those of this program only
        #[arg(long, value_name = "C")]
        client: Option<AppTokenName>,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        json: Json,
    },
    /// Make an application token; its value is shown this once
    Create(AppTokenCreate),
    /// Make another one with the same roles and end, to take its place; both work until the old one is revoked
    Clone {
        #[command(flatten)]
        which: OneAppToken,
        /// The new token's name
        #[arg(long, value_name = "NAME")]
        new_name: AppTokenName,
    },
    /// Revoke an application token; the next request with it is refused
    Revoke(OneAppToken),
}

/// An application token of an account.
#[derive(Debug, Args)]
pub(crate) struct OneAppToken {
    /// The account: id, realm or name
    #[arg(long, value_name = "A")]
    pub(crate) account: String,
    /// The program it is for
    #[arg(long, value_name = "C")]
    pub(crate) client: AppTokenName,
    /// Its name among the program's tokens
    #[arg(long, value_name = "NAME")]
    pub(crate) name: AppTokenName,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// What a new application token is.
#[derive(Debug, Args)]
pub(crate) struct AppTokenCreate {
    #[command(flatten)]
    pub(crate) which: OneAppToken,
    /// A role of the account it has; repeatable; without any it may do nothing
    #[arg(long = "role", value_name = "R")]
    pub(crate) roles: Vec<RoleName>,
    /// How long it lives, such as 90d; for ever if absent
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) expires_in: Option<Duration>,
}
