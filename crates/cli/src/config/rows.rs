//! Tables that are written more than once: `[[api]]`, `[upstream.NAME]`.
//!
//! Each of them is a row: values by key as in the sections, and the rows inside it. They come from the file
//! alone; the environment has no good way to write them.

use std::collections::BTreeMap;

use super::check::check;
use super::key::{DefaultValue, Key, Table};
use super::value::{Value, Values};
use super::{Entry, Origin, Place, Problem};

/// A table as written.
pub(super) struct Written {
    pub(super) table: &'static Table,
    /// How messages, pins and `config show` call it: `api.push`, `identity.1`, `upstream.search`.
    pub(super) label: String,
    /// The operator's name of `[upstream.NAME]`.
    pub(super) name: Option<String>,
    /// Where it begins.
    pub(super) place: Place,
    pub(super) entries: Vec<Entry>,
    pub(super) rows: Vec<Written>,
}

/// A table, checked.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) table: &'static Table,
    pub(super) label: String,
    pub(super) name: Option<String>,
    pub(super) place: Place,
    pub(super) values: Values,
    pub(super) rows: Vec<Row>,
}

impl Row {
    /// The dotted name of a key in this row: `api.push.account`.
    pub(super) fn key(&self, key: &Key) -> String {
        key_in(self.table, &self.label, key)
    }

    /// What is wrong with a key of this row, where it was set, else where the row begins.
    pub(super) fn problem(&self, key: &'static str, message: impl Into<String>) -> Problem {
        let declared = self.table.keys.iter().find(|declared| declared.name == key);
        Problem {
            place: self.values.place(key).unwrap_or(&self.place).clone(),
            key: Some(declared.map_or_else(|| self.label.clone(), |key| self.key(key))),
            message: message.into(),
        }
    }

    /// What is wrong with the row as a whole.
    pub(super) fn problem_as_whole(&self, message: impl Into<String>) -> Problem {
        Problem {
            place: self.place.clone(),
            key: Some(self.label.clone()),
            message: message.into(),
        }
    }
}

/// The rows of one table.
pub(super) fn of<'r>(
    rows: &'r [Row],
    table: &'static str,
) -> impl Iterator<Item = &'r Row> + Clone {
    rows.iter().filter(move |row| row.table.name == table)
}

/// The dotted name of a key in a row.
pub(super) fn key_in(table: &Table, label: &str, key: &Key) -> String {
    format!("{label}.{}", table.inner_name(key))
}

/// Checks every value of a row and of the rows inside it, and that nothing is missing.
pub(super) fn checked(written: Written, problems: &mut Vec<Problem>) -> Row {
    let Written {
        table,
        label,
        name,
        place,
        entries,
        rows,
    } = written;
    let mut values = defaults(table.keys);
    let mut wrong = Vec::new();
    for Entry { key, input, place } in entries {
        match check(key.kind, &input) {
            Ok(value) => {
                values.insert(key.name, (value, Origin::Set(place)));
            }
            Err(message) => {
                wrong.push(key.name);
                problems.push(Problem {
                    place,
                    key: Some(key_in(table, &label, key)),
                    message,
                });
            }
        }
    }
    let unset = |key: &&Key| matches!(values.get(key.name), Some((Value::Unset, _)));
    let required = |key: &&Key| matches!(key.default, DefaultValue::Required);
    for key in table.keys.iter().filter(required).filter(unset) {
        if !wrong.contains(&key.name) {
            problems.push(Problem {
                place: place.clone(),
                key: Some(key_in(table, &label, key)),
                message: format!("is missing; every {} needs it", table.title()),
            });
        }
    }
    let values = Values(values);
    for key in table.keys.iter().filter(required) {
        if values
            .0
            .get(key.name)
            .is_some_and(|(value, _)| value.is_empty_list())
        {
            problems.push(Problem {
                place: values.place(key.name).unwrap_or(&place).clone(),
                key: Some(key_in(table, &label, key)),
                message: "is empty; write at least one".to_owned(),
            });
        }
    }
    Row {
        table,
        name,
        place,
        values,
        rows: rows.into_iter().map(|row| checked(row, problems)).collect(),
        label,
    }
}

/// What keys are without being set.
pub(super) fn defaults(
    keys: impl IntoIterator<Item = &'static Key>,
) -> BTreeMap<&'static str, (Value, Origin)> {
    let value = |key: &'static Key| {
        let default = key
            .default_text()
            .map(|text| check(key.kind, &super::input::Input::Bare(text)));
        // The test that loads the defaults finds one that its own key refuses.
        let value = default.and_then(Result::ok).unwrap_or(Value::Unset);
        (key.name, (value, Origin::Default))
    };
    keys.into_iter().map(value).collect()
}
