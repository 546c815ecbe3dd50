//! What a check costs in process, on one core: `cargo xtask bench`.
//!
//! Aims: a warm check of a token or of Basic below 2 µs, no store access, no slow hash; a token not
//! seen before, its principal and account in memory, below 60 µs.

#![expect(
    clippy::expect_used,
    reason = "a bench that cannot start has nothing to say"
)]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};

use divan::Bencher;
use doorward_core::api::{Accept, AcceptMethod, Api};
use doorward_core::credential::{DigestKind, Presented};
use doorward_core::digest::md5_credentials;
use doorward_core::id::AccountId;
use doorward_core::request::Scheme;
use doorward_core::right::Right;
use doorward_core::route::Table;
use doorward_engine::admin::NewAccount;
use doorward_engine::{
    AccountHint, Decision, Door, Engine, Founding, Guarded, Inquiry, Request, Resource, Settings,
    SignIn, Trace, system_clock, system_random,
};
use doorward_store::Actor;
use doorward_testkit::TestDatabase;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method};
use tokio::runtime::Runtime;

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Tokens for the bench of tokens not seen before: as many as it takes of them.
const UNSEEN: usize = 2000;

struct Bench {
    runtime: Runtime,
    engine: Engine,
    token: Presented,
    basic: Presented,
    unseen: Vec<Presented>,
    root: AccountId,
    child: AccountId,
    _database: TestDatabase,
}

impl Bench {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(Self::start()).into_bench(runtime)
    }

    async fn start() -> Parts {
        let database = TestDatabase::sqlite().await;
        let founding = Founding {
            account_name: "Root".to_owned(),
            realm: "root.example.com".to_owned(),
            username: "admin".to_owned(),
            password: "secret".into(),
        };
        let (engine, founded) = Engine::found(
            database.store.clone(),
            Settings::default(),
            system_clock(),
            system_random(),
            founding,
        )
        .await
        .expect("an installation");
        let mut child = founded.account.id;
        for depth in 0..4 {
            let new = NewAccount {
                name: format!("child {depth}"),
                parent: Some(child),
                ..NewAccount::default()
            };
            child = engine
                .create_account(Actor::operator(), new)
                .await
                .expect("an account")
                .id;
        }
        let digest = md5_credentials("admin", "secret");
        let mut unseen = Vec::new();
        for _ in 0..=UNSEEN {
            unseen.push(sign_in(&engine, &digest).await);
        }
        let root = founded.account.id;
        let basic = Presented::AccountDigest {
            account: root,
            digest: digest.into(),
        };
        Parts {
            engine,
            unseen,
            basic,
            root,
            child,
            database,
        }
    }

    /// Guards so many APIs of the root account.
    fn guard(&self, apis: usize) {
        let api = |n: usize| {
            let accept = vec![vec![AcceptMethod::Basic], vec![AcceptMethod::Token]];
            let accept = Accept::new(accept).expect("methods");
            let mut api = Api::new(&format!("api{n}"), self.root, accept);
            api.paths = vec![format!("/api{n}/").parse().expect("a path")];
            api.permission = Some("push.write".parse().expect("a permission"));
            api
        };
        let table = Table::new((0..apis).map(api).collect()).expect("a table");
        self.engine.guard(Guarded {
            table,
            ..Guarded::default()
        });
    }

    fn ask(&self, headers: &HeaderMap) {
        let inquiry = Inquiry {
            method: &Method::GET,
            scheme: Scheme::Https,
            authority: "api.example.com",
            path_and_query: "/api0/v2/collections/shop/documents?key=1",
            headers,
            client: CLIENT,
            exposed: false,
            certificate: None,
            door: Door::Proxy,
        };
        let verdict = self
            .runtime
            .block_on(self.engine.decide_api(&inquiry, &mut Trace::off()));
        assert!(matches!(verdict.decision, Decision::Allow(_)));
    }

    fn decide(&self, presented: &Presented, account: AccountId) {
        let resource = Resource {
            right: Right::Reach,
            account: Some(account),
            user: None,
        };
        let request = Request {
            presented,
            client: CLIENT,
            resource,
        };
        let decision = self
            .runtime
            .block_on(self.engine.decide(&request, &mut Trace::off()));
        assert!(matches!(decision, Decision::Allow(_)));
    }
}

