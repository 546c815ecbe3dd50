//! Finding the functions named after rows in the sources.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// What such a name starts with.
const LISTS: &[&str] = &["cb_", "fb_", "atk_"];

/// A function named like a row's test.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    /// Without its module.
    pub(crate) name: String,
    /// It has an attribute like `#[test]`.
    pub(crate) is_test: bool,
    /// File and line.
    pub(crate) place: String,
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.place)
    }
}

/// All of them under `src` and `tests` of every crate in the folder.
pub(crate) fn functions(crates: &Path) -> Result<Vec<Function>> {
    let mut found = Vec::new();
    for entry in entries(crates)? {
        for part in ["src", "tests"] {
            let folder = entry.join(part);
            if folder.is_dir() {
                walk(&folder, &mut found)?;
            }
        }
    }
    Ok(found)
}

fn walk(folder: &Path, found: &mut Vec<Function>) -> Result<()> {
    for path in entries(folder)? {
        if path.is_dir() {
            walk(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            found.extend(in_source(&text, &path.display().to_string()));
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut paths = fs::read_dir(folder)
        .and_then(|entries| {
            entries
                .map(|entry| Ok(entry?.path()))
                .collect::<Result<Vec<_>, _>>()
        })
        .with_context(|| format!("reading {}", folder.display()))?;
    paths.sort();
    Ok(paths)
}

/// Line by line: the sources are formatted, so a function starts a line, and
/// its attributes are the lines above it.
fn in_source(text: &str, file: &str) -> Vec<Function> {
    let mut found = Vec::new();
    let mut is_test = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if is_test_attribute(line) {
            is_test = true;
        } else if let Some(name) = function_name(line) {
            if LISTS.iter().any(|list| name.starts_with(list)) {
                found.push(Function {
                    name: name.to_owned(),
                    is_test,
                    place: format!("{file}:{number}"),
                });
            }
            is_test = false;
        } else if line.is_empty() || line == "}" {
            is_test = false;
        }
    }
    found
}

/// `#[test]`, `#[tokio::test]`, `#[tokio::test(flavor = "…")]`.
fn is_test_attribute(line: &str) -> bool {
    let Some(path) = line.strip_prefix("#[") else {
        return false;
    };
    let path = path.split([']', '(']).next().unwrap_or(path);
    path == "test" || path.ends_with("::test")
}

fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let is_start = before.split_whitespace().all(|word| {
        matches!(
            word,
            "pub" | "pub(crate)" | "pub(super)" | "async" | "const"
        )
    });
    let end = after.find(|letter: char| !letter.is_alphanumeric() && letter != '_')?;
    is_start.then(|| after.get(..end)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, bool)> {
        in_source(text, "x.rs")
            .into_iter()
            .map(|function| (function.name, function.is_test))
            .collect()
    }

    #[test]
    fn tests_of_every_kind_are_found() {
        let text = "\
#[test]
fn cb_e01_plain() {}

    #[tokio::test(flavor = \"multi_thread\")]
    #[ignore = \"slow\"]
    /// Documented.
    async fn fb_r01_async() -> Result<()> {}
#[tokio::test]
pub(crate) async fn atk_s33_public() {}
";
        let expected = ["cb_e01_plain", "fb_r01_async", "atk_s33_public"];
        assert_eq!(found(text), expected.map(|name| (name.to_owned(), true)));
    }

    #[test]
    fn without_an_attribute_of_its_own_it_is_no_test() {
        let text = "\
#[test]
fn another_name() {
    helper();
}
fn cb_e01_helper() {}
#[cfg(test)]
fn cb_e02_helper<T>() {}
";
        let expected = ["cb_e01_helper", "cb_e02_helper"];
        assert_eq!(found(text), expected.map(|name| (name.to_owned(), false)));
    }

    #[test]
    fn calls_comments_and_texts_are_not_functions() {
        let text = "
    cb_e01_call();
    // fn cb_e02_in_a_comment()
    let text = \"fn cb_e03_in_a_text()\";
";
        assert!(found(text).is_empty());
    }
}
