//! The arguments of `doorward phone-number`.

use clap::{Args, Subcommand};

use super::{Json, Place};

/// Phone numbers: each stands for an account when somebody signs in.
#[derive(Debug, Subcommand)]
pub(crate) enum PhoneNumber {
    /// List the numbers of an account
    List {
        /// The account: id, realm or name
        #[arg(long, value_name = "A")]
        account: String,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        json: Json,
    },
    /// Show whose a number is
    Show {
        /// As in +14155550100
        #[arg(value_name = "NUMBER")]
        number: String,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        json: Json,
    },
    /// Give an account a number nobody has
    Assign(OneNumber),
    /// Take a number from an account
    Release(OneNumber),
}

/// A number and an account.
#[derive(Debug, Args)]
pub(crate) struct OneNumber {
    /// As in +14155550100
    #[arg(value_name = "NUMBER")]
    pub(crate) number: String,
    /// The account: id, realm or name
    #[arg(long, value_name = "A")]
    pub(crate) account: String,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) json: Json,
}
