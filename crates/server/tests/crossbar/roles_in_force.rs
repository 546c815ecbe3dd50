//! Roles that are given over the wire, at a guarded API: they are in force at its next request.

use doorward_core::api::{Accept, AcceptMethod, Api};
use doorward_core::request::Scheme;
use doorward_core::route::Table;
use doorward_engine::{Door, Guarded, Inquiry, Trace};
use doorward_testkit::App;
use http::{HeaderMap, Method, header};
use serde_json::json;

use crate::support::send;

/// Guards `/push/` of account `A`: tokens, with `push.read`.
fn guard(app: &App) {
    let accept = Accept::new(vec![vec![AcceptMethod::Token]]).unwrap();
    let mut api = Api::new("push", app.account("A").id, accept);
    api.paths = vec!["/push/".parse().unwrap()];
    api.permission = Some("push.read".parse().unwrap());
    app.engine.guard(Guarded {
        table: Table::new(vec![api]).unwrap(),
        ..Guarded::default()
    });
}

/// The word for what becomes of a request with this token.
async fn ask(app: &App, token: &str) -> &'static str {
    let mut headers = HeaderMap::new();
    let value = format!("Bearer {token}").parse().unwrap();
    headers.insert(header::AUTHORIZATION, value);
    let inquiry = Inquiry {
        method: &Method::GET,
        scheme: Scheme::Https,
        authority: "api.example.com",
        path_and_query: "/push/x",
        headers: &headers,
        client: std::net::Ipv4Addr::LOCALHOST.into(),
        exposed: false,
        certificate: None,
        door: Door::Proxy,
    };
    let verdict = app.engine.decide_api(&inquiry, &mut Trace::off()).await;
    verdict.decision.code()
}

#[tokio::test]
async fn a_change_is_in_force_with_the_same_token() {
    for app in App::on_both().await {
        guard(&app);
        let (adm, usr) = (app.token("adm").await, app.token("usr").await);
        let write = async |path: String, data| {
            let reply = send(&app, "PUT", path, &adm, data).await;
            reply.assert_status(201);
        };
        let given = format!("{}/roles", app.user_path("usr"));
        let role = format!("{}/roles/readers", app.account_path("A"));
        assert_eq!(ask(&app, &usr).await, "missing_permission");
        write(role.clone(), json!({"permissions": ["push.read"]})).await;
        write(given.clone(), json!({"roles": ["readers"]})).await;
        assert_eq!(ask(&app, &usr).await, "allowed");
        // So is what the role grants.
        write(role.clone(), json!({"permissions": ["search.read"]})).await;
        assert_eq!(ask(&app, &usr).await, "missing_permission");
        write(role, json!({"everything": true})).await;
        assert_eq!(ask(&app, &usr).await, "allowed");
        write(given, json!({"roles": []})).await;
        assert_eq!(ask(&app, &usr).await, "missing_permission");
        app.get(app.user_path("usr"), &usr).await.assert_status(200);
    }
}
