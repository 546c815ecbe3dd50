//! What was asked, read from the parameters. Parameters we do not know are ignored.

use std::sync::Arc;

use super::SearchError;
use crate::collection::{Catalog, Entry};
use crate::index::{Order, Page};
use crate::params::Params;
use crate::terms::{MAX_QUERY, Terms};

const DEFAULT_SIZE: i64 = 10;
const MAX_SIZE: i64 = 100;

/// Longest name of a results page or a form, in bytes.
const MAX_NAME: usize = 64;

/// Constraints on metadata, and the longest of them, in characters.
const MAX_CONSTRAINTS: usize = 8;
const MAX_CONSTRAINT: usize = 200;

/// A question that can be answered.
pub(super) struct Question {
    pub(super) entry: Arc<Entry>,
    /// As it was typed.
    pub(super) query: String,
    pub(super) terms: Terms,
    pub(super) page: Page,
    pub(super) order: Order,
    /// The vendor's name of the results page; echoed.
    pub(super) profile: String,
    /// The vendor's name of the template; echoed.
    pub(super) form: String,
    /// Metadata class, in lower case, and what one of its values must contain.
    pub(super) constraints: Vec<(String, String)>,
}

impl Question {
    pub(super) fn parse(catalog: &Catalog, params: &Params) -> Result<Self, SearchError> {
        let collection = required(params, "collection")?;
        let entry = catalog
            .find(collection)
            .ok_or(SearchError::UnknownCollection)?;
        let query = optional(params, "query")?.unwrap_or_default();
        if query.chars().count() > MAX_QUERY {
            return Err(SearchError::TooLong("query"));
        }
        let size = number(optional(params, "num_ranks")?)
            .filter(|size| *size > 0)
            .unwrap_or(DEFAULT_SIZE);
        let start = number(optional(params, "start_rank")?).unwrap_or(1);
        Ok(Self {
            terms: Terms::parse(query),
            query: query.to_owned(),
            page: Page {
                start: start.max(1),
                size: size.min(MAX_SIZE),
            },
            order: Order::parse(optional(params, "sort")?.unwrap_or_default()),
            profile: name(params, "profile", "_default")?,
            form: name(params, "form", "simple")?,
            constraints: constraints(params)?,
            entry,
        })
    }
}

/// A parameter that must be there, and not be empty.
pub(crate) fn required<'a>(params: &'a Params, name: &'static str) -> Result<&'a str, SearchError> {
    optional(params, name)?
        .filter(|value| !value.is_empty())
        .ok_or(SearchError::Missing(name))
}

/// A parameter that may be there.
pub(crate) fn optional<'a>(
    params: &'a Params,
    name: &'static str,
) -> Result<Option<&'a str>, SearchError> {
    params.one(name).map_err(|_| SearchError::Ambiguous(name))
}

/// A whole number; a text, or a number nobody can mean, is none.
pub(crate) fn number(value: Option<&str>) -> Option<i64> {
    value?.trim().parse().ok()
}

fn name(params: &Params, name: &'static str, default: &str) -> Result<String, SearchError> {
    let value = optional(params, name)?.filter(|value| !value.is_empty());
    let value = value.unwrap_or(default);
    if value.len() > MAX_NAME {
        return Err(SearchError::TooLong(name));
    }
    Ok(value.to_owned())
}

fn constraints(params: &Params) -> Result<Vec<(String, String)>, SearchError> {
    let mut constraints = Vec::new();
    for (name, value) in params.iter() {
        let Some(class) = name.strip_prefix("meta_") else {
            continue;
        };
        if value.trim().is_empty() {
            continue;
        }
        if value.chars().count() > MAX_CONSTRAINT || class.len() > MAX_NAME {
            return Err(SearchError::TooLong("constraint"));
        }
        constraints.push((class.to_lowercase(), value.trim().to_owned()));
    }
    if constraints.len() > MAX_CONSTRAINTS {
        return Err(SearchError::TooManyConstraints);
    }
    Ok(constraints)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Settings;

    fn parse(query: &str) -> Result<Question, SearchError> {
        let catalog = Catalog::new(Settings::default().collections);
        Question::parse(&catalog, &Params::parse(Some(query)))
    }

    fn asked(query: &str) -> Question {
        parse(&format!("collection=example-push&{query}")).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn pages_are_kept_in_bounds() {
        for (query, start, size) in [
            ("", 1, 10),
            ("start_rank=0&num_ranks=0", 1, 10),
            ("start_rank=-3&num_ranks=-1", 1, 10),
            ("start_rank=x&num_ranks=y", 1, 10),
            ("start_rank=99999999999999999999", 1, 10),
            ("start_rank=11&num_ranks=5", 11, 5),
            ("num_ranks=100000", 1, 100),
        ] {
            let page = asked(query).page;
            assert_eq!((page.start, page.size), (start, size), "{query}");
        }
    }

    #[test]
    fn orders_have_the_names_of_the_vendor() {
        assert_eq!(asked("sort=dtitle").order, Order::TitleDown);
        assert_eq!(asked("sort=").order, Order::Relevance);
        assert_eq!(asked("sort=;DROP").order, Order::Relevance);
    }

    #[test]
    fn constraints_are_read_and_counted() {
        let asked = asked("meta_Author=+Ada+&meta_x=&metax=1");
        assert_eq!(asked.constraints, [("author".to_owned(), "Ada".to_owned())]);
        let many = "&meta_a=1".repeat(9);
        assert!(parse(&format!("collection=example-push{many}")).is_err());
    }

    #[test]
    fn what_is_missing_unknown_or_too_much_is_refused() {
        let reason = |query: &str| parse(query).map_or_else(|error| error.reason(), |_| "none");
        assert_eq!(reason("query=x"), "MissingParameter");
        assert_eq!(reason("collection=&query=x"), "MissingParameter");
        assert_eq!(reason("collection=nope"), "InvalidCollection");
        let long = format!("collection=example-push&query={}", "x".repeat(501));
        assert_eq!(reason(&long), "InputProcessorError");
        let two = "collection=example-push&collection=example-archive";
        assert_eq!(reason(two), "InputProcessorError");
        assert_eq!(reason("collection=example-push"), "none");
    }
}
