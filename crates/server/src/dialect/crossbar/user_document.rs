//! What clients write as a user (crossbar.md section 12.4): a document with typed members among the
//! custom ones.

use doorward_core::document::{Document, merge, without_private};
use doorward_core::name::{self, MAX_USERNAME};
use doorward_core::secret::SecretText;
use doorward_core::user::{Level, User};
use doorward_engine::admin::UserDraft;
use serde_json::{Value, json};

use super::error::Error;
use super::validate::Details;

const USERNAME_PATTERN: &str = r"^([+@.\w_-]+)$";

/// Members that are no part of the document: for writing only, computed, or not about the user at all. A credential would
/// be shown to whoever reads the document, and whoever posts one back that holds a `verb` would do what it says.
const NOT_STORED: [&str; 6] = [
    "password",
    "credentials",
    "id",
    "auth_token",
    "authorization",
    "verb",
];

/// Members of a fixed type that nobody here reads.
const BOOLEANS: [&str; 3] = ["require_password_update", "verified", "vm_to_email_enabled"];
const OBJECTS: [&str; 5] = [
    "call_restriction",
    "contact_list",
    "hotdesk",
    "music_on_hold",
    "ringtones",
];

/// How a document takes the place of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// What is not said is gone.
    Replace,
    /// What is not said stays; `null` removes.
    Merge,
}

/// A user as a client wants it. Not `Debug`: it holds a password.
#[derive(Clone)]
pub(super) struct Wish {
    data: Document,
    mode: Mode,
    may_guarded: bool,
}

/// The new password; an empty one is none, and so is `null`.
pub(super) fn password(data: &Document) -> Result<Option<SecretText>, Error> {
    if data.get("password").is_some_and(Value::is_null) {
        return Ok(None);
    }
    let mut details = Details::default();
    let password = details.text(data, "password", (0, 1024));
    details.into_result()?;
    Ok(password.filter(|text| !text.is_empty()).map(Into::into))
}

impl Wish {
    /// What stands in `data`; `may_guarded` says whether the caller may change level and `enabled`.
    pub(super) fn new(data: &Document, mode: Mode, may_guarded: bool) -> Self {
        let mut data = without_private(data.clone());
        for key in NOT_STORED {
            data.shift_remove(key);
        }
        Self {
            data,
            mode,
            may_guarded,
        }
    }

    /// The user it makes of nothing.
    pub(super) fn create(self) -> Result<UserDraft, Error> {
        typed(self.data, |_| true, (Level::User, true))
    }

    /// The user it makes of another.
    pub(super) fn apply(&self, user: &User) -> Result<UserDraft, Error> {
        self.merge(UserDraft::of(user))
    }

    /// The user it makes of what is there.
    pub(super) fn merge(&self, there: UserDraft) -> Result<UserDraft, Error> {
        let (level, enabled) = (there.level, there.enabled);
        let draft = match self.mode {
            Mode::Replace => typed(self.data.clone(), |_| true, (level, enabled))?,
            Mode::Merge => {
                let mut document = there.document;
                document.shift_remove("username");
                let username = there.username;
                document.extend(username.map(|name| ("username".to_owned(), json!(name))));
                document.insert("priv_level".to_owned(), json!(level.as_str()));
                document.insert("enabled".to_owned(), json!(enabled));
                merge(&mut document, self.data.clone());
                // What was stored before there was this check is not this client's fault.
                let touched = |field: &str| self.data.contains_key(field);
                typed(document, touched, (Level::User, true))?
            }
        };
        let guarded_differs = draft.level != level || draft.enabled != enabled;
        if guarded_differs && !self.may_guarded {
            return Err(Error::Forbidden);
        }
        Ok(draft)
    }
}

