//! What can go wrong, and its one mapping to the wire (crossbar.md section 1.7).

use std::time::Duration;

use doorward_core::account::Lock;
use doorward_core::jwt::TokenError;
use doorward_engine::StoreError;
use doorward_engine::{AdminError, Conflict, Reason, Refusal, SignInError};
use http::StatusCode;
use serde_json::{Value, json};

use super::validate::Details;
use crate::rejection::Rejection;

/// How long clients wait before they ask an unreachable store again.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// Most characters of a client's own text that an error repeats.
const MAX_ECHO: usize = 128;
/// What is said of a role that every account has.
const SHIPPED_ROLE: &str = "this is a role of every account and cannot be changed";
/// What is said of a role that users have.
const ROLE_IN_USE: &str = "users have this role; take it from them first";

/// Where `tokeninfo` looked for its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenPlace {
    /// The query, for GET.
    Params,
    /// The body, for POST.
    Request,
}

/// Every error of the dialect.
#[derive(Debug)]
pub(super) enum Error {
    /// Nobody proven. Sign-ins and tokens fail alike, so that nothing tells why.
    InvalidCredentials,
    /// `tokeninfo` says why a token is no good.
    BadToken(TokenError),
    /// The input is wrong.
    Validation(Details),
    /// Known, and no.
    Forbidden,
    /// A credential came over plain HTTP from another machine (decision 40).
    Plaintext,
    /// No such resource.
    NotFound,
    /// No such document; with its id as the client wrote it.
    BadIdentifier(String),
    /// Not even the shape of an account's id.
    MalformedAccountId(String),
    /// No account has this API key.
    UnknownApiKey,
    /// `tokeninfo` without a token.
    MissingToken(TokenPlace),
    /// The resource does not know the verb.
    MethodNotAllowed,
    /// `/v1`, switched off.
    Gone,
    /// The body broke off.
    BodyBroken,
    /// The body did not arrive in time.
    BodyTimeout,
    /// The body is larger than this many bytes.
    BodyTooLarge(u64),
    /// More rows than are given at once.
    RangeNotSatisfiable,
    /// The body is of a type that is not read.
    UnsupportedMediaType,
    /// The account is locked.
    Locked(Lock),
    /// Too many guesses or hashes; again after this long.
    TooManyRequests(Duration),
    /// The store does not answer.
    Unavailable,
    /// Accounts below are in the way.
    HasDescendants,
    /// Every account has this role as it is.
    ShippedRole,
    /// Users have this role.
    RoleInUse,
    /// Somebody else changed the same things at the same time; the client may try again.
    Conflict,
    /// A guarded request that did not pass, for which the dialect has no word of its own.
    Rejected(Rejection),
    /// A mistake of ours; the text is for the log only.
    Fault(String),
}

/// An error as it goes out.
pub(super) struct Face {
    /// HTTP status.
    pub(super) status: StatusCode,
    /// `message`: a word for machines.
    pub(super) message: &'static str,
    /// `data`.
    pub(super) data: Value,
    /// `Retry-After`.
    pub(super) retry_after: Option<Duration>,
}

