//! The first account, its admin and its keys (`doorward init`): all or nothing.

use doorward_core::account::Account;
use doorward_core::document::Document;
use doorward_core::hex;
use doorward_core::id::{AccountId, CredentialId, KeyId, UserId};
use doorward_core::name;
use doorward_core::secret::{SecretBytes, SecretText};
use doorward_core::source::{Clock, Random};
use doorward_core::time::Timestamp;
use doorward_core::user::{Level, User};
use doorward_core::verifier::{Cost, Memory, Recipe, compute};
use doorward_store::{
    Actor, HashGeneration, KeyPurpose, KeyState, NameRule, NewVerifier, RingKey, Store, System,
};

use crate::admin::{check_password, digests, new_p256_key, new_rsa_key};
use crate::keys::first_api_key_lookup;
use crate::role;
use crate::{AdminError, Engine, Settings, StartError};

/// What `init` asks for.
#[derive(Debug, Clone)]
pub struct Founding {
    /// Name of the root account.
    pub account_name: String,
    /// Its realm.
    pub realm: String,
    /// Username of its first admin.
    pub username: String,
    /// The admin's password.
    pub password: SecretText,
}

/// What `init` made.
#[derive(Debug, Clone)]
pub struct Founded {
    /// The root account.
    pub account: Account,
    /// Its admin.
    pub user: User,
    /// Its API key.
    pub api_key: SecretText,
}

impl Founding {
    /// Checks everything that can be wrong before anything is made.
    ///
    /// # Errors
    /// [`AdminError::Name`] or [`AdminError::Password`].
    pub fn check(&self) -> Result<(), AdminError> {
        let refused = |field| move |error| AdminError::Name { field, error };
        name::check_account_name(&self.account_name).map_err(refused("account name"))?;
        name::realm(&self.realm).map_err(refused("realm"))?;
        name::username(&self.username).map_err(refused("username"))?;
        check_password(&self.password)
    }
}

impl Engine {
    /// Founds an installation in an empty store, and opens it.
    ///
    /// # Errors
    /// [`StartError::NotEmpty`] when there is an account already.
    pub async fn found(
        store: Store,
        settings: Settings,
        clock: Clock,
        random: Random,
        founding: Founding,
    ) -> Result<(Self, Founded), StartError> {
        founding.check()?;
        if store.system().await?.is_some() {
            return Err(StartError::NotEmpty);
        }
        let cost = settings.hash.cost;
        let (now, source) = (clock.now(), random.clone());
        let ground =
            tokio::task::spawn_blocking(move || Ground::prepare(&founding, cost, now, &source))
                .await
                .map_err(|_| StartError::Keys("they could not be made"))??;
        Box::pin(ground.write(&store)).await?;
        let founded = Founded {
            account: ground.account,
            user: ground.user,
            api_key: ground.api_key,
        };
        let engine = Box::pin(Self::open(store, settings, clock, random));
        Ok((engine.await?, founded))
    }
}

/// Everything of a new installation, made before the first row is written.
struct Ground {
    system: System,
    keys: [RingKey; 5],
    hash: HashGeneration,
    account: Account,
    user: User,
    verifiers: Vec<NewVerifier>,
    api_key: SecretText,
    api_key_row: CredentialId,
    api_key_lookup: [u8; 32],
}

