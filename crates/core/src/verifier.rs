//! Stored verifiers of passwords (decision 13).
//!
//! Crossbar clients send MD5 or SHA-1 of `username:password` without the username. The verifier is
//! Argon2id over that digest, with a salt of the *account* and a pepper from the key ring, and is
//! looked up by equality: one slow hash per login, whatever the account's size. Nothing is lost by
//! sharing the salt inside the account, because the digest already holds the username. A database
//! that leaks without its key ring holds nothing that can be guessed against; with it, each guess
//! costs an Argon2id.

use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::secret::SecretBytes;

/// Length of a verifier in bytes.
pub const VERIFIER_LEN: usize = 32;
/// Length of an account's salt in bytes.
pub const SALT_LEN: usize = 16;

/// Cost of one slow hash. Bounded, so that neither a configuration nor an import can make logins a
/// denial of service (attacks.md S53).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
}

/// The cost is outside its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("hash memory must be 8 KiB to 1 GiB, passes 1 to 64")]
pub struct CostOutOfBounds;

impl Cost {
    /// What OWASP recommends at least: 19 MiB, two passes.
    pub const DEFAULT: Self = Self {
        memory_kib: 19_456,
        passes: 2,
    };

    /// Checks the bounds: 8 KiB to 1 GiB of memory, 1 to 64 passes.
    ///
    /// # Errors
    /// [`CostOutOfBounds`].
    pub fn new(memory_kib: u32, passes: u32) -> Result<Self, CostOutOfBounds> {
        if (8..=1_048_576).contains(&memory_kib) && (1..=64).contains(&passes) {
            Ok(Self { memory_kib, passes })
        } else {
            Err(CostOutOfBounds)
        }
    }

    /// Memory in KiB.
    #[must_use]
    pub const fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    #[must_use]
    pub const fn passes(self) -> u32 {
        self.passes
    }
}

/// Everything a hash needs besides the secret.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// Cost of the hash.
    pub cost: Cost,
    /// The account's salt.
    pub salt: [u8; SALT_LEN],
    /// Argon2's `secret` input.
    pub pepper: SecretBytes,
}

/// Memory that is kept between hashes of one thread; grows to the largest cost seen.
#[derive(Default)]
pub struct Memory(Vec<Block>);

impl Memory {
    /// Gives the memory back to the system.
    pub fn release(&mut self) {
        self.0 = Vec::new();
    }
}

/// The hash could not be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("argon2 refused its input")]
pub struct HashFailed;

/// Computes the verifier of `secret`. Slow by design: call it on a thread that may block.
///
/// # Errors
/// [`HashFailed`] when Argon2 refuses its parameters; a [`Recipe`] in bounds is never refused.
pub fn compute(
    secret: &[u8],
    recipe: &Recipe,
    memory: &mut Memory,
) -> Result<[u8; VERIFIER_LEN], HashFailed> {
    let params = Params::new(
        recipe.cost.memory_kib,
        recipe.cost.passes,
        1,
        Some(VERIFIER_LEN),
    )
    .map_err(|_| HashFailed)?;
    let blocks = params.block_count();
    if memory.0.len() < blocks {
        memory.0.resize(blocks, Block::default());
    }
    let argon2 = Argon2::new_with_secret(
        recipe.pepper.expose(),
        Algorithm::Argon2id,
        Version::V0x13,
        params,
    )
    .map_err(|_| HashFailed)?;
    let mut out = [0; VERIFIER_LEN];
    argon2
        .hash_password_into_with_memory(secret, &recipe.salt, &mut out, memory.0.as_mut_slice())
        .map_err(|_| HashFailed)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(salt: u8, pepper: u8) -> Recipe {
        Recipe {
            cost: Cost::new(8, 1).unwrap(),
            salt: [salt; SALT_LEN],
            pepper: SecretBytes::new(vec![pepper; 32]),
        }
    }

    #[test]
    fn secret_salt_pepper_and_cost_all_count() {
        let mut memory = Memory::default();
        let base = compute(b"digest", &recipe(1, 1), &mut memory).unwrap();
        assert_eq!(compute(b"digest", &recipe(1, 1), &mut memory), Ok(base));
        assert_ne!(compute(b"digesu", &recipe(1, 1), &mut memory), Ok(base));
        assert_ne!(compute(b"digest", &recipe(2, 1), &mut memory), Ok(base));
        assert_ne!(compute(b"digest", &recipe(1, 2), &mut memory), Ok(base));
        let mut dear = recipe(1, 1);
        dear.cost = Cost::new(16, 1).unwrap();
        assert_ne!(compute(b"digest", &dear, &mut memory), Ok(base));
        memory.release();
        assert_eq!(compute(b"digest", &recipe(1, 1), &mut memory), Ok(base));
    }

    #[test]
    fn costs_out_of_bounds_are_refused() {
        assert_eq!(Cost::new(7, 1), Err(CostOutOfBounds));
        assert_eq!(Cost::new(8, 0), Err(CostOutOfBounds));
        assert_eq!(Cost::new(2_000_000, 1), Err(CostOutOfBounds));
        assert!(Cost::new(Cost::DEFAULT.memory_kib(), Cost::DEFAULT.passes()).is_ok());
    }
}
