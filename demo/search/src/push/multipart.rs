//! A document and its metadata in one body. Clients label it `multipart/form-data`, as documented, or `multipart/mixed`.

use std::convert::Infallible;

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use futures_util::stream;
use multer::Multipart;

use super::error::PushError;

/// Parts that are looked at; two mean something.
const MAX_PARTS: usize = 8;

/// What the body holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) content: Bytes,
    pub(super) content_type: Option<String>,
    pub(super) metadata: Option<Bytes>,
}

/// The boundary that the content type names.
pub(super) fn boundary(fields: &HeaderMap) -> Result<String, PushError> {
    let value = fields.get(header::CONTENT_TYPE);
    let value = value.and_then(|value| value.to_str().ok());
    let (media_type, parameters) = value
        .and_then(|value| value.split_once(';'))
        .ok_or(PushError::NotMultipart)?;
    let media_type = media_type.trim().to_ascii_lowercase();
    if !matches!(
        media_type.as_str(),
        "multipart/form-data" | "multipart/mixed"
    ) {
        return Err(PushError::NotMultipart);
    }
    // The library knows one of the two labels.
    multer::parse_boundary(format!("multipart/form-data;{parameters}"))
        .map_err(|_| PushError::NotMultipart)
}

/// Takes the body apart.
pub(super) async fn parse(body: Bytes, boundary: String) -> Result<Parts, PushError> {
    const BROKEN: PushError = PushError::Multipart("the multipart body is broken");
    let whole = stream::iter([Ok::<_, Infallible>(body)]);
    let mut multipart = Multipart::new(whole, boundary);
    let (mut content, mut metadata) = (None, None);
    let mut count = 0_usize;
    while let Some(field) = multipart.next_field().await.map_err(|_| BROKEN)? {
        count = count.saturating_add(1);
        if count > MAX_PARTS {
            return Err(PushError::Multipart(
                "the multipart body has more than 8 parts",
            ));
        }
        let name = field.name().unwrap_or_default().to_owned();
        let content_type = field.content_type().map(ToString::to_string);
        let bytes = field.bytes().await.map_err(|_| BROKEN)?;
        let is_first = match name.as_str() {
            "content" => content.replace((bytes, content_type)).is_none(),
            "metadata" => metadata.replace(bytes).is_none(),
            _ => true,
        };
        if !is_first {
            return Err(PushError::Multipart(
                "a part of the multipart body comes twice",
            ));
        }
    }
    let (content, content_type) = content.ok_or(PushError::Multipart(
        "the multipart body has no part named content",
    ))?;
    Ok(Parts {
        content,
        content_type,
        metadata,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part(name: &str, content: &str) -> String {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
    }

    async fn parsed(body: String) -> Result<Parts, PushError> {
        parse(Bytes::from(body), "b".to_owned()).await
    }

    #[test]
    fn both_labels_are_known() {
        for (value, expected) in [
            ("multipart/form-data; boundary=x", Some("x")),
            ("Multipart/Mixed; boundary=\"a b\"", Some("a b")),
            ("multipart/mixed", None),
            ("multipart/related; boundary=x", None),
            ("text/html; boundary=x", None),
        ] {
            let mut fields = HeaderMap::new();
            fields.insert("content-type", value.parse().unwrap());
            assert_eq!(boundary(&fields).ok().as_deref(), expected, "{value}");
        }
        assert!(boundary(&HeaderMap::new()).is_err());
    }

    #[tokio::test]
    async fn parts_are_found_by_their_names() {
        let body = format!(
            "{}{}{}--b--\r\n",
            part("metadata", "{}"),
            part("other", "?"),
            part("content", "hello\r\n")
        );
        let parts = parsed(body).await.unwrap();
        assert_eq!(parts.content, "hello\r\n");
        assert_eq!(parts.content_type, None);
        assert_eq!(parts.metadata.unwrap(), "{}");
    }

    #[tokio::test]
    async fn bodies_without_content_twice_the_same_or_too_many_parts_are_refused() {
        let only_metadata = format!("{}--b--\r\n", part("metadata", "{}"));
        assert!(parsed(only_metadata).await.is_err());
        let twice = format!("{}{}--b--\r\n", part("content", "1"), part("content", "2"));
        assert!(parsed(twice).await.is_err());
        let many = format!(
            "{}{}--b--\r\n",
            part("content", "1"),
            part("x", "").repeat(8)
        );
        assert!(parsed(many).await.is_err());
        let cut = part("content", "1");
        assert!(parsed(cut.trim_end().to_owned()).await.is_err());
    }

    proptest! {
        #[test]
        fn any_body_is_parsed_or_refused(body in "(--b|\r\n|[ -~]|Content-Disposition: form-data; name=content){0,40}") {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _parsed_or_refused = runtime.block_on(parsed(body));
        }
    }
}
