//! S56: the algorithm, the key, the form.

use super::*;
use proptest::prelude::*;

/// With the signature of a good token.
fn with_good_signature(header: &Value, claims: &Value) -> String {
    let good = sign(&self::header(), &self::claims());
    let signature = good.rsplit('.').next().unwrap();
    let (header, claims) = (header.to_string(), claims.to_string());
    format!("{}.{}.{signature}", encode(header), encode(claims))
}

#[test]
fn atk_s56_no_algorithm_but_rsas() {
    for alg in [
        "none", "None", "NONE", "nOnE", "", "HS256", "HS384", "HS512", "ES256", "PS256", "PS384",
        "EdDSA", "rs256", "RS256 ", "RS1", "RSA",
    ] {
        let header = header_with("alg", json!(alg));
        for token in [
            sign(&header, &claims()),
            with_good_signature(&header, &claims()),
        ] {
            assert_eq!(check(&token), Err(TokenError::Algorithm), "{alg}");
        }
        let unsigned = format!(
            "{}.{}.",
            encode(header.to_string()),
            encode(claims().to_string())
        );
        assert_eq!(check(&unsigned), Err(TokenError::Algorithm), "{alg}");
    }
}

#[test]
fn atk_s56_the_algorithm_is_one_text() {
    for alg in [
        json!(null),
        json!(["RS256"]),
        json!({"RS256": 1}),
        json!(256),
        json!(true),
    ] {
        let token = sign(&header_with("alg", alg), &claims());
        assert_eq!(check(&token), Err(TokenError::Malformed));
    }
    let token = sign(&json!({"typ": "JWT", "kid": KID.to_string()}), &claims());
    assert_eq!(check(&token), Err(TokenError::Malformed));
}

#[test]
fn atk_s56_the_public_key_is_no_hmac_key() {
    let pem = verifying().pem();
    let body: String = pem.lines().filter(|line| !line.starts_with("--")).collect();
    let der = STANDARD.decode(&body).unwrap();
    let header = header_with("alg", json!("HS256")).to_string();
    let input = format!("{}.{}", encode(header), encode(claims().to_string()));
    for key in [
        pem.as_bytes(),
        pem.trim_end().as_bytes(),
        body.as_bytes(),
        &der,
    ] {
        let signature = encode(hmac_sha256(key, input.as_bytes()));
        let token = format!("{input}.{signature}");
        assert_eq!(check(&token), Err(TokenError::Algorithm));
    }
}

#[test]
fn atk_s56_the_key_id_is_nothing_but_an_id() {
    for kid in [
        "",
        "../../../../dev/null",
        "/etc/passwd",
        "' OR 1=1 --",
        "x' UNION SELECT 'key' --",
        "http://attacker.example/key.pem",
        "08080808080808080808080808080808",
        "07070707070707070707070707070707\0",
        " 07070707070707070707070707070707",
        "0707070707070707070707070707070A",
    ] {
        let token = sign(&header_with("kid", json!(kid)), &claims());
        assert_eq!(check(&token), Err(TokenError::Signature), "{kid}");
    }
    for kid in [json!(null), json!(7), json!([KID.to_string()]), json!({})] {
        let token = sign(&header_with("kid", kid), &claims());
        assert!(check(&token).is_err());
    }
    let token = sign(&json!({"alg": "RS256", "typ": "JWT"}), &claims());
    assert!(check(&token).is_err());
}

#[test]
fn atk_s56_keys_are_not_taken_from_the_token() {
    let jwk = json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": KID.to_string()});
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!("https://attacker.example/jwks.json")),
        ("x5u", json!("https://attacker.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
        ("crit", json!(["b64"])),
        ("crit", json!([])),
    ] {
        let token = sign(&header_with(name, value), &claims());
        assert!(check(&token).is_err(), "{name}");
    }
}

#[test]
fn atk_s56_another_kind_of_token_is_none_of_ours() {
    for typ in [
        json!("at+jwt"),
        json!("doorward-assertion+jwt"),
        json!("JWE"),
        json!(1),
    ] {
        let token = sign(&header_with("typ", typ.clone()), &claims());
        assert_eq!(check(&token), Err(TokenError::Malformed), "{typ}");
    }
}

