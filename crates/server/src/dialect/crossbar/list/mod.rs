//! Lists (crossbar.md section 1.14): pages, order, filters.
//!
//! A position travels with the client as a sealed text: it opens for the same list of the same account in the same
//! order only, and tells nothing.

mod filter;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_core::account::Account;
use doorward_core::digest;
use doorward_core::document::{self, Document, without_private};
use doorward_core::hex;
use doorward_core::id::AccountId;
use doorward_core::user::User;
use doorward_engine::{Direction, Position};
use serde_json::{Value, json};

use self::filter::Filters;
use super::call::Call;
use super::envelope::{Answer, Success};
use super::error::Error;
use super::validate::Details;
use super::view;

/// Items of a page if the client does not say.
const PAGE: usize = 50;
/// Most items of a page.
const LARGEST_PAGE: usize = 500;
/// Most items of a list that comes in one.
const WHOLE: usize = 10_000;
/// Most rows a request looks at for its filters.
const SCAN: usize = 10_000;
/// Most bytes of documents a request looks at; what comes after is on the next page.
const SCAN_BYTES: usize = 16 << 20;
/// Most rows of one statement.
const BATCH: usize = 64;

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// Users of an account.
    Users(AccountId),
    /// Accounts right below one.
    Children(AccountId),
    /// Accounts beside this one: those below `parent`.
    Siblings {
        /// Whose siblings.
        account: AccountId,
        /// The account above.
        parent: AccountId,
    },
    /// Accounts below one, at any depth.
    Descendants(AccountId),
}

/// One row of a list.
#[derive(Debug)]
pub(super) struct Row {
    /// What it shows.
    pub(super) subject: Subject,
    /// Where it stands; of descendants, the way down to it.
    pub(super) path: Vec<Position>,
}

/// What a row shows.
#[derive(Debug)]
pub(super) enum Subject {
    /// A user.
    User(Box<User>),
    /// An account, and how many are below it; of a descendant that is not told.
    Account(Box<Account>, u64),
}

/// The rows of a page.
#[derive(Debug)]
pub(super) struct Found {
    /// The rows.
    pub(super) rows: Vec<Row>,
    paging: Option<Paging>,
}

#[derive(Debug)]
struct Paging {
    start: Option<String>,
    next: Option<String>,
}

impl Of {
    /// Its name and whose it is, for cursors.
    const fn place(self) -> (&'static str, AccountId) {
        match self {
            Self::Users(account) => ("list:users", account),
            Self::Children(account) => ("list:children", account),
            Self::Siblings { account, .. } => ("list:siblings", account),
            Self::Descendants(account) => ("list:descendants", account),
        }
    }

    async fn after(
        self,
        call: &Call<'_>,
        path: &[Position],
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Row>, Error> {
        let store = call.engine.store();
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let account = |account, below| Subject::Account(Box::new(account), below);
        Ok(match self {
            Self::Users(owner) => {
                let users = store.users_listed(owner, path.last(), direction, limit);
                let row = |row: doorward_engine::ListedUser| Row {
                    subject: Subject::User(Box::new(row.user)),
                    path: vec![row.position],
                };
                users.await?.into_iter().map(row).collect()
            }
            Self::Children(parent) | Self::Siblings { parent, .. } => {
                let children = store.children_listed(parent, path.last(), direction, limit);
                let row = |row: doorward_engine::ListedAccount| Row {
                    subject: account(row.account, row.below),
                    path: vec![row.position],
                };
                children.await?.into_iter().map(row).collect()
            }
            Self::Descendants(top) => {
                let below = store.descendants_listed(top, path, direction, limit);
                let row = |row: doorward_engine::Descendant| Row {
                    subject: account(row.account, 0),
                    path: row.path,
                };
                below.await?.into_iter().map(row).collect()
            }
        })
    }
}

/// What a request asks of a list.
struct Asked {
    /// Items wanted.
    limit: usize,
    /// Whether it wants everything.
    whole: bool,
    direction: Direction,
    /// `start_key` as it was sent.
    start: Option<String>,
    filters: Filters,
}

impl Asked {
    fn read(call: &Call<'_>) -> Result<Self, Error> {
        let input = &call.input;
        let is = |name, value| input.parameter(name) == Some(value);
        let whole = is("paginate", "false");
        let page = input.parameter("page_size").and_then(|n| n.parse().ok());
        let page = page.filter(|n| *n > 0).unwrap_or(PAGE);
        let start = input.parameter("start_key").filter(|key| !key.is_empty());
        Ok(Self {
            limit: if whole { WHOLE } else { page.min(LARGEST_PAGE) },
            whole,
            direction: if is("ascending", "true") || is("descending", "false") {
                Direction::Ascending
            } else {
                Direction::Descending
            },
            start: start.filter(|_| !whole).map(str::to_owned),
            filters: Filters::read(input.query())?,
        })
    }
}

/// Reads a page of a list, or all of it.
pub(super) async fn read(call: &Call<'_>, of: Of) -> Result<Found, Error> {
    let asked = Asked::read(call)?;
    let mut path = match &asked.start {
        None => Vec::new(),
        Some(key) => open(call, of, asked.direction, key).ok_or_else(not_a_start_key)?,
    };
    let (mut rows, mut scanned, mut is_more) = (Vec::new(), 0, false);
    let (mut bytes, mut largest) = (0, 1);
    'pages: loop {
        let missing = (asked.limit + 1).saturating_sub(rows.len());
        let limit = if asked.filters.is_empty() {
            missing.min(BATCH)
        } else {
            BATCH
        };
        // No statement brings much more than there is room for, going by what was seen so far.
        let room = SCAN_BYTES.saturating_sub(bytes) / largest;
        let limit = limit.min(room.max(1));
        let batch = of.after(call, &path, asked.direction, limit).await?;
        let at_end = batch.len() < limit;
        for row in batch {
            let is_wanted = row.is_admitted(&asked.filters);
            let is_enough = scanned == SCAN || bytes >= SCAN_BYTES;
            if is_enough || (is_wanted && rows.len() == asked.limit) {
                is_more = true;
                break 'pages;
            }
            scanned += 1;
            let size = document::size(row.document());
            bytes += size;
            largest = largest.max(size);
            path.clone_from(&row.path);
            if is_wanted {
                rows.push(row);
            }
        }
        if at_end {
            break;
        }
    }
    if asked.whole {
        return if is_more {
            Err(Error::RangeNotSatisfiable)
        } else {
            Ok(Found { rows, paging: None })
        };
    }
    let next = if is_more {
        Some(seal(call, of, asked.direction, &path)?)
    } else {
        None
    };
    let start = asked.start;
    let paging = Some(Paging { start, next });
    Ok(Found { rows, paging })
}

