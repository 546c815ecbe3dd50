//! The Funnelback dialect of a running server, and changes that another process makes meanwhile.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_engine::monotonic;

use crate::proxies::App;
use crate::support::{Installation, PATIENCE, Server, bad, eventually, feed, good};

/// Within what a change is felt.
const MOMENT: Duration = Duration::from_millis(200);
const ACCOUNT: &str = "/admin-api/account/v1/";
const PUSH: &str = "/push-api/v1/collections/example/state";

/// A server with the dialect, in front of this application.
fn serve(installation: &Installation, app: &App) -> Server {
    let file = format!(
        "[funnelback]\naccount = \"Root\"\n[upstream.app]\nurls = [\"http://{}\"]\n[[api]]\nname = \"push\"\n\
         paths = [\"/push-api/\"]\naccount = \"Root\"\nupstream = \"app\"\ndialect = \"funnelback\"\n\
         accept = [\"basic\", \"token\"]\n",
        app.address
    );
    fs::write(installation.data().join("doorward.toml"), file).unwrap();
    installation.serve()
}

/// Signs in; the token of the answer's header.
fn sign_in(server: &Server, password: &str) -> String {
    let form = format!("username=admin&password={password}");
    let request = format!(
        "POST {ACCOUNT}login HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}",
        server.public,
        form.len()
    );
    let mut stream = TcpStream::connect(server.public).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let mut lines = answer.lines();
    let token = lines.find_map(|line| line.strip_prefix("x-security-token: "));
    token.unwrap().to_owned()
}

/// How long after `ended` the first request was sent that was refused.
fn refused_after(ended: Duration, status: impl Fn() -> u16) -> Duration {
    let mut sent = ended;
    eventually(|| {
        sent = monotonic();
        match status() {
            200 => false,
            401 => true,
            other => panic!("{other}"),
        }
    });
    sent.saturating_sub(ended)
}

#[test]
fn a_password_changed_by_the_operator_ends_tokens_and_remembered_passwords_at_once() {
    const ROUNDS: usize = 8;
    let (installation, app) = (Installation::found(), App::start());
    let server = serve(&installation, &app);
    let mut password = "first-password".to_owned();
    let mut in_time = [0; 2];
    for round in 0..ROUNDS {
        let token = sign_in(&server, &password);
        let pair = STANDARD.encode(format!("admin:{password}"));
        let authorization = format!("Basic {pair}");
        let by_token = || {
            let header = ("x-security-token", &*token);
            server.send("GET", ACCOUNT, &[header], "").status
        };
        let by_basic = || {
            let header = ("authorization", &*authorization);
            server.send("GET", PUSH, &[header], "").status
        };
        assert_eq!((by_token(), by_basic()), (200, 200));
        password = format!("password-{round}");
        let set = [
            "user",
            "set-password",
            "--account",
            "Root",
            "--user",
            "admin",
        ];
        installation.json_with(&set, &password);
        let ended = monotonic();
        in_time[0] += usize::from(refused_after(ended, by_token) < MOMENT);
        // What is asked with this is refused only after a slow hash, so that the asking is what is timed.
        in_time[1] += usize::from(refused_after(ended, by_basic) < MOMENT);
    }
    // The machine may stumble once or twice; a server that looks too seldom is late nearly always.
    assert!(
        in_time.iter().all(|in_time| *in_time >= ROUNDS - 2),
        "{in_time:?}"
    );
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn the_operator_inspects_and_revokes_login_tokens_and_rotates_their_key() {
    let (installation, app) = (Installation::found(), App::start());
    let server = serve(&installation, &app);
    let status = |token: &str| {
        let header = ("x-security-token", token);
        server.send("GET", ACCOUNT, &[header], "").status
    };
    let token = sign_in(&server, "first-password");
    let with = |command: &str, token: &str| {
        let command = installation.command(&["token", command, "-", "--json"]);
        let said = good(&feed(command, &format!("{token}\n")));
        serde_json::from_str::<serde_json::Value>(&said).unwrap()
    };
    let told = with("inspect", &token);
    assert_eq!(told["method"], "remember_me");
    assert_eq!(told["owner_id"], installation.user.as_str());
    assert!(!told.to_string().contains(&token));
    with("revoke", &token);
    eventually(|| status(&token) == 401);

    let token = sign_in(&server, "first-password");
    installation.run("token rotate-key remember-me");
    assert_eq!(status(&token), 200);
    installation.run("token rotate-key remember-me");
    eventually(|| status(&token) == 401);
    let after = sign_in(&server, "first-password");
    assert_eq!(status(&after), 200);
    let forged = format!("{}A", after.split_at(after.len() - 1).0);
    let command = installation.command(&["token", "inspect", "-"]);
    let said = bad(&feed(command, &forged), 1);
    assert!(!said.contains(&forged), "{said}");
    assert_eq!(server.stop(), Some(0));
}
