//! Accounts, users, tokens and the audit log as JSON, with the field names of the management API.

use doorward_core::account::Account;
use doorward_core::app_token::AppToken;
use doorward_core::credential::DigestKind;
use doorward_core::document::{Document, without_private};
use doorward_core::id::AccountId;
use doorward_core::permission::{Grants, Permission, Role, RoleName};
use doorward_core::secret::SecretText;
use doorward_core::time::Timestamp;
use doorward_core::user::User;
use doorward_engine::{AppTokenRow, TokenInfo};
use doorward_store::{AuditRow, HashGeneration, RecordedDecision};
use serde_json::{Value, json};

/// An account: what it says about itself, and what is decided by over it.
pub(crate) fn account(account: &Account) -> Value {
    let mut view = json!({
        "id": account.id,
        "name": account.name,
        "realm": account.realm,
        "enabled": account.enabled,
        "parent_id": account.parent,
        "superduper_admin": account.superduper,
        "is_reseller": account.reseller,
        "trial_ends": account.trial_ends.map(Timestamp::iso8601),
        "basic_digest": account.basic_digest.map(digest),
        "created": account.created.gregorian(),
    });
    complete(&mut view, &account.document);
    view
}

/// A user.
pub(crate) fn user(user: &User) -> Value {
    let mut view = json!({
        "id": user.id,
        "username": user.username,
        "priv_level": user.level.as_str(),
        "enabled": user.enabled,
        "roles": user.roles.iter().map(RoleName::as_str).collect::<Vec<_>>(),
        "account_id": user.account,
        "created": user.created.gregorian(),
    });
    complete(&mut view, &user.document);
    view
}

/// A role; `resources` is null where it grants its rights on all of them.
pub(crate) fn role(role: &Role) -> Value {
    match &role.grants {
        Grants::Everything => json!({"name": role.name.as_str(), "everything": true}),
        Grants::Some {
            permissions,
            resources,
        } => json!({
            "name": role.name.as_str(),
            "everything": false,
            "permissions": permissions.iter().map(Permission::as_str).collect::<Vec<_>>(),
            "resources": resources,
        }),
    }
}

/// An application token, without its value.
pub(crate) fn app_token(row: &AppTokenRow) -> Value {
    json!({
        "id": row.id,
        "account_id": row.account,
        "client": row.label.client,
        "name": row.label.name,
        "roles": row.roles.iter().map(RoleName::as_str).collect::<Vec<_>>(),
        "created_by": row.created_by,
        "created": row.created.iso8601(),
        "expires": row.expires.map(Timestamp::iso8601),
        "last_used": row.last_used.map(Timestamp::iso8601),
        "last_used_address": row.last_used_address,
    })
}

/// An application token that was just made: the only time its value is shown.
pub(crate) fn new_app_token(row: &AppTokenRow, value: &AppToken) -> Value {
    let mut view = app_token(row);
    if let Some(members) = view.as_object_mut() {
        members.insert("username".to_owned(), row.label.to_string().into());
        members.insert("token".to_owned(), value.expose().into());
    }
    view
}

/// A phone number of an account.
pub(crate) fn phone_number(number: &str, account: AccountId) -> Value {
    json!({"id": number, "state": "in_service", "account_id": account})
}

/// An account's API key.
pub(crate) fn api_key(account: AccountId, key: &SecretText) -> Value {
    json!({"account_id": account, "api_key": key.expose()})
}

/// What a token says, never the token.
pub(crate) fn token(info: &TokenInfo) -> Value {
    json!({
        "id": info.id,
        "account_id": info.account,
        "owner_id": info.user,
        "method": info.method.as_str(),
        "issued": info.issued.iso8601(),
        "expires": info.expires.iso8601(),
        "valid": info.refused.is_none(),
        "refused": info.refused,
    })
}

/// A generation of hash parameters.
pub(crate) fn hash_generation(generation: &HashGeneration, in_use: bool) -> Value {
    json!({
        "id": generation.id,
        "memory_kib": generation.cost.memory_kib(),
        "passes": generation.cost.passes(),
        "pepper": generation.pepper,
        "in_use": in_use,
    })
}

/// A row of the audit log.
pub(crate) fn audit_row(row: &AuditRow) -> Value {
    json!({
        "id": row.id,
        "at": row.at.iso8601(),
        "action": row.action,
        "account_id": row.account,
        "target": row.target,
        "actor_account_id": row.actor.account,
        "actor_user_id": row.actor.user,
        "impersonator_id": row.actor.impersonator,
        "request_id": row.actor.request_id,
        "client_ip": row.actor.address,
    })
}

/// A row of the record of decisions.
pub(crate) fn decision(row: &RecordedDecision) -> Value {
    json!({
        "id": row.id,
        "at": row.at.iso8601(),
        "door": row.door,
        "api": row.api,
        "method": row.method,
        "path": row.path,
        "outcome": row.outcome,
        "reason": row.reason,
        "presented": row.presented,
        "account_id": row.account,
        "user_id": row.user,
        "client_ip": row.address,
    })
}

fn digest(kind: DigestKind) -> &'static str {
    match kind {
        DigestKind::Md5 => "md5",
        DigestKind::Sha1 => "sha",
    }
}

/// Adds the custom keys, none of which can pass for one of ours; leaves out what is not set.
fn complete(view: &mut Value, document: &Document) {
    if let Some(view) = view.as_object_mut() {
        for (key, value) in without_private(document.clone()) {
            view.entry(key).or_insert(value);
        }
        view.retain(|_, value| !value.is_null());
    }
}
