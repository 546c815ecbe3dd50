//! What a new user gets wrong: one clear sentence, the right exit code, nothing half-written.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::support::{Installation, bad, doorward, feed, good, init, names};

#[test]
fn two_different_passwords() {
    let folder = tempfile::tempdir().unwrap();
    let line = format!(
        "{} init --data {}/data --account-name Root --realm root.example --username admin",
        env!("CARGO_BIN_EXE_doorward"),
        folder.path().display(),
    );
    // A terminal, because a password is asked for on one only.
    let mut terminal = Command::new("script");
    terminal.args(["-q", "-e", "-c", &line, "/dev/null"]);
    terminal.stdout(std::process::Stdio::piped());
    let output = feed(terminal, "first-secret\nsecond-secret\n");
    assert_eq!(output.status.code(), Some(1));
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(
        shown.contains("doorward: the two passwords differ; nothing was changed"),
        "{shown}"
    );
    assert!(names(folder.path()).is_empty());
}

#[test]
fn no_terminal_and_no_password() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = doorward(&["init", "--account-name", "Root", "--realm", "root.example"]);
    command
        .args(["--username", "admin", "--data"])
        .arg(folder.path().join("data"));
    let said = bad(&command.output().unwrap(), 2);
    assert!(said.contains("--password-stdin"), "{said}");
    assert!(names(folder.path()).is_empty());
}

#[test]
fn names_and_passwords_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    for (flag, value, part) in [
        ("--realm", "a b!", "--realm"),
        ("--account-name", "", "--account-name"),
        ("--username", "a:b", "--username"),
    ] {
        let said = bad(&feed(init_with(&data, flag, value), "secret\n"), 1);
        assert!(said.contains(part), "{said}");
    }
    for password in ["", "\n", "a\tb\n"] {
        bad(&feed(init(&data), password), 1);
    }
    assert!(names(folder.path()).is_empty());
}

/// `init` with one value replaced.
fn init_with(data: &std::path::Path, flag: &str, value: &str) -> Command {
    let mut command = doorward(&["init", "--password-stdin", "--data"]);
    command.arg(data);
    for (name, usual) in [
        ("--account-name", "Root"),
        ("--realm", "root.example"),
        ("--username", "admin"),
    ] {
        command.args([name, if name == flag { value } else { usual }]);
    }
    command
}

#[test]
fn a_missing_folder() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    for arguments in [&["account", "list"][..], &serve, &["backup", "x.db"]] {
        let mut command = doorward(arguments);
        let said = bad(&command.arg("--data").arg(&data).output().unwrap(), 1);
        assert!(
            said.contains("no data folder at") && said.contains("doorward init"),
            "{said}"
        );
    }
    let said = bad(&feed(init(&data.join("deeper")), "secret\n"), 1);
    assert!(said.contains("cannot create the folder"), "{said}");
    assert!(names(folder.path()).is_empty());
}

#[test]
fn an_empty_folder_holds_no_installation() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = doorward(&["account", "list", "--data"]);
    let said = bad(&command.arg(folder.path()).output().unwrap(), 1);
    assert!(said.contains("no master key at"), "{said}");
}

#[test]
fn a_port_in_use() {
    let (installation, taken) = (
        Installation::found(),
        TcpListener::bind("127.0.0.1:0").unwrap(),
    );
    let address = taken.local_addr().unwrap().to_string();
    let output = installation
        .command(&["serve", "--listen", &address])
        .output()
        .unwrap();
    let said = bad(&output, 1);
    assert!(
        said.contains(&address) && said.contains("the port is in use"),
        "{said}"
    );
}

#[test]
fn a_broken_configuration() {
    let installation = Installation::found();
    let file = installation.folder.path().join("doorward.toml");
    for (text, parts) in [
        ("listen = [", &["doorward.toml:1"][..]),
        (
            "[listen]\npubic = \"127.0.0.1:1\"\n",
            &["doorward.toml:2", "did you mean listen.public?"],
        ),
        (
            "[store]\nurl = \"postgres://u:hunter2 @h/d\"\n",
            &["doorward.toml:2", "store.url"],
        ),
    ] {
        fs::write(&file, text).unwrap();
        let command = ["serve", "--config", file.to_str().unwrap()];
        let said = bad(&installation.command(&command).output().unwrap(), 1);
        assert!(parts.iter().all(|part| said.contains(part)), "{said}");
        assert!(!said.contains("hunter2"), "{said}");

        let output = doorward(&["config", "check", file.to_str().unwrap()])
            .output()
            .unwrap();
        bad(&output, 1);
        let listed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(parts.iter().all(|part| listed.contains(part)), "{listed}");
    }
}

