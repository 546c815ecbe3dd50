//! Application tokens as rows.

use doorward_core::id::CredentialId;
use doorward_core::time::Timestamp;
use doorward_store::{Actor, AppTokenRow, Change, Conflict, CredentialUse, Store, StoreError};
use doorward_testkit::both_databases;

use crate::build::{account, account_id, add_accounts, add_root, add_user, bytes, user, user_id};

fn token(n: u128, label: &str) -> AppTokenRow {
    AppTokenRow {
        id: CredentialId::new(bytes(n)),
        account: account_id(1),
        label: label.parse().unwrap(),
        roles: vec!["push-only".parse().unwrap(), "search-only".parse().unwrap()],
        expires: n
            .is_multiple_of(2)
            .then(|| Timestamp::from_unix(2_000_000_000)),
        created: Timestamp::from_unix(1_700_000_000),
        created_by: "admin".to_owned(),
        last_used: None,
        last_used_address: None,
    }
}

async fn insert(store: &Store, row: &AppTokenRow, digest: u8) -> Result<Vec<Change>, StoreError> {
    let mut write = store.write(Actor::operator()).await?;
    write.insert_app_token(row, &[digest; 32]).await?;
    let changes = write.commit().await?;
    Ok(changes.into_iter().map(|row| row.change).collect())
}

both_databases!(
    app_tokens_are_found_by_digest_id_and_label,
    async |database| {
        let store = &database.store;
        add_root(store).await.unwrap();
        let (odd, even) = (token(11, "shop~feed"), token(12, "shop~other"));
        let changes = insert(store, &odd, 1).await.unwrap();
        assert_eq!(changes, [Change::Credential(odd.account, odd.id)]);
        insert(store, &even, 2).await.unwrap();
        let found = store.app_token_by_digest(&[1; 32]).await.unwrap();
        assert_eq!(found, Some((odd.account, odd.id)));
        assert_eq!(store.app_token_by_digest(&[3; 32]).await.unwrap(), None);
        for row in [&odd, &even] {
            let read = store.app_token(row.account, row.id).await.unwrap();
            assert_eq!(read.as_ref(), Some(row));
        }
        let all = store.app_tokens(odd.account, 10).await.unwrap();
        assert_eq!(all, [odd.clone(), even]);
        let mut write = store.write(Actor::operator()).await.unwrap();
        let locked = write.app_token_labelled(odd.account, &odd.label).await;
        assert_eq!(locked.unwrap(), Some(odd.clone()));
        assert_eq!(write.count_app_tokens(odd.account).await.unwrap(), 2);
    }
);

both_databases!(
    no_two_app_tokens_have_one_label_or_value,
    async |database| {
        let store = &database.store;
        add_root(store).await.unwrap();
        add_accounts(store, &[account(2, Some(1))]).await.unwrap();
        insert(store, &token(11, "shop~feed"), 1).await.unwrap();
        let again = insert(store, &token(12, "shop~feed"), 2).await;
        assert!(matches!(again, Err(StoreError::Conflict(Conflict::Label))));
        let mut elsewhere = token(13, "shop~feed");
        elsewhere.account = account_id(2);
        let value = insert(store, &elsewhere, 1).await;
        assert!(matches!(value, Err(StoreError::Conflict(Conflict::Row))));
        insert(store, &elsewhere, 2).await.unwrap();
        let mut nowhere = token(14, "shop~feed");
        nowhere.account = account_id(9);
        assert!(matches!(
            insert(store, &nowhere, 4).await,
            Err(StoreError::Missing)
        ));
    }
);

both_databases!(
    a_deleted_app_token_is_gone_and_its_value_free,
    async |database| {
        let store = &database.store;
        add_root(store).await.unwrap();
        let row = token(11, "shop~feed");
        insert(store, &row, 1).await.unwrap();
        let delete = async || {
            let mut write = store.write(Actor::operator()).await.unwrap();
            write.delete_app_token(row.account, row.id).await?;
            write.commit().await
        };
        let changes = delete().await.unwrap();
        assert_eq!(changes[0].change, Change::Credential(row.account, row.id));
        assert_eq!(store.app_token_by_digest(&[1; 32]).await.unwrap(), None);
        assert_eq!(store.app_token(row.account, row.id).await.unwrap(), None);
        assert!(matches!(delete().await, Err(StoreError::Missing)));
        insert(store, &row, 1).await.unwrap();
    }
);

both_databases!(
    app_tokens_outlive_users_and_go_with_the_account,
    async |database| {
        let store = &database.store;
        add_root(store).await.unwrap();
        add_accounts(store, &[account(2, Some(1))]).await.unwrap();
        add_user(store, &user(2, 5)).await.unwrap();
        let mut row = token(11, "shop~feed");
        row.account = account_id(2);
        insert(store, &row, 1).await.unwrap();
        let mut write = store.write(Actor::operator()).await.unwrap();
        write.delete_user(row.account, user_id(5)).await.unwrap();
        write.commit().await.unwrap();
        assert!(
            store
                .app_token(row.account, row.id)
                .await
                .unwrap()
                .is_some()
        );
        let mut write = store.write(Actor::operator()).await.unwrap();
        write.delete_account(row.account).await.unwrap();
        write.commit().await.unwrap();
        assert_eq!(store.app_token_by_digest(&[1; 32]).await.unwrap(), None);
    }
);

both_databases!(uses_are_noted_and_never_go_back, async |database| {
    let store = &database.store;
    add_root(store).await.unwrap();
    let row = token(11, "shop~feed");
    insert(store, &row, 1).await.unwrap();
    let used = |seconds, credential| CredentialUse {
        account: row.account,
        credential,
        at: Timestamp::from_unix(seconds),
        address: [10, 0, 0, 7].into(),
    };
    let gone = CredentialId::new(bytes(99));
    store.note_uses(&[]).await.unwrap();
    store
        .note_uses(&[used(1_700_000_100, row.id), used(1_700_000_100, gone)])
        .await
        .unwrap();
    store
        .note_uses(&[used(1_700_000_050, row.id)])
        .await
        .unwrap();
    let read = store.app_token(row.account, row.id).await.unwrap().unwrap();
    assert_eq!(read.last_used, Some(Timestamp::from_unix(1_700_000_100)));
    assert_eq!(read.last_used_address, Some([10, 0, 0, 7].into()));
});

both_databases!(a_role_of_an_app_token_is_in_use, async |database| {
    let store = &database.store;
    add_root(store).await.unwrap();
    insert(store, &token(11, "shop~feed"), 1).await.unwrap();
    let mut write = store.write(Actor::operator()).await.unwrap();
    for (role, is_used) in [("push-only", true), ("push", false)] {
        let found = write
            .role_in_use(account_id(1), &role.parse().unwrap())
            .await;
        assert_eq!(found.unwrap(), is_used, "{role}");
    }
});
