//! An answer as a tree, written as JSON or as XML from the same members: the two cannot disagree.

use serde_json::{Map, Value};

use crate::date;

/// Stands for what XML cannot carry.
const REPLACEMENT: &str = "\u{fffd}";

/// A part of an answer.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    /// A time in milliseconds since 1970: the number in JSON, the day in XML.
    Day(i64),
    Object(Vec<(&'static str, Node)>),
    /// The class of its items, by which XML names them, and the items.
    List(&'static str, Vec<Node>),
    /// Members whose names come from outside.
    Map(Vec<(String, Node)>),
}

impl Node {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub(super) fn int(value: Option<i64>) -> Self {
        value.map_or(Self::Null, Self::Int)
    }

    pub(super) fn day(value: Option<i64>) -> Self {
        value.map_or(Self::Null, Self::Day)
    }

    pub(super) fn texts(texts: &[String]) -> Self {
        Self::List(
            "string",
            texts.iter().map(|text| Self::text(text)).collect(),
        )
    }

    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Int(value) | Self::Day(value) => (*value).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Object(members) => {
                let members = members.iter();
                let members: Map<_, _> = members
                    .map(|(name, node)| ((*name).to_owned(), node.to_json()))
                    .collect();
                Value::Object(members)
            }
            Self::List(_, items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Self::Map(members) => {
                let members = members.iter();
                let members: Map<_, _> = members
                    .map(|(name, node)| (name.clone(), node.to_json()))
                    .collect();
                Value::Object(members)
            }
        }
    }

    pub(super) fn to_xml(&self, root: &str) -> String {
        let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
        self.element(root, &mut out);
        out.push('\n');
        out
    }

    /// Nothing is written for what is not there. Names are ours, never from outside.
    fn element(&self, name: &str, out: &mut String) {
        if matches!(self, Self::Null) {
            return;
        }
        out.push('<');
        out.push_str(name);
        out.push('>');
        match self {
            Self::Null => {}
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Int(value) => out.push_str(&value.to_string()),
            Self::Text(text) => escape(text, out),
            Self::Day(ms) => out.push_str(&date::day(*ms)),
            Self::Object(members) => {
                for (name, node) in members {
                    node.element(name, out);
                }
            }
            Self::List(class, items) => {
                for item in items {
                    item.element(class, out);
                }
            }
            Self::Map(members) => {
                for (key, node) in members {
                    out.push_str("<entry><string>");
                    escape(key, out);
                    out.push_str("</string>");
                    node.element(node.type_name(), out);
                    out.push_str("</entry>");
                }
            }
        }
        out.push_str("</");
        out.push_str(name);
        out.push('>');
    }

    /// How XML names a value that has no name of its own.
    fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Int(_) => "int",
            Self::Text(_) => "string",
            Self::Day(_) => "date",
            Self::List(..) => "list",
            Self::Object(_) | Self::Map(_) => "map",
        }
    }
}

/// Escapes markup. Characters that XML 1.0 has no way to write, even escaped, are replaced.
fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // A bare one would be read as a line feed.
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(letter),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push_str(REPLACEMENT),
            _ => out.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tree() -> Node {
        Node::Object(vec![
            ("gone", Node::Null),
            ("yes", Node::Bool(true)),
            ("day", Node::Day(1_414_454_400_000)),
            ("names", Node::texts(&["a<b".to_owned()])),
            ("map", Node::Map(vec![("k&".to_owned(), Node::Int(1))])),
        ])
    }

    #[test]
    fn json_keeps_nulls_and_numbers() {
        assert_eq!(
            tree().to_json().to_string(),
            r#"{"gone":null,"yes":true,"day":1414454400000,"names":["a<b"],"map":{"k&":1}}"#
        );
    }

    #[test]
    fn xml_leaves_nulls_out_and_writes_days() {
        assert_eq!(
            tree().to_xml("r"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<r><yes>true</yes><day>28 Oct 2014</day>\
             <names><string>a&lt;b</string></names>\
             <map><entry><string>k&amp;</string><int>1</int></entry></map></r>\n"
        );
    }

    proptest! {
        #[test]
        fn xml_is_well_formed_whatever_the_text(text in any::<String>(), key in "[\0-\u{10ffff}]{0,5}") {
            let node = Node::Map(vec![(key, Node::text(&text))]);
            let xml = node.to_xml("r");
            let document = roxmltree::Document::parse(&xml).unwrap();
            let read = document.descendants().rfind(|node| node.has_tag_name("string")).unwrap();
            let lost = |letter: char| matches!(letter, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
            prop_assert_eq!(read.text().unwrap_or_default(), text.replace(lost, REPLACEMENT));
        }
    }
}
