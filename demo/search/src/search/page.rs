//! The answer as a page. The template escapes every text; only addresses of the web become links, because a key may
//! as well be `javascript:…`.

use askama::Template;

use super::paging::Paging;
use super::{Answer, Outcome, SearchError};
use crate::date;
use crate::index::{Hit, MARK_END, MARK_START};
use crate::key::is_link;
use crate::params::Params;
use crate::terms::{MAX_QUERY, Terms};

/// Orders a visitor is offered, as the parameter and in words.
const SORTS: &[(&str, &str)] = &[
    ("", "Relevance"),
    ("date", "Newest"),
    ("adate", "Oldest"),
    ("title", "Title"),
];

/// Longest text from outside that is shown where it was refused, in characters.
const MAX_ECHO: usize = 200;

/// Parameters that stay as they are from page to page.
const KEPT: &[&str] = &["profile", "form", "num_ranks"];

/// Renders the page.
pub(super) fn render(params: &Params, outcome: &Outcome) -> Result<String, askama::Error> {
    let echo = |name: &str, limit: usize| -> String {
        let value = params.one(name).ok().flatten().unwrap_or_default();
        value.chars().take(limit).collect()
    };
    let links = Links(params);
    let view = match outcome {
        Ok(answer) => View::of(answer, &links),
        Err(error) => View::Refused(Refusal::of(error)),
    };
    let page = Page {
        query: echo("query", MAX_QUERY),
        collection: echo("collection", MAX_ECHO),
        knows_collection: outcome.is_ok(),
        kept: links.kept().collect(),
        everything: links.to(&[("query", "!padrenull"), ("start_rank", ""), ("sort", "")]),
        max_query: MAX_QUERY,
        view,
    };
    page.render()
}

#[derive(Template)]
#[template(path = "search.html")]
struct Page<'a> {
    query: String,
    collection: String,
    knows_collection: bool,
    kept: Vec<(&'a str, &'a str)>,
    everything: String,
    max_query: usize,
    view: View,
}

impl Page<'_> {
    /// What stands in the field: the null query is a client's word, not a visitor's.
    fn typed(&self) -> &str {
        match Terms::parse(&self.query) {
            Terms::Everything => "",
            Terms::Nothing | Terms::All(_) => &self.query,
        }
    }

    fn asks_collection(&self) -> bool {
        matches!(&self.view, View::Refused(refusal) if refusal.asks_collection)
    }

    fn title(&self) -> String {
        match &self.view {
            View::Start(_) => format!("Search {}", self.collection),
            View::Results(results) if results.is_everything => "All documents".to_owned(),
            View::Results(_) | View::Nothing => format!("{} · search", self.query),
            View::Beyond(_) => "No such page".to_owned(),
            View::Refused(refusal) => format!("Error: {}", refusal.heading),
        }
    }
}

enum View {
    /// Nothing was asked yet.
    Start(Start),
    Results(Results),
    /// No document has all the words.
    Nothing,
    /// The page lies behind the last; the address of that one.
    Beyond(String),
    Refused(Refusal),
}

struct Start {
    documents: i64,
    updated: Option<Day>,
}

struct Results {
    is_everything: bool,
    total: i64,
    start: i64,
    end: i64,
    sorts: Vec<Sort>,
    hits: Vec<Item>,
    previous: Option<String>,
    next: Option<String>,
    page: i64,
    pages: i64,
    json: String,
    xml: String,
}

struct Sort {
    name: &'static str,
    address: String,
    is_current: bool,
}

struct Item {
    /// `None` if a browser must not be sent there.
    link: Option<String>,
    key: String,
    title: Vec<Piece>,
    summary: Vec<Piece>,
    file_type: Option<String>,
    day: Option<Day>,
}

/// A piece of text, and whether it is what was looked for.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    is_marked: bool,
    text: String,
}

struct Day {
    iso: String,
    words: String,
}

struct Refusal {
    heading: &'static str,
    advice: &'static str,
    asks_collection: bool,
}

impl View {
    fn of(answer: &Answer, links: &Links<'_>) -> Self {
        let Answer {
            question, found, ..
        } = answer;
        if question.terms == Terms::Nothing && question.query.trim().is_empty() {
            return Self::Start(Start {
                documents: found.facts.documents,
                updated: found.facts.committed_ms.map(Day::of),
            });
        }
        let paging = Paging::of(question.page, found.total);
        let turn = |start: i64| links.to(&[("start_rank", &start.to_string())]);
        if found.hits.is_empty() {
            return match paging.previous_start {
                Some(last) => Self::Beyond(turn(last)),
                None => Self::Nothing,
            };
        }
        let size = question.page.size.max(1);
        let pages_to = |rank: i64| {
            rank.saturating_add(size)
                .saturating_sub(1)
                .checked_div(size)
        };
        Self::Results(Results {
            is_everything: question.terms == Terms::Everything,
            total: found.total,
            start: paging.current_start,
            end: paging.current_end,
            sorts: sorts(links, question.terms == Terms::Everything),
            hits: found.hits.iter().map(Item::of).collect(),
            previous: paging.previous_start.map(turn),
            next: paging.next_start.map(turn),
            page: pages_to(paging.current_start).unwrap_or(1),
            pages: pages_to(found.total).unwrap_or(1),
            json: links.in_format("search.json"),
            xml: links.in_format("search.xml"),
        })
    }
}

