//! Opening a store: what is refused, and in which words.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use doorward_core::hex;
use doorward_core::id::{CredentialId, KeyId};
use doorward_core::secret::{SecretBytes, SecretText};
use doorward_core::time::Timestamp;
use doorward_store::{
    Actor, KeyPurpose, KeyState, MasterKey, NameRule, OpenError, RingKey, StoreError, System,
};
use doorward_testkit::{Kind, TestDatabase, both_databases, seeded_random};
use tokio::task::JoinSet;

use crate::build::{account, account_id, add_root, add_user, bytes, digest, user};

both_databases!(another_handle_reads_what_one_wrote, async |database| {
    add_root(&database.store).await.unwrap();
    database.store.close().await;
    assert!(matches!(
        database.store.account(account_id(1)).await,
        Err(StoreError::Unreachable(_))
    ));
    let again = database.second().await.unwrap();
    assert!(again.account(account_id(1)).await.unwrap().is_some());
    assert_eq!(again.file().is_some(), database.kind == Kind::Sqlite);
    again.close().await;
});

both_databases!(many_may_open_at_once, async |database| {
    database.run("DROP TABLE _sqlx_migrations; DROP TABLE master_keys; DROP TABLE installation; DROP TABLE tree_sizes; \
                  DROP TABLE credentials; DROP TABLE users; DROP TABLE directory; DROP TABLE accounts; \
                  DROP TABLE key_ring; DROP TABLE hash_generations; DROP TABLE denied_tokens; \
                  DROP TABLE pins; DROP TABLE changes; DROP TABLE audit; \
                  DROP TABLE decisions").await;
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let (options, master) = (database.options.clone(), database.master.clone());
        let clock = database.clock.clock();
        tasks.spawn(async move {
            doorward_store::Store::open(&options, &master, clock, seeded_random(9))
                .await
                .map(drop)
        });
    }
    for result in tasks.join_all().await {
        result.unwrap();
    }
    add_root(&database.second().await.unwrap()).await.unwrap();
});

both_databases!(another_master_key_is_refused, async |database| {
    let other = MasterKey::generate(&seeded_random(77));
    let refused = database.open_with(&database.options, &other).await;
    assert!(matches!(refused, Err(OpenError::WrongMasterKey)));
    // The same id with other bytes is another key.
    let text = database.master.to_text();
    let (head, _) = text.expose().rsplit_once(':').unwrap();
    let forged = SecretText::new(format!("{head}:{}", STANDARD.encode([9; 32])));
    let forged = MasterKey::parse(&forged).unwrap();
    let refused = database.open_with(&database.options, &forged).await;
    assert!(matches!(refused, Err(OpenError::WrongMasterKey)));
});

both_databases!(
    a_new_generation_joins_and_the_old_one_must_stay,
    async |database| {
        add_root(&database.store).await.unwrap();
        let new = MasterKey::generate(&seeded_random(78));
        let old_line = database
            .master
            .to_text()
            .expose()
            .lines()
            .nth(1)
            .unwrap()
            .to_owned();
        let both = SecretText::new(format!("{}{old_line}\n", new.to_text().expose()));
        let both = MasterKey::parse(&both).unwrap();
        let store = database.open_with(&database.options, &both).await.unwrap();
        assert!(store.account(account_id(1)).await.unwrap().is_some());
        add_user(&store, &user(1, 1)).await.unwrap();
        store.close().await;
        for lacking in [&new, &database.master] {
            let refused = database.open_with(&database.options, lacking).await;
            assert!(matches!(refused, Err(OpenError::WrongMasterKey)));
        }
    }
);

both_databases!(a_newer_database_is_refused, async |database| {
    let yes = if database.kind == Kind::Sqlite {
        "1"
    } else {
        "true"
    };
    database
        .run(&format!(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (9999, 'later', {yes}, '', 0)"
        ))
        .await;
    assert!(matches!(database.second().await, Err(OpenError::Newer)));
});

both_databases!(a_row_nobody_can_have_written_is_told, async |database| {
    add_root(&database.store).await.unwrap();
    database.run("UPDATE accounts SET enabled = 7").await;
    let error = database.store.account(account_id(1)).await.unwrap_err();
    assert!(matches!(
        error,
        StoreError::Inconsistent {
            table: "accounts",
            ..
        }
    ));
    // A blob copied from elsewhere does not open.
    database.run("UPDATE accounts SET enabled = 1").await;
    add_user(&database.store, &user(1, 1)).await.unwrap();
    database
        .run("UPDATE accounts SET signature_secret = (SELECT signature_secret FROM users)")
        .await;
    let error = database.store.account(account_id(1)).await.unwrap_err();
    assert!(matches!(
        error,
        StoreError::Inconsistent {
            table: "accounts",
            ..
        }
    ));
});

#[tokio::test]
async fn urls_of_no_database_are_refused() {
    let database = TestDatabase::sqlite().await;
    for url in [
        "",
        "mysql://x",
        "doorward.db",
        "sqlite:",
        "sqlite::memory:",
        "postgres://h:port/x",
    ] {
        let mut options = database.options.clone();
        options.url = SecretText::from(url);
        let refused = database.open_with(&options, &database.master).await;
        assert!(matches!(refused, Err(OpenError::Url)), "{url}");
    }
    let mut options = database.options.clone();
    options.url = SecretText::from("postgres://nobody@127.0.0.1:1/x");
    let refused = database.open_with(&options, &database.master).await;
    assert!(matches!(
        refused,
        Err(OpenError::Store(StoreError::Unreachable(_)))
    ));
}