impl Error {
    /// Its face on the wire.
    pub(super) fn face(&self) -> Face {
        let (status, message, data) = match self {
            Self::InvalidCredentials => human(401, "invalid_credentials", "invalid credentials"),
            Self::BadToken(error) => (401, reason_word(*error), json!({})),
            Self::Validation(details) => (400, "validation error", details.to_json()),
            Self::Forbidden => human(403, "forbidden", "forbidden"),
            Self::Plaintext => human(
                403,
                "forbidden",
                "credentials over plain HTTP are not looked at; use HTTPS, or set [listen] allow_plaintext",
            ),
            Self::NotFound => human(404, "not_found", "not found"),
            Self::BadIdentifier(id) => (
                404,
                "bad_identifier",
                json!({"message": "bad identifier", "cause": echo(id)}),
            ),
            Self::MalformedAccountId(id) => (
                404,
                "bad identifier",
                json!({"message": format!("invalid account_id '{}'", echo(id))}),
            ),
            Self::UnknownApiKey => human(404, "bad identifier", "bad identifier"),
            Self::MissingToken(place) => (404, missing_token(*place), json!({})),
            Self::MethodNotAllowed => human(405, "invalid_method", "method not allowed"),
            Self::BodyBroken => human(400, "parse_error", "failed to parse request body"),
            Self::BodyTimeout => human(408, "request_timeout", "request timeout"),
            Self::Conflict => human(409, "datastore_conflict", "conflicting documents"),
            Self::ShippedRole => human(403, "forbidden", SHIPPED_ROLE),
            Self::RoleInUse => human(409, "role_in_use", ROLE_IN_USE),
            Self::Gone => human(
                410,
                "gone",
                "API version 1 is not supported. Please upgrade your code to use version 2.",
            ),
            Self::BodyTooLarge(limit) => (413, "validation error", too_large(*limit)),
            Self::UnsupportedMediaType => {
                human(415, "unsupported_media_type", "unsupported media type")
            }
            Self::RangeNotSatisfiable => (416, "range not satisfiable", json!({})),
            Self::Locked(lock) => (423, "locked", locked(*lock)),
            Self::TooManyRequests(_) => human(429, "too_many_requests", "too many requests"),
            Self::HasDescendants => {
                human(500, "account_has_descendants", "account has descendants")
            }
            Self::Rejected(rejection) => (
                rejection.status().as_u16(),
                rejection.word(),
                json!({"message": rejection.detail()}),
            ),
            Self::Fault(_) => human(500, "unspecified_fault", "unspecified fault"),
            Self::Unavailable => human(503, "datastore_unreachable", "datastore timeout"),
        };
        Face {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            message,
            data,
            retry_after: self.retry_after(),
        }
    }

    const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooManyRequests(after) => Some(*after),
            Self::Unavailable => Some(STORE_PAUSE),
            _ => None,
        }
    }

    /// A refused or failed change of the thing with this id.
    pub(super) fn of_change(error: AdminError, id: &str) -> Self {
        match error {
            AdminError::UnknownAccount
            | AdminError::UnknownUser
            | AdminError::UnknownKey
            | AdminError::UnknownRole(_)
            | AdminError::Store(StoreError::Missing) => Self::BadIdentifier(id.to_owned()),
            AdminError::Root => Self::MethodNotAllowed,
            AdminError::Store(StoreError::HasChildren) => Self::HasDescendants,
            AdminError::Password => Self::Validation(Details::one(
                "password",
                "invalid",
                json!({"message": AdminError::Password.to_string()}),
            )),
            AdminError::Name { field, error } => Self::Validation(Details::one(
                field,
                "invalid",
                json!({"message": error.to_string()}),
            )),
            AdminError::TooLarge(limit) => Self::BodyTooLarge(limit),
            AdminError::TooMany(limit) => Self::Validation(Details::one(
                "data",
                "maxItems",
                json!({"message": AdminError::TooMany(limit).to_string(), "target": limit}),
            )),
            AdminError::ShippedRole(_) => Self::ShippedRole,
            AdminError::RoleInUse => Self::RoleInUse,
            AdminError::UnknownPermission(_) => {
                Self::Validation(Details::one("permissions", "enum", no_permission()))
            }
            AdminError::TooManyRoles => Self::Validation(Details::one(
                "roles",
                "maxItems",
                json!({"message": AdminError::TooManyRoles.to_string()}),
            )),
            AdminError::Busy => Self::TooManyRequests(STORE_PAUSE),
            AdminError::Store(error) => error.into(),
            other => Self::Fault(other.to_string()),
        }
    }
}

/// What is said of a text that is no permission. It is not repeated: it may be a secret in the wrong place.
pub(super) fn no_permission() -> Value {
    json!({"message": "there is no such permission; `rights` in the configuration adds others"})
}

