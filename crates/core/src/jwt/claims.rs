//! The claims of a Crossbar token: those the dialect documents, and ours (decision 17).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::digest;
use crate::id::{AccountId, TokenId, UserId};
use crate::identity::{AuthMethod, CredentialKind, Factor, Rest, Subject};
use crate::secret::SecretText;

/// The value of `iss` in every token.
pub const ISSUER: &str = "kazoo";

/// Everything a token says. Clients decode it, so the documented names are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Claims {
    /// Always [`ISSUER`].
    pub iss: String,
    /// The account the token was issued for.
    pub account_id: AccountId,
    /// The user it was issued for; absent for account keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<UserId>,
    /// How it was obtained.
    pub method: AuthMethod,
    /// Unix seconds from which on it is no longer valid (RFC 7519 section 4.1.4).
    pub exp: i64,
    /// Unix seconds of issue.
    pub iat: i64,
    /// Unix seconds of the sign-in this token goes back to; kept through refresh (decision 17).
    pub auth_time: i64,
    /// What proved the identity (RFC 8176).
    pub amr: Vec<Factor>,
    /// The kind of credential it goes back to.
    pub cred: CredentialKind,
    /// The token's own id, by which it is revoked.
    pub jti: TokenId,
    /// Generation of every principal the token rests on.
    #[serde(rename = "gen")]
    pub generations: GenerationClaims,
    /// See [`identity_signature`].
    pub identity_sig: String,
    /// Account switching inside the token (crossbar.md section 5.5).
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    pub switch_to: Option<SwitchTo>,
    /// The impersonator's account (crossbar.md section 3.8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_account_id: Option<AccountId>,
    /// The impersonator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_owner_id: Option<UserId>,
}

/// The `as` claim as the client supplied it; it counts only when both members are there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchTo {
    /// A descendant of the token's account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// A user of that account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<String>,
}

impl SwitchTo {
    /// Whether both members are there; with only one, `as` is ignored (crossbar.md section 5.5).
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.account_id.is_some() && self.owner_id.is_some()
    }
}

/// Generations as a claim: `{"s": 1, "a/<id>": 1, "k/<id>": 1, "u/<account>/<id>": 1}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GenerationClaims(BTreeMap<String, u64>);

impl GenerationClaims {
    /// Writes the generations down.
    pub fn new(rests: impl IntoIterator<Item = Rest>) -> Self {
        Self(
            rests
                .into_iter()
                .map(|rest| (name(rest.subject), rest.generation))
                .collect(),
        )
    }

    /// The generation a principal had at issue; `None` if the token does not rest on it.
    #[must_use]
    pub fn of(&self, subject: Subject) -> Option<u64> {
        self.0.get(&name(subject)).copied()
    }
}

fn name(subject: Subject) -> String {
    match subject {
        Subject::System => "s".to_owned(),
        Subject::Account(account) => format!("a/{account}"),
        Subject::AccountKey(account) => format!("k/{account}"),
        Subject::User(account, user) => format!("u/{account}/{user}"),
        Subject::Credential(account, id) => format!("c/{account}/{id}"),
    }
}

/// The `identity_sig` claim: base64url of HMAC-SHA-256, keyed with the subject's signature secret
/// followed by the system's, over the subject's id as text (crossbar.md section 5.1).
#[must_use]
pub fn identity_signature(subject: &SecretText, system: &SecretText, subject_id: &str) -> String {
    let key = SecretText::new([subject.expose(), system.expose()].concat());
    URL_SAFE_NO_PAD.encode(digest::hmac_sha256(
        key.expose().as_bytes(),
        subject_id.as_bytes(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_identity_signature_holds() {
        assert_eq!(
            identity_signature(
                &"00112233445566778899aabbccddeeff".into(),
                &"ffeeddccbbaa99887766554433221100".into(),
                "2b6e1a0f9c8d4e5fa1b2c3d4e5f60718",
            ),
            "Jp2kbJYAUsNjGcLjCF9XT6wABUenb8oO0b6oWt7YifU"
        );
    }

    #[test]
    fn generations_are_kept_apart_by_kind() {
        let account = AccountId::new([1; 16]);
        let claims = GenerationClaims::new([
            Rest {
                subject: Subject::Account(account),
                generation: 3,
            },
            Rest {
                subject: Subject::AccountKey(account),
                generation: 4,
            },
        ]);
        assert_eq!(claims.of(Subject::Account(account)), Some(3));
        assert_eq!(claims.of(Subject::AccountKey(account)), Some(4));
        assert_eq!(claims.of(Subject::System), None);
    }
}
