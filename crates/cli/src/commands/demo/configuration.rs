//! The example's `doorward.toml`: written when the example is founded, read at each start, the user's to change.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;

use doorward::config::{Settings, Sources};
use doorward_gateway::upstream::UpstreamUrl;
use tokio::net::TcpListener as Listener;

use crate::data::{DataFolder, Undo, write_atomically};
use crate::fail::{Fail, Outcome};
use crate::wiring;

/// Its name in the data folder.
const FILE: &str = "doorward.toml";
/// The upstream that the example itself serves.
const UPSTREAM: &str = "search";

/// Ports that are taken if they are free.
const PUBLIC: u16 = 8000;
const OPS: u16 = 9000;
const SEARCH: u16 = 8090;

/// Makes the folder and the file in it. A file that is there already is taken as it is.
pub(super) fn found(data: &Path, any_port: bool, undo: &mut Undo) -> Outcome<Option<TcpListener>> {
    DataFolder::new(data).create(undo)?;
    let path = data.join(FILE);
    if path.symlink_metadata().is_ok() {
        return Ok(None);
    }
    // Bound before it is written down, so that nobody else takes it in between.
    let listener = bind(free(SEARCH, any_port)).map_err(|error| cannot_listen(&error))?;
    let address = listener
        .local_addr()
        .map_err(|error| cannot_listen(&error))?;
    undo.file(path.clone());
    write_atomically(&path, text(address).as_bytes())
        .map_err(|error| Fail::file("write", &path, error))?;
    Ok(Some(listener))
}

/// What is in force: the file, our own ports, quiet: what is printed is for pasting.
pub(super) fn settings(data: &Path, any_port: bool) -> Outcome<Settings> {
    let local = |wanted| format!("127.0.0.1:{}", free(wanted, any_port));
    let variables = [
        ("DOORWARD_LISTEN__PUBLIC", local(PUBLIC)),
        ("DOORWARD_LISTEN__OPS", local(OPS)),
        ("DOORWARD_LOG__LEVEL", "warn".to_owned()),
    ];
    let sources = Sources {
        environment: variables
            .map(|(name, value)| (name.to_owned(), value))
            .to_vec(),
        data: Some(data.to_owned()),
        ..Sources::default()
    };
    let loaded = Settings::load(sources).map_err(|problems| wiring::unusable(&problems))?;
    Ok(loaded.settings)
}

/// Listens where the file says that the search service is.
pub(super) fn listen(settings: &Settings) -> Outcome<TcpListener> {
    let upstreams = &settings.guarded.upstreams;
    let search = upstreams
        .iter()
        .find(|upstream| &*upstream.settings.name == UPSTREAM);
    let address = match search.map(|upstream| upstream.settings.urls.as_slice()) {
        Some([UpstreamUrl::Http(authority)]) => authority.as_str().parse().ok(),
        _ => None,
    };
    // It asks nobody who they are, so nobody from outside must reach it.
    let address = address.filter(|address: &SocketAddr| address.ip().is_loopback());
    let address = address.ok_or_else(|| {
        let path = settings.data.join(FILE);
        Fail::new(format!(
            "{} has no [upstream.{UPSTREAM}] with one URL on loopback, where the example serves it",
            path.display()
        ))
        .hint("name another folder with --data: a new one is filled with the example")
    })?;
    TcpListener::bind(address).map_err(|error| {
        Fail::new(format!("cannot listen at {address}: {error}")).hint(
            "end what listens there, or write another port into [upstream.search] of doorward.toml",
        )
    })
}

/// The listener of a socket that was bound before.
pub(super) fn asynchronous(listener: TcpListener) -> Outcome<Listener> {
    let made = listener.set_nonblocking(true);
    made.and_then(|()| Listener::from_std(listener))
        .map_err(|error| cannot_listen(&error))
}

fn bind(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

/// The wanted port if it is free, else any.
fn free(wanted: u16, any_port: bool) -> u16 {
    let is_free = !any_port && bind(wanted).is_ok();
    if is_free { wanted } else { 0 }
}

fn cannot_listen(error: &std::io::Error) -> Fail {
    Fail::new(format!("cannot listen on loopback: {error}"))
}

/// Whether the example is still to be founded in this folder.
pub(super) fn is_new(data: &Path) -> bool {
    fs::symlink_metadata(data.join("doorward.db")).is_err()
}

fn text(search: SocketAddr) -> String {
    include_str!("doorward.toml").replace("127.0.0.1:8090", &search.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_good_and_leads_to_the_listener() {
        let folder = tempfile::tempdir().unwrap();
        let listener = found(folder.path(), true, &mut Undo::default());
        // Dropped, the undo has taken the file away again.
        assert!(!folder.path().join(FILE).exists());
        drop(listener);
        let mut undo = Undo::default();
        let listener = found(folder.path(), true, &mut undo).unwrap().unwrap();
        let address = listener.local_addr().unwrap();
        let settings = settings(folder.path(), true).unwrap();
        assert_eq!(settings.guarded.apis.len(), 3);
        let taken = listen(&settings).unwrap_err().to_string();
        assert!(taken.contains(&address.to_string()), "{taken}");
        drop(listener);
        let again = listen(&settings).unwrap();
        assert_eq!(again.local_addr().unwrap(), address);
    }

    #[test]
    fn what_is_no_example_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["", "[upstream.search]\nurls = [\"http://192.0.2.1:80\"]\n"] {
            fs::write(folder.path().join(FILE), text).unwrap();
            let mut undo = Undo::default();
            assert!(found(folder.path(), true, &mut undo).unwrap().is_none());
            drop(undo);
            let settings = settings(folder.path(), true).unwrap();
            let said = listen(&settings).unwrap_err().to_string();
            assert!(said.contains("[upstream.search]"), "{said}");
        }
    }
}
