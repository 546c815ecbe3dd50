//! Every row comes back as it was written, on both databases.

use std::time::Duration;

use doorward_core::account::Account;
use doorward_core::credential::DigestKind;
use doorward_core::id::{CredentialId, KeyId, TokenId};
use doorward_core::secret::{SecretBytes, SecretText};
use doorward_core::time::Timestamp;
use doorward_core::user::{Level, User};
use doorward_core::verifier::Cost;
use doorward_store::{
    Action, Actor, Change, Conflict, HashGeneration, KeyPurpose, KeyState, NameRule, Page, Pin,
    RingKey, StoreError, System, VerifierKind,
};
use doorward_testkit::both_databases;

use crate::build::{
    account, account_id, add_accounts, add_root, add_user, bytes, digest, user, user_id, verifier,
};

const ALL: Page<'static> = Page {
    after: None,
    limit: 100,
};

/// Everything but the times and the revision, in a form that compares.
fn shown(account: &Account) -> String {
    let mut account = account.clone();
    account.revision = 0;
    account.modified = Timestamp::MAX;
    format!("{account:?} {}", account.signature_secret.expose())
}

fn shown_user(user: &User) -> String {
    let mut user = user.clone();
    user.revision = 0;
    user.modified = Timestamp::MAX;
    format!("{user:?} {}", user.signature_secret.expose())
}

both_databases!(an_account_comes_back_as_written, async |database| {
    let store = &database.store;
    add_root(store).await.unwrap();
    let mut full = account(2, Some(1));
    full.enabled = false;
    full.superduper = true;
    full.reseller = true;
    full.trial_ends = Some(Timestamp::MAX);
    full.basic_digest = Some(DigestKind::Sha1);
    full.name = "Ünï 'quoted\" -- name".to_owned();
    full.document = serde_json::from_str(r#"{"z":1,"a":{"ü":[null,true,1.5]},"q":"\"'"}"#).unwrap();
    let rows = add_accounts(store, std::slice::from_ref(&full))
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].change, Change::Account(full.id));
    let read = store.account(full.id).await.unwrap().unwrap();
    assert_eq!(shown(&read), shown(&full));
    assert_eq!(read.revision, 1);
    assert_eq!(
        serde_json::to_string(&read.document).unwrap(),
        serde_json::to_string(&full.document).unwrap(),
        "keys stay in order"
    );
    assert!(store.account(account_id(9)).await.unwrap().is_none());
    assert_eq!(
        store.account_of_realm("a2.example.com").await.unwrap(),
        Some(full.id)
    );
    assert_eq!(
        store.account_of_realm("a9.example.com").await.unwrap(),
        None
    );
    assert_eq!(
        store.accounts_named("nquotedname", 9).await.unwrap(),
        [full.id]
    );
});

