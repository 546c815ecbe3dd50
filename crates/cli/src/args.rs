//! The command line.

mod account;
mod app_token;
mod audit;
mod complaint;
mod decisions;
mod phone_number;
mod role;
mod user;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use account::{Account, AccountChanges, AccountList, BasicDigest, OneAccount, YesNo};
pub(crate) use app_token::{AppToken, AppTokenCreate, OneAppToken};
pub(crate) use audit::Audit;
pub(crate) use complaint::complaint;
pub(crate) use decisions::Decisions;
pub(crate) use phone_number::{OneNumber, PhoneNumber};
pub(crate) use role::{OneRole, Role, RoleSet};
pub(crate) use user::{AboutUser, Level, OneUser, User, UserCreate, UserSet};

/// Who is asking, and may they: an API authentication server in one binary.
#[derive(Debug, Parser)]
#[command(
    name = "doorward",
    version,
    disable_help_subcommand = true,
    arg_required_else_help = true
)]
#[command(after_help = "Begin with `doorward demo`, or with `doorward init --help`.")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create the data folder, the master key, the root account and its first admin
    Init(Init),
    /// Serve until SIGTERM or SIGINT; SIGHUP reads the configuration again
    Serve(Serve),
    /// Accounts: list, show, create, change, delete
    #[command(subcommand, arg_required_else_help = true)]
    Account(Account),
    /// Users of an account: list, show, create, change, delete
    #[command(subcommand, arg_required_else_help = true)]
    User(User),
    /// Phone numbers of accounts: list, show, assign, release
    #[command(subcommand, arg_required_else_help = true)]
    PhoneNumber(PhoneNumber),
    /// Roles of guarded APIs: list, show, set, delete
    #[command(subcommand, arg_required_else_help = true)]
    Role(Role),
    /// Application tokens: list, create, clone for rotation, revoke
    #[command(subcommand, arg_required_else_help = true)]
    AppToken(AppToken),
    /// An account's API key: show or rotate
    #[command(subcommand, arg_required_else_help = true)]
    Key(Key),
    /// Tokens: inspect or revoke; exchange the keys that sign them
    #[command(subcommand, arg_required_else_help = true)]
    Token(Token),
    /// Who did what: the audit log, newest first, in pages and filtered
    Audit(Audit),
    /// What became of requests to guarded APIs: the record, newest first, in pages and filtered
    Decisions(Decisions),
    /// The configuration: check a file, show what is in force, accept a changed meaning
    #[command(subcommand, arg_required_else_help = true)]
    Config(Config),
    /// Generations of hash parameters: list, or retire the old one
    #[command(subcommand, arg_required_else_help = true)]
    Verifiers(Verifiers),
    /// Write a consistent copy of an embedded store, also while a server runs on it
    Backup(Backup),
    /// Put a backup in the place of an embedded store
    Restore(Restore),
    /// Run a complete example on this machine, with commands to paste
    #[cfg(feature = "demo")]
    Demo(Demo),
}

/// Which installation.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Place {
    /// The data folder
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// How to print.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Json {
    /// Print JSON (the default when standard output is no terminal)
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which part of a list.
#[derive(Debug, Args)]
pub(crate) struct Paging {
    /// Most rows; all of them if absent
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u32>,
    /// Go on after this one, the last of the page before
    #[arg(long, value_name = "ID")]
    pub(crate) after: Option<String>,
}

/// Where a password comes from.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct PasswordInput {
    /// Read the password from the first line of standard input
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

/// Found an installation.
#[derive(Debug, Args)]
pub(crate) struct Init {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Name of the root account
    #[arg(long, value_name = "NAME")]
    pub(crate) account_name: String,
    /// Realm of the root account, such as acme.example
    #[arg(long)]
    pub(crate) realm: String,
    /// Username of the first admin
    #[arg(long)]
    pub(crate) username: String,
    #[command(flatten)]
    pub(crate) password: PasswordInput,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Serve.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Where to listen instead of `[listen] public`: IP:PORT, unix:PATH or systemd:NAME
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
}

/// Which account's API key.
#[derive(Debug, Args)]
pub(crate) struct KeyOf {
    /// The account: id, realm or name
    #[arg(long, value_name = "A")]
    pub(crate) account: String,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// API keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Show an account's API key
    Show(KeyOf),
    /// Replace an account's API key, which ends the tokens that came from the old one
    Rotate(KeyOf),
}

/// Tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// What a token says and whether it is good
    Inspect(OneToken),
    /// Refuse a token from now on
    Revoke(OneToken),
    /// Begin to sign with a new key; what the one before signed stays good, what an older one signed does not
    RotateKey(RotateKey),
}

/// Which key is exchanged.
#[derive(Debug, Args)]
pub(crate) struct RotateKey {
    /// What the key signs
    #[arg(value_name = "PURPOSE")]
    pub(crate) purpose: RotatedKey,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Keys that are exchanged without ending anything at once.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RotatedKey {
    /// Tokens of the Funnelback dialect's sign-in
    RememberMe,
    /// Assertions for upstreams
    Assertion,
}

/// A token, given so that it does not end up in the list of processes or the shell's history.
#[derive(Debug, Args)]
pub(crate) struct OneToken {
    /// `-` to read the token from standard input, @FILE to read it from a file, or its jti
    #[arg(value_name = "TOKEN", allow_hyphen_values = true)]
    pub(crate) token: String,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// The configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Check a file and print every problem
    Check {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The data folder, to resolve accounts
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// Show what is in force and where each value came from, secrets masked
    Show {
        #[command(flatten)]
        place: Place,
    },
    /// Accounts that configuration keys name: show what they mean, or accept a new meaning
    Pin {
        /// Let this key, such as crossbar.account, mean what it resolves to now
        #[arg(long, value_name = "KEY")]
        accept: Option<String>,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        json: Json,
    },
}

/// Hash generations.
#[derive(Debug, Subcommand)]
pub(crate) enum Verifiers {
    /// List the live generations of hash parameters, newest first
    List {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        json: Json,
    },
    /// End the older generation
    Retire {
        /// Also when users still sign in with it: they will need a new password
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        json: Json,
    },
}

/// A copy of a store.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The file to write; it must not exist
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// A backup, put back.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The backup
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Let tokens of the past live on
    #[arg(long)]
    pub(crate) keep_tokens: bool,
    /// Replace the store that is there
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// The example.
#[cfg(feature = "demo")]
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Keep the example in this folder instead of a temporary one
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Play the whole tour against itself and end
    #[arg(long)]
    pub(crate) check: bool,
}
