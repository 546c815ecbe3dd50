//! Walking through `[[api]]` and `[upstream.NAME]`.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Walk;
use crate::config::input::from_toml;
use crate::config::key::{Form, Table};
use crate::config::rows::Written;
use crate::config::shape::is_slug;
use crate::config::{Entry, unknown};

/// The most tables of one kind in one place.
const MAX_ROWS: usize = 1000;

impl Walk<'_> {
    /// The tables of one kind at the place where their name stands. `within`: the label of the table they
    /// are in, or nothing.
    pub(super) fn rows(
        &mut self,
        table: &'static Table,
        within: &str,
        at: usize,
        value: &Spanned<DeValue<'_>>,
    ) -> Vec<Written> {
        let base = match within {
            "" => table.short_name().to_owned(),
            within => format!("{within}.{}", table.short_name()),
        };
        let rows = match (table.form, value.get_ref()) {
            (Form::List, DeValue::Array(entries)) => self.listed(table, &base, entries),
            (Form::Named, DeValue::Table(named)) => self.named(table, &base, named),
            (Form::List, _) => {
                self.problem(
                    at,
                    Some(&base),
                    format!("is a list of tables; write {}", table.title()),
                );
                Vec::new()
            }
            (Form::Named, _) => {
                self.problem(
                    at,
                    Some(&base),
                    format!("is a table of tables; write {}", table.title()),
                );
                Vec::new()
            }
        };
        if rows.len() > MAX_ROWS {
            self.problem(at, Some(&base), format!("more than {MAX_ROWS} of them"));
        }
        rows
    }

    fn listed(
        &mut self,
        table: &'static Table,
        base: &str,
        entries: &[Spanned<DeValue<'_>>],
    ) -> Vec<Written> {
        let mut rows = Vec::with_capacity(entries.len());
        for (number, entry) in (1_usize..).zip(entries) {
            let DeValue::Table(members) = entry.get_ref() else {
                let key = format!("{base}.{number}");
                self.problem(
                    entry.span().start,
                    Some(&key),
                    format!("is no table; write {}", table.title()),
                );
                continue;
            };
            let label = format!(
                "{base}.{}",
                name_in(members).unwrap_or_else(|| number.to_string())
            );
            rows.push(self.row(table, label, None, entry.span().start, members));
        }
        rows
    }

    fn named(&mut self, table: &'static Table, base: &str, named: &DeTable<'_>) -> Vec<Written> {
        let mut rows = Vec::with_capacity(named.len());
        for (name, value) in named {
            let (text, at) = (name.get_ref(), name.span().start);
            let label = format!("{base}.{text}");
            match value.get_ref() {
                DeValue::Table(_) if !is_slug(text) => {
                    let said = "is no name for it; write 1 to 63 characters of a-z, 0-9 and \"-\"";
                    self.problem(at, Some(&label), said.to_owned());
                }
                DeValue::Table(members) => {
                    rows.push(self.row(table, label, Some(text.to_string()), at, members));
                }
                _ => {
                    let said = format!("is no table; write {} and its keys below", table.title());
                    self.problem(at, Some(&label), said);
                }
            }
        }
        rows
    }

    fn row(
        &mut self,
        table: &'static Table,
        label: String,
        name: Option<String>,
        at: usize,
        members: &DeTable<'_>,
    ) -> Written {
        let mut row = Written {
            table,
            label,
            name,
            place: self.place(at),
            entries: Vec::new(),
            rows: Vec::new(),
        };
        self.fill(&mut row, "", members);
        row
    }

    /// Puts a table's members into the row; `section` is the part of the row they stand in.
    fn fill(&mut self, row: &mut Written, section: &str, members: &DeTable<'_>) {
        for (name, value) in members {
            let (short, at) = (name.get_ref(), name.span().start);
            let inner = if section.is_empty() {
                short.to_string()
            } else {
                format!("{section}.{short}")
            };
            // A name like `"headers.user"` in quotes is one name, not a section and a key.
            let plain = !short.contains('.');
            let table = row.table;
            let child = table
                .tables
                .iter()
                .find(|child| child.short_name() == inner);
            if let Some(key) = table.find(&inner).filter(|_| plain) {
                row.entries.push(Entry {
                    key,
                    input: from_toml(value),
                    place: self.place(value.span().start),
                });
            } else if let Some(child) = child {
                let rows = self.rows(child, &row.label, at, value);
                row.rows.extend(rows);
            } else if plain && table.has_section(&inner) {
                self.section_of(row, &inner, at, value);
            } else {
                let key = format!("{}.{inner}", row.label);
                self.problem(at, Some(&key), unknown::key_of(table, &inner));
            }
        }
    }

    fn section_of(
        &mut self,
        row: &mut Written,
        inner: &str,
        at: usize,
        value: &Spanned<DeValue<'_>>,
    ) {
        if let DeValue::Table(members) = value.get_ref() {
            self.fill(row, inner, members);
            return;
        }
        let key = format!("{}.{inner}", row.label);
        let said = format!(
            "is a section; write [{}.{inner}] and its keys below",
            row.table.name
        );
        self.problem(at, Some(&key), said);
    }
}

/// The `name` of a table that has a usable one; messages call it so.
fn name_in(members: &DeTable<'_>) -> Option<String> {
    match members.get("name")?.get_ref() {
        DeValue::String(name) if is_slug(name) => Some(name.to_string()),
        _ => None,
    }
}
