//! The directory: an account with its user, made, listed, changed and deleted over the wire.

use anyhow::{Context as _, ensure};
use doorward_core::digest::md5_credentials;
use serde_json::{Value, json};

use super::{Report, Tour, same};
use crate::commands::demo::client::Answer;
use crate::fail::Outcome;

const USERNAME: &str = "dora";
const PASSWORD: &str = "demo-dora-7";

/// What the steps make one after the other.
#[derive(Default)]
struct Made {
    token: String,
    account: String,
    user: String,
}

impl Tour {
    pub(super) async fn directory(&self, report: &mut Report) -> Outcome {
        let mut made = Made::default();
        report.step("an account is created", self.makes_account(&mut made).await)?;
        report.step("a user is created", self.makes_user(&mut made).await)?;
        report.step("users are listed in pages", self.lists_users().await)?;
        report.step("the new user signs in", self.new_user(&made).await)?;
        report.step("a user is merged", self.merges_user(&made).await)?;
        report.step("bad data is 400 and says where", self.bad_data(&made).await)?;
        report.step(
            "an account with a child is kept",
            self.keeps_parent(&made).await,
        )?;
        report.step("user and account are deleted", self.deletes(&made).await)
    }

    async fn with_token(
        &self,
        method: &str,
        path: &str,
        token: &str,
        data: Value,
    ) -> anyhow::Result<Answer> {
        let headers = [
            ("x-auth-token", token),
            ("content-type", "application/json"),
        ];
        let body = json!({"data": data}).to_string();
        self.client.send(method, path, &headers, body).await
    }

    async fn makes_account(&self, made: &mut Made) -> anyhow::Result<()> {
        let customer = &self.sample.customer;
        made.token = self.token(&customer.login).await?;
        let path = format!("/v2/accounts/{}", customer.account);
        let data = json!({"name": "Tour Branch", "note": {"of": "the tour"}});
        let answer = self
            .with_token("PUT", &path, &made.token, data)
            .await?
            .expect(201)?;
        made.account = answer.text_at("/data/id")?;
        same("custom key", &answer.text_at("/data/note/of")?, "the tour")
    }

    async fn makes_user(&self, made: &mut Made) -> anyhow::Result<()> {
        let path = format!("/v2/accounts/{}/users", made.account);
        let data = json!({
            "first_name": "Dora", "last_name": "Ward", "username": "Dora", "password": PASSWORD,
        });
        let answer = self
            .with_token("PUT", &path, &made.token, data)
            .await?
            .expect(201)?;
        made.user = answer.text_at("/data/id")?;
        ensure!(!answer.text.contains(PASSWORD), "the password came back");
        same(
            "location",
            answer.header("location"),
            &format!("{path}/{}", made.user),
        )?;
        same("username", &answer.text_at("/data/username")?, USERNAME)
    }

    async fn lists_users(&self) -> anyhow::Result<()> {
        let customer = &self.sample.customer;
        let token = self.token(&customer.login).await?;
        let first = format!("/v2/accounts/{}/users?page_size=1", customer.account);
        let page = self.get(&first, &token).await?.expect(200)?;
        let next = page.text_at("/next_start_key")?;
        let second = self
            .get(&format!("{first}&start_key={next}"), &token)
            .await?
            .expect(200)?;
        let id = |page: &Answer| page.text_at("/data/0/id");
        ensure!(
            id(&page)? != id(&second)?,
            "the second page is the first again"
        );
        Ok(())
    }

    async fn new_user(&self, made: &Made) -> anyhow::Result<()> {
        let credentials = md5_credentials(USERNAME, PASSWORD);
        let data = json!({"credentials": credentials, "account_name": "tour-branch"});
        let answer = self.user_auth(data).await?.expect(201)?;
        same("owner", &answer.text_at("/data/owner_id")?, &made.user)
    }

    async fn merges_user(&self, made: &Made) -> anyhow::Result<()> {
        let path = format!("/v2/accounts/{}/users/{}", made.account, made.user);
        let data = json!({"first_name": "Dorothea", "ui_metadata": {"seen": true}});
        self.with_token("PATCH", &path, &made.token, data)
            .await?
            .expect(200)?;
        let answer = self.get(&path, &made.token).await?.expect(200)?;
        same(
            "first name",
            &answer.text_at("/data/first_name")?,
            "Dorothea",
        )?;
        same("last name", &answer.text_at("/data/last_name")?, "Ward")
    }

    async fn bad_data(&self, made: &Made) -> anyhow::Result<()> {
        let path = format!("/v2/accounts/{}/users", made.account);
        let data = json!({"first_name": "Nobody"});
        let answer = self
            .with_token("PUT", &path, &made.token, data)
            .await?
            .expect(400)?;
        answer.text_at("/data/last_name/required/message").map(drop)
    }

    async fn keeps_parent(&self, made: &Made) -> anyhow::Result<()> {
        let path = format!("/v2/accounts/{}", self.sample.customer.account);
        let reseller = self.token(&self.sample.reseller.login).await?;
        let answer = self
            .with_token("DELETE", &path, &reseller, json!({}))
            .await?
            .expect(500)?;
        same(
            "message",
            &answer.text_at("/message")?,
            "account_has_descendants",
        )?;
        self.get(&path, &made.token).await?.expect(200).map(drop)
    }

    async fn deletes(&self, made: &Made) -> anyhow::Result<()> {
        let account = format!("/v2/accounts/{}", made.account);
        let user = format!("{account}/users/{}", made.user);
        let answer = self
            .with_token("DELETE", &user, &made.token, json!({}))
            .await?
            .expect(200)?;
        let deleted = answer.json()?.pointer("/data/_read_only/deleted").cloned();
        ensure!(
            deleted.context("nothing says it was deleted")? == json!(true),
            "not deleted"
        );
        self.get(&user, &made.token).await?.expect(404)?;
        self.with_token("DELETE", &account, &made.token, json!({}))
            .await?
            .expect(200)?;
        self.get(&account, &made.token).await?.expect(404).map(drop)
    }
}
