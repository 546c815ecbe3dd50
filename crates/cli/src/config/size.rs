//! Sizes as people write them: `"8MB"` (decimal), `"64KiB"` (binary), `"512B"`.

/// The largest size that makes sense in a configuration: 1 TiB.
const MAX: u64 = 1 << 40;

/// Units with their bytes. Binary ones first, so that 65536 is shown as 64KiB.
const UNITS: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1000),
    ("B", 1),
];

/// Reads a whole number with one unit, without a space between. `None` if it is something else or
/// more than 1 TiB.
pub(super) fn parse(text: &str) -> Option<u64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(unit_at)?;
    // The standard's kB, too.
    let unit = if unit == "kB" { "KB" } else { unit };
    let (_, bytes) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let total = number.parse::<u64>().ok()?.checked_mul(*bytes)?;
    (total <= MAX).then_some(total)
}

/// Writes a size in the largest unit that needs no fraction.
pub(super) fn show(size: u64) -> String {
    let fitting = UNITS
        .iter()
        .find(|(_, unit)| size >= *unit && size.is_multiple_of(*unit));
    match fitting {
        Some((name, unit)) => format!("{}{name}", size / unit),
        None => "0B".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimal_and_binary_units_are_read() {
        for (text, bytes) in [
            ("8MB", 8_000_000),
            ("64KiB", 65_536),
            ("19MiB", 19_922_944),
            ("2kB", 2000),
            ("1GiB", 1_073_741_824),
            ("512B", 512),
            ("0B", 0),
        ] {
            assert_eq!(parse(text), Some(bytes), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "", "8", "MB", "-1B", "8 MB", "8mb", "1.5MB", "8M", "8TB", "٣B",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_overflow_is_refused() {
        for text in [
            "1025GiB",
            "18446744073709551615GiB",
            "99999999999999999999B",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("1024GiB"), Some(MAX));
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "\\PC{0,30}") {
            let _any = parse(&text);
        }

        #[test]
        fn what_is_shown_is_read_back(size in 0..=MAX) {
            prop_assert_eq!(parse(&show(size)), Some(size));
        }

        #[test]
        fn round_sizes_are_read_back(number in 0_u64..1000, unit in 0_usize..7) {
            let size = number * UNITS[unit].1;
            prop_assert_eq!(parse(&show(size)), Some(size));
        }
    }
}
