use proptest::prelude::*;

use super::*;

fn html(page: &str) -> Extracted {
    extract(Some("text/html"), page.as_bytes())
}

#[test]
fn a_page_is_read_without_tags_scripts_and_styles() {
    let found = html(
        "<!doctype html><html><head><title>Bins &amp; bags</title><style>p { color: red }</style>\
         <meta name=Description content='What goes where'><meta property=article:published_time content=2026-03-01>\
         <script>var secret = '<p>not me</p>';</script></head>\
         <body class=outer><h1>Bins &amp; bags</h1><p>Pa<b>per</b> goes<br>blue.</p><!-- hidden -->\
         <noscript>nor me</noscript><svg><title>icon</title><text>drawn</text></svg>\
         <template><template>x</template>y</template><p title=attribute>Glass&nbsp;green",
    );
    assert_eq!(found.title.as_deref(), Some("Bins & bags"));
    assert_eq!(found.description.as_deref(), Some("What goes where"));
    assert_eq!(found.date.as_deref(), Some("2026-03-01"));
    assert_eq!(found.text, "Paper goes blue. Glass green");
    assert_eq!(found.file_type, "html");
}

#[test]
fn a_page_without_a_title_takes_its_first_heading() {
    let found = html("<h1>One</h1><h1>Two</h1>three");
    assert_eq!(found.title.as_deref(), Some("One"));
    assert_eq!(found.text, "Two three");
}

#[test]
fn an_element_left_open_hides_the_rest() {
    assert_eq!(html("a<script>b</p>c").text, "a");
    assert_eq!(html("a<style>b<b>c").text, "a");
    assert_eq!(html("a<svg/>b<script/>c").text, "a b");
}

#[test]
fn entities_are_text_and_stay_it() {
    let found = html("<p>&lt;script&gt;alert(1)&lt;/script&gt;");
    assert_eq!(found.text, "<script>alert(1)</script>");
}

#[test]
fn xml_needs_type_and_declaration() {
    let body = "<?xml version='1.0'?><book><title>On bees</title><p a='b'>Hum<![CDATA[ & buzz]]></p></book>";
    let found = extract(Some("application/xml"), body.as_bytes());
    assert_eq!(found.title.as_deref(), Some("On bees"));
    assert_eq!(found.text, "Hum & buzz");
    assert_eq!(found.file_type, "xml");
    let undeclared = extract(Some("text/xml"), b"<a>b</a>");
    assert_eq!(undeclared.text, "<a>b</a>");
    assert_eq!(undeclared.file_type, "txt");
}

#[test]
fn entities_of_xml_do_not_grow() {
    let bomb =
        "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'bbbb'><!ENTITY c '&b;&b;'>]><a>&c;</a>";
    assert!(extract(Some("text/xml"), bomb.as_bytes()).text.len() <= bomb.len());
}

#[test]
fn json_is_read_by_its_values() {
    let found = extract(
        Some("application/json; charset=utf-8"),
        br#"{"title":"Pharmacy","open":[9,"till noon"],"on":true}"#,
    );
    assert_eq!(found.title.as_deref(), Some("Pharmacy"));
    assert_eq!(found.text, "9 till noon");
    let broken = extract(Some("application/json"), b"{oops");
    assert_eq!(broken.text, "{oops");
}

#[test]
fn pages_sent_as_text_are_pages() {
    let page = b"\n<!DOCTYPE HTML><p>read";
    for media_type in [None, Some("text/plain"), Some("application/octet-stream")] {
        assert_eq!(extract(media_type, page).text, "read", "{media_type:?}");
    }
    assert_eq!(extract(Some("text/plain"), b"a <b> c").text, "a <b> c");
    assert_eq!(extract(Some("application/pdf"), b"%PDF").text, "");
}

#[test]
fn encodings_are_honoured() {
    assert_eq!(
        extract(Some("text/plain; charset=ISO-8859-1"), b"\xe4").text,
        "ä"
    );
    assert_eq!(
        extract(Some("text/html"), b"<meta charset=\"windows-1252\">\x80").text,
        "€"
    );
    assert_eq!(extract(Some("text/plain"), b"\xff\xfea\0").text, "a");
    assert_eq!(extract(Some("text/plain"), b"\xff!").text, "\u{fffd}!");
}

#[test]
fn hostile_depth_and_size_are_survived() {
    let deep = format!("<?xml version='1.0'?>{}", "<a>".repeat(100_000));
    extract(Some("text/xml"), deep.as_bytes());
    let closed = format!(
        "<?xml version='1.0'?>{}{}",
        "<a>".repeat(5_000),
        "</a>".repeat(5_000)
    );
    extract(Some("text/xml"), closed.as_bytes());
    extract(Some("text/html"), "<svg>".repeat(200_000).as_bytes());
    extract(Some("application/json"), "[".repeat(200_000).as_bytes());
    let long = extract(Some("text/plain"), "word ".repeat(500_000).as_bytes());
    assert!(long.text.len() < MAX_TEXT);
    let title = html(&format!("<title>{}</title>", "x".repeat(5_000)));
    assert_eq!(title.title.unwrap().len(), MAX_LINE);
}

proptest! {
    #[test]
    fn whatever_is_sent_is_read(
        kind in prop::sample::select(vec!["text/html", "text/xml", "application/json", "text/plain; charset=x", "a/b"]),
        content in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let found = extract(Some(kind), &content);
        prop_assert!(!found.text.chars().any(char::is_control));
    }

    #[test]
    fn no_tag_becomes_text(pieces in prop::collection::vec(
        prop::sample::select(vec!["<p>", "</p>", "<b", " class=markup ", ">", "<script>", "</script>", "<!--", "-->", "<title>", "word", "\"", "</"]), 0..40,
    )) {
        let page = format!("<html>{}", pieces.concat());
        let found = html(&page);
        // Inside a raw title the standard itself makes text of tags.
        prop_assume!(!page.contains("<title>"));
        prop_assert!(!found.text.contains("<p>"), "{}", found.text);
    }
}
