//! How lists fare on a large store: `cargo xtask scale`.
//!
//! A SQLite store of three trees of 100,000 accounts each and 100,000 users in one account; pages of 50 through the real
//! router in memory. Aim: half of the pages of each list within 10 ms. A filter that next to nothing passes is a search:
//! it reads up to 10,000 rows, whatever it finds, and is shown without an aim.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot start has nothing to say, and what it finds goes to the terminal"
)]

mod fill;

use std::time::Duration;

use doorward_core::id::AccountId;
use doorward_engine::monotonic;
use doorward_testkit::App;

use fill::{Grown, SIZE};

/// Pages that are timed for each row of the table.
const ROUNDS: usize = 200;
/// Pages before that.
const WARM_UP: usize = 10;
/// What half of the pages must stay below.
const AIM: Duration = Duration::from_millis(10);

/// A list and what is asked of it.
struct Question {
    name: &'static str,
    path: String,
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(run());
}

async fn run() {
    let app = App::start().await;
    let begun = monotonic();
    let grown = fill::grow(&app).await;
    let took = monotonic().saturating_sub(begun).as_secs();
    println!("3 trees of {SIZE} accounts and {SIZE} users of one account, filled in {took} s\n");
    let token = app.token("mad").await;
    println!("| {:<38} | rows | p50 ms | p99 ms |", "page of 50");
    println!("| {:-<38} | ---: | -----: | -----: |", "");
    let mut slow = Vec::new();
    for question in questions(&app, &token, &grown).await {
        let median = measure(&app, &token, &question).await;
        if median > AIM && !question.name.starts_with("search") {
            slow.push(question.name);
        }
    }
    if slow.is_empty() {
        println!("\nheld: half of the pages of each list within {AIM:?}");
    } else {
        println!("\nBROKEN: more than {AIM:?} for {}", slow.join(", "));
        std::process::exit(1);
    }
}

/// Times a page, prints its row, and gives the median.
async fn measure(app: &App, token: &str, question: &Question) -> Duration {
    let mut times = Vec::with_capacity(ROUNDS);
    let mut rows = 0;
    for round in 0..WARM_UP + ROUNDS {
        let begun = monotonic();
        let reply = app.get(&question.path, token).await;
        let took = monotonic().saturating_sub(begun);
        assert_eq!(reply.status, 200, "{}: {}", question.name, reply.text());
        if round >= WARM_UP {
            times.push(took);
        } else {
            rows = reply.at("/data").as_array().map_or(0, Vec::len);
        }
    }
    times.sort_unstable();
    let at = |percent: usize| {
        let index = (times.len() * percent / 100).min(times.len() - 1);
        times.get(index).copied().unwrap_or_default()
    };
    let shown = |time: Duration| time.as_secs_f64() * 1000.0;
    println!(
        "| {:<38} | {rows:>4} | {:>6.2} | {:>6.2} |",
        question.name,
        shown(at(50)),
        shown(at(99))
    );
    at(50)
}

async fn questions(app: &App, token: &str, grown: &Grown) -> Vec<Question> {
    let mut all = first_pages(grown);
    all.extend(middle_pages(app, token, grown).await);
    all.sort_by_key(|question| question.name);
    all
}

fn list(account: AccountId, list: &str) -> String {
    format!("/v2/accounts/{account}/{list}")
}

fn first_pages(grown: &Grown) -> Vec<Question> {
    let users = list(grown.wide, "users");
    let wide = list(grown.wide, "children");
    let spread = list(grown.spread, "descendants");
    [
        ("users", &users, ""),
        ("users, ascending", &users, "?ascending=true"),
        ("users, half pass the filter", &users, "?filter_group=even"),
        ("search: one user in 100 passes", &users, "?filter_rare=yes"),
        ("search: no user passes", &users, "?filter_rare=no"),
        ("children of 100,000", &wide, ""),
        ("children, ascending", &wide, "?ascending=true"),
        (
            "children, half pass the filter",
            &wide,
            "?filter_group=even",
        ),
        (
            "children, 2,000 below each",
            &list(grown.spread, "children"),
            "",
        ),
        (
            "children, 50,000 below each",
            &list(grown.deep, "children"),
            "",
        ),
        ("siblings of 100,000", &list(grown.child, "siblings"), ""),
        ("descendants, 3 levels", &spread, ""),
        (
            "descendants, 3 levels, ascending",
            &spread,
            "?ascending=true",
        ),
        (
            "descendants, 17 levels",
            &list(grown.deep, "descendants"),
            "",
        ),
        ("parents, 17 levels above", &list(grown.leaf, "parents"), ""),
    ]
    .into_iter()
    .map(|(name, path, query)| Question {
        name,
        path: format!("{path}{query}"),
    })
    .collect()
}

async fn middle_pages(app: &App, token: &str, grown: &Grown) -> Vec<Question> {
    let mut all = Vec::new();
    for (name, path, order) in [
        ("users, in the middle", list(grown.wide, "users"), ""),
        (
            "users, in the middle, ascending",
            list(grown.wide, "users"),
            "&ascending=true",
        ),
        ("children, in the middle", list(grown.wide, "children"), ""),
        ("siblings, in the middle", list(grown.child, "siblings"), ""),
        (
            "descendants, 3 levels, in the middle",
            list(grown.spread, "descendants"),
            "",
        ),
        (
            "descendants, 17 levels, in the middle",
            list(grown.deep, "descendants"),
            "",
        ),
    ] {
        let key = middle(app, token, &path, order).await;
        all.push(Question {
            name,
            path: format!("{path}?start_key={key}{order}"),
        });
    }
    all
}

/// The key of the page in the middle of a list.
async fn middle(app: &App, token: &str, path: &str, order: &str) -> String {
    let mut key = String::new();
    for _ in 0..SIZE / 1000 {
        let page = format!("{path}?page_size=500&start_key={key}{order}");
        let reply = app.get(page, token).await;
        let next = reply.at("/next_start_key");
        next.as_str().expect("a next page").clone_into(&mut key);
    }
    key
}
