//! What a command prints: tables for people, JSON for programs.

use std::io::{self, IsTerminal as _, Write as _};

use serde_json::Value;

use crate::fail::{Fail, Outcome};

/// Columns of a terminal that does not say how many it has.
const DEFAULT_WIDTH: usize = 80;
/// No column is made narrower than this.
const MIN_COLUMN: usize = 6;
/// No name of a member is shown longer than this.
const MAX_KEY: usize = 24;
/// Between two columns.
const GAP: &str = "  ";

/// For whom to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A person at a terminal.
    Human,
    /// A program.
    Json,
}

impl Format {
    /// JSON when asked for, or when standard output is no terminal.
    pub(crate) fn choose(json: bool) -> Self {
        if json || !io::stdout().is_terminal() {
            Self::Json
        } else {
            Self::Human
        }
    }
}

/// Prints objects: an array of all their members, or a table of the columns named.
pub(crate) fn list(format: Format, objects: Vec<Value>, columns: &[&str]) -> Outcome {
    match format {
        Format::Json => line(&Value::Array(objects).to_string()),
        Format::Human if objects.is_empty() => line("none"),
        Format::Human => text(&table(&objects, columns, terminal_width())),
    }
}

/// Prints one object: itself, or a line for each of its members.
pub(crate) fn object(format: Format, object: &Value) -> Outcome {
    match format {
        Format::Json => line(&object.to_string()),
        Format::Human => text(&members(object, terminal_width())),
    }
}

/// Prints a line.
pub(crate) fn line(line: &str) -> Outcome {
    text(&format!("{line}\n"))
}

/// Prints a text as it is.
pub(crate) fn text(text: &str) -> Outcome {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| {
            Fail::from(anyhow::Error::new(error).context("cannot write to standard output"))
        })
}

fn terminal_width() -> usize {
    rustix::termios::tcgetwinsize(io::stdout())
        .map(|size| usize::from(size.ws_col))
        .ok()
        .filter(|columns| *columns > 0)
        .unwrap_or(DEFAULT_WIDTH)
}

/// A table no wider than `width`, as far as its first column (an id, to be copied) allows.
fn table(objects: &[Value], columns: &[&str], width: usize) -> String {
    let heading = columns.iter().map(|c| c.replace('_', " ").to_uppercase());
    let rows: Vec<Vec<String>> = std::iter::once(heading.collect())
        .chain(objects.iter().map(|object| {
            let cell = |column: &&str| object.get(column).map(plain).unwrap_or_default();
            columns.iter().map(cell).collect()
        }))
        .collect();
    let widths = fit(natural_widths(&rows, columns.len()), width);
    let mut out = String::new();
    for row in rows {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| pad(cell, *width));
        out.push_str(cells.collect::<Vec<_>>().join(GAP).trim_end());
        out.push('\n');
    }
    out
}

fn natural_widths(rows: &[Vec<String>], columns: usize) -> Vec<usize> {
    let mut widths = vec![0; columns];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    widths
}

/// Takes from the widest column but the first, until all fit or none can give any more.
fn fit(mut widths: Vec<usize>, available: usize) -> Vec<usize> {
    let gaps = widths.len().saturating_sub(1) * GAP.len();
    while widths.iter().sum::<usize>() + gaps > available {
        match widths.iter_mut().skip(1).max() {
            Some(widest) if *widest > MIN_COLUMN => *widest -= 1,
            _ => break,
        }
    }
    widths
}

fn pad(cell: &str, width: usize) -> String {
    let length = cell.chars().count();
    if length > width {
        let kept: String = cell.chars().take(width.saturating_sub(1)).collect();
        format!("{kept}…")
    } else {
        format!("{cell}{}", " ".repeat(width - length))
    }
}

/// A line for each member, no longer than `width`; but what is to be copied, an id or a key, stays whole.
fn members(object: &Value, width: usize) -> String {
    let Some(map) = object.as_object() else {
        return format!("{}\n", plain(object));
    };
    let keys: Vec<String> = map.keys().map(|key| escaped(key)).collect();
    let longest = keys.iter().map(|key| key.chars().count()).max();
    let column = longest.unwrap_or(0).min(MAX_KEY);
    let room = width.saturating_sub(column + GAP.len()).max(MIN_COLUMN);
    let line = |(key, value): (&String, &Value)| {
        let mut value = plain(value);
        if value.chars().count() > room && !is_copied(&value) {
            value = pad(&value, room);
        }
        [pad(key, column).as_str(), GAP, &value, "\n"].concat()
    };
    keys.iter().zip(map.values()).map(line).collect()
}

/// Whether this is an id or an API key.
fn is_copied(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A value as people read it.
fn plain(value: &Value) -> String {
    let text = match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    escaped(&text)
}

/// Control characters, which could command the terminal, are shown.
fn escaped(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let shown: Box<dyn Iterator<Item = char>> = if c.is_control() {
                Box::new(c.escape_default())
            } else {
                Box::new(std::iter::once(c))
            };
            shown
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_table_fits_its_terminal_and_keeps_ids_whole() {
        let rows = [
            json!({"id": "a".repeat(32), "name": "n".repeat(60), "enabled": true}),
            json!({"id": "b".repeat(32), "name": "short"}),
        ];
        let table = table(&rows, &["id", "name", "enabled"], 70);
        for line in table.lines() {
            assert!(line.chars().count() <= 70, "{line}");
        }
        assert!(
            table.contains(&"a".repeat(32)) && table.contains('…'),
            "{table}"
        );
        assert!(table.starts_with("ID "), "{table}");
        let narrow = super::table(&rows, &["id", "name"], 10);
        assert!(narrow.contains(&"a".repeat(32)));
    }

    #[test]
    fn members_stand_one_to_a_line() {
        let shown = members(&json!({"id": "x", "enabled": false, "n": 3}), 80);
        assert_eq!(shown, "id       x\nenabled  no\nn        3\n");
    }

    #[test]
    fn members_fit_their_terminal_and_keep_keys_whole() {
        let key = "f".repeat(64);
        let shown = members(
            &json!({"api_key": key, "custom": {"text": "x".repeat(200)}, "k".repeat(40): "v"}),
            80,
        );
        let lines: Vec<_> = shown.lines().collect();
        assert!(lines[0].ends_with(&key), "{shown}");
        assert_eq!(lines[1].chars().count(), 80, "{shown}");
        assert!(
            lines[1].ends_with('…') && lines[2].contains("…  v"),
            "{shown}"
        );
        let shown = members(&json!({"a\u{1b}[2J": 1}), 80);
        assert!(!shown.contains('\u{1b}'), "{shown}");
    }

    #[test]
    fn a_name_cannot_command_the_terminal() {
        assert_eq!(plain(&json!("a\u{1b}[2J\n")), "a\\u{1b}[2J\\n");
    }
}
