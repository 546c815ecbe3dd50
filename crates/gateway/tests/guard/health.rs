//! Addresses that say themselves that they are not well.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use doorward_gateway::upstream::Health;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use crate::support::{Door, OK, PATIENCE, door_with, lines, read_head, script, upstream};

/// An address that can be made ill, and tells how often it was asked and how often it was used.
#[derive(Default)]
struct Patient {
    ill: AtomicBool,
    probes: AtomicUsize,
    requests: AtomicUsize,
}

impl Patient {
    async fn start() -> (String, Arc<Self>) {
        let patient = Arc::new(Self::default());
        let of = Arc::clone(&patient);
        let serving = script(move |mut stream, _| {
            let patient = Arc::clone(&of);
            async move {
                while let Some(head) = read_head(&mut stream).await {
                    let answer = patient.answer(&head);
                    if stream.write_all(answer).await.is_err() {
                        return;
                    }
                }
            }
        });
        (upstream(serving).await.0, patient)
    }

    fn answer(&self, head: &str) -> &'static [u8] {
        if !head.starts_with("GET /health?deep HTTP/1.1\r\n") {
            self.requests.fetch_add(1, Ordering::SeqCst);
            return OK;
        }
        assert_eq!(lines(head, "host").len(), 1, "{head}");
        assert!(lines(head, "authorization").is_empty(), "{head}");
        self.probes.fetch_add(1, Ordering::SeqCst);
        if self.ill.load(Ordering::SeqCst) {
            b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
        } else {
            OK
        }
    }

    /// Changes how it is, and waits until that was found out: the next probe comes when one was judged.
    async fn becomes(&self, ill: bool) {
        self.ill.store(ill, Ordering::SeqCst);
        let before = self.probes.load(Ordering::SeqCst);
        let judged = async {
            while self.probes.load(Ordering::SeqCst) < before + 4 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, judged).await.unwrap();
    }

    fn used(&self) -> usize {
        self.requests.swap(0, Ordering::SeqCst)
    }
}

async fn ask(door: &Door) {
    for _ in 0..12 {
        let answer = door.ask("GET /a/x", "").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_unwell_is_left_out_until_it_is_well() {
    let (one, first) = Patient::start().await;
    let (two, second) = Patient::start().await;
    let door = door_with(&[&one, &two], |_, up| {
        up.health = Some(Health {
            path: "/health?deep".parse().unwrap(),
            interval: Duration::from_millis(50),
        });
    })
    .await;
    first.becomes(true).await;
    ask(&door).await;
    assert_eq!((first.used(), second.used()), (0, 12));
    first.becomes(false).await;
    ask(&door).await;
    assert!(first.used() > 0 && second.used() > 0);
    tokio::join!(first.becomes(true), second.becomes(true));
    ask(&door).await;
    assert_eq!(first.used() + second.used(), 12, "the least bad is asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_end_with_the_door() {
    let (url, patient) = Patient::start().await;
    let door = door_with(&[&url], |_, up| {
        up.health = Some(Health {
            path: "/health?deep".parse().unwrap(),
            interval: Duration::from_millis(10),
        });
    })
    .await;
    patient.becomes(false).await;
    timeout(PATIENCE, door.guard.stop()).await.unwrap();
}
