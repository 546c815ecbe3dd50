//! What to say about a key that this version does not have.

use super::check::quoted;
use super::key::{Table, variable};
use super::table;

/// Keys and sections that the documentation of later versions has.
const LATER: [&str; 4] = ["crossbar.recovery", "listen.console", "listen.grpc", "mail"];

/// What is wrong with a dotted name of the file.
pub(super) fn key(name: &str) -> String {
    if is_later(name) {
        return "is not available in this version".to_owned();
    }
    match nearest(name, table::keys().map(|key| key.name)) {
        Some(known) => format!("unknown key; did you mean {known}?"),
        None => "unknown key".to_owned(),
    }
}

/// What is wrong with a section of the file, none of whose keys are looked at.
pub(super) fn section(name: &str) -> String {
    if is_later(name) {
        return "is not available in this version".to_owned();
    }
    let known = table::sections().chain(table::tables().map(|table| table.name));
    match closest(name, known) {
        Some(known) => {
            let title = table::table(known).map_or_else(|| format!("[{known}]"), Table::title);
            format!("unknown section; did you mean {title}?")
        }
        None => "unknown section".to_owned(),
    }
}

/// What is wrong with a name inside a table that is written more than once.
pub(super) fn key_of(table: &'static Table, inner: &str) -> String {
    let known = table.keys.iter().map(|key| table.inner_name(key));
    let sections = known
        .clone()
        .filter_map(|name| name.split_once('.').map(|(section, _)| section));
    let tables = table.tables.iter().map(|child| child.short_name());
    match nearest(inner, known.chain(sections).chain(tables)) {
        Some(known) => format!("unknown key; did you mean {known}?"),
        None => "unknown key".to_owned(),
    }
}

/// What is wrong with an environment variable that starts with `DOORWARD_`.
pub(super) fn environment(name: &str) -> String {
    let dotted = name
        .trim_start_matches("DOORWARD_")
        .replace("__", ".")
        .to_ascii_lowercase();
    if is_later(dotted.trim_end_matches("_file")) {
        return "is not available in this version".to_owned();
    }
    let first = dotted.split('.').next().unwrap_or_default();
    if let Some(table) = table::table(first) {
        return format!("{} can be written in the file only", table.title());
    }
    match nearest(&dotted, table::keys().map(|key| key.name)) {
        Some(known) => format!("unknown variable; did you mean {}?", variable(known)),
        None => "unknown variable; DOORWARD_ is followed by a key of the configuration".to_owned(),
    }
}

/// A name of the file in a message: escaped and cut, as it may hold anything.
pub(super) fn printable(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.len() <= 60 && name.chars().all(plain) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

fn is_later(name: &str) -> bool {
    LATER.iter().any(|later| {
        name.strip_prefix(later)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// The known name that was probably meant: the same key in its right section, or a mistyped one.
fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str> + Clone) -> Option<&'k str> {
    let short = name.rsplit_once('.').map_or(name, |(_, short)| short);
    closest(name, known.clone()).or_else(|| {
        known
            .into_iter()
            .find(|key| key.rsplit_once('.').is_some_and(|(_, k)| k == short))
    })
}

/// The known name that is spelled almost like this one.
pub(super) fn closest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    // A long name cannot be near to any of ours, and the distance costs its length squared.
    if name.len() > 60 {
        return None;
    }
    let (distance, best) = known
        .map(|key| (strsim::osa_distance(name, key), key))
        .min_by_key(|(d, _)| *d)?;
    (distance <= 1 + name.len() / 5).then_some(best)
}
