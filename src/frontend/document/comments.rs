//! The comments of a document file, for suppressions: those of its data language and those of a template body.

use super::value::{parse_json, parse_toml, parse_yaml, split_front_matter};
use crate::frontend::template::{self, dialect::Dialect};
use crate::source::{SourceFile, Span};

/// Every comment of a document with its span, in order of the file.
pub fn comments(file: &SourceFile) -> Vec<(Span, String)> {
    let text = file.content();
    let extension = file.path.rsplit_once('.').map_or("", |(_, end)| end);
    match extension.to_ascii_lowercase().as_str() {
        "yaml" | "yml" => parse_yaml(&text).comments,
        "json" | "jsonc" => parse_json(&text).comments,
        "toml" => parse_toml(&text).comments,
        "prompt" | "prompty" => match split_front_matter(&text) {
            Some((front, body)) => {
                let dialect = if extension.eq_ignore_ascii_case("prompt") {
                    Dialect::Dotprompt
                } else {
                    Dialect::Jinja
                };
                let mut out = parse_yaml(&front).comments;
                out.extend(template::parse(&body, dialect).comments());
                out
            }
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}
