//! The first thing a newcomer runs, with the release binary.

use std::process::Command;

use anyhow::Result;

use crate::command::{Workspace, run};
use crate::scratch::Scratch;

/// Lets the binary play its whole tour against itself, in an empty folder.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let folder = Scratch::new("demo")?;
    let binary = workspace.target.join("release").join("doorward");
    run(Command::new(binary)
        .args(["demo", "--check"])
        .current_dir(folder.path()))
}
