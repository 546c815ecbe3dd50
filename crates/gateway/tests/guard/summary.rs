//! The one line that tells of a request.

use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use doorward_gateway::guard::{Guard, Unserved, Why};
use http::Request;
use http_body_util::Full;

use crate::support::{OK, answers, door, facts, refuse, upstream};

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + use<> {
        let log = self.clone();
        tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || log.clone())
            .finish()
    }

    /// The one summary since the last call.
    fn summary(&self) -> String {
        let text = std::mem::take(&mut *self.0.lock().unwrap());
        let text = String::from_utf8(text).unwrap();
        let mut summaries = text.lines().filter(|line| line.contains("answered"));
        let one = summaries.next().unwrap().to_owned();
        assert!(summaries.next().is_none(), "{text}");
        one
    }
}

async fn ask(guard: &Guard, path: &str, token: &str) -> u16 {
    let request = Request::get(path)
        .header("host", "h")
        .header("authorization", format!("Bearer {token}"))
        .body(Full::new(Bytes::new()))
        .unwrap();
    guard.serve(request).await.status().as_u16()
}

// One thread, so that the subscriber sees everything.
#[tokio::test]
async fn the_summary_tells_the_api_and_what_was_decided() {
    let (url, _) = upstream(answers(OK)).await;
    let door = door(&[&url]).await;
    let log = Log::default();
    let _default = tracing::subscriber::set_default(log.subscriber());
    for (path, token, status, api, outcome) in [
        (
            "/a/x",
            &*door.token,
            200,
            "api=\"a\"",
            "outcome=\"allowed\"",
        ),
        ("/a/x", "none", 599, "api=\"a\"", "outcome=\"unproven\""),
    ] {
        assert_eq!(ask(&door.guard, path, token).await, status);
        let summary = log.summary();
        assert!(summary.contains(api), "{summary}");
        assert!(summary.contains(outcome), "{summary}");
    }
}

#[tokio::test]
async fn the_summary_tells_the_same_after_a_panic() {
    let door = door(&["http://127.0.0.1:1"]).await;
    let panics = |unserved: &Unserved<'_>| match unserved.why {
        Why::Fault => {
            assert_eq!(unserved.api.map(|api| &*api.name), Some("a"));
            refuse(unserved)
        }
        _ => panic!("on purpose"),
    };
    let guard = Guard::new(door.app.engine.clone(), Arc::new(facts), Arc::new(panics));
    let log = Log::default();
    let _default = tracing::subscriber::set_default(log.subscriber());
    assert_eq!(ask(&guard, "/a/x", &door.token).await, 500);
    let summary = log.summary();
    assert!(summary.contains("api=\"a\""), "{summary}");
    assert!(summary.contains("outcome=\"allowed\""), "{summary}");
    assert!(summary.contains("status=500"), "{summary}");
}
