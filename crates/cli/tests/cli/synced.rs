//! What SIGKILL cannot prove: that an acknowledged write was handed to the disk before it was
//! acknowledged.

use std::fs;
use std::process::{Command, Stdio};

use crate::support::{Installation, good};

/// A command that writes acknowledges by ending well. strace sees every sync it waited for, and that
/// the last write to the log came before one.
#[test]
#[ignore = "slow: cargo xtask test --full"]
fn full_each_acknowledged_write_was_synced_before() {
    let installation = Installation::found();
    let data = installation.data();
    let trace = installation.folder.path().join("trace");
    for number in 0..5 {
        let output = Command::new("strace")
            .args([
                "-f",
                "-y",
                "-e",
                "trace=pwrite64,write,fsync,fdatasync",
                "-o",
            ])
            .arg(&trace)
            .arg(env!("CARGO_BIN_EXE_doorward"))
            .args([
                "account",
                "create",
                "--name",
                &format!("synced {number}"),
                "--data",
            ])
            .arg(&data)
            .stdin(Stdio::null())
            .output()
            .expect("cargo xtask test --full installs strace");
        good(&output);
        let calls = fs::read_to_string(&trace).unwrap();
        let of_log: Vec<&str> = calls
            .lines()
            .filter(|call| call.contains("doorward.db-wal>"))
            .collect();
        let is_sync = |call: &&str| call.contains("fsync(") || call.contains("fdatasync(");
        let last_write = of_log.iter().rposition(|call| !is_sync(call));
        let last_sync = of_log.iter().rposition(is_sync);
        assert!(
            last_write.is_some(),
            "the change went through the log:\n{calls}"
        );
        assert!(
            last_sync > last_write,
            "written and not synced:\n{}",
            of_log.join("\n")
        );
    }
}
