//! An upstream from its checked row: what the gateway takes, and the files that are still to be read.

use std::path::PathBuf;

use doorward_gateway::upstream::{Health, UpstreamSettings, UpstreamUrl};

use super::Problem;
use super::rows::Row;
use super::value::Mismatch;

/// What only an address of `https` has a use for.
const TLS_KEYS: [&str; 4] = [
    "upstream.ca_file",
    "upstream.client_cert",
    "upstream.client_key",
    "upstream.server_name",
];

/// An upstream whose files were not read.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// Everything else.
    pub settings: UpstreamSettings,
    /// What TLS is made of.
    pub tls: TlsFiles,
}

/// What TLS to an upstream is made of; paths are relative to the data folder.
#[derive(Debug, Clone, Default)]
pub struct TlsFiles {
    /// Who may have signed the upstream's certificate.
    pub ca: Option<PathBuf>,
    /// Our own certificate.
    pub client_cert: Option<PathBuf>,
    /// Its key.
    pub client_key: Option<PathBuf>,
    /// The name that the upstream's certificate must have.
    pub server_name: Option<String>,
}

impl Upstream {
    /// Builds it, and finds keys that do not belong together.
    pub(super) fn build(row: &Row, problems: &mut Vec<Problem>) -> Result<Self, Mismatch> {
        let settings = settings(row)?;
        let tls = tls(row)?;
        if !settings.urls.iter().any(UpstreamUrl::is_https) {
            for key in TLS_KEYS {
                let value: Option<String> = row.values.read(key)?;
                if value.is_some() {
                    let message = "is for https:// addresses, and urls has none";
                    problems.push(row.problem(key, message));
                }
            }
        }
        let halves = [
            ("upstream.client_cert", &tls.client_cert, &tls.client_key),
            ("upstream.client_key", &tls.client_key, &tls.client_cert),
        ];
        for (key, this, other) in halves {
            if this.is_some() && other.is_none() {
                let message = "client_cert and client_key belong together; set both";
                problems.push(row.problem(key, message));
            }
        }
        Ok(Self { settings, tls })
    }
}

fn settings(row: &Row) -> Result<UpstreamSettings, Mismatch> {
    let values = &row.values;
    let name = row.name.as_deref().unwrap_or_default();
    Ok(UpstreamSettings {
        connect_timeout: values.read("upstream.connect_timeout")?,
        response_timeout: values.read("upstream.response_timeout")?,
        idle_timeout: values.read("upstream.idle_timeout")?,
        max_idle: values.read("upstream.max_idle")?,
        max_in_flight: values.read("upstream.max_in_flight")?,
        retries: values.read("upstream.retries")?,
        health: health(row)?,
        ..UpstreamSettings::new(name, values.parse_all("upstream.urls").unwrap_or_default())
    })
}

fn health(row: &Row) -> Result<Option<Health>, Mismatch> {
    let path: Option<String> = row.values.read("upstream.health_path")?;
    let Some(path) = path else { return Ok(None) };
    Ok(Some(Health {
        path: path.parse().map_err(|_| Mismatch("upstream.health_path"))?,
        interval: row.values.read("upstream.health_interval")?,
    }))
}

fn tls(row: &Row) -> Result<TlsFiles, Mismatch> {
    let file = |key| {
        let path: Option<String> = row.values.read(key)?;
        Ok(path.map(PathBuf::from))
    };
    Ok(TlsFiles {
        ca: file("upstream.ca_file")?,
        client_cert: file("upstream.client_cert")?,
        client_key: file("upstream.client_key")?,
        server_name: row.values.read("upstream.server_name")?,
    })
}
