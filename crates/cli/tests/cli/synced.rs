//! What SIGKILL cannot prove: that an acknowledged write was handed to the disk before it was
//! acknowledged.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Installation, Server, eventually, good};

/// Writes of the server that is watched.
const WRITES: usize = 25;

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

/// The server under strace, which follows from aside (`-D`) so that the server stays our child.
fn traced(installation: &Installation, trace: &Path) -> Server {
    let inner = installation.command(&["serve", "--listen", "127.0.0.1:0"]);
    let mut command = Command::new("strace");
    command
        .args(["-D", "-f", "-q", "-y", "-s", "16", "-e"])
        .arg("trace=fsync,fdatasync,write,writev,sendto,sendmsg")
        .arg("-o")
        .arg(trace)
        .arg(inner.get_program())
        .args(inner.get_args())
        .env_clear()
        .env("DOORWARD_LISTEN__OPS", "127.0.0.1:0")
        .stdin(Stdio::null());
    Server::start(&mut command, installation.folder.path())
}

/// For each answer in the trace, whether the store's log was synced since the answer before.
fn synced_before_each_answer(trace: &str) -> Vec<bool> {
    let mut answers = Vec::new();
    let mut begun: HashMap<&str, &str> = HashMap::new();
    let mut synced = false;
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else {
            continue;
        };
        let call = call.trim_start();
        if call.contains("\"HTTP/1.1 ") {
            answers.push(std::mem::take(&mut synced));
        } else if call.contains("sync(") && call.contains("<unfinished") {
            begun.insert(thread, call);
        } else if call.contains("sync resumed") && call.ends_with("= 0") {
            synced |= begun
                .remove(thread)
                .is_some_and(|call| call.contains("doorward.db-wal>"));
        } else if call.contains("sync(") && call.ends_with("= 0") {
            synced |= call.contains("doorward.db-wal>");
        }
    }
    answers
}

#[test]
#[ignore = "slow: cargo xtask test --full"]
fn full_each_answer_to_a_write_was_synced_before() {
    let installation = Installation::found();
    let trace = installation.folder.path().join("trace");
    let server = traced(&installation, &trace);
    for _ in 0..WRITES {
        let (status, token) = server.sign_in("admin", "first-password");
        assert_eq!(status, 201);
        let revoked = server.send("DELETE", "/v2/token_auth", &[("x-auth-token", &token)], "");
        assert_eq!(revoked.status, 200);
    }
    assert_eq!(server.stop(), Some(0));
    let mut answers = Vec::new();
    // The tracer writes its last lines after the server is gone.
    eventually(|| {
        answers = synced_before_each_answer(&fs::read_to_string(&trace).unwrap());
        answers.len() == 2 * WRITES
    });
    // Sign-ins, which write nothing, and revocations take turns.
    let revocations: Vec<_> = answers.iter().skip(1).step_by(2).collect();
    assert!(revocations.iter().all(|synced| **synced), "{answers:?}");
}

#[test]
fn a_trace_is_read_as_strace_writes_it() {
    let trace = "\
7  fdatasync(9</d/doorward.db-wal>) = 0
7  writev(12<socket:[1]>, [{iov_base=\"HTTP/1.1 200 OK\\r\"..., iov_len=5}], 1) = 5
8  fdatasync(9</d/doorward.db-wal> <unfinished ...>
7  sendto(12<socket:[1]>, \"HTTP/1.1 200 OK\\r\"..., 5, MSG_NOSIGNAL, NULL, 0) = 5
8  <... fdatasync resumed>)          = 0
7  write(1</d/log>, \"{\", 1) = 1
7  sendto(12<socket:[1]>, \"HTTP/1.1 200 OK\\r\"..., 5, MSG_NOSIGNAL, NULL, 0) = 5
7  fsync(9</d/doorward.db>) = 0
8  fdatasync(9</d/doorward.db-wal>) = -1 EIO (Input/output error)
7  sendto(12<socket:[1]>, \"HTTP/1.1 200 OK\\r\"..., 5, MSG_NOSIGNAL, NULL, 0) = 5
";
    assert_eq!(synced_before_each_answer(trace), [true, false, true, false]);
}
