//! The master key: of the environment, or a file of mode 0600 in the data folder.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use doorward::config;
use doorward_core::secret::SecretText;
use doorward_core::source::Random;
use doorward_store::MasterKey;
use secrecy::ExposeSecret as _;

use crate::data::{Undo, write_atomically};
use crate::fail::{Fail, Outcome};

/// Longest text of a master key, in bytes: a hundred generations.
const MAX_TEXT: u64 = 16 * 1024;

/// The master key of an installation.
pub(crate) fn load(source: &config::MasterKey) -> Outcome<MasterKey> {
    match source {
        config::MasterKey::Text(text) => parse(&text.expose_secret().into(), "DOORWARD_MASTER_KEY"),
        config::MasterKey::File(path) => read(path),
        config::MasterKey::DataFolder(path) => {
            let key = read(path)?;
            if fs::metadata(path).is_ok_and(|found| found.mode() & 0o077 != 0) {
                let path = path.display();
                tracing::warn!(%path, "other users can read the master key; run chmod 600 on it");
            }
            Ok(key)
        }
    }
}

/// The master key of a new installation: made now, unless there is one already. Its file is whole
/// and on the disk before its name appears.
pub(crate) fn found(
    source: &config::MasterKey,
    random: &Random,
    undo: &mut Undo,
) -> Outcome<MasterKey> {
    let config::MasterKey::DataFolder(path) = source else {
        return load(source);
    };
    if path.exists() {
        return load(source);
    }
    let key = MasterKey::generate(random);
    write_atomically(path, key.to_text().expose().as_bytes())
        .map_err(|error| Fail::file("write", path, error))?;
    undo.file(path.clone());
    Ok(key)
}

fn read(path: &Path) -> Outcome<MasterKey> {
    // Of a fixed size, because a growing buffer would leave copies of the key behind.
    let mut text = String::with_capacity(MAX_TEXT.try_into().unwrap_or_default());
    File::open(path)
        .and_then(|file| file.take(MAX_TEXT).read_to_string(&mut text))
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => missing(path),
            io::ErrorKind::InvalidData => not_a_key(&path.display().to_string()),
            _ => Fail::file("read the master key", path, error),
        })?;
    parse(&text.into(), &path.display().to_string())
}

fn missing(path: &Path) -> Fail {
    Fail::new(format!("there is no master key at {}", path.display()))
        .hint("put it back, or name it with DOORWARD_MASTER_KEY_FILE; the store cannot be opened without it")
        .hint("a new installation begins with `doorward init`")
}

fn parse(text: &SecretText, place: &str) -> Outcome<MasterKey> {
    let text = SecretText::from(text.expose().trim());
    MasterKey::parse(&text).map_err(|_| not_a_key(place))
}

fn not_a_key(place: &str) -> Fail {
    Fail::new(format!("{place} is not a master key of doorward"))
}
