//! What clients write as an account (crossbar.md section 12.2). What only administrators above, operators
//! or the server itself may say is ignored, for clients post whole documents back (decision 1).

use doorward_core::account::Account;
use doorward_core::document::{Document, merge, without_private};
use doorward_core::id::AccountId;
use doorward_core::name::{self, MAX_ACCOUNT_NAME};
use doorward_engine::admin::{AccountDraft, NewAccount};
use serde_json::{Map, json};

use super::error::Error;
use super::user_document::Mode;
use super::validate::Details;

const REALM_PATTERN: &str = r"^[.\w_-]+$";

/// Members that are computed, or not about the account at all: a credential would be shown to whoever reads the document,
/// and whoever posts one back that holds a `verb` would do what it says.
const NOT_STORED: [&str; 12] = [
    "id",
    "created",
    "superduper_admin",
    "is_reseller",
    "reseller_id",
    "billing_mode",
    "wnm_allow_additions",
    "trial_time_left",
    "api_key",
    "auth_token",
    "authorization",
    "verb",
];

/// An account as a client wants it.
pub(super) struct Wish {
    data: Document,
    mode: Mode,
    may_enable: bool,
}

/// What a document says about typed members.
struct Typed {
    name: String,
    realm: Option<String>,
    enabled: Option<bool>,
    document: Document,
}

impl Wish {
    /// What stands in `data`; `may_enable` says whether the caller may switch the account off and on:
    /// somebody above, never the account itself.
    pub(super) fn new(data: &Document, mode: Mode, may_enable: bool) -> Self {
        let mut data = without_private(data.clone());
        for key in NOT_STORED {
            data.shift_remove(key);
        }
        if !may_enable {
            data.shift_remove("enabled");
        }
        Self {
            data,
            mode,
            may_enable,
        }
    }

    /// The account it makes of nothing.
    pub(super) fn create(self, parent: AccountId) -> Result<NewAccount, Error> {
        let typed = typed(self.data, |_| true)?;
        Ok(NewAccount {
            name: typed.name,
            realm: typed.realm,
            parent: Some(parent),
            disabled: typed.enabled == Some(false),
            document: typed.document,
        })
    }

    /// The account it makes of another. A realm is never taken away, only replaced.
    pub(super) fn apply(self, account: &Account) -> Result<AccountDraft, Error> {
        self.merge(AccountDraft {
            name: account.name.clone(),
            realm: account.realm.clone(),
            enabled: account.enabled,
            document: account.document.clone(),
        })
    }

    /// The account it makes of what is there.
    pub(super) fn merge(self, there: AccountDraft) -> Result<AccountDraft, Error> {
        let AccountDraft {
            name,
            realm,
            enabled,
            mut document,
        } = there;
        let typed = match self.mode {
            Mode::Replace => typed(self.data, |_| true)?,
            Mode::Merge => {
                document.insert("name".to_owned(), json!(name));
                document.insert("realm".to_owned(), json!(realm));
                document.shift_remove("enabled");
                if self.may_enable {
                    document.insert("enabled".to_owned(), json!(enabled));
                }
                merge(&mut document, self.data.clone());
                let mut typed = typed(document, |field| self.data.contains_key(field))?;
                if self.may_enable {
                    typed.enabled.get_or_insert(true);
                }
                typed
            }
        };
        Ok(AccountDraft {
            name: typed.name,
            realm: typed.realm.unwrap_or(realm),
            enabled: typed.enabled.unwrap_or(enabled),
            document: typed.document,
        })
    }
}

/// Checks a document and takes the typed members out of it; fields of the custom part that `is_asked` does
/// not name are not complained about.
fn typed(mut document: Document, is_asked: impl Fn(&str) -> bool) -> Result<Typed, Error> {
    let mut details = Details::default();
    let name = name(&mut details, &document).unwrap_or_default();
    let realm = realm(&mut details, &document);
    let enabled = details.flag(&document, "enabled");
    for (field, length) in [
        ("timezone", (5, 32)),
        ("language", (0, 64)),
        ("org", (0, 256)),
    ] {
        if is_asked(field) {
            details.text(&document, field, length);
        }
    }
    for field in [
        "call_restriction",
        "caller_id",
        "dial_plan",
        "notifications",
    ] {
        let value = document.get(field).filter(|_| is_asked(field));
        if value.is_some_and(|value| !value.is_object()) {
            details.wrong_type(field, "object");
        }
    }
    let flags = document.get("flags").filter(|_| is_asked("flags"));
    if flags.is_some_and(|flags| !flags.is_array()) {
        details.wrong_type("flags", "array");
    }
    details.into_result()?;
    for key in ["name", "realm", "enabled"] {
        document.shift_remove(key);
    }
    Ok(Typed {
        name,
        realm,
        enabled,
        document,
    })
}

fn name(details: &mut Details, document: &Document) -> Option<String> {
    let name = details.required_text(document, "name", (1, MAX_ACCOUNT_NAME))?;
    if let Err(error) = name::check_account_name(name) {
        let detail = json!({"message": error.to_string()});
        details.add("name", "invalid", detail);
    }
    Some(name.to_owned())
}

