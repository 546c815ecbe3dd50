//! What the upstream is told, and what it never sees.

use proptest::prelude::*;

use crate::support::{OK, answers, door, lines, upstream};

#[tokio::test(flavor = "multi_thread")]
async fn atk_s3_the_upstream_sees_who_asks_once_and_no_credential() {
    let (url, seen) = upstream(answers(OK)).await;
    let door = door(&[&url]).await;
    let forged = "X-Doorward-User: root\r\nX_Doorward_User: root\r\nx-doorward-roles: super-user\r\n\
                  connection: x-doorward-account, x-request-id\r\nX-Forwarded-For: 9.9.9.9\r\n\
                  Cookie: a=b; SPRING_SECURITY_REMEMBER_ME_COOKIE=t\r\nx-auth-account-id: 1\r\n";
    let answer = door.ask("GET /a/x?y=z", forged).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let head = seen.lock().unwrap()[0].clone();
    let adm = door.app.user("adm");
    assert!(head.starts_with("GET /a/x?y=z HTTP/1.1\r\n"), "{head}");
    assert_eq!(lines(&head, "x-doorward-user"), [adm.id.to_string()]);
    assert_eq!(
        lines(&head, "x-doorward-account"),
        [adm.account.to_string()]
    );
    assert_eq!(lines(&head, "x-doorward-username"), ["adm"]);
    assert_eq!(lines(&head, "x-doorward-method"), ["token"]);
    assert_eq!(lines(&head, "x-request-id"), ["r-1"]);
    assert_eq!(lines(&head, "x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(lines(&head, "cookie"), ["a=b"]);
    for gone in [
        "authorization",
        "x_doorward_user",
        "x-doorward-roles",
        "x-auth-account-id",
    ] {
        assert!(lines(&head, gone).is_empty(), "{gone}: {head}");
    }
    assert!(!head.contains(&door.token));
}

#[tokio::test(flavor = "multi_thread")]
async fn atk_s10_headers_under_our_names_are_taken_out_and_counted() {
    let (url, seen) = upstream(answers(OK)).await;
    let door = door(&[&url]).await;
    let counted = || {
        let readings = door.app.engine.readings();
        let forged = readings.iter().find(|r| r.name == "forged_headers");
        forged.unwrap().value
    };
    door.ask("GET /a/x", "x-other: 1\r\n").await;
    assert!(counted() < 0.5, "{}", counted());
    let forged = "X-Doorward-Original-Path: /public\r\nx_doorward_actor: root\r\n";
    door.ask("GET /a/x", forged).await;
    assert!((counted() - 2.0).abs() < 0.5, "{}", counted());
    let head = seen.lock().unwrap()[1].clone();
    for gone in ["x-doorward-original-path", "x_doorward_actor"] {
        assert!(lines(&head, gone).is_empty(), "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn atk_s26_what_is_passed_on_is_what_was_judged() {
    let (url, seen) = upstream(answers(OK)).await;
    let door = door(&[&url]).await;
    // Written anew once, before it is judged, and never again.
    for (sent, passed) in [
        ("/a/%78", "/a/x"),
        ("/%61/%7Ex?y=%2F%2e", "/a/~x?y=%2F%2e"),
        ("/a/%c3%a9", "/a/%C3%A9"),
    ] {
        let answer = door.ask(&format!("GET {sent}"), "").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{sent}: {answer}");
        let head = seen.lock().unwrap().pop().unwrap();
        assert!(
            head.starts_with(&format!("GET {passed} HTTP/1.1\r\n")),
            "{head}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn atk_s2_connection_takes_nothing_away_that_we_say() {
    let (url, seen) = upstream(answers(OK)).await;
    let door = door(&[&url]).await;
    let listed =
        "connection: x-doorward-user, x-doorward-account, x-forwarded-for, x-request-id, host\r\n";
    door.ask("GET /a/x", listed).await;
    let head = seen.lock().unwrap()[0].clone();
    for name in [
        "x-doorward-user",
        "x-doorward-account",
        "x-forwarded-for",
        "x-request-id",
        "host",
    ] {
        assert_eq!(lines(&head, name).len(), 1, "{name}: {head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn atk_s9_an_anonymous_caller_has_no_name_whatever_it_says() {
    let (url, seen) = upstream(answers(OK)).await;
    let door = door(&[&url]).await;
    let answer = door
        .raw(
            b"GET /open/ HTTP/1.1\r\nhost: h\r\nconnection: close\r\nx-doorward-user: root\r\n\r\n",
        )
        .await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let head = seen.lock().unwrap()[0].clone();
    assert!(lines(&head, "x-doorward-user").is_empty(), "{head}");
    assert_eq!(lines(&head, "x-doorward-method"), ["anonymous"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_pass_never_reaches_the_upstream() {
    let (url, seen) = upstream(answers(OK)).await;
    let door = door(&[&url]).await;
    let ask = |target: &str, more: &str| {
        format!("GET {target} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n{more}\r\n")
    };
    let token = format!("authorization: Bearer {}\r\n", door.token);
    for (target, more) in [
        ("/a/x", ""),
        ("/a/x", "authorization: Bearer x\r\n"),
        ("/open/x", "authorization: Bearer x\r\n"),
        ("/open/../a/x", ""),
        ("/open/%2e%2e/a/x", &token),
        ("/a/x%2fy", &token),
        ("/b/x", &token),
        ("/a", &token),
    ] {
        let answer = door.raw(ask(target, more).as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 599"), "{target}: {answer}");
    }
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_canonical_path_is_what_goes_out() {
    let (url, seen) = upstream(answers(OK)).await;
    let door = door(&[&url]).await;
    door.ask("GET /%61/%7Ex%2a?q=%2f", "").await;
    let head = seen.lock().unwrap()[0].clone();
    assert!(
        head.starts_with("GET /a/~x%2A?q=%2f HTTP/1.1\r\n"),
        "{head}"
    );
    assert_eq!(lines(&head, "host"), ["api.test"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_keeps_its_cache_rules_and_says_nothing_in_our_name() {
    let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nX-Doorward-User: root\r\nX.Doorward.User: root\r\nx+doorward_roles: root\r\nconnection: x-hop\r\nx-hop: 1\r\n\r\n";
    let (url, _) = upstream(answers(bytes)).await;
    let door = door(&[&url]).await;
    let answer = door.ask("GET /a/x", "").await;
    assert_eq!(lines(&answer, "cache-control"), ["private, no-cache"]);
    assert!(!answer.contains("root"), "{answer}");
    assert!(lines(&answer, "x-hop").is_empty(), "{answer}");
    let kept = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\ncache-control: max-age=5\r\n\r\n";
    let (url, _) = upstream(answers(kept)).await;
    let door = crate::support::door(&[&url]).await;
    assert_eq!(
        lines(&door.ask("GET /a/x", "").await, "cache-control"),
        ["max-age=5"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn atk_s3_no_trailer_says_who_asks() {
    let whole = crate::support::script(|mut stream, seen| async move {
        let mut told = crate::support::read_head(&mut stream).await.unwrap();
        told.push_str(&crate::support::read_head(&mut stream).await.unwrap());
        seen.lock().unwrap().push(told);
        let answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-doorward-user\r\n\r\n2\r\nhi\r\n0\r\nx-doorward-user: root\r\n\r\n";
        tokio::io::AsyncWriteExt::write_all(&mut stream, answer)
            .await
            .unwrap();
    });
    let (url, seen) = upstream(whole).await;
    let door = crate::support::door_with(&[&url], |api, _| {
        api.headers.user = http::HeaderName::from_static("remote-user");
    })
    .await;
    let body = "te: trailers\r\ntransfer-encoding: chunked\r\ntrailer: remote-user, x-sum\r\n\r\n2\r\nhi\r\n0\r\nRemote-User: root\r\nx-sum: 1\r\n";
    let answer = door.ask("PUT /a/x", body).await;
    let told = seen.lock().unwrap()[0].clone();
    assert_eq!(
        lines(&told, "remote-user"),
        [door.app.user("adm").id.to_string()],
        "{told}"
    );
    assert_eq!(lines(&told, "x-sum"), ["1"], "{told}");
    assert!(!answer.contains("x-doorward-user: root"), "{answer}");
}

/// Whatever spelling a client chooses, the upstream sees our identity headers exactly once, with our values.
#[test]
fn atk_s6_no_spelling_of_a_header_gets_through() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (door, seen) = runtime.block_on(async {
        let (url, seen) = upstream(answers(OK)).await;
        (door(&[&url]).await, seen)
    });
    let name = "[xX][-_][dD][oO]orward[-_](user|User|account|roles|username|method|actor|assertion|x{0,3})";
    let more = proptest::collection::vec((name, "[a-z]{1,5}"), 1..5);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(64));
    let outcome = runner.run(&more, |more| {
        let lines_of: Vec<String> = more.iter().map(|(n, v)| format!("{n}: {v}\r\n")).collect();
        let text = lines_of.concat();
        let answer = runtime.block_on(door.ask("GET /a/x", &text));
        prop_assert!(answer.starts_with("HTTP/1.1 200"), "{}", answer);
        let head = seen.lock().unwrap().pop().unwrap();
        let folded = head.replace('_', "-");
        let adm = door.app.user("adm");
        prop_assert_eq!(lines(&folded, "x-doorward-user"), [adm.id.to_string()]);
        prop_assert_eq!(
            lines(&folded, "x-doorward-account"),
            [adm.account.to_string()]
        );
        prop_assert_eq!(lines(&folded, "x-doorward-username"), ["adm"]);
        prop_assert_eq!(lines(&folded, "x-doorward-method"), ["token"]);
        for absent in [
            "x-doorward-actor",
            "x-doorward-assertion",
            "x-doorward-roles",
            "authorization",
        ] {
            prop_assert!(lines(&folded, absent).is_empty(), "{}: {}", absent, head);
        }
        Ok(())
    });
    outcome.unwrap();
}
