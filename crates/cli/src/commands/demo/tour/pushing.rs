//! Documents go in by right, and everybody finds them.

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::funnelback::{ARCHIVE, PUSH, TOKEN, USERS, basic};
use super::{Report, Tour};
use crate::fail::Outcome;

const KEY: &str = "https://tour.example/quokka";
/// A word that no other document has.
const WORD: &str = "quokkas";

impl Tour {
    pub(super) async fn pushing(&self, report: &mut Report) -> Outcome {
        report.step(
            "what is pushed is found after the commit, not before",
            self.found_when_committed().await,
        )?;
        report.step(
            "a role for one collection is 403 in another",
            self.one_collection().await,
        )?;
        report.step(
            "no spelling of a path gets around that",
            self.tricks().await,
        )?;
        report.step(
            "a role for searching is 403 at the push API",
            self.reader_pushes_nothing().await,
        )?;
        report.step("the list of users needs a right", self.user_list().await)?;
        report.step("everybody may search", self.everybody().await)?;
        report.step(
            "a wrong credential is 401 where none is needed",
            self.wrong_where_open().await,
        )
    }

    /// Leaves nothing behind, and does not mind what a tour that was cut left.
    async fn found_when_committed(&self) -> anyhow::Result<()> {
        let document = format!("{PUSH}/documents?key={KEY}");
        let gone = async || {
            self.as_feeder("DELETE", &document).await?;
            self.as_feeder("POST", &format!("{PUSH}/commit")).await
        };
        gone().await?;
        let login = &self.sample.feeder.login;
        let value = basic(login.username, login.password);
        let headers = [
            ("authorization", value.as_str()),
            ("content-type", "text/html"),
        ];
        let page = format!("<title>On {WORD}</title><p>They smile.");
        self.client
            .send("PUT", &document, &headers, page)
            .await?
            .expect(200)?;
        ensure!(self.hits().await? == 0, "found before the commit");
        self.as_feeder("POST", &format!("{PUSH}/commit")).await?;
        ensure!(self.hits().await? == 1, "not found after the commit");
        gone().await?;
        ensure!(self.hits().await? == 0, "found after it was taken away");
        Ok(())
    }

    async fn as_feeder(&self, method: &str, path: &str) -> anyhow::Result<()> {
        let login = &self.sample.feeder.login;
        let answer = self.basically(method, path, login).await?;
        answer.expect(200).map(drop)
    }

    async fn hits(&self) -> anyhow::Result<u64> {
        let path = format!("/s/search.json?collection=example-push&query={WORD}");
        let answer = self.client.send("GET", &path, &[], String::new()).await?;
        let body = answer.expect(200)?.json()?;
        body.pointer("/response/resultPacket/resultsSummary/totalMatching")
            .and_then(Value::as_u64)
            .context("the answer does not say how many there are")
    }

    async fn one_collection(&self) -> anyhow::Result<()> {
        let login = &self.sample.feeder.login;
        for (method, rest) in [
            ("GET", "state"),
            ("PUT", "documents?key=https://a.example/"),
        ] {
            self.basically(method, &format!("{ARCHIVE}/{rest}"), login)
                .await?
                .expect(403)?;
        }
        Ok(())
    }

    async fn tricks(&self) -> anyhow::Result<()> {
        let login = &self.sample.feeder.login;
        for path in [
            format!("{PUSH}/../example-archive/state"),
            format!("{PUSH}/%2e%2e/example-archive/state"),
            format!("{PUSH}/..%2fexample-archive/state"),
            format!("{PUSH}%2f..%2fexample-archive/state"),
        ] {
            let answer = self.basically("GET", &path, login).await?;
            answer.expect(400).with_context(|| path.clone())?;
        }
        Ok(())
    }

    async fn reader_pushes_nothing(&self) -> anyhow::Result<()> {
        let login = &self.sample.reader.login;
        for (method, rest) in [("GET", "state"), ("POST", "commit")] {
            self.basically(method, &format!("{PUSH}/{rest}"), login)
                .await?
                .expect(403)?;
        }
        Ok(())
    }

    async fn user_list(&self) -> anyhow::Result<()> {
        let (admin, feeder) = (&self.sample.admin.login, &self.sample.feeder.login);
        let token = self.remembered(feeder).await?;
        self.is_of(&token, feeder.username).await?;
        self.with("GET", USERS, (TOKEN, &token))
            .await?
            .expect(403)?;
        let token = self.remembered(admin).await?;
        let users = self
            .with("GET", USERS, (TOKEN, &token))
            .await?
            .expect(200)?;
        ensure!(
            users.text.contains("\"id\":\"feeder\""),
            "a user is not listed"
        );
        Ok(())
    }

    async fn everybody(&self) -> anyhow::Result<()> {
        for (form, media_type) in [
            ("json", "application/json"),
            ("xml", "application/xml"),
            ("html", "text/html"),
        ] {
            let path = format!("/s/search.{form}?collection=example-push&query=library");
            let answer = self.client.send("GET", &path, &[], String::new()).await?;
            let answer = answer.expect(200)?;
            ensure!(
                answer.header("content-type").starts_with(media_type),
                "{form} is of another type"
            );
            ensure!(
                answer.text.contains("www.fernhollow.example/library/hours"),
                "not found"
            );
        }
        Ok(())
    }

    async fn wrong_where_open(&self) -> anyhow::Result<()> {
        let value = basic("nobody", "nothing");
        let path = "/s/search.json?collection=example-push&query=library";
        let answer = self.with("GET", path, ("authorization", &value)).await?;
        answer.expect(401).map(drop)
    }
}