both_databases!(
    updating_an_account_moves_its_directory_rows,
    async |database| {
        let store = &database.store;
        add_accounts(
            store,
            &[account(1, None), account(2, Some(1)), account(3, Some(1))],
        )
        .await
        .unwrap();
        database.clock.advance(Duration::from_secs(5));
        let mut write = store.write(Actor::operator()).await.unwrap();
        let mut row = write.account(account_id(2)).await.unwrap().unwrap();
        row.name = "Renamed".to_owned();
        row.realm = "other.example.com".to_owned();
        row.generation += 1;
        row.revision = 77;
        let revision = write
            .update_account(Action::ChangeAccount, &row, NameRule::Unique)
            .await
            .unwrap();
        assert_eq!(revision, 2);
        let changes = write.commit().await.unwrap();
        assert_eq!(changes[0].change, Change::Account(account_id(2)));
        let read = store.account(account_id(2)).await.unwrap().unwrap();
        assert_eq!(shown(&read), shown(&row));
        assert_eq!(
            (read.revision, read.modified),
            (2, database.clock.clock().now())
        );
        assert_eq!(
            store.account_of_realm("a2.example.com").await.unwrap(),
            None
        );
        assert_eq!(store.accounts_named("account2", 9).await.unwrap(), []);
        assert_eq!(
            store.accounts_named("renamed", 9).await.unwrap(),
            [account_id(2)]
        );

        for (name, realm, conflict) in [
            ("ACCOUNT-3", "other.example.com", Conflict::AccountName),
            ("Renamed", "a3.example.com", Conflict::Realm),
        ] {
            let mut write = store.write(Actor::operator()).await.unwrap();
            row.name = name.to_owned();
            row.realm = realm.to_owned();
            let error = write
                .update_account(Action::ChangeAccount, &row, NameRule::Unique)
                .await
                .unwrap_err();
            assert!(matches!(error, StoreError::Conflict(found) if found == conflict));
            assert!(
                write.commit().await.is_err(),
                "nothing is left but to drop it"
            );
        }
        assert_eq!(
            store.account(account_id(2)).await.unwrap().unwrap().name,
            "Renamed"
        );

        let mut write = store.write(Actor::operator()).await.unwrap();
        let gone = account(9, Some(1));
        let error = write
            .update_account(Action::ChangeAccount, &gone, NameRule::Unique)
            .await;
        assert!(matches!(error, Err(StoreError::Missing)));
    }
);

both_databases!(a_shared_name_is_found_oldest_first, async |database| {
    let store = &database.store;
    add_root(store).await.unwrap();
    for (n, age) in [(2, 20), (3, 10), (4, 30)] {
        let mut twin = account(n, Some(1));
        twin.name = "Twin".to_owned();
        twin.created = Timestamp::from_unix(age);
        let mut write = store.write(Actor::operator()).await.unwrap();
        write.insert_account(&twin, NameRule::Shared).await.unwrap();
        write.commit().await.unwrap();
    }
    let found = store.accounts_named("twin", 2).await.unwrap();
    assert_eq!(found, [account_id(3), account_id(2)]);
    let mut nameless = account(5, Some(1));
    nameless.name = "???".to_owned();
    add_accounts(store, &[nameless]).await.unwrap();
    assert_eq!(store.accounts_named("", 9).await.unwrap(), []);
    // A name that is shared already may be kept, whatever the rule is now.
    let mut write = store.write(Actor::operator()).await.unwrap();
    let row = write.account(account_id(2)).await.unwrap().unwrap();
    write
        .update_account(Action::ChangeAccount, &row, NameRule::Unique)
        .await
        .unwrap();
    write.commit().await.unwrap();
});

both_databases!(accounts_come_in_pages, async |database| {
    let store = &database.store;
    let mut all = vec![account(1, None)];
    for n in 2..10 {
        let mut row = account(n, Some(1));
        row.name = format!("Name {}", 20 - n);
        all.push(row);
    }
    add_accounts(store, &all).await.unwrap();
    let mut seen = Vec::new();
    let mut last: Option<(String, [u8; 16])> = None;
    loop {
        let after = last.as_ref().map(|(key, id)| (key.as_str(), *id));
        let page = store
            .accounts(None, Page { after, limit: 4 })
            .await
            .unwrap();
        seen.extend(page.iter().map(|row| row.id));
        match page.last() {
            Some(row) => last = Some((String::new(), *row.id.as_bytes())),
            None => break,
        }
    }
    assert_eq!(seen, (1..10).map(account_id).collect::<Vec<_>>());
    let children = store.accounts(Some(account_id(1)), ALL).await.unwrap();
    let by_name: Vec<_> = children.iter().map(|row| row.id).collect();
    assert_eq!(by_name, (2..10).rev().map(account_id).collect::<Vec<_>>());
    let after = Some(("name16", bytes(4)));
    let page = Page { after, limit: 2 };
    let rest = store.accounts(Some(account_id(1)), page).await.unwrap();
    assert_eq!(
        rest.iter().map(|row| row.id).collect::<Vec<_>>(),
        [account_id(3), account_id(2)]
    );
});

