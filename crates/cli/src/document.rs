//! Documents as an operator writes them: one JSON object from standard input or a file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use doorward_core::document::Document;
use serde_json::Value;

use crate::fail::{Fail, Outcome};

/// Longest document, in bytes: nothing longer can be stored.
const MAX_DOCUMENT: u64 = 1 << 20;

/// The object that `-` or `@FILE` means.
pub(crate) fn read(named: &str) -> Outcome<Document> {
    if named == "-" {
        return parse(io::stdin().lock());
    }
    let Some(path) = named.strip_prefix('@').map(Path::new) else {
        return Err(Fail::usage("--document takes - or @FILE").hint(
            "write the JSON object to standard input and give -, or to a file and give @FILE",
        ));
    };
    parse(File::open(path).map_err(|error| Fail::file("read", path, error))?)
}

fn parse(input: impl Read) -> Outcome<Document> {
    let mut bytes = Vec::new();
    input
        .take(MAX_DOCUMENT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Fail::new(format!("cannot read the document: {error}")))?;
    if bytes.len() as u64 > MAX_DOCUMENT {
        return Err(Fail::new("the document is longer than 1 MiB"));
    }
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(document)) => Ok(document),
        Ok(_) => Err(Fail::new("the document is no JSON object")),
        Err(error) => Err(Fail::new(format!("the document is no JSON: {error}"))),
    }
}

/// Takes out what a document repeats of what `shown` says and cannot change, so that what `show` printed
/// can be edited and given back; refuses to change it, because to ignore that would look like success.
pub(crate) fn settable(
    mut document: Document,
    shown: &Value,
    fixed: &[&str],
    command: &str,
) -> Outcome<Document> {
    for key in fixed {
        if let Some(asked) = document.shift_remove(*key)
            && asked != *shown.get(*key).unwrap_or(&Value::Null)
        {
            return Err(Fail::new(format!("a document does not set {key}"))
                .hint(format!("leave it out, and see `doorward {command} --help`")));
        }
    }
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(text: &[u8]) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_document_is_one_object_of_bounded_length() {
        assert_eq!(parse(&b" {\"a\": 1}\n"[..]).unwrap().len(), 1);
        for wrong in [&b"[]"[..], b"\"s3cr3t\"", b"1"] {
            assert!(said(wrong).contains("no JSON object"));
        }
        for wrong in [&b""[..], b"{", b"{} {}", b"{\"s3cr3t\": s3cr3t}", b"\xff"] {
            let said = said(wrong);
            assert!(
                said.contains("no JSON:") && !said.contains("s3cr3t"),
                "{said}"
            );
        }
        let deep = [&b"{\"a\":"[..], &b"[".repeat(10_000)].concat();
        assert!(said(&deep).contains("recursion limit"));
        assert!(said(&vec![b' '; (1 << 20) + 1]).contains("longer than 1 MiB"));
    }

    #[test]
    fn what_is_fixed_may_be_repeated_and_not_changed() {
        let shown = json!({"id": "x", "custom": 1});
        let give = |document: Value| {
            let document = document.as_object().cloned().unwrap();
            settable(document, &shown, &["id", "trial_ends"], "account set")
        };
        let left = give(json!({"id": "x", "trial_ends": null, "custom": 2})).unwrap();
        assert_eq!(Value::Object(left), json!({"custom": 2}));
        for wrong in [json!({"id": "y"}), json!({"trial_ends": 0})] {
            let said = give(wrong).unwrap_err().to_string();
            assert!(said.contains("a document does not set"), "{said}");
        }
    }

    #[test]
    fn a_document_is_no_argument() {
        let said = read("{\"a\": 1}").unwrap_err().to_string();
        assert!(said.contains("--document takes - or @FILE"), "{said}");
    }
}
