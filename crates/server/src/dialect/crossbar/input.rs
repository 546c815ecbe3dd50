//! The envelope that comes in (crossbar.md section 1.5): parsing, normalising, looking things up.

use doorward_core::document::holds_nul;
use serde_json::{Map, Value, json};

use super::error::Error;
use super::media_type::MediaType;
use super::query::Query;
use super::validate::Details;

/// What a request says beyond its head. Not `Debug`: it holds credentials.
#[derive(Default)]
pub(super) struct Input {
    /// `data`: an object or array; an empty object when there is no body.
    data: Value,
    /// The envelope's other members.
    envelope: Map<String, Value>,
    query: Query,
}

/// Parses a body into the members of its envelope, their names normalised: lower case, `-` as `_`.
/// Nesting beyond 128 levels is refused, as is U+0000 anywhere (decisions, part E).
pub(super) fn parse(bytes: &[u8], media_type: MediaType) -> Result<Map<String, Value>, Error> {
    if bytes.is_empty() {
        return Ok(Map::from_iter([("data".to_owned(), json!({}))]));
    }
    let members = match (serde_json::from_slice(bytes), media_type) {
        (Ok(Value::Object(members)), _) => members,
        (_, MediaType::Form) => form_urlencoded::parse(bytes)
            .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
            .collect(),
        (Ok(_), MediaType::Json) => return Err(invalid("All JSON must be valid")),
        (Err(error), MediaType::Json) => return Err(invalid(&error.to_string())),
    };
    if members
        .iter()
        .any(|(name, value)| name.contains('\0') || holds_nul(value))
    {
        return Err(invalid("U+0000 is not allowed"));
    }
    let normal = |name: String| name.to_lowercase().replace('-', "_");
    Ok(members
        .into_iter()
        .map(|(name, value)| (normal(name), value))
        .collect())
}

fn invalid(message: &str) -> Error {
    let detail = json!({"message": message, "target": "body"});
    Error::Validation(Details::one("json", "invalid", detail))
}

impl Input {
    /// The input of a request whose body is not read.
    pub(super) fn without_body(query: Query) -> Self {
        Self {
            data: json!({}),
            query,
            ..Self::default()
        }
    }

    /// The input of a request with these members in its envelope; `data` must be there, and be an object
    /// or array.
    pub(super) fn new(mut envelope: Map<String, Value>, query: Query) -> Result<Self, Error> {
        let mut details = Details::default();
        let data = envelope.shift_remove("data").unwrap_or(Value::Null);
        match &data {
            Value::Object(_) | Value::Array(_) => {}
            Value::Null => details.required("data"),
            _ => details.wrong_type("data", "array, object"),
        }
        details.into_result()?;
        Ok(Self {
            data,
            envelope,
            query,
        })
    }

    /// `data` as an object.
    pub(super) fn object(&self) -> Result<&Map<String, Value>, Error> {
        self.data.as_object().ok_or_else(|| {
            let mut details = Details::default();
            details.wrong_type("data", "object");
            Error::Validation(details)
        })
    }

    /// The query.
    pub(super) const fn query(&self) -> &Query {
        &self.query
    }

    /// A parameter by name: in `data`, then in the query, then in the envelope. Values that are no text do
    /// not count.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let inner = self.data.get(name).and_then(Value::as_str);
        inner
            .or_else(|| self.query.first(name))
            .or_else(|| self.envelope.get(name).and_then(Value::as_str))
    }

    /// Whether a parameter is true, as JSON or as text.
    pub(super) fn flag(&self, name: &str) -> bool {
        let inside = |value: Option<&Value>| value.and_then(Value::as_bool) == Some(true);
        inside(self.data.get(name))
            || inside(self.envelope.get(name))
            || self.parameter(name) == Some("true")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(body: &str, media_type: MediaType) -> Result<Input, Error> {
        Input::new(parse(body.as_bytes(), media_type)?, Query::default())
    }

    fn complaint(body: &str) -> Value {
        match read(body, MediaType::Json) {
            Err(error) => error.face().data,
            Ok(_) => panic!("{body} was accepted"),
        }
    }

    #[test]
    fn bodies_that_are_no_envelope_are_complained_about() {
        assert_eq!(complaint("{not json")["json"]["invalid"]["target"], "body");
        for body in ["[]", "3"] {
            let said = complaint(body);
            assert_eq!(said["json"]["invalid"]["message"], "All JSON must be valid");
        }
        assert!(complaint("{}")["data"]["required"].is_object());
        assert!(complaint(r#"{"credentials":"x"}"#)["data"]["required"].is_object());
        assert!(complaint(r#"{"data":"x"}"#)["data"]["type"].is_object());
        assert!(complaint("{\"data\":{\"a\":\"\\u0000\"}}")["json"]["invalid"].is_object());
        let deep = format!("{{\"data\":{}{}}}", "[".repeat(200), "]".repeat(200));
        assert!(complaint(&deep)["json"]["invalid"].is_object());
    }

    #[test]
    fn an_empty_body_is_an_empty_object() {
        assert!(
            read("", MediaType::Json)
                .unwrap()
                .object()
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn names_are_normalised() {
        let input = read(r#"{"Data":{},"Auth-Token":"t"}"#, MediaType::Json).unwrap();
        assert_eq!(input.parameter("auth_token"), Some("t"));
    }

    #[test]
    fn json_called_a_form_is_json_and_a_form_has_no_data() {
        let body = r#"{"data":{"a":"b"}}"#;
        assert_eq!(
            read(body, MediaType::Form).unwrap().parameter("a"),
            Some("b")
        );
        assert!(read("data=x", MediaType::Form).is_err());
        assert!(read("a=b", MediaType::Form).is_err());
    }

    #[test]
    fn parameters_are_looked_up_in_data_query_envelope() {
        let parse = |body: &str, query: &str| {
            let members = parse(body.as_bytes(), MediaType::Json).unwrap();
            Input::new(members, Query::parse(Some(query))).unwrap()
        };
        let body = r#"{"data":{"action":"d"},"action":"e"}"#;
        assert_eq!(parse(body, "action=q").parameter("action"), Some("d"));
        let body = r#"{"data":{},"action":"e"}"#;
        assert_eq!(parse(body, "action=q").parameter("action"), Some("q"));
        assert_eq!(parse(body, "").parameter("action"), Some("e"));
        assert!(parse(r#"{"data":{"pretty_print":true}}"#, "").flag("pretty_print"));
        assert!(parse(r#"{"data":{}}"#, "pretty_print=true").flag("pretty_print"));
    }

    proptest! {
        #[test]
        fn parsing_never_panics(bytes: Vec<u8>, form: bool) {
            let media_type = if form { MediaType::Form } else { MediaType::Json };
            if let Ok(members) = parse(&bytes, media_type) {
                drop(Input::new(members, Query::default()));
            }
        }

        #[test]
        fn text_round_trips(text in "[^\\u{0}]{0,40}") {
            let body = json!({"data": {"name": text}}).to_string();
            let input = read(&body, MediaType::Json).unwrap();
            prop_assert_eq!(input.parameter("name"), Some(text.as_str()));
        }
    }
}
