//! Packages of Python, each set in a virtual environment of its own under the target folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::apt;
use crate::command::run;

/// The environment's `bin`, with these packages installed in it. `proof` is a file that is there when all is: then
/// nothing is installed again.
pub(crate) fn environment(folder: &Path, packages: &[&str], proof: &str) -> Result<PathBuf> {
    let bin = folder.join("bin");
    if folder.join(proof).exists() {
        return Ok(bin);
    }
    println!("installing {} in {}", packages.join(", "), folder.display());
    provide_python()?;
    // `--clear`: an environment that an interrupted run left half made is no use.
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(folder))?;
    run(Command::new(bin.join("python"))
        .args(["-m", "pip", "install", "--quiet"])
        .arg("--disable-pip-version-check")
        .args(packages))?;
    Ok(bin)
}

/// Debian ships Python without the module that makes virtual environments.
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
