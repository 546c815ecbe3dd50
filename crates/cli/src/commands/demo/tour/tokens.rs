//! Tokens: where they get one in, and how they end.

use anyhow::{Context as _, ensure};
use doorward_core::credential::Basic;
use serde_json::json;

use super::{Report, Tour, same};
use crate::fail::Outcome;

impl Tour {
    pub(super) async fn tokens(&self, report: &mut Report) -> Outcome {
        report.step("a token reads its account", self.reads_account().await)?;
        report.step("a token reads its user", self.reads_user().await)?;
        report.step(
            "a reseller reaches its customer's branch",
            self.reaches_down().await,
        )?;
        report.step(
            "a customer does not reach its neighbour",
            self.not_sideways().await,
        )?;
        report.step("no token is 401", self.no_token().await)?;
        report.step("Basic gets in without a token", self.basic().await)?;
        report.step("tokeninfo says whose a token is", self.tokeninfo().await)?;
        report.step("the public key can be fetched", self.public_key().await)?;
        report.step("a token is refreshed", self.refresh().await)?;
        report.step("a revoked token is 401", self.revoke().await)
    }

    async fn reads_account(&self) -> anyhow::Result<()> {
        let person = &self.sample.customer;
        let token = self.token(&person.login).await?;
        let answer = self
            .get(&format!("/v2/accounts/{}", person.account), &token)
            .await?;
        same(
            "name",
            &answer.expect(200)?.text_at("/data/name")?,
            person.login.account,
        )
    }

    async fn reads_user(&self) -> anyhow::Result<()> {
        let person = &self.sample.colleague;
        let token = self.token(&person.login).await?;
        let path = format!("/v2/accounts/{}/users/{}", person.account, person.user);
        let answer = self.get(&path, &token).await?.expect(200)?;
        same(
            "username",
            &answer.text_at("/data/username")?,
            person.login.username,
        )
    }

    async fn reaches_down(&self) -> anyhow::Result<()> {
        let token = self.token(&self.sample.reseller.login).await?;
        let path = format!("/v2/accounts/{}", self.sample.branch.account);
        self.get(&path, &token).await?.expect(200)?;
        Ok(())
    }

    async fn not_sideways(&self) -> anyhow::Result<()> {
        let token = self.token(&self.sample.customer.login).await?;
        let path = format!("/v2/accounts/{}", self.sample.neighbour.account);
        self.get(&path, &token).await?.expect(403)?;
        Ok(())
    }

    async fn no_token(&self) -> anyhow::Result<()> {
        let path = format!("/v2/accounts/{}", self.sample.customer.account);
        self.client
            .send("GET", &path, &[], String::new())
            .await?
            .expect(401)?;
        Ok(())
    }

    async fn basic(&self) -> anyhow::Result<()> {
        let person = &self.sample.customer;
        let basic = Basic {
            user_id: person.account.to_string(),
            password: person.login.md5().into(),
        };
        let value = format!("Basic {}", basic.encode());
        let path = format!("/v2/accounts/{}", person.account);
        let answer = self
            .client
            .send("GET", &path, &[("authorization", &value)], String::new())
            .await?;
        answer.expect(200)?;
        Ok(())
    }

    async fn tokeninfo(&self) -> anyhow::Result<()> {
        let person = &self.sample.customer;
        let body = json!({"data": {"token": self.token(&person.login).await?}}).to_string();
        let answer = self
            .client
            .send("POST", "/v2/auth/tokeninfo", &[], body)
            .await?
            .expect(200)?;
        same(
            "account_id",
            &answer.text_at("/data/account_id")?,
            &person.account.to_string(),
        )?;
        same(
            "owner_id",
            &answer.text_at("/data/owner_id")?,
            &person.user.to_string(),
        )
    }

    async fn public_key(&self) -> anyhow::Result<()> {
        let token = self.token(&self.sample.root.login).await?;
        let keys = self.get("/v2/auth/keys", &token).await?.expect(200)?;
        let id = keys.text_at("/data/0").context("no key is listed")?;
        let key = self
            .get(&format!("/v2/auth/keys/{id}"), &token)
            .await?
            .expect(200)?;
        let pem = key.text_at("/data/public_key_pem")?;
        ensure!(
            pem.starts_with("-----BEGIN RSA PUBLIC KEY-----\n"),
            "this is no public key"
        );
        Ok(())
    }

    async fn refresh(&self) -> anyhow::Result<()> {
        let token = self.token(&self.sample.customer.login).await?;
        let body = json!({"action": "refresh_token", "data": {"action": "refresh_token"}});
        let headers = [("x-auth-token", token.as_str())];
        let answer = self
            .client
            .send("PUT", "/v2/auth", &headers, body.to_string())
            .await?;
        let fresh = answer.expect(201)?.text_at("/auth_token")?;
        ensure!(fresh != token, "it is the same token");
        self.get("/v2/token_auth", &fresh).await?.expect(200)?;
        self.get("/v2/token_auth", &token).await?.expect(200)?;
        Ok(())
    }

    async fn revoke(&self) -> anyhow::Result<()> {
        let token = self.token(&self.sample.customer.login).await?;
        let headers = [("x-auth-token", token.as_str())];
        let revoked = self
            .client
            .send("DELETE", "/v2/token_auth", &headers, String::new())
            .await?;
        revoked.expect(200)?;
        self.get("/v2/token_auth", &token).await?.expect(401)?;
        Ok(())
    }
}
