//! Searching. A search sees one state of the index throughout, and every order is total: pages neither overlap nor
//! leave a document out.

use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _, Sqlite, SqliteConnection};

use super::document::{Metadata, metadata_from_json};
use super::{Index, IndexError};
use crate::terms::Terms;

/// Where a found word begins and ends. Documents are read without control characters, so nobody can forge these.
pub(crate) const MARK_START: char = '\u{2}';
pub(crate) const MARK_END: char = '\u{3}';

/// How results are ordered. Equal ones follow their keys, which are unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Relevance,
    Newest,
    Oldest,
    Title,
    TitleDown,
    Url,
    UrlDown,
    Size,
    SizeDown,
}

impl Order {
    /// The vendor's words; anything else is by relevance.
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "date" => Self::Newest,
            "adate" => Self::Oldest,
            "title" => Self::Title,
            "dtitle" => Self::TitleDown,
            "url" => Self::Url,
            "durl" => Self::UrlDown,
            "size" => Self::Size,
            "dsize" => Self::SizeDown,
            _ => Self::Relevance,
        }
    }

    /// Over the columns of the documents that match. Without words all ranks are equal: then it is by title.
    fn sql(self) -> &'static str {
        match self {
            Self::Relevance => "rank, folded_title, key",
            Self::Newest => "date_ms DESC NULLS LAST, key",
            Self::Oldest => "date_ms NULLS LAST, key",
            Self::Title => "folded_title, key",
            Self::TitleDown => "folded_title DESC, key",
            Self::Url => "key",
            Self::UrlDown => "key DESC",
            Self::Size => "size, key",
            Self::SizeDown => "size DESC, key",
        }
    }
}

/// Which of the results are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    /// The rank of the first, from 1 on.
    pub(crate) start: i64,
    /// How many at most.
    pub(crate) size: i64,
}

/// What is asked.
#[derive(Debug, Clone)]
pub(crate) struct Request<'a> {
    pub(crate) collection: &'a str,
    pub(crate) terms: &'a Terms,
    /// Metadata class, in lower case, and a text that one of its values must contain.
    pub(crate) constraints: &'a [(String, String)],
    pub(crate) order: Order,
    pub(crate) page: Page,
}

/// What is found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) total: i64,
    pub(crate) hits: Vec<Hit>,
    pub(crate) facts: Facts,
}

/// What a collection holds.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) documents: i64,
    pub(crate) committed_ms: Option<i64>,
}

/// One document of a page of results. Title and summary have the marks around found words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) id: i64,
    pub(crate) rank: i64,
    /// The best result of the whole set has 1000.
    pub(crate) score: i64,
    pub(crate) key: String,
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) file_type: String,
    pub(crate) size: i64,
    pub(crate) date_ms: Option<i64>,
    pub(crate) metadata: Metadata,
}

/// A title that begins like what is being typed, or has a word that does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Suggestion {
    pub(crate) title: String,
    /// Whether the title itself begins so.
    pub(crate) at_start: bool,
}

/// The number of the first parameter that belongs to a constraint; those before are the same in all statements.
const FIRST_CONSTRAINT: usize = 5;

type Query = sqlx::query::Query<'static, Sqlite, SqliteArguments>;

impl Index {
    /// Looks for documents.
    pub(crate) async fn search(&self, request: &Request<'_>) -> Result<Found, IndexError> {
        let mut transaction = self.readers.begin().await?;
        let facts = facts(&mut transaction, request.collection).await?;
        if *request.terms == Terms::Nothing {
            return Ok(Found {
                facts,
                ..Found::default()
            });
        }
        let matching = matching(request);
        let count = bound(request, format!("{matching} SELECT count(*) FROM matching"));
        let total: i64 = count.fetch_one(&mut *transaction).await?.try_get(0)?;
        let rows = page(request, &matching)
            .fetch_all(&mut *transaction)
            .await?;
        let hits = rows.iter().map(hit).collect::<Result<_, _>>()?;
        Ok(Found { total, hits, facts })
    }

    /// Titles for a text that is being typed, in the order of the alphabet.
    pub(crate) async fn suggest(
        &self,
        collection: &str,
        partial: &str,
    ) -> Result<Vec<Suggestion>, IndexError> {
        let rows = sqlx::query(
            "SELECT min(title), instr(folded_title, ?2) = 1 FROM document \
             WHERE collection = ?1 AND live = 1 AND instr(' ' || folded_title, ' ' || ?2) > 0 \
             GROUP BY folded_title ORDER BY folded_title",
        )
        .bind(collection)
        .bind(partial.to_lowercase())
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Suggestion {
                    title: row.try_get(0)?,
                    at_start: row.try_get(1)?,
                })
            })
            .collect()
    }
}

