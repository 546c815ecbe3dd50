//! TLS over real sockets: who is let in, what requests are told, how certificates are exchanged.
#![expect(clippy::unwrap_used, reason = "a test's helper fails by panicking")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use doorward_core::certificate::ClientCertificate;
use doorward_gateway::inherited::Inherited;
use doorward_gateway::listen::bind;
use doorward_gateway::peer::{ListenerName, Transport};
use doorward_gateway::serve::{Body, Limits, RequestBody, Service, serve};
use doorward_gateway::tls::{Files, Server, TlsError};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair, SanType};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;
use tower::service_fn;
use tower::util::BoxCloneSyncService;

const PATIENCE: Duration = Duration::from_secs(10);
const ASK: &[u8] = b"GET / HTTP/1.1\r\nhost: h\r\n\r\n";

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

struct Leaf {
    cert: rcgen::Certificate,
    key: KeyPair,
}

fn leaf(name: SanType, usage: ExtendedKeyUsagePurpose, authority: &Authority) -> Leaf {
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![name];
    params.extended_key_usages = vec![usage];
    let key = KeyPair::generate().unwrap();
    let cert = params.signed_by(&key, authority).unwrap();
    Leaf { cert, key }
}

fn ours(authority: &Authority) -> Leaf {
    let name = SanType::DnsName("localhost".try_into().unwrap());
    leaf(name, ExtendedKeyUsagePurpose::ServerAuth, authority)
}

fn robot(authority: &Authority) -> Leaf {
    let name = SanType::URI("spiffe://acme/robot".try_into().unwrap());
    leaf(name, ExtendedKeyUsagePurpose::ClientAuth, authority)
}

fn write(folder: &Path, leaf: &Leaf, clients: Option<&Authority>) -> Files {
    let files = Files {
        cert: folder.join("cert.pem"),
        key: folder.join("key.pem"),
        client_ca: clients.map(|_| folder.join("clients.pem")),
    };
    std::fs::write(&files.cert, leaf.cert.pem()).unwrap();
    std::fs::write(&files.key, leaf.key.serialize_pem()).unwrap();
    if let (Some(path), Some(clients)) = (&files.client_ca, clients) {
        std::fs::write(path, clients.pem()).unwrap();
    }
    files
}

struct Running {
    address: String,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    async fn end(self) {
        self.stop.cancel();
        timeout(PATIENCE, self.task).await.unwrap().unwrap();
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.unwrap()
    }

    async fn shake(&self, config: ClientConfig) -> std::io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from("localhost").unwrap();
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, self.connect().await);
        timeout(PATIENCE, connecting).await.unwrap()
    }
}

fn start(server: &Server, limits: Limits) -> Running {
    let listeners = bind(
        &ListenerName::new("public"),
        &["127.0.0.1:0".parse().unwrap()],
        &mut Inherited::default(),
    )
    .unwrap();
    let listeners: Vec<_> = listeners.into_iter().map(|l| l.with_tls(server)).collect();
    let address = listeners.first().unwrap().local().to_string();
    let stop = CancellationToken::new();
    let token = stop.clone();
    let task = async move {
        let drained = serve(listeners, service(), limits, &token, PATIENCE).await;
        assert_eq!(drained.unwrap().cut, 0);
    };
    #[expect(clippy::disallowed_methods, reason = "every test waits for its server")]
    let task = tokio::spawn(task);
    Running {
        address,
        stop,
        task,
    }
}

/// Tells what it was told.
fn service() -> Service {
    BoxCloneSyncService::new(service_fn(|request: Request<RequestBody>| async move {
        let transport = request.extensions().get::<Transport>();
        let certificate = request.extensions().get::<ClientCertificate>();
        let text = format!("{transport:?} {certificate:?}!");
        let body: Body = Full::new(Bytes::from(text))
            .map_err(|never| match never {})
            .boxed_unsync();
        Ok(Response::new(body))
    }))
}

