//! How the second vendor's clients call: Basic, a form to sign in, the token in its header or cookie.

use anyhow::ensure;
use doorward_core::credential::Basic;
use serde_json::Value;

use super::{Tour, same};
use crate::commands::demo::client::Answer;
use crate::commands::demo::login::Login;

/// The collection that documents are pushed into.
pub(super) const PUSH: &str = "/push-api/v2/collections/example-push";
/// The one that the example's feeder may not touch.
pub(super) const ARCHIVE: &str = "/push-api/v2/collections/example-archive";
/// The caller's own account.
pub(super) const ACCOUNT: &str = "/admin-api/account/v1/";
/// Its users.
pub(super) const USERS: &str = "/admin-api/account/v1/users";
const LOGIN: &str = "/admin-api/account/v1/login";

/// Where a token is presented.
pub(super) const TOKEN: &str = "x-security-token";

impl Tour {
    /// A request without a body that presents one header.
    pub(super) async fn with(
        &self,
        method: &str,
        path: &str,
        header: (&str, &str),
    ) -> anyhow::Result<Answer> {
        self.client
            .send(method, path, &[header], String::new())
            .await
    }

    /// The same with Basic.
    pub(super) async fn basically(
        &self,
        method: &str,
        path: &str,
        login: &Login,
    ) -> anyhow::Result<Answer> {
        let value = basic(login.username, login.password);
        self.with(method, path, ("authorization", &value)).await
    }

    /// A JSON body and a token.
    pub(super) async fn put_json(
        &self,
        path: &str,
        token: &str,
        body: &Value,
    ) -> anyhow::Result<Answer> {
        self.client
            .send("PUT", path, &[(TOKEN, token)], body.to_string())
            .await
    }

    /// Signs in as a form does.
    pub(super) async fn form(&self, username: &str, password: &str) -> anyhow::Result<Answer> {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let body = format!("username={username}&password={password}");
        self.client.send("POST", LOGIN, &form, body).await
    }

    /// A fresh token of this dialect.
    pub(super) async fn remembered(&self, login: &Login) -> anyhow::Result<String> {
        let answer = self.form(login.username, login.password).await?;
        token_of(&answer.expect(200)?)
    }

    /// Whose token it is.
    pub(super) async fn is_of(&self, token: &str, username: &str) -> anyhow::Result<()> {
        let answer = self.with("GET", ACCOUNT, (TOKEN, token)).await?;
        same("id", &answer.expect(200)?.text_at("/data/id")?, username)
    }
}

/// The value of `Authorization`.
pub(super) fn basic(username: &str, password: &str) -> String {
    let basic = Basic {
        user_id: username.to_owned(),
        password: password.into(),
    };
    format!("Basic {}", basic.encode())
}

/// The token in the answer's header.
pub(super) fn token_of(answer: &Answer) -> anyhow::Result<String> {
    let token = answer.header(TOKEN);
    ensure!(!token.is_empty(), "there is no token in the header");
    Ok(token.to_owned())
}

/// Refused as unknown, with a challenge that has no browser ask for a password.
pub(super) fn challenged_without_basic(answer: Answer) -> anyhow::Result<()> {
    let answer = answer.expect(401)?;
    let challenge = answer.header("www-authenticate");
    ensure!(!challenge.is_empty(), "there is no challenge");
    ensure!(!challenge.contains("Basic"), "Basic is asked for");
    Ok(())
}
