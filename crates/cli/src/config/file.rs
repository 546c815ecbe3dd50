//! The layer of the TOML file.

mod rows;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::input::from_toml;
use super::{Entry, Layer, Place, Problem, table, unknown};

/// The largest file read, here and for secrets.
const MAX_BYTES: u64 = 1024 * 1024;

/// At most so many syntax errors: the first explains most of the others.
const MAX_SYNTAX_ERRORS: usize = 10;

/// Reads the file. If it is broken, only that is reported.
pub(super) fn layer(path: &Path) -> Layer {
    match read_text(path) {
        Ok(text) => parse(path, &text),
        Err(message) => {
            let place = Place::WholeFile(path.to_owned());
            Layer {
                problems: vec![Problem {
                    place,
                    key: None,
                    message,
                }],
                ..Layer::default()
            }
        }
    }
}

/// The text of a file of at most 1 MiB, or what to tell about it.
pub(super) fn read_text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("cannot read the file: {error}"))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err("larger than 1 MiB, which no configuration is".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "not UTF-8 text".to_owned())
}

fn parse(path: &Path, text: &str) -> Layer {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut walk = Walk {
        path: path.to_owned(),
        text,
        layer: Layer::default(),
    };
    if errors.is_empty() {
        walk.table("", document.get_ref());
    }
    for error in errors.iter().take(MAX_SYNTAX_ERRORS) {
        let at = error.span().map_or(text.len(), |span| span.start);
        walk.problem(at, None, format!("not TOML: {}", error.message()));
    }
    walk.layer
}

struct Walk<'t> {
    path: PathBuf,
    text: &'t str,
    layer: Layer,
}

impl Walk<'_> {
    fn table(&mut self, section: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let (short, at) = (name.get_ref(), name.span().start);
            let full = if section.is_empty() {
                short.to_string()
            } else {
                format!("{section}.{short}")
            };
            self.member(&full, short.contains('.'), at, value);
        }
    }

    /// `quoted_dot`: a name like `"store.url"` in quotes is one name, not a section and a key.
    fn member(&mut self, full: &str, quoted_dot: bool, at: usize, value: &Spanned<DeValue<'_>>) {
        let is_section = !quoted_dot && table::sections().any(|section| section == full);
        if let Some(table) = table::table(full).filter(|_| !quoted_dot) {
            let rows = self.rows(table, "", at, value);
            self.layer.rows.extend(rows);
            return;
        }
        match (table::find(full).filter(|_| !quoted_dot), value.get_ref()) {
            (Some(key), _) => {
                let place = self.place(value.span().start);
                self.layer.entries.push(Entry {
                    key,
                    input: from_toml(value),
                    place,
                });
            }
            (None, DeValue::Table(inner)) if is_section => self.table(full, inner),
            (None, _) if is_section => {
                self.problem(
                    at,
                    Some(full),
                    format!("is a section; write [{full}] and its keys below"),
                );
            }
            (None, DeValue::Table(_)) => self.problem(at, Some(full), unknown::section(full)),
            (None, DeValue::Array(entries)) if is_list_of_tables(entries) => {
                self.problem(at, Some(full), unknown::section(full));
            }
            (None, _) => self.problem(at, Some(full), unknown::key(full)),
        }
    }

    fn problem(&mut self, at: usize, key: Option<&str>, message: String) {
        let place = self.place(at);
        self.layer.problems.push(Problem {
            place,
            key: key.map(unknown::printable),
            message,
        });
    }

    fn place(&self, at: usize) -> Place {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place::File {
            path: self.path.clone(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

fn is_list_of_tables(entries: &[Spanned<DeValue<'_>>]) -> bool {
    entries
        .first()
        .is_some_and(|entry| matches!(entry.get_ref(), DeValue::Table(_)))
}
