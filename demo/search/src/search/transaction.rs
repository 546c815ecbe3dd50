//! The members of an answer, in the order and under the names that clients know.

use super::node::Node;
use super::paging::Paging;
use super::question::Question;
use super::{Answer, Outcome};
use crate::index::{Found, Hit, MARK_END, MARK_START, Metadata};
use crate::params::Params;

/// The root element of the XML, as captured from the vendor's.
pub(super) const ROOT: &str = "com.funnelback.publicui.search.model.transaction.SearchTransaction";

const RESULT: &str = "com.funnelback.publicui.search.model.padre.Result";
const FACET: &str = "com.funnelback.publicui.search.model.transaction.Facet";

/// The whole answer.
pub(super) fn transaction(params: &Params, outcome: &Outcome) -> Node {
    match outcome {
        Ok(answer) => Node::Object(vec![
            ("question", question(params, &answer.question)),
            ("response", response(answer)),
            ("error", Node::Null),
            ("session", Node::Null),
        ]),
        Err(error) => only_error(error.reason(), &error.to_string()),
    }
}

/// An answer that is nothing but an error.
pub(super) fn only_error(reason: &'static str, message: &str) -> Node {
    let error = Node::Object(vec![
        ("reason", Node::text(reason)),
        ("additionalData", Node::text(message)),
    ]);
    Node::Object(vec![
        ("question", Node::Null),
        ("response", Node::Null),
        ("error", error),
        ("session", Node::Null),
    ])
}

fn question(params: &Params, question: &Question) -> Node {
    let collection = Node::Object(vec![("id", Node::text(question.entry.name()))]);
    Node::Object(vec![
        ("query", Node::text(&question.query)),
        ("originalQuery", Node::text(&question.query)),
        ("collection", collection),
        ("profile", Node::text(&question.profile)),
        ("form", Node::text(&question.form)),
        ("inputParameters", input(params)),
    ])
}

/// Every parameter with all its values, in the order they came first.
fn input(params: &Params) -> Node {
    let mut input: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in params.iter() {
        match input.iter_mut().find(|(found, _)| found == name) {
            Some((_, values)) => values.push(value.to_owned()),
            None => input.push((name.to_owned(), vec![value.to_owned()])),
        }
    }
    let input = input.into_iter();
    Node::Map(
        input
            .map(|(name, values)| (name, Node::texts(&values)))
            .collect(),
    )
}

fn response(answer: &Answer) -> Node {
    let curator = Node::Object(vec![("exhibits", Node::List("exhibit", Vec::new()))]);
    Node::Object(vec![
        ("returnCode", Node::Int(0)),
        ("resultPacket", result_packet(answer)),
        ("facets", Node::List(FACET, Vec::new())),
        ("curator", curator),
        ("customData", Node::Map(Vec::new())),
    ])
}

fn result_packet(answer: &Answer) -> Node {
    let Answer {
        question,
        found,
        elapsed_ms,
    } = answer;
    let nothing = || Node::List("string", Vec::new());
    let collection = question.entry.name();
    let hits = found.hits.iter().map(|hit| result(collection, hit));
    let regex = question.terms.highlight_regex();
    let cleaned = Node::Text(question.terms.cleaned());
    let details = Node::Object(vec![
        ("padreVersion", Node::text(env!("CARGO_PKG_VERSION"))),
        ("collectionSize", Node::Int(found.facts.documents)),
        ("collectionUpdated", Node::day(found.facts.committed_ms)),
    ]);
    Node::Object(vec![
        ("details", details),
        ("query", Node::text(&question.query)),
        ("queryAsProcessed", cleaned.clone()),
        ("queryCleaned", cleaned),
        ("collection", Node::text(collection)),
        ("resultsSummary", summary(question, found)),
        ("spell", Node::Null),
        ("results", Node::List(RESULT, hits.collect())),
        ("error", Node::Null),
        ("queryHighlightRegex", regex.map_or(Node::Null, Node::Text)),
        ("padreElapsedTime", Node::Int(*elapsed_ms)),
        ("tierBars", nothing()),
        ("stopWords", nothing()),
        ("rmcs", Node::Map(Vec::new())),
        ("urlCounts", Node::Map(Vec::new())),
        ("dateCounts", Node::Map(Vec::new())),
    ])
}

/// A document has all the words or is not found: nothing matches partially.
fn summary(question: &Question, found: &Found) -> Node {
    let paging = Paging::of(question.page, found.total);
    Node::Object(vec![
        ("fullyMatching", Node::Int(found.total)),
        ("partiallyMatching", Node::Int(0)),
        ("totalMatching", Node::Int(found.total)),
        ("collapsed", Node::Int(0)),
        ("estimatedCounts", Node::Bool(false)),
        ("numRanks", Node::Int(question.page.size)),
        ("currStart", Node::Int(paging.current_start)),
        ("currEnd", Node::Int(paging.current_end)),
        ("prevStart", Node::int(paging.previous_start)),
        ("nextStart", Node::int(paging.next_start)),
        ("anyUrlsPromoted", Node::Bool(false)),
        ("resultDiversificationApplied", Node::Bool(false)),
        ("carriedOverFtd", Node::Null),
        ("totalDistinctMatchingUrls", Node::Int(found.total)),
        ("totalSecurityObscuredUrls", Node::Int(0)),
    ])
}

fn result(collection: &str, hit: &Hit) -> Node {
    Node::Object(vec![
        ("rank", Node::Int(hit.rank)),
        ("score", Node::Int(hit.score)),
        ("title", Node::Text(unmarked(&hit.title))),
        ("collection", Node::text(collection)),
        ("component", Node::Int(0)),
        ("collapsed", Node::Null),
        ("liveUrl", Node::text(&hit.key)),
        ("summary", Node::Text(unmarked(&hit.summary))),
        ("cacheUrl", Node::Null),
        ("date", Node::day(hit.date_ms)),
        ("fileSize", Node::Int(hit.size)),
        ("fileType", Node::text(&hit.file_type)),
        ("tier", Node::Int(1)),
        ("docNum", Node::Int(hit.id)),
        ("exploreLink", Node::Null),
        ("kmFromOrigin", Node::Null),
        ("quickLinks", Node::Null),
        ("displayUrl", Node::text(&hit.key)),
        ("clickTrackingUrl", Node::text(&hit.key)),
        ("indexUrl", Node::text(&hit.key)),
        ("explain", Node::Null),
        ("metaData", joined(&hit.metadata)),
        ("listMetadata", listed(&hit.metadata)),
        ("tags", Node::List("string", Vec::new())),
        ("gscopesSet", Node::List("string", Vec::new())),
        ("customData", Node::Map(Vec::new())),
        ("promoted", Node::Bool(false)),
        ("diversified", Node::Bool(false)),
        ("documentVisibleToUser", Node::Bool(true)),
    ])
}

/// The older form of metadata, which clients still read.
fn joined(metadata: &Metadata) -> Node {
    let members = metadata.iter();
    Node::Map(
        members
            .map(|(class, values)| (class.clone(), Node::Text(values.join("|"))))
            .collect(),
    )
}

fn listed(metadata: &Metadata) -> Node {
    let members = metadata.iter();
    Node::Map(
        members
            .map(|(class, values)| (class.clone(), Node::texts(values)))
            .collect(),
    )
}

fn unmarked(text: &str) -> String {
    text.replace([MARK_START, MARK_END], "")
}
