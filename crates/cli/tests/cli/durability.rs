//! SIGKILL in the middle of concurrent writes: what was acknowledged is there, nothing is half there.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

use doorward_core::digest::{md5_credentials, sha1_credentials};
use doorward_engine::monotonic;
use serde_json::json;

use crate::support::{Installation, PATIENCE, try_exchange};

const ROUNDS: u32 = 15;
const WRITERS: usize = 3;
const PASSWORD: &str = "a-password";

/// What was acknowledged.
#[derive(Default)]
struct Acknowledged {
    /// Users made at the command line.
    users: BTreeSet<String>,
    /// Tokens revoked over HTTP.
    revoked: Vec<String>,
}

impl Acknowledged {
    /// How many users, how many tokens.
    fn counts(&self) -> (usize, usize) {
        (self.users.len(), self.revoked.len())
    }
}

#[test]
fn every_acknowledged_write_survives_sigkill_and_none_is_half_there() {
    let installation = Installation::found();
    let mut acknowledged = Acknowledged::default();
    let mut seen = BTreeSet::new();
    for round in 0..ROUNDS {
        let revoked_before = acknowledged.revoked.len();
        write_and_kill(&installation, round, &mut acknowledged);

        // A backup reads and checks every page.
        let copy = installation.folder.path().join(format!("copy-{round}.db"));
        installation.json(&["backup", copy.to_str().unwrap()]);
        let present = usernames(&installation);
        let lost: Vec<_> = acknowledged.users.difference(&present).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        let server = installation.serve();
        for username in present.difference(&seen) {
            assert_eq!(
                server
                    .present(&md5_credentials(username, PASSWORD), "md5")
                    .status,
                201
            );
            assert_eq!(
                server
                    .present(&sha1_credentials(username, PASSWORD), "sha")
                    .status,
                201
            );
        }
        for token in &acknowledged.revoked[revoked_before..] {
            assert_eq!(
                server.status_with(token),
                401,
                "a revoked token lives again"
            );
        }
        seen = present;
    }
    let (users, revoked) = acknowledged.counts();
    let rounds = usize::try_from(ROUNDS).unwrap();
    assert!(users >= rounds, "only {users} users");
    assert!(revoked >= rounds, "only {revoked} tokens");
}

/// Writes at the command line and over HTTP at once, and kills everybody in the middle of it.
fn write_and_kill(installation: &Installation, round: u32, acknowledged: &mut Acknowledged) {
    let mut server = installation.serve();
    let address = server.public;
    let stop = &AtomicBool::new(false);
    let children: Vec<_> = (0..WRITERS).map(|_| Mutex::new(None)).collect();
    let before = acknowledged.counts();
    let sum = &Mutex::new(acknowledged);
    scope(|scope| {
        for (writer, child) in children.iter().enumerate() {
            scope.spawn(move || {
                for number in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let username = format!("u{round}-{writer}-{number}");
                    *child.lock().unwrap() = Some(create(installation, &username));
                    if ended_well(child) {
                        sum.lock().unwrap().users.insert(username);
                    }
                }
            });
        }
        scope.spawn(move || {
            while let Some(token) = revoke_one(address) {
                sum.lock().unwrap().revoked.push(token);
            }
        });
        // However slow the machine is, something of either kind must have been acknowledged.
        let begun = monotonic();
        let grew = || {
            let (users, revoked) = sum.lock().unwrap().counts();
            users > before.0 && revoked > before.1
        };
        while !grew() && monotonic().saturating_sub(begun) < PATIENCE {
            sleep(Duration::from_millis(5));
        }
        // Different every time, so that the kill falls into different moments of a write.
        let jitter = round * 37 % 100 + monotonic().subsec_micros() % 50;
        sleep(Duration::from_millis(100) + Duration::from_millis(jitter.into()));
        stop.store(true, Ordering::SeqCst);
        for child in children
            .iter()
            .filter_map(|child| child.lock().unwrap().take())
        {
            end(child);
        }
        server.child.kill().unwrap();
    });
    server.child.wait().unwrap();
}

/// A token that was issued and revoked; `None` once the server is gone.
fn revoke_one(address: SocketAddr) -> Option<String> {
    let credentials = md5_credentials("admin", "first-password");
    let body = json!({"data": {"credentials": credentials, "account_name": "root"}}).to_string();
    let token = try_exchange(address, "PUT", "/v2/user_auth", &[], &body)
        .ok()?
        .token();
    let headers = [("x-auth-token", token.as_str())];
    let revoked = try_exchange(address, "DELETE", "/v2/token_auth", &headers, "").ok()?;
    (revoked.status == 200).then_some(token)
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
fn ended_well(child: &Mutex<Option<Child>>) -> bool {
    loop {
        match child.lock().unwrap().as_mut().map(Child::try_wait) {
            // Somebody took it to kill it.
            None => return false,
            Some(ended) => {
                if let Some(status) = ended.unwrap() {
                    return status.success();
                }
            }
        }
        sleep(Duration::from_millis(2));
    }
}

fn end(mut child: Child) {
    // It may have ended by itself.
    drop(child.kill());
    child.wait().unwrap();
}

fn usernames(installation: &Installation) -> BTreeSet<String> {
    let users = installation.json(&["user", "list", "--account", "root"]);
    let name = |user: &serde_json::Value| user["username"].as_str().unwrap().to_owned();
    let mut names: BTreeSet<String> = users.as_array().unwrap().iter().map(name).collect();
    names.remove("admin");
    names
}
