//! The comments of a document file, for suppressions: those of its data language and those of a template body; and the
//! keys and items that a comment above speaks of, whatever line of their text a finding stands on.

use super::value::{
    parse_json, parse_toml, parse_yaml, split_front_matter, Kind, Parsed, Style, Value,
};
use crate::frontend::template::{self, dialect::Dialect};
use crate::source::{SourceFile, Span};

/// What a document says to the linter.
#[derive(Debug, Default)]
pub struct Spoken {
    /// Every comment with its span, in order of the file.
    pub comments: Vec<(Span, String)>,
    /// Keys with their texts, and items of lists that are texts.
    pub statements: Vec<Span>,
}

impl From<Parsed> for Spoken {
    fn from(parsed: Parsed) -> Spoken {
        let mut statements = Vec::new();
        for document in &parsed.documents {
            collect(document, &mut statements);
        }
        Spoken {
            comments: parsed.comments,
            statements,
        }
    }
}

/// Nesting is bounded by the reader of values.
fn collect(value: &Value, out: &mut Vec<Span>) {
    match &value.kind {
        Kind::Map(entries) => {
            for entry in entries {
                if entry.value.as_text().is_some() {
                    out.push(entry.key_span.to(entry.value.span));
                }
                collect(&entry.value, out);
            }
        }
        Kind::Seq(items) => {
            for item in items {
                if item.as_text().is_some() {
                    out.push(with_header(item));
                }
                collect(item, out);
            }
        }
        Kind::Scalar(_) => {}
    }
}

/// An item with the line of its `- |`: the content of a block scalar begins behind it.
fn with_header(item: &Value) -> Span {
    match &item.kind {
        Kind::Scalar(scalar) if matches!(scalar.style, Style::Literal | Style::Folded) => {
            Span::new(item.span.start.saturating_sub(1), item.span.end)
        }
        _ => item.span,
    }
}

/// The comments of a document and what they may speak of.
pub fn comments(file: &SourceFile) -> Spoken {
    let text = file.content();
    let extension = file.path.rsplit_once('.').map_or("", |(_, end)| end);
    match extension.to_ascii_lowercase().as_str() {
        "yaml" | "yml" => parse_yaml(&text).into(),
        "json" | "jsonc" => parse_json(&text).into(),
        "toml" => parse_toml(&text).into(),
        "prompt" | "prompty" => match split_front_matter(&text) {
            Some((front, body)) => {
                let dialect = if extension.eq_ignore_ascii_case("prompt") {
                    Dialect::Dotprompt
                } else {
                    Dialect::Jinja
                };
                let mut out = Spoken::from(parse_yaml(&front));
                out.comments
                    .extend(template::parse(&body, dialect).comments());
                out
            }
            None => Spoken::default(),
        },
        _ => Spoken::default(),
    }
}
