//! `doorward account list`: all accounts, or those around one, whole or in pages.

use doorward_core::account::Account;
use doorward_core::id::AccountId;
use doorward_core::name;
use doorward_store::{Direction, Page, Position};
use serde_json::Value;

use super::Pages;
use crate::args::AccountList;
use crate::fail::{Fail, Outcome};
use crate::output::{self, Format};
use crate::views;
use crate::wiring::{self, Opened, quoted};

/// Columns of the list.
const COLUMNS: [&str; 5] = ["id", "name", "realm", "enabled", "parent_id"];

pub(crate) async fn run(args: AccountList) -> Outcome {
    let pages = Pages::new(&args.paging)?;
    let opened = wiring::open(&args.place).await?;
    let after = match &args.paging.after {
        Some(text) => Some(opened.account(text).await?),
        None => None,
    };
    let views = if let Some(text) = &args.above {
        above(&opened, &opened.account(text).await?).await?
    } else if let Some(text) = &args.below {
        let top = opened.account(text).await?;
        below(&opened, &top, after, pages).await?
    } else {
        let parent = match &args.parent {
            Some(text) => Some(opened.account(text).await?.id),
            None => None,
        };
        beside(&opened, parent, after, pages).await?
    };
    opened.close().await;
    output::list(Format::choose(args.json.json), views, &COLUMNS)
}

async fn above(opened: &Opened, account: &Account) -> Outcome<Vec<Value>> {
    let above = opened.engine.ancestors(account).await?;
    Ok(above
        .iter()
        .rev()
        .map(|account| views::account(account))
        .collect())
}

async fn beside(
    opened: &Opened,
    parent: Option<AccountId>,
    mut after: Option<Account>,
    mut pages: Pages,
) -> Outcome<Vec<Value>> {
    let mut views = Vec::new();
    while let Some(limit) = pages.next() {
        let position = after.as_ref().map(position);
        let after_this = position.as_ref().map(|at| (at.key.as_str(), at.id));
        let page = Page {
            after: after_this,
            limit,
        };
        let rows = opened.engine.store().accounts(parent, page).await?;
        pages.came(rows.len());
        views.extend(rows.iter().map(views::account));
        after = rows.into_iter().next_back();
    }
    Ok(views)
}

async fn below(
    opened: &Opened,
    top: &Account,
    after: Option<Account>,
    mut pages: Pages,
) -> Outcome<Vec<Value>> {
    let mut path = match &after {
        Some(account) => path(opened, top, account).await?,
        None => Vec::new(),
    };
    let mut views = Vec::new();
    while let Some(limit) = pages.next() {
        let store = opened.engine.store();
        let rows = store
            .descendants_listed(top.id, &path, Direction::Ascending, limit)
            .await?;
        pages.came(rows.len());
        views.extend(rows.iter().map(|row| views::account(&row.account)));
        path = rows
            .into_iter()
            .next_back()
            .map(|row| row.path)
            .unwrap_or_default();
    }
    Ok(views)
}

/// The way from an account down to one below it.
async fn path(opened: &Opened, top: &Account, account: &Account) -> Outcome<Vec<Position>> {
    let above = opened.engine.ancestors(account).await?;
    let Some(depth) = above.iter().position(|one| one.id == top.id) else {
        return Err(Fail::new(format!(
            "{} is not below {}",
            quoted(&account.name),
            quoted(&top.name)
        )));
    };
    let way = above.iter().take(depth).rev();
    let mut path: Vec<_> = way.map(|account| position(account)).collect();
    path.push(position(account));
    Ok(path)
}

/// Where an account stands among those beside it.
fn position(account: &Account) -> Position {
    Position {
        key: name::account_name_key(&account.name).unwrap_or_default(),
        id: *account.id.as_bytes(),
    }
}
