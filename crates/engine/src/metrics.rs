//! Counts, kept so that counting costs nothing: one cell per thread group, added up when read.

/// How something ended, for counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Let in.
    Allow,
    /// Not known who.
    Challenge,
    /// Known, and no.
    Deny,
    /// Too many.
    Throttle,
    /// Not now.
    Unavailable,
    /// Makes no sense.
    Refuse,
}

/// A metric as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Name without `doorward_`, as contract.md section 6 lists it.
    pub name: &'static str,
    /// Labels.
    pub labels: Vec<(&'static str, &'static str)>,
    /// Value.
    pub value: f64,
}

/// The engine's counters.
#[derive(Debug, Default)]
pub struct Metrics {}

impl Metrics {
    /// Every counter and gauge as it stands.
    #[must_use]
    pub fn readings(&self) -> Vec<Reading> {
        todo!()
    }
}
