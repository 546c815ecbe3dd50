//! Points in time, in the three notations the dialects use.

use std::time::Duration;

/// Seconds between the Gregorian epoch (year 0) that Crossbar bodies count from, and the Unix epoch.
pub const GREGORIAN_OFFSET_SECONDS: i64 = 62_167_219_200;

/// A point in time: microseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The end of time: for things that never expire.
    pub const MAX: Self = Self(i64::MAX);

    /// From microseconds since the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From seconds since the Unix epoch; far values are cut to what fits.
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, as JWT claims count (RFC 7519 section 2, `NumericDate`).
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Whole Gregorian seconds, as Crossbar bodies count.
    #[must_use]
    pub const fn gregorian(self) -> i64 {
        self.unix().saturating_add(GREGORIAN_OFFSET_SECONDS)
    }

    /// This much later; cut at the end of time.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }

    /// How much later than `earlier` this is; zero if it is not later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let micros = self.0.saturating_sub(earlier.0);
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    /// As HTTP headers have it (RFC 9110 section 5.6.7): `Tue, 12 Mar 2024 21:24:34 GMT`.
    #[must_use]
    pub fn http_date(self) -> String {
        jiff::Timestamp::from_second(self.unix())
            .unwrap_or(jiff::Timestamp::MAX)
            .strftime("%a, %d %b %Y %H:%M:%S GMT")
            .to_string()
    }

    /// ISO 8601 in UTC with whole seconds: `2024-03-12T21:24:34Z`.
    #[must_use]
    pub fn iso8601(self) -> String {
        jiff::Timestamp::from_second(self.unix())
            .unwrap_or(jiff::Timestamp::MAX)
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_three_notations_agree() {
        let time = Timestamp::from_unix(1_710_278_674);
        assert_eq!(time.iso8601(), "2024-03-12T21:24:34Z");
        assert_eq!(time.http_date(), "Tue, 12 Mar 2024 21:24:34 GMT");
        assert_eq!(time.gregorian(), 63_877_497_874);
        assert_eq!(
            time.plus(Duration::from_secs(1)).since(time),
            Duration::from_secs(1)
        );
        assert_eq!(
            time.since(time.plus(Duration::from_secs(1))),
            Duration::ZERO
        );
    }

    proptest! {
        #[test]
        fn arithmetic_never_panics(micros: i64, seconds: u64) {
            let time = Timestamp::from_micros(micros).plus(Duration::from_secs(seconds));
            std::hint::black_box((time.iso8601(), time.http_date(), time.gregorian(), Timestamp::from_unix(micros)));
        }
    }
}
