//! Group K, second part: tokens that we did not make, or not so.

use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use doorward_core::digest::hmac_sha256;
use serde_json::{Value, json};

use crate::support::{act, claims, part, probe};
use doorward_testkit::App;

/// Whether the key of a PKCS#1 PEM made the signature (RFC 7515 section 5.2).
pub(crate) fn verify_with_pem(token: &str, pem: &str) -> bool {
    let body: String = pem.lines().filter(|line| !line.starts_with("--")).collect();
    let der = STANDARD.decode(body).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der)
        .verify(signed.as_bytes(), &signature)
        .is_ok()
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

/// A token signed by this PKCS#8 key.
fn signed(pkcs8: &[u8], header: &Value, claims: &Value) -> String {
    let key = KeyPair::from_pkcs8(pkcs8).unwrap();
    let input = unsigned(header, claims);
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        input.as_bytes(),
        &mut signature,
    )
    .unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn header(token: &str) -> Value {
    part(token, 0)
}

#[tokio::test]
async fn the_forgers_tools_work() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let secret = app.secret().await;
    let mut claims = claims(&token);
    let again = signed(&secret.pkcs8, &header(&token), &claims);
    probe(&app, &again).await.assert_status(200);
    claims["exp"] = json!(app.now().unix() + 7200);
    let longer = signed(&secret.pkcs8, &header(&token), &claims);
    probe(&app, &longer).await.assert_status(200);
}

#[tokio::test]
async fn cb_k06_one_changed_byte_is_enough() {
    let app = App::start().await;
    let token = app.token("adm").await;
    probe(&app, &token).await.assert_status(200);
    let begin = token.find('.').unwrap() + 1;
    let end = token.rfind('.').unwrap();
    for at in (begin..end).step_by(17) {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        probe(&app, &changed).await.assert_401std();
    }
}

#[tokio::test]
async fn cb_k07_an_unsigned_token_is_none() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let kid = header(&token)["kid"].clone();
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let head = json!({"alg": alg, "typ": "JWT", "kid": kid});
        let input = unsigned(&head, &claims(&token));
        let signature = token.rsplit('.').next().unwrap();
        for forged in [format!("{input}."), format!("{input}.{signature}"), input] {
            probe(&app, &forged).await.assert_401std();
        }
    }
}

#[tokio::test]
async fn cb_k08_the_public_key_is_no_hmac_key() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let kid = header(&token)["kid"].as_str().unwrap().to_owned();
    let reply = app.get(format!("/v2/auth/keys/{kid}"), &token).await;
    let pem = reply
        .at("/data/public_key_pem")
        .as_str()
        .unwrap()
        .to_owned();
    let body: String = pem.lines().filter(|line| !line.starts_with("--")).collect();
    let der = STANDARD.decode(&body).unwrap();
    let head = json!({"alg": "HS256", "typ": "JWT", "kid": kid});
    let input = unsigned(&head, &claims(&token));
    for key in [
        pem.as_bytes(),
        pem.trim_end().as_bytes(),
        body.as_bytes(),
        &der,
    ] {
        let signature = URL_SAFE_NO_PAD.encode(hmac_sha256(key, input.as_bytes()));
        probe(&app, &format!("{input}.{signature}"))
            .await
            .assert_401std();
    }
}

#[tokio::test]
async fn cb_k09_another_key_does_not_sign() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let foreign = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let pkcs8 = aws_lc_rs::encoding::AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&foreign);
    let pkcs8 = pkcs8.unwrap();
    let forged = signed(pkcs8.as_ref(), &header(&token), &claims(&token));
    probe(&app, &forged).await.assert_401std();
}

#[tokio::test]
async fn cb_k10_an_unknown_key_is_not_created() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let secret = app.secret().await;
    let before = app.get("/v2/auth/keys", &token).await.at("/data");
    for kid in ["0123456789abcdef0123456789abcdef", "", "../../etc/passwd"] {
        let head = json!({"alg": "RS256", "typ": "JWT", "kid": kid});
        let forged = signed(&secret.pkcs8, &head, &claims(&token));
        probe(&app, &forged).await.assert_401std();
    }
    let head = json!({"alg": "RS256", "typ": "JWT"});
    let forged = signed(&secret.pkcs8, &head, &claims(&token));
    probe(&app, &forged).await.assert_401std();
    let after = app.get("/v2/auth/keys", &token).await.at("/data");
    assert_eq!(before, after);
}

#[tokio::test]
async fn cb_k11_the_identity_signature_is_required() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let secret = app.secret().await;
    let mut without = claims(&token);
    without.as_object_mut().unwrap().remove("identity_sig");
    let mut wrong = claims(&token);
    wrong["identity_sig"] = json!(URL_SAFE_NO_PAD.encode([0; 32]));
    let mut empty = claims(&token);
    empty["identity_sig"] = json!("");
    let mut of_another = claims(&token);
    of_another["identity_sig"] = claims(&app.token("usr").await)["identity_sig"].clone();
    for forged in [without, wrong, empty, of_another] {
        let forged = signed(&secret.pkcs8, &header(&token), &forged);
        probe(&app, &forged).await.assert_401std();
    }
}

#[tokio::test]
async fn cb_k12_a_second_too_late_is_too_late() {
    let app = App::start().await;
    let token = app.token("adm").await;
    app.advance(Duration::from_secs(3601));
    probe(&app, &token).await.assert_401std();
}

#[tokio::test]
async fn a_token_without_an_end_is_none() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let secret = app.secret().await;
    let mut endless = claims(&token);
    endless.as_object_mut().unwrap().remove("exp");
    let forged = signed(&secret.pkcs8, &header(&token), &endless);
    probe(&app, &forged).await.assert_401std();
}

#[tokio::test]
async fn generations_cannot_be_left_out() {
    let app = App::start().await;
    let token = app.token("adm").await;
    let secret = app.secret().await;
    let mut without = claims(&token);
    without["gen"] = json!({});
    let forged = signed(&secret.pkcs8, &header(&token), &without);
    probe(&app, &forged).await.assert_401std();
    for name in claims(&token)["gen"].as_object().unwrap().keys() {
        let mut fewer = claims(&token);
        fewer["gen"].as_object_mut().unwrap().remove(name);
        let forged = signed(&secret.pkcs8, &header(&token), &fewer);
        probe(&app, &forged).await.assert_401std();
    }
}

#[tokio::test]
async fn a_forged_token_grants_no_secret_reset() {
    let app = App::start().await;
    let token = app.token("usr").await;
    let mut raised = claims(&token);
    raised["account_id"] = json!(app.account("M").id.to_string());
    raised["owner_id"] = json!(app.user("mad").id.to_string());
    let parts: Vec<_> = token.split('.').collect();
    let middle = URL_SAFE_NO_PAD.encode(raised.to_string());
    let forged = format!("{}.{middle}.{}", parts[0], parts[2]);
    act(&app, "/v2/auth", "reset_signature_secret", &forged)
        .await
        .assert_401std();
}
