//! The id by which a request is found again in logs: the client's own, or a fresh one.

use doorward_core::hex;
use doorward_core::source::Random;
use http::{HeaderMap, HeaderName};

/// The header, in both directions.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id that is taken over from a client, in characters.
const MAX: usize = 128;

/// The client's id if it sent exactly one of at most 128 printable ASCII characters, else 32 fresh
/// hexadecimal digits.
pub(crate) fn of(headers: &HeaderMap, random: &Random) -> String {
    let mut sent = headers.get_all(HEADER).iter();
    match (sent.next().map(http::HeaderValue::to_str), sent.next()) {
        (Some(Ok(id)), None) if is_usable(id) => id.to_owned(),
        _ => hex::encode(&random.bytes::<16>()),
    }
}

fn is_usable(id: &str) -> bool {
    (1..=MAX).contains(&id.len()) && id.bytes().all(|b| (b' '..=b'~').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_testkit::seeded_random;

    fn ask(values: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, value.parse().unwrap());
        }
        of(&headers, &seeded_random(1))
    }

    #[test]
    fn a_sound_id_is_taken_over() {
        assert_eq!(ask(&["abc-1"]), "abc-1");
    }

    #[test]
    fn anything_else_is_replaced_by_a_fresh_one() {
        for sent in [vec![], vec![""], vec!["a", "b"], vec!["\u{e9}"]] {
            let id = ask(&sent);
            assert_eq!(id.len(), 32, "{sent:?}");
            assert!(id.bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
        }
        assert_eq!(ask(&[&"x".repeat(129)]).len(), 32);
    }
}
