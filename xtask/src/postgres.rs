//! A PostgreSQL server for tests: fresh, on a free port of the loopback, gone
//! afterwards whatever happens to us.

mod guard;
mod programs;

use std::fs::OpenOptions;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::read;
use crate::scratch;
use guard::Guard;
use programs::Programs;

/// The tests find the server by this variable.
pub(crate) const URL_VARIABLE: &str = "DOORWARD_TEST_POSTGRES";

/// Somebody else may take a free port before we do.
const ATTEMPTS: usize = 5;

/// A running server; it stops when the value is dropped.
pub(crate) struct Server {
    port: u16,
    _guard: Guard,
}

impl Server {
    /// Installs PostgreSQL if need be, makes a data folder and serves it.
    ///
    /// # Errors
    /// It cannot be installed, or does not start; its last words are told.
    pub(crate) fn start() -> Result<Self> {
        let programs = Programs::provide()?;
        let folder = scratch::folder("postgres")?;
        let data = folder.join("data");
        // From here on the folder goes, and so does a server in it.
        let guard = Guard::set(&folder, &programs.control(&data))?;
        programs.give(&folder)?;
        create(&programs, &folder, &data)?;
        for _ in 0..ATTEMPTS {
            let port = free_port()?;
            if serve(&programs, &folder, &data, port).is_ok() {
                println!("PostgreSQL serves on 127.0.0.1:{port}");
                return Ok(Self {
                    port,
                    _guard: guard,
                });
            }
        }
        bail!("PostgreSQL does not start:\n{}", last_words(&log(&folder)));
    }

    /// Where a superuser without a password gets in.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

fn create(programs: &Programs, folder: &Path, data: &Path) -> Result<()> {
    read(
        programs
            .command("initdb")
            .args(["--username=postgres", "--auth=trust", "--no-sync"])
            .args(["--encoding=UTF8", "--locale=C"])
            .arg("--pgdata")
            .arg(data)
            .current_dir(folder),
    )?;
    let path = data.join("postgresql.conf");
    let mut file = OpenOptions::new()
        .append(true)
        .open(&path)
        .with_context(|| format!("opening {}", path.display()))?;
    file.write_all(settings(folder).as_bytes())?;
    Ok(())
}

fn settings(folder: &Path) -> String {
    let sockets = folder.to_string_lossy().replace('\'', "''");
    format!(
        "\nlisten_addresses = '127.0.0.1'\n\
         unix_socket_directories = '{sockets}'\n\
         max_connections = 200\n"
    )
}

fn serve(programs: &Programs, folder: &Path, data: &Path, port: u16) -> Result<()> {
    let mut command: Command = programs.control(data);
    command
        .arg("--log")
        .arg(log(folder))
        .arg(format!("--options=-p {port}"))
        .arg("start")
        .current_dir(folder);
    read(&mut command).map(|_| ())
}

fn log(folder: &Path) -> PathBuf {
    folder.join("log")
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

fn last_words(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.len().saturating_sub(10);
    lines.get(start..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_in_the_folder_stays_a_name() {
        let text = settings(Path::new("/tmp/it's"));
        assert!(text.contains("unix_socket_directories = '/tmp/it''s'\n"));
    }

    #[test]
    fn last_words_are_the_end_of_the_log() {
        let folder = scratch::Scratch::new("log").unwrap();
        let file = folder.path().join("log");
        let lines: Vec<String> = (1..=30).map(|n| n.to_string()).collect();
        std::fs::write(&file, lines.join("\n")).unwrap();
        assert!(last_words(&file).starts_with("21\n"));
        assert!(last_words(&file).ends_with("\n30"));
        assert_eq!(last_words(&folder.path().join("none")), "");
    }
}
