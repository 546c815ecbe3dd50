//! One file per command, each a recipe: open, do, print.

mod account;
mod backup;
mod config;
#[cfg(feature = "demo")]
mod demo;
mod init;
mod key;
mod restore;
mod serve;
mod token;
mod user;
mod verifiers;

use crate::args::Command;
use crate::fail::Outcome;

/// Does what the command line asks for.
pub(crate) async fn run(command: Command) -> Outcome {
    match command {
        Command::Init(args) => init::run(args).await,
        Command::Serve(args) => serve::run(args).await,
        Command::Account(args) => account::run(args).await,
        Command::User(args) => user::run(args).await,
        Command::Key(args) => key::run(args).await,
        Command::Token(args) => token::run(args).await,
        Command::Config(args) => config::run(args).await,
        Command::Verifiers(args) => verifiers::run(args).await,
        Command::Backup(args) => backup::run(args).await,
        Command::Restore(args) => restore::run(args).await,
        #[cfg(feature = "demo")]
        Command::Demo(args) => demo::run(args).await,
    }
}
