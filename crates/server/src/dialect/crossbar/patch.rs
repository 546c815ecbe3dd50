//! A patch of an account or user from the operator's side: what `PATCH` does on the wire, without a
//! wire. The command line writes documents by it, so that one set of rules says what may stand in them.

use std::fmt;

use doorward_core::document::Document;
use doorward_core::id::AccountId;
use doorward_engine::admin::{AccountDraft, NewAccount, UserDraft};
use serde_json::Value;

use super::error::Error;
use super::user_document::{self, Mode};
use super::{account_document, validate};

/// What is wrong with a document: a sentence that names fields, never values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint(String);

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the document is refused: {}", self.0)
    }
}

impl std::error::Error for Complaint {}

/// A new account, as `PUT` makes one of a document.
///
/// # Errors
/// [`Complaint`], for what the wire answers with 400.
pub fn new_account(document: &Document, parent: AccountId) -> Result<NewAccount, Complaint> {
    let wish = account_document::Wish::new(document, Mode::Replace, true);
    wish.create(parent).map_err(Complaint::of)
}

/// Merges a patch into an account: objects deeply, `null` removes a key. Private and computed members
/// are left out; `enabled` may be said, for an operator stands above every account.
///
/// # Errors
/// [`Complaint`], for what the wire answers with 400.
pub fn patch_account(patch: &Document, onto: AccountDraft) -> Result<AccountDraft, Complaint> {
    let wish = account_document::Wish::new(patch, Mode::Merge, true);
    wish.merge(onto).map_err(Complaint::of)
}

/// Merges a patch into a user; see [`patch_account`]. Level and `enabled` may be said; a `password` is
/// left out.
///
/// # Errors
/// [`Complaint`], for what the wire answers with 400.
pub fn patch_user(patch: &Document, onto: UserDraft) -> Result<UserDraft, Complaint> {
    let wish = user_document::Wish::new(patch, Mode::Merge, true);
    wish.merge(onto).map_err(Complaint::of)
}

impl Complaint {
    fn of(error: Error) -> Self {
        match error {
            Error::Validation(details) => Self(sentences(&details)),
            other => Self(other.face().message.to_owned()),
        }
    }
}

/// `email: Field is not in the correct format; …`.
fn sentences(details: &validate::Details) -> String {
    let details = details.to_json();
    let fields = details.as_object().into_iter().flatten();
    let said = fields.flat_map(|(field, codes)| {
        let codes = codes.as_object().into_iter().flatten();
        codes.map(move |(_, detail)| {
            let message = detail.get("message").and_then(Value::as_str);
            format!("{field}: {}", message.unwrap_or_default())
        })
    });
    said.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_core::user::Level;
    use serde_json::json;

    fn document(value: Value) -> Document {
        match value {
            Value::Object(document) => document,
            _ => unreachable!("documents are objects"),
        }
    }

    fn account() -> AccountDraft {
        AccountDraft {
            name: "Acme".to_owned(),
            realm: "acme.example".to_owned(),
            enabled: true,
            document: document(json!({"plan": {"seats": 3, "tier": "a"}, "old": 1})),
        }
    }

    fn user() -> UserDraft {
        UserDraft {
            username: Some("bob".to_owned()),
            level: Level::User,
            enabled: true,
            document: document(json!({"first_name": "Bob"})),
            roles: None,
        }
    }

    #[test]
    fn a_patch_of_an_account_merges_and_leaves_out_what_is_private() {
        let patch = document(json!({
            "enabled": false, "plan": {"seats": 4}, "old": null, "pvt_tree": [], "id": "x",
        }));
        let patched = patch_account(&patch, account()).unwrap();
        assert!(!patched.enabled);
        assert_eq!(
            (patched.name, patched.realm),
            ("Acme".to_owned(), "acme.example".to_owned())
        );
        let left = json!({"plan": {"seats": 4, "tier": "a"}});
        assert_eq!(Value::Object(patched.document), left);
    }

    #[test]
    fn a_patch_of_a_user_sets_what_is_typed() {
        let patch = document(json!({"priv_level": "admin", "theme": "dark", "password": "p"}));
        let patched = patch_user(&patch, user()).unwrap();
        assert_eq!(patched.level, Level::Admin);
        assert_eq!(patched.username.as_deref(), Some("bob"));
        let left = json!({"first_name": "Bob", "theme": "dark"});
        assert_eq!(Value::Object(patched.document), left);
    }

    #[test]
    fn a_complaint_names_the_fields_and_repeats_no_value() {
        let patch = document(json!({"email": "s3cr3t", "flags": 1}));
        let said = patch_user(&patch, user()).unwrap_err().to_string();
        assert!(
            said.contains("email: ") && said.contains("flags: "),
            "{said}"
        );
        assert!(!said.contains("s3cr3t"), "{said}");
        let patch = document(json!({"name": null}));
        let said = patch_account(&patch, account()).unwrap_err().to_string();
        assert!(said.contains("name: Field is required"), "{said}");
    }
}
