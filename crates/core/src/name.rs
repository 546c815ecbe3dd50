//! How names of accounts, realms, users and phone numbers are brought into the one form in which
//! they are stored and compared (crossbar.md section 3.2, decision 3).

use unicode_normalization::UnicodeNormalization as _;

use crate::id::AccountId;

/// Longest account name in characters (crossbar.md section 12.2).
pub const MAX_ACCOUNT_NAME: usize = 128;
/// Longest username in characters (crossbar.md section 12.4).
pub const MAX_USERNAME: usize = 256;

/// Why a name is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing is left of it.
    #[error("must not be empty")]
    Empty,
    /// Longer than this many characters.
    #[error("must not be longer than {0} characters")]
    TooLong(usize),
    /// Shorter than this many characters.
    #[error("must have at least {0} characters")]
    TooShort(usize),
    /// A character that does not belong there.
    #[error("holds a character that is not allowed")]
    Character,
    /// A form that means something else: 32 hexadecimal digits are an id.
    #[error("must not look like an id")]
    LooksLikeId,
}

/// The form in which account names are compared: lower case, only `a-z0-9` kept. `Child Account` and
/// `child-account` are one name. `None` when nothing is left: such a name matches nothing.
#[must_use]
pub fn account_name_key(name: &str) -> Option<String> {
    let key: String = name
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        .collect();
    (!key.is_empty()).then_some(key)
}

/// Checks an account's name for storing: 1 to 128 characters, no control characters.
///
/// # Errors
/// See [`NameError`].
pub fn check_account_name(name: &str) -> Result<(), NameError> {
    let length = name.chars().count();
    if length == 0 {
        return Err(NameError::Empty);
    }
    if length > MAX_ACCOUNT_NAME {
        return Err(NameError::TooLong(MAX_ACCOUNT_NAME));
    }
    if name.chars().any(char::is_control) {
        return Err(NameError::Character);
    }
    Ok(())
}

/// A realm as stored: spaces removed, lower case, 4 to 253 of letters, digits, `.`, `_`, `-`.
///
/// # Errors
/// See [`NameError`].
pub fn realm(text: &str) -> Result<String, NameError> {
    let realm: String = text
        .chars()
        .filter(|c| *c != ' ')
        .flat_map(char::to_lowercase)
        .collect();
    let length = realm.chars().count();
    if length < 4 {
        return Err(NameError::TooShort(4));
    }
    if length > 253 {
        return Err(NameError::TooLong(253));
    }
    if !realm
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'))
    {
        return Err(NameError::Character);
    }
    Ok(realm)
}

/// A username as stored: NFC, lower case, 1 to 256 of letters, digits and `+@._-`; never a text that
/// could be an account's id, never `:` (which ends the user-id in Basic, RFC 7617) or `~` (which
/// separates account and user).
///
/// # Errors
/// See [`NameError`].
pub fn username(text: &str) -> Result<String, NameError> {
    let name = text
        .nfc()
        .flat_map(char::to_lowercase)
        .nfc()
        .collect::<String>();
    let length = name.chars().count();
    if length == 0 {
        return Err(NameError::Empty);
    }
    if length > MAX_USERNAME {
        return Err(NameError::TooLong(MAX_USERNAME));
    }
    if name.parse::<AccountId>().is_ok() {
        return Err(NameError::LooksLikeId);
    }
    if !name
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '+' | '@' | '.' | '_' | '-'))
    {
        return Err(NameError::Character);
    }
    Ok(name)
}

/// The NFC form of a text; what verifiers of passwords are computed over (decision 3).
#[must_use]
pub fn nfc(text: &str) -> String {
    text.nfc().collect()
}

/// A phone number in E.164, by the converters of crossbar.md section 3.2; a text that none of them
/// knows is kept as it is, for it can only miss.
#[must_use]
pub fn phone(text: &str) -> String {
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let bare = text
        .strip_prefix("+1")
        .or_else(|| text.strip_prefix('1'))
        .unwrap_or(text);
    for candidate in [bare, text] {
        if is_nanp(candidate) {
            return format!("+1{candidate}");
        }
    }
    for prefix in ["011", "00"] {
        if let Some(rest) = text.strip_prefix(prefix)
            && digits(rest)
            && rest.len() >= 5
        {
            return format!("+{rest}");
        }
    }
    if digits(text) && text.len() >= 8 && text.as_bytes().first().is_some_and(|b| *b >= b'2') {
        return format!("+{text}");
    }
    text.to_owned()
}

/// `[2-9]\d{2}[2-9]\d{6}`: a subscriber of the North American plan.
fn is_nanp(text: &str) -> bool {
    match text.as_bytes() {
        [area, a, b, exchange, rest @ ..] => {
            rest.len() == 6
                && (b'2'..=b'9').contains(area)
                && (b'2'..=b'9').contains(exchange)
                && [a, b].into_iter().chain(rest).all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn account_names_are_compared_without_case_space_and_punctuation() {
        for name in ["Child Account", "child-account", "CHILDACCOUNT"] {
            assert_eq!(account_name_key(name).as_deref(), Some("childaccount"));
        }
        assert_eq!(account_name_key("  -!"), None);
    }

    #[test]
    fn usernames_with_a_meaning_of_their_own_are_refused() {
        assert_eq!(username("Bob"), Ok("bob".to_owned()));
        assert_eq!(username("a:b"), Err(NameError::Character));
        assert_eq!(username("a~b"), Err(NameError::Character));
        assert_eq!(username("bad name!"), Err(NameError::Character));
        assert_eq!(username(&"A".repeat(32)), Err(NameError::LooksLikeId));
        assert_eq!(username(&"g".repeat(32)), Ok("g".repeat(32)));
        assert_eq!(username("e\u{301}"), Ok("\u{e9}".to_owned()));
    }

    #[test]
    fn phone_numbers_follow_the_converters_in_order() {
        for text in ["+14155550100", "14155550100", "4155550100"] {
            assert_eq!(phone(text), "+14155550100", "{text}");
        }
        assert_eq!(phone("01149301234567"), "+49301234567");
        assert_eq!(phone("0049301234567"), "+49301234567");
        assert_eq!(phone("49301234567"), "+49301234567");
        assert_eq!(phone("+49301234567"), "+49301234567");
        assert_eq!(phone("hello"), "hello");
        assert_eq!(phone("é155550100"), "é155550100");
    }

    #[test]
    fn realms_lose_spaces_and_case() {
        assert_eq!(realm("Sip Example.COM"), Ok("sipexample.com".to_owned()));
        assert_eq!(realm("ab"), Err(NameError::TooShort(4)));
        assert_eq!(realm("a/b.com"), Err(NameError::Character));
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text: String) {
            if let Ok(once) = username(&text) {
                prop_assert_eq!(username(&once), Ok(once));
            }
            if let Ok(once) = realm(&text) {
                prop_assert_eq!(realm(&once), Ok(once));
            }
            if let Some(once) = account_name_key(&text) {
                prop_assert_eq!(account_name_key(&once), Some(once));
            }
            let once = phone(&text);
            prop_assert_eq!(phone(&once), once);
        }
    }
}