/// Checks a document and takes the typed members out of it; fields that `is_asked` does not name are not
/// complained about. Level and `enabled` are as given when the document does not say.
fn typed(
    mut document: Document,
    is_asked: impl Fn(&str) -> bool,
    (level, enabled): (Level, bool),
) -> Result<UserDraft, Error> {
    let mut details = Details::default();
    for field in ["first_name", "last_name"] {
        if is_asked(field) {
            details.required_text(&document, field, (1, 128));
        }
    }
    let username = username(&mut details, &document);
    let level = self::level(&mut details, &document).unwrap_or(level);
    let enabled = details.flag(&document, "enabled").unwrap_or(enabled);
    if is_asked("email") {
        email(&mut details, &document);
    }
    for (field, length) in [
        ("timezone", (5, 32)),
        ("language", (0, 64)),
        ("presence_id", (0, 256)),
        ("feature_level", (0, 256)),
    ] {
        if is_asked(field) {
            details.text(&document, field, length);
        }
    }
    for field in BOOLEANS.into_iter().filter(|field| is_asked(field)) {
        details.flag(&document, field);
    }
    for field in OBJECTS.into_iter().filter(|field| is_asked(field)) {
        if document.get(field).is_some_and(|value| !value.is_object()) {
            details.wrong_type(field, "object");
        }
    }
    if is_asked("flags") && document.get("flags").is_some_and(|flags| !flags.is_array()) {
        details.wrong_type("flags", "array");
    }
    details.into_result()?;
    for key in ["username", "priv_level", "enabled"] {
        document.shift_remove(key);
    }
    Ok(UserDraft {
        username,
        level,
        enabled,
        document,
        roles: None,
    })
}

fn username(details: &mut Details, document: &Document) -> Option<String> {
    let text = details.text(document, "username", (1, MAX_USERNAME))?;
    let username = name::username(text);
    if username.is_err() {
        details.no_match("username", USERNAME_PATTERN);
    }
    username.ok()
}

fn level(details: &mut Details, document: &Document) -> Option<Level> {
    let text = details.text(document, "priv_level", (0, usize::MAX))?;
    let level = text.parse().ok();
    if level.is_none() {
        details.not_one_of("priv_level", &["user", "admin"]);
    }
    level
}

/// Something, `@`, something, and no space: the form only. Whether mail arrives is another question.
fn email(details: &mut Details, document: &Document) {
    let Some(email) = details.text(document, "email", (3, 254)) else {
        return;
    };
    let is_strange = |c: char| c.is_whitespace() || c.is_control();
    let is_address = email.rsplit_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !email.contains(is_strange)
    });
    if !is_address {
        let message = "Field is not in the correct format";
        let detail = json!({"message": message, "format": "email"});
        details.add("email", "wrong_format", detail);
    }
}

