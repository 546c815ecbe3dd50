//! The dialect's own resources, as the guarded API by which they are judged.

use doorward_core::api::{Accept, AcceptMethod, Api, Dialect, Rule};

use crate::settings::Funnelback;

/// What the dialect claims on its hosts: no `[[api]]` can.
pub const PATHS: [&str; 2] = ["/admin-api/account/v1", "/admin-api/application-tokens/v1"];

/// All of the vendor's admin API. What no guarded API claims below it is not there, and says so in this dialect.
pub(super) const GROUND: &str = "/admin-api/";
/// Its name in metrics and in the record of decisions.
const NAME: &str = "funnelback";

/// What a right of the caller's roles opens; everything else is for whoever is known.
const RULES: [(&str, &str); 3] = [
    ("/admin-api/account/v1/users", "admin.users"),
    ("/admin-api/account/v1/users/**", "admin.users"),
    ("/admin-api/application-tokens/v1/**", "admin.tokens"),
];

/// The API of the dialect's own resources: one, or none if a host of the settings is no host.
pub(crate) fn apis(settings: &Funnelback) -> Vec<Api> {
    let mut any_of = vec![vec![AcceptMethod::Token]];
    if settings.admin_basic {
        any_of.push(vec![AcceptMethod::Basic]);
    }
    let hosts: Result<_, _> = settings.hosts.iter().map(|host| host.parse()).collect();
    let rules: Option<Vec<Rule>> = RULES
        .iter()
        .map(|(path, right)| rule(path, right))
        .collect();
    let (Ok(accept), Ok(hosts), Ok(path), Some(rules)) =
        (Accept::new(any_of), hosts, GROUND.parse(), rules)
    else {
        return Vec::new();
    };
    let mut api = Api::new(NAME, settings.account, accept);
    api.hosts = hosts;
    api.paths = vec![path];
    api.dialect = Dialect::Funnelback;
    api.rules = rules;
    vec![api]
}

fn rule(path: &str, permission: &str) -> Option<Rule> {
    Some(Rule {
        methods: None,
        path: path.parse().ok()?,
        permission: permission.parse().ok()?,
        resource: None,
    })
}

#[cfg(test)]
mod tests {
    use doorward_core::id::AccountId;
    use doorward_core::route::Table;

    use super::*;

    #[test]
    fn the_table_of_own_resources_is_sound() {
        let settings = Funnelback::new(AccountId::new([1; 16]));
        let apis = apis(&settings);
        assert_eq!(apis.len(), 1);
        for path in PATHS {
            assert!(apis[0].paths[0].claims(path));
        }
        Table::new(apis).unwrap();
    }
}
