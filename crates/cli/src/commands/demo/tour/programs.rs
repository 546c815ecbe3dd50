//! Application tokens: what programs prove themselves by.

use anyhow::{Context as _, ensure};
use serde_json::json;

use super::funnelback::{ARCHIVE, PUSH, TOKEN, basic};
use super::{Report, Tour, same};
use crate::commands::demo::client::Answer;
use crate::commands::demo::sample::{self, FEEDS};
use crate::fail::Outcome;

const TOKENS: &str = "/admin-api/application-tokens/v1/clients/shop/application-token";
/// The names of what the tour makes.
const FIRST: &str = "tour";
const SECOND: &str = "tour-2";

/// What the steps make one after the other.
#[derive(Default)]
struct Made {
    admin: String,
    first: String,
    second: String,
}

impl Tour {
    pub(super) async fn programs(&self, report: &mut Report) -> Outcome {
        let mut made = Made::default();
        report.step(
            "an application token is made, with a role",
            self.makes_token(&mut made).await,
        )?;
        report.step(
            "it pushes, by header and by Basic, and does no more",
            self.token_works(&made).await,
        )?;
        report.step("its value is shown once", self.never_listed(&made).await)?;
        report.step("a clone takes its place", self.cloned(&mut made).await)?;
        report.step(
            "a revoked application token is 401",
            self.revoked(&made).await,
        )?;
        report.step(
            "one made on the command line works alike",
            self.founded_token(&made).await,
        )
    }

    async fn makes_token(&self, made: &mut Made) -> anyhow::Result<()> {
        made.admin = self.remembered(&self.sample.admin.login).await?;
        // A tour that was cut may have left them.
        for name in [FIRST, SECOND] {
            self.at_token("DELETE", name, &made.admin).await?;
        }
        let body = json!({"roles": [FEEDS], "expiresInSeconds": 600});
        let path = format!("{TOKENS}/{FIRST}");
        let answer = self
            .put_json(&path, &made.admin, &body)
            .await?
            .expect(200)?;
        made.first = answer.text_at("/data/token")?;
        same(
            "label",
            &answer.text_at("/data/username")?,
            &format!("shop~{FIRST}"),
        )?;
        ensure!(made.first.starts_with("fbat_"), "scanners cannot tell it");
        Ok(())
    }

    async fn at_token(&self, method: &str, rest: &str, admin: &str) -> anyhow::Result<Answer> {
        let path = format!("{TOKENS}/{rest}");
        self.with(method, &path, (TOKEN, admin)).await
    }

    async fn token_works(&self, made: &Made) -> anyhow::Result<()> {
        let pair = basic(&format!("shop~{FIRST}"), &made.first);
        let (commit, archive) = (format!("{PUSH}/commit"), format!("{ARCHIVE}/state"));
        for header in [(TOKEN, made.first.as_str()), ("authorization", &pair)] {
            self.with("POST", &commit, header).await?.expect(200)?;
            self.with("GET", &archive, header).await?.expect(403)?;
        }
        Ok(())
    }

    async fn never_listed(&self, made: &Made) -> anyhow::Result<()> {
        let list = self.with("GET", TOKENS, (TOKEN, &made.admin)).await?;
        let list = list.expect(200)?;
        ensure!(
            list.text.contains(&format!("\"shop~{FIRST}\"")),
            "it is not listed"
        );
        ensure!(!list.text.contains(&made.first), "its value is listed");
        Ok(())
    }

    async fn cloned(&self, made: &mut Made) -> anyhow::Result<()> {
        let rest = format!("{FIRST}/clone?new-name={SECOND}");
        let answer = self.at_token("POST", &rest, &made.admin).await?;
        made.second = answer.expect(200)?.text_at("/data/token")?;
        ensure!(made.second != made.first, "it is the same value");
        self.state(&made.first, 200).await?;
        self.state(&made.second, 200).await
    }

    async fn revoked(&self, made: &Made) -> anyhow::Result<()> {
        let revoked = self.at_token("DELETE", FIRST, &made.admin).await?;
        revoked.expect(200)?;
        self.state(&made.first, 401).await?;
        self.state(&made.second, 200).await?;
        let revoked = self.at_token("DELETE", SECOND, &made.admin).await?;
        revoked.expect(200)?;
        self.state(&made.second, 401).await
    }

    /// Its value is known to the start that made it; a later one sees that it is there.
    async fn founded_token(&self, made: &Made) -> anyhow::Result<()> {
        if let Some(token) = &self.sample.app_token {
            return self.state(token.expose(), 200).await;
        }
        let list = self.with("GET", TOKENS, (TOKEN, &made.admin)).await?;
        ensure!(list.text.contains(sample::TOKEN), "it is not listed");
        Ok(())
    }

    /// What reading the collection's state with a token is answered.
    async fn state(&self, token: &str, status: u16) -> anyhow::Result<()> {
        let path = format!("{PUSH}/state");
        let answer = self.with("GET", &path, (TOKEN, token)).await?;
        answer
            .expect(status)
            .map(drop)
            .context("the collection's state")
    }
}
