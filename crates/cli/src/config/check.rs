//! From a value as written to a checked one, by the kind of its key.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use doorward_gateway::address::ListenAddr;
use ipnet::IpNet;

use super::input::Input;
use super::key::{Kind, Shape};
use super::store_url::StoreUrl;
use super::value::Value;
use super::{accept, duration, size};

/// The longest text, and the most entries of a list.
const MAX_TEXT: usize = 255;
const MAX_ENTRIES: usize = 1000;

/// What a lifetime of zero or less means.
const DEFAULT_LIFETIME: Duration = Duration::from_hours(1);

/// Checks a value. The error says what is wrong and what would be right; it never repeats a value
/// whose key may hold a secret.
pub(super) fn check(kind: Kind, input: &Input) -> Result<Value, String> {
    match kind {
        Kind::Flag => flag(input).map(Value::Flag),
        Kind::Count { min, max } => count(input, min, max).map(Value::Count),
        Kind::Duration { min } => at_least(input, min).map(Value::Duration),
        Kind::Lifetime => lifetime(input).map(Value::Duration),
        Kind::Size { min, max } => bounded_size(input, min, max).map(Value::Size),
        Kind::Text => bounded_text(input).map(Value::Text),
        Kind::Domain => domain(input).map(Value::Text),
        Kind::Hosts => each(input, host).map(Value::Texts),
        Kind::Choice(words) => choice(input, words).map(Value::Choice),
        Kind::Word(shape) => word(input, shape).map(Value::Text),
        Kind::Words(shape) => words(input, shape).map(Value::Texts),
        Kind::Accept => accept::parse(input).map(Value::Accept),
        Kind::Addresses => each(input, address).map(Value::Addresses),
        Kind::Networks => each(input, network).map(Value::Networks),
        Kind::StoreUrl => Ok(Value::Store(StoreUrl::parse(text(
            input,
            "sqlite:PATH or postgres://…",
        )?)?)),
        Kind::PostgresUrl => match StoreUrl::parse(text(input, "postgres://…")?)? {
            url @ StoreUrl::Postgres(_) => Ok(Value::Store(url)),
            StoreUrl::Sqlite(_) => Err("not a PostgreSQL URL; write postgres://…".to_owned()),
        },
    }
}

/// A value in a message: quoted, escaped and cut.
pub(super) fn quoted(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    let dots = if short.len() < text.len() { "…" } else { "" };
    format!("{short:?}{dots}")
}

fn text<'i>(input: &'i Input, right: &str) -> Result<&'i str, String> {
    match input {
        Input::Bare(text) | Input::Text(text) => Ok(text),
        other => Err(format!(
            "{} where text is expected; write {right}",
            other.type_name()
        )),
    }
}

fn flag(input: &Input) -> Result<bool, String> {
    match input {
        Input::Flag(flag) => Ok(*flag),
        Input::Bare(text) if text == "true" => Ok(true),
        Input::Bare(text) if text == "false" => Ok(false),
        Input::Bare(text) => Err(format!("{} is neither true nor false", quoted(text))),
        other => Err(format!(
            "{} where true or false is expected, without quotes",
            other.type_name()
        )),
    }
}

fn count(input: &Input, min: u64, max: u64) -> Result<u64, String> {
    let right = || format!("a whole number from {min} to {max} is expected");
    let number = match input {
        Input::Integer(number) => number.and_then(|n| u64::try_from(n).ok()),
        Input::Bare(text) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
        Input::Bare(text) => return Err(format!("{} where {}", quoted(text), right())),
        other => return Err(format!("{} where {}", other.type_name(), right())),
    };
    number
        .filter(|n| (min..=max).contains(n))
        .ok_or_else(|| format!("out of bounds: {}", right()))
}

fn any_duration(input: &Input) -> Result<Duration, String> {
    let right = "a whole number with ms, s, m, h or d, such as \"60s\", at most \"3650d\"";
    if matches!(input, Input::Integer(_)) {
        return Err(format!("a number without a unit; write {right}"));
    }
    let text = text(input, right)?;
    duration::parse(text)
        .ok_or_else(|| format!("{} is not a duration; write {right}", quoted(text)))
}

fn at_least(input: &Input, min: Duration) -> Result<Duration, String> {
    let value = any_duration(input)?;
    if value < min {
        return Err(format!(
            "too short; the least is \"{}\"",
            duration::show(min)
        ));
    }
    Ok(value)
}

