//! The content types that are read (crossbar.md section 1.5).

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::error::Error;

/// How a body is to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    /// JSON, said or unsaid.
    Json,
    /// A form, or JSON called one: that is what cURL's `-d` sends.
    Form,
}

/// Reads the content type. Parameters do not count; lines that differ are no type we read.
pub(super) fn of(headers: &HeaderMap) -> Result<MediaType, Error> {
    let mut lines = headers.get_all(CONTENT_TYPE).iter();
    let Some(first) = lines.next() else {
        return Ok(MediaType::Json);
    };
    if lines.any(|line| line != first) {
        return Err(Error::UnsupportedMediaType);
    }
    let text = first.to_str().unwrap_or("?");
    named(text).ok_or(Error::UnsupportedMediaType)
}

fn named(text: &str) -> Option<MediaType> {
    let (essence, _) = text.split_once(';').unwrap_or((text, ""));
    match essence.trim().to_ascii_lowercase().as_str() {
        "application/json" | "application/x-json" | "" => Some(MediaType::Json),
        "application/x-www-form-urlencoded" => Some(MediaType::Form),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parameters_and_case_do_not_count() {
        for text in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/x-json ;a=b",
        ] {
            assert_eq!(named(text), Some(MediaType::Json), "{text}");
        }
        assert_eq!(
            named("application/x-www-form-urlencoded"),
            Some(MediaType::Form)
        );
        for text in [
            "text/plain",
            "application/xml",
            "application/jsonx",
            "multipart/form-data; boundary=x",
        ] {
            assert_eq!(named(text), None, "{text}");
        }
    }

    #[test]
    fn contradicting_lines_are_no_type() {
        let mut headers = HeaderMap::new();
        headers.append(CONTENT_TYPE, "application/json".parse().unwrap());
        headers.append(CONTENT_TYPE, "text/plain".parse().unwrap());
        assert!(of(&headers).is_err());
    }

    proptest! {
        #[test]
        fn reading_never_panics(text: String) {
            let _ = named(&text);
        }
    }
}