both_databases!(a_user_comes_back_as_written, async |database| {
    let store = &database.store;
    add_root(store).await.unwrap();
    let mut first = user(1, 5);
    first.level = Level::Admin;
    let changes = add_user(store, &first).await.unwrap();
    assert_eq!(changes[0].change, Change::User(first.account, first.id));
    let mut silent = user(1, 6);
    silent.username = None;
    add_user(store, &silent).await.unwrap();
    let mut other_silent = user(1, 4);
    other_silent.username = None;
    add_user(store, &other_silent).await.unwrap();
    for row in [&first, &silent] {
        let read = store.user(row.account, row.id).await.unwrap().unwrap();
        assert_eq!(shown_user(&read), shown_user(row));
    }
    let name = first.username.clone().unwrap();
    let named = store
        .user_named(first.account, &name)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(named.id, first.id);
    assert!(store.user_named(first.account, "").await.unwrap().is_none());
    assert!(
        store
            .user_named(account_id(2), &name)
            .await
            .unwrap()
            .is_none()
    );
    assert!(store.user(account_id(2), first.id).await.unwrap().is_none());
    let ids: Vec<_> = store
        .users(account_id(1), ALL)
        .await
        .unwrap()
        .iter()
        .map(|row| row.id)
        .collect();
    assert_eq!(ids, [user_id(4), user_id(6), user_id(5)]);
    let page = Page {
        after: Some(("", bytes(4))),
        limit: 1,
    };
    assert_eq!(
        store.users(account_id(1), page).await.unwrap()[0].id,
        user_id(6)
    );
});

both_databases!(users_keep_the_rules, async |database| {
    let store = &database.store;
    add_root(store).await.unwrap();
    add_user(store, &user(1, 1)).await.unwrap();
    let mut twin = user(1, 2);
    twin.username = user(1, 1).username;
    let refused = |result: Result<_, StoreError>| result.map(|_: Vec<_>| ()).unwrap_err();
    let error = refused(add_user(store, &twin).await);
    assert!(matches!(error, StoreError::Conflict(Conflict::Username)));
    let mut same_id = user(1, 1);
    same_id.username = Some("other".to_owned());
    let error = refused(add_user(store, &same_id).await);
    assert!(matches!(error, StoreError::Conflict(Conflict::Row)));
    let error = refused(add_user(store, &user(9, 3)).await);
    assert!(matches!(error, StoreError::Missing));
    for username in ["", "nul\0"] {
        let mut bad = user(1, 4);
        bad.username = Some(username.to_owned());
        let error = refused(add_user(store, &bad).await);
        assert!(matches!(error, StoreError::Inconsistent { .. }));
    }
    let mut bad = user(1, 4);
    bad.document = serde_json::from_str(r#"{"a":["\u0000"]}"#).unwrap();
    assert!(matches!(
        refused(add_user(store, &bad).await),
        StoreError::Inconsistent { .. }
    ));

    add_user(store, &user(1, 5)).await.unwrap();
    let mut write = store.write(Actor::operator()).await.unwrap();
    let mut row = write
        .user(account_id(1), user_id(5))
        .await
        .unwrap()
        .unwrap();
    row.username = Some("renamed".to_owned());
    row.enabled = false;
    assert_eq!(
        write.update_user(Action::ChangeUser, &row).await.unwrap(),
        2
    );
    write.commit().await.unwrap();
    let mut write = store.write(Actor::operator()).await.unwrap();
    row.username = user(1, 1).username;
    let error = write
        .update_user(Action::ChangeUser, &row)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Conflict(Conflict::Username)));
    drop(write);
    let mut write = store.write(Actor::operator()).await.unwrap();
    let error = write
        .update_user(Action::ChangeUser, &user(1, 9))
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Missing));
    drop(write);
    let mut write = store.write(Actor::operator()).await.unwrap();
    let error = write
        .delete_user(account_id(1), user_id(9))
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Missing));
});

