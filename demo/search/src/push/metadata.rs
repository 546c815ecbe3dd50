//! Metadata of a document, from header fields or from a JSON object.

use axum::http::HeaderMap;
use serde_json::Value;

use super::error::PushError;
use crate::collection::Entry;
use crate::index::Metadata;

/// What the names of header fields begin with; the rest is the class.
const PREFIX: &str = "x-funnelback-push-meta-data-";

/// Longest class and value, in bytes, and how many values there may be.
const MAX_CLASS: usize = 64;
const MAX_VALUE: usize = 8 * 1024;
const MAX_VALUES: usize = 64;

/// Metadata from the header. Values are UTF-8, or Latin-1 where they are not.
pub(super) fn from_header(fields: &HeaderMap, entry: &Entry) -> Result<Metadata, PushError> {
    let mut metadata = Metadata::new();
    for (name, value) in fields {
        let Some(class) = name.as_str().strip_prefix(PREFIX) else {
            continue;
        };
        let value = match std::str::from_utf8(value.as_bytes()) {
            Ok(value) => value.to_owned(),
            Err(_) => value
                .as_bytes()
                .iter()
                .map(|byte| char::from(*byte))
                .collect(),
        };
        add(&mut metadata, entry.class(class), &value)?;
    }
    Ok(metadata)
}

/// Metadata from an object whose members are texts, numbers, or lists of them.
pub(super) fn from_json(bytes: &[u8]) -> Result<Metadata, PushError> {
    const SHAPE: PushError =
        PushError::Metadata("the metadata must be a JSON object of texts or lists of texts");
    let value: Value = serde_json::from_slice(bytes).map_err(|_| SHAPE)?;
    let mut metadata = Metadata::new();
    for (class, value) in value.as_object().ok_or(SHAPE)? {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            one => std::slice::from_ref(one),
        };
        for value in values {
            let value = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                    return Err(SHAPE);
                }
            };
            add(&mut metadata, class.clone(), &value)?;
        }
    }
    Ok(metadata)
}

fn add(metadata: &mut Metadata, class: String, value: &str) -> Result<(), PushError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if class.is_empty() || class.len() > MAX_CLASS || !class.bytes().all(is_plain) {
        return Err(PushError::Metadata(
            "a metadata class is 1 to 64 of letters, digits, dot, dash and underscore",
        ));
    }
    if value.len() > MAX_VALUE {
        return Err(PushError::Metadata("a metadata value is longer than 8 KiB"));
    }
    if metadata.values().map(Vec::len).sum::<usize>() >= MAX_VALUES {
        return Err(PushError::Metadata(
            "there are more than 64 metadata values",
        ));
    }
    // Control characters mean something to whoever reads results; in metadata they are noise.
    let value = value.replace(char::is_control, " ");
    metadata.entry(class).or_default().push(value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;
    use crate::app::Settings;
    use crate::collection::Catalog;

    fn header(fields: &[(&str, &[u8])]) -> Result<Metadata, PushError> {
        let catalog = Catalog::new(Settings::default().collections);
        let entry = catalog.find("example-push").unwrap();
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            let name: HeaderName = name.parse().unwrap();
            map.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        from_header(&map, &entry)
    }

    #[test]
    fn fields_with_the_prefix_are_metadata() {
        let found = header(&[
            ("X-Funnelback-Push-Meta-Data-geoPosition", b"1;2"),
            ("X-Funnelback-Push-Meta-Data-author", "Zoë".as_bytes()),
            ("X-Funnelback-Push-Meta-Data-author", b"Ren\xe9"),
            ("X-Other", b"no"),
        ])
        .unwrap();
        assert_eq!(found["geoPosition"], ["1;2"]);
        assert_eq!(found["author"], ["Zoë", "René"]);
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn classes_and_values_are_bounded() {
        assert!(header(&[("x-funnelback-push-meta-data-", b"1")]).is_err());
        assert!(header(&[("x-funnelback-push-meta-data-a!b", b"1")]).is_err());
        let long = vec![b'x'; MAX_VALUE + 1];
        assert!(header(&[("x-funnelback-push-meta-data-a", &long)]).is_err());
        let many: Vec<(&str, &[u8])> = vec![("x-funnelback-push-meta-data-a", b"1"); 64];
        assert!(header(&many).is_ok());
        let one_more: Vec<(&str, &[u8])> = vec![("x-funnelback-push-meta-data-a", b"1"); 65];
        assert!(header(&one_more).is_err());
    }

    #[test]
    fn objects_of_texts_are_metadata() {
        let found = from_json(br#"{"a": "x\ny", "b": ["1", 2]}"#).unwrap();
        assert_eq!(found["a"], ["x y"]);
        assert_eq!(found["b"], ["1", "2"]);
        for bad in [
            "",
            "[]",
            "{\"a\":{}}",
            "{\"a\":null}",
            "{\"a b\":\"\"}",
            "{",
        ] {
            assert!(from_json(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _read_or_refused = from_json(&bytes);
        }
    }
}