fn lifetime(input: &Input) -> Result<Duration, String> {
    let not_positive = match input {
        Input::Integer(Some(number)) => *number <= 0,
        Input::Bare(text) | Input::Text(text) => {
            text == "0"
                || text.strip_prefix('-').is_some_and(|rest| {
                    duration::parse(rest).is_some() || rest.parse::<u64>().is_ok()
                })
        }
        _ => false,
    };
    if not_positive {
        return Ok(DEFAULT_LIFETIME);
    }
    any_duration(input).map(|value| {
        if value.is_zero() {
            DEFAULT_LIFETIME
        } else {
            value
        }
    })
}

fn bounded_size(input: &Input, min: u64, max: u64) -> Result<u64, String> {
    let right = "a whole number with B, KB, MB, GB, KiB, MiB or GiB, such as \"8MB\"";
    let value = match input {
        Input::Integer(number) => number.and_then(|n| u64::try_from(n).ok()),
        other => {
            let text = text(other, right)?;
            // A bare number is a number of bytes, also where the environment has no types.
            let digits =
                matches!(other, Input::Bare(_)) && text.bytes().all(|b| b.is_ascii_digit());
            let value = if digits {
                text.parse().ok()
            } else {
                size::parse(text)
            };
            Some(value.ok_or_else(|| format!("{} is not a size; write {right}", quoted(text)))?)
        }
    };
    value
        .filter(|size| (min..=max).contains(size))
        .ok_or_else(|| {
            format!(
                "out of bounds: from \"{}\" to \"{}\" is expected",
                size::show(min),
                size::show(max)
            )
        })
}

fn bounded_text(input: &Input) -> Result<String, String> {
    let text = text(input, "it in quotes")?;
    if text.is_empty() || text.chars().count() > MAX_TEXT || text.contains(char::is_control) {
        return Err(format!(
            "1 to {MAX_TEXT} characters without control characters are expected"
        ));
    }
    Ok(text.to_owned())
}

fn domain(input: &Input) -> Result<String, String> {
    let text = bounded_text(input)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if text.chars().all(fits) {
        Ok(text)
    } else {
        Err(format!(
            "{} is not a domain name; write letters, digits, dots and dashes",
            quoted(&text)
        ))
    }
}

fn word(input: &Input, shape: &Shape) -> Result<String, String> {
    (shape.canonical)(&bounded_text(input)?)
}

fn words(input: &Input, shape: &Shape) -> Result<Vec<String>, String> {
    let words = each(input, |entry| word(entry, shape))?;
    let mut seen = HashSet::with_capacity(words.len());
    match words.iter().find(|word| !seen.insert(word.as_str())) {
        Some(twice) => Err(format!("{} stands twice", quoted(twice))),
        None => Ok(words),
    }
}

fn host(input: &Input) -> Result<String, String> {
    host_name(&bounded_text(input)?)
}

/// A host without port, in lower case.
pub(super) fn host_name(text: &str) -> Result<String, String> {
    let text = text.to_ascii_lowercase();
    let address = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if address.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok()) {
        return Ok(text);
    }
    domain(&Input::Text(text)).map_err(|said| format!("{said}, without scheme and port"))
}

