//! Durations as people write them: `"250ms"`, `"60s"`, `"5m"`, `"1h"`, `"14d"`.

use std::time::Duration;

/// The longest duration that makes sense in a configuration: ten years of 365 days.
const MAX_MILLIS: u64 = 10 * 365 * 24 * 60 * 60 * 1000;

/// Units with their milliseconds, the largest first.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// Reads a whole number with one unit, without a space between. `None` if it is something else or
/// longer than ten years.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(unit_at)?;
    let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let total = number.parse::<u64>().ok()?.checked_mul(*millis)?;
    (total <= MAX_MILLIS).then(|| Duration::from_millis(total))
}

/// Reads a duration of a command line, which is longer than nothing.
///
/// # Errors
/// What would be right.
pub fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    parse(text)
        .filter(|duration| !duration.is_zero())
        .ok_or("write a duration such as 30m, 12h or 90d, at most 3650d")
}

/// Writes a duration of whole milliseconds in the largest unit that needs no fraction.
pub(super) fn show(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let fitting = UNITS
        .iter()
        .find(|(_, unit)| millis >= *unit && millis.is_multiple_of(*unit));
    match fitting {
        Some((name, unit)) => format!("{}{name}", millis / unit),
        None => "0s".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_unit_is_read() {
        for (text, millis) in [
            ("250ms", 250),
            ("60s", 60_000),
            ("5m", 300_000),
            ("1h", 3_600_000),
            ("14d", 1_209_600_000),
            ("0s", 0),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "", "5", "s", "-1s", "+1s", "1.5h", "5 m", "5min", "1h30m", "5M", "5µs", "٣s",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_overflow_is_refused() {
        for text in ["3651d", "18446744073709551615d", "99999999999999999999ms"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert!(parse("3650d").is_some());
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "\\PC{0,30}") {
            let _any = parse(&text);
        }

        #[test]
        fn what_is_shown_is_read_back(millis in 0..=MAX_MILLIS) {
            let duration = Duration::from_millis(millis);
            prop_assert_eq!(parse(&show(duration)), Some(duration));
        }

        #[test]
        fn what_is_read_keeps_its_meaning(number in 0_u64..3000, unit in 0_usize..5) {
            let (name, millis) = UNITS[unit];
            let read = parse(&format!("{number}{name}")).unwrap();
            prop_assert_eq!(read, Duration::from_millis(number * millis));
        }
    }
}