both_databases!(
    verifiers_are_found_and_go_with_their_user,
    async |database| {
        let store = &database.store;
        add_root(store).await.unwrap();
        add_user(store, &user(1, 1)).await.unwrap();
        let (md5, sha1) = (
            verifier(1, VerifierKind::Md5, 3),
            verifier(2, VerifierKind::Sha1, 3),
        );
        let mut write = store.write(Actor::operator()).await.unwrap();
        write
            .replace_verifiers(account_id(1), user_id(1), &[md5, sha1])
            .await
            .unwrap();
        assert_eq!(
            write
                .verifiers(account_id(1), user_id(1))
                .await
                .unwrap()
                .len(),
            2
        );
        write.commit().await.unwrap();
        let find = async |kind, n| {
            store
                .verifier(account_id(1), kind, &digest(n))
                .await
                .unwrap()
        };
        let found = find(VerifierKind::Md5, 1).await.unwrap();
        assert_eq!(
            (found.user, found.credential),
            (user_id(1), CredentialId::new(bytes(1)))
        );
        assert!(find(VerifierKind::Sha1, 1).await.is_none());
        assert!(find(VerifierKind::Sha1, 2).await.is_some());
        let elsewhere = store
            .verifier(account_id(2), VerifierKind::Md5, &digest(1))
            .await
            .unwrap();
        assert!(elsewhere.is_none());
        assert!(store.hash_generation_in_use(3).await.unwrap());
        assert!(!store.hash_generation_in_use(4).await.unwrap());

        let mut write = store.write(Actor::operator()).await.unwrap();
        let again = verifier(3, VerifierKind::Md5, 4);
        write
            .replace_verifiers(account_id(1), user_id(1), &[again])
            .await
            .unwrap();
        write.commit().await.unwrap();
        assert!(find(VerifierKind::Md5, 1).await.is_none());
        assert!(find(VerifierKind::Md5, 3).await.is_some());
        let log = store.audit(0, 100).await.unwrap();
        assert_eq!(log.last().unwrap().action, "verifier.upgrade");

        let mut write = store.write(Actor::operator()).await.unwrap();
        let error = write
            .replace_verifiers(account_id(1), user_id(9), &[])
            .await
            .unwrap_err();
        assert!(matches!(error, StoreError::Missing));
        drop(write);
        let mut write = store.write(Actor::operator()).await.unwrap();
        write.delete_user(account_id(1), user_id(1)).await.unwrap();
        write.commit().await.unwrap();
        assert!(find(VerifierKind::Md5, 3).await.is_none());
        assert_eq!(database.number("SELECT count(*) FROM credentials").await, 0);
    }
);

both_databases!(an_api_key_is_shown_found_and_replaced, async |database| {
    let store = &database.store;
    add_accounts(store, &[account(1, None), account(2, Some(1))])
        .await
        .unwrap();
    for (n, key) in [(1, "first-key"), (2, "second-key")] {
        let mut write = store.write(Actor::operator()).await.unwrap();
        let id = CredentialId::new(bytes(n));
        write
            .set_api_key(account_id(2), id, &SecretText::from(key), &digest(n))
            .await
            .unwrap();
        let changes = write.commit().await.unwrap();
        assert_eq!(changes[0].change, Change::Account(account_id(2)));
        assert_eq!(
            store
                .api_key(account_id(2))
                .await
                .unwrap()
                .unwrap()
                .expose(),
            key
        );
        let owner = store.api_key_owner(&digest(n)).await.unwrap().unwrap();
        assert_eq!((owner.account, owner.credential), (account_id(2), id));
    }
    assert!(store.api_key_owner(&digest(1)).await.unwrap().is_none());
    assert!(store.api_key(account_id(1)).await.unwrap().is_none());
    let mut write = store.write(Actor::operator()).await.unwrap();
    let id = CredentialId::new(bytes(3));
    let error = write
        .set_api_key(account_id(1), id, &SecretText::from("x"), &digest(2))
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Conflict(Conflict::Row)));
    drop(write);
    let mut write = store.write(Actor::operator()).await.unwrap();
    let error = write
        .set_api_key(account_id(9), id, &SecretText::from("x"), &digest(3))
        .await;
    assert!(matches!(error, Err(StoreError::Missing)));
});

