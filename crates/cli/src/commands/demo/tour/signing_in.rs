//! Signing in, in every way and in wrong ways.

use anyhow::ensure;
use serde_json::{Value, json};

use super::super::client::Answer;
use super::super::sample::PHONE;
use super::{Report, Tour, same};
use crate::fail::Outcome;

const WRONG: &str = "00000000000000000000000000000000";

impl Tour {
    pub(super) async fn signing_in(&self, report: &mut Report) -> Outcome {
        report.step(
            "sign in with an MD5 digest and the account's name",
            self.by_name().await,
        )?;
        report.step("sign in with a SHA-1 digest", self.by_sha().await)?;
        report.step("sign in by realm", self.by_realm().await)?;
        report.step("sign in by phone number", self.by_phone().await)?;
        report.step("sign in with an API key", self.by_api_key().await)?;
        report.step("sign in with a form's content type", self.by_form().await)?;
        report.step("sign in at /v1", self.at_v1().await)?;
        report.step("sign in by a tunnelled verb", self.tunnelled().await)?;
        report.step("a wrong password is 401", self.wrong_password().await)?;
        report.step(
            "an unknown account is answered alike",
            self.unknown_account().await,
        )?;
        report.step("an unknown API key is 404", self.unknown_api_key().await)
    }

    fn is_customer(&self, answer: &Answer) -> anyhow::Result<()> {
        let customer = &self.sample.customer;
        ensure!(
            answer.text_at("/auth_token")?.split('.').count() == 3,
            "the token is no JWT"
        );
        same("status", &answer.text_at("/status")?, "success")?;
        same(
            "account_id",
            &answer.text_at("/data/account_id")?,
            &customer.account.to_string(),
        )?;
        same(
            "owner_id",
            &answer.text_at("/data/owner_id")?,
            &customer.user.to_string(),
        )
    }

    async fn signs_in(&self, data: Value) -> anyhow::Result<()> {
        self.is_customer(&self.user_auth(data).await?.expect(201)?)
    }

    fn credentials(&self) -> Value {
        let login = &self.sample.customer.login;
        json!({"credentials": login.md5(), "account_name": login.account})
    }

    async fn by_name(&self) -> anyhow::Result<()> {
        self.signs_in(self.credentials()).await
    }

    async fn by_sha(&self) -> anyhow::Result<()> {
        let login = &self.sample.customer.login;
        let name = login.account;
        self.signs_in(json!({"credentials": login.sha1(), "method": "sha", "account_name": name}))
            .await
    }

    async fn by_realm(&self) -> anyhow::Result<()> {
        let login = &self.sample.customer.login;
        self.signs_in(json!({"credentials": login.md5(), "account_realm": login.realm}))
            .await
    }

    async fn by_phone(&self) -> anyhow::Result<()> {
        let md5 = self.sample.customer.login.md5();
        self.signs_in(json!({"credentials": md5, "phone_number": PHONE}))
            .await
    }

    async fn by_api_key(&self) -> anyhow::Result<()> {
        let data = json!({"api_key": self.sample.api_key.expose()});
        let answer = self.put("/v2/api_auth", data).await?.expect(201)?;
        let account = self.sample.customer.account.to_string();
        same("account_id", &answer.text_at("/data/account_id")?, &account)?;
        ensure!(
            answer.text_at("/data/owner_id").is_err(),
            "an API key has no user"
        );
        Ok(())
    }

    async fn by_form(&self) -> anyhow::Result<()> {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let body = json!({"data": self.credentials()}).to_string();
        let answer = self
            .client
            .send("PUT", "/v2/user_auth", &form, body)
            .await?;
        self.is_customer(&answer.expect(201)?)
    }

    async fn at_v1(&self) -> anyhow::Result<()> {
        self.is_customer(
            &self
                .put("/v1/user_auth", self.credentials())
                .await?
                .expect(201)?,
        )
    }

    async fn tunnelled(&self) -> anyhow::Result<()> {
        let body = json!({"data": self.credentials(), "verb": "PUT"}).to_string();
        let answer = self.client.send("POST", "/v2/user_auth", &[], body).await?;
        self.is_customer(&answer.expect(200)?)
    }

    async fn wrong_password(&self) -> anyhow::Result<()> {
        let name = self.sample.customer.login.account;
        let data = json!({"credentials": WRONG, "account_name": name});
        let answer = self.user_auth(data).await?.expect(401)?;
        same(
            "message",
            &answer.text_at("/message")?,
            "invalid_credentials",
        )?;
        same("error", &answer.text_at("/error")?, "401")?;
        same(
            "data.message",
            &answer.text_at("/data/message")?,
            "invalid credentials",
        )?;
        ensure!(
            answer.header("www-authenticate").is_empty(),
            "there is a challenge"
        );
        Ok(())
    }

    async fn unknown_account(&self) -> anyhow::Result<()> {
        let name = self.sample.customer.login.account;
        let known = self
            .user_auth(json!({"credentials": WRONG, "account_name": name}))
            .await?;
        let unknown = self
            .user_auth(json!({"credentials": WRONG, "account_name": "nobody"}))
            .await?;
        ensure!(known.status == unknown.status, "the status differs");
        ensure!(
            without_id(&known)? == without_id(&unknown)?,
            "the body differs"
        );
        let names = |answer: &Answer| answer.headers.keys().cloned().collect::<Vec<_>>();
        ensure!(names(&known) == names(&unknown), "the headers differ");
        Ok(())
    }

    async fn unknown_api_key(&self) -> anyhow::Result<()> {
        let key = "0".repeat(64);
        let answer = self
            .put("/v2/api_auth", json!({"api_key": key}))
            .await?
            .expect(404)?;
        ensure!(!answer.text.contains(&key), "the key is echoed");
        Ok(())
    }
}

/// The body without what differs in each answer.
fn without_id(answer: &Answer) -> anyhow::Result<Value> {
    let mut body = answer.json()?;
    if let Some(members) = body.as_object_mut() {
        members.remove("request_id");
        members.remove("timestamp");
    }
    Ok(body)
}
