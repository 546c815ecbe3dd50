//! Sealing: what the store must open again is encrypted before it reaches a statement (decision 19).
//!
//! The attack: somebody reads the database (a backup, a replica, a disk) or writes into it. Whoever reads sees AES-256-GCM;
//! whoever copies a blob to another row, table or purpose gets an error, because all three are authenticated with it.
//!
//! A blob is a version byte, the id of the master key's generation, the nonce, the ciphertext and its tag.

use std::collections::HashMap;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use doorward_core::digest::derive_key;
use doorward_core::secret::{SecretBytes, SecretText};
use doorward_core::source::Random;
use zeroize::{Zeroize as _, Zeroizing};

use crate::StoreError;
use crate::master::{ID_LEN, MasterKey};
use crate::query::inconsistent;

const VERSION: u8 = 1;

/// What is sealed; each purpose has a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    /// Proves that a master key belongs to the store.
    Check,
    /// Secrets that sign identities.
    SignatureSecret,
    /// Keys of the ring.
    RingKey,
    /// API keys that can be shown.
    ApiKey,
    /// Positions in lists, carried by clients.
    Cursor,
}

impl Purpose {
    const ALL: [Self; 5] = [
        Self::Check,
        Self::SignatureSecret,
        Self::RingKey,
        Self::ApiKey,
        Self::Cursor,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Check => "seal:check",
            Self::SignatureSecret => "seal:signature-secret",
            Self::RingKey => "seal:ring-key",
            Self::ApiKey => "seal:api-key",
            Self::Cursor => "seal:cursor",
        }
    }
}

/// Where a blob stands, and nowhere else.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) purpose: Purpose,
    pub(crate) table: &'static str,
    /// The row's key, part by part.
    pub(crate) row: &'a [&'a [u8]],
}

impl<'a> Place<'a> {
    /// The place of a cursor: a list and whose it is.
    pub(crate) const fn cursor(list: &'static str, of: &'a [&'a [u8]]) -> Self {
        Self {
            purpose: Purpose::Cursor,
            table: list,
            row: of,
        }
    }

    /// Each part preceded by its length, so that no two places are written alike.
    fn associated_data(&self) -> Vec<u8> {
        let mut data = Vec::with_capacity(128);
        let names = [self.purpose.as_str().as_bytes(), self.table.as_bytes()];
        for part in names.iter().chain(self.row) {
            data.extend_from_slice(&(part.len() as u64).to_le_bytes());
            data.extend_from_slice(part);
        }
        data
    }
}

/// Seals and opens with every generation of a master key.
pub(crate) struct Sealer {
    keys: HashMap<([u8; ID_LEN], Purpose), LessSafeKey>,
    newest: [u8; ID_LEN],
    random: Random,
}

impl Sealer {
    /// Derives every key.
    pub(crate) fn new(master: &MasterKey, random: Random) -> Option<Self> {
        let mut keys = HashMap::new();
        for generation in master.generations() {
            for purpose in Purpose::ALL {
                let mut bytes = derive_key(&*generation.key, purpose.as_str());
                let key = UnboundKey::new(&AES_256_GCM, &bytes);
                bytes.zeroize();
                keys.insert((generation.id, purpose), LessSafeKey::new(key.ok()?));
            }
        }
        Some(Self {
            keys,
            newest: master.generations().first()?.id,
            random,
        })
    }

    /// The generation that seals.
    pub(crate) fn newest(&self) -> [u8; ID_LEN] {
        self.newest
    }

    /// Encrypts with the newest generation.
    pub(crate) fn seal(&self, place: Place<'_>, secret: &[u8]) -> Result<Vec<u8>, StoreError> {
        let failed = || inconsistent(place.table, "a secret cannot be sealed");
        let key = self
            .keys
            .get(&(self.newest, place.purpose))
            .ok_or_else(failed)?;
        let nonce: [u8; NONCE_LEN] = self.random.bytes();
        let mut text = Vec::with_capacity(secret.len() + AES_256_GCM.tag_len());
        text.extend_from_slice(secret);
        let aad = Aad::from(place.associated_data());
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut text)
            .map_err(|_| failed())?;
        let mut blob = Vec::with_capacity(1 + ID_LEN + NONCE_LEN + text.len());
        blob.push(VERSION);
        blob.extend_from_slice(&self.newest);
        blob.extend_from_slice(&nonce);
        blob.append(&mut text);
        Ok(blob)
    }

