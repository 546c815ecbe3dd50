//! What an API accepts, as it is written: a list of methods, or of lists of them.

use doorward_core::api::AcceptMethod;

use super::check::quoted;
use super::input::Input;
use super::value::quote;

/// The words, in the order of the reference page.
const WORDS: [(&str, AcceptMethod); 7] = [
    ("basic", AcceptMethod::Basic),
    ("token", AcceptMethod::Token),
    ("app_token", AcceptMethod::AppToken),
    ("ip", AcceptMethod::Ip),
    ("mtls", AcceptMethod::Mtls),
    ("anonymous", AcceptMethod::Anonymous),
    ("mfa", AcceptMethod::Mfa),
];

/// The most alternatives, and the most conditions of one.
const MAX_ALTERNATIVES: usize = 16;

/// Reads the alternatives; each is all of its methods.
pub(super) fn parse(input: &Input) -> Result<Vec<Vec<AcceptMethod>>, String> {
    let entries = input.entries()?;
    if entries.is_empty() {
        return Err("nothing would ever pass; name at least one method".to_owned());
    }
    if entries.len() > MAX_ALTERNATIVES {
        return Err(format!("more than {MAX_ALTERNATIVES} alternatives"));
    }
    let mut any_of = Vec::with_capacity(entries.len());
    for entry in &entries {
        let all = alternative(entry)?;
        if any_of.contains(&all) {
            return Err(format!("{} stands twice", words(&all)));
        }
        any_of.push(all);
    }
    Ok(any_of)
}

fn alternative(entry: &Input) -> Result<Vec<AcceptMethod>, String> {
    let Input::List(inner) = entry else {
        let one = vec![method(entry)?];
        return sensible(one);
    };
    if inner.is_empty() {
        return Err("an empty inner list would let everybody pass; write \"anonymous\"".to_owned());
    }
    let mut all = Vec::with_capacity(inner.len());
    for input in inner {
        let method = method(input)?;
        if all.contains(&method) {
            return Err(format!("{} stands twice in one list", words(&[method])));
        }
        all.push(method);
    }
    sensible(all)
}

fn sensible(all: Vec<AcceptMethod>) -> Result<Vec<AcceptMethod>, String> {
    if all.contains(&AcceptMethod::Mfa) {
        return Err(
            "\"mfa\" asks for a second factor, and this version has no factor yet".to_owned(),
        );
    }
    if all.len() > 1 && all.contains(&AcceptMethod::Anonymous) {
        return Err(
            "\"anonymous\" adds nothing to another method; write it as an alternative".to_owned(),
        );
    }
    Ok(all)
}

fn method(input: &Input) -> Result<AcceptMethod, String> {
    let (Input::Text(text) | Input::Bare(text)) = input else {
        return Err(format!("{} where a method is expected", input.type_name()));
    };
    let found = WORDS.iter().find(|(word, _)| word == text);
    found.map(|(_, method)| *method).ok_or_else(|| {
        let known: Vec<String> = WORDS.iter().map(|(word, _)| quote(word)).collect();
        format!("{} is not one of {}", quoted(text), known.join(", "))
    })
}

/// The alternatives in TOML.
pub(super) fn show(any_of: &[Vec<AcceptMethod>]) -> String {
    let each: Vec<String> = any_of
        .iter()
        .map(|all| match all.as_slice() {
            [one] => words(&[*one]),
            several => format!("[{}]", words(several)),
        })
        .collect();
    format!("[{}]", each.join(", "))
}

fn words(methods: &[AcceptMethod]) -> String {
    let word = |method: &AcceptMethod| {
        let found = WORDS.iter().find(|(_, known)| known == method);
        found.map(|(word, _)| quote(word)).unwrap_or_default()
    };
    methods.iter().map(word).collect::<Vec<_>>().join(", ")
}
