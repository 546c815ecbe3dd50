//! Guarded APIs: each way in, and each way of being kept out.

mod accept;
mod app_tokens;
mod basic;
mod foreign;
mod record;
mod remember_me;
mod roles;
mod routes;
mod upstream;

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_core::api::{Accept, AcceptMethod, Api};
use doorward_core::certificate::ClientCertificate;
use doorward_core::id::AccountId;
use doorward_core::request::Scheme;
use doorward_core::route::Table;
use doorward_engine::admin::{NewAccount, NewUser};
use doorward_engine::{
    Decision, Door, Engine, Guarded, IdentityRule, Inquiry, Passage, Permit, Trace, Verdict,
};
use doorward_store::Actor;
use http::{HeaderMap, HeaderValue, Method, header};

use super::CLIENT;

/// An API below `/NAME/` that accepts tokens.
pub(super) fn api(name: &str, account: AccountId) -> Api {
    let mut api = Api::new(name, account, accept(&[&[AcceptMethod::Token]]));
    api.paths = vec![format!("/{name}/").parse().unwrap()];
    api
}

pub(super) fn accept(alternatives: &[&[AcceptMethod]]) -> Accept {
    Accept::new(alternatives.iter().map(|all| all.to_vec()).collect()).unwrap()
}

/// Guards these APIs.
pub(super) fn guard(engine: &Engine, apis: Vec<Api>) {
    guard_with(engine, apis, Vec::new());
}

/// Guards these APIs, with mappings.
pub(super) fn guard_with(engine: &Engine, apis: Vec<Api>, identities: Vec<IdentityRule>) {
    engine.guard(Guarded {
        table: Table::new(apis).unwrap(),
        identities,
        rights: ["orders.read".parse().unwrap()].into(),
        origins: vec!["https://auth.example.com".to_owned()],
        ..Guarded::default()
    });
}

/// A request to be asked about.
pub(super) struct Ask {
    method: Method,
    path: String,
    headers: HeaderMap,
    client: IpAddr,
    exposed: bool,
    certificate: Option<ClientCertificate>,
}

impl Ask {
    pub(super) fn get(path: &str) -> Self {
        Self {
            method: Method::GET,
            path: path.to_owned(),
            headers: HeaderMap::new(),
            client: CLIENT,
            exposed: false,
            certificate: None,
        }
    }

    pub(super) fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    pub(super) fn authorization(mut self, value: &str) -> Self {
        let value = HeaderValue::from_str(value).unwrap();
        self.headers.insert(header::AUTHORIZATION, value);
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).unwrap();
        self.headers.insert(name, value);
        self
    }

    pub(super) fn bearer(self, token: &str) -> Self {
        self.authorization(&format!("Bearer {token}"))
    }

    pub(super) fn basic(self, username: &str, password: &str) -> Self {
        let pair = STANDARD.encode(format!("{username}:{password}"));
        self.authorization(&format!("Basic {pair}"))
    }

    pub(super) fn from(mut self, client: &str) -> Self {
        self.client = client.parse().unwrap();
        self
    }

    pub(super) fn exposed(mut self) -> Self {
        self.exposed = true;
        self
    }

    pub(super) fn certificate(mut self, certificate: ClientCertificate) -> Self {
        self.certificate = Some(certificate);
        self
    }

    pub(super) async fn verdict(&self, engine: &Engine) -> Verdict {
        let inquiry = self.inquiry();
        for_servers(engine.decide_api(&inquiry, &mut Trace::off())).await
    }

    /// About a resource in the Crossbar tree, with the permit of its checks.
    pub(super) async fn verdict_with(&self, engine: &Engine, permit: Permit) -> Verdict {
        let inquiry = self.inquiry();
        for_servers(engine.decide_foreign(&inquiry, permit, &mut Trace::off())).await
    }

    fn inquiry(&self) -> Inquiry<'_> {
        Inquiry {
            method: &self.method,
            scheme: Scheme::Https,
            authority: "api.example.com",
            path_and_query: &self.path,
            headers: &self.headers,
            client: self.client,
            exposed: self.exposed,
            certificate: self.certificate.as_ref(),
            door: Door::Proxy,
        }
    }

    pub(super) async fn decide(&self, engine: &Engine) -> Decision<Passage> {
        self.verdict(engine).await.decision
    }

    /// The word for the decision.
    pub(super) async fn code(&self, engine: &Engine) -> &'static str {
        self.decide(engine).await.code()
    }

    pub(super) async fn passage(&self, engine: &Engine) -> Passage {
        match self.decide(engine).await {
            Decision::Allow(passage) => passage,
            refused => unreachable!("let in, not {refused:?}"),
        }
    }
}

/// Servers ask in tasks: the question and its answer must be able to move between threads.
fn for_servers<T: Send + Sync>(
    question: impl Future<Output = T> + Send,
) -> impl Future<Output = T> {
    question
}

/// A user `bob` with password `hunter2` and these roles.
pub(super) async fn add_bob(
    engine: &Engine,
    account: AccountId,
    roles: &[&str],
) -> doorward_core::user::User {
    let new = NewUser {
        account,
        username: Some("bob".to_owned()),
        password: Some("hunter2".into()),
        level: doorward_core::user::Level::User,
        enabled: true,
        document: doorward_core::document::Document::new(),
    };
    let roles = roles.iter().map(|role| role.parse().unwrap()).collect();
    engine
        .create_user_with_roles(Actor::operator(), new, roles)
        .await
        .unwrap()
}

/// An account below another.
pub(super) async fn add_account(engine: &Engine, name: &str, parent: AccountId) -> AccountId {
    let new = NewAccount {
        name: name.to_owned(),
        parent: Some(parent),
        ..NewAccount::default()
    };
    let account = engine.create_account(Actor::operator(), new).await;
    account.unwrap().id
}

/// The API key of an account.
pub(super) async fn key(engine: &Engine, account: AccountId) -> String {
    engine.api_key(account).await.unwrap().expose().to_owned()
}
