//! Accounts and the directories they are found by.

use std::time::Duration;

use doorward_core::account::Account;
use doorward_core::credential::DigestKind;
use doorward_core::id::CredentialId;
use doorward_core::secret::SecretText;
use doorward_core::time::Timestamp;
use doorward_store::{Action, Actor, Change, Conflict, NameRule, Page, StoreError, VerifierKind};
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

both_databases!(an_account_comes_back_as_written, async |database| {
    let store = &database.store;
    add_root(store).await.unwrap();
    let mut full = account(2, Some(1));
    full.enabled = false;
    full.superduper = true;
    full.reseller = true;
    full.trial_ends = Some(Timestamp::MAX);
    full.basic_digest = Some(DigestKind::Sha1);
    full.name = "Ünï 'quoted\" -- name".into();
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
        row.name = "Renamed".into();
        row.realm = "other.example.com".into();
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
        twin.name = "Twin".into();
        twin.created = Timestamp::from_unix(age);
        let mut write = store.write(Actor::operator()).await.unwrap();
        write.insert_account(&twin, NameRule::Shared).await.unwrap();
        write.commit().await.unwrap();
    }
    let found = store.accounts_named("twin", 2).await.unwrap();
    assert_eq!(found, [account_id(3), account_id(2)]);
    let mut nameless = account(5, Some(1));
    nameless.name = "???".into();
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
    assert_eq!(store.phones(account_id(1), 9).await.unwrap(), [number]);
    assert!(store.phones(account_id(2), 9).await.unwrap().is_empty());
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

// Attack: an account older than another takes the other's name, and its place in the order of sign-ins along with it.
both_databases!(a_name_taken_later_is_found_later, async |database| {
    let store = &database.store;
    add_root(store).await.unwrap();
    add_accounts(store, &[account(2, Some(1))]).await.unwrap();
    let mut twin = account(3, Some(1));
    twin.name = "Twin".into();
    twin.created = Timestamp::from_unix(1_600_000_500);
    add_accounts(store, &[twin]).await.unwrap();
    let mut write = store.write(Actor::operator()).await.unwrap();
    let mut squatter = write.account(account_id(2)).await.unwrap().unwrap();
    squatter.name = "Twin".into();
    write
        .update_account(Action::ChangeAccount, &squatter, NameRule::Shared)
        .await
        .unwrap();
    write.commit().await.unwrap();
    let found = store.accounts_named("twin", 2).await.unwrap();
    assert_eq!(found, [account_id(3), account_id(2)]);
});
