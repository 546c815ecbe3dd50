//! A public listener with the three guarded APIs of the vendor, the search service behind them, and the users of the
//! check-list: `admin` (super-user), `feeder` (pushes into `example-push` and nothing else), `reader` (search-only) and
//! `gone` (disabled).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward::front::{Front, Wire};
use doorward_core::api::{Accept, AcceptMethod, Api, Dialect, Rule};
use doorward_core::document::Document;
use doorward_core::id::AccountId;
use doorward_core::permission::{Grants, Role};
use doorward_core::request::Leniency;
use doorward_core::route::Table;
use doorward_core::user::{Level, User};
use doorward_demo_search::SearchService;
use doorward_engine::admin::NewUser;
use doorward_engine::{Actor, Engine, FunnelbackSettings, Guarded};
use doorward_gateway::inherited::Inherited;
use doorward_gateway::listen::bind;
use doorward_gateway::peer::ListenerName;
use doorward_gateway::serve::{Limits, serve};
use doorward_gateway::upstream::UpstreamSettings;
use doorward_server::{Check, CheckPeers, Funnelback};
use doorward_testkit::App;
use http::Method;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::exchange::Call;

/// The state of the collection that documents are pushed into.
pub(crate) const STATE: &str = "/push-api/v1/collections/example-push/state";
/// Its documents.
pub(crate) const DOCUMENTS: &str = "/push-api/v1/collections/example-push/documents";
/// Everything in it.
pub(crate) const SEARCH: &str = "/s/search.json?collection=example-push&query=!padrenull";
/// The check call.
pub(crate) const ACCOUNT: &str = "/admin-api/account/v1/";
/// Signing in.
pub(crate) const LOGIN: &str = "/admin-api/account/v1/login";
/// The host on which everybody may search.
pub(crate) const OPEN_HOST: &str = "open.test";

/// A server of its own.
pub(crate) struct Site {
    /// Its engine and clock.
    pub(crate) app: App,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Whose users sign in.
    pub(crate) account: AccountId,
    /// What answers, for calls that come over no socket.
    pub(crate) front: Front,
    _until: DropGuard,
    _documents: TempDir,
}

/// What may be changed about a site before it starts.
pub(crate) struct Plan {
    /// The dialect's settings.
    pub(crate) funnelback: Funnelback,
    /// The wire's.
    pub(crate) trusted_proxies: Vec<ipnet::IpNet>,
    /// Whether credentials in clear from afar are looked at.
    pub(crate) allow_plaintext: bool,
    /// Another upstream than the search service.
    pub(crate) upstream: Option<SocketAddr>,
    /// Our public addresses.
    pub(crate) origins: Vec<String>,
    /// Whether what is not ours of the admin API goes to the upstream.
    pub(crate) guards_admin: bool,
    /// Whether there is any guarded API at all.
    pub(crate) guards: bool,
    /// What the APIs bear in a path.
    pub(crate) leniency: Leniency,
}

impl Site {
    /// With the defaults of the configuration.
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// With changes.
    pub(crate) async fn with(change: impl FnOnce(&mut Plan)) -> Self {
        Self::on(App::start().await, change).await
    }

    /// Over an engine with its own settings.
    pub(crate) async fn on(app: App, change: impl FnOnce(&mut Plan)) -> Self {
        let account = app.account("A").id;
        let mut plan = Plan {
            funnelback: Funnelback::new(account),
            trusted_proxies: Vec::new(),
            allow_plaintext: false,
            upstream: None,
            origins: Vec::new(),
            guards_admin: true,
            guards: true,
            leniency: Leniency::default(),
        };
        change(&mut plan);
        plant(&app.engine, account).await;
        let stop = CancellationToken::new();
        let documents = TempDir::new().unwrap();
        let search = match plan.upstream {
            Some(upstream) => upstream,
            None => search(&documents, &stop).await,
        };
        let front = Front::new(&app.engine, wire(account, search, plan));
        let addresses = ["127.0.0.1:0".parse().unwrap()];
        let name = ListenerName::new("public");
        let listeners = bind(&name, &addresses, &mut Inherited::default()).unwrap();
        let address = listeners.first().unwrap().local().to_string();
        let (service, until) = (front.service(), stop.clone());
        let serving = front.clone();
        tokio::spawn(async move {
            let grace = Duration::from_millis(100);
            let limits = Limits::default();
            serve(listeners, service, limits, &until, grace)
                .await
                .unwrap();
            serving.stop().await;
        });
        Self {
            app,
            address: address.parse().unwrap(),
            account,
            front,
            _until: stop.drop_guard(),
            _documents: documents,
        }
    }

