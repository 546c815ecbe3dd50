//! What somebody who types might mean: titles of documents.

use axum::extract::{RawQuery, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use crate::app::App;
use crate::http::json_answer;
use crate::index::Suggestion;
use crate::params::Params;
use crate::search::question::{number, optional, required};
use crate::search::{SearchError, error_body, log};

const DEFAULT_SHOWN: i64 = 10;
const MAX_SHOWN: i64 = 50;

/// Longest text that is completed, in characters.
const MAX_PARTIAL: usize = 100;

/// The order of suggestions, by the vendor's numbers.
#[derive(Clone, Copy)]
enum By {
    /// Titles that begin so before those that have a word that does.
    Score,
    Length,
    Alphabet,
}

pub(crate) async fn suggest(Shared(app): Shared<App>, RawQuery(query): RawQuery) -> Response {
    let params = Params::parse(query.as_deref());
    match answer(&app, &params).await {
        Ok(list) => json_answer(StatusCode::OK, &list),
        Err(error) => json_answer(
            error.status(),
            &error_body(error.reason(), &error.to_string()),
        ),
    }
}

async fn answer(app: &App, params: &Params) -> Result<Value, SearchError> {
    // A list in a script of its own would be readable by every page: see the search.
    let is_script = optional(params, "fmt")? == Some("json++");
    if is_script || optional(params, "callback")?.is_some() {
        return Err(SearchError::Callback);
    }
    let collection = required(params, "collection")?;
    let partial = required(params, "partial_query")?.trim_start();
    let entry = app
        .catalog
        .find(collection)
        .ok_or(SearchError::UnknownCollection)?;
    if partial.chars().count() > MAX_PARTIAL {
        return Err(SearchError::TooLong("partial_query"));
    }
    let shown = number(optional(params, "show")?).filter(|shown| *shown > 0);
    let shown = shown.unwrap_or(DEFAULT_SHOWN).min(MAX_SHOWN);
    let by = match number(optional(params, "sort")?) {
        Some(1) => By::Length,
        Some(2) => By::Alphabet,
        _ => By::Score,
    };
    if partial.is_empty() {
        return Ok(Value::Array(Vec::new()));
    }
    let mut found = app
        .index
        .suggest(entry.name(), partial)
        .await
        .inspect_err(log)?;
    order(&mut found, by);
    found.truncate(usize::try_from(shown).unwrap_or_default());
    Ok(found.iter().map(shape).collect())
}

/// They come in the order of the alphabet, and stay in it where they are alike.
fn order(found: &mut [Suggestion], by: By) {
    let length = |suggestion: &Suggestion| suggestion.title.chars().count();
    match by {
        By::Score => found.sort_by_key(|suggestion| !suggestion.at_start),
        By::Length => found.sort_by_key(length),
        By::Alphabet => {}
    }
}

fn shape(suggestion: &Suggestion) -> Value {
    json!({
        "key": suggestion.title.to_lowercase(),
        "disp": suggestion.title,
        "wt": if suggestion.at_start { 1.0 } else { 0.5 },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(by: By) -> Vec<String> {
        let suggest = |title: &str, at_start| Suggestion {
            title: title.to_owned(),
            at_start,
        };
        // In the order of the alphabet, as the index gives them.
        let mut found = vec![
            suggest("Long way to the park", false),
            suggest("Park and ride", true),
            suggest("The park", false),
        ];
        order(&mut found, by);
        found
            .into_iter()
            .map(|suggestion| suggestion.title)
            .collect()
    }

    #[test]
    fn suggestions_are_ordered_three_ways() {
        assert_eq!(
            ordered(By::Score),
            ["Park and ride", "Long way to the park", "The park"]
        );
        assert_eq!(
            ordered(By::Length),
            ["The park", "Park and ride", "Long way to the park"]
        );
        assert_eq!(
            ordered(By::Alphabet),
            ["Long way to the park", "Park and ride", "The park"]
        );
    }
}