fn human(status: u16, message: &'static str, text: &str) -> (u16, &'static str, Value) {
    (status, message, json!({ "message": text }))
}

fn reason_word(error: TokenError) -> &'static str {
    match error {
        TokenError::Malformed => "invalid_jwt",
        TokenError::Algorithm => "algorithm_not_supported",
        TokenError::Signature => "invalid_jwt_signature",
        TokenError::Expired => "token_expired",
        TokenError::IdentitySignature => "invalid_identity_signature",
        _ => "invalid_credentials",
    }
}

const fn missing_token(place: TokenPlace) -> &'static str {
    match place {
        TokenPlace::Params => "missing token in params",
        TokenPlace::Request => "missing token in request",
    }
}

fn too_large(limit: u64) -> Value {
    json!({"file": {"maxSize": {
        "message": format!("Payload or Files must not be more than {limit} bytes"),
        "target": limit,
    }}})
}

fn locked(lock: Lock) -> Value {
    match lock {
        Lock::Expired(end) => json!({"account": {"expired": {
            "message": "account expired",
            "cause": end.gregorian(),
        }}}),
        Lock::Disabled => json!({"account": {"disabled": {"message": "account disabled"}}}),
    }
}

/// A client's own text, cut.
fn echo(text: &str) -> String {
    text.chars().take(MAX_ECHO).collect()
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unreachable(_) => Self::Unavailable,
            StoreError::Conflict(Conflict::Row) => Self::Conflict,
            other => Self::Fault(other.to_string()),
        }
    }
}

impl From<SignInError> for Error {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Invalid | SignInError::TooOld => Self::InvalidCredentials,
            SignInError::UnknownKey => Self::UnknownApiKey,
            SignInError::Locked(lock) => Self::Locked(lock),
            SignInError::Throttled(after) => Self::TooManyRequests(after),
            SignInError::Unavailable => Self::Unavailable,
            other => Self::Fault(other.to_string()),
        }
    }
}

impl From<Reason> for Error {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Locked(lock) => Self::Locked(lock),
            _ => Self::Forbidden,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::UnknownAccount(id) => Self::BadIdentifier(id.to_string()),
            _ => Self::NotFound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_core::time::Timestamp;

    #[test]
    fn locks_have_the_documented_shape() {
        let face = Error::Locked(Lock::Expired(Timestamp::from_unix(1_487_814_038))).face();
        assert_eq!(face.status, StatusCode::LOCKED);
        assert_eq!(
            face.data,
            json!({"account": {"expired": {"message": "account expired", "cause": 63_655_033_238_u64}}})
        );
    }

    #[test]
    fn nothing_internal_goes_out() {
        let face = Error::Fault("table users, column salt".to_owned()).face();
        assert_eq!(face.data, json!({"message": "unspecified fault"}));
        let face = Error::from(StoreError::Unreachable("host db1".to_owned())).face();
        assert_eq!(face.data, json!({"message": "datastore timeout"}));
        assert!(face.retry_after.is_some());
    }

    /// What PostgreSQL calls a deadlock is nobody's fault, and over at once.
    #[test]
    fn changes_that_crossed_each_other_may_be_tried_again() {
        let crossed = AdminError::Store(StoreError::Conflict(Conflict::Row));
        let face = Error::of_change(crossed, "x").face();
        assert_eq!(face.status, StatusCode::CONFLICT);
        assert_eq!(face.message, "datastore_conflict");
    }

    #[test]
    fn repeated_text_is_cut() {
        let face = Error::BadIdentifier("x".repeat(4000)).face();
        assert_eq!(face.data["cause"].as_str().map(str::len), Some(MAX_ECHO));
    }

    #[test]
    fn sign_ins_and_tokens_fail_alike() {
        let token = Error::InvalidCredentials.face();
        for error in [SignInError::Invalid, SignInError::TooOld] {
            let face = Error::from(error).face();
            assert_eq!(
                (face.status, face.message, face.data),
                (token.status, token.message, token.data.clone())
            );
        }
    }
}