    /// Stopped, and started again on the same store.
    pub(crate) async fn restarted(self) -> Self {
        let Self {
            app, _until: until, ..
        } = self;
        drop(until);
        Self::on(app.reopened().await, |_| {}).await
    }

    /// A call to be written.
    pub(crate) fn call(&self, method: &str, target: &str) -> Call {
        Call::new(self.address, method, target)
    }

    /// `GET`.
    pub(crate) fn get(&self, target: &str) -> Call {
        self.call("GET", target)
    }

    /// A fresh token, by signing in over the wire.
    pub(crate) async fn token(&self, username: &str, password: &str) -> String {
        let fields = format!("username={username}&password={password}");
        let reply = self.call("POST", LOGIN).form(&fields).send().await;
        reply
            .assert_status(200)
            .header("x-security-token")
            .to_owned()
    }

    /// A fresh token of the administrator.
    pub(crate) async fn admin(&self) -> String {
        self.token("admin", "pwd").await
    }

    /// The administrator with Basic.
    pub(crate) fn basic_admin() -> &'static str {
        "admin:pwd"
    }

    /// A user as it is stored.
    pub(crate) async fn user(&self, username: &str) -> User {
        let user = self.app.engine.find_user(self.account, username).await;
        user.unwrap()
    }
}

/// What a token says.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    pub(crate) user: String,
    pub(crate) expires: u64,
    pub(crate) signature: String,
}

impl Fields {
    /// Reads a token, which must be of three fields.
    pub(crate) fn of(token: &str) -> Self {
        let padded = format!("{token}{}", "=".repeat((4 - token.len() % 4) % 4));
        let text = String::from_utf8(STANDARD.decode(padded).unwrap()).unwrap();
        let fields: Vec<&str> = text.split(':').collect();
        let [user, expires, signature] = fields.as_slice() else {
            panic!("{text}");
        };
        Self {
            user: (*user).to_owned(),
            expires: expires.parse().unwrap(),
            signature: (*signature).to_owned(),
        }
    }

    /// Writes it back, whatever it says now.
    pub(crate) fn token(&self) -> String {
        raw_token(format!("{}:{}:{}", self.user, self.expires, self.signature))
    }
}

/// A token of any text.
pub(crate) fn raw_token(text: impl AsRef<[u8]>) -> String {
    STANDARD.encode(text).trim_end_matches('=').to_owned()
}

/// The users and roles of the check-list, unless they are there from before.
async fn plant(engine: &Engine, account: AccountId) {
    if engine.find_user(account, "admin").await.is_ok() {
        return;
    }
    let some = |permissions: &[&str], resources: &[&str]| Grants::Some {
        permissions: permissions.iter().map(|p| p.parse().unwrap()).collect(),
        resources: Some(resources.iter().map(|&r| r.to_owned()).collect()),
    };
    let role = Role {
        name: "feeds-example".parse().unwrap(),
        grants: some(&["push.read", "push.write"], &["example-push"]),
    };
    let set = engine.set_role(Actor::operator(), account, role).await;
    set.unwrap();
    for (username, password, role) in [
        ("admin", "pwd", Some("super-user")),
        ("feeder", "f33d", Some("feeds-example")),
        ("reader", "r34d", Some("search-only")),
        ("gone", "g0ne", Some("super-user")),
    ] {
        add_user(engine, account, username, password, role).await;
    }
    let gone = engine.find_user(account, "gone").await.unwrap();
    let change = doorward_engine::admin::UserChange {
        enabled: Some(false),
        ..Default::default()
    };
    let changed = engine
        .change_user(Actor::operator(), account, gone.id, change)
        .await;
    changed.unwrap();
}

