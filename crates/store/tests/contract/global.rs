//! What belongs to no account: the installation, keys, the audit log.

use doorward_core::id::{CredentialId, KeyId, TokenId};
use doorward_core::secret::{SecretBytes, SecretText};
use doorward_core::time::Timestamp;
use doorward_core::verifier::Cost;
use doorward_store::{
    Action, Actor, Change, Conflict, HashGeneration, KeyPurpose, KeyState, Pin, RingKey,
    StoreError, System, VerifierKind,
};
use doorward_testkit::both_databases;

use crate::build::{account_id, add_root, add_user, bytes, user, user_id, verifier};

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
        user: (account == 4).then(|| user_id(7)),
    };
    for n in [3, 4, 5] {
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
