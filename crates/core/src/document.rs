//! JSON documents of accounts and users: the public, custom part that clients post and read back.

use serde_json::{Map, Value};

/// A JSON object, keys in written order.
pub type Document = Map<String, Value>;

/// Whether the key is private: such keys never come in and never go out (crossbar.md section 1.5).
#[must_use]
pub fn is_private(key: &str) -> bool {
    key.starts_with('_') || key.starts_with("pvt_")
}

/// Drops the private keys at the top level.
#[must_use]
pub fn without_private(document: Document) -> Document {
    document
        .into_iter()
        .filter(|(key, _)| !is_private(key))
        .collect()
}

/// Finds a character no store of ours may hold: U+0000, in any key or value. PostgreSQL cannot store
/// it in text, and C programs end strings there.
#[must_use]
pub fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(map) => map
            .iter()
            .any(|(key, value)| key.contains('\0') || holds_nul(value)),
        _ => false,
    }
}

/// The document's length in bytes, as JSON.
#[must_use]
pub fn size(document: &Document) -> usize {
    serde_json::to_vec(document).map_or(usize::MAX, |text| text.len())
}

/// How many values a document holds at any depth. In memory each of them takes many times the bytes it is written with.
#[must_use]
pub fn values(document: &Document) -> usize {
    fn count(value: &Value) -> usize {
        1 + match value {
            Value::Array(items) => items.iter().map(count).sum(),
            Value::Object(map) => values(map),
            _ => 0,
        }
    }
    document.values().map(count).sum()
}

/// Merges a patch into a document (RFC 7396): objects deeply, `null` removes a key, anything else
/// replaces it.
pub fn merge(document: &mut Document, patch: Document) {
    for (key, value) in patch {
        match value {
            Value::Null => drop(document.shift_remove(&key)),
            Value::Object(inner) => {
                let slot = document.entry(key).or_insert(Value::Null);
                if !slot.is_object() {
                    *slot = Value::Object(Document::new());
                }
                if let Value::Object(below) = slot {
                    merge(below, inner);
                }
            }
            value => drop(document.insert(key, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-c]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                object(inner).prop_map(Value::Object),
            ]
        })
    }

    fn object(of: impl Strategy<Value = Value>) -> impl Strategy<Value = Document> {
        prop::collection::vec(("[a-d]", of), 0..4).prop_map(Document::from_iter)
    }

    /// Objects some of whose keys are private, at any depth.
    fn with_private(of: impl Strategy<Value = Value>) -> impl Strategy<Value = Document> {
        prop::collection::vec(("(_|pvt_)?[a-c]", of), 0..5).prop_map(Document::from_iter)
    }

    /// RFC 7396, section 2, as it is written there.
    fn by_the_book(target: Value, patch: Value) -> Value {
        let Value::Object(patch) = patch else {
            return patch;
        };
        let mut target = match target {
            Value::Object(target) => target,
            _ => Document::new(),
        };
        for (name, value) in patch {
            if value.is_null() {
                target.shift_remove(&name);
            } else {
                let below = target.get(&name).cloned().unwrap_or_default();
                target.insert(name, by_the_book(below, value));
            }
        }
        Value::Object(target)
    }

    proptest! {
        #[test]
        fn merging_is_what_rfc_7396_says(document in object(value()), patch in object(value())) {
            let expected = by_the_book(Value::Object(document.clone()), Value::Object(patch.clone()));
            let mut merged = document;
            merge(&mut merged, patch);
            prop_assert_eq!(Value::Object(merged), expected);
        }

        #[test]
        fn what_is_merged_without_private_keys_gets_none(
            document in with_private(value()),
            patch in with_private(value()),
        ) {
            let mut merged = without_private(document.clone());
            merge(&mut merged, without_private(patch.clone()));
            prop_assert!(!merged.keys().any(|key| is_private(key)));
            for (key, value) in patch.iter().filter(|(key, value)| !is_private(key) && !value.is_null()) {
                prop_assert!(merged.contains_key(key), "{} {}", key, value);
            }
            prop_assert_eq!(without_private(merged.clone()), merged);
        }

        #[test]
        fn each_value_is_counted(document in object(value())) {
            let counted = values(&document);
            let mut seen = 0;
            let mut stack: Vec<Value> = document.into_iter().map(|(_, value)| value).collect();
            while let Some(value) = stack.pop() {
                seen += 1;
                match value {
                    Value::Array(items) => stack.extend(items),
                    Value::Object(map) => stack.extend(map.into_iter().map(|(_, value)| value)),
                    _ => {}
                }
            }
            prop_assert_eq!(counted, seen);
        }

        #[test]
        fn merging_twice_is_merging_once(document in object(value()), patch in object(value())) {
            let mut once = document;
            merge(&mut once, patch.clone());
            let mut twice = once.clone();
            merge(&mut twice, patch);
            prop_assert_eq!(once, twice);
        }

        #[test]
        fn null_removes_and_the_rest_is_there(document in object(value()), patch in object(value())) {
            let mut merged = document.clone();
            merge(&mut merged, patch.clone());
            for (key, value) in &patch {
                prop_assert_eq!(merged.contains_key(key), !value.is_null());
            }
            for (key, value) in document.iter().filter(|(key, _)| !patch.contains_key(*key)) {
                prop_assert_eq!(merged.get(key), Some(value));
            }
        }
    }

    #[test]
    fn objects_are_merged_deeply_and_arrays_are_replaced() {
        let (Value::Object(mut document), Value::Object(patch)) = (
            json!({"a": {"b": 1, "c": 2}, "list": [1, 2], "text": "x"}),
            json!({"a": {"b": null, "d": {"e": null, "f": 3}}, "list": [3], "text": {"g": 1}}),
        ) else {
            unreachable!()
        };
        merge(&mut document, patch);
        assert_eq!(
            Value::Object(document),
            json!({"a": {"c": 2, "d": {"f": 3}}, "list": [3], "text": {"g": 1}})
        );
    }

    #[test]
    fn private_keys_are_dropped() {
        let Value::Object(map) = json!({"a": 1, "_b": 2, "pvt_c": 3, "pvt": 4}) else {
            unreachable!()
        };
        assert_eq!(
            Value::Object(without_private(map)),
            json!({"a": 1, "pvt": 4})
        );
    }

    #[test]
    fn nul_is_found_at_any_depth() {
        assert!(holds_nul(&json!({"a": [{"b\0": 1}]})));
        assert!(holds_nul(&json!(["x\0"])));
        assert!(!holds_nul(&json!({"a": ["b", 1, null]})));
    }
}
