//! Every row of the check-lists in `docs/checklists` has its test, or says
//! *later*; every test named after a row has that row.

mod scan;
mod table;

use std::fs;

use anyhow::{Context, Result, bail};

use crate::command::Workspace;
use scan::Function;
use table::Row;
pub(crate) use table::{Proof, Table};

const FILES: &[&str] = &["crossbar.md", "funnelback.md", "attacks.md"];

/// Where the tests are.
const FOLDERS: &[&str] = &["crates", "demo"];

/// Compares the tables with the test functions.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut rows = Vec::new();
    let mut broken = Vec::new();
    for file in FILES {
        let path = workspace.root.join("docs/checklists").join(file);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let table = Table::parse(&text).with_context(|| path.display().to_string())?;
        broken.extend(table.missing());
        rows.extend(table.rows);
    }
    let mut functions = Vec::new();
    for folder in FOLDERS {
        functions.extend(scan::functions(&workspace.root.join(folder))?);
    }
    broken.extend(compare(&rows, &functions));
    if !broken.is_empty() {
        bail!("{}", broken.join("\n"));
    }
    let due = rows.iter().filter(|row| row.proof != Proof::Later).count();
    println!("{} rows, {due} of them due and tested", rows.len());
    Ok(())
}

fn compare(rows: &[Row], functions: &[Function]) -> Vec<String> {
    let mut broken = Vec::new();
    for row in rows {
        if let Proof::Test(name) = &row.proof
            && !functions
                .iter()
                .any(|function| function.is_test && function.name.starts_with(name))
        {
            broken.push(format!("{} is due, but no test is called {name}…", row.id));
        }
    }
    for function in functions {
        let row = rows
            .iter()
            .find(|row| function.name.starts_with(&row.prefix));
        match row {
            Some(_) if !function.is_test => {
                broken.push(format!("{function} is called like a test, but is none"));
            }
            None if function.is_test => broken.push(format!("{function} has no row")),
            Some(row) if row.proof == Proof::Later => {
                broken.push(format!("{function}: {} says later", row.id));
            }
            _ => {}
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, cell: &str) -> Row {
        let table = format!("Rows: Q 1\n\n| {id} | title | {cell} |\n");
        Table::parse(&table).unwrap().rows.remove(0)
    }

    fn function(name: &str, is_test: bool) -> Function {
        Function {
            name: name.to_owned(),
            is_test,
            place: "x.rs:1".to_owned(),
        }
    }

    #[test]
    fn due_rows_with_their_tests_are_fine() {
        let rows = [row("cb-Q01", "`cb_q01_`"), row("cb-Q02", "later")];
        let functions = [
            function("cb_q01_holds", true),
            function("cb_q01_holds_again", true),
            function("cb_client", false),
        ];
        assert!(compare(&rows, &functions).is_empty());
    }

    #[test]
    fn a_due_row_without_a_test_is_named() {
        let rows = [row("cb-Q01", "`cb_q01_`"), row("cb-Q02", "`cb_q02_holds`")];
        let functions = [function("cb_q02_held", true)];
        assert_eq!(
            compare(&rows, &functions),
            [
                "cb-Q01 is due, but no test is called cb_q01_…",
                "cb-Q02 is due, but no test is called cb_q02_holds…",
            ]
        );
    }

    #[test]
    fn a_function_without_a_test_attribute_proves_nothing() {
        let rows = [row("cb-Q01", "`cb_q01_`")];
        assert_eq!(
            compare(&rows, &[function("cb_q01_holds", false)]),
            [
                "cb-Q01 is due, but no test is called cb_q01_…",
                "cb_q01_holds (x.rs:1) is called like a test, but is none",
            ]
        );
    }

    #[test]
    fn tests_without_a_row_or_ahead_of_it_are_named() {
        let rows = [row("atk-Q1", "later")];
        let functions = [function("atk_q1_held", true), function("atk_q12_x", true)];
        assert_eq!(
            compare(&rows, &functions),
            [
                "atk_q1_held (x.rs:1): atk-Q1 says later",
                "atk_q12_x (x.rs:1) has no row",
            ]
        );
    }
}
