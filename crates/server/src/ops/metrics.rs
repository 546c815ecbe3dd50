//! The engine's counts as OpenMetrics text.

use std::fmt;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use doorward_engine::{Engine, Reading};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

/// The media type of the text (OpenMetrics 1.0, section "Protocol negotiation").
const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `/metrics`.
pub(super) async fn metrics(State(engine): State<Engine>) -> Response {
    match exposition(engine.metrics().readings()) {
        Ok(text) => {
            let headers = [(CONTENT_TYPE, MEDIA_TYPE), (CACHE_CONTROL, "no-store")];
            (headers, text).into_response()
        }
        Err(fmt::Error) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn exposition(readings: Vec<Reading>) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("doorward");
    registry.register_collector(Box::new(Readings(readings)));
    let mut text = String::new();
    text::encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Readings(Vec<Reading>);

impl Collector for Readings {
    /// One family per name, whatever the order of the readings: a family must not be interrupted.
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut names: Vec<&'static str> = Vec::new();
        for reading in &self.0 {
            if !names.contains(&reading.name) {
                names.push(reading.name);
            }
        }
        for name in names {
            let family = self.0.iter().filter(|reading| reading.name == name);
            encode_family(&mut encoder, name, family)?;
        }
        Ok(())
    }
}

/// Names that end in `_total` are counters, all others gauges.
fn encode_family<'a>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    family: impl Iterator<Item = &'a Reading>,
) -> Result<(), fmt::Error> {
    let help = format!("{}.", name.replace('_', " "));
    let counter = name.strip_suffix("_total");
    let (name, kind) = match counter {
        Some(bare) => (bare, MetricType::Counter),
        None => (name, MetricType::Gauge),
    };
    let mut metric = encoder.encode_descriptor(name, &help, None, kind)?;
    for reading in family {
        let labelled = metric.encode_family(&reading.labels)?;
        if counter.is_some() {
            ConstCounter::new(reading.value).encode(labelled)?;
        } else {
            ConstGauge::new(reading.value).encode(labelled)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(name: &'static str, labels: &[(&'static str, &'static str)], value: f64) -> Reading {
        Reading {
            name,
            labels: labels.to_vec(),
            value,
        }
    }

    #[test]
    fn readings_become_families() {
        let text = exposition(vec![
            reading("logins_total", &[("outcome", "allow")], 2.0),
            reading("store_up", &[], 1.0),
            reading("logins_total", &[("outcome", "deny")], 1.0),
        ])
        .unwrap();
        assert_eq!(
            text,
            "# HELP doorward_logins logins total.\n\
             # TYPE doorward_logins counter\n\
             doorward_logins_total{outcome=\"allow\"} 2.0\n\
             doorward_logins_total{outcome=\"deny\"} 1.0\n\
             # HELP doorward_store_up store up.\n\
             # TYPE doorward_store_up gauge\n\
             doorward_store_up 1.0\n\
             # EOF\n"
        );
    }
}
