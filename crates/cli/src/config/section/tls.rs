//! `[tls]`: our certificate, and whose clients' certificates count.

use std::path::{Path, PathBuf};

use doorward_gateway::tls::Files;

use crate::config::key::{DefaultValue, Key, Kind};
use crate::config::shape;
use crate::config::value::{Mismatch, Values};

pub(in crate::config) const CERT: &str = "tls.cert";
pub(in crate::config) const KEY: &str = "tls.key";
pub(in crate::config) const CLIENT_CA: &str = "tls.client_ca";

pub(in crate::config) const KEYS: &[Key] = &[
    Key {
        name: CERT,
        kind: Kind::Word(&shape::FILE),
        default: DefaultValue::Unset,
        doc: "Our certificate in PEM, those between it and its root behind it. With it, `listen.public` and \
              `listen.check` speak TLS (not on Unix sockets).",
    },
    Key {
        name: KEY,
        kind: Kind::Word(&shape::FILE),
        default: DefaultValue::Unset,
        doc: "Its private key in PEM, without a passphrase.",
    },
    Key {
        name: CLIENT_CA,
        kind: Kind::Word(&shape::FILE),
        default: DefaultValue::Unset,
        doc: "Roots in PEM of the clients' certificates that count. Clients may still come without one; \
              `accept = [\"mtls\"]` wants one.",
    },
];

/// The files, if both are named that are needed.
pub(in crate::config) fn build(values: &Values, data: &Path) -> Result<Option<Files>, Mismatch> {
    let file = |key| -> Result<Option<PathBuf>, Mismatch> {
        let path: Option<String> = values.read(key)?;
        Ok(path.map(|path| data.join(path)))
    };
    let (cert, key, client_ca) = (file(CERT)?, file(KEY)?, file(CLIENT_CA)?);
    Ok(cert.zip(key).map(|(cert, key)| Files {
        cert,
        key,
        client_ca,
    }))
}