/// Where no words are compared all results are equally relevant, and come by title.
fn sorts(links: &Links<'_>, is_everything: bool) -> Vec<Sort> {
    let default = if is_everything { "title" } else { "" };
    let asked = links.0.one("sort").ok().flatten().unwrap_or_default();
    let offered = SORTS
        .iter()
        .filter(|(parameter, _)| !(is_everything && parameter.is_empty()));
    let current = offered
        .clone()
        .find(|(parameter, _)| *parameter == asked)
        .map_or(default, |(parameter, _)| *parameter);
    offered
        .map(|(parameter, name)| Sort {
            name,
            address: links.to(&[("sort", parameter), ("start_rank", "")]),
            is_current: *parameter == current,
        })
        .collect()
}

impl Item {
    fn of(hit: &Hit) -> Self {
        Self {
            link: is_link(&hit.key).then(|| hit.key.clone()),
            key: hit.key.clone(),
            title: pieces(&hit.title),
            summary: pieces(&hit.summary),
            file_type: (hit.file_type != "html").then(|| hit.file_type.to_uppercase()),
            day: hit.date_ms.map(Day::of),
        }
    }
}

impl Day {
    fn of(ms: i64) -> Self {
        Self {
            iso: date::iso_day(ms),
            words: date::day(ms),
        }
    }
}

impl Refusal {
    fn of(error: &SearchError) -> Self {
        let (heading, advice) = match error {
            SearchError::Missing(_) => ("Which collection?", "Name the collection to search in."),
            SearchError::UnknownCollection => (
                "There is no such collection",
                "Check how its name is spelled; capitals count.",
            ),
            SearchError::TooLong(_) => (
                "The query is too long",
                "Search for fewer words, 500 characters at most.",
            ),
            SearchError::TooManyConstraints | SearchError::Ambiguous(_) | SearchError::Callback => {
                (
                    "The address says two things",
                    "Start again with the words you are looking for.",
                )
            }
            SearchError::Index(_) => (
                "The search does not answer",
                "Nothing is lost. Try again in a minute.",
            ),
        };
        Self {
            heading,
            advice,
            asks_collection: matches!(
                error,
                SearchError::Missing(_) | SearchError::UnknownCollection
            ),
        }
    }
}

/// Splits a text at its marks.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut is_marked = false;
    for part in text.split_inclusive([MARK_START, MARK_END]) {
        let plain = part.trim_end_matches([MARK_START, MARK_END]);
        if !plain.is_empty() {
            pieces.push(Piece {
                is_marked,
                text: plain.to_owned(),
            });
        }
        is_marked = part.ends_with(MARK_START);
    }
    pieces
}

/// Addresses of other answers to nearly the same question.
struct Links<'a>(&'a Params);

impl<'a> Links<'a> {
    /// The same page with these parameters instead; an empty one is left out.
    fn to(&self, changed: &[(&str, &str)]) -> String {
        self.address("search.html", changed)
    }

    fn in_format(&self, file: &str) -> String {
        self.address(file, &[])
    }

    /// What a new search keeps.
    fn kept(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let stays = |name: &str| KEPT.contains(&name) || name.starts_with("meta_");
        self.0
            .iter()
            .filter(move |(name, value)| stays(name) && !value.is_empty())
    }

    fn address(&self, file: &str, changed: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for name in ["collection", "query", "start_rank", "sort"] {
            let new = changed.iter().find(|(changed, _)| *changed == name);
            let value = new.map_or_else(
                || self.0.one(name).ok().flatten().unwrap_or_default(),
                |(_, value)| value,
            );
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.extend_pairs(self.kept());
        format!("{file}?{}", query.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_split_a_text() {
        let piece = |is_marked, text: &str| Piece {
            is_marked,
            text: text.to_owned(),
        };
        assert_eq!(
            pieces("a \u{2}b\u{3}\u{2}c\u{3} d"),
            [
                piece(false, "a "),
                piece(true, "b"),
                piece(true, "c"),
                piece(false, " d")
            ]
        );
        assert_eq!(pieces(""), []);
        assert_eq!(pieces("\u{2}b"), [piece(true, "b")]);
    }

    #[test]
    fn addresses_keep_what_matters_and_drop_the_rest() {
        let params = Params::parse(Some(
            "collection=c&query=a%26b&start_rank=11&sort=date&num_ranks=5&meta_x=y&junk=1",
        ));
        let links = Links(&params);
        assert_eq!(
            links.to(&[("start_rank", "21")]),
            "search.html?collection=c&query=a%26b&start_rank=21&sort=date&num_ranks=5&meta_x=y"
        );
        assert_eq!(
            links.to(&[("sort", ""), ("start_rank", "")]),
            "search.html?collection=c&query=a%26b&num_ranks=5&meta_x=y"
        );
    }
}
