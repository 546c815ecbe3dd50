//! What is wrong with the table of all APIs as a whole: names, claims, rules that can never match.

use doorward_core::route::{Table, TableError};

use super::{ApiSettings, rule_rows};
use crate::config::rows::{self, Row};
use crate::config::{Place, Problem};

/// Everything that is wrong with the table.
pub(super) fn problems(apis: &[ApiSettings], rows: &[Row]) -> Vec<Problem> {
    let apis = apis.iter().map(|settings| settings.api.clone());
    let errors = Table::new(apis.collect()).err().unwrap_or_default();
    errors.iter().map(|error| problem(error, rows)).collect()
}

fn problem(error: &TableError, rows: &[Row]) -> Problem {
    placed(error, rows).unwrap_or_else(|| unplaced(error, rows))
}

/// Where the error was written, if that can be told.
fn placed(error: &TableError, rows: &[Row]) -> Option<Problem> {
    let message = error.to_string();
    Some(match error {
        TableError::SameName(name) => last_named(rows, name)?.problem("api.name", message),
        TableError::SameClaim(_, name) => last_named(rows, name)?.problem("api.paths", message),
        TableError::NeverMatches { api, rule, .. } => rule_rows(last_named(rows, api)?)
            .nth(rule.saturating_sub(1))?
            .problem("api.rule.path", message),
    })
}

/// An error that nobody can place is an error all the same.
fn unplaced(error: &TableError, rows: &[Row]) -> Problem {
    let place = rows::of(rows, "api").next().map(|row| match &row.place {
        Place::File { path, .. } => Place::WholeFile(path.clone()),
        other => other.clone(),
    });
    Problem {
        place: place.unwrap_or(Place::Together),
        key: Some("api".to_owned()),
        message: error.to_string(),
    }
}

fn last_named<'r>(rows: &'r [Row], name: &str) -> Option<&'r Row> {
    let named = |row: &&Row| {
        let called = row.values.read::<Option<String>>("api.name");
        called.ok().flatten().as_deref() == Some(name)
    };
    rows::of(rows, "api").filter(named).last()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::config::rows::Written;
    use crate::config::table;

    fn api() -> Row {
        let written = Written {
            table: table::table("api").unwrap(),
            label: "api.1".to_owned(),
            name: None,
            place: Place::File {
                path: PathBuf::from("doorward.toml"),
                line: 7,
                column: 1,
            },
            entries: Vec::new(),
            rows: Vec::new(),
        };
        rows::checked(written, &mut Vec::new())
    }

    #[test]
    fn an_error_without_a_place_is_told_of_the_whole() {
        let errors = [
            TableError::SameName("push".to_owned()),
            TableError::SameClaim("push".to_owned(), "pull".to_owned()),
            TableError::NeverMatches {
                api: "push".to_owned(),
                rule: 1,
                why: "nobody asks".to_owned(),
            },
        ];
        for error in errors {
            let told = problem(&error, &[api()]).to_string();
            assert_eq!(told, format!("doorward.toml: api: {error}"));
            let told = problem(&error, &[]).to_string();
            assert_eq!(told, format!("configuration: api: {error}"));
        }
    }
}
