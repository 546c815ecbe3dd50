//! Roles on the command line.

use serde_json::json;

use crate::support::{Installation, bad, good};

#[test]
fn roles_are_made_given_and_taken() {
    let installation = Installation::found();
    let listed = installation.run("role list --account Root");
    for shipped in ["push-only", "search-only", "super-user"] {
        let mut roles = listed.as_array().unwrap().iter();
        assert!(roles.any(|role| role["name"] == shipped), "{listed}");
    }
    let set =
        installation.run("role set news --account Root --permission push.write --resource news");
    assert_eq!(set["permissions"], json!(["push.write"]));
    assert_eq!(set["resources"], json!(["news"]));
    let user = installation.json_with(
        &[
            "user",
            "create",
            "--account",
            "Root",
            "--username",
            "bob",
            "--role",
            "news",
        ],
        "a long password",
    );
    assert_eq!(user["roles"], json!(["news"]));
    let change = ["user", "set", "--account", "Root", "--user", "bob"];
    let set = |more: &[&str]| installation.json(&[&change, more].concat());
    assert_eq!(
        set(&["--role", "push-only", "--role", "search-only"])["roles"],
        json!(["push-only", "search-only"])
    );
    assert_eq!(set(&["--no-roles"])["roles"], json!([]));
    let gone = installation.run("role delete news --account Root");
    assert_eq!(gone["name"], "news");
    assert_eq!(
        installation.run("user show --account Root --user admin")["roles"],
        json!(["super-user"])
    );
}

#[test]
fn what_no_role_can_be_is_said() {
    let installation = Installation::found();
    let refused = |line: &str| {
        let arguments: Vec<&str> = line.split(' ').collect();
        bad(&installation.command(&arguments).output().unwrap(), 1)
    };
    assert!(refused("role set news --account Root --permission push.wrte").contains("push.wrte"));
    assert!(refused("role set super-user --account Root --everything").contains("super-user"));
    for line in [
        "user set --account Root --user admin --role push-only --role nobody",
        "role show nobody --account Root",
        "role delete nobody --account Root",
    ] {
        assert!(refused(line).contains("there is no role \"nobody\""));
    }
    // A right of the configuration may be granted.
    let file = "rights = [\"orders.read\"]";
    std::fs::write(installation.data().join("doorward.toml"), file).unwrap();
    let arguments = [
        "role",
        "set",
        "shop",
        "--account",
        "Root",
        "--permission",
        "orders.read",
    ];
    good(&installation.command(&arguments).output().unwrap());
}
