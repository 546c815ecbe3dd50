//! Starting other programs, and where the workspace is.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The checkout these chores are about.
pub(crate) struct Workspace {
    /// The folder of the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Where cargo puts what it builds.
    pub(crate) target: PathBuf,
    /// All that `cargo metadata` says.
    pub(crate) metadata: Value,
}

impl Workspace {
    /// Asks cargo, so that configuration and environment are respected.
    pub(crate) fn find() -> Result<Self> {
        let text = read(cargo().args(["metadata", "--format-version", "1", "--locked"]))?;
        let metadata: Value = serde_json::from_str(&text).context("reading cargo metadata")?;
        let folder = |key: &str| -> Result<PathBuf> {
            let value = metadata.get(key).and_then(Value::as_str);
            Ok(PathBuf::from(
                value.with_context(|| format!("cargo metadata has no {key}"))?,
            ))
        };
        let (root, target) = (folder("workspace_root")?, folder("target_directory")?);
        std::env::set_current_dir(&root).with_context(|| format!("entering {}", root.display()))?;
        Ok(Self {
            root,
            target,
            metadata,
        })
    }
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // A fresh clone gains nothing from incremental files, and they are large.
    if std::env::var_os("CI").is_some_and(|ci| ci == "true") {
        command.env("CARGO_INCREMENTAL", "0");
    }
    command
}

/// Shows the command, runs it with our terminal, and wants exit code 0.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    println!("$ {}", shown(command));
    let status = command
        .status()
        .with_context(|| format!("starting {}", shown(command)))?;
    if !status.success() {
        bail!("{}: {status}", shown(command));
    }
    Ok(())
}

/// Runs the command and returns what it wrote to standard output.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("starting {}", shown(command)))?;
    if !output.status.success() {
        bail!("{}: {}", shown(command), output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("reading {}", shown(command)))
}

/// The command as one would type it, near enough to read.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    std::iter::once(name)
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The program of that name in `PATH`.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_without_its_folder() {
        let mut command = Command::new("/usr/bin/cargo");
        command.args(["doc", "--no-deps"]);
        assert_eq!(shown(&command), "cargo doc --no-deps");
    }

    #[test]
    fn programs_are_found_in_the_path() {
        assert!(find_program("sh").is_some());
        assert!(find_program("no-such-program-anywhere").is_none());
    }
}
