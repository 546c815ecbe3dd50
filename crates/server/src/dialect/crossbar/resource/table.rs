//! THE table of resources (decision 34). What is refused with 405, who may ask without credentials, the
//! methods CORS names and the rights are all read from it.

use doorward_core::right::Right;

use super::{Access, Entry, Guarded, Open, Resource, Verb};

/// Segments that begin a noun; a placeholder never stands for one (crossbar.md section 1.2).
pub(super) const NOUNS: [&str; 9] = [
    "accounts",
    "account",
    "users",
    "roles",
    "phone_numbers",
    "user_auth",
    "api_auth",
    "token_auth",
    "auth",
];

/// The action of resets, for whatever level.
const RESET: &str = "reset_signature_secret";

/// The table.
pub(super) const RESOURCES: &[Resource] = &[
    at("user_auth", &[open(Verb::Put, Open::SignIn)]),
    at(
        "user_auth/{token}",
        &[may(Right::Authenticated, Verb::Get, Guarded::ShowOwnToken)],
    ),
    at("api_auth", &[open(Verb::Put, Open::SignInWithApiKey)]),
    at(
        "token_auth",
        &[
            may(Right::Authenticated, Verb::Get, Guarded::ShowToken),
            may(Right::Authenticated, Verb::Delete, Guarded::RevokeToken),
        ],
    ),
    at(
        "auth",
        &[
            act(
                Right::Authenticated,
                Verb::Put,
                "refresh_token",
                Guarded::Refresh,
            ),
            act(
                Right::Superduper,
                Verb::Put,
                RESET,
                Guarded::ResetSystemSecret,
            ),
        ],
    ),
    at(
        "auth/keys",
        &[may(Right::AdminUser, Verb::Get, Guarded::ListKeys)],
    ),
    at(
        "auth/keys/{key}",
        &[
            may(Right::AdminUser, Verb::Get, Guarded::ShowKey),
            act(
                Right::Superduper,
                Verb::Put,
                "reset_private_key",
                Guarded::ResetKey,
            ),
        ],
    ),
    at(
        "auth/tokeninfo",
        &[
            open(Verb::Get, Open::TokenInfo),
            open(Verb::Post, Open::TokenInfo),
        ],
    ),
    at(
        "accounts",
        &[may(Right::Administer, Verb::Put, Guarded::CreateAccount)],
    ),
    at(
        "accounts/{account}",
        &[
            may(Right::Reach, Verb::Get, Guarded::ShowAccount),
            may(Right::Administer, Verb::Put, Guarded::CreateAccount),
            may(Right::Administer, Verb::Post, Guarded::ReplaceAccount),
            may(Right::Administer, Verb::Patch, Guarded::PatchAccount),
            may(Right::Administer, Verb::Delete, Guarded::DeleteAccount),
        ],
    ),
    at(
        "accounts/{account}/api_key",
        &[
            may(Right::Administer, Verb::Get, Guarded::ShowApiKey),
            may(Right::AdminUser, Verb::Put, Guarded::RotateApiKey),
        ],
    ),
    at(
        "accounts/{account}/children",
        &[may(Right::Reach, Verb::Get, Guarded::ListChildren)],
    ),
    at(
        "accounts/{account}/descendants",
        &[may(Right::Reach, Verb::Get, Guarded::ListDescendants)],
    ),
    at(
        "accounts/{account}/siblings",
        &[may(Right::Reach, Verb::Get, Guarded::ListSiblings)],
    ),
    at(
        "accounts/{account}/tree",
        &[may(Right::Reach, Verb::Get, Guarded::ShowTree)],
    ),
    at(
        "accounts/{account}/parents",
        &[may(Right::Reach, Verb::Get, Guarded::ListParents)],
    ),
    at(
        "accounts/{account}/move",
        &[may(Right::Superduper, Verb::Post, Guarded::MoveAccount)],
    ),
    at(
        "accounts/{account}/reseller",
        &[
            may(Right::Superduper, Verb::Put, Guarded::PromoteReseller),
            may(Right::Superduper, Verb::Delete, Guarded::DemoteReseller),
        ],
    ),
    at(
        "accounts/{account}/auth",
        &[act(
            Right::AdminUser,
            Verb::Put,
            RESET,
            Guarded::ResetAccountSecret,
        )],
    ),
    at(
        "accounts/{account}/token_auth",
        &[
            may(Right::Reach, Verb::Get, Guarded::ShowToken),
            may(Right::Reach, Verb::Delete, Guarded::RevokeToken),
        ],
    ),
    at(
        "accounts/{account}/users/{user}",
        &[
            may(Right::Reach, Verb::Get, Guarded::ShowUser),
            may(Right::AdministerOrSelf, Verb::Post, Guarded::ReplaceUser),
            may(Right::AdministerOrSelf, Verb::Patch, Guarded::PatchUser),
            may(Right::Administer, Verb::Delete, Guarded::DeleteUser),
        ],
    ),
    at(
        "accounts/{account}/phone_numbers",
        &[may(Right::Reach, Verb::Get, Guarded::ListPhones)],
    ),
    at(
        "accounts/{account}/phone_numbers/{phone}",
        &[
            may(Right::Reach, Verb::Get, Guarded::ShowPhone),
            may(Right::Administer, Verb::Put, Guarded::AssignPhone),
            may(Right::Administer, Verb::Delete, Guarded::ReleasePhone),
        ],
    ),
    at(
        "accounts/{account}/phone_numbers/{phone}/activate",
        &[may(Right::Administer, Verb::Put, Guarded::ActivatePhone)],
    ),
    at(
        "accounts/{account}/users",
        &[
            may(Right::Reach, Verb::Get, Guarded::ListUsers),
            may(Right::Administer, Verb::Put, Guarded::CreateUser),
        ],
    ),
    at(
        "accounts/{account}/users/{user}/auth",
        &[act(
            Right::AdminOrSelf,
            Verb::Put,
            RESET,
            Guarded::ResetUserSecret,
        )],
    ),
    at(
        "accounts/{account}/users/{user}/user_auth",
        &[act(
            Right::Impersonate,
            Verb::Put,
            "impersonate_user",
            Guarded::Impersonate,
        )],
    ),
    at(
        "accounts/{account}/users/{user}/roles",
        &[
            may(Right::Reach, Verb::Get, Guarded::ShowUserRoles),
            may(Right::GrantRoles, Verb::Put, Guarded::SetUserRoles),
        ],
    ),
    at(
        "accounts/{account}/roles",
        &[may(Right::Reach, Verb::Get, Guarded::ListRoles)],
    ),
    at(
        "accounts/{account}/roles/{role}",
        &[
            may(Right::Reach, Verb::Get, Guarded::ShowRole),
            may(Right::GrantRoles, Verb::Put, Guarded::SetRole),
            may(Right::GrantRoles, Verb::Delete, Guarded::DeleteRole),
        ],
    ),
    at(
        "users",
        &[
            may(Right::Nobody, Verb::Get, Guarded::Nothing),
            may(Right::Nobody, Verb::Put, Guarded::Nothing),
        ],
    ),
    at(
        "users/{user}",
        &[may(Right::Nobody, Verb::Get, Guarded::Nothing)],
    ),
];

const fn open(verb: Verb, operation: Open) -> Entry {
    Entry {
        verb,
        action: None,
        access: Access::Open(operation),
    }
}

const fn may(right: Right, verb: Verb, operation: Guarded) -> Entry {
    Entry {
        verb,
        action: None,
        access: Access::Guarded(right, operation),
    }
}

const fn act(right: Right, verb: Verb, action: &'static str, operation: Guarded) -> Entry {
    Entry {
        verb,
        action: Some(action),
        access: Access::Guarded(right, operation),
    }
}

const fn at(template: &'static str, entries: &'static [Entry]) -> Resource {
    Resource { template, entries }
}
