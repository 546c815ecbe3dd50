//! Who may do what: each operation of the resource table, for each kind of caller, as `docs/roles.md` says.
//!
//! `DOORWARD_TEST_WRITE=1` writes the outcomes of the document's rows anew; that the rows are those of
//! the table is a test of the table.

use std::fmt::Write as _;

use doorward_core::user::{Level, User};
use doorward_testkit::{App, Reply, operator};
use serde_json::{Value, json};

use crate::support::{add_user, md5_credentials, send};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/roles.md");
const METHODS: [&str; 5] = ["GET", "PUT", "POST", "PATCH", "DELETE"];
const PHONE: &str = "+14155550100";
const ROLE: &str = "readers";

/// Columns of the document, in its order.
const CALLERS: [&str; 11] = [
    "owner",
    "owner's user",
    "owner's key",
    "reseller",
    "reseller's key",
    "admin",
    "user",
    "key",
    "sibling",
    "child",
    "nobody",
];

/// A row of the document.
struct Row {
    method: String,
    template: String,
    action: String,
    /// Which user stands in the path: the caller of column `user` or `other`.
    user: String,
    outcomes: Vec<String>,
}

impl Row {
    fn parse(line: &str) -> Option<Self> {
        let inner = line.strip_prefix("| ")?.strip_suffix('|')?;
        let mut cells = inner
            .split('|')
            .map(|cell| cell.trim().trim_matches('`').to_owned());
        let method = cells.next()?;
        METHODS.contains(&method.as_str()).then_some(())?;
        Some(Self {
            method,
            template: cells.next()?,
            action: cells.next()?,
            user: cells.next()?,
            outcomes: cells.collect(),
        })
    }

    fn render(&self) -> String {
        let code = |text: &str| match text {
            "" => String::new(),
            text => format!("`{text}`"),
        };
        let (path, action) = (code(&self.template), code(&self.action));
        let mut line = format!(
            "| {:6} | {path:51} | {action:24} | {:5} |",
            self.method, self.user
        );
        for (outcome, caller) in self.outcomes.iter().zip(CALLERS) {
            let width = caller.len();
            write!(line, " {outcome:width$} |").unwrap();
        }
        line
    }

    /// Whether a call may change what the next caller finds.
    fn writes(&self) -> bool {
        self.method != "GET"
    }
}

/// What a role that is written may grant.
fn permissions() -> Value {
    json!({"permissions": ["push.read"]})
}

/// A server and what is asked about in it.
struct Scene {
    app: App,
    reseller: User,
    other: User,
}

impl Scene {
    async fn set() -> Self {
        let app = App::start().await;
        let reseller = add_user(&app, app.account("R").id, "rad", Level::Admin).await;
        let other = add_user(&app, app.account("A").id, "other", Level::User).await;
        let token = app.token("adm").await;
        let path = format!("{}/phone_numbers/{PHONE}", app.account_path("A"));
        let call = app.call("PUT", path).token(&token);
        let reply = call.json(&json!({"data": {}})).send().await;
        reply.assert_status(201);
        let path = format!("{}/roles/{ROLE}", app.account_path("A"));
        let reply = send(&app, "PUT", path, &token, permissions()).await;
        reply.assert_status(201);
        Self {
            app,
            reseller,
            other,
        }
    }

    async fn token(&self, caller: &str) -> Option<String> {
        let app = &self.app;
        Some(match caller {
            "owner" => app.token("mad").await,
            "owner's user" => app.token("mus").await,
            "owner's key" => app.api_token("M").await,
            "reseller" => {
                let name = self.reseller.username.as_deref().unwrap();
                let reply = app.sign_in(&app.account("R").name, name, "pw-rad").await;
                reply.assert_status(201).auth_token()
            }
            "reseller's key" => app.api_token("R").await,
            "admin" => app.token("adm").await,
            "user" => app.token("usr").await,
            "key" => app.api_token("A").await,
            "sibling" => app.token("bad").await,
            "child" => app.token("cad").await,
            "nobody" => return None,
            unknown => panic!("{unknown} is no column"),
        })
    }

    /// The path of a row; a token in it is the caller's own.
    async fn path(&self, row: &Row, token: Option<&str>) -> String {
        let user = match row.user.as_str() {
            "other" => self.other.id,
            _ => self.app.user("usr").id,
        };
        let mut path = format!("/v2/{}", row.template)
            .replace("{account}", &self.app.account("A").id.to_string())
            .replace("{user}", &user.to_string())
            .replace("{phone}", PHONE)
            .replace("{role}", ROLE);
        if path.contains("{key}") {
            let key = self.app.secret().await.kid.to_string();
            path = path.replace("{key}", &key);
        }
        if path.contains("{token}") {
            let token = self.or_admins(token).await;
            path = path.replace("{token}", &token);
        }
        if row.template == "auth/tokeninfo" {
            let token = self.or_admins(token).await;
            path = format!("{path}?token={token}");
        }
        path
    }

