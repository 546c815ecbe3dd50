//! Rows that are neither accounts nor users.

use doorward_core::id::{AccountId, CredentialId, KeyId, UserId};
use doorward_core::secret::{SecretBytes, SecretText};
use doorward_core::time::Timestamp;
use doorward_core::verifier::{Cost, VERIFIER_LEN};

/// What a key of the ring is for; kinds never stand in for each other (decision 18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyPurpose {
    /// Signs Crossbar tokens: RSA, PKCS#8.
    CrossbarToken,
    /// Argon2's secret input.
    Pepper,
    /// Keyed digests by which API keys are looked up.
    ApiKeyLookup,
    /// Signs assertions for upstreams: P-256, PKCS#8.
    Assertion,
    /// Signs remember-me tokens: 32 bytes.
    RememberMe,
}

/// Where a key is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// Known, not yet used.
    Next,
    /// Signs and verifies.
    Active,
    /// Verifies only.
    Retiring,
    /// Neither; kept for the record.
    Dead,
}

/// A key of the ring, unsealed.
#[derive(Debug, Clone)]
pub struct RingKey {
    /// Its id.
    pub id: KeyId,
    /// What it is for.
    pub purpose: KeyPurpose,
    /// Where it is in its life.
    pub state: KeyState,
    /// The key.
    pub material: SecretBytes,
    /// When it was made.
    pub created: Timestamp,
}

/// One live generation of hash parameters (decision 13): at most two at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashGeneration {
    /// Grows; the largest is the newest.
    pub id: i64,
    /// Argon2's cost.
    pub cost: Cost,
    /// Which pepper.
    pub pepper: KeyId,
}

/// The one row about the whole installation.
#[derive(Debug, Clone)]
pub struct System {
    /// Moves when every token must die.
    pub generation: u64,
    /// 32 hexadecimal digits in every identity signature.
    pub signature_secret: SecretText,
    /// The root of the tree: the superduper account.
    pub root: AccountId,
    /// 16 random bytes that name this installation.
    pub installation: [u8; 16],
}

/// Which form of a password a verifier is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VerifierKind {
    /// Over the MD5 credentials.
    Md5,
    /// Over the SHA-1 credentials.
    Sha1,
    /// Over the password itself, with a salt of the user.
    Plain,
}

/// A verifier to be stored.
#[derive(Debug, Clone)]
pub struct NewVerifier {
    /// Id of the row.
    pub id: CredentialId,
    /// Which form.
    pub kind: VerifierKind,
    /// The parameters it was computed with.
    pub hash_generation: i64,
    /// The verifier.
    pub verifier: [u8; VERIFIER_LEN],
}

/// A user found by a verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifierMatch {
    /// The row.
    pub credential: CredentialId,
    /// Whose it is.
    pub user: UserId,
}

/// The account an API key belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiKeyOwner {
    /// The row.
    pub credential: CredentialId,
    /// Whose it is.
    pub account: AccountId,
}

/// A name of the configuration, of an account or of a user in one, and the id it was resolved to (decision 4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Configuration key, such as `crossbar.account`.
    pub key: String,
    /// The text in the configuration.
    pub text: String,
    /// What it meant when it was pinned; of a user, the account it is in.
    pub account: AccountId,
    /// The user, where the text names one.
    pub user: Option<UserId>,
}

/// Keyset paging: rows in order of their key, after the one given.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Sort key and id of the last row seen; `None` for the first page.
    pub after: Option<(&'a str, [u8; 16])>,
    /// How many at most.
    pub limit: u32,
}

impl Page<'_> {
    /// Where it starts: a sort key and an id before the first row wanted.
    pub(crate) fn start(&self) -> (&str, String) {
        match self.after {
            Some((key, id)) => (key, doorward_core::hex::encode(&id)),
            None => ("", String::new()),
        }
    }
}
