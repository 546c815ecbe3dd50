//! Resources in the Crossbar tree that an upstream serves: a permit leads to them, and nothing else.

use doorward_core::api::{AcceptMethod, Api, Dialect};
use doorward_core::credential::Presented;
use doorward_core::id::AccountId;
use doorward_core::right::Right;
use doorward_core::route::Table;
use doorward_core::secret::SecretText;
use doorward_engine::{Decision, Engine, Guarded, Permit, Request, Resource, Trace};
use doorward_testkit::TestDatabase;
use http::Method;

use super::super::{CLIENT, founded, quick, sign_in_as_admin};
use super::{Ask, accept, add_account, api};

/// An API at `/v2/` whose account the caller's is not a member of.
fn kazoo(account: AccountId) -> Api {
    let mut kazoo = api("kazoo", account);
    kazoo.paths = vec!["/v2/".parse().unwrap()];
    kazoo.dialect = Dialect::Crossbar;
    kazoo
}

fn guard(engine: &Engine, kazoo: Api) {
    engine.guard(Guarded {
        foreign: Table::new(vec![kazoo]).unwrap(),
        ..Guarded::default()
    });
}

async fn permit(engine: &Engine, token: &SecretText, right: Right, account: AccountId) -> Permit {
    let presented = Presented::Token {
        token: token.clone(),
        account: None,
    };
    let resource = Resource {
        right,
        account: Some(account),
        user: None,
    };
    let request = Request {
        presented: &presented,
        client: CLIENT,
        resource,
    };
    match engine.decide(&request, &mut Trace::off()).await {
        Decision::Allow(permit) => permit,
        refused => unreachable!("let in, not {refused:?}"),
    }
}

#[tokio::test]
async fn a_permit_stands_in_the_place_of_members() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let root = founded.account.id;
    let child = add_account(&engine, "Child", root).await;
    guard(&engine, kazoo(child));
    let token = sign_in_as_admin(&engine).await.token;
    let ask = Ask::get("/v2/accounts/a/devices?x");
    let reach = async || permit(&engine, &token, Right::Reach, child).await;
    let verdict = ask.verdict_with(&engine, reach().await).await;
    let Decision::Allow(passage) = verdict.decision else {
        unreachable!("{verdict:?}")
    };
    assert_eq!(passage.user().unwrap().id, founded.user.id);
    assert_eq!(passage.method(), AcceptMethod::Token);
    assert_eq!(passage.canonical().path(), "/v2/accounts/a/devices");
    drop(passage);

    // A permit for something else is none for this.
    let other = permit(&engine, &token, Right::Administer, child).await;
    let verdict = ask.verdict_with(&engine, other).await;
    assert_eq!(verdict.decision.code(), "missing_right");
    for (ask, code) in [
        (Ask::get("/v2/accounts/a/devices").exposed(), "plaintext"),
        (Ask::get("/v2/accounts/../devices"), "bad_request"),
        (Ask::get("/v2/accounts/a//devices"), "bad_request"),
        (Ask::get("/v3/accounts/a/devices"), "not_found"),
    ] {
        let verdict = ask.verdict_with(&engine, reach().await).await;
        assert_eq!(verdict.decision.code(), code);
    }
    // Without a permit there is no such API.
    let bearer = Ask::get("/v2/accounts/a/devices").bearer(token.expose());
    assert_eq!(bearer.code(&engine).await, "not_found");
}

#[tokio::test]
async fn what_the_api_says_counts_as_for_any_other() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database, quick()).await;
    let root = founded.account.id;
    let token = sign_in_as_admin(&engine).await.token;
    let mut methods = kazoo(root);
    methods.methods = Some(vec![Method::POST]);
    let mut basic = kazoo(root);
    basic.accept = accept(&[&[AcceptMethod::Basic]]);
    let mut both = kazoo(root);
    both.accept = accept(&[&[AcceptMethod::Token, AcceptMethod::Ip]]);
    let mut anonymous = kazoo(root);
    anonymous.accept = accept(&[&[AcceptMethod::Anonymous]]);
    let mut other = kazoo(root);
    other.dialect = Dialect::Doorward;
    for (kazoo, code) in [
        (kazoo(root), "allowed"),
        (methods, "method_not_allowed"),
        (basic, "unproven"),
        (both, "unproven"),
        (anonymous, "unproven"),
        (other, "not_found"),
    ] {
        guard(&engine, kazoo);
        let permit = permit(&engine, &token, Right::Reach, root).await;
        let ask = Ask::get("/v2/accounts/a/devices");
        let verdict = ask.verdict_with(&engine, permit).await;
        assert_eq!(verdict.decision.code(), code);
    }
}
