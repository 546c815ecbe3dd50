//! `doorward demo --check`: the whole tour over real HTTP, one line per step.

mod changes;
mod directory;
mod doors;
mod endings;
mod funnelback;
mod programs;
mod pushing;
mod signing_in;
mod tokens;
mod wire;

use std::time::Duration;

use anyhow::ensure;
use serde_json::{Value, json};

use super::Stage;
use super::client::{Answer, Client};
use super::login::Login;
use super::sample::Sample;
use crate::fail::{Fail, Outcome};
use crate::output;
use crate::wiring::{self, Opened};

/// What the steps work with.
struct Tour {
    client: Client,
    ops: Client,
    sample: Sample,
    /// Another process's view of the same store.
    other: Opened,
}

/// What came out so far.
#[derive(Default)]
struct Report {
    failed: usize,
}

/// Plays the tour; fails if a step did.
pub(super) async fn play(stage: Stage) -> Outcome {
    let tour = Tour {
        client: Client(stage.public),
        ops: Client(stage.ops),
        sample: stage.sample,
        other: wiring::open_for_command(&stage.settings).await?,
    };
    let mut report = Report::default();
    tour.signing_in(&mut report).await?;
    tour.tokens(&mut report).await?;
    tour.wire(&mut report).await?;
    tour.directory(&mut report).await?;
    tour.changes(&mut report).await?;
    tour.doors(&mut report).await?;
    tour.pushing(&mut report).await?;
    tour.programs(&mut report).await?;
    tour.endings(&mut report).await?;
    let drained = tour.drained(stage.running).await;
    report.step("a stopping server finishes what is in flight", drained)?;
    stage.search.stop().await;
    tour.other.close().await;
    match report.failed {
        0 => Ok(()),
        failed => Err(Fail::new(format!("{failed} steps failed"))),
    }
}

impl Report {
    fn step(&mut self, name: &str, result: anyhow::Result<()>) -> Outcome {
        match result {
            Ok(()) => output::line(&format!("ok    {name}")),
            Err(error) => {
                self.failed += 1;
                output::line(&format!("FAIL  {name}: {error:#}"))
            }
        }
    }

    /// A step that tells how long something took to be felt.
    fn felt(&mut self, name: &str, result: anyhow::Result<Duration>) -> Outcome {
        match result {
            Ok(after) => self.step(
                &format!("{name} (felt after {} ms)", after.as_millis()),
                Ok(()),
            ),
            Err(error) => self.step(name, Err(error)),
        }
    }
}

impl Tour {
    /// `PUT /v2/user_auth` with these members.
    async fn user_auth(&self, data: Value) -> anyhow::Result<Answer> {
        self.put("/v2/user_auth", data).await
    }

    /// `PUT` of an envelope.
    async fn put(&self, path: &str, data: Value) -> anyhow::Result<Answer> {
        self.client
            .send("PUT", path, &[], json!({"data": data}).to_string())
            .await
    }

    /// `GET` with a token.
    async fn get(&self, path: &str, token: &str) -> anyhow::Result<Answer> {
        self.client
            .send("GET", path, &[("x-auth-token", token)], String::new())
            .await
    }

    /// A fresh token.
    async fn token(&self, login: &Login) -> anyhow::Result<String> {
        let data = json!({"credentials": login.md5(), "account_name": login.account});
        self.user_auth(data)
            .await?
            .expect(201)?
            .text_at("/auth_token")
    }
}

/// Whether two texts are the same.
fn same(what: &str, found: &str, expected: &str) -> anyhow::Result<()> {
    ensure!(found == expected, "{what} differs from what is documented");
    Ok(())
}
