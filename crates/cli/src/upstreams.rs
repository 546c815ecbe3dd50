//! The upstreams with what stands in their files, which every reload reads anew.

use std::fs;
use std::path::{Path, PathBuf};

use doorward::config::Upstream;
use doorward_gateway::upstream::{Pem, Tls, UpstreamSettings};

use crate::fail::{Fail, Outcome};

/// The upstreams as the gateway takes them; paths are relative to this folder.
pub(crate) fn load(folder: &Path, configured: &[Upstream]) -> Outcome<Vec<UpstreamSettings>> {
    let load = |upstream: &Upstream| {
        Ok(UpstreamSettings {
            tls: tls(folder, upstream)?,
            ..upstream.settings.clone()
        })
    };
    configured.iter().map(load).collect()
}

fn tls(folder: &Path, upstream: &Upstream) -> Outcome<Tls> {
    let (files, name) = (&upstream.tls, &upstream.settings.name);
    let read = |key: &str, path: &Option<PathBuf>| {
        let Some(path) = path else { return Ok(None) };
        let path = folder.join(path);
        let fail = |error| {
            Fail::new(format!(
                "upstream.{name}.{key}: {}: {error}",
                path.display()
            ))
        };
        fs::read(&path).map(Some).map_err(fail)
    };
    let ca = read("ca_file", &files.ca)?;
    let client_cert = read("client_cert", &files.client_cert)?;
    let client_key = read("client_key", &files.client_key)?;
    let pem = Pem {
        ca: ca.as_deref(),
        client_cert: client_cert.as_deref(),
        client_key: client_key.as_deref(),
        server_name: files.server_name.as_deref(),
    };
    Tls::new(&pem).map_err(|error| Fail::new(format!("upstream.{name}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward::config::TlsFiles;

    fn authority() -> String {
        let params = rcgen::CertificateParams::default();
        let key = rcgen::KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().pem()
    }

    fn upstream(tls: TlsFiles) -> [Upstream; 1] {
        let urls = vec!["https://app".parse().unwrap()];
        let settings = UpstreamSettings::new("app", urls);
        [Upstream { settings, tls }]
    }

    #[test]
    fn files_are_read_each_time_and_named_when_they_are_no_use() {
        let folder = tempfile::tempdir().unwrap();
        let load = || {
            let ca = Some("ca.pem".into());
            let tls = TlsFiles {
                ca,
                ..TlsFiles::default()
            };
            load(folder.path(), &upstream(tls)).map_err(|fail| fail.to_string())
        };
        let absent = load().unwrap_err();
        assert!(
            absent.starts_with("doorward: upstream.app.ca_file: "),
            "{absent}"
        );
        assert!(absent.contains("ca.pem"), "{absent}");
        fs::write(folder.path().join("ca.pem"), "nothing").unwrap();
        let empty = load().unwrap_err();
        assert!(
            empty.starts_with("doorward: upstream.app: ca_file holds no"),
            "{empty}"
        );
        fs::write(folder.path().join("ca.pem"), authority()).unwrap();
        let before = load().unwrap();
        assert_eq!(before, load().unwrap());
        fs::write(folder.path().join("ca.pem"), authority()).unwrap();
        assert_ne!(before, load().unwrap());
    }

    #[test]
    fn without_files_the_usual_authorities_are_believed() {
        let loaded = load(Path::new("/"), &upstream(TlsFiles::default())).unwrap();
        assert_eq!(loaded.first().unwrap().tls, Tls::default());
    }
}
