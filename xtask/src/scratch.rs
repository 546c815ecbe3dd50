//! Temporary folders that only we can read.

use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A new, empty folder; whoever holds it decides when it goes.
///
/// # Errors
/// The temporary folder of the system cannot be written.
pub(crate) fn folder(purpose: &str) -> Result<PathBuf> {
    let base = std::env::temp_dir();
    let process = std::process::id();
    let mut number = 0_u32;
    loop {
        let path = base.join(format!("doorward-{purpose}-{process}-{number}"));
        // Creating fails on anything already there, a planted link included.
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => {
                return Err(error).with_context(|| format!("creating {}", path.display()));
            }
        }
    }
}

/// A folder that goes when the value does.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// A new, empty folder.
    pub(crate) fn new(purpose: &str) -> Result<Self> {
        folder(purpose).map(Self)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("xtask: {} stays behind: {error}", self.0.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_differ_are_private_and_go() {
        use std::os::unix::fs::PermissionsExt;
        let (one, two) = (Scratch::new("test").unwrap(), Scratch::new("test").unwrap());
        assert_ne!(one.path(), two.path());
        let mode = fs::metadata(one.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let gone = one.path().to_path_buf();
        drop(one);
        assert!(!gone.exists());
    }
}
