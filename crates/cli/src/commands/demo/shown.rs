//! What the example prints: addresses, credentials, and a tour of commands ready to paste.

mod crossbar;
mod funnelback;

use std::path::Path;

use super::Stage;
use super::sample::Person;
use crate::commands::init::shell_word;

/// The whole page.
pub(super) fn page(stage: &Stage, temporary: bool) -> String {
    let data = stage.settings.data.display();
    let fate = if temporary {
        " (gone when this ends)"
    } else {
        ""
    };
    let people: String = stage.sample.people().map(row).concat();
    format!(
        "\
Two commands show the whole mission: `doorward demo`, which is running now and prints what to paste,
and `doorward demo --check`, which plays all of it and more by itself. End this one with Ctrl-C.

  public  http://{public}
  ops     http://{ops}/readyz  /livez  /metrics
  data    {data}{fate}

A small search service stands behind it, on loopback only: it has no authentication of its own.

  {heading}
{people}
Paste into another terminal:

URL=http://{public}

# ==== ONE: Crossbar. Who is asking? ====
{crossbar}
# ==== TWO: Funnelback. May they? The search service, guarded: documents are pushed and found. ====
{funnelback}
# ==== The installation itself ====

cat {folder}/doorward.toml
{program} config check {folder}/doorward.toml --data {folder}
{program} audit --data {folder} --limit 5
{program} account list --data {folder}
",
        public = stage.public,
        ops = stage.ops,
        heading = columns(["ACCOUNT", "REALM", "USERNAME", "PASSWORD", "ACCOUNT ID"]),
        crossbar = crossbar::commands(&stage.sample),
        funnelback = funnelback::commands(&stage.sample, &folder(stage), &program()),
        folder = folder(stage),
        program = program(),
    )
}

/// This very program: nobody says that it is on the shell's path.
fn program() -> String {
    let path = std::env::current_exe().ok();
    let path = path.as_deref().and_then(Path::to_str);
    path.map_or_else(|| "doorward".to_owned(), shell_word)
}

fn folder(stage: &Stage) -> String {
    shell_word(&stage.settings.data.display().to_string())
}

fn columns([account, realm, username, password, id]: [&str; 5]) -> String {
    format!("{account:16}{realm:22}{username:10}{password:15}{id}")
}

fn row(person: &Person) -> String {
    let (login, id) = (person.login, person.account.to_string());
    let row = columns([
        login.account,
        login.realm,
        login.username,
        login.password,
        &id,
    ]);
    format!("  {row}\n")
}
