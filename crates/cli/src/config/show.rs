//! The effective configuration as TOML, for `doorward config show`.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::rows::Row;
use super::value::{Value, quote};
use super::{Loaded, Origin, table};

/// The ids that the keys that name an account or a user mean, by key; `None`: nobody could be asked.
pub type Meant = BTreeMap<String, Option<String>>;

impl Loaded {
    /// Every key with its value and where it came from. Secrets are masked, so the text can be
    /// pasted into a bug report.
    #[must_use]
    pub fn show(&self) -> String {
        self.show_resolved(&Meant::new())
    }

    /// The same with the id in the place of the text where a key names an account or a user, and what was
    /// written behind it; or a word that it is not resolved.
    #[must_use]
    pub fn show_resolved(&self, meant: &Meant) -> String {
        let mut shown = format!(
            "# data folder: {}\n",
            one_line(&self.settings.data.display().to_string())
        );
        let mut section = "";
        for key in table::keys() {
            if key.section() != section {
                section = key.section();
                add(&mut shown, format_args!("\n[{section}]\n"));
            }
            let (value, origin) = self
                .values
                .0
                .get(key.name)
                .unwrap_or(&(Value::Unset, Origin::Default));
            let name = key.short_name();
            match value.show() {
                Some(text) => {
                    let origin = one_line(&origin.to_string());
                    let (text, note) = resolved(text, meant.get(key.name));
                    add(
                        &mut shown,
                        format_args!("{name} = {text} # from {origin}{note}\n"),
                    );
                }
                None => add(&mut shown, format_args!("# {name} is not set\n")),
            }
        }
        for row in &self.rows {
            show_row(&mut shown, row, meant);
        }
        shown
    }

    /// The tables that are written more than once, as shown: to tell whether they changed.
    #[must_use]
    pub fn show_tables(&self) -> String {
        let mut shown = String::new();
        for row in &self.rows {
            show_row(&mut shown, row, &Meant::new());
        }
        shown
    }
}

/// A table that is written more than once; what is not set is left out.
fn show_row(shown: &mut String, row: &Row, meant: &Meant) {
    let title = match &row.name {
        Some(name) => format!("[{}.{name}]", row.table.name),
        None => format!("[[{}]]", row.table.name),
    };
    let place = one_line(&row.place.to_string());
    add(shown, format_args!("\n{title} # from {place}\n"));
    for key in row.table.keys {
        let value = row.values.0.get(key.name);
        let Some((text, origin)) = value.and_then(|(value, origin)| Some((value.show()?, origin)))
        else {
            continue;
        };
        let origin = one_line(&origin.to_string());
        let (text, note) = resolved(text, meant.get(&row.key(key)));
        let name = row.table.inner_name(key);
        add(
            shown,
            format_args!("{name} = {text} # from {origin}{note}\n"),
        );
    }
    for inner in &row.rows {
        show_row(shown, inner, meant);
    }
}

/// What stands for a value as written, and what its comment says besides.
fn resolved(written: String, id: Option<&Option<String>>) -> (String, String) {
    match id {
        None => (written, String::new()),
        Some(None) => (written, ", not resolved".to_owned()),
        Some(Some(id)) => {
            let note = format!(", written {written}");
            (quote(id), note)
        }
    }
}

/// A path with a newline in its name must not end the comment it stands in.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

fn add(shown: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _infallible = shown.write_fmt(text);
}
