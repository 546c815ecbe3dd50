//! The data folder: mode 0700, and a lock that tells who is using it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::fail::{Fail, Outcome};

/// The file whose lock says who uses the folder.
const LOCK_FILE: &str = "doorward.lock";

/// A data folder.
#[derive(Debug, Clone)]
pub(crate) struct DataFolder(PathBuf);

/// How a folder is used; held until dropped, and by the kernel let go when the process dies.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "the open file is the lock")] File);

/// What was made in the course of a command, and goes away again unless it is kept.
#[derive(Debug, Default)]
pub(crate) struct Undo {
    files: Vec<PathBuf>,
    folder: Option<PathBuf>,
}

impl DataFolder {
    /// A folder that may or may not exist.
    pub(crate) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Creates the folder, mode 0700, if it is not there.
    pub(crate) fn create(&self, undo: &mut Undo) -> Outcome {
        if self.0.is_dir() {
            return Ok(());
        }
        DirBuilder::new()
            .mode(0o700)
            .create(&self.0)
            .map_err(|error| Fail::file("create the folder", &self.0, error))?;
        undo.folder = Some(self.0.clone());
        sync_parent(&self.0)
    }

    /// Uses the folder beside others who do, but not while it is being set up or restored.
    pub(crate) fn share(&self) -> Outcome<Lock> {
        if !self.0.is_dir() {
            return Err(
                Fail::new(format!("there is no data folder at {}", self.0.display()))
                    .hint("create one with `doorward init`, or name the right folder with --data"),
            );
        }
        let file = self.lock_file()?;
        match file.try_lock_shared() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(Fail::new(format!(
                "the data folder {} is being set up or restored; try again when that is done",
                self.0.display()
            ))),
            Err(TryLockError::Error(error)) => Err(Fail::file("lock", &self.0, error)),
        }
    }

    /// Uses the folder alone.
    pub(crate) fn take(&self) -> Outcome<Lock> {
        let file = self.lock_file()?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(Fail::new(format!(
                "another doorward is running on {}",
                self.0.display()
            ))
            .hint("stop it first")),
            Err(TryLockError::Error(error)) => Err(Fail::file("lock", &self.0, error)),
        }
    }

    fn lock_file(&self) -> Outcome<File> {
        let path = self.0.join(LOCK_FILE);
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| Fail::file("open", &path, error))
    }
}

impl Undo {
    /// Takes this file away too.
    pub(crate) fn file(&mut self, path: PathBuf) {
        self.files.push(path);
    }

    /// All went well: what was made stays.
    pub(crate) fn keep(mut self) {
        self.files.clear();
        self.folder = None;
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        // What cannot be removed stays: the failure that led here is the one to be told.
        for file in &self.files {
            drop(fs::remove_file(file));
        }
        if let Some(folder) = &self.folder {
            drop(fs::remove_file(folder.join(LOCK_FILE)));
            drop(fs::remove_dir(folder));
        }
    }
}

/// Writes a file of mode 0600 that is either whole and on the disk, or not there.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let partial = path.with_extension("partial");
    let written = write_and_sync(&partial, bytes).and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        drop(fs::remove_file(&partial));
    }
    written?;
    sync_folder(path)
}

fn write_and_sync(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create_private(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes a file of mode 0600 in the place of one a killed command may have left behind. Never writes into what is there:
/// that may be readable by others, or lead elsewhere.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Makes sure that a name just given or taken in its folder outlives a power cut.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

fn sync_parent(path: &Path) -> Outcome {
    sync_folder(path).map_err(|error| Fail::file("write", path, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_folder_is_private_and_goes_away_when_not_kept() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(&parent.path().join("data"));
        let mut undo = Undo::default();
        folder.create(&mut undo).unwrap();
        let mode = fs::metadata(&folder.0).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        drop(folder.take().unwrap());
        drop(undo);
        assert!(!folder.0.exists());
    }

    #[test]
    fn a_folder_that_was_there_stays() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(parent.path());
        let mut undo = Undo::default();
        folder.create(&mut undo).unwrap();
        drop(undo);
        assert!(parent.path().exists());
    }

    #[test]
    fn one_alone_or_many_together() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(parent.path());
        let shared = (folder.share().unwrap(), folder.share().unwrap());
        let said = folder.take().unwrap_err().to_string();
        assert!(said.contains("another doorward is running"), "{said}");
        drop(shared);
        let alone = folder.take().unwrap();
        assert!(
            folder
                .share()
                .unwrap_err()
                .to_string()
                .contains("set up or restored")
        );
        drop(alone);
    }

    #[test]
    fn a_file_is_whole_and_private_or_not_there() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("master.key");
        write_atomically(&path, b"text").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"text");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_secret_never_goes_into_a_file_that_was_there() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("master.key");
        let elsewhere = parent.path().join("elsewhere");
        fs::write(&elsewhere, b"").unwrap();
        std::os::unix::fs::symlink(&elsewhere, path.with_extension("partial")).unwrap();
        write_atomically(&path, b"text").unwrap();
        assert_eq!(fs::read(&elsewhere).unwrap(), b"");
        let partial = path.with_extension("partial");
        fs::write(&partial, b"").unwrap();
        fs::set_permissions(&partial, fs::Permissions::from_mode(0o644)).unwrap();
        write_atomically(&path, b"text").unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
