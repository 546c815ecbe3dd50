//! The master key: seals what the store must be able to open again (decisions 18 and 19).
//!
//! Its text form is one line that says what it is, then one line per generation, newest first: `id:key`, the id in
//! hexadecimal, the key in base64. Spaces do as well as line ends, so that it fits an environment variable.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_core::hex;
use doorward_core::secret::SecretText;
use doorward_core::source::Random;
use zeroize::Zeroizing;

/// What the text form begins with.
const HEADER: &str = "doorward-master-key-1";
/// Most generations one key may hold.
const MAX_GENERATIONS: usize = 16;
/// Longest text that is looked at: the header and every generation, with room to spare.
const MAX_TEXT: usize = 2048;
/// Length of a generation's id in bytes.
pub(crate) const ID_LEN: usize = 8;
/// Length of a generation's key in bytes.
const KEY_LEN: usize = 32;

/// The text is not a master key. Never says what it is instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a master key of doorward")]
pub struct MasterKeyError;

/// One generation.
pub(crate) struct Generation {
    pub(crate) id: [u8; ID_LEN],
    pub(crate) key: Zeroizing<[u8; KEY_LEN]>,
}

/// Every generation of the master key, newest first.
#[derive(Clone)]
pub struct MasterKey(Arc<[Generation]>);

impl MasterKey {
    /// A fresh master key of one generation.
    #[must_use]
    pub fn generate(random: &Random) -> Self {
        Self(Arc::new([Generation {
            id: random.bytes(),
            key: Zeroizing::new(random.bytes()),
        }]))
    }

    /// Reads the text form, as `master.key` holds it.
    ///
    /// # Errors
    /// [`MasterKeyError`] for anything else, also for no generation, more than 16, or one id twice.
    pub fn parse(text: &SecretText) -> Result<Self, MasterKeyError> {
        let text = text.expose();
        if text.len() > MAX_TEXT {
            return Err(MasterKeyError);
        }
        let mut words = text.strip_suffix('\n').unwrap_or(text).split(['\n', ' ']);
        if words.next() != Some(HEADER) {
            return Err(MasterKeyError);
        }
        let mut generations: Vec<Generation> = Vec::new();
        for word in words {
            let generation = generation(word).ok_or(MasterKeyError)?;
            if generations.len() == MAX_GENERATIONS
                || generations.iter().any(|known| known.id == generation.id)
            {
                return Err(MasterKeyError);
            }
            generations.push(generation);
        }
        if generations.is_empty() {
            return Err(MasterKeyError);
        }
        Ok(Self(generations.into()))
    }

    /// Writes the text form.
    #[must_use]
    pub fn to_text(&self) -> SecretText {
        let mut text = String::with_capacity(MAX_TEXT);
        text.push_str(HEADER);
        text.push('\n');
        for generation in self.0.iter() {
            text.push_str(&hex::encode(&generation.id));
            text.push(':');
            STANDARD.encode_string(*generation.key, &mut text);
            text.push('\n');
        }
        SecretText::new(text)
    }

    /// Its generations, newest first.
    pub(crate) fn generations(&self) -> &[Generation] {
        &self.0
    }
}

/// Reads `id:key`.
fn generation(word: &str) -> Option<Generation> {
    let (id, key) = word.split_once(':')?;
    let bytes = Zeroizing::new(STANDARD.decode(key).ok()?);
    let mut key = Zeroizing::new([0; KEY_LEN]);
    if bytes.len() != KEY_LEN {
        return None;
    }
    key.copy_from_slice(&bytes);
    Some(Generation {
        id: hex::decode(id)?,
        key,
    })
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text_of(count: usize) -> String {
        let line = |n: usize| {
            let key = STANDARD.encode([u8::try_from(n).unwrap(); KEY_LEN]);
            format!("\n{n:016x}:{key}")
        };
        HEADER.to_owned() + &(0..count).map(line).collect::<String>()
    }

    fn parse(text: &str) -> Result<MasterKey, MasterKeyError> {
        MasterKey::parse(&SecretText::from(text))
    }

    #[test]
    fn one_to_sixteen_generations_are_read_newest_first() {
        assert!(parse(&text_of(0)).is_err());
        assert!(parse(&text_of(17)).is_err());
        let sixteen = parse(&text_of(16)).unwrap();
        assert_eq!(sixteen.generations().len(), 16);
        assert_eq!(sixteen.generations()[1].id, [0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(sixteen.to_text().expose(), format!("{}\n", text_of(16)));
    }

    #[test]
    fn a_single_line_will_do() {
        let line = text_of(2).replace('\n', " ");
        assert_eq!(
            parse(&line).unwrap().to_text().expose(),
            format!("{}\n", text_of(2))
        );
    }

    #[test]
    fn anything_else_is_refused() {
        let good = text_of(2);
        for bad in [
            String::new(),
            good.replace("key-1", "key-2"),
            good.replace('=', ""),
            good.replace(':', ";"),
            format!("{good}\n\n"),
            format!(" {good}"),
            format!("{good}\r\n"),
            format!("{good}\n{}", good.lines().last().unwrap()),
            good.replace("0000000000000001", "000000000000000A"),
        ] {
            assert_eq!(parse(&bad).err(), Some(MasterKeyError), "{bad:?}");
        }
    }

    #[test]
    fn debug_shows_the_type_only() {
        let key = MasterKey::generate(&doorward_testkit::seeded_random(1));
        assert_eq!(format!("{key:?}"), "MasterKey");
    }

    proptest! {
        #[test]
        fn text_round_trips(seed: u64) {
            let key = MasterKey::generate(&doorward_testkit::seeded_random(seed));
            let text = key.to_text();
            let again = parse(text.expose()).unwrap();
            let again = again.to_text();
            prop_assert_eq!(again.expose(), text.expose());
        }

        #[test]
        fn parsing_never_panics(text: String) {
            parse(&text).ok();
            parse(&format!("{HEADER}\n{text}")).ok();
        }

        // But for a space in the place of a line's end, which separates just as well.
        #[test]
        fn one_changed_byte_never_gives_the_same_key(at in 0_usize..80, to in 0x21_u8..0x7f) {
            let text = text_of(1);
            let mut changed = text.clone().into_bytes();
            changed[at] = to;
            let changed = String::from_utf8(changed).unwrap();
            if changed != text && let Ok(key) = parse(&changed) {
                let key = key.to_text();
                prop_assert_ne!(key.expose().trim_end(), text);
            }
        }
    }
}
