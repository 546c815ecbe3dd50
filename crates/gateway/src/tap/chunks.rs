//! A body in chunks (RFC 9112 section 7.1), followed byte by byte.

use super::head;

/// Longest size of a chunk, in hexadecimal digits.
const MAX_DIGITS: u8 = 15;
/// Most bytes of extensions in one body; nobody uses them, and they are read for nothing.
const MAX_EXTENSIONS: usize = 4096;
/// Most bytes of trailers.
const MAX_TRAILERS: usize = 16 * 1024;
/// Fields that never come behind a body: they decide about it, or about who sent it.
const FORBIDDEN: [&str; 12] = [
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-auth-token",
    "x-security-token",
    "x-forwarded-for",
];

/// Where in the chunks we are.
#[derive(Debug)]
pub(super) struct Chunks {
    at: At,
    extensions: usize,
}

#[derive(Debug)]
enum At {
    /// In a size, with so many digits.
    Size { digits: u8, size: u64 },
    /// In an extension behind it.
    Extension { size: u64 },
    /// Behind the CR of the line.
    SizeEnd { size: u64 },
    /// In the data.
    Data(u64),
    /// Behind the data: CR, then LF.
    DataEnd { cr: bool },
    /// In the trailers.
    Trailers(Vec<u8>),
}

impl Default for Chunks {
    fn default() -> Self {
        Self {
            at: At::start(),
            extensions: 0,
        }
    }
}

impl At {
    const fn start() -> Self {
        Self::Size { digits: 0, size: 0 }
    }
}

impl Chunks {
    /// How many bytes belong to the body, and whether it is over; or how many are good before it goes wrong.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<(usize, bool), usize> {
        let mut taken = 0_usize;
        while let Some(byte) = bytes.get(taken).copied() {
            if let At::Data(left) = &mut self.at {
                let rest = bytes.len().saturating_sub(taken);
                let step = rest.min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left = left.saturating_sub(step as u64);
                taken = taken.saturating_add(step);
                if *left == 0 {
                    self.at = At::DataEnd { cr: false };
                }
                continue;
            }
            let over = self.follow(byte).ok_or(taken)?;
            taken = taken.saturating_add(1);
            if over {
                return Ok((taken, true));
            }
        }
        Ok((taken, false))
    }

    /// Whether the body is over with this byte; `None` when it may not stand here.
    fn follow(&mut self, byte: u8) -> Option<bool> {
        self.at = match &mut self.at {
            At::Size { digits, size } => match (byte, char::from(byte).to_digit(16)) {
                (_, Some(digit)) if *digits < MAX_DIGITS => At::Size {
                    digits: digits.saturating_add(1),
                    size: *size << 4 | u64::from(digit),
                },
                (b'\r', _) if *digits > 0 => At::SizeEnd { size: *size },
                (b';', _) if *digits > 0 => At::Extension { size: *size },
                _ => return None,
            },
            At::Extension { size } => {
                self.extensions = self.extensions.saturating_add(1);
                match byte {
                    _ if self.extensions > MAX_EXTENSIONS => return None,
                    b'\r' => At::SizeEnd { size: *size },
                    b'\t' | b' '..=b'~' => At::Extension { size: *size },
                    _ => return None,
                }
            }
            At::SizeEnd { .. } if byte != b'\n' => return None,
            At::SizeEnd { size: 0 } => At::Trailers(Vec::new()),
            At::SizeEnd { size } => At::Data(*size),
            At::DataEnd { cr: false } if byte == b'\r' => At::DataEnd { cr: true },
            At::DataEnd { cr: true } if byte == b'\n' => At::start(),
            At::DataEnd { .. } | At::Data(_) => return None,
            At::Trailers(lines) => return trailer(lines, byte),
        };
        Some(false)
    }
}

/// Adds to the trailers; whether they are over.
fn trailer(lines: &mut Vec<u8>, byte: u8) -> Option<bool> {
    (head::may_follow(lines, byte) && lines.len() < MAX_TRAILERS).then_some(())?;
    lines.push(byte);
    if lines == b"\r\n" {
        return Some(true);
    }
    if !lines.ends_with(b"\r\n\r\n") {
        return Some(false);
    }
    let mut fields = [httparse::EMPTY_HEADER; 64];
    match httparse::parse_headers(lines, &mut fields) {
        Ok(httparse::Status::Complete((_, fields))) => {
            let is_forbidden = |name: &str| {
                let name = doorward_core::strip::folded(name);
                name.starts_with("x-doorward-") || FORBIDDEN.contains(&name.as_str())
            };
            (!fields.iter().any(|field| is_forbidden(field.name))).then_some(true)
        }
        _ => None,
    }
}
