//! Paths of our own, which no API claims where our own answers (decision 9).

use doorward_core::api::Api;
use doorward_core::route::PathPrefix;

/// What is always ours.
const OWN: [&str; 3] = ["/v1", "/v2", "/.well-known/jwks.json"];

/// The first of our own paths that an API claims.
pub(super) fn claimed(api: &Api) -> Option<&'static str> {
    OWN.into_iter().find(|own| claims(api, own))
}

/// A prefix of `/` claims everything else; one inside our own paths is a mistake.
fn claims(api: &Api, own: &str) -> bool {
    let mut paths = api.paths.iter().map(PathPrefix::as_str);
    paths.any(|path| {
        path.strip_prefix(own)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}
