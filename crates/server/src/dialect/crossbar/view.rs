//! What documents look like from outside (crossbar.md sections 3.4, 5.8, 12.2 and 12.4).
//!
//! A stored document is the custom part only; what is computed here overrides what a client may have
//! stored under the same key, and private keys never leave.

use doorward_core::account::Account;
use doorward_core::digest;
use doorward_core::document::{Document, is_private, without_private};
use doorward_core::id::AccountId;
use doorward_core::time::Timestamp;
use doorward_core::user::User;
use doorward_engine::{AccountFacts, Permit};
use serde_json::{Value, json};

use super::call::Call;
use super::error::Error;

/// Custom keys of an account's document that only the server may show.
const COMPUTED_ACCOUNT_KEYS: [&str; 2] = ["api_key", "trial_time_left"];
/// Keys of a user's document that are for writing only.
const WRITE_ONLY_USER_KEYS: [&str; 2] = ["password", "credentials"];

/// The login data: whose session it is, and what clients want to know first.
pub(super) async fn login(
    call: &Call<'_>,
    account: &Account,
    user: Option<&User>,
) -> Result<Document, Error> {
    let facts = call.engine.facts(account).await?;
    let mut data = Document::new();
    put(&mut data, "account_id", json!(account.id));
    if let Some(user) = user {
        put(&mut data, "owner_id", json!(user.id));
    }
    put(&mut data, "account_name", json!(account.name));
    let language = language(account, user).unwrap_or(&call.settings.language);
    put(&mut data, "language", json!(language));
    put(&mut data, "reseller_id", json!(facts.reseller));
    put(&mut data, "is_reseller", json!(is_reseller(account, facts)));
    put(&mut data, "is_master_account", json!(facts.is_master));
    let cluster = digest::md5_tag(&call.engine.installation());
    put(&mut data, "cluster_id", json!(cluster));
    put(&mut data, "apps", json!([]));
    put(&mut data, "capabilities", json!({}));
    put(&mut data, "ui_config", json!({}));
    Ok(data)
}

/// The public claims of the caller's token, or of what Basic stands for, with the login data. Never a
/// signature or secret.
pub(super) async fn token(call: &Call<'_>, permit: &Permit) -> Result<Document, Error> {
    let identity = permit.identity();
    let mut data = login(call, permit.account(), permit.user().map(AsRef::as_ref)).await?;
    put(&mut data, "iss", json!("kazoo"));
    put(&mut data, "method", json!(identity.method.as_str()));
    if let Some(token) = call.token() {
        put(&mut data, "id", json!(token.expose()));
    }
    if let Some(facts) = identity.token {
        put(&mut data, "jti", json!(facts.id));
        put(&mut data, "exp", json!(facts.expires.unix()));
        put(&mut data, "auth_time", json!(facts.authenticated_at.unix()));
    }
    if let Some(switch) = &identity.switch_to {
        let members = [
            ("account_id", &switch.account_id),
            ("owner_id", &switch.owner_id),
        ];
        let members = members
            .into_iter()
            .filter_map(|(name, id)| Some((name.to_owned(), json!(id.as_ref()?))));
        put(&mut data, "as", Value::Object(members.collect()));
    }
    if let Some(by) = identity.impersonator {
        put(&mut data, "original_account_id", json!(by.account));
        put(&mut data, "original_owner_id", json!(by.user));
    }
    Ok(data)
}

/// An account's document, as the caller's account sees it.
pub(super) async fn account(
    call: &Call<'_>,
    account: &Account,
    caller: AccountId,
) -> Result<Document, Error> {
    let facts = call.engine.facts(account).await?;
    let root = call.engine.root();
    Ok(account_document(
        account,
        facts,
        billing_mode(facts, caller, root),
        call.engine.now(),
    ))
}

fn account_document(
    account: &Account,
    facts: AccountFacts,
    billing_mode: &str,
    now: Timestamp,
) -> Document {
    let mut data = without_private(account.document.clone());
    for key in COMPUTED_ACCOUNT_KEYS {
        data.shift_remove(key);
    }
    put(&mut data, "id", json!(account.id));
    put(&mut data, "name", json!(account.name));
    put(&mut data, "realm", json!(account.realm));
    put(&mut data, "enabled", json!(account.enabled));
    put(&mut data, "created", json!(account.created.gregorian()));
    put(&mut data, "superduper_admin", json!(account.superduper));
    put(&mut data, "is_reseller", json!(is_reseller(account, facts)));
    put(&mut data, "reseller_id", json!(facts.reseller));
    put(&mut data, "billing_mode", json!(billing_mode));
    put(&mut data, "wnm_allow_additions", json!(false));
    if let Some(end) = account.trial_ends {
        put(
            &mut data,
            "trial_time_left",
            json!(end.since(now).as_secs()),
        );
    }
    data
}

/// A user's document.
pub(super) fn user(user: &User) -> Document {
    let mut data = without_private(user.document.clone());
    for key in WRITE_ONLY_USER_KEYS {
        data.shift_remove(key);
    }
    put(&mut data, "id", json!(user.id));
    match &user.username {
        Some(username) => put(&mut data, "username", json!(username)),
        None => drop(data.shift_remove("username")),
    }
    put(&mut data, "priv_level", json!(user.level.as_str()));
    put(&mut data, "enabled", json!(user.enabled));
    data
}

