//! The engine over real stores: signing in, deciding, hearing of other nodes.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod api;
mod directory;
mod history;
mod mandate;
mod nodes;
mod outage;
mod sign_in;
mod timing;
mod verifiers;

use std::net::{IpAddr, Ipv4Addr};

use doorward_core::credential::{DigestKind, Presented};
use doorward_core::digest::md5_credentials;
use doorward_core::id::AccountId;
use doorward_core::right::Right;
use doorward_core::verifier::Cost;
use doorward_engine::{
    AccountHint, Decision, Engine, Founded, Founding, Request, Resource, Session, Settings, SignIn,
    SignInError, Trace, system_clock, system_random,
};
use doorward_testkit::TestDatabase;

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Settings whose slow hash is quick.
fn quick() -> Settings {
    let mut settings = Settings::default();
    settings.hash.cost = Cost::new(8, 1).unwrap();
    // On a busy machine a hash may wait its turn for long; that is no test's business here.
    settings.hash.deadline = std::time::Duration::from_mins(1);
    settings
}

/// An installation: account `Acme Inc`, user `admin`, password `secret`.
async fn founded(database: &TestDatabase, settings: Settings) -> (Engine, Founded) {
    let founding = Founding {
        account_name: "Acme Inc".to_owned(),
        realm: "acme.example.com".to_owned(),
        username: "admin".to_owned(),
        password: "secret".into(),
    };
    let store = database.store.clone();
    Engine::found(store, settings, system_clock(), system_random(), founding)
        .await
        .expect("an empty store can be founded")
}

fn named(name: &str) -> AccountHint {
    AccountHint {
        name: Some(name.to_owned()),
        ..AccountHint::default()
    }
}

async fn sign_in(
    engine: &Engine,
    kind: DigestKind,
    digest: String,
) -> Result<Session, SignInError> {
    let (account, digest) = (named("ACME-INC"), digest.into());
    engine
        .sign_in(SignIn {
            account,
            kind,
            digest,
            switch_to: None,
            client: CLIENT,
        })
        .await
}

async fn sign_in_as_admin(engine: &Engine) -> Session {
    sign_in(engine, DigestKind::Md5, md5_credentials("admin", "secret"))
        .await
        .expect("right")
}

fn token(session: &Session) -> Presented {
    Presented::Token {
        token: session.token.clone(),
        account: None,
    }
}

fn basic(account: AccountId, username: &str, password: &str) -> Presented {
    Presented::AccountDigest {
        account,
        digest: md5_credentials(username, password).into(),
    }
}

async fn decide(engine: &Engine, presented: &Presented) -> Decision {
    let resource = Resource {
        right: Right::Authenticated,
        account: None,
        user: None,
    };
    let request = Request {
        presented,
        client: CLIENT,
        resource,
    };
    engine.decide(&request, &mut Trace::off()).await
}

async fn is_allowed(engine: &Engine, presented: &Presented) -> bool {
    matches!(decide(engine, presented).await, Decision::Allow(_))
}
