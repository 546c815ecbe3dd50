//! Which resource a method and a path lead to.

use doorward_core::app_token::{AppTokenName, Label};
use http::Method;

use super::error::Error;
use super::own::{GROUND, PATHS};

/// Where one signs in.
pub(super) const SIGN_IN: &str = "/admin-api/account/v1/login";
const ACCOUNT: &str = "/admin-api/account/v1";
const CLIENTS: &str = "/admin-api/application-tokens/v1/clients/";

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resource {
    ShowAccount,
    SignOut,
    ChangePassword,
    ListUsers,
    ShowUser(String),
    PutUser(String),
    DeleteUser(String),
    RevokeTokens(String),
    ListAppTokens(AppTokenName),
    CreateAppToken(Label),
    CloneAppToken(Label),
    RevokeAppToken(Label),
}

impl Resource {
    /// Whether its body is read, a JSON object.
    pub(super) const fn takes_members(&self) -> bool {
        matches!(
            self,
            Self::ChangePassword | Self::PutUser(_) | Self::CreateAppToken(_)
        )
    }
}

/// A resource and its template, for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) template: &'static str,
    pub(super) resource: Resource,
}

/// A path with what is encoded in it decoded, for comparison with constants only.
pub(super) fn decoded(path: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    decoded.into_owned()
}

