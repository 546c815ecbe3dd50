//! Tokens with one fault each, against those without: what is read, and what is signed.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use doorward_core::hex;
use serde_json::json;

use crate::forge::{
    Forge, LIFETIME, active_key, assert_good, assert_refused, fields, now_ms, some_expiry, spring,
};
use crate::site::{ACCOUNT, Fields, LOGIN, STATE, Site, add_user, raw_token};

#[tokio::test]
async fn fb_t01_what_key_and_secret_sign_is_accepted_as_that_user() {
    let site = Site::start().await;
    let expires = some_expiry(&site);
    for username in ["admin", "feeder", "reader"] {
        let forge = Forge::of(&site, username).await;
        assert_good(&site, &forge.token(username, expires), username).await;
        let mut other = forge.clone();
        other.secret[31] ^= 1;
        assert_refused(&site, &other.token(username, expires)).await;
        other = forge.clone();
        other.key[0] ^= 1;
        assert_refused(&site, &other.token(username, expires)).await;
        other = Forge {
            key: forge.secret,
            secret: forge.key,
        };
        assert_refused(&site, &other.token(username, expires)).await;
    }
    let issued = Fields::of(&site.admin().await);
    let forge = Forge::of(&site, "admin").await;
    assert_eq!(
        issued.signature,
        forge.signature("admin", issued.expires),
        "signing in signs the same"
    );
}

#[tokio::test]
async fn fb_t02_what_stock_spring_signs_is_refused() {
    // With MD5, with the algorithm as a field, and with SHA-256.
    const VECTORS: [&str; 6] = [
        "c29tZW9uZTo0MTAyNDQ0ODAwMDAwOjRiODdiN2M4YzIzYmFmZTRhNjU2YjA4OGY3MjhlMjYy",
        "c29tZW9uZTo0MTAyNDQ0ODAwMDAwOlNIQTI1Njo3ODNkMmU4NGU2Yzg0ODI0MmEwMzBlMGM1MDA4ZmZkZWZiNjE0ZWQwMzdmMTllNDVlMWY2MjRkMmM3NTEyMWQw",
        "c29tZW9uZTo0MTAyNDQ0ODAwMDAwOjc4M2QyZTg0ZTZjODQ4MjQyYTAzMGUwYzUwMDhmZmRlZmI2MTRlZDAzN2YxOWU0NWUxZjYyNGQyYzc1MTIxZDA",
        "bmFtZSUzQXdpdGglM0Fjb2xvbjo0MTAyNDQ0ODAwMDAwOjdlMzdmMTJkNTIzMWQzNDYxNmEyMTFlNzk1OTM4MDFkYjAyYTljZTM3OTQxYTY5NWU0ZjU1MGFmZGE4NzRhN2Q",
        "Y2xpZW50JTdFdXNlcjo0MTAyNDQ0ODAwMDAwOmRkMzBlODI4YTMzYWIxMmE4M2QyMDE3YTk2YzhiNDM5YzEyZjRiMWI2NzIyMjg1YTk1OTk2NjQ5ZGYzZWRhNmI",
        "em8lQzMlQUIrYjo0MTAyNDQ0ODAwMDAwOmUxZjZhMGQ3ZDFlMDVjODFlZWRjODc2MWJiYmEwODQxY2VlOTNlNDYwMTg4Mzk0Mzg1Y2NiNmY2ZjllMGRmYzA",
    ];
    let site = Site::start().await;
    for username in ["someone", "zo\u{eb}+b"] {
        add_user(
            &site.app.engine,
            site.account,
            username,
            "secret",
            Some("super-user"),
        )
        .await;
    }
    for token in VECTORS {
        assert_refused(&site, token).await;
    }
    // The same formula with our own key, a right password and an expiry within bounds.
    let (key, expires) = (active_key(&site).await, some_expiry(&site));
    for key in [hex::encode(&key), STANDARD.encode(key)] {
        assert_refused(&site, &spring("admin", expires, "pwd", &key)).await;
    }
}

#[tokio::test]
async fn fb_t03_tokens_of_other_installations_are_refused() {
    let site = Site::start().await;
    // The shape of the vendor's documentation: a signature of MD5, its time long over.
    let md5 = "3166ba7fb9d47ab4b3d977f8a68913a0";
    let expired = fields("admin", 1_517_028_777_168, md5);
    assert_refused(&site, &expired).await;
    // Of another server, its time not over, whole and cut off.
    let foreign = Forge {
        key: [7; 32],
        secret: [8; 32],
    };
    let foreign = foreign.token("admin", some_expiry(&site));
    assert_refused(&site, &foreign).await;
    for length in [1, 20, 60, foreign.len() - 4, foreign.len() - 1] {
        assert_refused(&site, &foreign[..length]).await;
    }
    let own = site.admin().await;
    for length in [1, 20, 60, own.len() - 4, own.len() - 1] {
        assert_refused(&site, &own[..length]).await;
    }
    assert_good(&site, &own, "admin").await;
}

