use serde_json::json;

use super::*;

/// Members with their dependencies `(name, kind)`, and the edges of the build.
fn graph(members: &[(&str, &[(&str, &str)])], edges: &[(&str, &[&str])]) -> Graph {
    let packages: Vec<Value> = members
        .iter()
        .map(|(name, dependencies)| {
            let dependencies: Vec<Value> = dependencies
                .iter()
                .map(|(name, kind)| json!({"name": name, "kind": kind}))
                .collect();
            json!({"id": name, "name": name, "dependencies": dependencies})
        })
        .chain(
            ["libc", "hyper-util", "tokio"]
                .map(|name| json!({"id": name, "name": name, "dependencies": []})),
        )
        .collect();
    let nodes: Vec<Value> = edges
        .iter()
        .map(|(id, deps)| {
            let deps: Vec<Value> = deps
                .iter()
                .map(|pkg| json!({"pkg": pkg, "dep_kinds": [{"kind": null}]}))
                .collect();
            json!({"id": id, "deps": deps})
        })
        .collect();
    let ids: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    let metadata = json!({
        "packages": packages, "workspace_members": ids, "resolve": {"nodes": nodes},
    });
    Graph::read(&metadata).unwrap()
}

#[test]
fn arrows_point_down_only() {
    let graph = graph(
        &[
            (SERVER, &[(ENGINE, "normal"), (GATEWAY, "normal")]),
            (GATEWAY, &[(CORE, "normal")]),
            (ENGINE, &[(STORE, "normal"), (TESTKIT, "dev")]),
            (STORE, &[(CORE, "normal")]),
            (CORE, &[(STORE, "dev")]),
            (TESTKIT, &[(STORE, "normal")]),
        ],
        &[],
    );
    assert_eq!(
        graph.wrong_arrows(),
        [
            "doorward-core must not depend on doorward-store",
            "doorward-server must not depend on doorward-gateway",
        ]
    );
}

#[test]
fn the_testkit_is_for_tests_only() {
    let graph = graph(&[(ENGINE, &[(TESTKIT, "normal")]), (TESTKIT, &[])], &[]);
    assert_eq!(
        graph.wrong_arrows(),
        ["doorward-engine must not depend on doorward-testkit"]
    );
}

#[test]
fn a_new_member_needs_a_line() {
    let graph = graph(&[("doorward-extra", &[])], &[]);
    assert_eq!(
        graph.wrong_arrows(),
        ["doorward-extra has no line in xtask/src/walls.rs"]
    );
}

#[test]
fn owned_crates_are_named_by_their_owners_only() {
    let graph = graph(
        &[
            (STORE, &[("sqlx", "normal")]),
            (ENGINE, &[("sqlx-core", "dev"), ("sqlxmq", "normal")]),
            (SERVER, &[("axum", "normal")]),
            (GATEWAY, &[("axum", "dev")]),
        ],
        &[],
    );
    assert_eq!(
        graph.wrong_owners(),
        [
            "doorward-engine must not depend on sqlx-core",
            "doorward-gateway must not depend on axum",
        ]
    );
}

#[test]
fn the_core_reaches_no_runtime_through_others() {
    let members: &[(&str, &[(&str, &str)])] = &[(CORE, &[("libc", "normal")])];
    let clean = graph(members, &[(CORE, &["libc"]), ("libc", &[])]);
    assert!(clean.under_core().is_empty());
    let soiled = graph(members, &[(CORE, &["libc"]), ("libc", &["hyper-util"])]);
    assert_eq!(
        soiled.under_core(),
        ["doorward-core must not be built with hyper"]
    );
}

#[test]
fn what_only_tests_use_is_not_built_with() {
    assert!(is_only_for_tests(&json!({"dep_kinds": [{"kind": "dev"}]})));
    assert!(!is_only_for_tests(
        &json!({"dep_kinds": [{"kind": "dev"}, {"kind": null}]})
    ));
}
