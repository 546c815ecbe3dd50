//! Paths of our own, which no API claims where our own answers (decision 9).

use doorward_core::api::{Api, Dialect};
use doorward_core::route::PathPrefix;
use doorward_server::FUNNELBACK_PATHS;

use super::ApiSettings;
use crate::config::rows::Row;
use crate::config::value::Values;
use crate::config::{Place, Problem};

/// Where the Crossbar dialect answers; an API of foreign nouns lies inside.
const CROSSBAR_PATHS: [&str; 2] = ["/v1", "/v2"];

/// The nouns that somebody else serves there.
const FOREIGN: &str = "crossbar.foreign";

/// What is always ours.
const OWN: [&str; 3] = ["/v1", "/v2", "/.well-known/jwks.json"];

/// The paths of everything of ours that answers.
pub(super) fn enabled(values: &Values) -> Vec<&'static str> {
    let account = values.read::<Option<String>>("funnelback.account");
    let funnelback = account.is_ok_and(|account| account.is_some())
        && values.read("funnelback.enabled").unwrap_or(true);
    let funnelback = FUNNELBACK_PATHS.into_iter().filter(|_| funnelback);
    OWN.into_iter().chain(funnelback).collect()
}

/// What is wrong with an API that claims our own paths.
pub(super) fn problem(values: &Values, row: &Row, api: &Api) -> Option<Problem> {
    let own = claimed(api, &enabled(values))?;
    let message = match (is_foreign(api), passes_on(values), &api.upstream) {
        (true, true, Some(_)) => return None,
        (true, true, None) => "foreign nouns are passed on: set upstream as well".to_owned(),
        (true, false, _) => format!(
            "{own} is our own; what is passed on there is listed in {FOREIGN}, with crossbar.enabled"
        ),
        (false, ..) => format!("{own} is our own and is not passed on; choose other paths"),
    };
    Some(row.problem("api.paths", message))
}

/// Foreign nouns that no API is there for.
pub(super) fn unserved(values: &Values, apis: &[ApiSettings]) -> Option<Problem> {
    let is_served = apis.iter().any(|api| api.is_foreign);
    (passes_on(values) && !is_served).then(|| Problem {
        place: values.place(FOREIGN).cloned().unwrap_or(Place::Together),
        key: Some(FOREIGN.to_owned()),
        message: "needs an [[api]] with dialect = \"crossbar\" and paths under /v2/".to_owned(),
    })
}

fn passes_on(values: &Values) -> bool {
    let nouns: Vec<String> = values.read(FOREIGN).unwrap_or_default();
    !nouns.is_empty() && values.read("crossbar.enabled").unwrap_or(false)
}

/// Whether an API lies in the Crossbar tree, all of it.
pub(super) fn is_foreign(api: &Api) -> bool {
    let inside = |path: &PathPrefix| {
        let own = CROSSBAR_PATHS.iter();
        own.clone().any(|own| is_inside(path.as_str(), own))
    };
    api.dialect == Dialect::Crossbar && !api.paths.is_empty() && api.paths.iter().all(inside)
}

/// The first of these paths of ours that an API claims.
pub(super) fn claimed(api: &Api, own: &[&'static str]) -> Option<&'static str> {
    own.iter().copied().find(|own| claims(api, own))
}

/// A prefix of `/` claims everything else, for ours are longer; one inside our own paths is a mistake.
fn claims(api: &Api, own: &str) -> bool {
    let mut paths = api.paths.iter().map(PathPrefix::as_str);
    paths.any(|path| is_inside(path, own))
}

fn is_inside(path: &str, own: &str) -> bool {
    path.strip_prefix(own)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use doorward_core::api::{Accept, AcceptMethod};
    use doorward_core::id::AccountId;

    use super::*;
    use crate::config::Origin;
    use crate::config::value::Value;

    fn values(funnelback: Option<Value>) -> Values {
        let entry = funnelback.map(|value| ("funnelback.account", (value, Origin::Default)));
        Values(entry.into_iter().collect::<BTreeMap<_, _>>())
    }

    fn claimed_by(path: &str, values: &Values) -> Option<&'static str> {
        let accept = Accept::new(vec![vec![AcceptMethod::Token]]).unwrap();
        let mut api = Api::new("admin", AccountId::new([1; 16]), accept);
        api.paths = vec![path.parse().unwrap()];
        claimed(&api, &enabled(values))
    }

    #[test]
    fn the_funnelback_dialect_has_paths_of_its_own_where_it_is_on() {
        let on = values(Some(Value::Text("acme".to_owned())));
        let off = [values(None), values(Some(Value::Unset))];
        for (path, own) in [
            ("/admin-api/account/v1", FUNNELBACK_PATHS[0]),
            ("/admin-api/account/v1/sessions/", FUNNELBACK_PATHS[0]),
            ("/admin-api/application-tokens/v1/", FUNNELBACK_PATHS[1]),
        ] {
            assert_eq!(claimed_by(path, &on), Some(own));
            assert!(off.iter().all(|off| claimed_by(path, off).is_none()));
        }
        for shorter in [
            "/",
            "/admin-api/",
            "/admin-api/account/",
            "/admin-api/account/v12/",
        ] {
            assert_eq!(claimed_by(shorter, &on), None, "{shorter}");
        }
        assert_eq!(claimed_by("/v2/", &on), Some("/v2"));
    }
}
