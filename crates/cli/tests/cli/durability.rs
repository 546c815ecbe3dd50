//! SIGKILL in the middle of concurrent writes: what was acknowledged is there, nothing is half there.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

use doorward_core::digest::{md5_credentials, sha1_credentials};
use doorward_engine::monotonic;
use serde_json::json;

use crate::support::{Installation, Server};

const ROUNDS: u32 = 15;
const WRITERS: u32 = 3;
const PASSWORD: &str = "a-password";

#[test]
fn every_acknowledged_write_survives_sigkill_and_none_is_half_there() {
    let installation = Installation::found();
    let mut acknowledged = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for round in 0..ROUNDS {
        let mut server = installation.serve();
        acknowledged.extend(write_and_kill(&installation, &mut server, round));

        let copy = installation.folder.path().join(format!("copy-{round}.db"));
        installation.json(&["backup", copy.to_str().unwrap()]);
        let present = usernames(&installation);
        let lost: Vec<_> = acknowledged.difference(&present).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        let server = installation.serve();
        for username in present.difference(&seen) {
            assert_eq!(
                sign_in(&server, &md5_credentials(username, PASSWORD), "md5"),
                201
            );
            assert_eq!(
                sign_in(&server, &sha1_credentials(username, PASSWORD), "sha"),
                201
            );
        }
        seen = present;
    }
    assert!(
        acknowledged.len() > ROUNDS as usize,
        "only {} writes",
        acknowledged.len()
    );
}

/// Usernames whose creation was acknowledged before everything was killed.
fn write_and_kill(installation: &Installation, server: &mut Server, round: u32) -> Vec<String> {
    let (stop, under_way, acknowledged) = (
        AtomicBool::new(false),
        Mutex::new(Vec::<Option<Child>>::new()),
        Mutex::new(Vec::new()),
    );
    under_way
        .lock()
        .unwrap()
        .resize_with(WRITERS as usize, || None);
    let (under_way, acknowledged_by, stop) = (&under_way, &acknowledged, &stop);
    scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                for number in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let username = format!("u{round}-{writer}-{number}");
                    let child = create(installation, &username);
                    under_way.lock().unwrap()[writer as usize] = Some(child);
                    if finished(under_way, writer as usize) {
                        acknowledged_by.lock().unwrap().push(username);
                    }
                }
            });
        }
        // Different every time, so that the kill falls into different moments of a write.
        let jitter = u64::from(round * 37 % 100) + u64::from(monotonic().subsec_micros() % 50);
        sleep(Duration::from_millis(400 + jitter));
        stop.store(true, Ordering::SeqCst);
        for child in under_way.lock().unwrap().iter_mut().flatten() {
            drop(child.kill());
        }
        server.child.kill().unwrap();
    });
    server.child.wait().unwrap();
    acknowledged.into_inner().unwrap()
}

fn create(installation: &Installation, username: &str) -> Child {
    let arguments = [
        "user",
        "create",
        "--account",
        "root",
        "--username",
        username,
    ];
    let mut command = installation.command(&arguments);
    command.arg("--password-stdin").stdin(Stdio::piped());
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()));
    child
}

/// Whether a writer's command ended well. The lock is let go between looks, so that it can be killed.
fn finished(under_way: &Mutex<Vec<Option<Child>>>, writer: usize) -> bool {
    loop {
        let ended = under_way.lock().unwrap()[writer]
            .as_mut()
            .unwrap()
            .try_wait()
            .unwrap();
        if let Some(status) = ended {
            return status.success();
        }
        sleep(Duration::from_millis(2));
    }
}

fn usernames(installation: &Installation) -> BTreeSet<String> {
    let users = installation.json(&["user", "list", "--account", "root"]);
    let name = |user: &serde_json::Value| user["username"].as_str().unwrap().to_owned();
    let mut names: BTreeSet<String> = users.as_array().unwrap().iter().map(name).collect();
    names.remove("admin");
    names
}

fn sign_in(server: &Server, credentials: &str, method: &str) -> u16 {
    let data = json!({"credentials": credentials, "method": method, "account_name": "root"});
    server
        .send(
            "PUT",
            "/v2/user_auth",
            &[],
            &json!({"data": data}).to_string(),
        )
        .status
}
