//! A disk that is full or read-only: a real one where the system lets us mount, a limit or a folder
//! that refuses otherwise.

use std::fs;
use std::io::{Write as _, stderr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::{Installation, bad, doorward, feed, init, names};

/// A file system of these options, mounted at a folder for one command, and what is done before and
/// after. The mount is the command's own and ends with it.
struct Disk<'a> {
    at: &'a Path,
    options: &'a str,
    before: &'a str,
    after: &'a str,
}

impl Disk<'_> {
    /// Runs the command; its failure and, behind it on standard output, what came after. `None` where
    /// mounting is not allowed to this user.
    fn run(&self, command: &Command) -> Option<Output> {
        let may = Command::new("unshare")
            .args(["-r", "-m", "true"])
            .stderr(Stdio::null())
            .status();
        if !may.is_ok_and(|status| status.success()) {
            // Past the capture of passing tests: nothing is left out unseen.
            let said = b"NOT TRIED: a disk that is full (mounting is not allowed here)
";
            stderr().write_all(said).unwrap();
            return None;
        }
        let script = format!(
            "mount -t tmpfs -o {} tmpfs \"$0\" && {{ {}; }} || exit 99; \"$@\"; code=$?; {}; exit $code",
            self.options, self.before, self.after,
        );
        let mut shell = Command::new("unshare");
        shell.args(["-r", "-m", "sh", "-c", &script]).arg(self.at);
        shell.arg(command.get_program()).args(command.get_args());
        shell.stdout(Stdio::piped()).stderr(Stdio::piped());
        Some(feed(shell, "secret\n"))
    }
}

#[test]
fn init_on_a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    let command = init(&folder.path().join("data"));
    for options in ["size=8k", "size=64k", "size=100k"] {
        let (at, after) = (folder.path(), "ls -A \"$0\"");
        let disk = Disk {
            at,
            options,
            before: "true",
            after,
        };
        if let Some(output) = disk.run(&command) {
            let said = bad(&output, 1);
            assert!(said.contains("full") || said.contains("No space"), "{said}");
            assert_eq!(
                String::from_utf8_lossy(&output.stdout),
                "",
                "left with {options}"
            );
        }
    }
}

#[test]
fn init_against_a_limit_on_files() {
    for blocks in [8, 40, 100] {
        let folder = tempfile::tempdir().unwrap();
        let command = init(&folder.path().join("data"));
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &script])
            .arg(command.get_program())
            .args(command.get_args());
        shell.stdout(Stdio::piped()).stderr(Stdio::piped());
        bad(&feed(shell, "secret\n"), 1);
        assert!(names(folder.path()).is_empty());
    }
}

#[test]
fn writes_on_a_full_disk_leave_the_store_whole() {
    let installation = Installation::found();
    let inside = installation.folder.path().join("mount");
    fs::create_dir(&inside).unwrap();
    let mut command = doorward(&["account", "create", "--name", "Never", "--data"]);
    command.arg(&inside);
    let after = format!(
        "rm \"$0\"/filler; {} account list --data \"$0\"",
        env!("CARGO_BIN_EXE_doorward"),
    );
    for free in [0, 48] {
        let before = format!(
            "cp {}/* \"$0\" && head -c $((($(df -k --output=avail \"$0\" | tail -1) - {free}) * 1024)) /dev/zero >\"$0\"/filler",
            installation.data().display(),
        );
        let disk = Disk {
            at: &inside,
            options: "size=400k",
            before: &before,
            after: &after,
        };
        if let Some(output) = disk.run(&command) {
            let said = bad(&output, 1);
            assert!(said.contains("disk"), "{said}");
            let listed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
        }
    }
}

#[test]
fn a_read_only_disk() {
    let folder = tempfile::tempdir().unwrap();
    let command = init(&folder.path().join("data"));
    let disk = Disk {
        at: folder.path(),
        options: "ro",
        before: "true",
        after: "true",
    };
    let output = disk.run(&command).unwrap_or_else(|| {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
        feed(init(&folder.path().join("data")), "secret\n")
    });
    let said = bad(&output, 1);
    assert!(said.contains("cannot create the folder"), "{said}");

    let said = bad(&feed(init(Path::new("/proc/doorward")), "secret\n"), 1);
    assert!(said.contains("cannot create the folder"), "{said}");
}

#[test]
fn serving_from_a_read_only_disk() {
    let installation = Installation::found();
    let inside = installation.folder.path().join("mount");
    fs::create_dir(&inside).unwrap();
    let before = format!(
        "cp {}/* \"$0\" && mount -o remount,ro \"$0\"",
        installation.data().display(),
    );
    let mut command = doorward(&["serve", "--listen", "127.0.0.1:0", "--data"]);
    command.arg(&inside);
    let disk = Disk {
        at: &inside,
        options: "size=1m",
        before: &before,
        after: "true",
    };
    if let Some(output) = disk.run(&command) {
        let said = bad(&output, 1);
        assert!(said.to_lowercase().contains("read-only"), "{said}");
    }
}
