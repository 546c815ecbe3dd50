//! The query string as pairs.

/// Decoded pairs, in order. Never logged: a token may stand there.
#[derive(Default, Clone)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the part behind `?`.
    pub(super) fn parse(text: Option<&str>) -> Self {
        let text = text.unwrap_or_default();
        Self(
            form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The first value of a name.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every pair.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Every value of a name.
    pub(super) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let pairs = self.0.iter().filter(move |(key, _)| key == name);
        pairs.map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_of_several_counts() {
        let query = Query::parse(Some("a=1&b=%2B&a=2"));
        assert_eq!(query.first("a"), Some("1"));
        assert_eq!(query.first("b"), Some("+"));
        assert_eq!(query.first("c"), None);
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text: String) {
            let _ = Query::parse(Some(&text)).first("auth_token");
        }

        #[test]
        fn pairs_round_trip(value: String) {
            let text = form_urlencoded::Serializer::new(String::new())
                .append_pair("name", &value)
                .finish();
            let query = Query::parse(Some(&text));
            prop_assert_eq!(query.first("name"), Some(value.as_str()));
        }
    }
}