both_databases!(phones_belong_to_one_account, async |database| {
    let store = &database.store;
    add_accounts(store, &[account(1, None), account(2, Some(1))])
        .await
        .unwrap();
    let number = "+14155550100";
    let assign = async |n| {
        let mut write = store.write(Actor::operator()).await.unwrap();
        write.assign_phone(account_id(n), number).await?;
        write.commit().await
    };
    assert_eq!(assign(1).await.unwrap(), []);
    assert_eq!(
        assign(1).await.unwrap(),
        [],
        "the same again is no conflict"
    );
    assert!(matches!(
        assign(2).await,
        Err(StoreError::Conflict(Conflict::Phone))
    ));
    assert!(matches!(
        assign(9).await,
        Err(StoreError::Missing | StoreError::Conflict(_))
    ));
    assert_eq!(
        store.account_of_phone(number).await.unwrap(),
        Some(account_id(1))
    );
    let mut write = store.write(Actor::operator()).await.unwrap();
    assert!(matches!(
        write.release_phone(account_id(2), number).await,
        Err(StoreError::Missing)
    ));
    drop(write);
    let mut write = store.write(Actor::operator()).await.unwrap();
    write.release_phone(account_id(1), number).await.unwrap();
    write.commit().await.unwrap();
    assert_eq!(store.account_of_phone(number).await.unwrap(), None);
    let mut write = store.write(Actor::operator()).await.unwrap();
    assert!(matches!(
        write.assign_phone(account_id(9), number).await,
        Err(StoreError::Missing)
    ));
});

both_databases!(
    deleting_an_account_takes_everything_along,
    async |database| {
        let store = &database.store;
        add_accounts(
            store,
            &[account(1, None), account(2, Some(1)), account(3, Some(2))],
        )
        .await
        .unwrap();
        add_user(store, &user(3, 1)).await.unwrap();
        let mut write = store.write(Actor::operator()).await.unwrap();
        let new = verifier(1, VerifierKind::Md5, 1);
        write
            .replace_verifiers(account_id(3), user_id(1), &[new])
            .await
            .unwrap();
        let id = CredentialId::new(bytes(2));
        write
            .set_api_key(account_id(3), id, &SecretText::from("k"), &digest(2))
            .await
            .unwrap();
        write.assign_phone(account_id(3), "+1").await.unwrap();
        write.commit().await.unwrap();

        let delete = async |n| {
            let mut write = store.write(Actor::operator()).await.unwrap();
            write.delete_account(account_id(n)).await?;
            write.commit().await
        };
        assert!(matches!(delete(2).await, Err(StoreError::HasChildren)));
        assert!(matches!(delete(9).await, Err(StoreError::Missing)));
        assert_eq!(
            delete(3).await.unwrap()[0].change,
            Change::Account(account_id(3))
        );
        for table in ["users", "credentials"] {
            assert_eq!(
                database
                    .number(&format!("SELECT count(*) FROM {table}"))
                    .await,
                0
            );
        }
        let listed = format!(
            "SELECT count(*) FROM directory WHERE account_id = '{}'",
            account_id(3)
        );
        assert_eq!(database.number(&listed).await, 0);
        delete(2).await.unwrap();
        assert!(
            matches!(delete(1).await, Err(StoreError::Tree)),
            "the root stays"
        );
        let log = store.audit(0, 100).await.unwrap();
        assert_eq!(log.last().unwrap().action, "account.delete");
        assert_eq!(
            log.last().unwrap().target.as_deref(),
            Some(&*account_id(2).to_string())
        );
    }
);