/// One more user.
pub(crate) async fn add_user(
    engine: &Engine,
    account: AccountId,
    username: &str,
    password: &str,
    role: Option<&str>,
) {
    let mut document = Document::new();
    document.insert("first_name".to_owned(), "Sample".into());
    document.insert("last_name".to_owned(), username.into());
    let new = NewUser {
        account,
        username: Some(username.to_owned()),
        password: Some(password.into()),
        level: Level::User,
        enabled: true,
        document,
    };
    let roles = role.iter().map(|role| role.parse().unwrap()).collect();
    let made = engine.create_user_with_roles(Actor::operator(), new, roles);
    made.await.unwrap();
}

/// The search service, until `stop`.
async fn search(documents: &TempDir, stop: &CancellationToken) -> SocketAddr {
    let opened = SearchService::open(documents.path(), doorward_demo_search::Settings::default());
    let service = opened.await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(service.serve(listener, stop.clone()));
    address
}

fn wire(account: AccountId, search: SocketAddr, plan: Plan) -> Wire {
    let url = format!("http://{search}").parse().unwrap();
    Wire {
        guarded: Guarded {
            table: Table::new(apis(account, &plan)).unwrap(),
            origins: plan.origins,
            funnelback: Some(FunnelbackSettings {
                account,
                token_lifetime: plan.funnelback.token_lifetime,
            }),
            ..Guarded::default()
        },
        settings: doorward_server::Settings {
            trusted_proxies: plan.trusted_proxies,
            allow_plaintext: plan.allow_plaintext,
            crossbar: Some(doorward_server::Crossbar::default()),
            funnelback: Some(plan.funnelback),
        },
        upstreams: vec![UpstreamSettings::new("search", vec![url])],
        exempt: Vec::new(),
        check: Check {
            peers: CheckPeers::default(),
            trusted_proxies: Vec::new(),
            allow_plaintext: false,
        },
    }
}

/// The three APIs of the vendor, as the documentation's configuration has them.
fn apis(account: AccountId, plan: &Plan) -> Vec<Api> {
    use AcceptMethod::{Anonymous, Basic, Token};
    let api = |name: &str, path: &str, accept: &[AcceptMethod]| {
        let accept = accept.iter().map(|method| vec![*method]).collect();
        let mut api = Api::new(name, account, Accept::new(accept).unwrap());
        api.paths = vec![path.parse().unwrap()];
        api.upstream = Some(Arc::from("search"));
        api.dialect = Dialect::Funnelback;
        api.leniency = plan.leniency;
        api
    };
    if !plan.guards {
        return Vec::new();
    }
    let mut push = api("push", "/push-api/", &[Basic, Token]);
    push.permission = Some("push.read".parse().unwrap());
    let rule = |methods: Option<Vec<Method>>, permission: &str| Rule {
        methods,
        path: "/push-api/{v}/collections/{collection}/**".parse().unwrap(),
        permission: permission.parse().unwrap(),
        resource: Some("collection".to_owned()),
    };
    let reading = vec![Method::GET, Method::HEAD];
    push.rules = vec![rule(Some(reading), "push.read"), rule(None, "push.write")];
    let mut public = api("public", "/s/", &[Basic, Token]);
    public.permission = Some("search.read".parse().unwrap());
    let mut open = api("open", "/s/", &[Basic, Token, Anonymous]);
    open.hosts = vec![OPEN_HOST.parse().unwrap()];
    let admin = plan
        .guards_admin
        .then(|| api("admin", "/admin-api/", &[Token]));
    [push, public, open].into_iter().chain(admin).collect()
}
