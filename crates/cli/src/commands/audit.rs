//! `doorward audit`: who did what to what (decision 6).

use doorward_core::id::{AccountId, UserId};
use doorward_core::time::Timestamp;
use doorward_store::{AuditFilter, Direction};
use serde_json::Value;

use crate::args;
use crate::fail::{Fail, Outcome};
use crate::output::{self, Format};
use crate::views;
use crate::wiring::{self, Opened};

/// Rows asked for at once.
pub(super) const PAGE: u32 = 500;
/// Most rows of one run.
const MAX_LIMIT: u32 = 10_000;
/// Longest beginning of an action's name; none of the names is longer.
const MAX_ACTION: usize = 64;
/// Columns of the list.
const COLUMNS: [&str; 7] = [
    "id",
    "at",
    "action",
    "account_id",
    "target",
    "actor_user_id",
    "client_ip",
];

pub(crate) async fn run(args: args::Audit) -> Outcome {
    check_limit(args.limit)?;
    let told = told(&args)?;
    let opened = wiring::open(&args.place).await?;
    let filter = resolved(&opened, &args, told).await?;
    let views = page(&opened, &args, &filter).await?;
    opened.close().await;
    output::list(Format::choose(args.json.json), views, &COLUMNS)
}

pub(super) fn check_limit(limit: u32) -> Outcome {
    if (1..=MAX_LIMIT).contains(&limit) {
        return Ok(());
    }
    Err(Fail::usage(format!(
        "--limit takes a number from 1 to {MAX_LIMIT}"
    )))
}

/// What of the filter can be told without looking into the store.
fn told(args: &args::Audit) -> Outcome<AuditFilter> {
    let time = |name: &str, text: &Option<String>| {
        text.as_deref().map(|text| time(name, text)).transpose()
    };
    let filter = AuditFilter {
        action: args.action.as_deref().map(action).transpose()?,
        since: time("--since", &args.since)?,
        until: time("--until", &args.until)?,
        ..AuditFilter::default()
    };
    match (filter.since, filter.until) {
        (Some(since), Some(until)) if since >= until => {
            Err(Fail::usage("--until must be later than --since"))
        }
        _ => Ok(filter),
    }
}

async fn resolved(opened: &Opened, args: &args::Audit, told: AuditFilter) -> Outcome<AuditFilter> {
    let account = account(opened, args.account.as_deref()).await?;
    let user = match (&args.user, &args.account) {
        (None, _) => None,
        (Some(user), account) => Some(match (user.parse::<UserId>(), account) {
            (Ok(id), _) => id,
            (Err(_), Some(account)) => {
                let account = opened.account(account).await?;
                opened.user(&account, user).await?.id
            }
            (Err(_), None) => {
                return Err(Fail::usage("a username says nothing without its account")
                    .hint("add --account, or give the user's id"));
            }
        }),
    };
    Ok(AuditFilter {
        account,
        user,
        ..told
    })
}

/// An id is taken as it is, because the log outlives what it tells of; a name must be there.
pub(super) async fn account(opened: &Opened, text: Option<&str>) -> Outcome<Option<AccountId>> {
    let Some(text) = text else { return Ok(None) };
    Ok(Some(match text.parse::<AccountId>() {
        Ok(id) => id,
        Err(_) => opened.account(text).await?.id,
    }))
}

async fn page(opened: &Opened, args: &args::Audit, filter: &AuditFilter) -> Outcome<Vec<Value>> {
    let direction = if args.oldest_first {
        Direction::Ascending
    } else {
        Direction::Descending
    };
    let store = opened.engine.store();
    let mut after = args.after;
    let mut missing = args.limit;
    let mut views = Vec::new();
    while missing > 0 {
        let limit = missing.min(PAGE);
        let rows = store.audit_listed(filter, after, direction, limit).await?;
        views.extend(rows.iter().map(views::audit_row));
        if rows.len() < limit as usize {
            break;
        }
        after = rows.last().map(|row| row.id);
        missing -= limit;
    }
    Ok(views)
}

fn action(text: &str) -> Outcome<String> {
    let is_good = |c: char| c.is_ascii_lowercase() || c == '_' || c == '.';
    if text.is_empty() || text.len() > MAX_ACTION || !text.chars().all(is_good) {
        return Err(Fail::usage(
            "--action takes the beginning of an action's name, such as user or user.password",
        ));
    }
    Ok(text.to_owned())
}

pub(super) fn time(name: &str, text: &str) -> Outcome<Timestamp> {
    let time: jiff::Timestamp = text
        .parse()
        .map_err(|_| Fail::usage(format!("{name} takes a time as in 2027-01-31T00:00:00Z")))?;
    Ok(Timestamp::from_micros(time.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_told_by_its_beginning() {
        assert_eq!(action("api_key.rotate").unwrap(), "api_key.rotate");
        for wrong in ["", "User", "user%", "user create", "a\0", &"a".repeat(65)] {
            assert!(action(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_says_where_on_earth() {
        let expected = Timestamp::from_unix(1_710_278_674);
        for good in ["2024-03-12T21:24:34Z", "2024-03-12T22:24:34+01:00"] {
            assert_eq!(time("--since", good).unwrap(), expected);
        }
        for wrong in ["yesterday", "2024-03-12", "2024-03-12T21:24:34"] {
            assert!(time("--since", wrong).is_err(), "{wrong}");
        }
    }
}