/// Spaces do not count.
fn realm(details: &mut Details, document: &Document) -> Option<String> {
    let text = details.text(document, "realm", (0, usize::MAX))?;
    let squeezed = Map::from_iter([("realm".to_owned(), json!(text.replace(' ', "")))]);
    let text = details.text(&squeezed, "realm", (4, 253))?;
    let realm = name::realm(text);
    if realm.is_err() {
        details.no_match("realm", REALM_PATTERN);
    }
    realm.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_core::time::Timestamp;
    use proptest::prelude::*;
    use serde_json::Value;

    const PARENT: AccountId = AccountId::new([1; 16]);
    /// Keys that mean something to the server, in more than one spelling, and others.
    const KEYS: [&str; 16] = [
        "id",
        "created",
        "superduper_admin",
        "is_reseller",
        "reseller_id",
        "trial_time_left",
        "api_key",
        "authorization",
        "verb",
        "enabled",
        "realm",
        "pvt_tree",
        "_id",
        "PVT_tree",
        "custom",
        "flags",
    ];

    fn sample_account() -> Account {
        let then = Timestamp::from_unix(1_000_000);
        Account {
            roles: Vec::new(),
            id: AccountId::new([2; 16]),
            parent: Some(PARENT),
            name: "Acme".to_owned(),
            realm: "acme.example".to_owned(),
            enabled: true,
            superduper: false,
            reseller: false,
            trial_ends: None,
            basic_digest: None,
            generation: 1,
            key_generation: 1,
            salt: [9; 16],
            signature_secret: "secret".into(),
            document: Document::from_iter([("old".to_owned(), json!(1))]),
            revision: 3,
            created: then,
            modified: then,
        }
    }

    fn wish(data: Value, may_enable: bool) -> Wish {
        match data {
            Value::Object(data) => Wish::new(&data, Mode::Replace, may_enable),
            _ => unreachable!("documents are objects"),
        }
    }

    #[test]
    fn each_member_has_its_type() {
        for (member, field, code) in [
            (json!({}), "name", "required"),
            (json!({"name": ""}), "name", "minLength"),
            (json!({"name": "a\nb"}), "name", "invalid"),
            (json!({"name": "x", "realm": "a b c"}), "realm", "minLength"),
            (json!({"name": "x", "realm": "a/b.com"}), "realm", "pattern"),
            (json!({"name": "x", "enabled": 0}), "enabled", "type"),
            (json!({"name": "x", "flags": 0}), "flags", "type"),
            (json!({"name": "x", "timezone": 0}), "timezone", "type"),
            (json!({"name": "x", "dial_plan": 0}), "dial_plan", "type"),
        ] {
            let Err(error) = wish(member, true).create(PARENT) else {
                panic!("{field} {code} is accepted")
            };
            let said = error.face().data;
            assert!(said[field][code].is_object(), "{field} {code}: {said}");
        }
    }

    proptest! {
        /// Attack: a document, new or merged into an old one, that brings in what only the server or an account above
        /// may say.
        #[test]
        fn nothing_guarded_gets_in_whatever_is_posted(
            members in prop::collection::vec(
                (prop::sample::select(&KEYS[..]), prop::sample::select(vec![
                    json!(null), json!(true), json!(false), json!("acme"), json!([]), json!({"_deep": {"pvt_a": null}}),
                ])),
                0..10,
            ),
            is_merge: bool,
            may_enable: bool,
        ) {
            let mut data = Document::from_iter([("name".to_owned(), json!("Acme"))]);
            data.extend(members.into_iter().map(|(key, value)| (key.to_owned(), value)));
            let mode = if is_merge { Mode::Merge } else { Mode::Replace };
            let account = sample_account();
            let Ok(draft) = Wish::new(&data, mode, may_enable).apply(&account) else {
                return Ok(());
            };
            for key in NOT_STORED.into_iter().chain(["name", "realm", "enabled"]) {
                prop_assert!(!draft.document.contains_key(key), "{}", key);
            }
            prop_assert_eq!(without_private(draft.document.clone()), draft.document.clone());
            prop_assert!(may_enable || draft.enabled == account.enabled);
            prop_assert!(!draft.realm.is_empty() && !draft.name.is_empty());
            prop_assert_eq!(draft.document.contains_key("old"), is_merge);
        }
    }

    #[test]
    fn what_is_guarded_is_left_out() {
        let data = json!({
            "name": "x", "realm": "Sip X.example", "enabled": false, "superduper_admin": true,
            "is_reseller": true, "pvt_tree": [], "id": "y", "api_key": "k", "custom": [1],
        });
        let new = wish(data.clone(), false).create(PARENT).unwrap();
        assert!(!new.disabled);
        assert_eq!(new.realm.as_deref(), Some("sipx.example"));
        assert_eq!(Value::Object(new.document), json!({"custom": [1]}));
        assert!(wish(data, true).create(PARENT).unwrap().disabled);
    }
}