#[test]
fn a_wrong_master_key() {
    let (mine, other) = (Installation::found(), Installation::found());
    let key = mine.data().join("master.key");
    fs::copy(other.data().join("master.key"), &key).unwrap();
    let said = bad(&mine.command(&["account", "list"]).output().unwrap(), 1);
    assert!(
        said.contains("this master key does not belong to this store"),
        "{said}"
    );

    fs::write(&key, "something else").unwrap();
    let said = bad(
        &mine
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .output()
            .unwrap(),
        1,
    );
    assert!(said.contains("is not a master key of doorward"), "{said}");
    assert!(!said.contains("something else"), "{said}");

    fs::remove_file(&key).unwrap();
    let said = bad(&mine.command(&["account", "list"]).output().unwrap(), 1);
    assert!(said.contains("there is no master key at"), "{said}");
    assert!(!key.exists());
}

#[test]
fn a_corrupt_database() {
    let installation = Installation::found();
    let path = installation.data().join("doorward.db");
    let whole = fs::read(&path).unwrap();
    let mut header = whole.clone();
    header[..100].fill(b'x');
    let mut middle = whole.clone();
    for page in middle.chunks_mut(4096).skip(1) {
        page[..64].fill(0xff);
    }
    for damaged in [b"no database at all".to_vec(), header, middle] {
        fs::write(&path, &damaged).unwrap();
        let said = bad(
            &installation.command(&["account", "list"]).output().unwrap(),
            1,
        );
        assert!(
            said.contains("is damaged") && said.contains("restore"),
            "{said}"
        );
        assert_eq!(fs::read(&path).unwrap(), damaged);
    }
}

#[test]
fn a_second_init() {
    let installation = Installation::found();
    let before = fs::read(installation.data().join("doorward.db")).unwrap();
    let said = bad(&feed(init(&installation.data()), "secret\n"), 1);
    assert!(
        said.contains("an installation at") && said.contains("already"),
        "{said}"
    );
    assert_eq!(
        fs::read(installation.data().join("doorward.db")).unwrap(),
        before
    );

    let server = installation.serve();
    let said = bad(&feed(init(&installation.data()), "secret\n"), 1);
    assert!(said.contains("already"), "{said}");
    assert_eq!(server.sign_in("admin", "first-password").0, 201);
}

#[test]
fn an_init_that_was_killed_is_begun_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut child = init(&data)
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(std::io::Write::write_all(
        &mut child.stdin.take().unwrap(),
        b"secret\n",
    ));
    crate::support::eventually(|| data.join("doorward.db").exists());
    child.kill().unwrap();
    child.wait().unwrap();
    let again = feed(init(&data), "secret\n");
    // It may have been quicker than the kill; then it is whole.
    if !again.status.success() {
        assert!(bad(&again, 1).contains("already"));
    }
    good(
        &doorward(&["account", "list", "--data", data.to_str().unwrap()])
            .output()
            .unwrap(),
    );
}

#[test]
fn the_folder_and_what_is_in_it_are_private() {
    let installation = Installation::found();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(installation.data()), 0o700);
    for name in names(&installation.data()) {
        assert_eq!(mode(installation.data().join(&name)), 0o600, "{name}");
    }
}

#[test]
fn a_token_on_the_command_line() {
    let installation = Installation::found();
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrYXpvbyJ9.c2ln";
    for verb in ["inspect", "revoke"] {
        let said = bad(
            &installation
                .command(&["token", verb, token])
                .output()
                .unwrap(),
            2,
        );
        assert!(said.contains("never stands on the command line"), "{said}");
        assert!(!said.contains(token), "{said}");
    }
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for arguments in [
        &["nonsense"][..],
        &["serve", "--nonsense"],
        &["account", "set", "a"],
    ] {
        bad(&doorward(arguments).output().unwrap(), 2);
    }
    let version = good(&doorward(&["--version"]).output().unwrap());
    assert_eq!(
        version.trim(),
        format!("doorward {}", env!("CARGO_PKG_VERSION"))
    );
}
