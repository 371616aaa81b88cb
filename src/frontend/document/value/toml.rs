//! TOML -> value tree, over toml-span. Dates of TOML are beyond that parser: it is shown numbers in their place.

use std::sync::OnceLock;

use regex::Regex;
use toml_span::value::ValueInner;

use super::scalar::{align_flow, Flow};
use super::{Entry, Kind, Parsed, Resolved, Style, Value};
use crate::frontend::Problem;
use crate::source::{Span, Text};

/// Parses a TOML text. A syntax error leaves no value.
pub fn parse_toml(text: &Text) -> Parsed {
    let mut parsed = Parsed {
        comments: comments(text),
        ..Parsed::default()
    };
    let dateless;
    let source = match without_dates(text.as_str()) {
        Some(masked) => {
            dateless = masked;
            dateless.as_str()
        }
        None => text.as_str(),
    };
    match toml_span::parse(source) {
        Ok(mut value) => {
            let span = text.span(0, text.len());
            let kind = convert(text, value.take(), toml_span::Span::new(0, text.len()), 0).kind;
            parsed.documents.push(Value { kind, span });
        }
        Err(error) => {
            let start = error.span.start.min(text.len());
            let end = error.span.end.clamp(start, text.len());
            parsed.problems.push(Problem::new(
                text.span(start, end),
                format!("not valid TOML: {error}"),
            ));
        }
    }
    parsed
}

fn convert(text: &Text, value: ValueInner, at: toml_span::Span, depth: usize) -> Value {
    let span = text.span(at.start, at.end);
    if depth > super::MAX_NESTING {
        return Value::null(&text.path, span);
    }
    let plain = |resolved| {
        let source = text.slice(at.start, at.end);
        Value::scalar(source, Style::Plain, resolved, span)
    };
    match value {
        ValueInner::String(decoded) => string(text, &decoded, at),
        ValueInner::Integer(number) => plain(Resolved::Number(number as f64)),
        ValueInner::Float(number) => plain(Resolved::Number(number)),
        ValueInner::Boolean(value) => plain(Resolved::Bool(value)),
        ValueInner::Array(items) => {
            let items: Vec<Value> = items
                .into_iter()
                .map(|mut item| {
                    let at = item.span;
                    convert(text, item.take(), at, depth + 1)
                })
                .collect();
            Value {
                kind: Kind::Seq(items),
                span,
            }
        }
        ValueInner::Table(table) => {
            let mut entries: Vec<Entry> = table
                .into_iter()
                .map(|(key, mut value)| {
                    let at = value.span;
                    let key_span = text.span(key.span.start, key.span.end);
                    Entry {
                        key: Text::opaque(&text.path, key_span, &key.name),
                        key_span,
                        value: convert(text, value.take(), at, depth + 1),
                    }
                })
                .collect();
            entries.sort_by_key(|entry| entry.key_span);
            Value {
                kind: Kind::Map(entries),
                span,
            }
        }
    }
}

/// The parser's span of a string is its content, without quotes and without the line break behind opening quotes.
fn string(text: &Text, decoded: &str, at: toml_span::Span) -> Value {
    let source = text.as_str();
    let before = &source[..at.start.min(source.len())];
    let before = before
        .strip_suffix("\r\n")
        .or(before.strip_suffix('\n'))
        .unwrap_or(before);
    let (quotes, style, flow) = if before.ends_with('\'') {
        ("'''", Style::Single, Flow::TomlLiteral)
    } else {
        ("\"\"\"", Style::Double, Flow::TomlBasic)
    };
    if decoded.is_empty() {
        let span = text.span(at.start, at.end);
        return Value::scalar(Text::empty(&text.path), style, Resolved::String, span);
    }
    let decoded_text = align_flow(text, at.start..at.end, decoded, flow);
    let width = if before.ends_with(quotes) { 3 } else { 1 };
    let end = (at.end + width).min(source.len());
    let span = text.span(before.len().saturating_sub(width), end);
    Value::scalar(decoded_text, style, Resolved::String, span)
}

/// The source with each date and time outside of strings and comments replaced by a number of the same length, so
/// that no span moves. `None`: there are none.
fn without_dates(source: &str) -> Option<String> {
    static DATE: OnceLock<Option<Regex>> = OnceLock::new();
    let date = DATE.get_or_init(|| {
        let form = r"^(?:\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:\d\d)?)?|\d\d:\d\d:\d\d(?:\.\d+)?)";
        Regex::new(form).ok()
    });
    let date = date.as_ref()?;
    let mut out = String::new();
    let (mut at, mut copied) = (0, 0);
    while let Some(found) = source[at..].find(['#', '"', '\'', '=', '[', ',']) {
        at += found;
        let rest = &source[at..];
        if rest.starts_with('#') {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        if rest.starts_with(['"', '\'']) {
            at += string_length(rest);
            continue;
        }
        at += 1;
        let value = source[at..].trim_start();
        let start = source.len() - value.len();
        let Some(found) = date.find(value) else {
            continue;
        };
        out.push_str(&source[copied..start]);
        out.push_str("1.");
        out.push_str(&"0".repeat(found.len() - 2));
        copied = start + found.len();
        at = copied;
    }
    if copied == 0 {
        return None;
    }
    out.push_str(&source[copied..]);
    Some(out)
}

/// Comments, found by stepping over strings.
fn comments(text: &Text) -> Vec<(Span, String)> {
    let source = text.as_str();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(found) = source[at..].find(['#', '"', '\'']) {
        at += found;
        let rest = &source[at..];
        if rest.starts_with('#') {
            let end = at + rest.find('\n').unwrap_or(rest.len());
            let line = source[at..end].trim_end();
            out.push((text.span(at, at + line.len()), line[1..].trim().to_string()));
            at = end;
        } else {
            at += string_length(rest);
        }
    }
    out
}

/// Length of the TOML string that opens a text, quotes included.
fn string_length(text: &str) -> usize {
    let quote = text.as_bytes()[0];
    let triple = text.len() >= 3 && text.as_bytes()[..3].iter().all(|b| *b == quote);
    let mut at = if triple { 3 } else { 1 };
    let bytes = text.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'"' => at += 1,
            b'\n' if !triple => return at,
            byte if byte == quote => {
                if !triple {
                    return at + 1;
                }
                if bytes[at..].len() >= 3 && bytes[at..at + 3].iter().all(|b| *b == quote) {
                    let extra = bytes[at + 3..].iter().take(2).take_while(|b| **b == quote);
                    return at + 3 + extra.count();
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}
