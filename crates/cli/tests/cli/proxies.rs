//! Real proxies that ask at the check door, run with the very files that the documentation shows; and the binary
//! as the proxy itself.

use std::env;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::support::{Installation, PATIENCE, Server, eventually};

/// Where `cargo xtask test` has Caddy and Traefik.
const PROXIES: &str = "DOORWARD_TEST_PROXIES";

/// An application that tells what it was sent, and remembers it.
pub(crate) struct App {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl App {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let told = Arc::clone(&told);
                thread::spawn(move || answer(stream, &told));
            }
        });
        Self { address, seen }
    }

    /// What was sent since the last time.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

fn answer(mut stream: TcpStream, told: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.extend(byte);
        if head.ends_with(b"\r\n\r\n") {
            told.lock()
                .unwrap()
                .push(String::from_utf8_lossy(&head).into_owned());
            head.clear();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
            if stream.write_all(answer).is_err() {
                return;
            }
        }
    }
}

/// An installation that guards `/a/` (Basic and tokens) and `/open/` (anybody), and its check door.
struct Guarded {
    installation: Installation,
    server: Server,
    check: SocketAddr,
    app: App,
}

impl Guarded {
    fn start() -> Self {
        let (installation, app) = (Installation::found(), App::start());
        let api = |name: &str, accept: &str| {
            format!(
                "[[api]]\nname = \"{name}\"\npaths = [\"/{name}/\"]\nupstream = \"app\"\naccount = \"Root\"\naccept = {accept}\n"
            )
        };
        let file = format!(
            "[listen]\ncheck = \"127.0.0.1:0\"\n[check]\npeers = [\"127.0.0.1\"]\n[upstream.app]\nurls = [\"http://{}\"]\n{}{}",
            app.address,
            api("a", "[\"basic\", \"token\"]"),
            api("open", "[\"anonymous\"]"),
        );
        fs::write(installation.data().join("doorward.toml"), file).unwrap();
        let mut server = installation.serve();
        let started: Value = serde_json::from_str(&server.wait_for("\"serving\"")).unwrap();
        let check = started["fields"]["check"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        Self {
            installation,
            server,
            check,
            app,
        }
    }
}

fn basic(password: &str) -> String {
    let pair = STANDARD.encode(format!("admin:{password}"));
    format!("Authorization: Basic {pair}\r\n")
}

/// The whole answer to a request.
fn ask(at: SocketAddr, target: &str, more: &str) -> String {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = format!(
        "GET {target} HTTP/1.1\r\nHost: api.test\r\nConnection: close, X-Doorward-User, X-Doorward-Roles\r\n{more}\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or(answer)
}

fn values<'h>(head: &'h str, name: &str) -> Vec<&'h str> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    lines
        .filter(|(found, _)| found.replace('_', "-").eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
        .collect()
}

/// What everybody who stands in front must do.
fn guards(front: SocketAddr, guarded: &Guarded) {
    let forged = "X-Doorward-User: root\r\nX_Doorward_User: root\r\nX-Doorward-Roles: super-user\r\n\
                  X-Doorward_Username: root\r\n";
    let answer = ask(front, "/a/x?y=z", &(basic("first-password") + forged));
    assert_eq!(status(&answer), "200", "{answer}");
    let seen = guarded.app.take();
    let [head] = seen.as_slice() else {
        panic!("{seen:?}")
    };
    let user = guarded
        .installation
        .run("user show --account Root --user admin");
    assert!(head.starts_with("GET /a/x?y=z HTTP/1.1\r\n"), "{head}");
    assert_eq!(
        values(head, "x-doorward-user"),
        [user["id"].as_str().unwrap()],
        "{head}"
    );
    assert_eq!(values(head, "x-doorward-username"), ["admin"], "{head}");
    assert_eq!(values(head, "x-doorward-roles"), ["super-user"], "{head}");
    assert!(values(head, "authorization").is_empty(), "{head}");

    let answer = ask(front, "/open/", forged);
    assert_eq!(status(&answer), "200", "{answer}");
    let seen = guarded.app.take();
    for name in ["x-doorward-user", "x-doorward-username", "x-doorward-roles"] {
        assert!(values(&seen[0], name).is_empty(), "{name}: {seen:?}");
    }

    for (target, more) in [
        ("/a/x", String::new()),
        ("/a/x", basic("wrong")),
        ("/a/x", "X-Auth-Token: none\r\n".to_owned()),
        ("/nowhere", String::new()),
    ] {
        let answer = ask(front, target, &more);
        assert_eq!(status(&answer), "401", "{target}: {answer}");
        assert!(
            !values(&answer, "www-authenticate").is_empty() || target == "/nowhere",
            "{answer}"
        );
    }
    for target in [
        "/open/../a/x",
        "/open/%2e%2e/a/x",
        "/open/..%2fa/x",
        "/open/%2e%2e%2fa",
    ] {
        let answer = ask(front, target, "");
        assert!(!status(&answer).starts_with('2'), "{target}: {answer}");
    }
    let leaked = guarded.app.take();
    assert!(leaked.is_empty(), "{leaked:?}");
}

#[test]
fn the_binary_guards_as_a_proxy() {
    let guarded = Guarded::start();
    guards(guarded.server.public, &guarded);
    // Another file is in force without a restart, and one that is wrong changes nothing.
    let path = guarded.installation.data().join("doorward.toml");
    let file = fs::read_to_string(&path).unwrap();
    fs::write(&path, file.replace("/open/", "/public/")).unwrap();
    guarded.server.signal("HUP");
    eventually(|| status(&ask(guarded.server.public, "/public/x", "")) == "200");
    assert_eq!(status(&ask(guarded.server.public, "/open/x", "")), "401");
    fs::write(&path, "[[api]]\nname = \"a\"").unwrap();
    guarded.server.signal("HUP");
    eventually(|| guarded.server.log().contains("configuration not reloaded"));
    assert_eq!(status(&ask(guarded.server.public, "/public/x", "")), "200");
}

/// A proxy that was started by its file; killed when dropped.
struct Proxy {
    child: Child,
    front: SocketAddr,
    folder: tempfile::TempDir,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Proxy {
    /// Copies the documentation's files, with the test's addresses in the place of theirs, and starts.
    fn start(guarded: &Guarded, files: &[&str], run: impl Fn(&Path) -> Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let front = free_address();
        let shown = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/proxies");
        for file in files {
            let text = fs::read_to_string(shown.join(file)).unwrap();
            let text = text
                .replace("127.0.0.1:8001", &guarded.check.to_string())
                .replace("127.0.0.1:9100", &guarded.app.address.to_string())
                .replace("127.0.0.1:8080", &front.to_string())
                .replace("http://:8080", &format!("http://:{}", front.port()));
            fs::write(folder.path().join(file), text).unwrap();
        }
        let child = run(folder.path())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let proxy = Self {
            child,
            front,
            folder,
        };
        // It may listen before it knows its routes.
        eventually(|| {
            TcpStream::connect(front).is_ok() && status(&ask(front, "/open/", "")) == "200"
        });
        guarded.app.take();
        proxy
    }
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

fn program(name: &str) -> PathBuf {
    let folder = env::var_os(PROXIES).unwrap_or_else(|| {
        panic!("{PROXIES} names no folder with caddy and traefik: run `cargo xtask test`")
    });
    Path::new(&folder).join(name)
}

/// Without us, nothing passes.
fn fails_closed(proxy: &Proxy, mut guarded: Guarded) {
    guarded.server.child.kill().unwrap();
    guarded.server.child.wait().unwrap();
    for target in ["/a/x", "/open/"] {
        let answer = ask(proxy.front, target, &basic("first-password"));
        assert!(status(&answer).starts_with('5'), "{answer}");
    }
    assert!(guarded.app.take().is_empty());
    assert!(proxy.folder.path().exists());
}

#[test]
fn nginx_asks_and_obeys() {
    let guarded = Guarded::start();
    let proxy = Proxy::start(&guarded, &["nginx.conf"], |folder| {
        let mut command = Command::new("/usr/sbin/nginx");
        command.arg("-p").arg(folder).args(["-c", "nginx.conf"]);
        command
    });
    guards(proxy.front, &guarded);
    fails_closed(&proxy, guarded);
}

#[test]
fn caddy_asks_and_obeys() {
    let guarded = Guarded::start();
    let proxy = Proxy::start(&guarded, &["Caddyfile"], |folder| {
        let mut command = Command::new(program("caddy"));
        command.args(["run", "--config", "Caddyfile", "--adapter", "caddyfile"]);
        command
            .env("XDG_DATA_HOME", folder)
            .env("XDG_CONFIG_HOME", folder);
        command
    });
    guards(proxy.front, &guarded);
    fails_closed(&proxy, guarded);
}

#[test]
fn traefik_asks_and_obeys() {
    let guarded = Guarded::start();
    let files = ["traefik.yml", "traefik-dynamic.yml"];
    let proxy = Proxy::start(&guarded, &files, |_| {
        let mut command = Command::new(program("traefik"));
        command.arg("--configFile=traefik.yml");
        command
    });
    guards(proxy.front, &guarded);
    fails_closed(&proxy, guarded);
}
