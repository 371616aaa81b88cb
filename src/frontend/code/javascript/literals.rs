//! Strings, template literals, numbers and regular expressions, decoded with an exact map to their source.

use tree_sitter::Node;

use super::{field, first_part, has_token, parts, span, Lowering};
use crate::frontend::code::ir::{Expr, ExprKind, FormatPart};
use crate::source::{Span, Text};

impl Lowering<'_> {
    /// The text of a string literal, without its quotes.
    pub fn string(&self, node: Node) -> Text {
        let inner = self.inside(node);
        self.decode(inner.start, inner.end)
    }

    /// Where the content of a quoted node stands; an unclosed one has no closing quote to leave out.
    pub fn inside(&self, node: Node) -> Span {
        let bytes = self.source.as_bytes();
        let (start, end) = (node.start_byte(), node.end_byte());
        let quote = bytes.get(start).copied();
        let closed = end > start + 1 && bytes.get(end - 1).copied() == quote;
        let from = (start + 1).min(end);
        Span::new(from, if closed { end - 1 } else { end })
    }

    pub fn template(&mut self, node: Node) -> ExprKind {
        self.template_of(node, Self::decode)
    }

    /// `` String.raw`..` ``: escapes stay as they are written.
    pub fn raw_template(&mut self, node: Node) -> ExprKind {
        self.template_of(node, Self::undecoded)
    }

    fn template_of(&mut self, node: Node, decode: fn(&Self, usize, usize) -> Text) -> ExprKind {
        let inner = self.inside(node);
        let mut pieces = Vec::new();
        let mut at = inner.start;
        for child in parts(node) {
            if child.kind() != "template_substitution" {
                continue;
            }
            if child.start_byte() > at {
                pieces.push(FormatPart::Text(decode(self, at, child.start_byte())));
            }
            let value = self.substitution(child);
            pieces.push(value);
            at = child.end_byte();
        }
        if pieces.is_empty() {
            return ExprKind::Text(decode(self, inner.start, inner.end));
        }
        if inner.end > at {
            pieces.push(FormatPart::Text(decode(self, at, inner.end)));
        }
        ExprKind::Format(pieces)
    }

    fn substitution(&mut self, node: Node) -> FormatPart {
        let expr = match first_part(node) {
            Some(inner) => self.expr(inner),
            None => Expr::opaque(span(node)),
        };
        FormatPart::Value {
            expr,
            spec: None,
            span: span(node),
        }
    }

    /// Decodes escapes; a CRLF of a template literal is a line feed, as the language has it.
    fn decode(&self, start: usize, end: usize) -> Text {
        self.decoded(start, end, true)
    }

    fn undecoded(&self, start: usize, end: usize) -> Text {
        self.decoded(start, end, false)
    }

    fn decoded(&self, start: usize, end: usize, escapes: bool) -> Text {
        let mut text = Text::empty(self.path);
        let bytes = self.source.as_bytes();
        let end = end.min(bytes.len());
        let (mut run, mut at) = (start, start);
        while at < end {
            let (decoded, next) = match bytes[at] {
                b'\\' if escapes => escape(&self.source[..end], at),
                b'\r' if bytes.get(at + 1) == Some(&b'\n') && at + 1 < end => (Some('\n'), at + 2),
                b'\r' => (Some('\n'), at + 1),
                _ => {
                    at += 1;
                    continue;
                }
            };
            text.push_verbatim(&self.source[run..at], run);
            if let Some(decoded) = decoded {
                text.push_opaque(decoded.encode_utf8(&mut [0; 4]), Span::new(at, next));
            }
            at = next;
            run = next;
        }
        text.push_verbatim(&self.source[run.min(end)..end], run.min(end));
        text
    }

    pub fn number(&self, node: Node) -> ExprKind {
        match number(self.text(node)) {
            Some(value) => ExprKind::Number(value),
            None => ExprKind::Opaque(Vec::new()),
        }
    }

    pub fn regex(&self, node: Node) -> ExprKind {
        let part = |name| field(node, name).map_or("", |part| self.text(part));
        ExprKind::Regex(part("pattern").to_owned(), part("flags").to_owned())
    }

    /// `import.meta`, `new.target`: an attribute of the keyword.
    pub fn meta_property(&self, node: Node) -> ExprKind {
        let object = if has_token(node, "new") {
            "new"
        } else {
            "import"
        };
        let (start, end) = (node.start_byte(), node.end_byte());
        let name = if object == "new" { "target" } else { "meta" };
        let keyword = Span::new(start, (start + object.len()).min(end));
        ExprKind::Attribute {
            object: Box::new(Expr::new(keyword, ExprKind::Name(object.to_owned()))),
            name: name.to_owned(),
            name_span: Span::new(end.saturating_sub(name.len()).max(start), end),
        }
    }
}

