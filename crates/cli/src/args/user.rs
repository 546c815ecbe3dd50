//! The arguments of `doorward user`.

use clap::{Args, Subcommand, ValueEnum};
use doorward_core::permission::RoleName;

use super::{Json, Paging, PasswordInput, Place};

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    /// Administer the account and what is below
    Admin,
    /// Use the account
    User,
}

/// A user of an account of an installation.
#[derive(Debug, Args)]
pub(crate) struct OneUser {
    /// The account: id, realm or name
    #[arg(long, value_name = "A")]
    pub(crate) account: String,
    /// The user: id or username
    #[arg(long, value_name = "U")]
    pub(crate) user: String,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Users.
#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// List the users of an account
    List {
        /// The account: id, realm or name
        #[arg(long, value_name = "A")]
        account: String,
        #[command(flatten)]
        paging: Paging,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        json: Json,
    },
    /// Show a user
    Show(OneUser),
    /// Create a user
    Create(UserCreate),
    /// Change a user
    Set(UserSet),
    /// Give a user a new password, which ends its tokens
    SetPassword {
        #[command(flatten)]
        which: OneUser,
        #[command(flatten)]
        password: PasswordInput,
    },
    /// Let a user in again
    Enable(OneUser),
    /// Lock a user out and end its tokens
    Disable(OneUser),
    /// Delete a user and its credentials
    Delete(OneUser),
}

/// A new user.
#[derive(Debug, Args)]
pub(crate) struct UserCreate {
    /// The account: id, realm or name
    #[arg(long, value_name = "A")]
    pub(crate) account: String,
    /// Username, lower-cased
    #[arg(long, value_name = "U")]
    pub(crate) username: String,
    #[command(flatten)]
    pub(crate) about: AboutUser,
    /// A role at guarded APIs; repeatable
    #[arg(long = "role", value_name = "R")]
    pub(crate) roles: Vec<RoleName>,
    /// More members, custom keys among them: @FILE, or `-` for standard input, a JSON object
    #[arg(long, value_name = "JSON", allow_hyphen_values = true)]
    pub(crate) document: Option<String>,
    #[command(flatten)]
    pub(crate) password: PasswordInput,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// What to change about a user.
#[derive(Debug, Args)]
pub(crate) struct UserSet {
    #[command(flatten)]
    pub(crate) which: OneUser,
    /// New username; needs a new password, because the digests hold both
    #[arg(long)]
    pub(crate) username: Option<String>,
    #[command(flatten)]
    pub(crate) about: AboutUser,
    /// A role at guarded APIs; repeatable, and in the place of those there were
    #[arg(long = "role", value_name = "R")]
    pub(crate) roles: Vec<RoleName>,
    /// Take all roles away
    #[arg(long, conflicts_with = "roles")]
    pub(crate) no_roles: bool,
    /// Merge a JSON object into it, where null removes a key: `-` for standard input, or @FILE
    #[arg(
        long,
        value_name = "JSON",
        allow_hyphen_values = true,
        conflicts_with_all = ["username", "first_name", "last_name", "email", "level"]
    )]
    pub(crate) document: Option<String>,
    #[command(flatten)]
    pub(crate) password: PasswordInput,
}

/// What is known about a user.
#[derive(Debug, Default, Args)]
pub(crate) struct AboutUser {
    /// First name
    #[arg(long)]
    pub(crate) first_name: Option<String>,
    /// Last name
    #[arg(long)]
    pub(crate) last_name: Option<String>,
    /// Mail address
    #[arg(long)]
    pub(crate) email: Option<String>,
    /// What the user may do
    #[arg(long)]
    pub(crate) level: Option<Level>,
}
