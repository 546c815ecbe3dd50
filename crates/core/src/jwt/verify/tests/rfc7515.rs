//! The example of RFC 7515 appendix A.2: its key signs and verifies as the RFC prints it.

use super::*;

const N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const E: &str = "AQAB";
const D: &str = "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ";
const P: &str = "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc";
const Q: &str = "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc";
const DP: &str = "BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0";
const DQ: &str = "h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU";
const QI: &str = "IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U";
const INPUT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

/// One value of DER (X.690 section 8.1).
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut der = vec![tag];
    if content.len() < 0x80 {
        der.push(u8::try_from(content.len()).unwrap());
    } else {
        der.push(0x80 | u8::try_from(length.len()).unwrap());
        der.extend(length);
    }
    der.extend(content);
    der
}

fn integer(base64url: &str) -> Vec<u8> {
    let mut bytes = URL_SAFE_NO_PAD.decode(base64url).unwrap();
    if bytes[0] >= 0x80 {
        bytes.insert(0, 0);
    }
    tlv(0x02, &bytes)
}

/// The key as PKCS#8 (RFC 5958) around PKCS#1 (RFC 8017 appendix A.1.2).
fn key() -> SecretBytes {
    let version = || tlv(0x02, &[0]);
    let mut numbers = version();
    for number in [N, E, D, P, Q, DP, DQ, QI] {
        numbers.extend(integer(number));
    }
    let rsa = tlv(
        0x06,
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01],
    );
    let algorithm = tlv(0x30, &[rsa, tlv(0x05, &[])].concat());
    let private = tlv(0x04, &tlv(0x30, &numbers));
    SecretBytes::new(tlv(0x30, &[version(), algorithm, private].concat()))
}

#[test]
fn its_signature_is_made_again() {
    let pair = KeyPair::from_pkcs8(key().expose()).unwrap();
    let mut signature = vec![0; pair.public_modulus_len()];
    let random = SystemRandom::new();
    pair.sign(&RSA_PKCS1_SHA256, &random, INPUT.as_bytes(), &mut signature)
        .unwrap();
    assert_eq!(encode(signature), SIGNATURE);
}

#[test]
fn its_signature_is_verified_and_another_is_not() {
    let key = VerifyingKey::from_pkcs8(KID, &key()).unwrap();
    let verify = |signature: &str| {
        jsonwebtoken::crypto::verify(signature, INPUT.as_bytes(), &key.decoding, Algorithm::RS256)
    };
    assert_eq!(verify(SIGNATURE).ok(), Some(true));
    assert_ne!(verify(&SIGNATURE.replace("cC4h", "cC4i")).ok(), Some(true));
}

#[test]
fn its_token_is_none_of_ours() {
    let token = format!("{INPUT}.{SIGNATURE}");
    let key = VerifyingKey::from_pkcs8(KID, &key()).unwrap();
    let refused = verify(&token.as_str().into(), |_| Some(&key), NOW);
    assert!(refused.is_err());
}

#[test]
fn its_key_signs_tokens_of_ours() {
    let claims: Claims = serde_json::from_value(claims()).unwrap();
    let signing = SigningKey::from_pkcs8(KID, &key()).unwrap();
    let token = signing.sign(&claims).unwrap();
    let key = VerifyingKey::from_pkcs8(KID, &key()).unwrap();
    assert_eq!(verify(&token, |_| Some(&key), NOW), Ok(claims));
}
