//! Running the binary, and talking to it over a plain socket.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use doorward_core::digest::md5_credentials;
use doorward_engine::monotonic;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Longest wait for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The binary with an environment of our own.
pub(crate) fn doorward(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
    command
        .args(arguments)
        .env_clear()
        .env("RUST_BACKTRACE", "full");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs a command with this on its standard input.
pub(crate) fn feed(mut command: Command, input: &str) -> Output {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    // Who does not read its input to the end breaks the pipe, which is no failure here.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    child.wait_with_output().unwrap()
}

/// The output of a command that must succeed.
pub(crate) fn good(output: &Output) -> String {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{:?}: {out} {err}", output.status);
    out
}

/// What a command that must fail says: a sentence, at most two hints, no backtrace.
pub(crate) fn bad(output: &Output, code: i32) -> String {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out} {err}");
    let lines: Vec<&str> = err.lines().collect();
    assert!((1..=3).contains(&lines.len()), "{err}");
    assert!(lines[0].starts_with("doorward: "), "{err}");
    assert!(
        lines[1..].iter().all(|line| line.starts_with("  ")),
        "{err}"
    );
    assert!(
        !err.contains("panicked") && !err.contains("backtrace"),
        "{err}"
    );
    err
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A founded installation in a folder of its own.
pub(crate) struct Installation {
    pub(crate) folder: TempDir,
    pub(crate) account: String,
    pub(crate) user: String,
    pub(crate) api_key: String,
}

impl Installation {
    /// Root account `Root`, realm `root.example`, admin `admin` with password `first-password`.
    pub(crate) fn found() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let output = good(&feed(init(&folder.path().join("data")), "first-password\n"));
        let made: Value = serde_json::from_str(&output).unwrap();
        let member = |name: &str| made[name].as_str().unwrap().to_owned();
        Self {
            account: member("account_id"),
            user: member("user_id"),
            api_key: member("api_key"),
            folder,
        }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A command on this installation.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = doorward(arguments);
        command.arg("--data").arg(self.data());
        command
    }

    /// A command that must succeed, and what it prints.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let printed = good(&self.command(arguments).output().unwrap());
        serde_json::from_str(&printed).unwrap()
    }

    /// The same, its arguments as one line.
    pub(crate) fn run(&self, line: &str) -> Value {
        self.json(&line.split(' ').collect::<Vec<_>>())
    }

    /// The same with a password.
    pub(crate) fn json_with(&self, arguments: &[&str], password: &str) -> Value {
        let mut command = self.command(arguments);
        command.arg("--password-stdin");
        serde_json::from_str(&good(&feed(command, &format!("{password}\n")))).unwrap()
    }

    /// Serves on free ports of loopback.
    pub(crate) fn serve(&self) -> Server {
        self.serve_with(&[], &[])
    }

    /// Serves with more arguments and variables.
    pub(crate) fn serve_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Server {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        command
            .args(arguments)
            .env("DOORWARD_LISTEN__OPS", "127.0.0.1:0");
        command.envs(variables.iter().copied());
        Server::start(&mut command, self.folder.path())
    }
}

/// `doorward init` with the names every installation here has.
pub(crate) fn init(data: &Path) -> Command {
    let mut command = doorward(&["init", "--password-stdin", "--json"]);
    command.args([
        "--account-name",
        "Root",
        "--realm",
        "root.example",
        "--username",
        "admin",
    ]);
    command.arg("--data").arg(data);
    command
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) public: SocketAddr,
    pub(crate) ops: SocketAddr,
    log: PathBuf,
}

impl Server {
    pub(crate) fn start(command: &mut Command, folder: &Path) -> Self {
        let log = folder.join(format!("serve-{}.log", monotonic().as_nanos()));
        let file = File::create(&log).unwrap();
        command.stderr(file.try_clone().unwrap()).stdout(file);
        let child = command.spawn().unwrap();
        let mut server = Self {
            child,
            public: ([127, 0, 0, 1], 0).into(),
            ops: ([127, 0, 0, 1], 0).into(),
            log,
        };
        let started = server.wait_for("\"serving\"");
        let record: Value = serde_json::from_str(&started).unwrap();
        let address = |name: &str| record["fields"][name].as_str().unwrap().parse().unwrap();
        (server.public, server.ops) = (address("public"), address("ops"));
        server
    }

    /// Everything it logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Where it logs to.
    pub(crate) fn log_file(&self) -> PathBuf {
        self.log.clone()
    }

    /// The first line of the log that holds this text.
    pub(crate) fn wait_for(&mut self, part: &str) -> String {
        let mut line = None;
        eventually(|| {
            line = self
                .log()
                .lines()
                .find(|line| line.contains(part))
                .map(str::to_owned);
            line.is_some() || self.child.try_wait().unwrap().is_some()
        });
        line.unwrap_or_else(|| panic!("no {part} in {}", self.log()))
    }

    pub(crate) fn signal(&self, name: &str) {
        let done = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status();
        assert!(done.unwrap().success());
    }

    /// Asks it to stop, and gives its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        self.signal("TERM");
        self.child.wait().unwrap().code()
    }

    /// Signs in by digest: the status and, if it was good, the token.
    pub(crate) fn sign_in(&self, username: &str, password: &str) -> (u16, String) {
        self.sign_in_to("root.example", username, password)
    }

    pub(crate) fn sign_in_to(&self, realm: &str, username: &str, password: &str) -> (u16, String) {
        let credentials = md5_credentials(username, password);
        let body = json!({"data": {"credentials": credentials, "account_realm": realm}});
        let answer = self.send("PUT", "/v2/user_auth", &[], &body.to_string());
        (answer.status, answer.token())
    }

    /// Signs in to the root account with a digest made elsewhere.
    pub(crate) fn present(&self, credentials: &str, method: &str) -> Answer {
        let data = json!({"credentials": credentials, "method": method, "account_name": "root"});
        let body = json!({ "data": data }).to_string();
        self.send("PUT", "/v2/user_auth", &[], &body)
    }

    /// The status of a request with this token.
    pub(crate) fn status_with(&self, token: &str) -> u16 {
        self.send("GET", "/v2/token_auth", &[("x-auth-token", token)], "")
            .status
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        exchange(self.public, method, path, headers, body)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn token(&self) -> String {
        self.json()["auth_token"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

/// One request over a connection of its own.
pub(crate) fn exchange(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    try_exchange(address, method, path, headers, body).unwrap()
}

/// The same with a server that may be gone.
pub(crate) fn try_exchange(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let headers: String = headers
        .iter()
        .map(|(name, value)| [name, ": ", value, "\r\n"].concat())
        .collect();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n{headers}\r\n{body}",
        body.len(),
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let cut = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(cut)?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .ok_or_else(cut)?;
    Ok(Answer {
        status,
        body: body.to_owned(),
    })
}

/// Waits until something is so. The bound is for what hangs: how soon a change is felt, `demo --check`
/// prints.
pub(crate) fn eventually(mut is_so: impl FnMut() -> bool) {
    let begun = monotonic();
    while !is_so() {
        let waited = monotonic().saturating_sub(begun);
        assert!(waited < PATIENCE, "not so after {waited:?}");
        sleep(Duration::from_millis(10));
    }
}

/// The names in a folder, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .map(|entries| {
            let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
            entries
                .map(|entry| name(entry).into_string().unwrap())
                .collect()
        })
        .unwrap_or_default();
    names.sort();
    names
}
