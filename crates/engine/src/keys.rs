//! The key ring and the installation's row, opened: one snapshot, swapped whole.

use std::collections::HashMap;

use aws_lc_rs::hmac;
use doorward_core::digest::hmac_framed;
use doorward_core::id::KeyId;
use doorward_core::jwt::{AssertionKey, SigningKey, VerifyingKey};
use doorward_core::secret::{SecretBytes, SecretText};
use doorward_core::verifier::{Recipe, SALT_LEN};
use doorward_store::{HashGeneration, KeyPurpose, KeyState, RingKey, Store, System};
use zeroize::Zeroizing;

use crate::StartError;
use crate::present::ProvenBy;

/// A key of [`KeyPurpose::RememberMe`].
pub(crate) struct MacKey {
    pub(crate) id: KeyId,
    pub(crate) key: Zeroizing<[u8; 32]>,
}

/// Everything that signs, verifies or peppers.
pub(crate) struct Keys {
    /// The installation's row.
    pub(crate) system: System,
    /// Signs tokens.
    pub(crate) signing: SigningKey,
    verifying: Vec<VerifyingKey>,
    /// Sign assertions, the active one first.
    assertions: Vec<AssertionKey>,
    /// Sign remember-me tokens, the active one first.
    remember_me: Vec<MacKey>,
    peppers: HashMap<KeyId, SecretBytes>,
    lookup: hmac::Key,
    /// Live hash generations, newest first; never empty.
    pub(crate) hashes: Vec<HashGeneration>,
}

impl Keys {
    /// Reads everything from the store.
    pub(crate) async fn load(store: &Store) -> Result<Self, StartError> {
        let system = store.system().await?.ok_or(StartError::Empty)?;
        let ring = store.keys().await?;
        let hashes = store.hash_generations().await?;
        if hashes.is_empty() {
            return Err(StartError::Keys("no hash generation is alive"));
        }
        let of = |purpose| ring.iter().filter(move |key| key.purpose == purpose);
        let active = |purpose| of(purpose).rfind(|key| key.state == KeyState::Active);
        let token =
            active(KeyPurpose::CrossbarToken).ok_or(StartError::Keys("no token key is active"))?;
        let lookup =
            active(KeyPurpose::ApiKeyLookup).ok_or(StartError::Keys("no lookup key is active"))?;
        let usable = |_| StartError::Keys("a token key cannot be read");
        let mut verifying =
            vec![VerifyingKey::from_pkcs8(token.id, &token.material).map_err(usable)?];
        for key in of(KeyPurpose::CrossbarToken).filter(|key| verifies(key) && key.id != token.id) {
            verifying.push(VerifyingKey::from_pkcs8(key.id, &key.material).map_err(usable)?);
        }
        let mut assertions = Vec::new();
        let active_assertion = active(KeyPurpose::Assertion).map(|key| key.id);
        for key in of(KeyPurpose::Assertion).filter(|key| verifies(key)) {
            let read = AssertionKey::from_pkcs8(key.id, &key.material);
            let read = read.map_err(|_| StartError::Keys("an assertion key cannot be read"))?;
            let place = if Some(key.id) == active_assertion {
                0
            } else {
                assertions.len()
            };
            assertions.insert(place, read);
        }
        let mut remember_me = Vec::new();
        for key in of(KeyPurpose::RememberMe).filter(|key| verifies(key)) {
            let bytes = key.material.expose().try_into();
            let bytes = bytes.map_err(|_| StartError::Keys("a remember-me key cannot be read"))?;
            let mac = MacKey {
                id: key.id,
                key: Zeroizing::new(bytes),
            };
            let is_active = key.state == KeyState::Active;
            remember_me.insert(if is_active { 0 } else { remember_me.len() }, mac);
        }
        Ok(Self {
            remember_me,
            assertions,
            signing: SigningKey::from_pkcs8(token.id, &token.material).map_err(usable)?,
            verifying,
            peppers: of(KeyPurpose::Pepper)
                .map(|key| (key.id, key.material.clone()))
                .collect(),
            lookup: hmac::Key::new(hmac::HMAC_SHA256, lookup.material.expose()),
            system,
            hashes,
        })
    }

    /// The key with this id, if it verifies tokens.
    pub(crate) fn verifying(&self, id: KeyId) -> Option<&VerifyingKey> {
        self.verifying.iter().find(|key| key.id() == id)
    }

    /// Every key that verifies tokens, the signing one first.
    pub(crate) fn all_verifying(&self) -> &[VerifyingKey] {
        &self.verifying
    }

    /// The key that signs assertions; every store that was opened has one.
    pub(crate) fn assertion(&self) -> Option<&AssertionKey> {
        self.assertions.first()
    }

    /// Every key that assertions are verified by, the signing one first.
    pub(crate) fn assertions(&self) -> &[AssertionKey] {
        &self.assertions
    }

    /// Every key that verifies remember-me tokens, the signing one first; every store that was opened has one.
    pub(crate) fn remember_me(&self) -> &[MacKey] {
        &self.remember_me
    }

    /// Whether verifiers of this hash generation still count.
    pub(crate) fn is_alive(&self, hash_generation: i64) -> bool {
        self.hashes.iter().any(|alive| alive.id == hash_generation)
    }

    /// Whether what a proof rests on still counts.
    pub(crate) fn bears(&self, by: ProvenBy) -> bool {
        match by {
            ProvenBy::Password {
                hash_generation, ..
            } => self.is_alive(hash_generation),
            ProvenBy::RememberMe(key) => self.remember_me.iter().any(|mac| mac.id == key),
        }
    }

    /// How a verifier of this generation is computed for this salt.
    pub(crate) fn recipe(
        &self,
        generation: &HashGeneration,
        salt: [u8; SALT_LEN],
    ) -> Option<Recipe> {
        let pepper = self.peppers.get(&generation.pepper)?.clone();
        Some(Recipe {
            cost: generation.cost,
            salt,
            pepper,
        })
    }

    /// The keyed digest an API key is found by.
    pub(crate) fn api_key_lookup(&self, key: &SecretText) -> [u8; 32] {
        lookup(&self.lookup, key)
    }
}

/// The keyed digest of an API key, before there is a ring.
pub(crate) fn first_api_key_lookup(material: &SecretBytes, key: &SecretText) -> [u8; 32] {
    lookup(&hmac::Key::new(hmac::HMAC_SHA256, material.expose()), key)
}

fn lookup(with: &hmac::Key, key: &SecretText) -> [u8; 32] {
    hmac_framed(with, &[b"api-key", key.expose().as_bytes()])
}

fn verifies(key: &RingKey) -> bool {
    matches!(
        key.state,
        KeyState::Next | KeyState::Active | KeyState::Retiring
    )
}
