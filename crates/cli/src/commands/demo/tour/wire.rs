//! What is neither signing in nor a token: browsers, unknown paths, probes.

use anyhow::ensure;

use super::{Report, Tour, same};
use crate::fail::Outcome;

impl Tour {
    pub(super) async fn wire(&self, report: &mut Report) -> Outcome {
        report.step("a browser's preflight is answered", self.preflight().await)?;
        report.step("a resource's other verbs are 405", self.wrong_verb().await)?;
        report.step(
            "an unknown resource is 401, and 404 with a token",
            self.unknown().await,
        )?;
        report.step("the request's id is echoed", self.request_id().await)?;
        report.step("/livez says the process runs", self.probe("/livez").await)?;
        report.step("/readyz says it can decide", self.probe("/readyz").await)?;
        report.step("/metrics counts", self.metrics().await)
    }

    async fn preflight(&self) -> anyhow::Result<()> {
        let headers = [
            ("origin", "https://app.example"),
            ("access-control-request-method", "PUT"),
        ];
        let answer = self
            .client
            .send("OPTIONS", "/v2/user_auth", &headers, String::new())
            .await?;
        let answer = answer.expect(200)?;
        same(
            "the origin",
            answer.header("access-control-allow-origin"),
            "*",
        )?;
        ensure!(
            answer
                .header("access-control-allow-methods")
                .contains("PUT"),
            "PUT is not listed"
        );
        Ok(())
    }

    async fn wrong_verb(&self) -> anyhow::Result<()> {
        self.client
            .send("GET", "/v2/user_auth", &[], String::new())
            .await?
            .expect(405)?;
        Ok(())
    }

    async fn unknown(&self) -> anyhow::Result<()> {
        self.client
            .send("GET", "/v2/nothing", &[], String::new())
            .await?
            .expect(401)?;
        let token = self.token(&self.sample.customer.login).await?;
        self.get("/v2/nothing", &token).await?.expect(404)?;
        Ok(())
    }

    async fn request_id(&self) -> anyhow::Result<()> {
        let headers = [("x-request-id", "tour-1")];
        let answer = self
            .client
            .send("GET", "/v2/token_auth", &headers, String::new())
            .await?;
        same("the header", answer.header("x-request-id"), "tour-1")?;
        same("the body's id", &answer.text_at("/request_id")?, "tour-1")
    }

    async fn probe(&self, path: &str) -> anyhow::Result<()> {
        self.ops
            .send("GET", path, &[], String::new())
            .await?
            .expect(200)?;
        Ok(())
    }

    async fn metrics(&self) -> anyhow::Result<()> {
        let answer = self
            .ops
            .send("GET", "/metrics", &[], String::new())
            .await?
            .expect(200)?;
        ensure!(
            answer.text.contains("doorward_logins_total"),
            "sign-ins are not counted"
        );
        for person in self.sample.people() {
            let id = person.account.to_string();
            ensure!(!answer.text.contains(&id), "an account's id is a label");
        }
        Ok(())
    }
}
