//! What `bind` refuses, and in which words.
#![expect(clippy::unwrap_used, reason = "a test's helper fails by panicking")]

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;

use doorward_gateway::inherited::Inherited;
use doorward_gateway::listen::{Listener, bind};
use doorward_gateway::peer::ListenerName;

fn open(address: &str, inherited: &mut Inherited) -> Result<Vec<Listener>, String> {
    let addresses: Vec<_> = address.split(' ').map(|a| a.parse().unwrap()).collect();
    bind(&ListenerName::new("public"), &addresses, inherited).map_err(|error| error.to_string())
}

fn refusal(address: &str) -> String {
    open(address, &mut Inherited::default()).unwrap_err()
}

#[test]
fn a_port_in_use_is_named_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    assert_eq!(
        refusal(&address.to_string()),
        format!(
            "cannot listen on {address}: the port is in use (another doorward, or another program); \
             choose another with --listen or in [listen]"
        )
    );
}

#[test]
fn one_address_that_fails_closes_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("d.sock");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    refusal(&format!(
        "unix:{} {}",
        path.display(),
        taken.local_addr().unwrap()
    ));
    assert!(!path.exists());
}

#[test]
fn an_address_of_another_machine_is_refused() {
    assert!(refusal("192.0.2.1:8000").contains("this machine does not have that address"));
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("precious");
    std::fs::write(&path, "data").unwrap();
    let said = refusal(&format!("unix:{}", path.display()));
    assert!(said.contains("exists and is not a socket"), "{said}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "data");
}

#[test]
fn a_unix_socket_that_is_served_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("d.sock");
    let address = format!("unix:{}", path.display());
    let first = open(&address, &mut Inherited::default()).unwrap();
    let said = refusal(&address);
    assert!(
        said.contains("another program serves this socket"),
        "{said}"
    );
    assert!(path.exists());
    drop(first);
    assert!(!path.exists());
}

#[test]
fn a_socket_file_that_another_has_replaced_is_not_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("d.sock");
    let first = open(
        &format!("unix:{}", path.display()),
        &mut Inherited::default(),
    )
    .unwrap();
    std::fs::remove_file(&path).unwrap();
    // Holding a file in between keeps the inode number from being used again.
    let _between = std::fs::File::create(folder.path().join("between")).unwrap();
    let _second = UnixListener::bind(&path).unwrap();
    drop(first);
    assert!(path.exists());
}

#[test]
fn a_missing_folder_is_named() {
    let said = refusal("unix:/nonexistent-folder/d.sock");
    assert!(said.contains("the folder does not exist"), "{said}");
}

#[test]
fn sockets_of_systemd_are_found_by_name() {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let unix = UnixListener::bind(folder.path().join("d.sock")).unwrap();
    let passed = vec![
        ("public".to_owned(), OwnedFd::from(tcp)),
        ("ops".to_owned(), OwnedFd::from(unix)),
    ];
    let mut inherited = Inherited::new(passed).unwrap();
    let said = open("systemd:console", &mut inherited).unwrap_err();
    assert!(said.contains("passed: public, ops"), "{said}");
    assert_eq!(open("systemd:public", &mut inherited).unwrap().len(), 1);
    assert_eq!(open("systemd:ops", &mut inherited).unwrap().len(), 1);
    let said = open("systemd:public", &mut inherited).unwrap_err();
    assert!(said.contains("passed: none"), "{said}");
    // The file of an inherited socket is not ours to remove.
    assert!(folder.path().join("d.sock").exists());
}

#[test]
fn something_else_than_a_listening_socket_is_refused() {
    let file = OwnedFd::from(tempfile::tempfile().unwrap());
    let client = TcpListener::bind("127.0.0.1:0")
        .and_then(|l| std::net::TcpStream::connect(l.local_addr()?))
        .unwrap();
    for fd in [file, OwnedFd::from(client)] {
        let said = Inherited::new(vec![("public".to_owned(), fd)])
            .unwrap_err()
            .to_string();
        assert!(said.contains("is not a listening stream socket"), "{said}");
    }
}