fn choice(input: &Input, words: &[&'static str]) -> Result<&'static str, String> {
    let right = words
        .iter()
        .map(|word| format!("\"{word}\""))
        .collect::<Vec<_>>()
        .join(", ");
    let text = text(input, &format!("one of {right}"))?;
    let found = words.iter().find(|word| **word == text);
    found
        .copied()
        .ok_or_else(|| format!("{} is not one of {right}", quoted(text)))
}

fn each<T>(input: &Input, one: impl Fn(&Input) -> Result<T, String>) -> Result<Vec<T>, String> {
    let entries = input.entries()?;
    if entries.len() > MAX_ENTRIES {
        return Err(format!(
            "{} entries; the most is {MAX_ENTRIES}",
            entries.len()
        ));
    }
    let several = entries.len() > 1;
    let numbered = |(index, entry)| {
        one(entry).map_err(|said| {
            if several {
                format!("entry {}: {said}", index + 1)
            } else {
                said
            }
        })
    };
    entries.iter().enumerate().map(numbered).collect()
}

fn address(input: &Input) -> Result<ListenAddr, String> {
    let text = text(input, "an address such as \"127.0.0.1:8000\"")?;
    text.parse()
        .map_err(|said| format!("{}: {said}", quoted(text)))
}

fn network(input: &Input) -> Result<IpNet, String> {
    network_of(text(input, "a network such as \"10.0.0.0/8\"")?)
}

/// A network, or an address as a network of one.
pub(super) fn network_of(text: &str) -> Result<IpNet, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(IpNet::from(address.to_canonical()));
    }
    let network: IpNet = text.parse().map_err(|_| {
        format!(
            "{} is not a network; write an address or a prefix, such as \"10.0.0.0/8\"",
            quoted(text)
        )
    })?;
    if network.trunc() != network {
        return Err(format!(
            "{} has bits behind its prefix; write \"{}\" or \"{}\"",
            quoted(text),
            network.trunc(),
            network.addr(),
        ));
    }
    Ok(network)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KINDS: [Kind; 13] = [
        Kind::Flag,
        Kind::Count { min: 1, max: 9 },
        Kind::Duration {
            min: Duration::from_millis(1),
        },
        Kind::Lifetime,
        Kind::Size { min: 1, max: 1000 },
        Kind::Text,
        Kind::Domain,
        Kind::Hosts,
        Kind::Choice(&["a", "b"]),
        Kind::Addresses,
        Kind::Networks,
        Kind::StoreUrl,
        Kind::PostgresUrl,
    ];

    fn bare(kind: Kind, text: &str) -> Result<Value, String> {
        check(kind, &Input::Bare(text.to_owned()))
    }

    #[test]
    fn a_lifetime_of_zero_or_less_is_an_hour() {
        for text in ["0", "0s", "-1", "-5m"] {
            assert_eq!(
                bare(Kind::Lifetime, text),
                Ok(Value::Duration(DEFAULT_LIFETIME)),
                "{text}"
            );
        }
        assert_eq!(
            check(Kind::Lifetime, &Input::Integer(Some(-7))),
            Ok(Value::Duration(DEFAULT_LIFETIME))
        );
        assert!(check(Kind::Lifetime, &Input::Integer(Some(7))).is_err());
        assert!(bare(Kind::Lifetime, "-x").is_err());
    }

    #[test]
    fn a_host_has_neither_scheme_nor_port() {
        let expected = ["api.example.com", "[::1]", "10.0.0.1"].map(str::to_owned);
        let value = bare(Kind::Hosts, "API.example.com,[::1],10.0.0.1");
        assert_eq!(value, Ok(Value::Texts(expected.to_vec())));
        for text in ["https://h", "h:80", "[h]", "a b"] {
            assert!(bare(Kind::Hosts, text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_network_is_an_address_or_a_clean_prefix() {
        let value = bare(Kind::Networks, "10.0.0.0/8, 192.0.2.1, ::1");
        let expected = ["10.0.0.0/8", "192.0.2.1/32", "::1/128"].map(|n| n.parse().unwrap());
        assert_eq!(value, Ok(Value::Networks(expected.to_vec())));
        let said = bare(Kind::Networks, "10.0.0.1/8").unwrap_err();
        assert!(
            said.contains("write \"10.0.0.0/8\" or \"10.0.0.1\""),
            "{said}"
        );
    }

    #[test]
    fn lists_of_the_environment_are_comma_separated_or_toml() {
        let expected = Ok(Value::Texts(vec!["a".to_owned(), "b".to_owned()]));
        for text in ["a,b", " a , b, ", "[\"a\", 'b']"] {
            assert_eq!(bare(Kind::Hosts, text), expected, "{text}");
        }
        assert_eq!(bare(Kind::Hosts, ""), Ok(Value::Texts(vec![])));
        for text in ["[", "[1]", "[\"a\"]\nx = 1"] {
            assert!(bare(Kind::Hosts, text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn checking_never_panics_and_shows_what_it_reads_again(text in "\\PC{0,40}", kind in 0_usize..13) {
            let kind = KINDS[kind];
            if let Ok(value) = bare(kind, &text)
                && !kind.may_hold_secret()
            {
                let shown = value.show().unwrap();
                let table: toml::Table = format!("v = {shown}").parse().unwrap();
                let again = match &table["v"] {
                    toml::Value::String(text) => Input::Text(text.clone()),
                    _ => Input::Bare(shown.clone()),
                };
                prop_assert_eq!(check(kind, &again), Ok(value), "{}", shown);
            }
        }
    }
}