impl Ground {
    fn prepare(
        founding: &Founding,
        cost: Cost,
        now: Timestamp,
        random: &Random,
    ) -> Result<Self, StartError> {
        let ring = |purpose, material| RingKey {
            id: KeyId::new(random.bytes()),
            purpose,
            state: KeyState::Active,
            material,
            created: now,
        };
        let token = ring(
            KeyPurpose::CrossbarToken,
            new_rsa_key().ok_or(StartError::Keys("no RSA key was made"))?,
        );
        let pepper = ring(
            KeyPurpose::Pepper,
            SecretBytes::new(random.bytes::<32>().to_vec()),
        );
        let lookup = ring(
            KeyPurpose::ApiKeyLookup,
            SecretBytes::new(random.bytes::<32>().to_vec()),
        );
        let assertion = ring(
            KeyPurpose::Assertion,
            new_p256_key().ok_or(StartError::Keys("no P-256 key was made"))?,
        );
        let remember_me = ring(
            KeyPurpose::RememberMe,
            SecretBytes::new(random.bytes::<32>().to_vec()),
        );
        let account = root_account(founding, now, random);
        let user = first_admin(founding, account.id, now, random);
        let recipe = Recipe {
            cost,
            salt: account.salt,
            pepper: pepper.material.clone(),
        };
        let verifiers = first_verifiers(&user, &founding.password, &recipe, random)?;
        let api_key = SecretText::new(hex::encode(&random.bytes::<32>()));
        Ok(Self {
            system: System {
                generation: 1,
                signature_secret: hex::encode(&random.bytes::<16>()).into(),
                root: account.id,
                installation: random.bytes(),
            },
            hash: HashGeneration {
                id: 0,
                cost,
                pepper: pepper.id,
            },
            api_key_row: CredentialId::new(random.bytes()),
            api_key_lookup: first_api_key_lookup(&lookup.material, &api_key),
            keys: [token, pepper, lookup, assertion, remember_me],
            account,
            user,
            verifiers,
            api_key,
        })
    }

    async fn write(&self, store: &Store) -> Result<(), StartError> {
        let mut write = store.write(Actor::operator()).await?;
        write.found(&self.system).await?;
        for key in &self.keys {
            write.insert_key(key).await?;
        }
        let hash_generation = write.insert_hash_generation(self.hash).await?;
        write
            .insert_account(&self.account, NameRule::Unique)
            .await?;
        write
            .set_api_key(
                self.account.id,
                self.api_key_row,
                &self.api_key,
                &self.api_key_lookup,
            )
            .await?;
        write.insert_user(&self.user).await?;
        let verifiers: Vec<NewVerifier> = self
            .verifiers
            .iter()
            .map(|verifier| NewVerifier {
                hash_generation,
                ..verifier.clone()
            })
            .collect();
        write
            .replace_verifiers(self.account.id, self.user.id, &verifiers)
            .await?;
        write.commit().await?;
        Ok(())
    }
}

fn root_account(founding: &Founding, now: Timestamp, random: &Random) -> Account {
    Account {
        id: AccountId::new(random.bytes()),
        parent: None,
        name: founding.account_name.clone(),
        realm: name::realm(&founding.realm).unwrap_or_default(),
        enabled: true,
        superduper: true,
        reseller: true,
        trial_ends: None,
        basic_digest: None,
        generation: 1,
        key_generation: 1,
        salt: random.bytes(),
        signature_secret: hex::encode(&random.bytes::<16>()).into(),
        roles: Vec::new(),
        document: Document::new(),
        revision: 1,
        created: now,
        modified: now,
    }
}

fn first_admin(founding: &Founding, account: AccountId, now: Timestamp, random: &Random) -> User {
    User {
        id: UserId::new(random.bytes()),
        account,
        username: name::username(&founding.username).ok(),
        level: Level::Admin,
        roles: vec![role::super_user()],
        enabled: true,
        generation: 1,
        signature_secret: hex::encode(&random.bytes::<16>()).into(),
        document: Document::new(),
        revision: 1,
        created: now,
        modified: now,
    }
}

fn first_verifiers(
    user: &User,
    password: &SecretText,
    recipe: &Recipe,
    random: &Random,
) -> Result<Vec<NewVerifier>, StartError> {
    let mut memory = Memory::default();
    digests(user.username.as_deref().unwrap_or_default(), password)
        .into_iter()
        .map(|(kind, digest)| {
            let verifier = compute(digest.expose().as_bytes(), recipe, &mut memory)
                .map_err(|_| StartError::Keys("argon2 refused its parameters"))?;
            Ok(NewVerifier {
                id: CredentialId::new(random.bytes()),
                kind,
                hash_generation: 0,
                verifier,
            })
        })
        .collect()
}
