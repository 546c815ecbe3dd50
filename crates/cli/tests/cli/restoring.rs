//! `backup` and `restore`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::support::{Installation, bad, feed, good, names};

#[test]
fn a_backup_taken_while_writing_is_whole_and_restoring_it_ends_the_tokens_of_the_past() {
    let installation = Installation::found();
    let server = installation.serve();
    let (_, token) = server.sign_in("admin", "first-password");
    let file = installation.folder.path().join("backup.db");
    let (stop, before) = (AtomicBool::new(false), &installation);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                before.json(&["account", "create", "--name", &format!("Busy {number}")]);
            }
        });
        for number in 0..5 {
            let file = installation.folder.path().join(format!("busy-{number}.db"));
            installation.json(&["backup", file.to_str().unwrap()]);
        }
        stop.store(true, Ordering::Relaxed);
    });
    let made = installation.json(&["backup", file.to_str().unwrap()]);
    assert_eq!(
        made["bytes"].as_u64(),
        Some(fs::metadata(&file).unwrap().len())
    );
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let accounts = installation.json(&["account", "list"]);

    let restore = ["restore", file.to_str().unwrap(), "--force"];
    let said = bad(&installation.command(&restore).output().unwrap(), 1);
    assert!(said.contains("another doorward is running"), "{said}");
    assert_eq!(server.stop(), Some(0));

    installation.json(&["account", "create", "--name", "Later"]);
    installation.json(&restore);
    assert_eq!(installation.json(&["account", "list"]), accounts);
    let server = installation.serve();
    assert_eq!(server.status_with(&token), 401);
    assert_eq!(server.sign_in("admin", "first-password").0, 201);
}

#[test]
fn restoring_twice_revives_nothing() {
    let installation = Installation::found();
    let file = installation.folder.path().join("backup.db");
    installation.json(&["backup", file.to_str().unwrap()]);
    let restore = ["restore", file.to_str().unwrap(), "--force"];
    installation.json(&restore);
    let server = installation.serve();
    let (_, between) = server.sign_in("admin", "first-password");
    assert_eq!(server.stop(), Some(0));
    installation.json(&restore);
    assert_eq!(installation.serve().status_with(&between), 401);
}

#[test]
fn tokens_are_kept_when_asked() {
    let installation = Installation::found();
    let server = installation.serve();
    let (_, token) = server.sign_in("admin", "first-password");
    assert_eq!(server.stop(), Some(0));
    let file = installation.folder.path().join("backup.db");
    installation.json(&["backup", file.to_str().unwrap()]);
    let restored = installation.json(&[
        "restore",
        file.to_str().unwrap(),
        "--force",
        "--keep-tokens",
    ]);
    assert_eq!(restored["tokens_kept"], json!(true));
    assert_eq!(installation.serve().status_with(&token), 200);
}

#[test]
fn what_does_not_belong_here_is_refused_and_changes_nothing() {
    let (installation, other) = (Installation::found(), Installation::found());
    let folder = installation.folder.path();
    let foreign = folder.join("foreign.db");
    other.json(&["backup", foreign.to_str().unwrap()]);
    let garbage = folder.join("garbage.db");
    fs::write(&garbage, "no backup").unwrap();
    let own = folder.join("own.db");
    installation.json(&["backup", own.to_str().unwrap()]);
    let (before, listed) = (
        fs::read(installation.data().join("doorward.db")).unwrap(),
        names(&installation.data()),
    );

    for (file, flags, part) in [
        (&foreign, &["--force"][..], "another master key"),
        (&garbage, &["--force"], "not a backup"),
        (&folder.join("nothing.db"), &["--force"], "cannot read"),
        (&own, &[], "--force"),
    ] {
        let arguments = [&["restore", file.to_str().unwrap()][..], flags].concat();
        let said = bad(&installation.command(&arguments).output().unwrap(), 1);
        assert!(said.contains(part), "{said}");
        assert_eq!(
            fs::read(installation.data().join("doorward.db")).unwrap(),
            before
        );
        assert_eq!(names(&installation.data()), listed);
    }
    let said = bad(
        &installation
            .command(&["backup", own.to_str().unwrap()])
            .output()
            .unwrap(),
        1,
    );
    assert!(said.contains("exists already"), "{said}");
}

#[test]
fn a_backup_is_restored_into_an_empty_folder_with_its_key() {
    let installation = Installation::found();
    let file = installation.folder.path().join("backup.db");
    installation.json(&["backup", file.to_str().unwrap()]);
    let data = installation.folder.path().join("elsewhere");
    let key = fs::read_to_string(installation.data().join("master.key")).unwrap();
    let mut command = crate::support::doorward(&["restore", file.to_str().unwrap(), "--data"]);
    command.arg(&data).env("DOORWARD_MASTER_KEY", key.trim());
    good(&feed(command, ""));
    assert!(!data.join("master.key").exists());
    assert!(data.join("doorward.db").exists());
}
