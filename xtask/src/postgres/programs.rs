//! Where PostgreSQL's programs are, and as whom they run.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::apt;
use crate::command::{find_program, run};

/// Debian keeps one folder per version here, outside `PATH`.
const DEBIAN: &str = "/usr/lib/postgresql";
/// What CI runs; any other will do on a developer's machine.
const VERSION: u32 = 15;

/// While this exists, Debian's packages make no cluster and start no server.
const NO_CLUSTER: &str = "/etc/postgresql-common/createcluster.d/no-main.conf";

/// The programs of one PostgreSQL version.
pub(crate) struct Programs {
    folder: PathBuf,
    /// The server refuses to run as root.
    as_postgres: bool,
}

impl Programs {
    /// Finds the programs, or installs them.
    pub(crate) fn provide() -> Result<Self> {
        let folder = if let Some(folder) = find() {
            folder
        } else {
            install()?;
            find().context("the package postgresql brought no initdb")?
        };
        Ok(Self {
            folder,
            as_postgres: apt::is_root()?,
        })
    }

    /// One of the programs, as a user it accepts.
    pub(crate) fn command(&self, program: &str) -> Command {
        let path = self.folder.join(program);
        if !self.as_postgres {
            return Command::new(path);
        }
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(path);
        command
    }

    /// `pg_ctl` on that data folder; the caller adds what it should do.
    pub(crate) fn control(&self, data: &Path) -> Command {
        let mut command = self.command("pg_ctl");
        command
            .args(["--silent", "--wait", "--timeout=60", "--pgdata"])
            .arg(data);
        command
    }

    /// Makes the folder belong to whoever the programs run as.
    pub(crate) fn give(&self, folder: &Path) -> Result<()> {
        if self.as_postgres {
            run(Command::new("chown").arg("postgres:").arg(folder))?;
        }
        Ok(())
    }
}

fn find() -> Option<PathBuf> {
    let names: Vec<String> = std::fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| bin(name).join("initdb").is_file())
        .collect();
    if let Some(name) = preferred(&names) {
        return Some(bin(name));
    }
    Some(find_program("initdb")?.parent()?.to_path_buf())
}

fn bin(version: &str) -> PathBuf {
    Path::new(DEBIAN).join(version).join("bin")
}

/// The version CI runs if it is there, else the newest.
fn preferred(names: &[String]) -> Option<&String> {
    names
        .iter()
        .filter_map(|name| Some((name.parse::<u32>().ok()?, name)))
        .max_by_key(|(version, _)| (*version == VERSION, *version))
        .map(|(_, name)| name)
}

/// Programs only: a server that starts with the machine is not ours to set up.
fn install() -> Result<()> {
    let script = format!(
        "mkdir -p \"$(dirname {NO_CLUSTER})\" && echo 'create_main_cluster = false' > {NO_CLUSTER}"
    );
    run(apt::as_root("sh")?.args(["-c", &script]))?;
    let installed = apt::install(&["postgresql"]);
    run(apt::as_root("rm")?.args(["-f", NO_CLUSTER]))?;
    installed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_version_of_ci_wins_then_the_newest() {
        let both = names(&["9", "17", "15", "share"]);
        assert_eq!(preferred(&both).unwrap(), "15");
        let newest = names(&["9", "17", "16"]);
        assert_eq!(preferred(&newest).unwrap(), "17");
        assert!(preferred(&names(&["share"])).is_none());
    }
}
