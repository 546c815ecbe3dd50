//! Why a request cannot be judged.

/// What a route may be told to bear (attacks.md S22): each is refused unless it is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Oddity {
    /// `%2F` in the path.
    EncodedSlash,
    /// `\` or `%5C` in the path.
    Backslash,
    /// `;` or `%3B` in the path: parameters, to some servers.
    Semicolon,
    /// `%25` and two hexadecimal digits: encoded twice, to some servers.
    DoubleEncoding,
    /// `//` in the path.
    EmptySegment,
    /// `%23` in the path: `#`, to those who decode early.
    EncodedHash,
    /// `%3F` in the path: `?`, where the query begins to those who decode early.
    EncodedQuestionMark,
}

/// The set of oddities a route bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Leniency(u8);

impl Leniency {
    /// Bears these.
    #[must_use]
    pub fn of(oddities: &[Oddity]) -> Self {
        Self(oddities.iter().fold(0, |bits, oddity| bits | oddity.bit()))
    }

    /// Also bears this one.
    #[must_use]
    pub const fn with(self, oddity: Oddity) -> Self {
        Self(self.0 | oddity.bit())
    }

    /// Whether everything the other set has is borne.
    #[must_use]
    pub const fn bears(self, found: Self) -> bool {
        found.0 & !self.0 == 0
    }
}

impl Oddity {
    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Why a request is refused with 400 before anybody asks who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Not `/…`, or longer than is looked at.
    #[error("the request target is not a path")]
    Target,
    /// Control characters, spaces or bytes above 0x7E in the target.
    #[error("the request target holds characters that must be encoded")]
    Characters,
    /// A `%` without two hexadecimal digits.
    #[error("the path holds a broken percent-encoding")]
    Encoding,
    /// `.` or `..` as a segment, encoded or not.
    #[error("the path holds dot segments")]
    DotSegment,
    /// `#` in the target.
    #[error("the request target holds a fragment")]
    Fragment,
    /// NUL or another control character, encoded.
    #[error("the path holds an encoded control character")]
    Control,
    /// Something that the route does not bear.
    #[error("the path holds an encoding that this API does not take")]
    Odd,
    /// No host, several, or one that is no host.
    #[error("the request names no single, sound host")]
    Host,
    /// A header that decides is repeated with different values.
    #[error("a header that may stand once stands more often")]
    Repeated,
}
