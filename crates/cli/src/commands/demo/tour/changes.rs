//! Changes that another process makes, and the end of this one.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use doorward_engine::admin::{AccountChange, UserChange};
use doorward_engine::monotonic;
use doorward_store::Actor;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Report, Tour};
use crate::fail::Outcome;
use crate::running::Running;

/// Longest wait for another process's change: a bound for what hangs. How soon it is felt is printed.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time for a half-sent request to arrive, and for a stopping server to stop listening.
const MOMENT: Duration = Duration::from_millis(200);
const X_AUTH_TOKEN: &str = "x-auth-token";
const PAUSE: Duration = Duration::from_millis(10);

impl Tour {
    pub(super) async fn changes(&self, report: &mut Report) -> Outcome {
        report.felt(
            "a password changed elsewhere ends its tokens",
            self.new_password().await,
        )?;
        report.felt(
            "an account switched off elsewhere is 423",
            self.switched_off().await,
        )?;
        report.felt("a rotated API key is dead", self.rotated_key().await)
    }

    /// Waits until a request has this status; how long it took.
    pub(super) async fn felt(
        &self,
        path: &str,
        token: (&str, &str),
        status: u16,
    ) -> anyhow::Result<Duration> {
        let begun = monotonic();
        loop {
            let found = self.with("GET", path, token).await?.status;
            let waited = monotonic().saturating_sub(begun);
            if found == status {
                return Ok(waited);
            }
            ensure!(
                waited < PATIENCE,
                "still {found} instead of {status} after {waited:?}"
            );
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn new_password(&self) -> anyhow::Result<Duration> {
        let person = &self.sample.colleague;
        let token = self.token(&person.login).await?;
        let change = UserChange {
            password: Some("demo-bob-again".into()),
            ..UserChange::default()
        };
        let (engine, actor) = (&self.other.engine, Actor::operator());
        engine
            .change_user(actor, person.account, person.user, change)
            .await?;
        let after = self
            .felt("/v2/token_auth", (X_AUTH_TOKEN, &token), 401)
            .await?;
        let old = self.token(&person.login).await;
        ensure!(old.is_err(), "the old password still signs in");
        let back = UserChange {
            password: Some(person.login.password.into()),
            ..UserChange::default()
        };
        engine
            .change_user(Actor::operator(), person.account, person.user, back)
            .await?;
        Ok(after)
    }

    async fn switched_off(&self) -> anyhow::Result<Duration> {
        let person = &self.sample.neighbour;
        let token = self.token(&person.login).await?;
        let path = format!("/v2/accounts/{}", person.account);
        let mut longest = Duration::ZERO;
        for (enabled, status) in [(false, 423), (true, 200)] {
            let change = AccountChange {
                enabled: Some(enabled),
                ..AccountChange::default()
            };
            let (engine, actor) = (&self.other.engine, Actor::operator());
            engine.change_account(actor, person.account, change).await?;
            longest = longest.max(self.felt(&path, (X_AUTH_TOKEN, &token), status).await?);
        }
        Ok(longest)
    }

    async fn rotated_key(&self) -> anyhow::Result<Duration> {
        let (account, old) = (self.sample.customer.account, self.sample.api_key.expose());
        let signed_in = self
            .put("/v2/api_auth", json!({"api_key": old}))
            .await?
            .expect(201)?;
        let token = signed_in.text_at("/auth_token")?;
        let new = self
            .other
            .engine
            .rotate_api_key(Actor::operator(), account)
            .await?;
        let after = self
            .felt("/v2/token_auth", (X_AUTH_TOKEN, &token), 401)
            .await?;
        self.put("/v2/api_auth", json!({"api_key": old}))
            .await?
            .expect(404)?;
        self.put("/v2/api_auth", json!({"api_key": new.expose()}))
            .await?
            .expect(201)?;
        Ok(after)
    }

    /// Half a request, then the order to stop, then the other half: it is still answered, and nobody
    /// new is let in.
    pub(super) async fn drained(&self, running: Running) -> anyhow::Result<()> {
        let login = &self.sample.customer.login;
        let body = json!({"data": {"credentials": login.md5(), "account_name": login.account}});
        let body = body.to_string();
        let head = format!(
            "PUT /v2/user_auth HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            self.client.0,
            body.len(),
        );
        let mut stream = TcpStream::connect(self.client.0).await?;
        stream.write_all(head.as_bytes()).await?;
        tokio::time::sleep(MOMENT).await;
        let rest = async {
            tokio::time::sleep(MOMENT).await;
            let refused = TcpStream::connect(self.client.0).await.is_err();
            stream.write_all(body.as_bytes()).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            anyhow::Ok((refused, answer))
        };
        let (stopped, answered) = tokio::join!(running.stop(), rest);
        let (refused, answer) = answered.context("the request was cut")?;
        ensure!(
            answer.starts_with("HTTP/1.1 201 "),
            "the request was not answered"
        );
        ensure!(refused, "a new connection was accepted");
        ensure!(stopped.is_ok(), "the server did not stop well");
        Ok(())
    }
}
