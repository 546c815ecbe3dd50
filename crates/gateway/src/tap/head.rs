//! A head: which bytes may stand in it, and how the body behind it ends (RFC 9112 sections 2 to 6).

/// Most fields of a head, hyper's own number.
const MAX_HEADERS: usize = 100;
/// Digits of the longest length that is believed.
const MAX_DIGITS: usize = 18;

/// How the body behind a head ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is none.
    None,
    /// After so many bytes.
    Length(u64),
    /// With its last chunk.
    Chunked,
    /// More fields than are looked at.
    TooLarge,
}

/// Whether a byte may stand behind these: line ends are CR LF, controls stand nowhere, and a line does not
/// begin with white space, which would fold it into the one above.
pub(super) fn may_follow(head: &[u8], byte: u8) -> bool {
    let last = head.last().copied();
    if last == Some(b'\r') {
        return byte == b'\n';
    }
    match byte {
        b'\r' => true,
        b' ' | b'\t' => !matches!(last, None | Some(b'\n')),
        // Among them LF, which only follows CR.
        0..=0x1f | 0x7f => false,
        _ => true,
    }
}

/// Reads a complete head; `None` for one that is refused.
pub(super) fn framing(head: &[u8]) -> Option<Framing> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(head) {
        Ok(httparse::Status::Complete(length)) if length == head.len() => {}
        Err(httparse::Error::TooManyHeaders) => return Some(Framing::TooLarge),
        _ => return None,
    }
    let (method, target, minor) = (request.method?, request.path?, request.version?);
    let line = head.split(|b| *b == b'\r').next()?;
    // Exactly one space on either side: httparse takes several.
    let exact = format!("{method} {target} HTTP/1.{minor}");
    let sound = target.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
    if line != exact.as_bytes() || !sound {
        return None;
    }
    let host = only(request.headers, "host").ok()?;
    if host.is_none() && minor == 1 {
        return None;
    }
    if let Some(authority) = absolute(target)
        && !host.is_some_and(|host| host.eq_ignore_ascii_case(authority.as_bytes()))
    {
        return None;
    }
    let length = only(request.headers, "content-length").ok()?;
    let coding = only(request.headers, "transfer-encoding").ok()?;
    match (length, coding) {
        (None, None) => Some(Framing::None),
        (Some(length), None) => match digits(length)? {
            0 => Some(Framing::None),
            length => Some(Framing::Length(length)),
        },
        (None, Some(coding)) if minor == 1 && coding.eq_ignore_ascii_case(b"chunked") => {
            Some(Framing::Chunked)
        }
        _ => None,
    }
}

/// A field that stands more than once.
struct Repeated;

/// The one value of a field, if it is there.
fn only<'h>(fields: &[httparse::Header<'h>], name: &str) -> Result<Option<&'h [u8]>, Repeated> {
    let mut values = fields
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case(name));
    let first = values.next();
    if values.next().is_some() {
        return Err(Repeated);
    }
    Ok(first.map(|field| field.value.trim_ascii()))
}

fn digits(text: &[u8]) -> Option<u64> {
    let sound = (1..=MAX_DIGITS).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text)
        .ok()
        .filter(|_| sound)?
        .parse()
        .ok()
}

/// The authority of a target in absolute form.
fn absolute(target: &str) -> Option<&str> {
    let (scheme, rest) = target.split_once("://")?;
    if scheme.contains(['/', '?']) {
        return None;
    }
    Some(rest.split(['/', '?']).next().unwrap_or(rest))
}
