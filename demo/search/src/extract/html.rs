//! Reading pages. The tokens are made by the rules of the HTML standard (entities, comments, script data), so
//! nothing that a browser would take for markup is taken for text, however broken the page.

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{EndTag, HtmlString, StartTag, Token, Tokenizer};

use super::{Extracted, MAX_TEXT};

/// Elements whose content nobody reads.
const UNREAD: &[&[u8]] = &[
    b"canvas",
    b"datalist",
    b"iframe",
    b"math",
    b"noembed",
    b"noframes",
    b"noscript",
    b"object",
    b"script",
    b"select",
    b"style",
    b"svg",
    b"template",
];

/// Elements that do not part words: `<b>w</b>ord` is one.
const INLINE: &[&[u8]] = &[
    b"a", b"abbr", b"b", b"bdi", b"bdo", b"big", b"cite", b"code", b"data", b"del", b"dfn", b"em",
    b"font", b"i", b"ins", b"kbd", b"mark", b"q", b"s", b"samp", b"small", b"span", b"strong",
    b"sub", b"sup", b"time", b"tt", b"u", b"var", b"wbr",
];

/// Names under which pages declare their date.
const DATES: &[&str] = &[
    "date",
    "d",
    "dc.date",
    "dcterms.date",
    "dcterms.modified",
    "article:published_time",
];

pub(super) fn extract(text: &str) -> Extracted {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut reader = Reader::default();
    for Ok(token) in Tokenizer::new_with_emitter(text, emitter) {
        match token {
            Token::StartTag(tag) => reader.start(&tag),
            Token::EndTag(tag) => reader.end(&tag),
            Token::String(text) => reader.text(&String::from_utf8_lossy(&text)),
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
        if reader.found.text.len() > MAX_TEXT.saturating_mul(2) {
            break;
        }
    }
    let mut found = reader.found;
    found.title = found.title.or(reader.heading);
    found
}

/// Where the text goes that comes next.
#[derive(Default, PartialEq, Eq)]
enum Place {
    #[default]
    Body,
    Title,
    Heading,
}

#[derive(Default)]
struct Reader {
    found: Extracted,
    heading: Option<String>,
    place: Place,
    /// The unread element we are in, and how many of its name are open.
    unread: Option<(Vec<u8>, usize)>,
}

impl Reader {
    fn start(&mut self, tag: &StartTag<()>) {
        let name: &[u8] = &tag.name;
        if let Some((unread, open)) = &mut self.unread {
            if unread == name && !tag.self_closing {
                *open = open.saturating_add(1);
            }
            return;
        }
        match name {
            b"title" if self.found.title.is_none() => {
                self.place = Place::Title;
                self.found.title = Some(String::new());
            }
            b"h1" if self.heading.is_none() => {
                self.place = Place::Heading;
                self.heading = Some(String::new());
            }
            b"meta" => self.meta(tag),
            // The standard ignores the slash, except on elements of SVG and MathML.
            _ if UNREAD.contains(&name) => {
                let is_closed = tag.self_closing && matches!(name, b"svg" | b"math");
                self.unread = (!is_closed).then(|| (name.to_vec(), 1));
            }
            _ => {}
        }
        self.part(name);
    }

    fn end(&mut self, tag: &EndTag<()>) {
        let name: &[u8] = &tag.name;
        if let Some((unread, open)) = &mut self.unread {
            if unread == name {
                *open = open.saturating_sub(1);
                if *open == 0 {
                    self.unread = None;
                }
            }
            return;
        }
        if matches!(name, b"title" | b"h1") {
            self.place = Place::Body;
        }
        self.part(name);
    }

    fn text(&mut self, text: &str) {
        if self.unread.is_some() {
            return;
        }
        if self.place == Place::Title {
            if let Some(title) = &mut self.found.title {
                title.push_str(text);
            }
            return;
        }
        if self.place == Place::Heading
            && let Some(heading) = &mut self.heading
        {
            heading.push_str(text);
        }
        self.found.text.push_str(text);
    }

    fn part(&mut self, name: &[u8]) {
        if !INLINE.contains(&name) {
            self.found.text.push(' ');
        }
    }

    fn meta(&mut self, tag: &StartTag<()>) {
        let value = |name: &[u8]| {
            let value: Option<&HtmlString> = tag.attributes.get(name).map(|value| &value.value);
            value.map(|value| String::from_utf8_lossy(value).into_owned())
        };
        let (Some(name), Some(content)) = (
            value(b"name").or_else(|| value(b"property")),
            value(b"content"),
        ) else {
            return;
        };
        let name = name.trim().to_ascii_lowercase();
        if name == "description" {
            self.found.description.get_or_insert(content);
        } else if DATES.contains(&name.as_str()) {
            self.found.date.get_or_insert(content);
        }
    }
}
