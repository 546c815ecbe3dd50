//! A document on its way into the index and out of it.

use std::collections::BTreeMap;

use crate::date;
use crate::extract::{self, extract};
use crate::key::DocumentKey;

/// Metadata: class → values, both in the order of the alphabet and of arrival.
pub(crate) type Metadata = BTreeMap<String, Vec<String>>;

/// Classes that say when a document is from, the first one wins.
const DATE_CLASSES: &[&str] = &["date", "d", "dc.date"];

/// A document, read and ready for the index.
#[derive(Debug)]
pub(crate) struct NewDocument {
    pub(super) key: DocumentKey,
    pub(super) content_type: Option<String>,
    pub(super) content: Vec<u8>,
    pub(super) metadata: Metadata,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) body: String,
    pub(super) file_type: &'static str,
    pub(super) date_ms: Option<i64>,
}

/// A document as it was pushed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StoredDocument {
    pub(crate) content: Vec<u8>,
    pub(crate) content_type: String,
    pub(crate) metadata: Metadata,
}

impl NewDocument {
    /// Reads the content: some milliseconds for a large one, so call it where waiting is allowed.
    pub(crate) fn read(
        key: DocumentKey,
        content_type: Option<String>,
        content: Vec<u8>,
        metadata: Metadata,
    ) -> Self {
        let found = extract(content_type.as_deref(), &content);
        let value = |classes: &[&str]| {
            classes.iter().find_map(|class| {
                let mut same = metadata
                    .iter()
                    .filter(|(name, _)| name.eq_ignore_ascii_case(class));
                same.next().and_then(|(_, values)| values.first())
            })
        };
        let title = value(&["title"]).and_then(|title| extract::line(title));
        let title = title
            .or(found.title)
            .or_else(|| key.last_segment().and_then(extract::line));
        let date = value(DATE_CLASSES).or(found.date.as_ref());
        Self {
            title: title.unwrap_or_else(|| key.as_str().to_owned()),
            description: found.description.unwrap_or_default(),
            body: found.text,
            file_type: found.file_type,
            date_ms: date.and_then(|text| date::parse(text)),
            key,
            content_type,
            content,
            metadata,
        }
    }

    /// The metadata in words.
    pub(super) fn extra(&self) -> String {
        let values = self.metadata.values().flatten();
        values.map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// The metadata as JSON.
    pub(super) fn metadata_json(&self) -> String {
        let members = self.metadata.iter();
        let object: serde_json::Map<_, _> = members
            .map(|(class, values)| (class.clone(), values.clone().into()))
            .collect();
        serde_json::Value::Object(object).to_string()
    }
}

/// Reads what [`NewDocument::metadata_json`] wrote; `None` if it did not.
pub(super) fn metadata_from_json(text: &str) -> Option<Metadata> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let mut metadata = Metadata::new();
    for (class, values) in value.as_object()? {
        let values = values.as_array()?.iter();
        let values: Option<_> = values
            .map(|value| value.as_str().map(str::to_owned))
            .collect();
        metadata.insert(class.clone(), values?);
    }
    Some(metadata)
}
