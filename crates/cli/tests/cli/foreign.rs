//! Nouns of the Crossbar tree that somebody else serves: checked as our own, then passed on.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

use crate::support::{Answer, Installation, PATIENCE, Server, exchange};

/// A service that notes what it is sent: heads and bodies.
struct App {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl App {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let told = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let told = Arc::clone(&told);
                thread::spawn(move || answer(stream, &told));
            }
        });
        Self { address, seen }
    }

    /// The requests since it was last asked.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

fn answer(mut stream: TcpStream, told: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while reader.read_line(&mut head).is_ok_and(|read| read > 0) {
        if !head.ends_with("\r\n\r\n") {
            continue;
        }
        let length = header(&head, "content-length").map_or(0, |text| text.parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let whole = std::mem::take(&mut head) + std::str::from_utf8(&body).unwrap();
        told.lock().unwrap().push(whole);
        let said = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
        if stream.write_all(said).is_err() {
            return;
        }
    }
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    let mut values = lines.filter(|(found, _)| found.eq_ignore_ascii_case(name));
    values.next().map(|(_, value)| value)
}

/// Acme below the root account, Branch below Acme, Other beside; Bob is a plain user of Acme's.
struct Tree {
    installation: Installation,
    app: App,
    server: Server,
    check: SocketAddr,
    acme: String,
    branch: String,
    other: String,
    bob: Value,
    token: String,
}

impl Tree {
    fn plant() -> Self {
        let (installation, app) = (Installation::found(), App::start());
        let create = |line: &str| {
            let made = installation.run(&format!("account create {line}"));
            made["id"].as_str().unwrap().to_owned()
        };
        let acme = create("--name Acme --realm acme.example");
        let branch = create("--name Branch --parent acme");
        let other = create("--name Other");
        let bob = "user create --account acme --username bob --first-name Bob";
        let words: Vec<&str> = bob.split(' ').collect();
        let bob = installation.json_with(&words, "bobs-password");
        let settings = format!(
            "rights = ['devices.delete']\n[listen]\ncheck = '127.0.0.1:0'\n[check]\npeers = ['127.0.0.1']\n\
             [crossbar]\nforeign = ['devices']\n[upstream.kazoo]\nurls = ['http://{}']\n[[api]]\nname = 'kazoo'\n\
             paths = ['/v2/']\nupstream = 'kazoo'\naccount = 'root'\naccept = ['token']\ndialect = 'crossbar'\n\
             [[api.rule]]\nmethods = ['DELETE']\npath = '/v2/**'\npermission = 'devices.delete'\n",
            app.address
        );
        fs::write(installation.data().join("doorward.toml"), settings).unwrap();
        let mut server = installation.serve();
        let started: Value = serde_json::from_str(&server.wait_for("\"serving\"")).unwrap();
        let check = started["fields"]["check"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let (status, token) = server.sign_in_to("acme.example", "bob", "bobs-password");
        assert_eq!(status, 201);
        Self {
            installation,
            app,
            server,
            check,
            acme,
            branch,
            other,
            bob: bob["id"].clone(),
            token,
        }
    }

    fn send(&self, method: &str, path: &str, token: &str, body: &str) -> Answer {
        self.server
            .send(method, path, &[("x-auth-token", token)], body)
    }

    /// The status of Bob's request to a device of Acme's.
    fn bob(&self, method: &str, query: &str, body: &str) -> u16 {
        let path = format!("/v2/accounts/{}/devices/1{query}", self.acme);
        self.send(method, &path, &self.token, body).status
    }

    /// The first line and the body of the one request that came through.
    fn passed(&self) -> (String, String) {
        let seen = self.app.take();
        assert_eq!(seen.len(), 1, "{seen:?}");
        let (head, body) = seen[0].split_once("\r\n\r\n").unwrap();
        (head.lines().next().unwrap().to_owned(), body.to_owned())
    }
}

#[test]
fn a_listed_noun_passes_without_what_was_presented() {
    let tree = Tree::plant();
    let device = format!("/v2/accounts/{}/devices/1", tree.acme);
    let target = format!("{device}?a=%2f&auth_token={}&b", tree.token);
    let answer = tree.server.send("GET", &target, &[], "");
    assert_eq!((answer.status, answer.body.as_str()), (200, "hi"));
    let seen = tree.app.take();
    let head = &seen[0];
    assert!(
        head.starts_with(&format!("GET {device}?a=%2f&b HTTP/1.1\r\n")),
        "{head}"
    );
    assert!(!head.contains(&tree.token), "{head}");
    assert_eq!(header(head, "x-doorward-user"), tree.bob.as_str());
    assert_eq!(header(head, "x-doorward-account"), Some(tree.acme.as_str()));

    for path in ["users/u/devices", "%64evices", "devices/"] {
        let path = format!("/v1/accounts/{}/{path}", tree.acme);
        // Only what the API's paths cover goes on.
        assert_eq!(
            tree.send("GET", &path, &tree.token, "").status,
            404,
            "{path}"
        );
        let path = path.replace("/v1/", "/v2/");
        assert_eq!(
            tree.send("GET", &path, &tree.token, "").status,
            200,
            "{path}"
        );
        assert!(tree.passed().0.contains("devices"));
    }
}

#[test]
fn the_tree_and_the_list_keep_others_out() {
    let tree = Tree::plant();
    let (_, admin) = tree.server.sign_in("admin", "first-password");
    let at = |account: &str, rest: &str| format!("/v2/accounts/{account}/{rest}");
    let root = tree.installation.account.as_str();
    let nobody = "0".repeat(32);
    for (path, token, status) in [
        (at(&tree.branch, "devices"), &tree.token, 200),
        (at(&tree.acme, "devices"), &admin, 200),
        (at(&tree.other, "devices"), &tree.token, 403),
        (at(root, "devices"), &tree.token, 403),
        (at(&nobody, "devices"), &tree.token, 404),
        (at("acme", "devices"), &tree.token, 404),
        (at(&tree.acme, "callflows"), &tree.token, 404),
        (at(&tree.acme, "callflows/devices"), &tree.token, 404),
        (at(&tree.acme, "/devices"), &tree.token, 404),
        (at(&tree.acme, "devices//1"), &tree.token, 404),
        ("/v2/devices".to_owned(), &tree.token, 404),
        (at(&tree.acme, "devices"), &String::new(), 401),
        (at("acme", "devices"), &String::new(), 401),
        (at(&tree.other, "devices"), &"none".to_owned(), 401),
        (at(&tree.acme, "callflows"), &String::new(), 401),
    ] {
        assert_eq!(tree.send("GET", &path, token, "").status, status, "{path}");
        assert_eq!(tree.app.take().len(), usize::from(status == 200), "{path}");
    }
    // Our own resources stay ours.
    let own = tree.send("GET", &at(&tree.acme, "users"), &tree.token, "");
    assert_eq!(own.json()["data"][0]["id"], tree.bob);
    // The check door is no second way in.
    let asked = at(&tree.acme, "devices");
    let described = [
        ("x-forwarded-method", "GET"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", "h"),
        ("x-forwarded-uri", asked.as_str()),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-auth-token", tree.token.as_str()),
    ];
    let answer = exchange(tree.check, "GET", "/check/forwarded", &described, "");
    assert_eq!(answer.status, 404, "{}", answer.body);
    tree.server.send(
        "DELETE",
        "/v2/token_auth",
        &[("x-auth-token", &tree.token)],
        "",
    );
    assert_eq!(tree.bob("GET", "", ""), 401);
    assert!(tree.app.take().is_empty());
}

#[test]
fn a_request_goes_on_with_the_verb_it_was_judged_by() {
    let tree = Tree::plant();
    let (_, admin) = tree.server.sign_in("admin", "first-password");
    let delete = r#"{"data":{},"verb":"delete"}"#;
    assert_eq!(tree.bob("DELETE", "", ""), 403);
    assert_eq!(tree.bob("POST", "", delete), 403);
    assert_eq!(tree.bob("POST", "?verb=DELETE", "{}"), 403);
    for body in [
        r#"{"verb":"POST","verb":"DELETE"}"#,
        r#"{"data":{"verb":"GET"},"verb":"DELETE"}"#,
        "{",
    ] {
        assert_eq!(tree.bob("POST", "", body), 400, "{body}");
    }
    assert_eq!(tree.bob("POST", "?verb=GET", delete), 400);
    assert_eq!(tree.bob("POST", "", r#"{"verb":"BREW"}"#), 405);
    // Kazoo reads the verb whatever the method is.
    for (method, query, body) in [
        ("GET", "?verb=DELETE", ""),
        ("GET", "?a&%76erb=delete", ""),
        ("GET", "?verb=GET&verb=DELETE", ""),
        ("GET", "?verb=BREW", ""),
        ("GET", "", delete),
        ("PUT", "", delete),
        ("PATCH", "", r#"{"data":{"verb":"DELETE"}}"#),
        ("PUT", "", r#"{"verb":"PUT","verb":"DELETE"}"#),
    ] {
        assert_eq!(
            tree.bob(method, query, body),
            400,
            "{method} {query} {body}"
        );
    }
    assert!(tree.app.take().is_empty());

    let device = format!("/v2/accounts/{}/devices/1", tree.acme);
    assert_eq!(tree.send("POST", &device, &admin, delete).status, 200);
    assert_eq!(
        tree.passed(),
        (format!("DELETE {device} HTTP/1.1"), delete.to_owned())
    );
    for (method, body, passed) in [
        ("POST", r#"{"data":{"name":"x"}}"#, "POST"),
        ("POST", r#"{"data":{"verb":"PATCH"}}"#, "PATCH"),
        ("PUT", r#"{"verb":"put"}"#, "PUT"),
    ] {
        assert_eq!(tree.bob(method, "", body), 200, "{body}");
        assert_eq!(
            tree.passed(),
            (format!("{passed} {device} HTTP/1.1"), body.to_owned())
        );
    }
}

#[test]
fn a_body_that_may_hold_a_verb_is_small_and_others_stream() {
    let tree = Tree::plant();
    let large = format!(r#"{{"data":"{}"}}"#, "x".repeat(65_536));
    for method in ["POST", "PUT", "PATCH"] {
        assert_eq!(tree.bob(method, "", &large), 413, "{method}");
    }
    // Who is not known, or not let in, is told so first.
    let elsewhere = format!("/v2/accounts/{}/devices", tree.other);
    assert_eq!(
        tree.send("POST", &elsewhere, &tree.token, &large).status,
        403
    );
    assert_eq!(tree.send("POST", &elsewhere, "", &large).status, 401);
    assert!(tree.app.take().is_empty());

    assert_eq!(tree.bob("GET", "?verb=GET", ""), 200);
    assert!(tree.passed().0.ends_with("?verb=GET HTTP/1.1"));
    for (types, status) in [
        (&["audio/wav"][..], "200"),
        (&["audio/wav", "application/json"], "415"),
    ] {
        let answer = post(&tree, types, &large);
        assert_eq!(answer.get(9..12), Some(status), "{answer}");
    }
    assert_eq!(tree.passed().1, large);
}

/// The answer to a POST of Bob's with these content types.
fn post(tree: &Tree, types: &[&str], body: &str) -> String {
    let mut stream = TcpStream::connect(tree.server.public).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let types = types.iter().flat_map(|one| ["content-type: ", one, "\r\n"]);
    let types: String = types.collect();
    let request = format!(
        "POST /v2/accounts/{}/devices HTTP/1.1\r\nhost: h\r\nconnection: close\r\nx-auth-token: {}\r\n{types}\
         content-length: {}\r\n\r\n{body}",
        tree.acme,
        tree.token,
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
