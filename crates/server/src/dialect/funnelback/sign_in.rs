//! `POST /admin-api/account/v1/login` (funnelback.md sections 3.1, 3.2 and 3.5).

use axum::body::Body;
use axum::response::Response;
use doorward_core::secret::SecretText;
use doorward_engine::{Engine, Remembered};
use http::Method;
use http::header::{ORIGIN, REFERER};

use super::body::Form;
use super::envelope::Answer;
use super::error::Error;
use super::{Exchange, authority};
use crate::settings::Funnelback;

/// The vendor's own words, to the letter.
const AUTHENTICATED: &str = "Authenticated, see x-security-token.";

/// What is signed in with.
struct Credentials {
    username: String,
    password: SecretText,
}

/// Signs in. Credentials in headers are not looked at.
pub(super) async fn answer(
    engine: &Engine,
    exchange: &Exchange,
    body: Body,
) -> Result<Remembered, Error> {
    if exchange.head.method != Method::POST {
        return Err(Error::MethodNotAllowed(vec![Method::POST]));
    }
    if has_credentials(exchange.head.uri.query().unwrap_or_default()) {
        return Err(Error::BadRequest(
            "username and password belong into the body: a query is written into logs",
        ));
    }
    if exchange.facts.exposed {
        return Err(Error::Plaintext);
    }
    if is_foreign(exchange) {
        return Err(Error::CrossSite);
    }
    let fields = Form::new(body).fields(&exchange.head.headers).await?;
    let credentials = credentials(fields)?;
    let (username, password) = (&credentials.username, &credentials.password);
    let client = exchange.facts.client;
    Ok(engine
        .sign_in_remembered(username, password, client)
        .await?)
}

/// Who signed in.
pub(super) fn respond(
    settings: &Funnelback,
    exchange: &Exchange,
    remembered: &Remembered,
) -> Response {
    Answer::with_token(AUTHENTICATED, remembered.clone()).respond(settings, exchange)
}

/// Each once; anything else beside them is tolerated.
fn credentials(fields: Vec<(String, String)>) -> Result<Credentials, Error> {
    let (mut username, mut password) = (None, None);
    for (name, value) in fields {
        let place = match name.as_str() {
            "username" => &mut username,
            "password" => &mut password,
            _ => continue,
        };
        if place.replace(SecretText::new(value)).is_some() {
            return Err(Error::BadRequest(
                "username and password stand in the body once each",
            ));
        }
    }
    match (username, password) {
        (Some(username), Some(password)) => Ok(Credentials {
            username: username.expose().to_owned(),
            password,
        }),
        _ => Err(Error::BadRequest("username and password are needed")),
    }
}

fn has_credentials(query: &str) -> bool {
    let mut names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
    names.any(|name| matches!(&*name, "username" | "password"))
}

/// Whether a page of another site sent the form, to sign its reader in as somebody else. Programs say nothing of pages.
pub(super) fn is_foreign(exchange: &Exchange) -> bool {
    let headers = &exchange.head.headers;
    let said = [ORIGIN, REFERER]
        .into_iter()
        .find_map(|name| headers.get(name));
    let Some(said) = said else {
        return headers
            .get("sec-fetch-site")
            .is_some_and(|site| matches!(site.as_bytes(), b"cross-site" | b"same-site"));
    };
    let host = said
        .to_str()
        .ok()
        .and_then(|url| url.split_once("://"))
        .and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
    !host.is_some_and(|host| host.eq_ignore_ascii_case(authority(&exchange.head)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[(&str, &str)]) -> Result<(String, String), Error> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let read = credentials(fields.iter().map(owned).collect())?;
        Ok((read.username, read.password.expose().to_owned()))
    }

    #[test]
    fn both_are_needed_once() {
        let good = [("username", "admin"), ("password", "pwd"), ("x", "y")];
        assert_eq!(read(&good).unwrap(), ("admin".into(), "pwd".into()));
        for bad in [
            &[("username", "admin")][..],
            &[("password", "pwd")],
            &[("username", "a"), ("username", "a"), ("password", "p")],
            &[("username", "a"), ("password", "p"), ("password", "q")],
            &[("Username", "a"), ("password", "p")],
        ] {
            assert!(matches!(read(bad), Err(Error::BadRequest(_))), "{bad:?}");
        }
    }

    #[test]
    fn credentials_in_the_query_are_seen_however_they_are_spelled() {
        for query in ["username=a", "x=1&password=p", "p%61ssword=p", "username"] {
            assert!(has_credentials(query), "{query}");
        }
        for query in ["", "remember-me=true", "user=a"] {
            assert!(!has_credentials(query), "{query}");
        }
    }
}
