//! Operations: one file per resource. Each reads its input, calls one use case, shows the result.

mod accounts;
mod accounts_write;
mod api_auth;
mod api_key;
mod auth;
mod auth_keys;
mod impersonate;
mod lists;
mod phone_numbers;
mod roles;
mod token_auth;
mod tokeninfo;
mod tree;
mod user_auth;
mod user_roles;
mod users;
mod users_write;

use doorward_core::document::Document;
use doorward_engine::{Permit, Session};
use serde_json::{Value, json};

use super::call::Call;
use super::envelope::{Answer, AuthToken, Success};
use super::error::Error;
use super::resource::{Guarded, Open};
use super::view;

/// Performs what anybody may ask for.
pub(super) async fn open(call: &Call<'_>, operation: Open) -> Result<Answer, Error> {
    match operation {
        Open::SignIn => user_auth::sign_in(call).await,
        Open::SignInWithApiKey => api_auth::sign_in(call).await,
        Open::TokenInfo => tokeninfo::show(call).await,
    }
}

/// Performs what the permit allows.
pub(super) async fn guarded(
    call: &Call<'_>,
    permit: &Permit,
    operation: Guarded,
) -> Result<Answer, Error> {
    match operation {
        Guarded::ShowOwnToken => user_auth::show(call, permit).await,
        Guarded::ShowToken => token_auth::show(call, permit).await,
        Guarded::RevokeToken => token_auth::revoke(call, permit).await,
        Guarded::Refresh => auth::refresh(call, permit).await,
        Guarded::ResetSystemSecret => auth::reset_system(call, permit).await,
        Guarded::ResetAccountSecret => auth::reset_account(call, permit).await,
        Guarded::ResetUserSecret => auth::reset_user(call, permit).await,
        Guarded::ListKeys => Ok(auth_keys::list(call)),
        Guarded::ShowKey => auth_keys::show(call),
        Guarded::ResetKey => auth_keys::reset(call, permit).await,
        Guarded::ShowAccount => accounts::show(call, permit).await,
        Guarded::ListChildren => lists::children(call).await,
        Guarded::ListDescendants => lists::descendants(call, permit).await,
        Guarded::ListSiblings => lists::siblings(call, permit).await,
        Guarded::ListUsers => lists::users(call).await,
        Guarded::ShowTree => tree::above(call, permit).await,
        Guarded::ListParents => tree::parents(call, permit).await,
        Guarded::MoveAccount => tree::move_account(call, permit).await,
        Guarded::PromoteReseller => tree::set_reseller(call, permit, true).await,
        Guarded::DemoteReseller => tree::set_reseller(call, permit, false).await,
        Guarded::ShowUser => users::show(call).await,
        Guarded::CreateAccount => accounts_write::create(call, permit).await,
        Guarded::ReplaceAccount => accounts_write::replace(call, permit).await,
        Guarded::PatchAccount => accounts_write::patch(call, permit).await,
        Guarded::DeleteAccount => accounts_write::delete(call, permit).await,
        Guarded::ShowApiKey => api_key::show(call).await,
        Guarded::RotateApiKey => api_key::rotate(call, permit).await,
        Guarded::ListPhones => phone_numbers::list(call).await,
        Guarded::ShowPhone => phone_numbers::show(call).await,
        Guarded::AssignPhone => phone_numbers::assign(call, permit).await,
        Guarded::ActivatePhone => phone_numbers::activate(call).await,
        Guarded::ReleasePhone => phone_numbers::release(call, permit).await,
        Guarded::CreateUser => users_write::create(call, permit).await,
        Guarded::ReplaceUser => users_write::replace(call, permit).await,
        Guarded::PatchUser => users_write::patch(call, permit).await,
        Guarded::DeleteUser => users_write::delete(call, permit).await,
        Guarded::Impersonate => impersonate::impersonate(call, permit).await,
        Guarded::ShowUserRoles => user_roles::show(call).await,
        Guarded::SetUserRoles => user_roles::set(call, permit).await,
        Guarded::ListRoles => roles::list(call).await,
        Guarded::ShowRole => roles::show(call).await,
        Guarded::SetRole => roles::set(call, permit).await,
        Guarded::DeleteRole => roles::delete(call, permit).await,
        Guarded::Nothing => Err(Error::Forbidden),
    }
}

/// A success that shows this.
fn shown(data: Value) -> Answer {
    Answer::Success(Success {
        data: Some(data),
        ..Success::default()
    })
}

/// A success of an action that has nothing to show.
fn done() -> Answer {
    Answer::Success(Success {
        created: true,
        ..Success::default()
    })
}

/// A new session.
async fn signed_in(call: &Call<'_>, session: Session) -> Result<Answer, Error> {
    let data = view::login(call, &session.account, session.user.as_deref()).await?;
    Ok(Answer::Success(Success {
        created: true,
        data: Some(Value::Object(data)),
        auth_token: AuthToken::New(session.token),
        ..Success::default()
    }))
}

/// A document with its revision, unless the client has it.
fn document(call: &Call<'_>, count: u64, data: Document) -> Answer {
    let revision = view::revision(count, &data);
    if call.has_copy(&revision) {
        return Answer::NotModified(revision);
    }
    Answer::Success(Success {
        data: Some(Value::Object(data)),
        revision: Some(revision),
        ..Success::default()
    })
}

/// Where a thing with this id is, below the path of the request.
fn below(call: &Call<'_>, id: impl std::fmt::Display) -> String {
    let path = call.exchange.head.uri.path().trim_end_matches('/');
    format!("{path}/{id}")
}

/// A document as it was written, whatever copy the client has.
fn changed(count: u64, data: Document) -> Answer {
    Answer::Success(written(count, data))
}

/// A new document, and where it is.
fn created(count: u64, data: Document, location: Option<String>) -> Answer {
    Answer::Success(Success {
        created: true,
        location,
        ..written(count, data)
    })
}

/// A document as it was before it was deleted.
fn deleted(count: u64, mut data: Document) -> Answer {
    data.insert("_read_only".to_owned(), json!({"deleted": true}));
    changed(count, data)
}

fn written(count: u64, data: Document) -> Success {
    Success {
        revision: Some(view::revision(count, &data)),
        data: Some(Value::Object(data)),
        ..Success::default()
    }
}
