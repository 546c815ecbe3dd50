//! S57: time claims that are no times.

use super::*;

/// The claims with this text in place of the number of a claim.
fn with_raw(name: &str, raw: &str) -> String {
    let claims = claims_with(name, json!("HERE")).to_string();
    let claims = claims.replace("\"HERE\"", raw);
    sign_raw(&RSA_PKCS1_SHA256, &header().to_string(), &claims)
}

#[test]
fn atk_s57_times_are_whole_numbers() {
    for name in ["exp", "iat", "auth_time"] {
        for raw in [
            "\"1772443800\"",
            "\"\"",
            "null",
            "true",
            "[]",
            "[1772443800]",
            "{}",
            "1772443800.5",
            "1772443800.0",
            "1e10",
            "1.7724438e9",
            "-0.0",
            "1e400",
        ] {
            let token = with_raw(name, raw);
            assert_eq!(check(&token), Err(TokenError::Malformed), "{name}: {raw}");
        }
    }
}

#[test]
fn atk_s57_times_are_within_the_calendar() {
    for name in ["exp", "iat", "auth_time"] {
        for raw in [
            "-1",
            "-9223372036854775808",
            "253402300800",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551616",
            "99999999999999999999999999",
        ] {
            let token = with_raw(name, raw);
            assert_eq!(check(&token), Err(TokenError::Malformed), "{name}: {raw}");
        }
    }
    assert_eq!(check(&with_raw("exp", "0")), Err(TokenError::Expired));
    assert!(check(&with_raw("exp", "253402300799")).is_ok());
}

#[test]
fn atk_s57_an_end_is_required() {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove("exp");
    let token = sign(&header(), &claims);
    assert_eq!(check(&token), Err(TokenError::Malformed));
    claims["Exp"] = json!(NOW.unix() + 3600);
    claims["EXP"] = json!(NOW.unix() + 3600);
    let token = sign(&header(), &claims);
    assert_eq!(check(&token), Err(TokenError::Malformed));
}

#[test]
fn atk_s57_the_end_itself_is_too_late() {
    let token = sign(&header(), &claims());
    let end = Timestamp::from_unix(NOW.unix() + 3600);
    let before = Timestamp::from_micros(end.micros() - 1);
    assert!(check_at(&token, before).is_ok());
    assert_eq!(check_at(&token, end), Err(TokenError::Expired));
    assert_eq!(check_at(&token, Timestamp::MAX), Err(TokenError::Expired));
}