/// An account as it stands in lists.
pub(super) fn account_summary(account: &Account) -> Value {
    let flags = account
        .document
        .get("flags")
        .filter(|flags| flags.is_array());
    json!({
        "id": account.id,
        "name": account.name,
        "realm": account.realm,
        "flags": flags.cloned().unwrap_or_else(|| json!([])),
    })
}

/// The revision of a document as it is seen: how often it was changed, and a digest of what is computed
/// along with it, which changes without it.
pub(super) fn revision(count: u64, seen: &Document) -> String {
    let text = serde_json::to_vec(seen).unwrap_or_default();
    format!("{count}-{}", digest::md5_tag(&text))
}

fn put(data: &mut Document, key: &str, value: Value) {
    debug_assert!(!is_private(key), "private keys never leave");
    data.insert(key.to_owned(), value);
}

fn language<'a>(account: &'a Account, user: Option<&'a User>) -> Option<&'a str> {
    let said = |document: &'a Document| document.get("language").and_then(Value::as_str);
    user.and_then(|user| said(&user.document))
        .or_else(|| said(&account.document))
}

/// The root counts as one.
const fn is_reseller(account: &Account, facts: AccountFacts) -> bool {
    account.reseller || facts.is_master
}

fn billing_mode(facts: AccountFacts, caller: AccountId, root: AccountId) -> &'static str {
    if facts.reseller == caller {
        "limits_only"
    } else if facts.reseller == root {
        "normal"
    } else {
        "manual"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_core::id::UserId;
    use doorward_core::user::Level;

    const NOW: Timestamp = Timestamp::from_unix(1_000_000);

    fn document(value: Value) -> Document {
        match value {
            Value::Object(document) => document,
            _ => unreachable!("documents are objects"),
        }
    }

    fn sample_account(stored: Value) -> Account {
        Account {
            id: AccountId::new([1; 16]),
            parent: None,
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
            signature_secret: "secret-of-the-account".into(),
            roles: Vec::new(),
            document: document(stored),
            revision: 3,
            created: NOW,
            modified: NOW,
        }
    }

    fn shown(account: &Account) -> Document {
        let facts = AccountFacts {
            reseller: AccountId::new([2; 16]),
            is_master: false,
        };
        account_document(account, facts, "normal", NOW)
    }

    #[test]
    fn what_is_computed_overrides_what_was_stored() {
        let stored = json!({
            "superduper_admin": true, "is_reseller": true, "id": "x", "enabled": false,
            "api_key": "forged", "trial_time_left": 5, "pvt_x": 1, "_x": 2, "custom": {"a": 1},
        });
        let data = shown(&sample_account(stored));
        assert_eq!(data["superduper_admin"], false);
        assert_eq!(data["is_reseller"], false);
        assert_eq!(data["enabled"], true);
        assert_eq!(data["id"], "01".repeat(16));
        assert_eq!(data["custom"]["a"], 1);
        for gone in ["api_key", "trial_time_left", "pvt_x", "_x"] {
            assert!(!data.contains_key(gone), "{gone}");
        }
        let text = Value::Object(data).to_string();
        assert!(!text.contains("secret-of"), "{text}");
    }

    #[test]
    fn a_trial_shows_what_is_left_of_it() {
        let mut account = sample_account(json!({}));
        account.trial_ends = Some(Timestamp::from_unix(1_000_060));
        assert_eq!(shown(&account)["trial_time_left"], 60);
        account.trial_ends = Some(Timestamp::from_unix(1));
        assert_eq!(shown(&account)["trial_time_left"], 0);
    }

    #[test]
    fn a_user_shows_no_secret_and_its_typed_fields() {
        let stored =
            json!({"first_name": "Ad", "password": "p", "priv_level": "admin", "username": "x"});
        let data = user(&User {
            id: UserId::new([3; 16]),
            account: AccountId::new([1; 16]),
            username: None,
            level: Level::User,
            roles: Vec::new(),
            enabled: true,
            generation: 1,
            signature_secret: "secret-of-the-user".into(),
            document: document(stored),
            revision: 1,
            created: NOW,
            modified: NOW,
        });
        assert_eq!(data["priv_level"], "user");
        assert_eq!(data["first_name"], "Ad");
        assert!(!data.contains_key("password"));
        assert!(!data.contains_key("username"));
    }

    #[test]
    fn billing_follows_the_reseller() {
        let id = |byte| AccountId::new([byte; 16]);
        let facts = AccountFacts {
            reseller: id(2),
            is_master: false,
        };
        assert_eq!(billing_mode(facts, id(2), id(9)), "limits_only");
        assert_eq!(billing_mode(facts, id(1), id(2)), "normal");
        assert_eq!(billing_mode(facts, id(1), id(9)), "manual");
    }

    #[test]
    fn a_revision_changes_with_what_is_seen() {
        let one = document(json!({"a": 1}));
        let two = document(json!({"a": 2}));
        assert_ne!(revision(1, &one), revision(1, &two));
        assert_ne!(revision(1, &one), revision(2, &one));
    }
}
