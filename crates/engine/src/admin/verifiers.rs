//! Verifiers of passwords: which there must be, and which hash generation they are of.

use std::sync::Arc;

use doorward_core::digest::{md5_credentials, sha1_credentials};
use doorward_core::id::CredentialId;
use doorward_core::name::nfc;
use doorward_core::secret::SecretText;
use doorward_core::verifier::SALT_LEN;
use doorward_store::{Actor, HashGeneration, NewVerifier, VerifierKind};

use super::AdminError;
use crate::Engine;
use crate::engine::Inner;

/// Longest password in bytes: longer ones are refused, never cut (attacks.md S44).
const MAX_PASSWORD: usize = 1024;

/// What clients may send for a username and password: the digests over the NFC text and, if the password as given is not
/// NFC, over that form too (decision 3).
pub(crate) fn digests(username: &str, password: &SecretText) -> Vec<(VerifierKind, SecretText)> {
    let normal = SecretText::new(nfc(password.expose()));
    let mut forms = vec![&normal];
    if normal.expose() != password.expose() {
        forms.push(password);
    }
    forms
        .into_iter()
        .flat_map(|form| {
            [
                (
                    VerifierKind::Md5,
                    md5_credentials(username, form.expose()).into(),
                ),
                (
                    VerifierKind::Sha1,
                    sha1_credentials(username, form.expose()).into(),
                ),
            ]
        })
        .collect()
}

/// Whether a password may be set.
pub(crate) fn check_password(password: &SecretText) -> Result<(), AdminError> {
    let text = password.expose();
    if text.is_empty() || text.len() > MAX_PASSWORD || text.chars().any(char::is_control) {
        return Err(AdminError::Password);
    }
    Ok(())
}

impl Inner {
    /// The verifiers of a username and password in one hash generation.
    pub(crate) async fn verifiers(
        self: &Arc<Self>,
        generation: HashGeneration,
        salt: [u8; SALT_LEN],
        username: &str,
        password: &SecretText,
    ) -> Result<Vec<NewVerifier>, AdminError> {
        let keys = self.keys.load_full();
        let recipe = keys
            .recipe(&generation, salt)
            .ok_or(AdminError::UnknownKey)?;
        let mut verifiers = Vec::new();
        for (kind, digest) in digests(username, password) {
            let verifier = self
                .hash
                .compute(digest, recipe.clone())
                .await
                .map_err(|_| AdminError::Busy)?;
            let id = CredentialId::new(self.random.bytes());
            verifiers.push(NewVerifier {
                id,
                kind,
                hash_generation: generation.id,
                verifier,
            });
        }
        Ok(verifiers)
    }
}

impl Engine {
    /// The live hash generations, newest first.
    #[must_use]
    pub fn hash_generations(&self) -> Vec<HashGeneration> {
        self.0.keys.load().hashes.clone()
    }

    /// Ends the older of two hash generations with every verifier still in it: who has not signed in since the newer one
    /// began needs a new password (decision 13).
    ///
    /// # Errors
    /// [`AdminError::NothingToRetire`] when only one is alive.
    pub async fn retire_hash_generation(&self, actor: Actor) -> Result<HashGeneration, AdminError> {
        let generations = self.hash_generations();
        let [_, old] = generations.as_slice() else {
            return Err(AdminError::NothingToRetire);
        };
        let old = *old;
        self.commit(actor, move |write| {
            Box::pin(async move { Ok(write.retire_hash_generation(old.id).await?) })
        })
        .await?;
        Ok(old)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_is_not_nfc_is_known_in_both_forms() {
        assert_eq!(digests("bob", &"secret".into()).len(), 2);
        let decomposed = digests("bob", &"e\u{301}".into());
        assert_eq!(decomposed.len(), 4);
        assert_eq!(decomposed[0].1.expose(), md5_credentials("bob", "\u{e9}"));
        assert_eq!(decomposed[2].1.expose(), md5_credentials("bob", "e\u{301}"));
    }

    #[test]
    fn atk_s45_passwords_are_refused_never_cut() {
        assert!(check_password(&"x".repeat(1024).into()).is_ok());
        assert!(check_password(&"x".repeat(1025).into()).is_err());
        assert!(check_password(&"".into()).is_err());
        assert!(check_password(&"a\nb".into()).is_err());
    }
}
