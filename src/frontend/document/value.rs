//! One value tree with byte-exact spans over YAML, JSON (with comments) and TOML, for every document format.
//! String scalars are decoded into `Text`, whose map leads back to the source bytes inside quotes, escapes and
//! block scalars. Knows nothing of prompts.

mod front_matter;
mod json;
mod scalar;
mod toml;
mod yaml;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::frontend::Problem;
use crate::source::{Place, Span, Text};

pub use front_matter::split_front_matter;
pub use json::parse_json;
pub use toml::parse_toml;
pub use yaml::parse_yaml;

/// Deepest nesting that is kept; what is deeper stands as null, with a problem.
pub const MAX_NESTING: usize = 256;

/// A document as parsed. What could be read before a syntax error is kept.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// One value per document: YAML may hold several (`---`), JSON and TOML hold one. Empty if there is none.
    pub documents: Vec<Value>,
    /// Comments in source order: the span with its marker, and the text behind the marker, trimmed.
    pub comments: Vec<(Span, String)>,
    pub problems: Vec<Problem>,
}

impl Parsed {
    /// The first (usually the only) document.
    pub fn value(&self) -> Option<&Value> {
        self.documents.first()
    }
}

/// A node with its source span. The span of a quoted scalar holds its quotes, that of a block scalar its content
/// lines, that of a block collection reaches from its first key or item to its last. What an alias (or a merge key)
/// brings in keeps the spans of its definition.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    pub kind: Kind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Scalar(Scalar),
    Seq(Vec<Value>),
    /// In source order; of a key that stands twice only the last entry.
    Map(Vec<Entry>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    /// Decoded text; that of a number or a null is the source as written.
    pub text: Text,
    pub style: Style,
    pub resolved: Resolved,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    Single,
    Double,
    Literal,
    Folded,
    /// A JSON string (plain values of JSON are `Plain`).
    Json,
}

/// What a scalar stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Resolved {
    Null,
    Bool(bool),
    Number(f64),
    String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: Text,
    pub key_span: Span,
    pub value: Value,
}

impl Value {
    fn null(path: &Arc<str>, span: Span) -> Value {
        Value {
            kind: Kind::Scalar(Scalar {
                text: Text::empty(path),
                style: Style::Plain,
                resolved: Resolved::Null,
            }),
            span,
        }
    }

    fn scalar(text: Text, style: Style, resolved: Resolved, span: Span) -> Value {
        Value {
            kind: Kind::Scalar(Scalar {
                text,
                style,
                resolved,
            }),
            span,
        }
    }

    /// The value under a key; `None` if this is no map or has no such key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The value under the first of several keys that is there.
    pub fn get_any(&self, keys: &[&str]) -> Option<&Value> {
        keys.iter().find_map(|key| self.get(key))
    }

    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries()
            .iter()
            .find(|entry| entry.key.as_str() == key)
    }

    /// The value behind a path of keys.
    pub fn path(&self, keys: &[&str]) -> Option<&Value> {
        keys.iter().try_fold(self, |value, key| value.get(key))
    }

    pub fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// The entries of a map; empty for anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a sequence; empty for anything else.
    pub fn items(&self) -> &[Value] {
        match &self.kind {
            Kind::Seq(items) => items,
            _ => &[],
        }
    }

    pub fn is_map(&self) -> bool {
        matches!(self.kind, Kind::Map(_))
    }

    pub fn is_seq(&self) -> bool {
        matches!(self.kind, Kind::Seq(_))
    }

    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The decoded text of a string (not of a number, a bool or a null).
    pub fn as_text(&self) -> Option<&Text> {
        self.as_scalar()
            .filter(|scalar| scalar.resolved == Resolved::String)
            .map(|scalar| &scalar.text)
    }

    pub fn as_str(&self) -> Option<&str> {
        self.as_text().map(Text::as_str)
    }

    pub fn is_null(&self) -> bool {
        self.as_scalar()
            .is_some_and(|scalar| scalar.resolved == Resolved::Null)
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self.as_scalar()?.resolved {
            Resolved::Bool(value) => Some(value),
            _ => None,
        }
    }

    pub fn as_f64(&self) -> Option<f64> {
        match self.as_scalar()?.resolved {
            Resolved::Number(value) => Some(value),
            _ => None,
        }
    }

    pub fn get_str(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    pub fn get_text(&self, key: &str) -> Option<&Text> {
        self.get(key)?.as_text()
    }

    /// The place of the value in the file that `path` names.
    pub fn place(&self, path: &Arc<str>) -> Place {
        Place {
            path: path.clone(),
            span: self.span,
        }
    }

    /// Compact JSON of the value, keys in source order: what goes over the wire.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        json::write(self, &mut out);
        out
    }

    /// The same with a map back to the source, and with strings that hold template tags as they are rendered.
    pub fn to_template(&self, path: &Arc<str>) -> Text {
        let mut out = Text::empty(path);
        json::write_template(self, &mut out);
        out
    }
}

/// Drops all but the last entry of each key. Source order stays.
fn drop_duplicates(entries: &mut Vec<Entry>) {
    let mut seen = std::collections::BTreeSet::new();
    let keep: Vec<bool> = entries
        .iter()
        .rev()
        .map(|entry| seen.insert(entry.key.as_str().to_string()))
        .collect();
    if keep.iter().all(|keep| *keep) {
        return;
    }
    let mut keep = keep.into_iter().rev();
    entries.retain(|_| keep.next().unwrap_or(true));
}

/// What a plain scalar of YAML's core schema (which holds JSON's) stands for.
fn resolve_plain(text: &str) -> Resolved {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        "true" | "True" | "TRUE" => return Resolved::Bool(true),
        "false" | "False" | "FALSE" => return Resolved::Bool(false),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = unsigned.strip_prefix(prefix) {
            return match u64::from_str_radix(digits, radix) {
                Ok(number) => Resolved::Number(number as f64),
                Err(_) => Resolved::String,
            };
        }
    }
    let numeric = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.contains(|c: char| c.is_ascii_digit());
    match text.parse::<f64>() {
        Ok(number) if numeric => Resolved::Number(number),
        _ => Resolved::String,
    }
}
