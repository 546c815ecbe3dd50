//! What each attack of `docs/checklists/attacks.md` met when its tests were run just now.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail};

use crate::checklists::{Proof, Table};
use crate::command::Workspace;
use crate::tests;

/// What the tests of these rows are called.
const FILTER: &str = "atk_s";

/// Runs the tests of every attack and says, row by row, whether it was held off.
pub(crate) fn print(workspace: &Workspace) -> Result<()> {
    let path = workspace.root.join("docs/checklists/attacks.md");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let table = Table::parse(&text)?;
    let results = tests::results(workspace, FILTER)?;
    let mut broken = 0_usize;
    for row in &table.rows {
        let number = row.id.trim_start_matches("atk-");
        let verdict = match &row.proof {
            Proof::Later => "later",
            Proof::Test(name) => verdict(name, &results),
        };
        if verdict == "BROKEN" {
            broken += 1;
        }
        println!("{number} {verdict}  {}", row.title);
    }
    if broken > 0 {
        bail!("{broken} attacks get through");
    }
    Ok(())
}

/// Held off if there was a test, and every one of them passed.
fn verdict(prefix: &str, results: &BTreeMap<String, bool>) -> &'static str {
    let of_row = |name: &&String| name.rsplit("::").any(|part| part.starts_with(prefix));
    let mut ran = results.iter().filter(|(name, _)| of_row(name)).peekable();
    if ran.peek().is_some() && ran.all(|(_, passed)| *passed) {
        "held"
    } else {
        "BROKEN"
    }
}

#[cfg(test)]
mod tests_of_verdicts {
    use super::*;

    #[test]
    fn a_row_is_held_by_tests_that_ran_and_passed() {
        let results = BTreeMap::from([
            ("a::atk_s1_x".to_owned(), true),
            ("atk_s1_y::on_sqlite".to_owned(), true),
            ("b::atk_s2_x".to_owned(), true),
            ("b::atk_s2_y".to_owned(), false),
        ]);
        assert_eq!(verdict("atk_s1_", &results), "held");
        assert_eq!(verdict("atk_s2_", &results), "BROKEN");
        assert_eq!(verdict("atk_s3_", &results), "BROKEN");
    }
}
