//! How the second vendor's tokens end, and that guessing leads nowhere.

use std::time::Duration;

use anyhow::{bail, ensure};
use doorward_engine::admin::UserChange;
use doorward_store::Actor;
use serde_json::json;

use super::funnelback::{ACCOUNT, PUSH, TOKEN, USERS, challenged_without_basic, token_of};
use super::{Report, Tour};
use crate::commands::demo::client::Answer;
use crate::commands::demo::login::Login;
use crate::commands::demo::sample::FEEDS;
use crate::fail::Outcome;

/// Somebody whom the tour makes and takes away again.
const NAME: &str = "tess";
const PASSWORD: &str = "demo-tess-9";
const NEW_PASSWORD: &str = "demo-tess-10";
/// More wrong passwords than are borne.
const GUESSES: usize = 20;

/// What the steps make one after the other.
#[derive(Default)]
struct Made {
    admin: String,
    token: String,
}

impl Tour {
    pub(super) async fn endings(&self, report: &mut Report) -> Outcome {
        let mut made = Made::default();
        report.step(
            "signing out ends one token, not the other",
            self.signs_out().await,
        )?;
        report.step("a user is made over the wire", self.tess(&mut made).await)?;
        report.step(
            "a new password ends the user's tokens",
            self.own_new_password(&mut made).await,
        )?;
        report.step(
            "guessing is 429 and told to wait; a token still works",
            self.guesses(&made).await,
        )?;
        report.step("a deleted user's token is 401", self.deleted(&made).await)?;
        report.felt(
            "one user, both vendors' tokens: a password changed elsewhere ends them",
            self.one_directory().await,
        )
    }

    async fn signs_out(&self) -> anyhow::Result<()> {
        let login = &self.sample.admin.login;
        let (first, second) = (self.remembered(login).await?, self.remembered(login).await?);
        let path = format!("{ACCOUNT}logout");
        self.with("POST", &path, (TOKEN, &first))
            .await?
            .expect(200)?;
        self.check(&first).await?.expect(401)?;
        self.is_of(&second, login.username).await
    }

    async fn check(&self, token: &str) -> anyhow::Result<Answer> {
        self.with("GET", ACCOUNT, (TOKEN, token)).await
    }

    async fn tess(&self, made: &mut Made) -> anyhow::Result<()> {
        made.admin = self.remembered(&self.sample.admin.login).await?;
        // A tour that was cut may have left her.
        self.at_tess("DELETE", &made.admin).await?;
        let body = json!({"fullName": "Tess Tour", "password": PASSWORD, "roles": [FEEDS]});
        let path = format!("{USERS}/{NAME}");
        let answer = self
            .put_json(&path, &made.admin, &body)
            .await?
            .expect(200)?;
        ensure!(!answer.text.contains(PASSWORD), "the password came back");
        made.token = token_of(&self.form(NAME, PASSWORD).await?.expect(200)?)?;
        self.is_of(&made.token, NAME).await
    }

    async fn at_tess(&self, method: &str, admin: &str) -> anyhow::Result<Answer> {
        let path = format!("{USERS}/{NAME}");
        self.with(method, &path, (TOKEN, admin)).await
    }

    async fn own_new_password(&self, made: &mut Made) -> anyhow::Result<()> {
        let other = token_of(&self.form(NAME, PASSWORD).await?.expect(200)?)?;
        let body = json!({"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD});
        let path = format!("{ACCOUNT}password");
        let answer = self
            .put_json(&path, &made.token, &body)
            .await?
            .expect(200)?;
        let fresh = token_of(&answer)?;
        for old in [&made.token, &other] {
            self.check(old).await?.expect(401)?;
        }
        challenged_without_basic(self.form(NAME, PASSWORD).await?)?;
        made.token = fresh;
        self.is_of(&made.token, NAME).await
    }

    async fn guesses(&self, made: &Made) -> anyhow::Result<()> {
        for guess in 0..GUESSES {
            let answer = self.form(NAME, &format!("guess-{guess}")).await?;
            if answer.status == 401 {
                continue;
            }
            let answer = answer.expect(429)?;
            let wait: u64 = answer.header("retry-after").parse()?;
            ensure!(wait > 0, "there is nothing to wait for");
            return self.is_of(&made.token, NAME).await;
        }
        bail!("{GUESSES} guesses were all looked at")
    }

    async fn deleted(&self, made: &Made) -> anyhow::Result<()> {
        self.at_tess("DELETE", &made.admin).await?.expect(200)?;
        self.check(&made.token).await?.expect(401).map(drop)
    }

    async fn one_directory(&self) -> anyhow::Result<Duration> {
        let login = &self.sample.customer.login;
        let crossbar = self.token(login).await?;
        let funnelback = self.remembered(login).await?;
        for token in [&crossbar, &funnelback] {
            self.is_of(token, login.username).await?;
            let path = format!("{PUSH}/state");
            self.with("GET", &path, (TOKEN, token)).await?.expect(200)?;
        }
        self.elsewhere("demo-alice-again").await?;
        let mut longest = Duration::ZERO;
        for token in [&crossbar, &funnelback] {
            longest = longest.max(self.felt(ACCOUNT, (TOKEN, token), 401).await?);
        }
        let Login { password, .. } = *login;
        self.elsewhere(password).await?;
        Ok(longest)
    }

    /// As `doorward user set-password` in another process.
    async fn elsewhere(&self, password: &str) -> anyhow::Result<()> {
        let person = &self.sample.customer;
        let change = UserChange {
            password: Some(password.into()),
            ..UserChange::default()
        };
        let (engine, actor) = (&self.other.engine, Actor::operator());
        engine
            .change_user(actor, person.account, person.user, change)
            .await?;
        Ok(())
    }
}