/// The username as it was asked for, for a complaint.
pub(super) fn asked_username(data: &Document) -> Value {
    data.get("username").cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_core::id::{AccountId, UserId};
    use doorward_core::time::Timestamp;
    use proptest::prelude::*;

    fn document(value: Value) -> Document {
        match value {
            Value::Object(document) => document,
            _ => unreachable!("documents are objects"),
        }
    }

    fn complaint(member: Value) -> Value {
        let mut data = document(json!({"first_name": "A", "last_name": "B"}));
        data.extend(document(member));
        match Wish::new(&data, Mode::Replace, true).create() {
            Err(error) => error.face().data,
            Ok(draft) => panic!("accepted: {draft:?}"),
        }
    }

    #[test]
    fn each_member_has_its_type() {
        for (member, field, code) in [
            (json!({"username": 1}), "username", "type"),
            (json!({"username": ""}), "username", "minLength"),
            (json!({"username": "a:b"}), "username", "pattern"),
            (json!({"username": "a".repeat(32)}), "username", "pattern"),
            (
                json!({"username": "x".repeat(257)}),
                "username",
                "maxLength",
            ),
            (json!({"email": "a b@c"}), "email", "wrong_format"),
            (json!({"email": "abc@"}), "email", "wrong_format"),
            (json!({"priv_level": true}), "priv_level", "type"),
            (json!({"enabled": "false"}), "enabled", "type"),
            (json!({"verified": 1}), "verified", "type"),
            (json!({"timezone": "UTC"}), "timezone", "minLength"),
            (json!({"hotdesk": []}), "hotdesk", "type"),
            (json!({"flags": {}}), "flags", "type"),
        ] {
            let said = complaint(member);
            assert!(said[field][code].is_object(), "{field} {code}: {said}");
        }
    }

    #[test]
    fn what_is_not_the_documents_is_left_out() {
        let data = document(json!({
            "first_name": "A", "last_name": "B", "password": "p", "credentials": "c", "id": "i",
            "auth_token": "t", "pvt_x": 1, "_x": 2, "ui_metadata": {"k": 1}, "enabled": false,
        }));
        let draft = Wish::new(&data, Mode::Replace, true).create().unwrap();
        assert!(!draft.enabled);
        let kept = json!({"first_name": "A", "last_name": "B", "ui_metadata": {"k": 1}});
        assert_eq!(Value::Object(draft.document), kept);
    }

    /// Keys that mean something to the server, in more than one spelling, and others.
    const KEYS: [&str; 16] = [
        "password",
        "credentials",
        "id",
        "authorization",
        "verb",
        "username",
        "priv_level",
        "enabled",
        "pvt_x",
        "_id",
        "_",
        "pvt_",
        "PVT_x",
        "Id",
        "custom",
        "flags",
    ];

    fn posted() -> impl Strategy<Value = Document> {
        let value = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            prop::sample::select(vec!["admin", "user", "bob", ""]).prop_map(Value::from),
            Just(json!([])),
            Just(json!({"_deep": null, "a": {"pvt_b": 1}})),
        ];
        prop::collection::vec((prop::sample::select(KEYS.to_vec()), value), 0..10).prop_map(
            |members| {
                let names = json!({"first_name": "A", "last_name": "B"});
                let mut data = document(names);
                data.extend(
                    members
                        .into_iter()
                        .map(|(key, value)| (key.to_owned(), value)),
                );
                data
            },
        )
    }

    proptest! {
        /// Attack: a document, new or merged into an old one, that brings in what only the server may say.
        #[test]
        fn nothing_guarded_gets_in_whatever_is_posted(
            stored in posted(),
            data in posted(),
            is_merge: bool,
            may_guarded: bool,
        ) {
            let mut stored = without_private(stored);
            for key in NOT_STORED.into_iter().chain(["username", "priv_level", "enabled"]) {
                stored.shift_remove(key);
            }
            let user = sample_user(stored);
            let mode = if is_merge { Mode::Merge } else { Mode::Replace };
            let wish = Wish::new(&data, mode, may_guarded);
            let Ok(draft) = wish.apply(&user) else {
                return Ok(());
            };
            for key in NOT_STORED.into_iter().chain(["username", "priv_level", "enabled"]) {
                prop_assert!(!draft.document.contains_key(key), "{}", key);
            }
            prop_assert_eq!(without_private(draft.document.clone()), draft.document.clone());
            if !may_guarded {
                prop_assert_eq!((draft.level, draft.enabled), (user.level, user.enabled));
            }
            let again = User { level: draft.level, enabled: draft.enabled, document: draft.document.clone(),
                username: draft.username.clone(), ..user };
            let Ok(twice) = wish.apply(&again) else {
                return Err(TestCaseError::fail("the same again is refused"));
            };
            prop_assert_eq!(twice.document, draft.document);
            prop_assert_eq!((twice.username, twice.level, twice.enabled), (draft.username, draft.level, draft.enabled));
        }
    }

    fn sample_user(document: Document) -> User {
        let then = Timestamp::from_unix(1_000_000);
        User {
            roles: Vec::new(),
            id: UserId::new([3; 16]),
            account: AccountId::new([1; 16]),
            username: Some("bob".to_owned()),
            level: Level::User,
            enabled: true,
            generation: 1,
            signature_secret: "secret".into(),
            document,
            revision: 1,
            created: then,
            modified: then,
        }
    }

    #[test]
    fn an_empty_password_is_none_and_no_password_is_repeated() {
        let of = |value: Value| password(&document(json!({ "password": value })));
        assert!(matches!(of(json!("")), Ok(None)));
        assert!(matches!(of(Value::Null), Ok(None)));
        assert!(matches!(of(json!("pw")), Ok(Some(_))));
        let Err(error) = of(json!(["s3cr3t"])) else {
            panic!("an array is no password")
        };
        assert!(!error.face().data.to_string().contains("s3cr3t"));
    }
}