/// What the escape at `at` (a backslash) stands for, and where the text goes on. Nothing for a continued line.
fn escape(source: &str, at: usize) -> (Option<char>, usize) {
    let Some(sign) = source.get(at + 1..).and_then(|rest| rest.chars().next()) else {
        return (Some('\\'), at + 1);
    };
    let next = at + 1 + sign.len_utf8();
    match sign {
        'n' => (Some('\n'), next),
        't' => (Some('\t'), next),
        'r' => (Some('\r'), next),
        'b' => (Some('\u{8}'), next),
        'v' => (Some('\u{b}'), next),
        'f' => (Some('\u{c}'), next),
        '\n' | '\u{2028}' | '\u{2029}' => (None, next),
        '\r' if source[next..].starts_with('\n') => (None, next + 1),
        '\r' => (None, next),
        'x' => match hex(source, next, 2) {
            Some(code) => (char::from_u32(code), next + 2),
            None => (Some('x'), next),
        },
        'u' => unicode(source, next),
        '0'..='7' => octal(source, at + 1),
        other => (Some(other), next),
    }
}

/// `\u` escapes; `at` is behind the `u`. A pair of surrogates is one character.
fn unicode(source: &str, at: usize) -> (Option<char>, usize) {
    if let Some(rest) = source[at..].strip_prefix('{') {
        let Some(close) = rest.find('}').filter(|close| *close <= 8) else {
            return (Some('u'), at);
        };
        let Ok(code) = u32::from_str_radix(&rest[..close], 16) else {
            return (Some('u'), at);
        };
        return (lossy(code), at + close + 2);
    }
    let Some(high) = hex(source, at, 4) else {
        return (Some('u'), at);
    };
    let low_at = at + 6;
    if (0xd800..0xdc00).contains(&high) && source.get(at + 4..low_at) == Some("\\u") {
        if let Some(low) = hex(source, low_at, 4).filter(|low| (0xdc00..0xe000).contains(low)) {
            let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            return (lossy(code), low_at + 4);
        }
    }
    (lossy(high), at + 4)
}

fn lossy(code: u32) -> Option<char> {
    Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
}

fn hex(source: &str, at: usize, digits: usize) -> Option<u32> {
    let text = source.get(at..at + digits)?;
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(text, 16).ok()
}

/// `\0` and the octal escapes of sloppy code: up to three digits, at most 255.
fn octal(source: &str, at: usize) -> (Option<char>, usize) {
    let mut code = 0;
    let mut end = at;
    for digit in source[at..].bytes().take(3) {
        let value = u32::from(digit.wrapping_sub(b'0'));
        if value > 7 || code * 8 + value > 255 {
            break;
        }
        code = code * 8 + value;
        end += 1;
    }
    (char::from_u32(code), end)
}

/// A number as written: separators, radix prefixes, `n` of big integers.
pub fn number(text: &str) -> Option<f64> {
    let digits = text.replace('_', "");
    let digits = digits.strip_suffix('n').unwrap_or(&digits);
    let radix = |prefix: [&str; 2], radix: u32| {
        let rest = prefix
            .iter()
            .find_map(|prefix| digits.strip_prefix(prefix))?;
        u64::from_str_radix(rest, radix).ok()
    };
    let whole = radix(["0x", "0X"], 16)
        .or_else(|| radix(["0o", "0O"], 8))
        .or_else(|| radix(["0b", "0B"], 2));
    match whole {
        Some(whole) => Some(whole as f64),
        None => digits.parse().ok(),
    }
}
