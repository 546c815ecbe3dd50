//! `user_auth`: signing in with a digest of username and password (crossbar.md section 3).

use doorward_core::credential::DigestKind;
use doorward_core::jwt::SwitchTo;
use doorward_core::secret::equal;
use doorward_engine::{AccountHint, Permit, SignIn};
use serde_json::{Map, Value};

use crate::dialect::crossbar::call::Call;
use crate::dialect::crossbar::envelope::Answer;
use crate::dialect::crossbar::error::Error;
use crate::dialect::crossbar::validate::Details;

const REALM_PATTERN: &str = r"^[.\w_-]+$";

/// `PUT user_auth`. An action here is one that only exists elsewhere.
pub(super) async fn sign_in(call: &Call<'_>) -> Result<Answer, Error> {
    if call.input.parameter("action").is_some() {
        return Err(Error::Forbidden);
    }
    let request = read(call)?;
    let session = call.engine.sign_in(request).await?;
    super::signed_in(call, session).await
}

/// `GET user_auth/{token}`: of the very token that was presented.
pub(super) async fn show(call: &Call<'_>, permit: &Permit) -> Result<Answer, Error> {
    let (Some(named), Some(presented)) = (&call.target.token, call.token()) else {
        return Err(Error::InvalidCredentials);
    };
    if !equal(named.expose().as_bytes(), presented.expose().as_bytes()) {
        return Err(Error::InvalidCredentials);
    }
    super::token_auth::show(call, permit).await
}

fn read(call: &Call<'_>) -> Result<SignIn, Error> {
    let data = call.input.object()?;
    let mut details = Details::default();
    let digest = details.required_text(data, "credentials", (1, 64));
    let kind = method(&mut details, data);
    let account = AccountHint {
        phone: owned(details.text(data, "phone_number", (1, 64))),
        realm: realm(&mut details, data),
        name: owned(details.text(data, "account_name", (1, 128))),
        default: call.settings.account,
    };
    let switch_to = switch_to(&mut details, data);
    details.into_result()?;
    Ok(SignIn {
        account,
        kind,
        digest: digest.unwrap_or_default().into(),
        switch_to,
        client: call.exchange.client.address,
    })
}

/// `method`; the dialect's documents call SHA-1 by two names.
fn method(details: &mut Details, data: &Map<String, Value>) -> DigestKind {
    match data.get("method") {
        None => DigestKind::Md5,
        Some(Value::String(name)) => match name.as_str() {
            "md5" => DigestKind::Md5,
            "sha" | "sha1" => DigestKind::Sha1,
            _ => {
                details.not_one_of("method", &["md5", "sha"]);
                DigestKind::Md5
            }
        },
        Some(_) => {
            details.wrong_type("method", "string");
            DigestKind::Md5
        }
    }
}

/// `account_realm`, or its other name `realm`, whose form is not checked.
fn realm(details: &mut Details, data: &Map<String, Value>) -> Option<String> {
    if let Some(realm) = details.text(data, "account_realm", (4, 253)) {
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
        if realm.chars().all(fits) {
            return Some(realm.to_owned());
        }
        details.no_match("account_realm", REALM_PATTERN);
    }
    let realm = details.text(data, "realm", (0, 253));
    owned(realm.filter(|realm| !realm.is_empty()))
}

/// `as`: an object; which members count is decided when the token is used.
fn switch_to(details: &mut Details, data: &Map<String, Value>) -> Option<SwitchTo> {
    let members = match data.get("as") {
        None => return None,
        Some(Value::Object(members)) => members,
        Some(_) => {
            details.wrong_type("as", "object");
            return None;
        }
    };
    let mut member = |name: &str| match members.get(name) {
        None => None,
        Some(Value::String(id)) if id.len() <= 64 => Some(id.clone()),
        Some(_) => {
            details.wrong_type(&format!("as.{name}"), "string");
            None
        }
    };
    Some(SwitchTo {
        account_id: member("account_id"),
        owner_id: member("owner_id"),
    })
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(object) => object,
            _ => unreachable!("tests pass objects"),
        }
    }

    #[test]
    fn methods_have_three_names() {
        for (name, kind) in [
            ("md5", DigestKind::Md5),
            ("sha", DigestKind::Sha1),
            ("sha1", DigestKind::Sha1),
        ] {
            let mut details = Details::default();
            assert_eq!(method(&mut details, &object(json!({"method": name}))), kind);
            assert!(details.into_result().is_ok());
        }
        for bad in [json!("sha256"), json!(1), json!("MD5")] {
            let mut details = Details::default();
            method(&mut details, &object(json!({ "method": bad })));
            assert!(details.into_result().is_err());
        }
    }

    #[test]
    fn a_realm_is_checked_under_its_proper_name_only() {
        let read = |data: Value| {
            let mut details = Details::default();
            let realm = realm(&mut details, &object(data));
            (realm, details.to_json())
        };
        assert_eq!(read(json!({"realm": "a b"})).0.as_deref(), Some("a b"));
        assert_eq!(read(json!({"realm": ""})).0, None);
        assert!(read(json!({"account_realm": "ab"})).1["account_realm"]["minLength"].is_object());
        assert!(
            read(json!({"account_realm": "a b.com"})).1["account_realm"]["pattern"].is_object()
        );
        let both = json!({"account_realm": "a.example", "realm": "b.example"});
        assert_eq!(read(both).0.as_deref(), Some("a.example"));
    }

    #[test]
    fn switching_is_checked_for_types_only() {
        let mut details = Details::default();
        let switch = switch_to(&mut details, &object(json!({"as": {"account_id": "x"}}))).unwrap();
        assert_eq!(switch.account_id.as_deref(), Some("x"));
        assert_eq!(switch.owner_id, None);
        switch_to(&mut details, &object(json!({"as": {"owner_id": 1}})));
        switch_to(&mut details, &object(json!({"as": []})));
        let said = details.to_json();
        assert!(said["as.owner_id"]["type"].is_object());
        assert!(said["as"]["type"].is_object());
    }
}
