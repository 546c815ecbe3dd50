//! The ways into the guarded search service: Basic, a token, its cookie.

use anyhow::{Context as _, ensure};

use super::funnelback::{ACCOUNT, PUSH, TOKEN, challenged_without_basic, token_of};
use super::{Report, Tour, same};
use crate::commands::demo::login::Login;
use crate::fail::Outcome;

const COOKIE: &str = "SPRING_SECURITY_REMEMBER_ME_COOKIE";

impl Tour {
    pub(super) async fn doors(&self, report: &mut Report) -> Outcome {
        report.step("Basic opens the push API", self.basic_pushes().await)?;
        report.step("without it, Basic is asked for", self.asked_for().await)?;
        report.step("a wrong Basic password is 401", self.wrong_basic().await)?;
        report.step(
            "signing in gives a token, in header and cookie",
            self.gives_token().await,
        )?;
        report.step("the token opens both APIs", self.token_opens().await)?;
        report.step("so does the cookie", self.cookie_opens().await)?;
        report.step(
            "the admin API refuses Basic and does not ask for it",
            self.no_basic_at_admin().await,
        )?;
        report.step(
            "a wrong password at sign-in is 401 without Basic",
            self.wrong_form().await,
        )?;
        report.step("a password in the query is 400", self.in_query().await)?;
        report.step(
            "a cookie changes nothing for a page of another site",
            self.foreign_page().await,
        )
    }

    async fn basic_pushes(&self) -> anyhow::Result<()> {
        // The vendor's own example, to the letter.
        let header = ("authorization", "Basic YWRtaW46cHdk");
        let path = "/push-api/v1/collections/example-push/state";
        let answer = self.with("GET", path, header).await?.expect(200)?;
        let state = answer.text_at("/state")?;
        ensure!(
            ["STOPPED", "RUNNING"].contains(&state.as_str()),
            "the state is another one"
        );
        Ok(())
    }

    async fn asked_for(&self) -> anyhow::Result<()> {
        let path = format!("{PUSH}/state");
        let answer = self.client.send("GET", &path, &[], String::new()).await?;
        same(
            "the challenge",
            answer.expect(401)?.header("www-authenticate"),
            "Basic realm=\"Funnelback\", charset=\"UTF-8\"",
        )
    }

    async fn wrong_basic(&self) -> anyhow::Result<()> {
        let login = Login {
            password: "wrong",
            ..self.sample.reader.login
        };
        let answer = self
            .basically("GET", &format!("{PUSH}/state"), &login)
            .await?
            .expect(401)?;
        ensure!(
            answer.header("www-authenticate").starts_with("Basic "),
            "Basic is not asked for"
        );
        Ok(())
    }

    async fn gives_token(&self) -> anyhow::Result<()> {
        let login = &self.sample.admin.login;
        let answer = self.form(login.username, login.password).await?;
        let answer = answer.expect(200)?;
        same(
            "the body",
            &answer.text,
            r#"{"errorMessage":null,"data":"Authenticated, see x-security-token."}"#,
        )?;
        let token = token_of(&answer)?;
        let cookie = answer.header("set-cookie");
        ensure!(
            cookie.starts_with(&format!("{COOKIE}={token}; ")),
            "the cookie holds another token"
        );
        ensure!(cookie.contains("; HttpOnly"), "scripts can read the cookie");
        Ok(())
    }

    async fn token_opens(&self) -> anyhow::Result<()> {
        let login = &self.sample.admin.login;
        let token = self.remembered(login).await?;
        self.is_of(&token, login.username).await?;
        let path = format!("{PUSH}/state");
        self.with("GET", &path, (TOKEN, &token))
            .await?
            .expect(200)?;
        Ok(())
    }

    async fn cookie_opens(&self) -> anyhow::Result<()> {
        let cookie = self.cookie().await?;
        for path in [ACCOUNT, &format!("{PUSH}/state")] {
            self.with("GET", path, ("cookie", &cookie))
                .await?
                .expect(200)
                .with_context(|| path.to_owned())?;
        }
        Ok(())
    }

    async fn cookie(&self) -> anyhow::Result<String> {
        let token = self.remembered(&self.sample.admin.login).await?;
        Ok(format!("{COOKIE}={token}"))
    }

    async fn no_basic_at_admin(&self) -> anyhow::Result<()> {
        let login = &self.sample.admin.login;
        challenged_without_basic(self.basically("GET", ACCOUNT, login).await?)
    }

    async fn wrong_form(&self) -> anyhow::Result<()> {
        let username = self.sample.reader.login.username;
        challenged_without_basic(self.form(username, "wrong").await?)
    }

    async fn in_query(&self) -> anyhow::Result<()> {
        let login = &self.sample.admin.login;
        let path = format!(
            "{ACCOUNT}login?username={}&password={}",
            login.username, login.password
        );
        let answer = self.client.send("POST", &path, &[], String::new()).await?;
        answer.expect(400).map(drop)
    }

    async fn foreign_page(&self) -> anyhow::Result<()> {
        let cookie = self.cookie().await?;
        let path = format!("{PUSH}/documents?key=https://tour.example/foreign");
        let ours = format!("http://{}", self.client.0);
        for (method, origin, status) in [
            ("PUT", "https://evil.example", 403),
            ("PUT", "null", 403),
            ("DELETE", &ours, 200),
        ] {
            let headers = [("cookie", cookie.as_str()), ("origin", origin)];
            let answer = self.client.send(method, &path, &headers, String::new());
            answer
                .await?
                .expect(status)
                .with_context(|| origin.to_owned())?;
        }
        Ok(())
    }
}
