//! What outlives us, to clean up after us.
//!
//! A panic, Ctrl-C or a kill must not leave a server behind, and a process that
//! is killed cannot run a destructor. So a small shell waits at a pipe of which
//! we hold the other end: when we go, in whatever way, the pipe closes, and the
//! shell stops the server and removes its folder.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// `$1` is the folder, the rest the command that controls the server.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
folder=$1
shift
cat
"$@" --mode=fast stop || "$@" --mode=immediate stop
rm -rf -- "$folder"
"#;

/// Stops the server and removes the folder when dropped, or when we die.
pub(crate) struct Guard(Child);

impl Guard {
    /// Sets the guard before there is anything to guard.
    pub(crate) fn set(folder: &Path, control: &Command) -> Result<Self> {
        Command::new("sh")
            .args(["-c", SCRIPT, "guard"])
            .arg(folder)
            .arg(control.get_program())
            .args(control.get_args())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A group of its own: Ctrl-C at the terminal is not meant for it.
            .process_group(0)
            .spawn()
            .map(Self)
            .context("starting the guard of the PostgreSQL server")
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        if let Err(error) = self.0.wait() {
            eprintln!("xtask: waiting for PostgreSQL to stop: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch;

    #[test]
    fn dropping_it_stops_the_server_and_removes_the_folder() {
        let trace = scratch::Scratch::new("guard").unwrap();
        let folder = scratch::folder("guarded").unwrap();
        let file = trace.path().join("trace");
        let mut control = Command::new("sh");
        let script = format!("echo \"$@\" >> '{}'; exit 1", file.display());
        control.args(["-c", &script, "control"]);
        drop(Guard::set(&folder, &control).unwrap());
        assert!(!folder.exists());
        assert_eq!(
            std::fs::read_to_string(file).unwrap(),
            "--mode=fast stop\n--mode=immediate stop\n"
        );
    }
}
