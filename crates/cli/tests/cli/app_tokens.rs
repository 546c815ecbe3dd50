//! Application tokens on the command line.

use serde_json::json;

use crate::support::{Installation, bad};

#[test]
fn app_tokens_are_made_cloned_and_revoked() {
    let installation = Installation::found();
    let which = "--account Root --client shop --name";
    let made = installation.run(&format!("app-token create {which} feed --role push-only"));
    let value = made["token"].as_str().unwrap();
    assert!(value.starts_with("fbat_") && value.len() == 54, "{value}");
    assert_eq!(made["username"], "shop~feed");
    assert_eq!(made["expires"], json!(null));
    let cloned = installation.run(&format!("app-token clone {which} feed --new-name feed-2"));
    assert_eq!(cloned["roles"], json!(["push-only"]));
    assert_ne!(cloned["token"], made["token"]);
    let short = format!("app-token create {which} short --expires-in 90d");
    assert!(installation.run(&short)["expires"].is_string());
    let listed = installation.run("app-token list --account Root");
    let names = |listed: &serde_json::Value| {
        let rows = listed.as_array().unwrap().iter();
        rows.map(|row| row["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&listed), ["feed", "feed-2", "short"]);
    assert!(!listed.to_string().contains("fbat_"), "{listed}");
    let revoked = installation.run(&format!("app-token revoke {which} feed"));
    assert_eq!(revoked["name"], "feed");
    assert!(revoked.get("token").is_none());
    let left = installation.run("app-token list --account Root --client shop");
    assert_eq!(names(&left), ["feed-2", "short"]);
    let others = installation.run("app-token list --account Root --client other");
    assert_eq!(others, json!([]));
}

#[test]
fn what_no_app_token_can_be_is_said() {
    let installation = Installation::found();
    let refused = |line: &str, code| {
        let arguments: Vec<&str> = line.split(' ').collect();
        bad(&installation.command(&arguments).output().unwrap(), code)
    };
    let which = "--account Root --client shop --name feed";
    installation.run(&format!("app-token create {which}"));
    let again = refused(&format!("app-token create {which}"), 1);
    assert!(again.contains("already"), "{again}");
    let role = refused(&format!("app-token create {which}2 --role nobody"), 1);
    assert!(role.contains("nobody"), "{role}");
    let unknown = refused(&format!("app-token revoke {which}3"), 1);
    assert!(unknown.contains("shop~feed3"), "{unknown}");
    for bad_usage in [
        "app-token create --account Root --client a~b --name feed",
        "app-token create --account Root --client shop --name feed --expires-in 0d",
        "app-token create --account Root --client shop --name feed --expires-in soon",
        "app-token create --account Root --client shop",
    ] {
        refused(bad_usage, 2);
    }
}
