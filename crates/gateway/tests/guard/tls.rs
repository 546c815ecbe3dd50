//! Upstreams behind TLS: whose certificate is believed, and which one we show.

use std::sync::Arc;

use doorward_gateway::upstream::{Pem, Tls};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::support::{OK, Seen, door_with, lines};

/// Who signs.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key.
struct Signed {
    cert: String,
    key: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        Self { pem, issuer }
    }

    fn sign(&self, name: &str) -> Signed {
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        Signed {
            cert: params.signed_by(&key, &self.issuer).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }
}

fn certificate(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

/// Serves with this certificate, and asks clients for one that this authority signed.
fn acceptor(signed: &Signed, clients: Option<&Authority>) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let building = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let building = match clients {
        None => building.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(certificate(&authority.pem)).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            building.with_client_cert_verifier(verifier.unwrap())
        }
    };
    let key = PrivateKeyDer::from_pem_slice(signed.key.as_bytes()).unwrap();
    let config = building.with_single_cert(vec![certificate(&signed.cert)], key);
    TlsAcceptor::from(Arc::new(config.unwrap()))
}

/// Answers every request, and tells the head with the number of certificates that the client has shown.
async fn upstream(acceptor: TlsAcceptor) -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Seen::default();
    let told = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, told) = (acceptor.clone(), Arc::clone(&told));
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut head = Vec::new();
                while let Ok(byte) = stream.read_u8().await {
                    head.push(byte);
                    if head.ends_with(b"\r\n\r\n") {
                        let shown = stream.get_ref().1.peer_certificates().map_or(0, <[_]>::len);
                        let text = String::from_utf8(std::mem::take(&mut head)).unwrap();
                        told.lock().unwrap().push(format!("{shown} {text}"));
                        stream.write_all(OK).await.unwrap();
                        stream.flush().await.unwrap();
                    }
                }
            });
        }
    });
    (format!("https://localhost:{port}"), seen)
}

/// What a client is answered when the upstream is spoken with like this.
async fn ask(url: &str, pem: Pem<'_>) -> String {
    let tls = Tls::new(&pem).unwrap();
    let door = door_with(&[url], move |_, up| up.tls = tls.clone()).await;
    door.ask("GET /a/x", "").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_the_authority_passes() {
    let authority = Authority::new("one");
    let (url, seen) = upstream(acceptor(&authority.sign("localhost"), None)).await;
    let ca = Some(authority.pem.as_bytes());
    let tls = Tls::new(&Pem {
        ca,
        ..Pem::default()
    });
    let tls = tls.unwrap();
    let door = door_with(&[&url], move |_, up| up.tls = tls.clone()).await;
    for _ in 0..2 {
        let answer = door.ask("GET /a/x", "").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 2);
    assert!(seen[0].starts_with("0 GET /a/x HTTP/1.1\r\n"), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_answers_in_the_upstreams_place() {
    let (authority, other) = (Authority::new("one"), Authority::new("two"));
    let (stranger, seen) = upstream(acceptor(&other.sign("localhost"), None)).await;
    let (namesake, unseen) = upstream(acceptor(&authority.sign("other.test"), None)).await;
    let ca = Some(authority.pem.as_bytes());
    let own = Pem {
        ca,
        ..Pem::default()
    };
    for (url, pem, why) in [
        (&stranger, own, "UnknownIssuer"),
        (&stranger, Pem::default(), "UnknownIssuer"),
        (&namesake, own, "certificate not valid for name"),
    ] {
        let answer = ask(url, pem).await;
        assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
        // The words that stand in the log.
        let said = lines(&answer, "x-why").concat();
        assert!(said.contains("could not be reached"), "{said}");
        assert!(said.contains(why), "{said}");
    }
    assert!(seen.lock().unwrap().is_empty() && unseen.lock().unwrap().is_empty());
    let named = Pem {
        server_name: Some("other.test"),
        ..own
    };
    let answer = ask(&namesake, named).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn our_certificate_reaches_the_upstream() {
    let authority = Authority::new("one");
    let server = acceptor(&authority.sign("localhost"), Some(&authority));
    let (url, seen) = upstream(server).await;
    let client = authority.sign("doorward");
    let ca = Some(authority.pem.as_bytes());
    let pem = Pem {
        ca,
        client_cert: Some(client.cert.as_bytes()),
        client_key: Some(client.key.as_bytes()),
        ..Pem::default()
    };
    let answer = ask(&url, pem).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(seen.lock().unwrap()[0].starts_with("1 GET "));
    let none = Pem {
        ca,
        ..Pem::default()
    };
    let answer = ask(&url, none).await;
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_has_the_time_of_a_connection() {
    let silent = crate::support::script(|stream, _| async move {
        std::future::pending::<()>().await;
        drop(stream);
    });
    let (url, _) = crate::support::upstream(silent).await;
    let url = url.replace("http://", "https://");
    let door = door_with(&[&url], |_, up| {
        up.connect_timeout = std::time::Duration::from_millis(100);
    })
    .await;
    let answer = door.ask("GET /a/x", "").await;
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
    assert!(lines(&answer, "x-why").concat().contains("timed out"));
}

#[test]
fn tls_of_the_same_files_is_the_same() {
    let (one, two) = (Authority::new("one"), Authority::new("two"));
    let of = |authority: &Authority| {
        let ca = Some(authority.pem.as_bytes());
        Tls::new(&Pem {
            ca,
            ..Pem::default()
        })
        .unwrap()
    };
    assert_eq!(of(&one), of(&one));
    assert_ne!(of(&one), of(&two));
    assert_ne!(of(&one), Tls::default());
}
