//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
    /// An account's API key: show or rotate
    #[command(subcommand, arg_required_else_help = true)]
    Key(Key),
    /// Tokens: inspect or revoke
    #[command(subcommand, arg_required_else_help = true)]
    Token(Token),
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
    /// List accounts
    List {
        /// Only the accounts directly below this one
        #[arg(long, value_name = "A")]
        parent: Option<String>,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        json: Json,
    },
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

/// What clap says about a wrong command line, as one of our failures: without any value that was
/// given, because it may be a secret.
pub(crate) fn complaint(error: &clap::Error) -> crate::fail::Fail {
    use clap::error::{ContextKind, ContextValue, ErrorKind};

    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let argument = text(ContextKind::InvalidArg).unwrap_or_default();
    let one_of = text(ContextKind::ValidValue).unwrap_or_default();
    let sentence = match error.kind() {
        ErrorKind::MissingRequiredArgument => {
            format!("missing: {}", argument.replace('|', " or "))
        }
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            format!("unknown flag {argument}")
        }
        ErrorKind::UnknownArgument => "there is an argument too many".to_owned(),
        ErrorKind::InvalidSubcommand => "unknown command".to_owned(),
        ErrorKind::InvalidValue if one_of.is_empty() => format!("{argument} needs a value"),
        ErrorKind::InvalidValue => format!("{argument} is one of {one_of}"),
        ErrorKind::ArgumentConflict => format!("{argument} is given twice, or with its opposite"),
        kind => kind.to_string(),
    };
    let fail = crate::fail::Fail::usage(sentence);
    let fail = match text(ContextKind::SuggestedArg).or(text(ContextKind::SuggestedSubcommand)) {
        Some(suggestion) => fail.hint(format!("did you mean {suggestion}?")),
        None => fail,
    };
    fail.hint("see `doorward --help`, or --help behind the command")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn said(arguments: &[&str]) -> String {
        let line = ["doorward"].iter().chain(arguments);
        complaint(&Cli::try_parse_from(line).unwrap_err()).to_string()
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_wrong_command_line_is_explained_without_its_values() {
        let set = ["user", "set-password", "--account", "a", "--user", "u"];
        for (wrong, part) in [
            (vec!["hunter2"], "unknown command"),
            ([&set[..], &["hunter2"]].concat(), "an argument too many"),
            (
                [&set[..], &["--password", "hunter2"]].concat(),
                "unknown flag --password",
            ),
            (
                [&set[..], &["--password=hunter2"]].concat(),
                "unknown flag --password",
            ),
            (vec!["user", "create", "--level", "hunter2"], "--level"),
            (vec!["key", "show"], "missing: --account <A>"),
            (vec!["account", "set", "hunter2"], "missing"),
        ] {
            let said = said(&wrong);
            assert!(said.contains(part), "{wrong:?}: {said}");
            assert!(!said.contains("hunter2"), "{wrong:?}: {said}");
            assert!(said.lines().count() <= 3, "{said}");
        }
    }
}
