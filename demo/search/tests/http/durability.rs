//! What was acknowledged is there after a restart, and after the process was killed in the midst of it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::client::{Client, Running, V1};

/// The program by itself, killed when dropped.
struct Process {
    child: Child,
    client: Client,
}

impl Process {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_doorward-demo-search"))
            .args(["127.0.0.1:0".as_ref(), folder.as_os_str()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let address = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap()
            .to_owned();
        Self {
            child,
            client: Client(address),
        }
    }
}

impl Drop for Process {
    /// SIGKILL: nothing is flushed, nothing is closed.
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[tokio::test]
async fn documents_survive_a_restart() {
    let running = Running::start().await;
    running.client.put("http://a/1", "bees").await;
    running.client.commit().await;
    running.client.put("http://a/2", "wasps").await;
    let running = running.restart().await;
    assert_eq!(running.client.keys("bees", "").await, ["http://a/1"]);
    assert!(running.client.keys("wasps", "").await.is_empty());
    assert_eq!(running.client.commit().await, 1);
    assert_eq!(running.client.keys("wasps", "").await, ["http://a/2"]);
}

#[tokio::test]
async fn documents_survive_sigkill() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..5 {
        let process = Process::start(folder.path());
        assert_eq!(
            process.client.get(&format!("{V1}/state")).await.body,
            r#"{"state":"STOPPED"}"#
        );
        // What the killed ones acknowledged before.
        for before in 0..round {
            let found = process.client.keys(&format!("round{before}"), "").await;
            assert_eq!(found, [format!("http://a/{before}")]);
            let pushed = process
                .client
                .document(&format!("http://a/pushed{before}"))
                .await;
            assert_eq!(pushed.status, 200);
        }
        process
            .client
            .put(&format!("http://a/{round}"), &format!("round{round}"))
            .await;
        process.client.commit().await;
        process
            .client
            .put(&format!("http://a/pushed{round}"), "not committed")
            .await;
        drop(process);
    }
}

#[tokio::test]
async fn a_kill_in_the_midst_of_writing_loses_nothing_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path());
    let client = process.client.clone();
    let (sent, mut acknowledged) = tokio::sync::mpsc::unbounded_channel();
    let tasks = tokio_util::task::TaskTracker::new();
    tasks.spawn(async move {
        for number in 0_u32.. {
            client.put(&format!("http://a/{number}"), "bees").await;
            client.commit().await;
            if sent.send(number).is_err() {
                return;
            }
        }
    });
    let mut last = 0;
    while last < 20 {
        last = acknowledged.recv().await.unwrap();
    }
    // The writer goes on while it is killed; its next call fails.
    drop(process);
    while let Some(number) = acknowledged.recv().await {
        last = number;
    }
    let process = Process::start(folder.path());
    let packet = process.client.search("bees", "").await;
    let total = packet["resultsSummary"]["totalMatching"].as_u64().unwrap();
    assert!(
        total > u64::from(last),
        "{total} documents, {last} acknowledged"
    );
}

#[test]
fn a_wrong_call_says_how_it_goes() {
    let output = Command::new(env!("CARGO_BIN_EXE_doorward-demo-search"))
        .arg("127.0.0.1:0")
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("usage:"));
}
