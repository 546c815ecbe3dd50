//! Whether time tells what exists (attacks.md S42, S43).

use std::time::Duration;

use doorward_core::credential::DigestKind;
use doorward_core::digest::md5_credentials;
use doorward_core::verifier::Cost;
use doorward_engine::{SignIn, SignInError, monotonic};
use doorward_testkit::TestDatabase;

use super::{CLIENT, founded, named, quick};

const ROUNDS: u32 = 300;

/// A statistic, not a limit: three kinds of failure, interleaved, compared by their medians.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "slow: cargo xtask test --full"]
async fn full_unknown_account_unknown_user_and_wrong_password_take_the_same_time() {
    let database = TestDatabase::sqlite().await;
    let mut settings = quick();
    settings.hash.cost = Cost::DEFAULT;
    settings.limits.enabled = false;
    let (engine, _) = founded(&database, settings).await;
    let mut times: [Vec<Duration>; 3] = Default::default();
    for round in 0..ROUNDS {
        let password = format!("wrong {round}");
        let kinds = [
            ("acme inc", "admin"),
            ("acme inc", "nobody"),
            ("nowhere", "admin"),
        ];
        for (slot, (account, username)) in times.iter_mut().zip(kinds) {
            let request = SignIn {
                account: named(account),
                kind: DigestKind::Md5,
                digest: md5_credentials(username, &password).into(),
                switch_to: None,
                client: CLIENT,
            };
            let started = monotonic();
            assert_eq!(
                engine.sign_in(request).await.unwrap_err(),
                SignInError::Invalid
            );
            slot.push(monotonic().saturating_sub(started));
        }
    }
    let medians = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    });
    println!("medians: wrong password, unknown user, unknown account: {medians:?}");
    let (least, most) = (medians.iter().min().unwrap(), medians.iter().max().unwrap());
    assert!(
        most.as_secs_f64() / least.as_secs_f64() < 1.1,
        "{medians:?}"
    );
}