both_databases!(the_installation_is_founded_once, async |database| {
    let store = &database.store;
    assert!(store.system().await.unwrap().is_none());
    let mut system = System {
        generation: 1,
        signature_secret: SecretText::from("0123456789abcdef0123456789abcdef"),
        root: account_id(1),
        installation: bytes(42),
    };
    let mut write = store.write(Actor::operator()).await.unwrap();
    assert!(write.system().await.unwrap().is_none());
    write.found(&system).await.unwrap();
    assert_eq!(write.commit().await.unwrap()[0].change, Change::System);
    let mut write = store.write(Actor::operator()).await.unwrap();
    assert!(matches!(
        write.found(&system).await,
        Err(StoreError::Conflict(Conflict::Row))
    ));
    drop(write);
    let mut write = store.write(Actor::operator()).await.unwrap();
    assert_eq!(write.system().await.unwrap().unwrap().generation, 1);
    system.generation = 2;
    system.signature_secret = SecretText::from("fedcba9876543210fedcba9876543210");
    write
        .update_system(Action::ResetSecret, &system)
        .await
        .unwrap();
    write.commit().await.unwrap();
    let read = store.system().await.unwrap().unwrap();
    assert_eq!(
        (read.generation, read.root, read.installation),
        (2, account_id(1), bytes(42))
    );
    assert_eq!(
        read.signature_secret.expose(),
        system.signature_secret.expose()
    );
    let pin = |account| Pin {
        key: "crossbar.account".to_owned(),
        text: "acme".to_owned(),
        account: account_id(account),
    };
    for n in [3, 4] {
        let mut write = store.write(Actor::operator()).await.unwrap();
        write.set_pin(&pin(n)).await.unwrap();
        assert_eq!(write.commit().await.unwrap(), []);
        assert_eq!(store.pins().await.unwrap(), [pin(n)]);
    }
});

both_databases!(keys_live_and_die, async |database| {
    let store = &database.store;
    let ring_key = |n: u128, purpose, at| RingKey {
        id: KeyId::new(bytes(n)),
        purpose,
        state: KeyState::Next,
        material: SecretBytes::new(vec![u8::try_from(n).unwrap(); 64]),
        created: Timestamp::from_unix(at),
    };
    let mut write = store.write(Actor::operator()).await.unwrap();
    write
        .insert_key(&ring_key(1, KeyPurpose::CrossbarToken, 30))
        .await
        .unwrap();
    write
        .insert_key(&ring_key(2, KeyPurpose::Pepper, 20))
        .await
        .unwrap();
    write
        .insert_key(&ring_key(3, KeyPurpose::ApiKeyLookup, 10))
        .await
        .unwrap();
    assert_eq!(
        write.commit().await.unwrap().len(),
        1,
        "one change is enough"
    );
    let keys = store.keys().await.unwrap();
    let ids: Vec<_> = keys.iter().map(|key| key.id.as_bytes()[15]).collect();
    assert_eq!(ids, [3, 2, 1]);
    assert_eq!(keys[2].purpose, KeyPurpose::CrossbarToken);
    assert_eq!(keys[2].material.expose(), [1; 64]);
    let mut write = store.write(Actor::operator()).await.unwrap();
    assert!(matches!(
        write.insert_key(&ring_key(1, KeyPurpose::Pepper, 1)).await,
        Err(StoreError::Conflict(Conflict::Row))
    ));
    drop(write);
    let set = async |state| {
        let mut write = store.write(Actor::operator()).await.unwrap();
        write.set_key_state(KeyId::new(bytes(1)), state).await?;
        write.commit().await
    };
    for state in [KeyState::Active, KeyState::Retiring] {
        assert_eq!(set(state).await.unwrap()[0].change, Change::Keys);
        assert_eq!(store.keys().await.unwrap()[2].state, state);
    }
    set(KeyState::Dead).await.unwrap();
    assert_eq!(store.keys().await.unwrap().len(), 2);
    let erased = "SELECT count(*) FROM key_ring WHERE material IS NULL";
    assert_eq!(database.number(erased).await, 1);
    assert!(matches!(
        set(KeyState::Active).await,
        Err(StoreError::Missing)
    ));
});

