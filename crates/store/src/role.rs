//! Roles as they are stored: an account's own as JSON, a user's by name.

use std::collections::BTreeSet;
use std::str::FromStr;

use doorward_core::id::AccountId;
use doorward_core::permission::{Grants, Permission, Role, RoleName};
use serde_json::{Value, json};

use crate::query::{Columns, sql_for};
use crate::{StoreError, Write};

/// Writes an account's own roles; the empty text when it has none.
pub(crate) fn roles_text(roles: &[Role]) -> String {
    if roles.is_empty() {
        return String::new();
    }
    Value::Array(roles.iter().map(role_value).collect()).to_string()
}

fn role_value(role: &Role) -> Value {
    let name = role.name.as_str();
    match &role.grants {
        Grants::Everything => json!({"name": name, "everything": true}),
        Grants::Some {
            permissions,
            resources,
        } => {
            let permissions: Vec<&str> = permissions.iter().map(Permission::as_str).collect();
            json!({"name": name, "permissions": permissions, "resources": resources})
        }
    }
}

/// Reads an account's own roles.
pub(crate) fn read_roles(columns: &mut Columns) -> Result<Vec<Role>, StoreError> {
    let text = columns.text()?;
    if text.is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_str::<Vec<Value>>(&text)
        .ok()
        .and_then(|roles| roles.iter().map(role).collect())
        .ok_or_else(|| columns.wrong("a role has not the form it must have"))
}

fn role(value: &Value) -> Option<Role> {
    let name = parsed(value.get("name")?)?;
    if let Some(everything) = value.get("everything") {
        return (everything == &Value::Bool(true)).then_some(Role {
            name,
            grants: Grants::Everything,
        });
    }
    let permissions = value.get("permissions")?.as_array()?;
    let resources = match value.get("resources")? {
        Value::Null => None,
        listed => Some(listed.as_array()?.iter().map(text).collect::<Option<_>>()?),
    };
    Some(Role {
        name,
        grants: Grants::Some {
            permissions: permissions.iter().map(parsed).collect::<Option<_>>()?,
            resources,
        },
    })
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn parsed<T: FromStr>(value: &Value) -> Option<T> {
    value.as_str()?.parse().ok()
}

/// Writes a user's roles, each once.
pub(crate) fn names_text(names: &[RoleName]) -> String {
    let names: BTreeSet<&str> = names.iter().map(RoleName::as_str).collect();
    names.into_iter().collect::<Vec<_>>().join(" ")
}

/// Reads a user's roles.
pub(crate) fn read_names(columns: &mut Columns) -> Result<Vec<RoleName>, StoreError> {
    let text = columns.text()?;
    let names: Result<_, _> = text.split_ascii_whitespace().map(str::parse).collect();
    names.map_err(|_| columns.wrong("a role has not the form it must have"))
}

impl Write {
    /// Whether any user or application token of an account has the role.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn role_in_use(
        &mut self,
        account: AccountId,
        role: &RoleName,
    ) -> Result<bool, StoreError> {
        let query = sql_for(
            "SELECT id FROM users WHERE account_id = $1 AND instr(' ' || roles || ' ', $2) > 0 \
             UNION ALL SELECT id FROM credentials WHERE account_id = $1 AND label IS NOT NULL \
             AND instr(' ' || scope || ' ', $2) > 0 LIMIT 1",
            "SELECT id FROM users WHERE account_id = $1 AND strpos(' ' || roles || ' ', $2) > 0 \
             UNION ALL SELECT id FROM credentials WHERE account_id = $1 AND label IS NOT NULL \
             AND strpos(' ' || scope || ' ', $2) > 0 LIMIT 1",
        );
        let query = query.id(account).text(&format!(" {role} "));
        Ok(self.fetch_one(query).await?.is_some())
    }
}