#[tokio::test]
async fn fb_t04_an_expiry_that_is_raised_by_a_millisecond_is_refused() {
    raised_by(1).await;
}

#[tokio::test]
async fn fb_t05_an_expiry_that_is_raised_by_a_year_is_refused() {
    raised_by(365 * 24 * 3_600_000).await;
}

async fn raised_by(more: u64) {
    let site = Site::start().await;
    let forge = Forge::of(&site, "admin").await;
    for token in [site.admin().await, forge.token("admin", now_ms(&site) + 1)] {
        assert_good(&site, &token, "admin").await;
        let mut fields = Fields::of(&token);
        fields.expires += more;
        assert_refused(&site, &fields.token()).await;
        assert_good(&site, &token, "admin").await;
    }
}

#[tokio::test]
async fn fb_t06_a_token_that_names_another_user_is_refused() {
    let site = Site::start().await;
    let mut token = Fields::of(&site.token("feeder", "f33d").await);
    for other in ["admin", "reader", "gone", "feeder2", ""] {
        other.clone_into(&mut token.user);
        assert_refused(&site, &token.token()).await;
    }
    "feeder".clone_into(&mut token.user);
    assert_good(&site, &token.token(), "feeder").await;
}

#[tokio::test]
async fn fb_t07_a_token_that_names_its_user_in_other_letters_is_refused() {
    let site = Site::start().await;
    let (forge, expires) = (Forge::of(&site, "admin").await, some_expiry(&site));
    let signature = forge.signature("admin", expires);
    for name in ["Admin", "ADMIN", "admiN", "admin+", "+admin"] {
        assert_refused(&site, &fields(name, expires, &signature)).await;
        // Not even signed so.
        assert_refused(&site, &forge.token(&name.replace('+', " "), expires)).await;
    }
    assert_good(&site, &fields("admin", expires, &signature), "admin").await;
}

#[tokio::test]
async fn fb_t08_each_digit_of_the_signature_counts() {
    let site = Site::start().await;
    let token = Fields::of(&site.admin().await);
    assert_eq!(token.signature.len(), 64);
    for at in 0..64 {
        let mut changed = token.clone();
        let other = match &token.signature[at..=at] {
            "0" => "1",
            "f" => "e",
            _ => "0",
        };
        changed.signature.replace_range(at..=at, other);
        let reply = site.get(ACCOUNT).token(&changed.token()).send().await;
        assert_eq!(reply.status, 401, "digit {at}");
        reply.assert_challenge_without_basic();
    }
    assert_good(&site, &token.token(), "admin").await;
}

#[tokio::test]
async fn fb_t09_a_signature_in_upper_case_is_refused() {
    let site = Site::start().await;
    let mut token = Fields::of(&site.admin().await);
    token.signature.make_ascii_uppercase();
    assert_refused(&site, &token.token()).await;
}

#[tokio::test]
async fn fb_t10_a_signature_that_is_cut_off_is_refused() {
    let site = Site::start().await;
    let token = Fields::of(&site.admin().await);
    for length in [63, 62, 32, 1, 0] {
        let mut cut = token.clone();
        cut.signature.truncate(length);
        assert_refused(&site, &cut.token()).await;
    }
    let mut long = token;
    long.signature.push('0');
    assert_refused(&site, &long.token()).await;
}

#[tokio::test]
async fn fb_t11_what_another_key_signed_is_refused() {
    let (site, elsewhere) = (Site::start().await, Site::start().await);
    assert_refused(&site, &elsewhere.admin().await).await;
    let mut forge = Forge::of(&site, "admin").await;
    let expires = some_expiry(&site);
    assert_good(&site, &forge.token("admin", expires), "admin").await;
    forge.key = [0; 32];
    assert_refused(&site, &forge.token("admin", expires)).await;
    // Another key of the same ring does not serve either.
    let ring = site.app.engine.store().keys().await.unwrap();
    let others = ring
        .iter()
        .filter_map(|key| <[u8; 32]>::try_from(key.material.expose()).ok());
    let own = active_key(&site).await;
    let mut tried = 0;
    for key in others.filter(|key| *key != own) {
        forge.key = key;
        assert_refused(&site, &forge.token("admin", expires)).await;
        tried += 1;
    }
    assert!(tried > 0, "the ring holds no other key of this length");
}

