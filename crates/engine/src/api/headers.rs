//! What an upstream is told about the caller (contract.md section 5, decision 38), and the keys to believe it by.

use doorward_core::id::TokenId;
use doorward_core::jwt::{ASSERTION_SECONDS, ActingParty, Assertion, AssertionKey};
use doorward_core::permission::RoleName;
use doorward_core::strip::header_value;
use http::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::Passage;
use crate::Engine;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
impl Engine {
    /// The headers that tell the upstream who is asking, to be set after everything of these names was stripped. A
    /// header without a value is absent.
    #[must_use]
    pub fn identity_headers(
        &self,
        passage: &Passage,
        request_id: &str,
    ) -> Vec<(HeaderName, HeaderValue)> {
        let names = &passage.api().headers;
        let mut headers = Vec::with_capacity(8);
        let mut set = |name: &HeaderName, value: &str| {
            headers.extend(header_value(value).map(|value| (name.clone(), value)));
        };
        set(&REQUEST_ID, request_id);
        set(&names.method, passage.method().as_str());
        if let Some(identity) = passage.identity() {
            set(&names.account, &identity.account.to_string());
            if let Some(user) = identity.user {
                set(&names.user, &user.to_string());
            }
            if let Some(by) = identity.impersonator {
                set(&names.actor, &by.user.to_string());
            }
        }
        let username = passage.user().and_then(|user| user.username.as_deref());
        if let Some(username) = username {
            set(&names.username, username);
        }
        let roles: Vec<&str> = passage.roles().iter().map(RoleName::as_str).collect();
        if !roles.is_empty() {
            set(&names.roles, &roles.join(","));
        }
        if passage.api().assertion
            && let Some(assertion) = self.assertion(passage)
        {
            headers.push((names.assertion.clone(), assertion));
        }
        headers
    }

    /// The signed form of the same; none for anonymous callers.
    fn assertion(&self, passage: &Passage) -> Option<HeaderValue> {
        let identity = passage.identity()?;
        let keys = self.0.keys.load();
        let guarding = self.0.guarding.load();
        let now = self.now().unix();
        let user = passage.user();
        let assertion = Assertion {
            iss: guarding.origins.first().map_or("", String::as_str),
            sub: identity
                .user
                .map_or_else(|| identity.account.to_string(), |user| user.to_string()),
            aud: &passage.api().name,
            account_id: identity.account,
            username: user.and_then(|user| user.username.as_deref()),
            roles: passage.roles().iter().map(RoleName::as_str).collect(),
            amr: &identity.factors,
            act: identity.impersonator.map(|by| ActingParty {
                sub: by.user,
                account_id: by.account,
            }),
            jti: TokenId::new(self.random().bytes()),
            iat: now,
            exp: now.saturating_add(ASSERTION_SECONDS),
        };
        let signed = keys.assertion()?.sign(&assertion);
        let signed = signed.inspect_err(|error| tracing::error!(%error, "no assertion was signed"));
        let mut value = HeaderValue::from_str(signed.ok()?.expose()).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The public keys by which upstreams verify assertions (RFC 7517 section 5); no key of another purpose.
    #[must_use]
    pub fn jwks(&self) -> Value {
        let keys = self.0.keys.load();
        let keys: Vec<Value> = keys.assertions().iter().map(AssertionKey::jwk).collect();
        json!({ "keys": keys })
    }
}
