//! JSON with comments and trailing commas -> value tree, and back to compact JSON. One pass; what is not JSON ends the
//! reading with a problem. Knows nothing of prompts.

use super::scalar::Builder;
use super::MAX_NESTING;
use super::{drop_duplicates, resolve_plain, Entry, Kind, Parsed, Resolved, Scalar, Style, Value};
use crate::frontend::Problem;
use crate::source::{Span, Text};

/// Parses a JSON text. Behind a syntax error nothing is read; what stands in front of it is kept.
pub fn parse_json(text: &Text) -> Parsed {
    let mut reader = Reader {
        text,
        source: text.as_str(),
        bytes: text.as_str().as_bytes(),
        at: 0,
        comments: Vec::new(),
        problems: Vec::new(),
        failed: false,
        too_deep: false,
    };
    reader.blank();
    let mut documents = Vec::new();
    if reader.at < reader.bytes.len() {
        documents.extend(reader.value(0));
        reader.blank();
        if !reader.failed && reader.at < reader.bytes.len() {
            reader.fail("text behind the end of the JSON value");
        }
    }
    Parsed {
        documents,
        comments: reader.comments,
        problems: reader.problems,
    }
}

struct Reader<'a> {
    text: &'a Text,
    source: &'a str,
    bytes: &'a [u8],
    at: usize,
    comments: Vec<(Span, String)>,
    problems: Vec<Problem>,
    failed: bool,
    /// The nesting limit was hit; said once.
    too_deep: bool,
}

