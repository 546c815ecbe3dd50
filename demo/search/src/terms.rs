//! From what a person typed to an FTS5 expression. Every word and phrase goes in as a quoted string, in which only
//! the quote means anything, and there is none left: operators, `NEAR`, column filters and prefixes are plain words.

/// Longest query, in characters.
pub(crate) const MAX_QUERY: usize = 500;

/// Words and phrases of a query that count; further ones are left out.
const MAX_TERMS: usize = 24;

/// Queries that mean every document, as clients spell them.
const EVERYTHING: &[&str] = &["!padrenull", "!padrenullquery", "!null"];

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Terms {
    /// There is nothing to look for, so nothing is found.
    Nothing,
    /// Every document.
    Everything,
    /// Documents that have all of these words and phrases.
    All(Vec<String>),
}

impl Terms {
    /// Reads a query: words, and phrases in double quotes.
    pub(crate) fn parse(query: &str) -> Self {
        if EVERYTHING.contains(&query.trim().to_ascii_lowercase().as_str()) {
            return Self::Everything;
        }
        let mut terms = Vec::new();
        // Every second piece stood in quotes; one left open reaches to the end.
        for (index, piece) in query.split('"').enumerate() {
            if index % 2 == 1 {
                terms.push(words(piece).collect::<Vec<_>>().join(" "));
            } else {
                terms.extend(words(piece).map(str::to_owned));
            }
        }
        terms.retain(|term| !term.is_empty());
        terms.truncate(MAX_TERMS);
        if terms.is_empty() {
            Self::Nothing
        } else {
            Self::All(terms)
        }
    }

    /// The FTS5 expression; `None` where no words are compared.
    pub(crate) fn expression(&self) -> Option<String> {
        let Self::All(terms) = self else { return None };
        let quoted: Vec<String> = terms.iter().map(|term| format!("\"{term}\"")).collect();
        Some(quoted.join(" "))
    }

    /// The words and phrases, as they were understood.
    pub(crate) fn cleaned(&self) -> String {
        match self {
            Self::All(terms) => terms.join(" "),
            Self::Nothing | Self::Everything => String::new(),
        }
    }

    /// A regular expression that finds them in a text, as the vendor gives one.
    pub(crate) fn highlight_regex(&self) -> Option<String> {
        let Self::All(terms) = self else { return None };
        // Words are letters and digits only: there is nothing to escape.
        let found: Vec<String> = terms
            .iter()
            .map(|term| format!("\\b{}\\b", term.replace(' ', "\\W+")))
            .collect();
        Some(format!("(?i){}", found.join("|")))
    }
}

/// The runs of letters and digits.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !is_of_word(letter))
        .filter(|word| word.contains(char::is_alphanumeric))
}

/// Accents may come as characters of their own.
fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&letter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn expression(query: &str) -> String {
        Terms::parse(query).expression().unwrap_or_default()
    }

    #[test]
    fn words_and_phrases_are_told_apart() {
        assert_eq!(expression("bin  day"), r#""bin" "day""#);
        assert_eq!(expression(r#""bin day" monday"#), r#""bin day" "monday""#);
        assert_eq!(expression(r#"open "bin day"#), r#""open" "bin day""#);
    }

    #[test]
    fn operators_are_words() {
        assert_eq!(expression("title:x OR -y*"), r#""title" "x" "OR" "y""#);
        assert_eq!(expression("NEAR(a b, 2)"), r#""NEAR" "a" "b" "2""#);
        assert_eq!(expression("e-mail"), r#""e" "mail""#);
    }

    #[test]
    fn queries_for_everything_and_nothing_have_no_expression() {
        for query in ["!padrenull", " !PADRENULLQUERY ", "!null"] {
            assert_eq!(Terms::parse(query), Terms::Everything);
        }
        for query in ["", "  ", "!?", "\"\"", "\0"] {
            assert_eq!(Terms::parse(query), Terms::Nothing, "{query:?}");
        }
    }

    #[test]
    fn the_highlighting_regex_names_each_term() {
        let terms = Terms::parse(r#"form "bin day""#);
        assert_eq!(
            terms.highlight_regex().unwrap(),
            r"(?i)\bform\b|\bbin\W+day\b"
        );
    }

    proptest! {
        #[test]
        fn no_text_leaves_the_quotes(query in any::<String>()) {
            let expression = expression(&query);
            let inside = |index: usize| index % 2 == 1;
            for (index, piece) in expression.split('"').enumerate() {
                let fits = |letter: char| letter == ' ' || (inside(index) && is_of_word(letter));
                prop_assert!(piece.chars().all(fits), "{expression}");
            }
        }
    }
}
