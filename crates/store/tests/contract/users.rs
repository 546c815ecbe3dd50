//! Users and credentials.

use doorward_core::id::CredentialId;
use doorward_core::secret::SecretText;
use doorward_core::time::Timestamp;
use doorward_core::user::{Level, User};
use doorward_store::{Action, Actor, Change, Conflict, Page, StoreError, VerifierKind};
use doorward_testkit::both_databases;

use crate::build::{
    account, account_id, add_accounts, add_root, add_user, bytes, digest, user, user_id, verifier,
};

const ALL: Page<'static> = Page {
    after: None,
    limit: 100,
};

/// Everything but the times and the revision, in a form that compares.
fn shown_user(user: &User) -> String {
    let mut user = user.clone();
    user.revision = 0;
    user.modified = Timestamp::MAX;
    format!("{user:?} {}", user.signature_secret.expose())
}

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
