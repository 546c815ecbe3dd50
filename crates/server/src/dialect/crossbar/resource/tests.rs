use super::*;

const RESET: &str = "reset_signature_secret";

fn path(text: &str) -> Vec<String> {
    text.split('/').map(str::to_owned).collect()
}

/// A path for a template.
fn example(template: &str) -> String {
    let parts = template.split('/').map(|part| match part {
        "{account}" => "a".repeat(32),
        "{user}" => "b".repeat(32),
        "{key}" => "c".repeat(32),
        "{phone}" => "+14155550100".to_owned(),
        "{role}" => "push-only".to_owned(),
        "{token}" => "x.y.z".to_owned(),
        literal => literal.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn every_resource_is_found_by_its_path() {
    for resource in RESOURCES {
        let target = find(&path(&example(resource.template))).unwrap();
        assert_eq!(target.resource.template, resource.template);
        let has = |name: &str| resource.template.contains(name);
        assert_eq!(target.account.is_some(), has("{account}"));
        assert_eq!(target.user.is_some(), has("{user}"));
        assert_eq!(target.key.is_some(), has("{key}"));
        assert_eq!(target.phone.is_some(), has("{phone}"));
        assert_eq!(target.role.is_some(), has("{role}"));
        assert_eq!(target.token.is_some(), has("{token}"));
        assert!(NOUNS.iter().any(|noun| resource.template.starts_with(noun)));
    }
}

#[test]
fn every_entry_is_found_by_its_verb_and_action() {
    for resource in RESOURCES {
        for entry in resource.entries {
            let found = resource.entry(Some(entry.verb), entry.action).unwrap();
            assert_eq!(found.access, entry.access, "{}", resource.template);
            assert!(resource.may_know(Some(entry.verb)));
            assert!(resource.verbs().contains(&entry.verb));
        }
        assert!(!resource.may_know(None));
        assert_eq!(resource.entry(None, None).unwrap_err(), NoEntry::Verb);
    }
}

#[test]
fn a_resource_is_open_for_all_or_for_none_and_these_are_open() {
    let is_open = |entry: &Entry| matches!(entry.access, Access::Open(_));
    let mut open = Vec::new();
    for resource in RESOURCES {
        assert_eq!(
            resource.is_open(),
            !resource.entries.is_empty() && resource.entries.iter().all(is_open),
            "{}",
            resource.template
        );
        if resource.is_open() {
            open.push(resource.template);
        }
    }
    assert_eq!(open, ["user_auth", "api_auth", "auth/tokeninfo"]);
}

#[test]
fn rights_on_an_account_need_one_in_the_path() {
    for resource in RESOURCES {
        for entry in resource.entries {
            if let Access::Guarded(
                Right::Reach | Right::AdminOrSelf | Right::GrantRoles | Right::Impersonate,
                _,
            ) = entry.access
            {
                assert!(
                    resource.template.starts_with("accounts/{account}"),
                    "{}",
                    resource.template
                );
            }
        }
    }
}

#[test]
fn account_stands_for_the_callers_own() {
    let target = find(&path("account")).unwrap();
    assert_eq!(target.resource.template, "accounts/{account}");
    assert_eq!(target.account, Some(AccountName::Own));
    let target = find(&path("account/children")).unwrap();
    assert_eq!(target.resource.template, "accounts/{account}/children");
}

#[test]
fn a_noun_is_never_an_argument() {
    for text in [
        "accounts/users",
        "accounts/auth/children",
        "user_auth/auth",
        "nonsense",
        "auth/nonsense",
        "accounts/a/b",
        "accounts/roles",
        "accounts/roles/users",
        "accounts/a/users/roles",
        "accounts/a/users/roles/roles",
        "accounts/a/roles/x/y",
        "users/roles",
        "user_auth/roles",
        "roles",
        "user_auth/x/y",
    ] {
        assert!(find(&path(text)).is_none(), "{text}");
    }
}

/// Who calls a role `users` on the command line finds it here too.
#[test]
fn a_role_may_be_called_as_it_likes() {
    for name in ["push-only", "users", "roles", "account", "{role}"] {
        let target = find(&path(&format!("accounts/a/roles/{name}"))).unwrap();
        assert_eq!(target.resource.template, "accounts/{account}/roles/{role}");
        assert_eq!(target.role.as_deref(), Some(name));
    }
}

#[test]
fn an_action_is_demanded_where_there_are_some() {
    let auth = find(&path("auth")).unwrap().resource;
    let known = vec!["refresh_token", RESET];
    assert_eq!(
        auth.entry(Some(Verb::Put), None).unwrap_err(),
        NoEntry::Action {
            known: known.clone(),
            named: false
        }
    );
    assert_eq!(
        auth.entry(Some(Verb::Put), Some("x")).unwrap_err(),
        NoEntry::Action { known, named: true }
    );
    let token = find(&path("token_auth")).unwrap().resource;
    assert!(token.entry(Some(Verb::Get), Some("ignored")).is_ok());
}

#[test]
fn verbs_are_named_in_any_case() {
    assert_eq!(Verb::named("delete"), Some(Verb::Delete));
    assert_eq!(Verb::named("Put"), Some(Verb::Put));
    for foreign in ["HEAD", "OPTIONS", "", "TRACE", "GET "] {
        assert_eq!(Verb::named(foreign), None);
    }
}

#[test]
fn a_method_in_another_case_is_another_method() {
    assert_eq!(Verb::of(&Method::DELETE), Some(Verb::Delete));
    for other in ["delete", "Delete", "gET"] {
        assert_eq!(
            Verb::of(&Method::from_bytes(other.as_bytes()).unwrap()),
            None
        );
    }
    assert_eq!(Verb::named("delete"), Some(Verb::Delete));
}

/// Method, path, action and user of each row that `docs/roles.md` must have: what is done to a user is
/// done by that user itself and by others.
fn rows_of_roles() -> Vec<[String; 4]> {
    let mut rows = Vec::new();
    for resource in RESOURCES {
        let users: &[&str] = if resource.template.contains("{user}") {
            &["user", "other"]
        } else {
            &[""]
        };
        for entry in resource.entries {
            for user in users {
                let action = entry.action.unwrap_or_default();
                let row = [entry.verb.as_str(), resource.template, action, user];
                rows.push(row.map(str::to_owned));
            }
        }
    }
    rows
}

#[test]
fn the_document_of_roles_has_each_operation() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/roles.md");
    let document = std::fs::read_to_string(path).unwrap();
    let cells = |line: &str| -> Option<[String; 4]> {
        let mut cells = line.strip_prefix('|')?.split('|');
        let mut next = || Some(cells.next()?.trim().trim_matches('`').to_owned());
        Some([next()?, next()?, next()?, next()?])
    };
    let written: Vec<_> = document
        .lines()
        .filter_map(cells)
        .filter(|[method, ..]| Verb::named(method).is_some())
        .collect();
    assert_eq!(written, rows_of_roles(), "rows of docs/roles.md");
}
