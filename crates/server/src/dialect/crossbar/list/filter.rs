//! Filters of lists (crossbar.md section 1.14): all of them must hold.
//!
//! They look at what is shown of a document and nothing else. Attack: asking a private key letter by letter whether it
//! has this value. Answer: a filter that names one holds for nothing.

use doorward_core::document::{Document, is_private};
use doorward_core::time::Timestamp;
use serde_json::{Value, json};

use crate::dialect::crossbar::error::Error;
use crate::dialect::crossbar::query::Query;
use crate::dialect::crossbar::validate::Details;

/// Most filters of a request.
const MOST: usize = 32;

/// What a request wants to see.
#[derive(Debug, Default)]
pub(super) struct Filters(Vec<Condition>);

#[derive(Debug)]
enum Condition {
    Equals(Path, String),
    Differs(Path, String),
    HasKey(Path),
    KeyMissing(Path),
    HasValue(Path),
    ValueMissing(Path),
    /// Gregorian seconds, inclusive.
    CreatedFrom(i64),
    CreatedTo(i64),
    ModifiedFrom(i64),
    ModifiedTo(i64),
    /// Names a private key.
    Never,
}

/// A dotted path into a document.
type Path = Vec<String>;

impl Filters {
    /// Reads them from the query.
    pub(super) fn read(query: &Query) -> Result<Self, Error> {
        let mut conditions = Vec::new();
        let mut details = Details::default();
        for (name, value) in query.pairs() {
            match condition(name, value) {
                Ok(condition) => conditions.extend(condition),
                Err(NotAnInteger) => details.wrong_type(name, "integer"),
            }
        }
        if conditions.len() > MOST {
            let message = format!("No more than {MOST} filters");
            details.add(
                "filter",
                "maxItems",
                json!({"message": message, "target": MOST}),
            );
        }
        details.into_result()?;
        Ok(Self(conditions))
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a document may be seen; it is made only if somebody asks for it.
    pub(super) fn admit(
        &self,
        document: impl FnOnce() -> Document,
        created: Timestamp,
        modified: Timestamp,
    ) -> bool {
        if self.is_empty() {
            return true;
        }
        let document = document();
        self.0
            .iter()
            .all(|one| one.holds(&document, created.gregorian(), modified.gregorian()))
    }
}

impl Condition {
    fn holds(&self, document: &Document, created: i64, modified: i64) -> bool {
        match self {
            Self::Equals(path, wanted) => is(at(document, path), wanted),
            Self::Differs(path, unwanted) => !is(at(document, path), unwanted),
            Self::HasKey(path) => at(document, path).is_some(),
            Self::KeyMissing(path) => at(document, path).is_none(),
            Self::HasValue(path) => has_value(at(document, path)),
            Self::ValueMissing(path) => !has_value(at(document, path)),
            Self::CreatedFrom(from) => created >= *from,
            Self::CreatedTo(to) => created <= *to,
            Self::ModifiedFrom(from) => modified >= *from,
            Self::ModifiedTo(to) => modified <= *to,
            Self::Never => false,
        }
    }
}

struct NotAnInteger;

fn condition(name: &str, value: &str) -> Result<Option<Condition>, NotAnInteger> {
    let seconds = || value.parse::<i64>().map_err(|_| NotAnInteger);
    Ok(Some(match name {
        "has_key" => of(value, Condition::HasKey),
        "key_missing" | "missing_key" => of(value, Condition::KeyMissing),
        "has_value" => of(value, Condition::HasValue),
        "value_missing" | "missing_value" => of(value, Condition::ValueMissing),
        "created_from" => Condition::CreatedFrom(seconds()?),
        "created_to" => Condition::CreatedTo(seconds()?),
        "modified_from" => Condition::ModifiedFrom(seconds()?),
        "modified_to" => Condition::ModifiedTo(seconds()?),
        name => {
            if let Some(key) = name.strip_prefix("filter_not_") {
                of(key, |path| Condition::Differs(path, value.to_owned()))
            } else if let Some(key) = name.strip_prefix("filter_") {
                of(key, |path| Condition::Equals(path, value.to_owned()))
            } else {
                return Ok(None);
            }
        }
    }))
}

fn of(key: &str, condition: impl FnOnce(Path) -> Condition) -> Condition {
    if key.split('.').any(is_private) {
        return Condition::Never;
    }
    condition(key.split('.').map(str::to_owned).collect())
}

fn at<'d>(document: &'d Document, path: &[String]) -> Option<&'d Value> {
    let (first, rest) = path.split_first()?;
    rest.iter()
        .try_fold(document.get(first)?, |value, key| value.get(key))
}

/// Compares as texts, as the query has nothing else.
fn is(value: Option<&Value>, wanted: &str) -> bool {
    match value {
        Some(Value::String(text)) => text == wanted,
        Some(Value::Number(number)) => number.to_string() == wanted,
        Some(Value::Bool(flag)) => wanted == if *flag { "true" } else { "false" },
        _ => false,
    }
}

fn has_value(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(members)) => !members.is_empty(),
        Some(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_unix(1_000);

    fn admits(query: &str) -> bool {
        let Value::Object(document) = json!({
            "a": "x", "n": 7, "yes": true, "deep": {"b": "c", "_hidden": "h"}, "none": null, "empty": "",
            "pvt_md5_auth": "secret",
        }) else {
            unreachable!("an object")
        };
        let filters = Filters::read(&Query::parse(Some(query))).unwrap();
        filters.admit(|| document, AT, AT)
    }

    #[test]
    fn all_must_hold() {
        for query in [
            "",
            "other=1",
            "filter_a=x",
            "filter_n=7",
            "filter_yes=true",
            "filter_deep.b=c",
            "filter_not_a=y",
            "filter_not_missing=1",
            "has_key=deep.b",
            "key_missing=z",
            "has_value=a",
            "value_missing=none",
            "missing_value=empty",
            "has_key=none",
            "filter_a=x&filter_n=7",
        ] {
            assert!(admits(query), "{query}");
        }
        for query in [
            "filter_a=y",
            "filter_not_a=x",
            "has_key=z",
            "key_missing=a",
            "has_value=empty",
            "value_missing=a",
            "filter_a=x&filter_n=8",
            "filter_deep=c",
            "filter_a.b=x",
        ] {
            assert!(!admits(query), "{query}");
        }
    }

    #[test]
    fn times_are_inclusive_gregorian_seconds() {
        let now = AT.gregorian();
        for name in ["created", "modified"] {
            assert!(admits(&format!("{name}_from={now}&{name}_to={now}")));
            assert!(!admits(&format!("{name}_from={}", now + 1)));
            assert!(!admits(&format!("{name}_to={}", now - 1)));
        }
        assert!(Filters::read(&Query::parse(Some("created_from=soon"))).is_err());
    }

    #[test]
    fn private_keys_answer_nothing_whatever_is_asked() {
        for key in [
            "pvt_md5_auth",
            "pvt_other",
            "_id",
            "deep._hidden",
            "deep._absent",
        ] {
            for form in ["has_key", "key_missing", "has_value", "value_missing"] {
                assert!(!admits(&format!("{form}={key}")), "{form} {key}");
            }
            for form in ["filter_", "filter_not_"] {
                for value in ["secret", "other", "h"] {
                    assert!(!admits(&format!("{form}{key}={value}")), "{form} {key}");
                }
            }
        }
    }

    #[test]
    fn filters_are_bounded() {
        let many = "has_key=a&".repeat(MOST + 1);
        assert!(Filters::read(&Query::parse(Some(&many))).is_err());
    }
}