#[test]
fn atk_s56_members_are_not_repeated() {
    let kid = KID.to_string();
    let other = "08080808080808080808080808080808";
    for header in [
        format!(r#"{{"alg":"RS256","alg":"none","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"none","alg":"RS256","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"RS256","kid":"{other}","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"RS256","typ":"x","typ":"JWT","kid":"{kid}"}}"#),
    ] {
        let token = sign_raw(&RSA_PKCS1_SHA256, &header, &claims().to_string());
        assert_eq!(check(&token), Err(TokenError::Malformed), "{header}");
    }
    for (name, value) in [
        ("exp", json!(NOW.unix() + 7200)),
        ("account_id", json!("ffffffffffffffffffffffffffffffff")),
        ("owner_id", json!("ffffffffffffffffffffffffffffffff")),
        ("iss", json!("kazoo")),
    ] {
        let once = claims().to_string();
        let twice = format!("{},\"{name}\":{value}}}", &once[..once.len() - 1]);
        assert!(serde_json::from_str::<Value>(&twice).is_ok(), "{twice}");
        let token = sign_raw(&RSA_PKCS1_SHA256, &header().to_string(), &twice);
        assert_eq!(check(&token), Err(TokenError::Malformed), "{name}");
    }
}

#[test]
fn atk_s56_a_token_has_three_parts_and_nothing_else() {
    let good = sign(&header(), &claims());
    assert!(check(&good).is_ok());
    let parts: Vec<_> = good.split('.').collect();
    for broken in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        format!("{}.{}", parts[0], parts[1]),
        format!("{good}."),
        format!("{good}.{}", parts[2]),
        format!(".{good}"),
        format!("{good}\n"),
        format!("{good} "),
        format!(" {good}"),
        format!("{good}="),
        format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
        format!("{}.{}==.{}", parts[0], parts[1], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}..{}", parts[0], parts[2]),
    ] {
        assert!(check(&broken).is_err(), "{broken:?}");
    }
}

#[test]
fn atk_s56_a_token_is_not_longer_than_a_credential_may_be() {
    for extra in [8_192, 100_000] {
        let token = sign(&header(), &claims_with("x", json!("x".repeat(extra))));
        assert_eq!(check(&token), Err(TokenError::Malformed));
    }
    let room = sign(&header(), &claims_with("x", json!("x".repeat(4_000))));
    assert!(check(&room).is_ok());
}

#[test]
fn atk_s56_another_key_of_the_same_name_signs_nothing() {
    let token = sign(&header(), &claims());
    let other = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = other.as_der().unwrap();
    let other = VerifyingKey::from_pkcs8(KID, &SecretBytes::new(der.as_ref().to_vec())).unwrap();
    let refused = verify(&token.as_str().into(), |_| Some(&other), NOW);
    assert_eq!(refused, Err(TokenError::Signature));
    let nobody = verify(&token.as_str().into(), |_| None, NOW);
    assert_eq!(nobody, Err(TokenError::Signature));
}

proptest! {
    #[test]
    fn atk_s56_any_changed_byte_spoils_the_token(at in 0_usize..10_000, to in 0_u8..128) {
        static GOOD: OnceLock<String> = OnceLock::new();
        let good = GOOD.get_or_init(|| sign(&header(), &claims()));
        let mut bytes = good.clone().into_bytes();
        let at = at % bytes.len();
        prop_assume!(bytes[at] != to);
        bytes[at] = to;
        let changed = String::from_utf8(bytes).unwrap();
        prop_assert!(check(&changed).is_err(), "byte {} to {}", at, to);
    }

    #[test]
    fn atk_s56_nothing_made_up_is_a_token(
        text: String,
        parts in prop::collection::vec("[A-Za-z0-9_-]{0,40}", 0..5),
    ) {
        prop_assert!(check(&text).is_err());
        prop_assert!(check(&parts.join(".")).is_err());
    }
}
