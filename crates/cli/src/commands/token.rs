//! `doorward token`: what a token says, and the end of it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use doorward_core::credential::MAX_CREDENTIAL;
use doorward_core::id::TokenId;
use doorward_core::secret::SecretText;
use doorward_engine::TokenInfo;
use doorward_store::Actor;
use serde_json::{Value, json};

use crate::args::{self, Json, OneToken, RotatedKey};
use crate::fail::{Fail, Outcome};
use crate::output::{self, Format};
use crate::views;
use crate::wiring::{self, Opened};

/// The longest life that can be configured.
const LONGEST_LIFE: Duration = Duration::from_hours(10 * 365 * 24);

/// What the command line names.
enum Named {
    /// A token that was read.
    Token(SecretText),
    /// A token's id.
    Id(TokenId),
}

pub(crate) async fn run(command: args::Token) -> Outcome {
    match command {
        args::Token::Inspect(which) => {
            let (opened, named) = open(&which).await?;
            let view = match named {
                Named::Token(token) => inspect(&opened, &token).await?,
                Named::Id(id) => inspect_id(&opened, id).await?,
            };
            finish(opened, which.json, &view).await
        }
        args::Token::Revoke(which) => {
            let (opened, named) = open(&which).await?;
            let view = match named {
                Named::Token(token) => revoke(&opened, &token).await?,
                Named::Id(id) => revoke_id(&opened, id).await?,
            };
            finish(opened, which.json, &view).await
        }
        args::Token::RotateKey(which) => {
            let opened = wiring::open(&which.place).await?;
            let actor = Actor::operator();
            let (purpose, id) = match which.purpose {
                RotatedKey::RememberMe => (
                    "remember-me",
                    opened.engine.rotate_remember_me_key(actor).await?,
                ),
                RotatedKey::Assertion => (
                    "assertion",
                    opened.engine.rotate_assertion_key(actor).await?,
                ),
            };
            finish(opened, which.json, &json!({"id": id, "purpose": purpose})).await
        }
    }
}

async fn open(which: &OneToken) -> Outcome<(Opened, Named)> {
    let named = named(which)?;
    Ok((wiring::open(&which.place).await?, named))
}

async fn finish(opened: Opened, json: Json, view: &Value) -> Outcome {
    opened.close().await;
    output::object(Format::choose(json.json), view)
}

/// Decision 22: whoever can list processes or read the shell's history must not find a token.
fn named(which: &OneToken) -> Outcome<Named> {
    let text = which.token.as_str();
    if text == "-" {
        return read(io::stdin().lock()).map(Named::Token);
    }
    if let Some(path) = text.strip_prefix('@') {
        let path = Path::new(path);
        let file = File::open(path).map_err(|error| Fail::file("read", path, error))?;
        return read(file).map(Named::Token);
    }
    text.parse().map(Named::Id).map_err(|_| {
        Fail::usage("a token never stands on the command line, where others can read it")
            .hint("write it to standard input and give -, or to a file and give @FILE")
            .hint("or give the token's id, its jti")
    })
}

fn read(input: impl Read) -> Outcome<SecretText> {
    let mut text = String::with_capacity(MAX_CREDENTIAL + 2);
    input
        .take(MAX_CREDENTIAL as u64 + 2)
        .read_to_string(&mut text)
        .map_err(|_| Fail::new("cannot read the token as text"))?;
    let text = SecretText::new(text);
    let token = SecretText::from(text.expose().trim());
    if token.is_empty() {
        return Err(Fail::new("there is no token in the input"));
    }
    Ok(token)
}

async fn what_it_says(opened: &Opened, token: &SecretText) -> Outcome<TokenInfo> {
    opened
        .engine
        .inspect_token(token)
        .await?
        .map_err(|error| Fail::new(format!("this token is not good here: {error}")))
}

async fn inspect(opened: &Opened, token: &SecretText) -> Outcome<Value> {
    Ok(views::token(&what_it_says(opened, token).await?))
}

/// Of an id it is only known whether it was revoked.
async fn inspect_id(opened: &Opened, id: TokenId) -> Outcome<Value> {
    let denied = opened
        .engine
        .store()
        .denied_tokens(opened.engine.now())
        .await?;
    let until = denied
        .iter()
        .find(|(denied, _)| *denied == id)
        .map(|(_, until)| *until);
    Ok(json!({
        "id": id,
        "revoked": until.is_some(),
        "revoked_until": until.map(doorward_core::time::Timestamp::iso8601),
    }))
}

async fn revoke(opened: &Opened, token: &SecretText) -> Outcome<Value> {
    let info = what_it_says(opened, token).await?;
    opened
        .engine
        .deny_token(Actor::operator(), info.account, info.id, info.expires)
        .await?;
    Ok(json!({"id": info.id, "revoked": true, "revoked_until": info.expires.iso8601()}))
}

/// Nobody knows when a token ends of which only the id is known: it is refused for as long as any
/// token can live, whatever the configuration was when it was issued.
async fn revoke_id(opened: &Opened, id: TokenId) -> Outcome<Value> {
    let engine = &opened.engine;
    let until = engine.now().plus(LONGEST_LIFE);
    engine
        .deny_token(Actor::operator(), engine.root(), id, until)
        .await?;
    Ok(json!({"id": id, "revoked": true, "revoked_until": until.iso8601()}))
}
