//! `[tls]`: clients come encrypted, some show certificates, and certificates change while it serves.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    SanType,
};
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::support::{Installation, PATIENCE, Server, bad, exchange};

type Authority = CertifiedIssuer<'static, KeyPair>;
type Stream = StreamOwned<ClientConnection, TcpStream>;

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

struct Leaf {
    cert: rcgen::Certificate,
    key: KeyPair,
}

fn leaf(authority: &Authority, name: SanType, usage: ExtendedKeyUsagePurpose) -> Leaf {
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![name];
    params.extended_key_usages = vec![usage];
    let key = KeyPair::generate().unwrap();
    let cert = params.signed_by(&key, authority).unwrap();
    Leaf { cert, key }
}

fn ours(authority: &Authority) -> Leaf {
    let name = SanType::DnsName("localhost".try_into().unwrap());
    leaf(authority, name, ExtendedKeyUsagePurpose::ServerAuth)
}

fn theirs(authority: &Authority, uri: &str) -> Leaf {
    let name = SanType::URI(uri.try_into().unwrap());
    leaf(authority, name, ExtendedKeyUsagePurpose::ClientAuth)
}

/// An installation with certificates in its data folder.
struct Encrypted {
    installation: Installation,
    root: Authority,
    clients: Authority,
}

impl Encrypted {
    fn found() -> Self {
        let encrypted = Self {
            installation: Installation::found(),
            root: authority(),
            clients: authority(),
        };
        encrypted.certify(&ours(&encrypted.root));
        let clients = encrypted.installation.data().join("clients.pem");
        fs::write(clients, encrypted.clients.pem()).unwrap();
        encrypted
    }

    fn certify(&self, leaf: &Leaf) {
        let data = self.installation.data();
        fs::write(data.join("cert.pem"), leaf.cert.pem()).unwrap();
        fs::write(data.join("key.pem"), leaf.key.serialize_pem()).unwrap();
    }

    fn config(&self, text: &str) -> PathBuf {
        let file = self.installation.folder.path().join("doorward.toml");
        fs::write(&file, text).unwrap();
        file
    }

    fn serve(&self, text: &str) -> Server {
        let file = self.config(text);
        let arguments = ["--config", file.to_str().unwrap()];
        self.installation.serve_with(&arguments, &[])
    }

    fn connect(&self, address: SocketAddr, leaf: Option<&Leaf>) -> io::Result<Stream> {
        connect(address, &self.root, leaf)
    }
}

fn connect(address: SocketAddr, root: &Authority, leaf: Option<&Leaf>) -> io::Result<Stream> {
    let mut roots = RootCertStore::empty();
    roots.add(root.der().clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match leaf {
        None => builder.with_no_client_auth(),
        Some(leaf) => {
            let key = PrivateKeyDer::try_from(leaf.key.serialize_der()).unwrap();
            let chain = vec![leaf.cert.der().clone()];
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    let name = ServerName::try_from("localhost").unwrap();
    let session = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut stream = StreamOwned::new(session, stream);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}

/// Sends a request that leaves the connection open, and reads the answer's head.
fn ask(stream: &mut Stream, path: &str, more: &str) -> io::Result<String> {
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: localhost\r\n{more}\r\n"
    )?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1);
    let length = length.and_then(|rest| rest.lines().next()?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    Ok(head + &String::from_utf8_lossy(&body))
}

/// An upstream that answers with the head it was sent.
fn mirror() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || reflect(stream));
        }
    });
    address
}

fn reflect(mut stream: TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while stream.read(&mut byte)? == 1 {
        head.extend(byte);
        if head.ends_with(b"\r\n\r\n") {
            let length = head.len();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n"
            )?;
            stream.write_all(&head)?;
            head.clear();
        }
    }
    Ok(())
}

const TLS: &str = "[tls]\ncert = \"cert.pem\"\nkey = \"key.pem\"\nclient_ca = \"clients.pem\"\n";
const ROBOT: &str = "spiffe://acme/robot";

fn machines(upstream: SocketAddr) -> String {
    format!(
        "[listen]\ncheck = \"127.0.0.1:0\"\n[check]\npeers = [\"127.0.0.1\"]\n{TLS}\
         [upstream.app]\nurls = [\"http://{upstream}\"]\n\
         [[api]]\nname = \"machines\"\npaths = [\"/m/\"]\nupstream = \"app\"\naccount = \"Root\"\naccept = [\"mtls\"]\n\
         [[identity]]\naccount = \"Root\"\ncert_san = \"URI:{ROBOT}\"\n"
    )
}

