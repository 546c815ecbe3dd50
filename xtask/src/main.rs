//! The project's own chores: `cargo xtask test` is what continuous integration
//! runs, and every step of it is a command of its own.
#![expect(
    clippy::print_stdout,
    reason = "a command for developers: what it finds goes to the terminal"
)]

mod apt;
mod checklists;
mod command;
mod demo;
mod deny;
mod migrations;
mod postgres;
mod python;
mod scorecard;
mod scratch;
mod step;
mod tests;
mod walls;

use std::io;
use std::process::ExitCode;

use anyhow::Result;

use command::{Workspace, cargo, run};
use step::{Outcome, Step, Tally};

const HELP: &str = "\
Usage: cargo xtask COMMAND

  test          everything continuous integration runs, in order
  test --full   the same, then the slow tests (named full_…)
  lint          fmt, walls, checklists, clippy, deny, doc
  bench         what a check costs: benches of the engine
  scale         what pages of lists cost on a large store (minutes)
  scorecard     each attack of docs/checklists/attacks.md, and whether it was held off
  postgres      start a PostgreSQL server for tests, until Ctrl-C

One step of `test` alone:

  fmt           formatting
  walls         who may depend on whom; both migration folders alike
  checklists    every row of docs/checklists has its test
  cc            a C compiler, installed if there is none
  clippy        lints, warnings denied
  deny          licences, bans and sources of dependencies
  doc           API documentation, warnings denied
  suite         cargo test on both databases
  release       the release binary
  demo          the release binary plays its demo against itself
";

/// What continuous integration runs, in this order.
const TEST: &[Step] = &[
    FMT, WALLS, CHECKLISTS, CC, CLIPPY, DENY, DOC, SUITE, RELEASE, DEMO,
];
const LINT: &[Step] = &[FMT, WALLS, CHECKLISTS, CC, CLIPPY, DENY, DOC];

const FMT: Step = Step::new("fmt", |_| run(cargo().args(["fmt", "--all", "--check"])));
const WALLS: Step = Step::new("walls", |workspace| {
    walls::check(workspace)?;
    migrations::check(workspace)
});
const CHECKLISTS: Step = Step::new("checklists", checklists::check);
const CC: Step = Step::new("cc", |_| apt::provide_c_compiler());
const CLIPPY: Step = Step::new("clippy", |_| {
    run(cargo()
        .args(["clippy", "--workspace", "--all-targets", "--locked"])
        .args(["--", "-D", "warnings"]))
});
const DENY: Step = Step::new("deny", deny::check);
// The variable reaches rustdoc alone: nothing that rustc compiled is rebuilt.
const DOC: Step = Step::new("doc", |_| {
    run(cargo()
        .args(["doc", "--workspace", "--no-deps", "--locked"])
        .env("RUSTDOCFLAGS", "-D warnings"))
});
const SUITE: Step = Step::counting("suite", tests::ordinary);
const FULL: Step = Step::counting("full", tests::full);
const RELEASE: Step = Step::new("release", |_| {
    run(cargo().args(["build", "--release", "--locked", "--bin", "doorward"]))
});
const DEMO: Step = Step::new("demo", demo::check);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let is_green = match words.as_slice() {
        ["test"] => play(TEST),
        ["test", "--full"] => play(&[TEST, &[FULL]].concat()),
        ["lint"] => play(LINT),
        ["bench"] => told(&bench("check")),
        ["bench", "doors"] => told(&bench("doors")),
        ["scorecard"] => {
            told(&Workspace::find().and_then(|workspace| scorecard::print(&workspace)))
        }
        ["scale"] => told(&bench("scale")),
        ["postgres"] => told(&serve_postgres()),
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            true
        }
        [name] => match TEST.iter().find(|step| step.name == *name) {
            Some(step) => play(std::slice::from_ref(step)),
            None => return usage(),
        },
        _ => return usage(),
    };
    if is_green {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn bench(name: &str) -> Result<()> {
    run(cargo().args(["bench", "--workspace", "--locked", "--bench", name]))
}

/// Tells what went wrong, if anything did.
fn told(result: &Result<()>) -> bool {
    if let Err(error) = result {
        eprintln!("xtask: {error:#}");
    }
    result.is_ok()
}

fn usage() -> ExitCode {
    eprint!("{HELP}");
    ExitCode::from(2)
}

/// Plays the steps up to the first red one; `true` if all were green.
fn play(steps: &[Step]) -> bool {
    let mut tally = Tally::default();
    match Workspace::find() {
        Ok(workspace) => {
            for step in steps {
                if step.play(&workspace, &mut tally) == Outcome::Red {
                    break;
                }
            }
        }
        Err(error) => {
            println!("{error:#}");
            tally.fail();
        }
    }
    // Scripts read this last line.
    println!("{tally}");
    tally.is_green()
}

fn serve_postgres() -> Result<()> {
    let server = postgres::Server::start()?;
    println!("{}={}", postgres::URL_VARIABLE, server.url());
    println!("serving until Ctrl-C or the end of standard input");
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
