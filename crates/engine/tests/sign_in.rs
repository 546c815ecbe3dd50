//! From founding an installation to a permitted request, over a real store.

use std::net::{IpAddr, Ipv4Addr};

use doorward_core::credential::{DigestKind, Presented};
use doorward_core::digest::{md5_credentials, sha1_credentials};
use doorward_core::right::Right;
use doorward_core::verifier::Cost;
use doorward_engine::{
    AccountHint, Decision, Engine, Founded, Founding, Request, Resource, Session, Settings, SignIn,
    SignInError, Trace,
};
use doorward_testkit::{TestDatabase, seeded_random};

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

async fn founded(database: &TestDatabase) -> (Engine, Founded) {
    let mut settings = Settings::default();
    settings.hash.cost = Cost::new(8, 1).expect("in bounds");
    let founding = Founding {
        account_name: "Acme Inc".to_owned(),
        realm: "acme.example.com".to_owned(),
        username: "admin".to_owned(),
        password: "secret".into(),
    };
    Engine::found(
        database.store.clone(),
        settings,
        doorward_engine::system_clock(),
        seeded_random(1),
        founding,
    )
    .await
    .expect("an empty store can be founded")
}

async fn sign_in(
    engine: &Engine,
    kind: DigestKind,
    digest: String,
) -> Result<Session, SignInError> {
    let account = AccountHint {
        name: Some("ACME-INC".to_owned()),
        ..AccountHint::default()
    };
    engine
        .sign_in(SignIn {
            account,
            kind,
            digest: digest.into(),
            switch_to: None,
            client: CLIENT,
        })
        .await
}

async fn decide(engine: &Engine, session: &Session) -> Decision {
    let presented = Presented::Token {
        token: session.token.clone(),
        account: None,
    };
    let resource = Resource {
        right: Right::Reach,
        account: Some(session.account.id),
        user: None,
    };
    engine
        .decide(
            &Request {
                presented: &presented,
                client: CLIENT,
                resource,
            },
            &mut Trace::off(),
        )
        .await
}

#[tokio::test]
async fn a_password_becomes_a_token_and_the_token_a_permit() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database).await;
    for (kind, digest) in [
        (DigestKind::Md5, md5_credentials("admin", "secret")),
        (DigestKind::Sha1, sha1_credentials("admin", "secret")),
    ] {
        let session = sign_in(&engine, kind, digest).await.unwrap();
        assert_eq!(session.user.as_ref().unwrap().id, founded.user.id);
        assert!(matches!(
            decide(&engine, &session).await,
            Decision::Allow(_)
        ));
    }
    let wrong = sign_in(&engine, DigestKind::Md5, md5_credentials("admin", "wrong")).await;
    assert_eq!(wrong.unwrap_err(), SignInError::Invalid);
}

#[tokio::test]
async fn a_warm_check_computes_no_slow_hash() {
    let database = TestDatabase::sqlite().await;
    let (engine, founded) = founded(&database).await;
    let presented = Presented::AccountDigest {
        account: founded.account.id,
        digest: md5_credentials("admin", "secret").into(),
    };
    let resource = Resource {
        right: Right::Authenticated,
        account: None,
        user: None,
    };
    let request = Request {
        presented: &presented,
        client: CLIENT,
        resource,
    };
    for _ in 0..100 {
        assert!(matches!(
            engine.decide(&request, &mut Trace::off()).await,
            Decision::Allow(_)
        ));
    }
    assert_eq!(engine.metrics().hashes(), 1);
}
