//! Clients that hang up in the middle of a change: it is made and in force, or not made at all
//! (decision 24).

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use serde_json::json;

use crate::support::{claims, probe};
use doorward_testkit::App;

/// Where the client hangs up, seen from the server.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// As soon as the server waits for the n-th time.
    Waiting,
    /// When what it waits for has come, before it notices.
    Woken,
}

/// Follows the future until it has waited this often, then drops it.
async fn follow<F: Future>(future: F, waits: usize, moment: Moment) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut waited = 0;
    poll_fn(|context| {
        if waited == waits {
            return Poll::Ready(None);
        }
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => {
                waited += 1;
                if waited == waits && matches!(moment, Moment::Waiting) {
                    return Poll::Ready(None);
                }
                Poll::Pending
            }
        }
    })
    .await
}

/// Asks again and again until the store and the server are of one mind.
async fn settle<T, U, S, E>(mut stored: impl FnMut() -> S, mut enforced: impl FnMut() -> E) -> bool
where
    S: Future<Output = T>,
    E: Future<Output = U>,
    T: PartialEq<U>,
{
    for _ in 0..2_000 {
        if stored().await == enforced().await {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

async fn hang_up_on_revocation(app: &App, waits: usize, moment: Moment) -> bool {
    let token = app.token("adm").await;
    let id = claims(&token)["jti"].as_str().unwrap().to_owned();
    let call = app.call("DELETE", "/v2/token_auth").token(&token);
    let reply = follow(call.send(), waits, moment).await;
    // A write of our own waits for the one under way.
    crate::support::change_password(app, "usr", &format!("pw {waits}")).await;
    let is_denied = async || app.denied().await.contains(&id);
    let is_refused = async || probe(app, &token).await.status == 401;
    assert!(
        settle(is_denied, is_refused).await,
        "hung up after {waits} waits ({moment:?}): revoked in the store, but not in force"
    );
    if let Some(reply) = &reply {
        reply.assert_status(200);
        assert!(is_refused().await);
    }
    reply.is_some()
}

#[tokio::test]
async fn hanging_up_on_a_revocation_leaves_it_done_or_undone() {
    let app = App::start().await;
    for moment in [Moment::Waiting, Moment::Woken] {
        let mut waits = 1;
        while !hang_up_on_revocation(&app, waits, moment).await {
            waits += 1;
            assert!(waits < 200, "a revocation waits without end");
        }
    }
}

/// With a token the server waits for the change alone, with Basic also for the slow hash.
async fn hang_up_on_reset(app: &App, waits: usize, moment: Moment, by_basic: bool) -> bool {
    let user = app.user("adm");
    let token = app.token("adm").await;
    let before = app.stored_user(user.account, user.id).await.unwrap();
    let call = app.call("PUT", format!("{}/auth", app.user_path("adm")));
    let body = json!({"data": {"action": "reset_signature_secret"}});
    let call = if by_basic {
        call.authorization(&app.basic("A", "adm:pw-adm"))
    } else {
        call.token(&token)
    };
    let call = call.json(&body);
    let reply = follow(call.send(), waits, moment).await;
    crate::support::change_password(app, "usr", &format!("pw {waits}")).await;
    let is_reset = async || {
        let now = app.stored_user(user.account, user.id).await.unwrap();
        let has_moved = now.generation != before.generation;
        let is_new = now.signature_secret.expose() != before.signature_secret.expose();
        assert_eq!(has_moved, is_new, "generation and secret go together");
        has_moved
    };
    let is_refused = async || probe(app, &token).await.status == 401;
    assert!(
        settle(is_reset, is_refused).await,
        "hung up after {waits} waits ({moment:?}): reset in the store, but not in force"
    );
    if let Some(reply) = &reply {
        reply.assert_status(201);
        assert!(is_refused().await);
    }
    reply.is_some()
}

#[tokio::test]
async fn hanging_up_on_a_reset_leaves_it_done_or_undone() {
    let app = App::start().await;
    for (moment, by_basic) in [
        (Moment::Waiting, false),
        (Moment::Woken, false),
        (Moment::Waiting, true),
        (Moment::Woken, true),
    ] {
        let mut waits = 1;
        while !hang_up_on_reset(&app, waits, moment, by_basic).await {
            waits += 1;
            assert!(waits < 200, "a reset waits without end");
        }
    }
}

#[tokio::test]
async fn hanging_up_on_a_sign_in_takes_no_place_for_good() {
    let app = App::with(|settings, _| settings.limits.per_account_address.failures = 3).await;
    for moment in [Moment::Waiting, Moment::Woken] {
        for waits in 1..12 {
            let sign_in = app.sign_in("Acme Phones", "adm", "pw-adm");
            follow(sign_in, waits, moment).await;
        }
    }
    app.token("adm").await;
}
