//! Verbs inside a body, for somebody else to read as well (crossbar.md section 1.3).
//!
//! Attack: `{"verb": "POST", "verb": "DELETE"}`, of which one parser keeps the first and another the last. Answer:
//! a body with more verbs in it than our own parser keeps is refused.

use bytes::Bytes;
use serde_json::Value;

use super::error::Error;
use super::input;
use super::media_type::MediaType;
use crate::rejection::Rejection;

/// The member that holds a verb.
pub(super) const VERB: &str = "verb";
/// The member that holds what the request is about, and a verb as well.
const DATA: &str = "data";
/// Objects that one is looked for in: the envelope, and what stands right in it.
const DEPTH: usize = 2;

/// Every verb in a body: of the envelope, and of `data`.
pub(super) fn verbs(bytes: &Bytes, media_type: MediaType) -> Result<Vec<String>, Error> {
    input::parse(bytes, media_type)?;
    let Ok(whole) = serde_json::from_slice::<Value>(bytes) else {
        let pairs = form_urlencoded::parse(bytes);
        let verbs = pairs.filter(|(name, _)| is_verb(name));
        return Ok(verbs.map(|(_, verb)| verb.into_owned()).collect());
    };
    if kept(&whole, DEPTH) != written(bytes) {
        return Err(ambiguous());
    }
    let outer = whole.as_object().into_iter().flatten();
    let data = outer
        .clone()
        .filter(|(name, _)| name.eq_ignore_ascii_case(DATA));
    let inner = data.filter_map(|(_, data)| data.as_object()).flatten();
    let found = inner.chain(outer).filter(|(name, _)| is_verb(name));
    // One that is no text is none to us, and nobody knows what it is to others.
    found
        .map(|(_, verb)| verb.as_str().map(str::to_owned).ok_or_else(ambiguous))
        .collect()
}

/// Two readers could take the request for two things.
pub(super) fn ambiguous() -> Error {
    Error::Rejected(Rejection::BadRequest(
        "the request names more than one verb, or one that is no text".to_owned(),
    ))
}

/// Names are compared as those of the envelope are: without regard to case.
fn is_verb(name: &str) -> bool {
    name.eq_ignore_ascii_case(VERB)
}

/// How many verbs a parsed body holds, down to a depth.
fn kept(value: &Value, depth: usize) -> usize {
    let (Some(members), Some(below)) = (value.as_object(), depth.checked_sub(1)) else {
        return 0;
    };
    let own = members.keys().filter(|name| is_verb(name)).count();
    let inner = members.values().map(|value| kept(value, below));
    inner.fold(own, usize::saturating_add)
}

/// How many verbs are written in a sound JSON text, down to the same depth.
fn written(json: &[u8]) -> usize {
    let (mut rest, mut depth, mut count) = (json, 0_usize, 0_usize);
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'{' | b'[' => depth = depth.saturating_add(1),
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let (text, after) = after.split_at(length(after));
                // The closing quote; what follows tells a name from a text.
                rest = after.split_first().map_or(after, |(_, after)| after);
                let is_name = rest.trim_ascii_start().first() == Some(&b':');
                if is_name && depth <= DEPTH && unescaped(text).is_some_and(|name| is_verb(&name)) {
                    count = count.saturating_add(1);
                }
            }
            _ => {}
        }
    }
    count
}

/// How far a text goes, up to its closing quote.
fn length(text: &[u8]) -> usize {
    let mut escaped = false;
    let end = text.iter().position(|byte| {
        let is_end = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        is_end
    });
    end.unwrap_or(text.len())
}

fn unescaped(text: &[u8]) -> Option<String> {
    serde_json::from_slice(&[b"\"", text, b"\""].concat()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(body: &str, media_type: MediaType) -> Result<Vec<String>, Error> {
        verbs(&Bytes::copy_from_slice(body.as_bytes()), media_type)
    }

    #[test]
    fn verbs_stand_in_the_envelope_and_in_data() {
        for (body, expected) in [
            ("", &[][..]),
            ("{}", &[]),
            (r#"{"verb":"DELETE"}"#, &["DELETE"]),
            (r#"{"data":{"verb":"GET"},"verb":"PUT"}"#, &["GET", "PUT"]),
            (r#"{"DATA":{"Verb":"GET"}}"#, &["GET"]),
            (r#"{"verb":"POST","VERB":"PUT"}"#, &["POST", "PUT"]),
            (r#"{"\u0076erb":"GET"}"#, &["GET"]),
            (r#"{"data":{"a":{"verb":"GET","verb":"PUT"}}}"#, &[]),
            (r#"{"data":"\"verb\":","a":["verb"]}"#, &[]),
        ] {
            assert_eq!(read(body, MediaType::Json).unwrap(), expected, "{body}");
        }
        assert_eq!(
            read("verb=PUT&a=b&Verb=GET", MediaType::Form).unwrap(),
            ["PUT", "GET"]
        );
        assert_eq!(read(r#"{"verb":"PUT"}"#, MediaType::Form).unwrap(), ["PUT"]);
    }

    #[test]
    fn what_parsers_read_differently_is_refused() {
        for body in [
            r#"{"verb":"POST","verb":"DELETE"}"#,
            r#"{"verb":"POST","\u0076erb":"POST"}"#,
            r#"{"data":{"verb":"DELETE"},"data":{}}"#,
            r#"{"data":{"verb":"DELETE","verb":"POST"}}"#,
            r#"{"data":{"verb":"DELETE"},"Data":{"verb":1}}"#,
            r#"{"verb":["DELETE"]}"#,
            r#"{"verb":null}"#,
        ] {
            let refused = matches!(read(body, MediaType::Json), Err(Error::Rejected(_)));
            assert!(refused, "{body}");
        }
        assert!(read("verb=DELETE", MediaType::Json).is_err());
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes: Vec<u8>, form: bool) {
            let media_type = if form { MediaType::Form } else { MediaType::Json };
            drop(verbs(&Bytes::from(bytes), media_type));
        }

        #[test]
        fn what_a_parser_keeps_is_what_is_written(
            body in r#"(\{("(verb|a|data)":("x"|[1]|\{("(verb|b)":"\\\\?y?",){0,1}"c":1\}),){0,1}"z":"\\"verb\\":"\})"#,
        ) {
            if let Ok(whole) = serde_json::from_str::<Value>(&body) {
                prop_assert_eq!(kept(&whole, DEPTH), written(body.as_bytes()), "{}", body);
            }
        }
    }
}