#[test]
fn a_certificate_says_who_asks_and_nothing_else_does() {
    let encrypted = Encrypted::found();
    let mut server = encrypted.serve(&machines(mirror()));
    let robot = theirs(&encrypted.clients, ROBOT);

    let mut stream = encrypted.connect(server.public, Some(&robot)).unwrap();
    for _ in 0..2 {
        let answer = ask(&mut stream, "/m/x", "").unwrap();
        assert!(answer.starts_with("http/1.1 200 "), "{answer}");
        let account = format!("x-doorward-account: {}", encrypted.installation.account);
        assert!(answer.contains(&account), "{answer}");
        assert!(answer.contains("x-doorward-method: mtls"), "{answer}");
        assert!(answer.contains("x-forwarded-proto: https"), "{answer}");
    }

    // Nobody, somebody else, and nobody who writes down who it is.
    let other = theirs(&encrypted.clients, "spiffe://acme/other");
    for (leaf, more) in [
        (None, ""),
        (Some(&other), ""),
        (None, "x-doorward-account: root\r\nx-client-cert: robot\r\n"),
    ] {
        let mut stream = encrypted.connect(server.public, leaf).unwrap();
        let answer = ask(&mut stream, "/m/x", more).unwrap();
        assert!(answer.starts_with("http/1.1 401 "), "{answer}");
    }

    // The same name, by an authority that is not ours.
    let foreign = theirs(&authority(), ROBOT);
    let answered = encrypted
        .connect(server.public, Some(&foreign))
        .and_then(|mut stream| ask(&mut stream, "/m/x", ""));
    assert!(answered.is_err(), "{answered:?}");

    // The check door is shown a proxy's certificate, never a client's.
    let check = server.wait_for("\"serving\"");
    let check: serde_json::Value = serde_json::from_str(&check).unwrap();
    let check = check["fields"]["check"].as_str().unwrap().parse().unwrap();
    let mut stream = encrypted.connect(check, Some(&robot)).unwrap();
    let described = "x-forwarded-method: GET\r\nx-forwarded-proto: https\r\nx-forwarded-host: localhost\r\n\
                     x-forwarded-uri: /m/x\r\nx-forwarded-for: 127.0.0.1\r\n";
    let answer = ask(&mut stream, "/check/forwarded", described).unwrap();
    assert!(answer.starts_with("http/1.1 401 "), "{answer}");
}

#[test]
fn what_is_not_encrypted_is_ended_and_the_ops_listener_stays_clear() {
    let encrypted = Encrypted::found();
    let server = encrypted.serve(TLS);
    let mut plain = TcpStream::connect(server.public).unwrap();
    plain.set_read_timeout(Some(PATIENCE)).unwrap();
    plain
        .write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    plain.read_to_end(&mut answer).unwrap();
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    let mut stream = encrypted.connect(server.public, None).unwrap();
    assert!(ask(&mut stream, "/", "").unwrap().starts_with("http/1.1 "));
    assert_eq!(exchange(server.ops, "GET", "/livez", &[], "").status, 200);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn sighup_takes_new_certificates_for_new_connections() {
    let encrypted = Encrypted::found();
    let mut server = encrypted.serve(TLS);
    let mut old = encrypted.connect(server.public, None).unwrap();
    ask(&mut old, "/", "").unwrap();

    let second = authority();
    encrypted.certify(&ours(&second));
    server.signal("HUP");
    server.wait_for("certificates read anew");
    connect(server.public, &second, None).unwrap();
    assert!(encrypted.connect(server.public, None).is_err());
    ask(&mut old, "/", "").unwrap();

    // A bad file takes the rest of the configuration with it.
    fs::write(encrypted.installation.data().join("key.pem"), "nothing").unwrap();
    encrypted.config(&format!("{TLS}[crossbar]\nv1 = false\n"));
    server.signal("HUP");
    server.wait_for("key.pem holds no private key");
    assert!(!server.log().contains("changed\":\"crossbar.v1"));
    connect(server.public, &second, None).unwrap();

    encrypted.config("");
    server.signal("HUP");
    let refused = server.wait_for("restart to change");
    assert!(refused.contains("tls"), "{refused}");
    ask(&mut old, "/", "").unwrap();
}

#[test]
fn certificates_that_cannot_be_used_stop_the_start() {
    let encrypted = Encrypted::found();
    let file = encrypted.config(TLS);
    fs::remove_file(encrypted.installation.data().join("cert.pem")).unwrap();
    let mut command = encrypted
        .installation
        .command(&["serve", "--listen", "127.0.0.1:0"]);
    let output = command.arg("--config").arg(&file).output().unwrap();
    let said = bad(&output, 1);
    assert!(said.contains("cert.pem"), "{said}");
}

#[test]
fn an_api_for_certificates_needs_one_of_its_account() {
    let encrypted = Encrypted::found();
    let installation = &encrypted.installation;
    installation.run("account create --name Other --realm other.example");
    let text = machines(mirror()).replace(
        "[[identity]]\naccount = \"Root\"",
        "[[identity]]\naccount = \"Other\"",
    );
    let file = encrypted.config(&text);
    let mut command = installation.command(&["serve", "--listen", "127.0.0.1:0"]);
    let output = command.arg("--config").arg(&file).output().unwrap();
    let said = bad(&output, 1);
    assert!(said.contains("api.machines.accept"), "{said}");
}
