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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