async fn facts(on: &mut SqliteConnection, collection: &str) -> Result<Facts, IndexError> {
    let row = sqlx::query(
        "SELECT (SELECT count(*) FROM document WHERE collection = ?1 AND live = 1), \
         (SELECT at_ms FROM committed WHERE collection = ?1)",
    )
    .bind(collection)
    .fetch_one(on)
    .await?;
    Ok(Facts {
        documents: row.try_get(0)?,
        committed_ms: row.try_get(1)?,
    })
}

/// The documents that match, as the beginning of a statement. ?1 is the collection, ?2 the expression.
fn matching(request: &Request<'_>) -> String {
    // Only what orders need: the sorter carries every column of every document that matches.
    let columns = "d.id, d.key, d.folded_title, d.size, d.date_ms";
    let (rank, source) = match request.terms.expression() {
        Some(_) => (
            "words.rank",
            "words JOIN document AS d ON d.id = words.rowid WHERE words MATCH ?2",
        ),
        None => ("-1.0", "document AS d WHERE ?2 IS NULL"),
    };
    let constraints: Vec<String> = (0..request.constraints.len())
        .map(|index| {
            let class = FIRST_CONSTRAINT.saturating_add(index.saturating_mul(2));
            let value = class.saturating_add(1);
            format!(
                " AND EXISTS (SELECT 1 FROM metadata AS m \
                 WHERE m.document = d.id AND m.class = ?{class} AND instr(m.value, ?{value}) > 0)"
            )
        })
        .collect();
    let constraints = constraints.concat();
    format!(
        "WITH matching AS (SELECT {columns}, {rank} AS rank FROM {source} \
         AND d.collection = ?1 AND d.live = 1{constraints})"
    )
}

/// Snippets are made of the documents of one page only: they read the whole text again.
fn page(request: &Request<'_>, matching: &str) -> Query {
    let order = request.order.sql();
    let (title, summary, words) = match request.terms.expression() {
        Some(_) => (
            "highlight(words, 0, char(2), char(3))",
            "snippet(words, 1, char(2), char(3), '…', 36)",
            "JOIN words ON words.rowid = page.id WHERE words MATCH ?2",
        ),
        None => (
            "d.title",
            "coalesce(nullif(d.description, ''), \
             substr(d.body, 1, 240) || iif(length(d.body) > 240, '…', ''))",
            "",
        ),
    };
    let text = format!(
        "{matching}, page AS MATERIALIZED (\
           SELECT id, rank, min(rank) OVER () AS best, row_number() OVER (ORDER BY {order}) AS place \
           FROM matching ORDER BY {order} LIMIT ?3 OFFSET ?4) \
         SELECT d.id, page.place, page.rank, page.best, d.key, d.file_type, d.size, d.date_ms, \
         d.metadata, {title}, {summary} FROM page JOIN document AS d ON d.id = page.id {words} \
         ORDER BY page.place"
    );
    bound(request, text)
}

/// Only text of ours is ever part of a statement: what was asked is bound.
fn bound(request: &Request<'_>, text: String) -> Query {
    let mut query = sqlx::query(AssertSqlSafe(text))
        .bind(request.collection.to_owned())
        .bind(request.terms.expression())
        .bind(request.page.size)
        .bind(request.page.start.saturating_sub(1));
    for (class, value) in request.constraints {
        query = query.bind(class.clone()).bind(value.to_lowercase());
    }
    query
}

fn hit(row: &SqliteRow) -> Result<Hit, IndexError> {
    let (rank, best): (f64, f64) = (row.try_get(2)?, row.try_get(3)?);
    Ok(Hit {
        id: row.try_get(0)?,
        rank: row.try_get(1)?,
        score: score(rank, best),
        key: row.try_get(4)?,
        file_type: row.try_get(5)?,
        size: row.try_get(6)?,
        date_ms: row.try_get(7)?,
        metadata: metadata_from_json(row.try_get(8)?).ok_or(IndexError::Damaged)?,
        title: row.try_get(9)?,
        summary: row.try_get(10)?,
    })
}

/// Ranks are negative, the best is the smallest.
#[expect(
    clippy::cast_possible_truncation,
    reason = "clamped to 1..=1000 before, and never NaN after the test"
)]
fn score(rank: f64, best: f64) -> i64 {
    let share = (1000.0 * rank / best).round();
    if share.is_finite() {
        share.clamp(1.0, 1000.0) as i64
    } else {
        1000
    }
}
