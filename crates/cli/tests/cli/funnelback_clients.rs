//! Clients of the Funnelback dialect that are not ours: a session with a cookie jar, and a browser. What they do stands
//! in `tests/clients/`; the configuration is the one that `doorward demo` writes.

use std::env;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use doorward_demo_search::seed::{self, Sample};
use doorward_demo_search::{SearchService, Settings};
use tokio_util::sync::CancellationToken;

use crate::clients::PYTHON;
use crate::support::{Installation, PATIENCE, Server, good, text};

/// Where `cargo xtask test` has a Python that drives Debian's Chromium.
const BROWSER: &str = "DOORWARD_TEST_BROWSER";
/// The configuration that is shown to everybody.
const SHOWN: &str = include_str!("../../src/commands/demo/doorward.toml");

/// The search service on a thread of its own, until it is dropped.
struct Search {
    address: SocketAddr,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Search {
    fn start(folder: &Path) -> Self {
        let (folder, stop) = (folder.to_owned(), CancellationToken::new());
        let (told, address) = mpsc::channel();
        let until = stop.clone();
        let thread = thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            runtime.enable_all().build().unwrap().block_on(async {
                let service = SearchService::open(&folder, Settings::default());
                let service = service.await.unwrap();
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                told.send(listener.local_addr().unwrap()).unwrap();
                service.serve(listener, until).await;
            });
        });
        Self {
            address: address.recv().unwrap(),
            stop,
            thread: Some(thread),
        }
    }

    /// Puts the samples, past Doorward.
    fn seed(&self) {
        for sample in seed::samples() {
            self.put(sample);
        }
        self.send("POST", "commit", "", "");
    }

    fn put(&self, sample: &Sample) {
        let fields = sample.metadata.iter();
        let fields =
            fields.map(|(name, value)| format!("X-Funnelback-Push-Meta-Data-{name}: {value}\r\n"));
        let fields = format!(
            "Content-Type: {}\r\n{}",
            sample.content_type,
            fields.collect::<String>()
        );
        self.send(
            "PUT",
            &format!("documents?key={}", sample.key),
            &fields,
            sample.content,
        );
    }

    fn send(&self, method: &str, what: &str, fields: &str, body: &str) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = format!(
            "{method} /push-api/v2/collections/example-push/{what} HTTP/1.1\r\nHost: search\r\nConnection: close\r\n\
             Content-Length: {}\r\n{fields}\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{what}: {answer}");
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        self.stop.cancel();
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(matches!(ended, Some(Ok(()))) || thread::panicking());
    }
}

/// The binary in front of a filled search service.
struct Site {
    server: Server,
    _search: Search,
    _installation: Installation,
}

impl Site {
    fn start() -> Self {
        let installation = Installation::found();
        let search = Search::start(&installation.folder.path().join("search"));
        search.seed();
        let file = SHOWN
            .replace("acme.example", "root.example")
            .replace("127.0.0.1:8090", &search.address.to_string());
        fs::write(installation.data().join("doorward.toml"), file).unwrap();
        Self {
            server: installation.serve(),
            _search: search,
            _installation: installation,
        }
    }

    /// Runs a part of a client's script, which must say that all is good.
    fn drive(&self, variable: &str, script: &str, part: &str) {
        let python = env::var_os(variable).unwrap_or_else(|| {
            panic!("{variable} names no Python with the clients' packages: run `cargo xtask test`")
        });
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
        let output = Command::new(python)
            .arg("-B")
            .arg(folder.join(script))
            .arg(part)
            .arg(format!("http://{}", self.server.public))
            .args(["admin", "first-password"])
            .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("search-page"))
            .output()
            .unwrap();
        let said = good(&output);
        assert!(said.ends_with("good\n"), "{said}{}", text(&output.stderr));
    }
}

#[test]
fn a_cookie_jar_goes_through_it_all() {
    Site::start().drive(PYTHON, "funnelback.py", "go-through-it-all");
}

#[test]
fn a_cookie_jar_signs_in_again_when_its_token_is_gone() {
    Site::start().drive(PYTHON, "funnelback.py", "sign-in-again");
}

#[test]
fn a_script_sends_basic_along_with_everything_over_one_connection() {
    Site::start().drive(PYTHON, "funnelback.py", "send-basic");
}

#[test]
fn a_browser_works_by_the_cookie_alone() {
    Site::start().drive(BROWSER, "browser.py", "work");
}

#[test]
fn a_browser_writes_nothing_for_a_page_of_another_site() {
    Site::start().drive(BROWSER, "browser.py", "forge");
}

#[test]
fn a_browser_asks_for_a_password_only_where_basic_is_taken() {
    Site::start().drive(BROWSER, "browser.py", "challenge");
}

#[test]
fn a_browser_shows_the_search_page_on_every_screen() {
    Site::start().drive(BROWSER, "search_page.py", "look");
}

#[test]
fn a_browser_shows_where_the_keyboard_is_on_the_search_page() {
    Site::start().drive(BROWSER, "search_page.py", "by-keyboard");
}

#[test]
fn a_browser_searches_without_script() {
    Site::start().drive(BROWSER, "search_page.py", "without-script");
}
