//! Validation errors in the dialect's shape (crossbar.md section 1.8): field, code, detail.
//!
//! Values are not repeated: what a client sent in the wrong place may be a secret, and no client reads
//! them back.

use serde_json::{Map, Value, json};

use super::error::Error;

/// Complaints by field.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Details(Map<String, Value>);

impl Details {
    /// One complaint.
    pub(super) fn one(field: &str, code: &str, detail: Value) -> Self {
        let mut details = Self::default();
        details.add(field, code, detail);
        details
    }

    /// A further complaint.
    pub(super) fn add(&mut self, field: &str, code: &str, detail: Value) {
        let codes = self
            .0
            .entry(field)
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(codes) = codes {
            codes.insert(code.to_owned(), detail);
        }
    }

    /// Passes if there is no complaint.
    pub(super) fn into_result(self) -> Result<(), Error> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Error::Validation(self))
        }
    }

    /// The object that goes out as `data`.
    pub(super) fn to_json(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// A field that is not there.
    pub(super) fn required(&mut self, field: &str) {
        self.add(
            field,
            "required",
            json!({"message": "Field is required but missing"}),
        );
    }

    /// A field of another type than these.
    pub(super) fn wrong_type(&mut self, field: &str, types: &str) {
        let message = format!("Value did not match type(s): {types}");
        self.add(field, "type", json!({"message": message, "target": types}));
    }

    /// A field that is none of these.
    pub(super) fn not_one_of(&mut self, field: &str, values: &[&str]) {
        let message = "Value not found in enumerated list of values";
        self.add(field, "enum", json!({"message": message, "target": values}));
    }

    /// A field that does not match.
    pub(super) fn no_match(&mut self, field: &str, pattern: &str) {
        let message = format!("Failed to match pattern '{pattern}'");
        self.add(
            field,
            "pattern",
            json!({"message": message, "target": pattern}),
        );
    }

    /// Reads a boolean; `None` if it is not there or complained about.
    pub(super) fn flag(&mut self, data: &Map<String, Value>, field: &str) -> Option<bool> {
        let value = data.get(field)?;
        if !value.is_boolean() {
            self.wrong_type(field, "boolean");
        }
        value.as_bool()
    }

    /// Reads a string of so many characters; `None` if it is not there or complained about.
    pub(super) fn text<'v>(
        &mut self,
        data: &'v Map<String, Value>,
        field: &str,
        (min, max): (usize, usize),
    ) -> Option<&'v str> {
        let text = match data.get(field) {
            None => return None,
            Some(Value::String(text)) => text,
            Some(_) => {
                self.wrong_type(field, "string");
                return None;
            }
        };
        let length = text.chars().count();
        if length < min {
            let message = format!("String must be at least {min} characters");
            self.add(
                field,
                "minLength",
                json!({"message": message, "target": min}),
            );
            return None;
        }
        if length > max {
            let message = format!("String must not be more than {max} characters");
            self.add(
                field,
                "maxLength",
                json!({"message": message, "target": max}),
            );
            return None;
        }
        Some(text)
    }

    /// [`Details::text`] that must be there.
    pub(super) fn required_text<'v>(
        &mut self,
        data: &'v Map<String, Value>,
        field: &str,
        length: (usize, usize),
    ) -> Option<&'v str> {
        if !data.contains_key(field) {
            self.required(field);
        }
        self.text(data, field, length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(value: &Value) -> Value {
        let mut details = Details::default();
        let data = json!({ "field": value });
        let Value::Object(data) = data else {
            unreachable!()
        };
        assert_eq!(details.text(&data, "field", (2, 3)), None);
        details.to_json()["field"].clone()
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert_eq!(complaint(&json!("a"))["minLength"]["target"], 2);
        assert_eq!(complaint(&json!("abcd"))["maxLength"]["target"], 3);
        assert_eq!(
            complaint(&json!(12))["type"]["message"],
            "Value did not match type(s): string"
        );
        let Value::Object(data) = json!({"field": "\u{e4}\u{e4}\u{e4}"}) else {
            unreachable!()
        };
        assert!(
            Details::default()
                .required_text(&data, "field", (2, 3))
                .is_some()
        );
    }

    #[test]
    fn what_was_sent_is_never_repeated() {
        let said = complaint(&json!("s3cr3t-s3cr3t")).to_string();
        assert!(!said.contains("s3cr3t"), "{said}");
    }
}
