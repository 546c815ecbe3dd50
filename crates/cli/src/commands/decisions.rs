//! `doorward decisions`: what became of requests to guarded APIs.

use doorward_store::{DecisionFilter, Direction};
use serde_json::Value;

use super::audit::{PAGE, account, check_limit, time};
use crate::args;
use crate::fail::Outcome;
use crate::output::{self, Format};
use crate::views;
use crate::wiring::{self, Opened};

/// Columns of the list.
const COLUMNS: [&str; 9] = [
    "id",
    "at",
    "outcome",
    "reason",
    "api",
    "method",
    "path",
    "account_id",
    "client_ip",
];

pub(crate) async fn run(args: args::Decisions) -> Outcome {
    check_limit(args.limit)?;
    let since = args.since.as_deref().map(|text| time("--since", text));
    let told = DecisionFilter {
        api: args.api.clone(),
        outcome: args.outcome.clone(),
        since: since.transpose()?,
        ..DecisionFilter::default()
    };
    let opened = wiring::open(&args.place).await?;
    let filter = DecisionFilter {
        account: account(&opened, args.account.as_deref()).await?,
        ..told
    };
    let views = page(&opened, &args, &filter).await?;
    opened.close().await;
    output::list(Format::choose(args.json.json), views, &COLUMNS)
}

async fn page(
    opened: &Opened,
    args: &args::Decisions,
    filter: &DecisionFilter,
) -> Outcome<Vec<Value>> {
    let direction = if args.oldest_first {
        Direction::Ascending
    } else {
        Direction::Descending
    };
    let store = opened.engine.store();
    let (mut after, mut missing) = (args.after, args.limit);
    let mut views = Vec::new();
    while missing > 0 {
        let limit = missing.min(PAGE);
        let rows = store.decisions(filter, after, direction, limit).await?;
        views.extend(rows.iter().map(views::decision));
        if rows.len() < limit as usize {
            break;
        }
        after = rows.last().map(|row| row.id);
        missing -= limit;
    }
    Ok(views)
}
