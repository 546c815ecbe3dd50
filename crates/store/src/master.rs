//! The master key: seals what the store must be able to open again (decisions 18 and 19).

use std::fmt;

use doorward_core::secret::SecretText;
use doorward_core::source::Random;

/// The text is not a master key. Never says what it is instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a master key of doorward")]
pub struct MasterKeyError;

/// Every generation of the master key, newest first.
#[derive(Clone)]
pub struct MasterKey {}

impl MasterKey {
    /// A fresh master key of one generation.
    #[must_use]
    pub fn generate(random: &Random) -> Self {
        todo!("{random:?}")
    }

    /// Reads the text form, as `master.key` holds it.
    ///
    /// # Errors
    /// [`MasterKeyError`].
    pub fn parse(text: &SecretText) -> Result<Self, MasterKeyError> {
        todo!("{text:?}")
    }

    /// Writes the text form.
    #[must_use]
    pub fn to_text(&self) -> SecretText {
        todo!()
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey")
    }
}
