//! What a role looks like, and what clients write as one.

use std::collections::BTreeSet;

use doorward_core::document::Document;
use doorward_core::permission::{Grants, Permission, Role, RoleName};
use doorward_engine::shipped_roles;
use serde_json::{Value, json};

use super::error::{Error, no_permission};
use super::validate::Details;

/// What the name of a role looks like.
const NAME_PATTERN: &str = "^[A-Za-z0-9._-]{1,64}$";

/// A role as everybody sees it.
pub(super) fn view(role: &Role) -> Document {
    let shipped = shipped_roles();
    let (permissions, resources, everything) = match &role.grants {
        Grants::Everything => (Vec::new(), None, true),
        Grants::Some {
            permissions,
            resources,
        } => {
            let permissions = permissions.iter().map(Permission::as_str);
            (permissions.collect(), resources.as_ref(), false)
        }
    };
    Document::from_iter([
        ("id".to_owned(), json!(role.name.as_str())),
        ("permissions".to_owned(), json!(permissions)),
        ("resources".to_owned(), json!(resources)),
        ("everything".to_owned(), json!(everything)),
        (
            "shipped".to_owned(),
            json!(shipped.iter().any(|one| one.name == role.name)),
        ),
    ])
}

/// The role a client describes. What was read can be written back: a role for everything says so, and names nothing
/// else, for whoever lists permissions means a limit.
pub(super) fn read(name: &str, data: &Document) -> Result<Role, Error> {
    let mut details = Details::default();
    let grants = grants(&mut details, data);
    let Ok(name) = name.parse() else {
        details.no_match("id", NAME_PATTERN);
        return Err(Error::Validation(details));
    };
    details.into_result()?;
    Ok(Role { name, grants })
}

fn grants(details: &mut Details, data: &Document) -> Grants {
    let everything = details.flag(data, "everything").unwrap_or_default();
    if !everything && !data.contains_key("permissions") {
        details.required("permissions");
    }
    let listed = texts(details, data, "permissions").unwrap_or_default();
    let resources = match data.get("resources") {
        Some(Value::Null) => None,
        _ => texts(details, data, "resources"),
    };
    if everything {
        if !listed.is_empty() || resources.is_some() {
            let message = "A role for everything lists no permissions and no resources";
            details.add("everything", "invalid", json!({ "message": message }));
        }
        return Grants::Everything;
    }
    let mut permissions = BTreeSet::new();
    for text in listed {
        match text.parse() {
            Ok(permission) => drop(permissions.insert(permission)),
            Err(_) => details.add("permissions", "enum", no_permission()),
        }
    }
    Grants::Some {
        permissions,
        resources: resources.map(|all| all.into_iter().map(str::to_owned).collect()),
    }
}

/// The roles a client wants somebody to have; a text that is no name is that of no role.
pub(super) fn names(data: &Document) -> Result<Vec<RoleName>, Error> {
    let mut details = Details::default();
    if !data.contains_key("roles") {
        details.required("roles");
    }
    let listed = texts(&mut details, data, "roles").unwrap_or_default();
    details.into_result()?;
    let parsed: Result<Vec<_>, _> = listed.into_iter().map(str::parse).collect();
    parsed.map_err(|_| no_such_role())
}

/// What is said of a name that no role of the account has; it is not repeated either.
pub(super) fn no_such_role() -> Error {
    let detail = json!({"message": "the account has no such role"});
    Error::Validation(Details::one("roles", "enum", detail))
}

/// Reads a list of strings; `None` if it is not there or complained about.
fn texts<'v>(details: &mut Details, data: &'v Document, field: &str) -> Option<Vec<&'v str>> {
    let value = data.get(field)?;
    let listed = value
        .as_array()
        .and_then(|items| items.iter().map(Value::as_str).collect());
    if listed.is_none() {
        details.wrong_type(field, "array of strings");
    }
    listed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(value: Value) -> Document {
        match value {
            Value::Object(document) => document,
            _ => unreachable!("documents are objects"),
        }
    }

    fn complaint(name: &str, data: Value) -> Value {
        match read(name, &document(data)) {
            Err(error) => error.face().data,
            Ok(role) => panic!("accepted: {role:?}"),
        }
    }

    #[test]
    fn each_member_has_its_type() {
        for (data, field, code) in [
            (json!({}), "permissions", "required"),
            (json!({"permissions": "push.read"}), "permissions", "type"),
            (json!({"permissions": [1]}), "permissions", "type"),
            (json!({"permissions": null}), "permissions", "type"),
            (json!({"permissions": ["a b"]}), "permissions", "enum"),
            (
                json!({"permissions": [], "resources": "x"}),
                "resources",
                "type",
            ),
            (
                json!({"permissions": [], "resources": [null]}),
                "resources",
                "type",
            ),
            (
                json!({"permissions": [], "everything": 1}),
                "everything",
                "type",
            ),
            (
                json!({"permissions": ["push.read"], "everything": true}),
                "everything",
                "invalid",
            ),
            (
                json!({"resources": [], "everything": true}),
                "everything",
                "invalid",
            ),
        ] {
            let said = complaint("r", data);
            assert!(said[field][code].is_object(), "{field} {code}: {said}");
        }
        let said = complaint("a b", json!({"permissions": []}));
        assert!(said["id"]["pattern"].is_object(), "{said}");
    }

    #[test]
    fn what_was_sent_is_not_repeated() {
        let secret = "s3cr3t ".repeat(1000);
        let said = complaint("r", json!({"permissions": [secret]})).to_string();
        assert!(!said.contains("s3cr3t"), "{said}");
        let said = names(&document(json!({"roles": [secret]}))).unwrap_err();
        assert!(!said.face().data.to_string().contains("s3cr3t"));
    }

    #[test]
    fn what_was_read_can_be_written_back() {
        let some = |resources: Option<&[&str]>| Grants::Some {
            permissions: ["push.read".parse().unwrap()].into(),
            resources: resources.map(|all| all.iter().map(|&text| text.to_owned()).collect()),
        };
        // No resource at all is not the same as no limit to some.
        for grants in [
            Grants::Everything,
            some(None),
            some(Some(&[])),
            some(Some(&["shop"])),
        ] {
            let role = Role {
                name: "r".parse().unwrap(),
                grants,
            };
            let seen = view(&role);
            assert_eq!(seen["shipped"], false);
            assert_eq!(read("r", &seen).unwrap(), role);
        }
    }
}