impl Reader<'_> {
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn fail(&mut self, message: &str) {
        if !self.failed {
            let end = (self.at + 1).min(self.bytes.len());
            self.problem(self.at, end, format!("not valid JSON: {message}"));
        }
        self.failed = true;
    }

    fn problem(&mut self, start: usize, end: usize, message: String) {
        let span = self.span(start, end);
        self.problems.push(Problem::new(span, message));
    }

    fn span(&self, start: usize, end: usize) -> Span {
        // A byte range may end inside a character after an error; the map takes bytes.
        self.text.span(start, end)
    }

    /// Skips white space and comments.
    fn blank(&mut self) {
        loop {
            match self.peek() {
                b' ' | b'\t' | b'\r' | b'\n' if self.at < self.bytes.len() => self.at += 1,
                b'/' => {
                    let rest = &self.bytes[self.at..];
                    let start = self.at;
                    let (end, inner) = if rest.starts_with(b"//") {
                        let end = self.source[start..]
                            .find('\n')
                            .map_or(self.bytes.len(), |found| start + found);
                        (end, start + 2..end)
                    } else if rest.starts_with(b"/*") {
                        let end = self.source[start + 2..].find("*/");
                        let inner = end.map_or(self.bytes.len(), |found| start + 2 + found);
                        ((inner + 2).min(self.bytes.len()), start + 2..inner)
                    } else {
                        return;
                    };
                    let comment = self.source[inner].trim().to_string();
                    let span = self.span(start, end);
                    self.comments.push((span, comment));
                    self.at = end;
                }
                _ => return,
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        self.blank();
        let start = self.at;
        match self.peek() {
            b'{' | b'[' if depth >= MAX_NESTING => {
                self.skip_nested();
                if !std::mem::replace(&mut self.too_deep, true) {
                    let message = format!("nested deeper than {MAX_NESTING} levels");
                    self.problem(start, start + 1, message);
                }
                Some(Value::null(&self.text.path, self.span(start, self.at)))
            }
            b'{' => Some(self.object(depth)),
            b'[' => Some(self.array(depth)),
            b'"' => {
                let text = self.string()?;
                let span = self.span(start, self.at);
                Some(Value::scalar(text, Style::Json, Resolved::String, span))
            }
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Option<Value> {
        let start = self.at;
        while matches!(self.peek(), b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b'.') {
            self.at += 1;
        }
        let word = &self.source[start..self.at];
        let resolved = match word {
            "NaN" | "Infinity" | "-Infinity" => Resolved::Number(f64::NAN),
            "" | "Null" | "NULL" | "True" | "TRUE" | "False" | "FALSE" => Resolved::String,
            word => resolve_plain(word),
        };
        if resolved == Resolved::String {
            self.at = start;
            self.fail("expected a value");
            return None;
        }
        let text = self.text.slice(start, self.at);
        let span = self.span(start, self.at);
        Some(Value::scalar(text, Style::Plain, resolved, span))
    }

    fn array(&mut self, depth: usize) -> Value {
        let start = self.at;
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.blank();
            if self.peek() == b']' {
                self.at += 1;
                break;
            }
            let Some(item) = self.value(depth + 1) else {
                break;
            };
            items.push(item);
            if !self.comma(b']') {
                break;
            }
        }
        Value {
            kind: Kind::Seq(items),
            span: self.span(start, self.at),
        }
    }

    /// Reads a comma, or sees the closing bracket. `false`: neither, or an error before.
    fn comma(&mut self, close: u8) -> bool {
        if self.failed {
            return false;
        }
        self.blank();
        if self.peek() == b',' {
            self.at += 1;
        } else if self.peek() != close {
            self.fail("expected a comma or a closing bracket");
            return false;
        }
        true
    }

    fn object(&mut self, depth: usize) -> Value {
        let start = self.at;
        self.at += 1;
        let mut entries = Vec::new();
        loop {
            self.blank();
            if self.peek() == b'}' {
                self.at += 1;
                break;
            }
            if self.peek() != b'"' {
                self.fail("expected a key in double quotes");
                break;
            }
            let key_start = self.at;
            let Some(key) = self.string() else {
                break;
            };
            let key_span = self.span(key_start, self.at);
            self.blank();
            if self.peek() != b':' {
                self.fail("expected a colon");
                break;
            }
            self.at += 1;
            let Some(value) = self.value(depth + 1) else {
                break;
            };
            entries.push(Entry {
                key,
                key_span,
                value,
            });
            if !self.comma(b'}') {
                break;
            }
        }
        drop_duplicates(&mut entries);
        Value {
            kind: Kind::Map(entries),
            span: self.span(start, self.at),
        }
    }

    fn string(&mut self) -> Option<Text> {
        let open = self.at;
        self.at += 1;
        let mut out = Builder::new(self.text);
        let mut from = self.at;
        loop {
            // Raw line breaks are tolerated: people write them, and the reader stays in step.
            let found = self.bytes[self.at..]
                .iter()
                .position(|byte| matches!(byte, b'"' | b'\\'));
            let Some(found) = found else {
                self.at = open;
                self.fail("unclosed string");
                self.at = self.bytes.len();
                return None;
            };
            self.at += found;
            if self.at > from {
                out.keep(from, self.at);
            }
            if self.bytes[self.at] == b'"' {
                self.at += 1;
                return Some(out.finish());
            }
            let (decoded, len) = escape(&self.source[self.at..]);
            match decoded {
                Some(decoded) => {
                    out.replace(decoded.encode_utf8(&mut [0; 4]), self.at, self.at + len);
                }
                // An unknown escape stands as written.
                None => out.keep(self.at, self.at + len),
            }
            self.at += len;
            from = self.at;
        }
    }

    /// Skips a bracketed value without recursion.
    fn skip_nested(&mut self) {
        let mut open = 0usize;
        while self.at < self.bytes.len() {
            match self.bytes[self.at] {
                b'{' | b'[' => open += 1,
                b'}' | b']' => open -= 1,
                b'"' => {
                    if self.string().is_none() {
                        return;
                    }
                    continue;
                }
                _ => {}
            }
            self.at += 1;
            if open == 0 {
                return;
            }
        }
        self.fail("unclosed bracket");
    }
}

/// Decodes the escape at the start of a text: (character, source length). A lone surrogate becomes U+FFFD.
fn escape(text: &str) -> (Option<char>, usize) {
    let simple = match text.as_bytes().get(1) {
        Some(b'n') => '\n',
        Some(b't') => '\t',
        Some(b'r') => '\r',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'u') => return unicode_escape(text),
        _ => return (None, 1),
    };
    (Some(simple), 2)
}

fn unicode_escape(text: &str) -> (Option<char>, usize) {
    let unit = |from: usize| {
        let digits = text.get(from..from + 4)?;
        let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
    };
    let Some(first) = unit(2) else {
        return (None, 1);
    };
    let second = if text.get(6..8) == Some("\\u") {
        unit(8)
    } else {
        None
    };
    if let Some(second) = second {
        if let Some(Ok(pair)) = char::decode_utf16([first, second]).next() {
            if pair as u32 > 0xFFFF {
                return (Some(pair), 12);
            }
        }
    }
    let decoded = char::from_u32(u32::from(first)).unwrap_or(char::REPLACEMENT_CHARACTER);
    (Some(decoded), 6)
}

/// Writes compact JSON.
pub(super) fn write(value: &Value, out: &mut String) {
    match &value.kind {
        Kind::Scalar(scalar) => write_scalar(scalar, out),
        Kind::Seq(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Kind::Map(entries) => {
            out.push('{');
            for (at, entry) in entries.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_string(entry.key.as_str(), out);
                out.push(':');
                write(&entry.value, out);
            }
            out.push('}');
        }
    }
}

/// As `write`, with places; strings stand unescaped, because a template is rendered before it is encoded.
pub(super) fn write_template(value: &Value, out: &mut Text) {
    let punctuation = |out: &mut Text, text: &str| out.push_opaque(text, value.span);
    match &value.kind {
        Kind::Scalar(scalar) if scalar.resolved == Resolved::String => {
            punctuation(out, "\"");
            out.push(&scalar.text);
            punctuation(out, "\"");
        }
        Kind::Scalar(scalar) => {
            let mut text = String::new();
            write_scalar(scalar, &mut text);
            punctuation(out, &text);
        }
        Kind::Seq(items) => {
            punctuation(out, "[");
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    punctuation(out, ",");
                }
                write_template(item, out);
            }
            punctuation(out, "]");
        }
        Kind::Map(entries) => {
            punctuation(out, "{");
            for (at, entry) in entries.iter().enumerate() {
                let mut key = String::from(if at > 0 { "," } else { "" });
                write_string(entry.key.as_str(), &mut key);
                key.push(':');
                out.push_opaque(&key, entry.key_span);
                write_template(&entry.value, out);
            }
            punctuation(out, "}");
        }
    }
}

fn write_scalar(scalar: &Scalar, out: &mut String) {
    match scalar.resolved {
        Resolved::Null => out.push_str("null"),
        Resolved::Bool(value) => out.push_str(if value { "true" } else { "false" }),
        Resolved::Number(_) => out.push_str(scalar.text.as_str()),
        Resolved::String => write_string(scalar.text.as_str(), out),
    }
}

fn write_string(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}