impl Row {
    fn document(&self) -> &Document {
        match &self.subject {
            Subject::User(user) => &user.document,
            Subject::Account(account, _) => &account.document,
        }
    }

    fn is_admitted(&self, filters: &Filters) -> bool {
        match &self.subject {
            Subject::User(user) => filters.admit(|| view::user(user), user.created, user.modified),
            Subject::Account(account, _) => {
                filters.admit(|| public(account), account.created, account.modified)
            }
        }
    }
}

/// What filters see of an account: its document without what is computed for whoever asks.
fn public(account: &Account) -> Document {
    let mut seen = without_private(account.document.clone());
    for key in [
        "api_key",
        "trial_time_left",
        "reseller_id",
        "billing_mode",
        "wnm_allow_additions",
    ] {
        seen.shift_remove(key);
    }
    for (key, value) in [
        ("id", json!(account.id)),
        ("name", json!(account.name)),
        ("realm", json!(account.realm)),
        ("enabled", json!(account.enabled)),
        ("created", json!(account.created.gregorian())),
        ("superduper_admin", json!(account.superduper)),
        (
            "is_reseller",
            json!(account.reseller || account.parent.is_none()),
        ),
    ] {
        seen.insert(key.to_owned(), value);
    }
    seen
}

/// A list with a digest of what is in it, unless the client has it.
pub(super) fn answer(call: &Call<'_>, items: Vec<Value>, paging: Shown) -> Answer {
    let count = items.len();
    let data = Value::Array(items);
    let revision = digest::md5_tag(data.to_string().as_bytes());
    if call.has_copy(&revision) {
        return Answer::NotModified(revision);
    }
    let mut success = Success {
        data: Some(data),
        revision: Some(revision),
        ..Success::default()
    };
    match paging {
        Shown::Nothing => {}
        Shown::Size => success.page_size = Some(count),
        Shown::Keys { start, next } => {
            success.page_size = Some(count);
            success.start_key = start;
            success.next_start_key = next;
        }
    }
    Answer::Success(success)
}

/// Which of the paging keys are shown.
pub(super) enum Shown {
    /// None: the client wanted everything.
    Nothing,
    /// The size.
    Size,
    /// All.
    Keys {
        /// Where the page begins.
        start: Option<String>,
        /// Where the next one begins.
        next: Option<String>,
    },
}

impl Found {
    /// Which paging keys are shown with it.
    pub(super) fn shown(&mut self) -> Shown {
        match self.paging.take() {
            None => Shown::Nothing,
            Some(Paging { start, next }) => Shown::Keys { start, next },
        }
    }
}

/// What a cursor is bound to besides its list.
const fn tag(direction: Direction) -> &'static [u8] {
    match direction {
        Direction::Ascending => b"ascending",
        Direction::Descending => b"descending",
    }
}

fn seal(call: &Call<'_>, of: Of, direction: Direction, path: &[Position]) -> Result<String, Error> {
    let (list, account) = of.place();
    let path: Vec<_> = path
        .iter()
        .map(|position| (&position.key, hex::encode(&position.id)))
        .collect();
    let store = call.engine.store();
    let sealed = store.seal_cursor(
        list,
        &[account.as_bytes(), tag(direction)],
        json!(path).to_string().as_bytes(),
    )?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

fn open(call: &Call<'_>, of: Of, direction: Direction, key: &str) -> Option<Vec<Position>> {
    let (list, account) = of.place();
    let sealed = URL_SAFE_NO_PAD.decode(key).ok()?;
    let of = [account.as_bytes().as_slice(), tag(direction)];
    let opened = call.engine.store().open_cursor(list, &of, &sealed)?;
    let path: Vec<(String, String)> = serde_json::from_slice(&opened).ok()?;
    path.into_iter()
        .map(|(key, id)| {
            let id = hex::decode(&id)?;
            Some(Position { key, id })
        })
        .collect()
}

fn not_a_start_key() -> Error {
    let detail = json!({"message": "Not a start_key of this list in this order"});
    Error::Validation(Details::one("start_key", "invalid", detail))
}
