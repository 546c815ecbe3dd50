//! Where the master key comes from.

use std::path::PathBuf;

use secrecy::SecretString;

/// Where the master key comes from. It is no key of the file: a secret that guards the store does
/// not belong beside the store's address.
#[derive(Debug, Clone)]
pub enum MasterKey {
    /// `DOORWARD_MASTER_KEY`.
    Text(SecretString),
    /// `DOORWARD_MASTER_KEY_FILE`: must exist.
    File(PathBuf),
    /// `master.key` in the data folder, made by `doorward init`.
    DataFolder(PathBuf),
}