    async fn or_admins(&self, token: Option<&str>) -> String {
        match token {
            Some(token) => token.to_owned(),
            None => self.app.token("adm").await,
        }
    }

    /// A body that the operation accepts.
    async fn data(&self, row: &Row) -> Value {
        let app = &self.app;
        match (row.method.as_str(), row.template.as_str()) {
            (_, "user_auth") => json!({
                "credentials": md5_credentials("adm", "pw-adm"),
                "account_name": app.account("A").name,
            }),
            (_, "api_auth") => json!({"api_key": app.api_key("A").await}),
            ("PUT", "accounts" | "accounts/{account}") => json!({"name": "New"}),
            ("POST", "accounts/{account}") => json!({"name": app.account("A").name}),
            (_, "accounts/{account}/move") => json!({"to": app.account("B").id}),
            ("PUT", "accounts/{account}/users") => {
                json!({"first_name": "F", "last_name": "L", "username": "new", "password": "pw-new"})
            }
            ("POST", "accounts/{account}/users/{user}") => {
                let username = if row.user == "other" { "other" } else { "usr" };
                json!({"first_name": "F", "last_name": "L", "username": username})
            }
            ("PUT", "accounts/{account}/users/{user}/roles") => json!({"roles": ["push-only"]}),
            ("PUT", "accounts/{account}/roles/{role}") => permissions(),
            ("PATCH", _) => json!({"custom": 1}),
            _ if row.action.is_empty() => json!({}),
            _ => json!({"action": row.action}),
        }
    }

    async fn call(&self, row: &Row, caller: &str) -> Reply {
        let token = self.token(caller).await;
        if row.method == "DELETE" && row.template == "accounts/{account}" && caller != "child" {
            // Only an account with nothing below it is deleted.
            let below = self.app.account("C").id;
            let gone = self.app.engine.delete_account(operator(), below).await;
            gone.unwrap();
        }
        let path = self.path(row, token.as_deref()).await;
        let mut call = self.app.call(&row.method, path);
        if let Some(token) = &token {
            call = call.token(token);
        }
        if matches!(row.method.as_str(), "PUT" | "POST" | "PATCH") {
            call = call.json(&json!({"data": self.data(row).await}));
        }
        call.send().await
    }
}

/// What the document says of a reply: the refusal, or that the caller is in.
fn outcome(row: &Row, caller: &str, reply: &Reply) -> String {
    match reply.status {
        status @ (401 | 403 | 404 | 405 | 423) => status.to_string(),
        200 | 201 => "in".to_owned(),
        status => panic!(
            "{} {} {} by {caller}: {status} {}",
            row.method,
            row.template,
            row.action,
            reply.at("/data")
        ),
    }
}

/// What happens to each caller.
async fn outcomes(row: &Row) -> Vec<String> {
    let mut outcomes = Vec::new();
    let mut scene = Scene::set().await;
    for caller in CALLERS {
        if row.writes() && !outcomes.is_empty() {
            scene = Scene::set().await;
        }
        let reply = scene.call(row, caller).await;
        outcomes.push(outcome(row, caller, &reply));
    }
    outcomes
}

#[tokio::test]
async fn each_caller_may_what_the_document_says() {
    let document = std::fs::read_to_string(DOCUMENT).unwrap();
    let rewrite = std::env::var_os("DOORWARD_TEST_WRITE").is_some_and(|value| value == "1");
    let columns = format!("| User  | {} |", CALLERS.join(" | "));
    assert!(document.contains(&columns), "{DOCUMENT} has other columns");
    let mut written = String::new();
    let mut differing = Vec::new();
    let mut rows = 0;
    for line in document.lines() {
        let mut now = line.to_owned();
        if let Some(mut row) = Row::parse(line) {
            rows += 1;
            let said = std::mem::take(&mut row.outcomes);
            row.outcomes = Box::pin(outcomes(&row)).await;
            now = row.render();
            if said != row.outcomes {
                differing.push(format!("said {line}\n is  {now}"));
            }
        }
        written.push_str(&now);
        written.push('\n');
    }
    assert!(rows > 0, "{DOCUMENT} has no rows");
    if rewrite {
        std::fs::write(DOCUMENT, written).unwrap();
        return;
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
