//! The engine's counts as OpenMetrics text.

use std::fmt;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use doorward_engine::{Engine, Histogram, Reading, ReadingKind};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeMetric as _, MetricEncoder, NoLabelSet, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

/// The media type of the text (OpenMetrics 1.0, section "Protocol negotiation").
const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `/metrics`.
pub(super) async fn metrics(State(engine): State<Engine>) -> Response {
    let counted = Counted {
        readings: engine.readings(),
        histograms: engine.histograms(),
    };
    match exposition(counted) {
        Ok(text) => {
            let headers = [(CONTENT_TYPE, MEDIA_TYPE), (CACHE_CONTROL, "no-store")];
            (headers, text).into_response()
        }
        Err(fmt::Error) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn exposition(counted: Counted) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("doorward");
    registry.register_collector(Box::new(counted));
    let mut text = String::new();
    text::encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Counted {
    readings: Vec<Reading>,
    histograms: Vec<Histogram>,
}

impl Collector for Counted {
    /// One family per name, whatever the order of the readings: a family must not be interrupted.
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for name in in_order(self.readings.iter().map(|reading| reading.name)) {
            let of_name = self.readings.iter().filter(|reading| reading.name == name);
            encode_readings(&mut encoder, &of_name.collect::<Vec<_>>())?;
        }
        for name in in_order(self.histograms.iter().map(|histogram| histogram.name)) {
            let of_name = self.histograms.iter().filter(|h| h.name == name);
            encode_histograms(&mut encoder, &of_name.collect::<Vec<_>>())?;
        }
        Ok(())
    }
}

/// Each name once, in order of appearance.
fn in_order(names: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

fn encode_readings(
    encoder: &mut DescriptorEncoder<'_>,
    family: &[&Reading],
) -> Result<(), fmt::Error> {
    let Some(first) = family.first() else {
        return Ok(());
    };
    let metric_type = match first.kind {
        ReadingKind::Counter => MetricType::Counter,
        ReadingKind::Gauge => MetricType::Gauge,
    };
    let encode = |reading: &Reading, one: MetricEncoder<'_>| match reading.kind {
        ReadingKind::Counter => ConstCounter::new(reading.value).encode(one),
        ReadingKind::Gauge => ConstGauge::new(reading.value).encode(one),
    };
    let mut metric = encoder.encode_descriptor(first.name, first.help, None, metric_type)?;
    // Without labels there is one metric in the family, and it must not show an empty set of them.
    if first.labels.is_empty() {
        return encode(first, metric);
    }
    for reading in family {
        encode(reading, metric.encode_family(&reading.labels)?)?;
    }
    Ok(())
}

fn encode_histograms(
    encoder: &mut DescriptorEncoder<'_>,
    family: &[&Histogram],
) -> Result<(), fmt::Error> {
    let Some(first) = family.first() else {
        return Ok(());
    };
    let encode = |histogram: &Histogram, mut one: MetricEncoder<'_>| {
        let (buckets, count) = apart(&histogram.buckets);
        one.encode_histogram::<NoLabelSet>(histogram.sum, count, &buckets, None)
    };
    let mut metric =
        encoder.encode_descriptor(first.name, first.help, None, MetricType::Histogram)?;
    if first.labels.is_empty() {
        return encode(first, metric);
    }
    for histogram in family {
        encode(histogram, metric.encode_family(&histogram.labels)?)?;
    }
    Ok(())
}

/// The engine's buckets hold how many took at most so long; the encoder wants how many each bucket
/// holds, and adds up itself. Also how many there are in all.
fn apart(cumulative: &[(f64, u64)]) -> (Vec<(f64, u64)>, u64) {
    let mut below = 0;
    let mut buckets = Vec::with_capacity(cumulative.len());
    for (bound, at_most) in cumulative {
        buckets.push((*bound, at_most.saturating_sub(below)));
        below = *at_most;
    }
    (buckets, below)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(kind: ReadingKind, label: Option<&'static str>, value: f64) -> Reading {
        Reading {
            name: match kind {
                ReadingKind::Counter => "logins",
                ReadingKind::Gauge => "store_up",
            },
            help: "Help.",
            kind,
            labels: label
                .map(|value| ("outcome", value.into()))
                .into_iter()
                .collect(),
            value,
        }
    }

    #[test]
    fn readings_become_families() {
        let text = exposition(Counted {
            readings: vec![
                reading(ReadingKind::Counter, Some("allow"), 2.0),
                reading(ReadingKind::Gauge, None, 1.0),
                reading(ReadingKind::Counter, Some("deny"), 1.0),
            ],
            histograms: vec![],
        })
        .unwrap();
        let expected = "\
# HELP doorward_logins Help.
# TYPE doorward_logins counter
doorward_logins_total{outcome=\"allow\"} 2.0
doorward_logins_total{outcome=\"deny\"} 1.0
# HELP doorward_store_up Help.
# TYPE doorward_store_up gauge
doorward_store_up 1.0
# EOF
";
        assert_eq!(text, expected);
    }

    #[test]
    fn histograms_stay_cumulative() {
        let histogram = Histogram {
            name: "hash_seconds",
            help: "Help.",
            labels: vec![],
            buckets: vec![(0.5, 1), (1.0, 3), (f64::INFINITY, 4)],
            sum: 4.5,
        };
        let text = exposition(Counted {
            readings: vec![],
            histograms: vec![histogram],
        })
        .unwrap();
        for line in [
            "doorward_hash_seconds_sum 4.5",
            "doorward_hash_seconds_count 4",
            "doorward_hash_seconds_bucket{le=\"0.5\"} 1",
            "doorward_hash_seconds_bucket{le=\"1.0\"} 3",
            "doorward_hash_seconds_bucket{le=\"+Inf\"} 4",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }
}