/// Whether a decoded path is one of the dialect's own.
pub(super) fn is_own(path: &str) -> bool {
    PATHS.iter().any(|own| {
        path.strip_prefix(own)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Whether a decoded path is on the vendor's admin API.
pub(super) fn is_on_ground(path: &str) -> bool {
    path.starts_with(GROUND)
}

/// What a canonical path leads to.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::MethodNotAllowed`].
pub(super) fn find(method: &Method, path: &str) -> Result<Route, Error> {
    match path.strip_prefix(ACCOUNT) {
        Some("") => account(method, ""),
        // Attack: `/admin-api/account/v1users` is on our ground, and by no rule for `/users`.
        Some(rest) => account(method, rest.strip_prefix('/').ok_or(Error::NotFound)?),
        None => app_tokens(method, path.strip_prefix(CLIENTS).ok_or(Error::NotFound)?),
    }
}

fn account(method: &Method, rest: &str) -> Result<Route, Error> {
    let segments: Vec<&str> = rest.split('/').collect();
    match segments.as_slice() {
        [""] => only(method, "account", Method::GET, Resource::ShowAccount),
        ["logout"] => only(method, "logout", Method::POST, Resource::SignOut),
        ["password"] => only(method, "password", Method::PUT, Resource::ChangePassword),
        ["users"] | ["users", ""] => only(method, "users", Method::GET, Resource::ListUsers),
        ["users", user] => {
            let user = decoded(user);
            let resource = match known(method) {
                Method::GET => Resource::ShowUser(user),
                Method::PUT => Resource::PutUser(user),
                Method::DELETE => Resource::DeleteUser(user),
                _ => return not_allowed(&[Method::GET, Method::HEAD, Method::PUT, Method::DELETE]),
            };
            Ok(route("users/{user}", resource))
        }
        ["users", user, "revoke-tokens"] => only(
            method,
            "users/{user}/revoke-tokens",
            Method::POST,
            Resource::RevokeTokens(decoded(user)),
        ),
        _ => Err(Error::NotFound),
    }
}

fn app_tokens(method: &Method, rest: &str) -> Result<Route, Error> {
    let segments: Vec<&str> = rest.split('/').collect();
    let name = |text: &str| text.parse::<AppTokenName>().map_err(|_| Error::Name);
    let label = |client: &str, token: &str| {
        Ok::<_, Error>(Label {
            client: name(client)?,
            name: name(token)?,
        })
    };
    match segments.as_slice() {
        [client, "application-token"] | [client, "application-token", ""] => only(
            method,
            "application-tokens",
            Method::GET,
            Resource::ListAppTokens(name(client)?),
        ),
        [client, "application-token", token] => {
            let resource = match known(method) {
                Method::PUT => Resource::CreateAppToken(label(client, token)?),
                Method::DELETE => Resource::RevokeAppToken(label(client, token)?),
                _ => return not_allowed(&[Method::PUT, Method::DELETE]),
            };
            Ok(route("application-tokens/{token}", resource))
        }
        [client, "application-token", token, "clone"] => only(
            method,
            "application-tokens/{token}/clone",
            Method::POST,
            Resource::CloneAppToken(label(client, token)?),
        ),
        _ => Err(Error::NotFound),
    }
}

/// A resource with one method.
fn only(
    method: &Method,
    template: &'static str,
    allowed: Method,
    resource: Resource,
) -> Result<Route, Error> {
    if known(method) == allowed {
        return Ok(route(template, resource));
    }
    match allowed {
        Method::GET => not_allowed(&[Method::GET, Method::HEAD]),
        other => not_allowed(&[other]),
    }
}

/// `HEAD` asks what `GET` does.
fn known(method: &Method) -> Method {
    match *method {
        Method::HEAD => Method::GET,
        ref other => other.clone(),
    }
}

const fn route(template: &'static str, resource: Resource) -> Route {
    Route { template, resource }
}

fn not_allowed<T>(methods: &[Method]) -> Result<T, Error> {
    Err(Error::MethodNotAllowed(methods.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: &Method, path: &str) -> Resource {
        find(method, path).unwrap().resource
    }

    #[test]
    fn every_resource_is_found() {
        let (get, put, post, delete) = (Method::GET, Method::PUT, Method::POST, Method::DELETE);
        for path in [ACCOUNT, "/admin-api/account/v1/"] {
            assert_eq!(found(&get, path), Resource::ShowAccount);
        }
        assert_eq!(found(&Method::HEAD, ACCOUNT), Resource::ShowAccount);
        let account = |rest: &str| format!("{ACCOUNT}/{rest}");
        assert_eq!(found(&post, &account("logout")), Resource::SignOut);
        assert_eq!(found(&put, &account("password")), Resource::ChangePassword);
        assert_eq!(found(&get, &account("users")), Resource::ListUsers);
        assert_eq!(
            found(&put, &account("users/zo%C3%AB")),
            Resource::PutUser("zo\u{eb}".into())
        );
        assert_eq!(
            found(&post, &account("users/a/revoke-tokens")),
            Resource::RevokeTokens("a".into())
        );
        let token = |rest: &str| format!("{CLIENTS}shop/application-token{rest}");
        let label: Label = "shop~feed".parse().unwrap();
        assert_eq!(
            found(&get, &token("")),
            Resource::ListAppTokens(label.client.clone())
        );
        assert_eq!(
            found(&put, &token("/feed")),
            Resource::CreateAppToken(label.clone())
        );
        assert_eq!(
            found(&post, &token("/feed/clone")),
            Resource::CloneAppToken(label.clone())
        );
        assert_eq!(
            found(&delete, &token("/feed")),
            Resource::RevokeAppToken(label)
        );
    }

    #[test]
    fn what_is_not_there_says_so_and_other_methods_are_named() {
        for path in [
            "/admin-api/account/v1/x",
            "/admin-api/zzz",
            CLIENTS,
            "/admin-api/account/v1/users/a/b",
            "/admin-api/account/v1users",
            "/admin-api/account/v1logout",
        ] {
            assert!(
                matches!(find(&Method::GET, path), Err(Error::NotFound)),
                "{path}"
            );
        }
        let refused = find(&Method::POST, ACCOUNT);
        assert!(
            matches!(refused, Err(Error::MethodNotAllowed(allow)) if allow == [Method::GET, Method::HEAD])
        );
        let hostile = format!("{CLIENTS}a/application-token/b%7Ec");
        assert!(matches!(find(&Method::PUT, &hostile), Err(Error::Name)));
    }

    #[test]
    fn own_paths_end_at_a_slash() {
        for own in ["/admin-api/account/v1", "/admin-api/account/v1/x", SIGN_IN] {
            assert!(is_own(own), "{own}");
        }
        for other in [
            "/admin-api/account/v10",
            "/admin-api/account",
            "/ADMIN-API/account/v1",
            "/",
        ] {
            assert!(!is_own(other), "{other}");
        }
    }
}
