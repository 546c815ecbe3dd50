//! Reading a check-list.
//!
//! A line `Rows: E 44, T 15` says how many rows each group has, so that a row
//! that was deleted is noticed. The rest is a table whose rows start with an id:
//! `| cb-E01 | title | proof |`, the proof being `later` or the beginning of a
//! test's name, in backticks.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};

/// One file of `docs/checklists`.
#[derive(Debug)]
pub(crate) struct Table {
    /// Group letter and number of rows, as the header promises.
    groups: Vec<(String, usize)>,
    /// The rows that are there, each id once.
    pub(crate) rows: Vec<Row>,
}

/// One row of a table.
#[derive(Debug)]
pub(crate) struct Row {
    /// As in `cb-E01`.
    pub(crate) id: String,
    /// What is shown.
    pub(crate) title: String,
    /// What its tests' names start with: `cb_e01_`.
    pub(crate) prefix: String,
    /// Group and number, as in E and 1.
    place: (String, usize),
    /// How it is proven.
    pub(crate) proof: Proof,
}

/// The last cell of a row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Not built yet.
    Later,
    /// A test whose name starts so.
    Test(String),
}

impl Table {
    /// Reads the file; anything that looks like a row must be one.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let header = text
            .lines()
            .find_map(|line| line.strip_prefix("Rows: "))
            .context("there is no line `Rows: …`")?;
        let groups = header.split(", ").map(group).collect::<Result<Vec<_>>>()?;
        let mut rows = Vec::new();
        let mut seen = BTreeSet::new();
        for line in text.lines().filter(|line| is_row(line)) {
            let row = Row::parse(line).with_context(|| format!("row {line:?}"))?;
            if !seen.insert(row.place.clone()) {
                bail!("{} is there twice", row.id);
            }
            if !groups.iter().any(|group| group.0 == row.place.0) {
                bail!("{} is of no group in the line `Rows: …`", row.id);
            }
            rows.push(row);
        }
        Ok(Self { groups, rows })
    }

    /// Rows the header promises and the table lacks, and the other way round.
    pub(crate) fn missing(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for (letter, count) in &self.groups {
            let numbers: BTreeSet<usize> = self
                .rows
                .iter()
                .filter(|row| row.place.0 == *letter)
                .map(|row| row.place.1)
                .collect();
            for number in (1..=*count).filter(|number| !numbers.contains(number)) {
                broken.push(format!("row {letter}{number} is missing"));
            }
            for number in numbers
                .iter()
                .filter(|number| !(1..=*count).contains(*number))
            {
                broken.push(format!("row {letter}{number} is one too many"));
            }
        }
        broken
    }
}

impl Row {
    fn parse(line: &str) -> Result<Self> {
        let cells: Vec<&str> = line
            .trim()
            .trim_matches('|')
            .split('|')
            .map(str::trim)
            .collect();
        let [id, title, proof] = cells.as_slice() else {
            bail!("it needs three cells: id, title, test");
        };
        if title.is_empty() {
            bail!("it has no title");
        }
        let place = place(id).context("its id is not like cb-E01")?;
        let prefix = format!("{}_", id.to_ascii_lowercase().replace('-', "_"));
        let proof = if *proof == "later" {
            Proof::Later
        } else {
            let name = proof
                .strip_prefix('`')
                .and_then(|rest| rest.strip_suffix('`'));
            match name.filter(|name| name.starts_with(&prefix)) {
                Some(name) => Proof::Test(name.to_owned()),
                None => bail!("its last cell is neither `later` nor a name in {prefix}"),
            }
        };
        Ok(Self {
            id: (*id).to_owned(),
            title: (*title).to_owned(),
            prefix,
            place,
            proof,
        })
    }
}

/// All table lines but the heading and the line below it.
fn is_row(line: &str) -> bool {
    line.starts_with('|') && !line.starts_with("| Row ") && !line.starts_with("| ---")
}

fn group(text: &str) -> Result<(String, usize)> {
    let (letter, count) = text
        .split_once(' ')
        .with_context(|| format!("{text:?} is not like `E 44`"))?;
    let count = count
        .parse()
        .with_context(|| format!("counting {text:?}"))?;
    Ok((letter.to_owned(), count))
}

/// Group and number of `cb-E01`.
fn place(id: &str) -> Option<(String, usize)> {
    let (list, rest) = id.split_once('-')?;
    let digits = rest.trim_start_matches(|letter: char| letter.is_ascii_uppercase());
    let letter = rest.strip_suffix(digits)?;
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_named = ["cb", "fb", "atk"].contains(&list) && letter.len() == 1;
    let number = digits.parse().ok()?;
    (is_named && is_plain).then(|| (letter.to_owned(), number))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# List

Rows: E 2, T 1

| Row | What is shown | Test |
| --- | --- | --- |
| cb-E01 | envelope | `cb_e01_every_reply` |
| cb-E02 | errors | later |

## Tokens

| Row | What is shown | Test |
| --- | --- | --- |
| cb-T01 | header | `cb_t01_` |
";

    fn refusal(text: &str) -> String {
        format!("{:#}", Table::parse(text).unwrap_err())
    }

    #[test]
    fn rows_are_read_with_their_proofs() {
        let table = Table::parse(FILE).unwrap();
        assert!(table.missing().is_empty());
        let rows: Vec<_> = table
            .rows
            .iter()
            .map(|row| (row.id.as_str(), row.prefix.as_str(), &row.proof))
            .collect();
        assert_eq!(
            rows,
            [
                (
                    "cb-E01",
                    "cb_e01_",
                    &Proof::Test("cb_e01_every_reply".to_owned())
                ),
                ("cb-E02", "cb_e02_", &Proof::Later),
                ("cb-T01", "cb_t01_", &Proof::Test("cb_t01_".to_owned())),
            ]
        );
    }

    #[test]
    fn deleted_and_added_rows_are_noticed() {
        let less = FILE.replace("| cb-E01 | envelope | `cb_e01_every_reply` |\n", "");
        assert_eq!(
            Table::parse(&less).unwrap().missing(),
            ["row E1 is missing"]
        );
        let more = format!("{FILE}| cb-T02 | query | later |\n");
        assert_eq!(
            Table::parse(&more).unwrap().missing(),
            ["row T2 is one too many"]
        );
    }

    #[test]
    fn what_is_not_a_row_is_refused() {
        assert!(refusal("# List\n").contains("Rows:"));
        assert!(refusal("Rows: E x\n").contains("counting"));
        assert!(refusal(&FILE.replace("cb-E02", "cb-E01")).contains("twice"));
        assert!(refusal(&FILE.replace("cb-E02", "cb-X02")).contains("no group"));
        assert!(refusal(&FILE.replace("cb-E02", "xx-E02")).contains("not like"));
        assert!(refusal(&FILE.replace("cb-E02", "cb-E0a")).contains("not like"));
        assert!(refusal(&FILE.replace("| later |", "| |")).contains("neither"));
        assert!(refusal(&FILE.replace("| later |", "| `cb_e03_` |")).contains("neither"));
        assert!(refusal(&FILE.replace("| errors |", "| |")).contains("title"));
        assert!(refusal(&FILE.replace("| errors |", "| a | b |")).contains("three cells"));
    }
}
