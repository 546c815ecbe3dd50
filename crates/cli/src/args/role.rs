//! The arguments of `doorward role`.

use clap::{Args, Subcommand};
use doorward_core::permission::{Permission, RoleName};

use super::{Json, Place};

/// Roles: what users may do at guarded APIs.
#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    /// List the roles of an account, those that every account has among them
    List {
        /// The account: id, realm or name
        #[arg(long, value_name = "A")]
        account: String,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        json: Json,
    },
    /// Show a role
    Show(OneRole),
    /// Add a role to an account, or replace it
    Set(RoleSet),
    /// Delete a role that no user has
    Delete(OneRole),
}

/// A role of an account.
#[derive(Debug, Args)]
pub(crate) struct OneRole {
    /// Its name
    #[arg(value_name = "ROLE")]
    pub(crate) name: RoleName,
    /// The account: id, realm or name
    #[arg(long, value_name = "A")]
    pub(crate) account: String,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// What a role grants.
#[derive(Debug, Args)]
pub(crate) struct RoleSet {
    #[command(flatten)]
    pub(crate) which: OneRole,
    /// A right it grants, such as push.write; repeatable
    #[arg(
        long = "permission",
        value_name = "P",
        required_unless_present = "everything"
    )]
    pub(crate) permissions: Vec<Permission>,
    /// Grant it on this resource only, such as one collection; repeatable
    #[arg(long = "resource", value_name = "C")]
    pub(crate) resources: Vec<String>,
    /// Grant everything
    #[arg(long, conflicts_with_all = ["permissions", "resources"])]
    pub(crate) everything: bool,
}
