//! Both databases go through the same migrations: same numbers, same names.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::command::Workspace;

/// Compares the folders of both databases.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let folder = workspace.root.join("crates/store/migrations");
    let sqlite = file_names(&folder.join("sqlite"))?;
    let postgres = file_names(&folder.join("postgres"))?;
    let broken = differences(&sqlite, &postgres);
    if !broken.is_empty() {
        bail!("{}", broken.join("\n"));
    }
    println!("{} migrations, alike for both databases", sqlite.len());
    Ok(())
}

fn file_names(folder: &Path) -> Result<BTreeSet<String>> {
    fs::read_dir(folder)
        .with_context(|| format!("reading {}", folder.display()))?
        .map(|entry| {
            let name = entry?.file_name();
            Ok(name.to_string_lossy().into_owned())
        })
        .collect()
}

fn differences(sqlite: &BTreeSet<String>, postgres: &BTreeSet<String>) -> Vec<String> {
    let only = |name: &String, place: &str| format!("migration {name} is only there for {place}");
    let mut broken: Vec<String> = sqlite
        .difference(postgres)
        .map(|name| only(name, "SQLite"))
        .chain(
            postgres
                .difference(sqlite)
                .map(|name| only(name, "PostgreSQL")),
        )
        .collect();
    // Sorted by name and counted from 1, a gap or a number twice shows.
    for (number, name) in (1..).zip(sqlite) {
        if !is_numbered(name, number) {
            broken.push(format!("migration {name} should be {number:04}_name.sql"));
        }
    }
    if sqlite.is_empty() {
        broken.push("there are no migrations".to_owned());
    }
    broken
}

fn is_numbered(file: &str, number: usize) -> bool {
    let title = file
        .strip_prefix(&format!("{number:04}_"))
        .and_then(|rest| rest.strip_suffix(".sql"));
    title.is_some_and(|title| {
        !title.is_empty()
            && title
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn equal_folders_are_fine() {
        let names = set(&["0001_first.sql", "0002_second_step.sql"]);
        assert!(differences(&names, &names).is_empty());
    }

    #[test]
    fn a_migration_for_one_database_only_is_named() {
        let sqlite = set(&["0001_first.sql", "0002_more.sql"]);
        let postgres = set(&["0001_first.sql", "0002_other.sql"]);
        assert_eq!(
            differences(&sqlite, &postgres),
            [
                "migration 0002_more.sql is only there for SQLite",
                "migration 0002_other.sql is only there for PostgreSQL",
            ]
        );
    }

    #[test]
    fn gaps_doubles_and_strange_names_are_found() {
        for names in [
            &["0002_late.sql"][..],
            &["0001_a.sql", "0001_b.sql"],
            &["0001_a.sql", "0003_b.sql"],
            &["1_a.sql"],
            &["0001_A.sql"],
            &["0001_.sql"],
            &["0001_a.sql", "README.md"],
            &[],
        ] {
            let names = set(names);
            assert_eq!(differences(&names, &names).len(), 1, "{names:?}");
        }
    }
}