fn client(roots: &Authority, leaf: Option<&Leaf>, alpn: &[&[u8]]) -> ClientConfig {
    let mut store = RootCertStore::empty();
    store.add(roots.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(store);
    let mut config = match leaf {
        None => builder.with_no_client_auth(),
        Some(leaf) => {
            let chain = vec![CertificateDer::from(leaf.cert.der().to_vec())];
            let key = PrivateKeyDer::try_from(leaf.key.serialize_der()).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    config
}

async fn ask(stream: &mut TlsStream<TcpStream>) -> std::io::Result<String> {
    stream.write_all(ASK).await?;
    let mut got = Vec::new();
    while !got.ends_with(b"!") {
        got.push(timeout(PATIENCE, stream.read_u8()).await.unwrap()?);
    }
    Ok(String::from_utf8(got).unwrap())
}

#[tokio::test]
async fn both_versions_of_http_are_agreed_on_and_told_their_transport() {
    let (folder, root) = (tempfile::tempdir().unwrap(), authority());
    let server = Server::load(&write(folder.path(), &ours(&root), None)).unwrap();
    let running = start(&server, Limits::default());
    let http1: &[u8] = b"http/1.1";
    for alpn in [&[][..], &[http1]] {
        let mut stream = running.shake(client(&root, None, alpn)).await.unwrap();
        let answer = ask(&mut stream).await.unwrap();
        assert!(answer.ends_with("Some(Tls) None!"), "{answer}");
    }
    let stream = running
        .shake(client(&root, None, &[b"h2", b"http/1.1"]))
        .await
        .unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let asking = async {
        let request = Request::get("https://h/").body(Empty::<Bytes>::new());
        let response = sender.send_request(request.unwrap()).await.unwrap();
        response.into_body().collect().await.unwrap().to_bytes()
    };
    let body = tokio::select! {
        body = asking => body,
        ended = connection => panic!("ended: {ended:?}"),
    };
    assert_eq!(body, "Some(Tls) None!");
    drop(sender);
    let refused = running.shake(client(&root, None, &[b"smtp"])).await;
    assert!(refused.is_err());
    running.end().await;
}

#[tokio::test]
async fn http1_where_http2_was_agreed_on_is_refused() {
    let (folder, root) = (tempfile::tempdir().unwrap(), authority());
    let server = Server::load(&write(folder.path(), &ours(&root), None)).unwrap();
    let running = start(&server, Limits::default());
    let mut stream = running.shake(client(&root, None, &[b"h2"])).await.unwrap();
    stream.write_all(ASK).await.unwrap();
    let mut got = Vec::new();
    let _ended = timeout(PATIENCE, stream.read_to_end(&mut got)).await;
    assert!(!String::from_utf8_lossy(&got).contains("200 OK"));
    running.end().await;
}

#[tokio::test]
async fn a_clients_certificate_is_optional_and_never_a_strangers() {
    let (folder, root, clients) = (tempfile::tempdir().unwrap(), authority(), authority());
    let files = write(folder.path(), &ours(&root), Some(&clients));
    let running = start(&Server::load(&files).unwrap(), Limits::default());

    let known = robot(&clients);
    let mut stream = running
        .shake(client(&root, Some(&known), &[]))
        .await
        .unwrap();
    let answer = ask(&mut stream).await.unwrap();
    assert!(answer.contains(r#"Uri("spiffe://acme/robot")"#), "{answer}");

    let mut stream = running.shake(client(&root, None, &[])).await.unwrap();
    let answer = ask(&mut stream).await.unwrap();
    assert!(answer.ends_with("Some(Tls) None!"), "{answer}");

    // Of another authority, and one that is made for servers.
    for stranger in [
        robot(&authority()),
        leaf(
            SanType::URI("spiffe://acme/robot".try_into().unwrap()),
            ExtendedKeyUsagePurpose::ServerAuth,
            &clients,
        ),
    ] {
        let answered = match running.shake(client(&root, Some(&stranger), &[])).await {
            // In TLS 1.3 the client is through before the server has judged it.
            Ok(mut stream) => ask(&mut stream).await,
            Err(error) => Err(error),
        };
        assert!(answered.is_err(), "{answered:?}");
    }
    running.end().await;
}

#[tokio::test]
async fn what_is_no_tls_and_what_never_comes_is_closed() {
    let (folder, root) = (tempfile::tempdir().unwrap(), authority());
    let server = Server::load(&write(folder.path(), &ours(&root), None)).unwrap();
    let limits = Limits {
        handshake_timeout: Duration::from_millis(200),
        ..Limits::default()
    };
    let running = start(&server, limits);
    let mut plain = running.connect().await;
    plain.write_all(ASK).await.unwrap();
    let mut got = Vec::new();
    timeout(PATIENCE, plain.read_to_end(&mut got))
        .await
        .unwrap()
        .unwrap();
    assert!(!got.starts_with(b"HTTP"), "{got:?}");
    let mut silent = running.connect().await;
    let ended = timeout(PATIENCE, silent.read(&mut [0])).await.unwrap();
    assert!(matches!(ended, Ok(0) | Err(_)));
    running.end().await;
}

#[tokio::test]
async fn a_handshake_under_way_holds_a_place() {
    let (folder, root) = (tempfile::tempdir().unwrap(), authority());
    let server = Server::load(&write(folder.path(), &ours(&root), None)).unwrap();
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let running = start(&server, limits);
    let silent = running.connect().await;
    let shaking = running.shake(client(&root, None, &[]));
    let mut shaking = Box::pin(shaking);
    assert!(
        timeout(Duration::from_millis(200), shaking.as_mut())
            .await
            .is_err()
    );
    drop(silent);
    let mut stream = shaking.as_mut().await.unwrap();
    ask(&mut stream).await.unwrap();
    drop((stream, shaking));
    running.end().await;
}

#[tokio::test]
async fn new_certificates_are_for_new_connections_and_bad_ones_for_none() {
    let (folder, first, second) = (tempfile::tempdir().unwrap(), authority(), authority());
    let server = Server::load(&write(folder.path(), &ours(&first), None)).unwrap();
    let running = start(&server, Limits::default());
    let mut old = running.shake(client(&first, None, &[])).await.unwrap();
    ask(&mut old).await.unwrap();

    let files = write(folder.path(), &ours(&second), None);
    server.reload(&files).unwrap();
    assert!(running.shake(client(&first, None, &[])).await.is_err());
    running.shake(client(&second, None, &[])).await.unwrap();

    std::fs::write(&files.cert, "nothing").unwrap();
    assert!(matches!(
        server.reload(&files),
        Err(TlsError::NoCertificate(_))
    ));
    running.shake(client(&second, None, &[])).await.unwrap();
    ask(&mut old).await.unwrap();
    drop(old);
    running.end().await;
}

#[test]
fn a_file_that_cannot_be_used_is_named_and_not_shown() {
    let (folder, root) = (tempfile::tempdir().unwrap(), authority());
    let (one, other) = (ours(&root), ours(&root));
    let files = write(folder.path(), &one, Some(&root));
    let clients = files.client_ca.clone().unwrap();
    Server::load(&files).unwrap();
    let key = one.key.serialize_pem();
    let garbled = key.replacen("\nM", "\n!", 1);
    let cases = [
        (&files.key, other.key.serialize_pem(), "is not that of"),
        (&files.key, one.cert.pem(), "holds no private key"),
        (&files.key, garbled, "is not well-formed PEM"),
        (&files.cert, key.clone(), "holds no certificate"),
        (&files.cert, "a".repeat(2_000_000), "is too long"),
        (&clients, String::new(), "holds no certificate"),
        (
            &clients,
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned(),
            "cannot be used",
        ),
    ];
    for (file, text, expected) in cases {
        let sound = std::fs::read(file).unwrap();
        std::fs::write(file, text).unwrap();
        let said = Server::load(&files).unwrap_err().to_string();
        std::fs::write(file, sound).unwrap();
        assert!(said.contains(expected), "{said}");
        assert!(said.contains(file.to_str().unwrap()), "{said}");
        let secret = key.lines().nth(1).unwrap();
        assert!(!said.contains(secret), "{said}");
    }
    std::fs::remove_file(&files.key).unwrap();
    let said = Server::load(&files).unwrap_err().to_string();
    assert!(said.contains("key.pem: "), "{said}");
}
