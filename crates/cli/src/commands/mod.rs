//! One file per command, each a recipe: open, do, print.

mod account;
mod account_list;
mod app_token;
mod audit;
mod backup;
mod config;
mod decisions;
#[cfg(feature = "demo")]
mod demo;
mod init;
mod key;
mod pages;
mod phone_number;
mod restore;
mod role;
mod serve;
mod token;
mod user;
mod verifiers;

use std::pin::Pin;

use self::pages::Pages;
use crate::args::Command;
use crate::fail::Outcome;

/// Does what the command line asks for.
pub(crate) async fn run(command: Command) -> Outcome {
    // Boxed, because the largest of them would otherwise be the size of all.
    let work: Pin<Box<dyn Future<Output = Outcome>>> = match command {
        Command::Init(args) => Box::pin(init::run(args)),
        Command::Serve(args) => Box::pin(serve::run(args)),
        Command::Account(args) => Box::pin(account::run(args)),
        Command::User(args) => Box::pin(user::run(args)),
        Command::PhoneNumber(args) => Box::pin(phone_number::run(args)),
        Command::Role(args) => Box::pin(role::run(args)),
        Command::AppToken(args) => Box::pin(app_token::run(args)),
        Command::Key(args) => Box::pin(key::run(args)),
        Command::Token(args) => Box::pin(token::run(args)),
        Command::Audit(args) => Box::pin(audit::run(args)),
        Command::Decisions(args) => Box::pin(decisions::run(args)),
        Command::Config(args) => Box::pin(config::run(args)),
        Command::Verifiers(args) => Box::pin(verifiers::run(args)),
        Command::Backup(args) => Box::pin(backup::run(args)),
        Command::Restore(args) => Box::pin(restore::run(args)),
        #[cfg(feature = "demo")]
        Command::Demo(args) => Box::pin(demo::run(args)),
    };
    work.await
}