struct Parts {
    engine: Engine,
    unseen: Vec<Presented>,
    basic: Presented,
    root: AccountId,
    child: AccountId,
    database: TestDatabase,
}

impl Parts {
    fn into_bench(mut self, runtime: Runtime) -> Bench {
        let token = self.unseen.pop().expect("one token");
        Bench {
            runtime,
            token,
            engine: self.engine,
            basic: self.basic,
            unseen: self.unseen,
            root: self.root,
            child: self.child,
            _database: self.database,
        }
    }
}

async fn sign_in(engine: &Engine, digest: &str) -> Presented {
    let request = SignIn {
        account: AccountHint {
            name: Some("root".to_owned()),
            ..AccountHint::default()
        },
        kind: DigestKind::Md5,
        digest: digest.into(),
        switch_to: None,
        client: CLIENT,
    };
    let session = engine.sign_in(request).await.expect("a token");
    Presented::Token {
        token: session.token,
        account: None,
    }
}

#[divan::bench]
fn token_warm(bencher: Bencher<'_, '_>) {
    let bench = Bench::new();
    bench.decide(&bench.token, bench.root);
    bencher.bench_local(|| bench.decide(&bench.token, bench.root));
}

#[divan::bench]
fn basic_warm(bencher: Bencher<'_, '_>) {
    let bench = Bench::new();
    bench.decide(&bench.basic, bench.root);
    bencher.bench_local(|| bench.decide(&bench.basic, bench.root));
}

/// A warm token on an account four levels below: the walk up the tree, in memory.
#[divan::bench]
fn decide_four_levels_below(bencher: Bencher<'_, '_>) {
    let bench = Bench::new();
    bench.decide(&bench.token, bench.child);
    bencher.bench_local(|| bench.decide(&bench.token, bench.child));
}

/// A warm token at a guarded API among so many: canonical form, route, credential, identity, role.
#[divan::bench(args = [1, 5000])]
fn api_token_warm(bencher: Bencher<'_, '_>, apis: usize) {
    let bench = Bench::new();
    bench.guard(apis);
    let Presented::Token { token, .. } = &bench.token else {
        unreachable!("a token")
    };
    let headers = authorization(&format!("Bearer {}", token.expose()));
    bench.ask(&headers);
    bencher.bench_local(|| bench.ask(&headers));
}

/// The same with a username and a password.
#[divan::bench(args = [1, 5000])]
fn api_basic_warm(bencher: Bencher<'_, '_>, apis: usize) {
    let bench = Bench::new();
    bench.guard(apis);
    // "admin:secret" (RFC 7617).
    let headers = authorization("Basic YWRtaW46c2VjcmV0");
    bench.ask(&headers);
    // The plain verifier is added behind the first answer; after it there is nothing left to change.
    bench.runtime.block_on(bench.engine.shutdown());
    bench.ask(&headers);
    bencher.bench_local(|| bench.ask(&headers));
}

fn authorization(value: &str) -> HeaderMap {
    let value = HeaderValue::from_str(value).expect("a value");
    HeaderMap::from_iter([(AUTHORIZATION, value)])
}

#[divan::bench(sample_count = 100, sample_size = 20)]
fn token_unseen(bencher: Bencher<'_, '_>) {
    let bench = Bench::new();
    bench.decide(&bench.token, bench.root);
    let next = AtomicUsize::new(0);
    bencher.bench_local(|| {
        let token = bench
            .unseen
            .get(next.fetch_add(1, Ordering::Relaxed))
            .expect("tokens enough");
        bench.decide(token, bench.root);
    });
}

fn main() {
    divan::main();
}