#[tokio::test]
async fn fb_t13_a_token_signed_with_another_users_secret_is_refused() {
    let site = Site::start().await;
    let (forge, expires) = (Forge::of(&site, "feeder").await, some_expiry(&site));
    assert_good(&site, &forge.token("feeder", expires), "feeder").await;
    for other in ["admin", "reader", "gone"] {
        assert_refused(&site, &forge.token(other, expires)).await;
    }
}

#[tokio::test]
async fn fb_t16_an_expiry_has_one_spelling() {
    let site = Site::start().await;
    let (forge, expires) = (Forge::of(&site, "admin").await, some_expiry(&site));
    let signature = forge.signature("admin", expires);
    let spelled = |expiry: &str| raw_token(format!("admin:{expiry}:{signature}"));
    assert_good(&site, &spelled(&expires.to_string()), "admin").await;
    for expiry in [
        format!("+{expires}"),
        format!("-{expires}"),
        format!("0{expires}"),
        format!(" {expires}"),
        format!("{expires} "),
        format!("{expires:x}"),
        format!("0x{expires:x}"),
        format!("{expires}.0"),
        // The same in 64 bits, if what is above is dropped.
        (u128::from(expires) + (1 << 64)).to_string(),
        "18446744073709551616".to_owned(),
        "-1".to_owned(),
        String::new(),
    ] {
        assert_refused(&site, &spelled(&expiry)).await;
    }
}

#[tokio::test]
async fn fb_t17_a_token_has_three_fields() {
    let site = Site::start().await;
    let Fields {
        user,
        expires,
        signature,
    } = Fields::of(&site.admin().await);
    for text in [
        user.clone(),
        format!("{user}:{expires}"),
        format!("{user}:{signature}"),
        format!("{user}:{expires}:{signature}:"),
        format!(":{user}:{expires}:{signature}"),
        format!("{user}:{expires}:{signature}:{signature}"),
        format!("{user}:{expires}::{signature}"),
        format!("{user}:{expires}:a:b:{signature}"),
        "::".to_owned(),
    ] {
        assert_refused(&site, &raw_token(text)).await;
    }
}

#[tokio::test]
async fn fb_t18_a_token_that_names_an_algorithm_is_refused() {
    let site = Site::start().await;
    let token = Fields::of(&site.admin().await);
    let Fields {
        user,
        expires,
        signature,
    } = token;
    for algorithm in ["SHA256", "MD5", "NONE", "none", "FOO", ""] {
        for signature in [&*signature, &signature[..32], ""] {
            let text = format!("{user}:{expires}:{algorithm}:{signature}");
            assert_refused(&site, &raw_token(text)).await;
        }
    }
}

#[tokio::test]
async fn fb_t19_a_broken_escape_is_refused() {
    let site = Site::start().await;
    let (forge, expires) = (Forge::of(&site, "admin").await, some_expiry(&site));
    let signature = forge.signature("admin", expires);
    for user in [
        "%", "admin%", "admin%4", "%zz", "%C3", "%C3%", "%FF", "%00", "%+1", "%u0061",
    ] {
        assert_refused(&site, &fields(user, expires, &signature)).await;
    }
}

#[tokio::test]
async fn fb_t20_a_needless_escape_is_refused() {
    let site = Site::start().await;
    let (forge, expires) = (Forge::of(&site, "admin").await, some_expiry(&site));
    let signature = forge.signature("admin", expires);
    for user in ["%61dmin", "a%64min", "admi%6e", "admi%6E"] {
        assert_refused(&site, &fields(user, expires, &signature)).await;
    }
    // An escape that is needed, in small letters.
    add_user(&site.app.engine, site.account, "zo\u{eb}", "secret", None).await;
    let forge = Forge::of(&site, "zo\u{eb}").await;
    let signature = forge.signature("zo\u{eb}", expires);
    let proper = fields("zo%C3%AB", expires, &signature);
    assert_good(&site, &proper, "zo\u{eb}").await;
    assert_refused(&site, &fields("zo%c3%ab", expires, &signature)).await;
}