both_databases!(
    hash_generations_end_with_their_verifiers,
    async |database| {
        let store = &database.store;
        add_root(store).await.unwrap();
        add_user(store, &user(1, 1)).await.unwrap();
        let generation = |memory| HashGeneration {
            id: 99,
            cost: Cost::new(memory, 2).unwrap(),
            pepper: KeyId::new(bytes(1)),
        };
        let mut write = store.write(Actor::operator()).await.unwrap();
        let first = write.insert_hash_generation(generation(8)).await.unwrap();
        let second = write.insert_hash_generation(generation(16)).await.unwrap();
        assert!(second > first);
        let verifiers = [
            verifier(1, VerifierKind::Md5, first),
            verifier(2, VerifierKind::Md5, second),
        ];
        write
            .replace_verifiers(account_id(1), user_id(1), &verifiers)
            .await
            .unwrap();
        write.commit().await.unwrap();
        let live = store.hash_generations().await.unwrap();
        assert_eq!(
            live.iter().map(|row| row.id).collect::<Vec<_>>(),
            [second, first]
        );
        assert_eq!(live[0].cost.memory_kib(), 16);
        let mut write = store.write(Actor::operator()).await.unwrap();
        write.retire_hash_generation(first).await.unwrap();
        write.commit().await.unwrap();
        assert!(!store.hash_generation_in_use(first).await.unwrap());
        assert!(store.hash_generation_in_use(second).await.unwrap());
        assert_eq!(store.hash_generations().await.unwrap().len(), 1);
        let mut write = store.write(Actor::operator()).await.unwrap();
        assert!(matches!(
            write.retire_hash_generation(first).await,
            Err(StoreError::Missing)
        ));
    }
);

both_databases!(every_step_is_in_the_audit_log, async |database| {
    let store = &database.store;
    add_root(store).await.unwrap();
    let actor = Actor {
        account: Some(account_id(1)),
        user: Some(user_id(2)),
        credential: Some(CredentialId::new(bytes(3))),
        impersonator: Some(user_id(4)),
        request_id: Some("req-5".to_owned()),
        address: Some("2001:db8::1".parse().unwrap()),
    };
    let until = Timestamp::from_unix(2_000_000_000);
    let mut write = store.write(actor.clone()).await.unwrap();
    write.insert_user(&user(1, 7)).await.unwrap();
    write
        .replace_verifiers(account_id(1), user_id(7), &[])
        .await
        .unwrap();
    write
        .deny_token(account_id(1), TokenId::new(bytes(8)), until)
        .await
        .unwrap();
    write.commit().await.unwrap();
    let log = store.audit(1, 100).await.unwrap();
    let told: Vec<_> = log
        .iter()
        .map(|row| (row.action.as_str(), row.target.clone()))
        .collect();
    assert_eq!(
        told,
        [
            ("user.create", Some(user_id(7).to_string())),
            ("token.revoke", Some(TokenId::new(bytes(8)).to_string())),
        ]
    );
    assert_eq!(format!("{:?}", log[0].actor), format!("{actor:?}"));
    assert_eq!(log[0].at, database.clock.clock().now());
    assert_eq!(log[0].account, Some(account_id(1)));
    assert_eq!(store.audit(log[0].id, 1).await.unwrap()[0].id, log[1].id);
    let denied = store.denied_tokens(Timestamp::from_unix(0)).await.unwrap();
    assert_eq!(denied, [(TokenId::new(bytes(8)), until)]);
    assert_eq!(store.denied_tokens(until).await.unwrap(), []);
});
