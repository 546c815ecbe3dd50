//! A wrong command line, explained.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::fail::Fail;

/// What clap says about a wrong command line, as one of our failures: without any value that was
/// given, because it may be a secret.
pub(crate) fn complaint(error: &clap::Error) -> Fail {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let argument = text(ContextKind::InvalidArg).unwrap_or_default();
    let one_of = text(ContextKind::ValidValue).unwrap_or_default();
    let sentence = match error.kind() {
        ErrorKind::MissingRequiredArgument => {
            format!("missing: {}", argument.replace('|', " or "))
        }
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            format!("unknown flag {argument}")
        }
        ErrorKind::UnknownArgument => "there is an argument too many".to_owned(),
        ErrorKind::InvalidSubcommand => "unknown command".to_owned(),
        ErrorKind::InvalidValue if one_of.is_empty() => format!("{argument} needs a value"),
        ErrorKind::InvalidValue => format!("{argument} is one of {one_of}"),
        ErrorKind::ArgumentConflict => format!("{argument} is given twice, or with its opposite"),
        kind => kind.to_string(),
    };
    let fail = Fail::usage(sentence);
    let fail = match text(ContextKind::SuggestedArg).or(text(ContextKind::SuggestedSubcommand)) {
        Some(suggestion) => fail.hint(format!("did you mean {suggestion}?")),
        None => fail,
    };
    fail.hint("see `doorward --help`, or --help behind the command")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Cli;
    use clap::{CommandFactory as _, Parser as _};

    fn said(arguments: &[&str]) -> String {
        let line = ["doorward"].iter().chain(arguments);
        complaint(&Cli::try_parse_from(line).unwrap_err()).to_string()
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_wrong_command_line_is_explained_without_its_values() {
        let set = ["user", "set-password", "--account", "a", "--user", "u"];
        for (wrong, part) in [
            (vec!["hunter2"], "unknown command"),
            ([&set[..], &["hunter2"]].concat(), "an argument too many"),
            (
                [&set[..], &["--password", "hunter2"]].concat(),
                "unknown flag --password",
            ),
            (
                [&set[..], &["--password=hunter2"]].concat(),
                "unknown flag --password",
            ),
            (vec!["user", "create", "--level", "hunter2"], "--level"),
            (vec!["key", "show"], "missing: --account <A>"),
            (vec!["account", "set", "hunter2"], "missing"),
        ] {
            let said = said(&wrong);
            assert!(said.contains(part), "{wrong:?}: {said}");
            assert!(!said.contains("hunter2"), "{wrong:?}: {said}");
            assert!(said.lines().count() <= 3, "{said}");
        }
    }
}
