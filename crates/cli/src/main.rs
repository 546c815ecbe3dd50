//! The `doorward` binary.

mod args;
mod commands;
mod data;
mod document;
mod fail;
mod master;
mod output;
mod pins;
mod prompt;
mod reload;
mod running;
mod upstreams;
mod views;
mod wiring;

use std::io::{self, Write as _};
use std::panic;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;
use rustix::fs::Mode;

use crate::args::Cli;
use crate::fail::{Fail, Outcome};

fn main() -> ExitCode {
    // What we write is nobody else's business; a file that others should reach gets its mode explicitly.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    panic::set_hook(Box::new(report_panic));
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fail) if fail.is_broken_pipe() => ExitCode::SUCCESS,
        Err(fail) => {
            complain(&fail);
            fail.code()
        }
    }
}

fn run() -> Outcome {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return help_or_complaint(&error),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Fail::new(format!("cannot start threads: {error}")))?;
    runtime.block_on(commands::run(cli.command))
}

fn help_or_complaint(error: &clap::Error) -> Outcome {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => output::text(&error.to_string()),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            complain(&error);
            Err(Fail::usage("what to do is missing"))
        }
        _ => Err(args::complaint(error)),
    }
}

fn complain(what: &dyn std::fmt::Display) {
    // When standard error cannot be written there is nobody left to tell.
    drop(writeln!(io::stderr(), "{what}"));
}

/// A mistake of ours is told in one line; its message stays out, because it may hold a value.
fn report_panic(panic: &panic::PanicHookInfo<'_>) {
    let place = panic
        .location()
        .map_or_else(String::new, |place| format!(" at {place}"));
    tracing::error!(%place, "internal error");
    complain(&format!(
        "doorward: internal error{place}; please report it"
    ));
}
