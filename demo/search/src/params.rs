//! The parameters of a query string.

/// Longest query string, in bytes; a key of full length fits, however it is encoded.
pub(crate) const MAX_QUERY_STRING: usize = 8 * 1024;

/// Parameters in the order they came, decoded. What is no UTF-8 becomes U+FFFD.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params(Vec<(String, String)>);

/// A parameter that says two things.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ambiguous;

impl Params {
    pub(crate) fn parse(query: Option<&str>) -> Self {
        let query = query.unwrap_or_default().as_bytes();
        Self(form_urlencoded::parse(query).into_owned().collect())
    }

    /// The value of a parameter. Whoever looks on from outside may read another of two values than we do, so two
    /// that differ are none.
    pub(crate) fn one(&self, name: &str) -> Result<Option<&str>, Ambiguous> {
        let mut values = self.0.iter().filter(|(found, _)| found == name);
        let first = values.next().map(|(_, value)| value.as_str());
        if values.all(|(_, value)| Some(value.as_str()) == first) {
            Ok(first)
        } else {
            Err(Ambiguous)
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_may_come_without_encoding() {
        let params = Params::parse(Some("key=http://example.com/a?b=c:d"));
        assert_eq!(params.one("key"), Ok(Some("http://example.com/a?b=c:d")));
        assert_eq!(params.one("other"), Ok(None));
    }

    #[test]
    fn two_values_are_none() {
        let params = Params::parse(Some("a=1&a=1&b=1&b=2"));
        assert_eq!(params.one("a"), Ok(Some("1")));
        assert_eq!(params.one("b"), Err(Ambiguous));
    }
}
