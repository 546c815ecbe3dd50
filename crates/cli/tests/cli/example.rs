//! `doorward demo`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Command;

use crate::support::{doorward, good};

#[test]
fn the_tour_goes_well() {
    let printed = good(&doorward(&["demo", "--check"]).output().unwrap());
    assert!(printed.lines().count() >= 60, "{printed}");
    assert!(
        printed.lines().all(|line| line.starts_with("ok  ")),
        "{printed}"
    );
}

#[test]
fn the_printed_commands_work() {
    let mut child = doorward(&["demo"]).spawn().unwrap();
    let mut page = String::new();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    while !page.contains("doorward account list --data") {
        assert_ne!(reader.read_line(&mut page).unwrap(), 0, "{page}");
    }
    let folder = page
        .lines()
        .find_map(|line| line.trim().strip_prefix("data "))
        .unwrap();
    let folder = folder.trim().split(' ').next().unwrap().to_owned();
    let (_, script) = page.split_once("Paste into another terminal:").unwrap();
    let pasted = Command::new("sh").arg("-c").arg(script).output().unwrap();
    let printed = String::from_utf8_lossy(&pasted.stdout).into_owned();
    for (text, times) in [
        // The first half.
        ("\"status\":\"success\"", 6),
        ("\"invalid_credentials\"", 1),
        // The second: Basic by hand, by curl and with a token, an application token in both places.
        ("YWRtaW46cHdk\n", 1),
        ("{\"state\":\"STOPPED\"}", 3),
        ("{\"state\":\"RUNNING\"}", 2),
        ("Authenticated, see x-security-token.", 2),
        ("\"data\":{\"id\":\"admin\"", 3),
        ("\"data\":{\"id\":\"alice\"", 1),
        ("no valid credentials were presented", 4),
        ("must come from a page of ours", 1),
        ("\"committed\":false", 1),
        ("\"committed\":1", 1),
        ("the caller may not do this", 3),
        ("\"liveUrl\":\"http://example.com/bees\"", 1),
        ("\"username\":\"shop~feed\"", 1),
        ("Logged out.", 1),
        // The installation.
        ("doorward.toml: good", 1),
    ] {
        let found = printed.matches(text).count();
        assert_eq!(found, times, "{text}\n{printed}");
    }

    let stopped = Command::new("kill")
        .args(["-s", "INT", &child.id().to_string()])
        .status();
    assert!(stopped.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut rest = String::new();
    reader.read_to_string(&mut rest).unwrap();
    assert!(!std::path::Path::new(&folder).exists(), "{folder}");
}