    /// Decrypts what stands in its own place.
    pub(crate) fn open(&self, place: Place<'_>, blob: &[u8]) -> Result<SecretBytes, StoreError> {
        self.try_open(place, blob)
            .ok_or_else(|| inconsistent(place.table, "a sealed value does not open"))
    }

    /// As [`Sealer::open`], for texts.
    pub(crate) fn open_text(
        &self,
        place: Place<'_>,
        blob: &[u8],
    ) -> Result<SecretText, StoreError> {
        let bytes = self.open(place, blob)?;
        match std::str::from_utf8(bytes.expose()) {
            Ok(text) => Ok(SecretText::from(text)),
            Err(_) => Err(inconsistent(place.table, "a sealed value is not text")),
        }
    }

    fn try_open(&self, place: Place<'_>, blob: &[u8]) -> Option<SecretBytes> {
        let (&[VERSION], rest) = blob.split_first_chunk::<1>()? else {
            return None;
        };
        let (id, rest) = rest.split_first_chunk::<ID_LEN>()?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>()?;
        let key = self.keys.get(&(*id, place.purpose))?;
        let mut text = Zeroizing::new(text.to_vec());
        let aad = Aad::from(place.associated_data());
        let secret = key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut text)
            .ok()?;
        Some(SecretBytes::new(secret.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_testkit::seeded_random;
    use proptest::prelude::*;

    fn sealer(seed: u64) -> Sealer {
        let master = MasterKey::generate(&seeded_random(seed));
        Sealer::new(&master, seeded_random(seed + 1000)).unwrap()
    }

    fn place<'a>(table: &'static str, row: &'a [&'a [u8]]) -> Place<'a> {
        Place {
            purpose: Purpose::RingKey,
            table,
            row,
        }
    }

    #[test]
    fn a_blob_opens_in_its_own_place_only() {
        let (sealer, other_sealer) = (sealer(1), sealer(2));
        let row: &[&[u8]] = &[b"ab", b"c"];
        let blob = sealer.seal(place("key_ring", row), b"secret").unwrap();
        let opened = sealer.open(place("key_ring", row), &blob).unwrap();
        assert_eq!(opened.expose(), b"secret");
        assert!(sealer.open(place("accounts", row), &blob).is_err());
        assert!(
            sealer
                .open(place("key_ring", &[b"a", b"bc"]), &blob)
                .is_err()
        );
        assert!(sealer.open(place("key_ring", &[b"abc"]), &blob).is_err());
        let other = Place {
            purpose: Purpose::ApiKey,
            ..place("key_ring", row)
        };
        assert!(sealer.open(other, &blob).is_err());
        assert!(other_sealer.open(place("key_ring", row), &blob).is_err());
    }

    #[test]
    fn an_older_generation_still_opens_and_the_newest_seals() {
        let old = MasterKey::generate(&seeded_random(3));
        let new = MasterKey::generate(&seeded_random(4));
        let both = format!(
            "{}{}",
            new.to_text().expose(),
            old.to_text().expose().split_once('\n').unwrap().1
        );
        let both = MasterKey::parse(&SecretText::new(both)).unwrap();
        let [old, new, both] =
            [old, new, both].map(|key| Sealer::new(&key, seeded_random(5)).unwrap());
        let place = place("t", &[]);
        let blob = old.seal(place, b"x").unwrap();
        assert!(both.open(place, &blob).is_ok());
        assert!(new.open(place, &both.seal(place, b"x").unwrap()).is_ok());
        assert!(old.open(place, &both.seal(place, b"x").unwrap()).is_err());
    }

    proptest! {
        #[test]
        fn any_secret_round_trips(secret: Vec<u8>) {
            let sealer = sealer(6);
            let blob = sealer.seal(place("t", &[b"1"]), &secret).unwrap();
            let opened = sealer.open(place("t", &[b"1"]), &blob).unwrap();
            prop_assert_eq!(opened.expose(), secret);
        }

        #[test]
        fn a_changed_bit_is_noticed(at in 0_usize..40, bit in 0_u32..8) {
            let sealer = sealer(7);
            let mut blob = sealer.seal(place("t", &[]), b"secret").unwrap();
            let at = at % blob.len();
            blob[at] ^= 1_u8 << bit;
            prop_assert!(sealer.open(place("t", &[]), &blob).is_err());
        }

        #[test]
        fn opening_never_panics(blob: Vec<u8>) {
            prop_assert!(sealer(8).open(place("t", &[]), &blob).is_err());
        }
    }
}
