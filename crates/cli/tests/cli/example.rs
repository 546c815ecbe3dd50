//! `doorward demo`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Command;

use crate::support::{doorward, good};

#[test]
fn the_tour_goes_well() {
    let printed = good(&doorward(&["demo", "--check"]).output().unwrap());
    assert!(printed.lines().count() >= 25, "{printed}");
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
    while !page.contains("doorward account list") {
        assert_ne!(reader.read_line(&mut page).unwrap(), 0, "{page}");
    }
    let folder = page
        .lines()
        .find_map(|line| line.trim().strip_prefix("data "))
        .unwrap();
    let folder = folder.trim().split(' ').next().unwrap().to_owned();
    let (_, script) = page.split_once("Paste into another terminal:").unwrap();
    let script = script.replace(
        "doorward account",
        concat!(env!("CARGO_BIN_EXE_doorward"), " account"),
    );
    let pasted = Command::new("sh").arg("-c").arg(script).output().unwrap();
    let printed = String::from_utf8_lossy(&pasted.stdout).into_owned();
    assert_eq!(
        printed.matches("\"status\":\"success\"").count(),
        6,
        "{printed}"
    );
    assert_eq!(
        printed.matches("\"invalid_credentials\"").count(),
        1,
        "{printed}"
    );

    let stopped = Command::new("kill")
        .args(["-s", "INT", &child.id().to_string()])
        .status();
    assert!(stopped.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut rest = String::new();
    reader.read_to_string(&mut rest).unwrap();
    assert!(!std::path::Path::new(&folder).exists(), "{folder}");
}
