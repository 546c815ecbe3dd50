//! Dates as documents write them, and as results show them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;

/// Reads `2026-03-01`, an RFC 3339 time or an RFC 2822 date; milliseconds since 1970.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_millisecond());
    }
    if let Ok(date) = text.parse::<Date>() {
        let zoned = date.to_zoned(TimeZone::UTC).ok()?;
        return Some(zoned.timestamp().as_millisecond());
    }
    let zoned = rfc2822::parse(text).ok()?;
    Some(zoned.timestamp().as_millisecond())
}

/// `28 Oct 2014`.
pub(crate) fn day(ms: i64) -> String {
    format(ms, "%-d %b %Y")
}

/// `2014-10-28`, for machines.
pub(crate) fn iso_day(ms: i64) -> String {
    format(ms, "%Y-%m-%d")
}

fn format(ms: i64, pattern: &str) -> String {
    Timestamp::from_millisecond(ms)
        .map(|time| time.strftime(pattern).to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_three_kinds_are_read() {
        for text in [
            "2014-10-28",
            " 2014-10-28T00:00:00Z",
            "Tue, 28 Oct 2014 00:00:00 GMT",
        ] {
            assert_eq!(parse(text), Some(1_414_454_400_000), "{text}");
        }
        for bad in ["", "soon", "2014-13-01", "28.10.2014"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn days_are_written_for_people_and_machines() {
        assert_eq!(day(1_414_454_400_000), "28 Oct 2014");
        assert_eq!(iso_day(1_414_454_400_000), "2014-10-28");
        assert_eq!(day(i64::MAX), "");
    }
}