#[tokio::test]
async fn fb_t21_base64_is_the_standard_one() {
    let site = Site::start().await;
    let token = site.admin().await;
    let (head, tail) = token.split_at(40);
    for text in [
        format!("{head} {tail}"),
        format!("{head}\t{tail}"),
        format!("{head}={tail}"),
        format!("{head}.{tail}"),
        format!("{head}!{tail}"),
        format!("{head}-{}", &tail[1..]),
        format!("{head}_{}", &tail[1..]),
        format!("\"{token}\""),
        "admin".to_owned(),
        "not base64 at all".to_owned(),
        "%".to_owned(),
    ] {
        let reply = site.get(ACCOUNT).token(&text).send().await;
        assert_eq!(reply.status, 401, "{text:?}");
        reply.assert_challenge_without_basic();
        let reply = site.get(STATE).token(&text).send().await;
        assert_eq!(reply.status, 401, "{text:?}");
    }
    // A name whose base64 differs between the alphabets; no such name is written without escapes.
    let odd = format!("?>~:{}:{}", some_expiry(&site), "0".repeat(64));
    let url_safe = URL_SAFE_NO_PAD.encode(&odd);
    assert_ne!(url_safe, raw_token(&odd));
    assert_refused(&site, &url_safe).await;
    assert_refused(&site, &raw_token(&odd)).await;
    assert_good(&site, &token, "admin").await;
}

#[tokio::test]
async fn fb_t22_padding_is_right_or_absent() {
    let site = Site::start().await;
    let sevenup = ("sevenup", "s3ven");
    add_user(&site.app.engine, site.account, sevenup.0, sevenup.1, None).await;
    for ((username, password), right) in
        [(("admin", "pwd"), 0), (("feeder", "f33d"), 2), (sevenup, 1)]
    {
        let token = site.token(username, password).await;
        for pads in 0..=4 {
            let padded = format!("{token}{}", "=".repeat(pads));
            if pads == 0 || pads == right {
                assert_good(&site, &padded, username).await;
            } else {
                assert_refused(&site, &padded).await;
            }
        }
    }
}

#[tokio::test]
async fn fb_t23_bits_that_encode_nothing_are_zero() {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let site = Site::start().await;
    let sevenup = ("sevenup", "s3ven");
    add_user(&site.app.engine, site.account, sevenup.0, sevenup.1, None).await;
    for ((username, password), free) in [(("feeder", "f33d"), 16), (sevenup, 4)] {
        let mut token = site.token(username, password).await;
        assert_good(&site, &token, username).await;
        let last = DIGITS.find(token.pop().unwrap()).unwrap();
        assert_eq!(last % free, 0, "issued with zeros");
        for digit in last + 1..last + free {
            let spelled = format!("{token}{}", &DIGITS[digit..=digit]);
            assert_refused(&site, &spelled).await;
        }
    }
}

#[tokio::test]
async fn fb_t24_a_length_that_no_base64_has_is_refused() {
    let site = Site::start().await;
    let token = site.admin().await;
    assert_eq!(token.len() % 4, 0);
    for text in [
        format!("{token}A"),
        format!("{token}A==="),
        token[..token.len() - 3].to_owned(),
        "A".to_owned(),
    ] {
        assert_refused(&site, &text).await;
    }
}

#[tokio::test]
async fn fb_t27_what_is_no_utf8_is_refused() {
    let site = Site::start().await;
    let (forge, expires) = (Forge::of(&site, "admin").await, some_expiry(&site));
    let rest = format!("admin:{expires}:{}", forge.signature("admin", expires));
    for broken in [&[0xff_u8][..], &[0xc3], &[0xe2, 0x82], &[0xed, 0xa0, 0x80]] {
        let before = [broken, rest.as_bytes()].concat();
        assert_refused(&site, &raw_token(before)).await;
        let behind = [rest.as_bytes(), broken].concat();
        assert_refused(&site, &raw_token(behind)).await;
    }
    // Nor is a header that is no text itself.
    let call = site.get(ACCOUNT);
    let call = call.header_bytes("X-Security-Token", &[0xc3, 0xab, 0xff]);
    call.send().await.assert_challenge_without_basic();
}

#[tokio::test]
async fn fb_t28_no_user_has_a_colon_in_its_name() {
    let site = Site::start().await;
    let token = site.admin().await;
    for name in ["name:with:colon", "name%3Awith%3Acolon", ":", "a%3A"] {
        let user = format!("/admin-api/account/v1/users/{name}");
        let reply = site
            .call("PUT", &user)
            .token(&token)
            .json(&json!({"password": "s3cret", "roles": []}))
            .send()
            .await;
        let said = reply.assert_status(400).json();
        assert!(said["errorMessage"].is_string(), "{said}");
        let reply = site.get(&user).token(&token).send().await;
        reply.assert_status(404);
        let form = format!("username={name}&password=s3cret");
        let reply = site.call("POST", LOGIN).form(&form).send().await;
        reply.assert_challenge_without_basic();
    }
    // Right in every other regard.
    let forge = Forge::of(&site, "admin").await;
    let token = forge.token("name:with:colon", now_ms(&site) + LIFETIME);
    assert_eq!(Fields::of(&token).user, "name%3Awith%3Acolon");
    assert_refused(&site, &token).await;
}