#[tokio::test]
async fn an_absent_file_is_made_only_when_asked() {
    let database = TestDatabase::sqlite().await;
    let mut options = database.options.clone();
    options.url = SecretText::from("sqlite:other.db");
    options.create = false;
    let path = database.folder().join("other.db");
    let refused = database.open_with(&options, &database.master).await;
    assert!(matches!(refused, Err(OpenError::Absent(found)) if found == path));
    assert!(!path.exists());
    options.create = true;
    let store = database
        .open_with(&options, &database.master)
        .await
        .unwrap();
    assert_eq!(store.file(), Some(path.as_path()));
    add_root(&store).await.unwrap();
    for name in ["other.db", "other.db-wal"] {
        let mode = fs::metadata(database.folder().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    store.close().await;
    options.url = SecretText::from("sqlite:none/other.db");
    let refused = database.open_with(&options, &database.master).await;
    assert!(matches!(refused, Err(OpenError::Absent(_))));
}

/// Opens what `damage` leaves of a file and expects to be told.
async fn damaged(damage: impl FnOnce(&Path)) {
    let database = TestDatabase::sqlite().await;
    add_root(&database.store).await.unwrap();
    for n in 0..50 {
        add_user(&database.store, &user(1, n)).await.unwrap();
    }
    database.store.close().await;
    let path = database.folder().join("doorward.db");
    damage(&path);
    let mut options = database.options.clone();
    options.statement_timeout = Duration::from_secs(2);
    match database.open_with(&options, &database.master).await {
        Err(OpenError::Corrupt {
            path: found,
            problem,
        }) => {
            assert_eq!(found, path);
            assert!(!problem.is_empty());
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("opened"),
    }
}

#[tokio::test]
async fn damaged_files_are_told_when_they_are_opened() {
    damaged(|path| fs::write(path, "this is no database at all, whatever its name says").unwrap())
        .await;
    damaged(|path| {
        let mut file = fs::read(path).unwrap();
        file[4096..12_288].fill(0x5a);
        fs::write(path, file).unwrap();
    })
    .await;
    damaged(|path| {
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_len(10_000).unwrap();
    })
    .await;
    damaged(|path| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
    })
    .await;
}

/// Writes every kind of secret; returns them as bytes.
async fn write_secrets(database: &TestDatabase) -> Vec<Vec<u8>> {
    let store = &database.store;
    let texts = [
        "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "1a2b3c4d5e6f708192a3b4c5d6e7f809",
        "aa55aa55bb66bb66cc77cc77dd88dd88",
        "api-key-that-nobody-may-find-here-0123456789",
    ];
    let material: Vec<u8> = (100..164).collect();
    let system = System {
        generation: 1,
        signature_secret: SecretText::from(texts[0]),
        root: account_id(1),
        installation: bytes(5),
    };
    let mut root = account(1, None);
    root.signature_secret = SecretText::from(texts[1]);
    let mut somebody = user(1, 1);
    somebody.signature_secret = SecretText::from(texts[2]);
    let key = RingKey {
        id: KeyId::new(bytes(6)),
        purpose: KeyPurpose::CrossbarToken,
        state: KeyState::Active,
        material: SecretBytes::new(material.clone()),
        created: Timestamp::from_unix(1),
    };
    let mut write = store.write(Actor::operator()).await.unwrap();
    write.found(&system).await.unwrap();
    write.insert_account(&root, NameRule::Unique).await.unwrap();
    write.insert_user(&somebody).await.unwrap();
    let id = CredentialId::new(bytes(7));
    write
        .set_api_key(account_id(1), id, &SecretText::from(texts[3]), &digest(7))
        .await
        .unwrap();
    write.insert_key(&key).await.unwrap();
    write.commit().await.unwrap();
    let mut secrets: Vec<_> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    // The signature secrets are hexadecimal: their bytes must not be there either.
    secrets.extend(
        texts[..3]
            .iter()
            .map(|text| hex::decode::<16>(text).unwrap().to_vec()),
    );
    secrets.push(material);
    let master = database.master.to_text();
    let (_, key) = master.expose().trim_end().rsplit_once(':').unwrap();
    secrets.push(STANDARD.decode(key).unwrap());
    secrets
}

fn holds(heap: &[u8], needle: &[u8]) -> bool {
    heap.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test]
async fn no_secret_is_in_the_file_in_any_form() {
    let database = TestDatabase::sqlite().await;
    let secrets = write_secrets(&database).await;
    let mut heap = Vec::new();
    for file in fs::read_dir(database.folder()).unwrap() {
        heap.extend(fs::read(file.unwrap().path()).unwrap());
    }
    assert!(
        holds(&heap, b"a1.example.com"),
        "the search finds what is there"
    );
    for secret in &secrets {
        let base64 = STANDARD.encode(secret);
        let url_safe = URL_SAFE_NO_PAD.encode(secret);
        for form in [
            secret.as_slice(),
            hex::encode(secret).as_bytes(),
            hex::encode(secret).to_uppercase().as_bytes(),
            base64.trim_end_matches('=').as_bytes(),
            url_safe.as_bytes(),
        ] {
            assert!(!holds(&heap, form));
        }
    }
}
