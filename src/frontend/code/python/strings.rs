//! String literals: prefixes, escapes, f-strings and implicit concatenation, with a map back to every byte.

use tree_sitter::Node;

use super::{parts, span, Lowering};
use crate::frontend::code::ir::{Arg, ArgKind, Expr, ExprKind, FormatPart};
use crate::source::{Span, Text};

/// How the content of a literal is written.
#[derive(Clone, Copy, Default, Debug)]
struct Style {
    raw: bool,
    bytes: bool,
    /// An f-string: `{{` is a brace.
    format: bool,
}

impl Lowering<'_> {
    /// One literal, or several that stand next to each other.
    pub(super) fn string(&mut self, node: Node) -> Expr {
        let mut out = Vec::new();
        if node.kind() == "concatenated_string" {
            for literal in parts(node) {
                if literal.kind() == "string" {
                    self.literal_into(literal, &mut out);
                }
            }
        } else {
            self.literal_into(node, &mut out);
        }
        let kind = match out.len() {
            0 => ExprKind::Text(Text::empty(&self.file.path)),
            1 => match out.swap_remove(0) {
                FormatPart::Text(text) => ExprKind::Text(text),
                value => ExprKind::Format(vec![value]),
            },
            _ => ExprKind::Format(out),
        };
        Expr::new(span(node), kind)
    }

    /// The text of a docstring: a literal without values.
    pub(super) fn docstring(&mut self, node: Node) -> Option<Text> {
        if !matches!(node.kind(), "string" | "concatenated_string") {
            return None;
        }
        match self.string(node).kind {
            ExprKind::Text(text) => Some(text),
            _ => None,
        }
    }

    fn literal_into(&mut self, node: Node, out: &mut Vec<FormatPart>) {
        let mut cursor = node.walk();
        let mut style = Style::default();
        let mut at = node.start_byte();
        let mut end = node.end_byte();
        // Whatever lies between the values is text, also what the parser could not make sense of.
        for child in node.children(&mut cursor) {
            match child.kind() {
                "string_start" => {
                    style = Style::of(self.source(child));
                    at = child.end_byte();
                }
                "interpolation" => {
                    self.text_into(Span::new(at, child.start_byte()), style, out);
                    self.interpolation(child, out);
                    at = child.end_byte();
                }
                "string_end" => end = child.start_byte(),
                _ => {}
            }
        }
        self.text_into(Span::new(at, end), style, out);
    }

    fn text_into(&self, source: Span, style: Style, out: &mut Vec<FormatPart>) {
        let Some(content) = self.text.get(source.start..source.end) else {
            return;
        };
        if content.is_empty() {
            return;
        }
        let text = match out.last_mut() {
            Some(FormatPart::Text(text)) => text,
            _ => {
                out.push(FormatPart::Text(Text::empty(&self.file.path)));
                let Some(FormatPart::Text(text)) = out.last_mut() else {
                    return;
                };
                text
            }
        };
        decode(text, content, source.start, style);
        // A continued line alone is no text.
        if text.is_empty() {
            out.pop();
        }
    }

    /// `{expr=!r:spec}`
    fn interpolation(&mut self, node: Node, out: &mut Vec<FormatPart>) {
        let mut at = span(node);
        let inner = node.child_by_field_name("expression");
        let conversion = node.child_by_field_name("type_conversion");
        let spec = node.child_by_field_name("format_specifier");
        let mut shown = conversion.map(|conversion| self.source(conversion));
        let mut cursor = node.walk();
        let sign = node.children(&mut cursor).find(|child| child.kind() == "=");
        if let Some(sign) = sign {
            let next = conversion.or(spec);
            let end = next.map_or(at.end.saturating_sub(1), |next| next.start_byte());
            let written = Span::new(at.start + 1, end.max(sign.end_byte()));
            let raw = Style {
                raw: true,
                ..Style::default()
            };
            self.text_into(written, raw, out);
            at.start = written.end;
            if shown.is_none() && spec.is_none() {
                shown = Some("!r");
            }
        }
        let mut expr = match inner {
            Some(inner) => self.expr(inner),
            None => self.opaque_parts(node),
        };
        match shown {
            Some("!r") => expr = shown_by("repr", expr),
            Some("!a") => expr = shown_by("ascii", expr),
            _ => {}
        }
        let spec = spec.and_then(|spec| self.literal_spec(spec));
        out.push(FormatPart::Value {
            expr,
            spec,
            span: at,
        });
    }

    /// The spec behind its colon; none where it holds values itself.
    fn literal_spec(&self, node: Node) -> Option<String> {
        if parts(node)
            .iter()
            .any(|part| part.kind() == "format_expression")
        {
            return None;
        }
        let source = self.source(node);
        Some(source.strip_prefix(':').unwrap_or(source).to_owned())
    }
}

/// `{x!r}` is `repr(x)`.
fn shown_by(function: &str, value: Expr) -> Expr {
    let at = value.span;
    let callee = Box::new(Expr::new(at, ExprKind::Name(function.into())));
    let kind = ArgKind::Positional;
    let args = vec![Arg {
        span: at,
        value,
        kind,
    }];
    Expr::new(
        at,
        ExprKind::Call {
            callee,
            args,
            new: false,
        },
    )
}

impl Style {
    fn of(start: &str) -> Style {
        let mut style = Style::default();
        for sign in start.bytes() {
            match sign.to_ascii_lowercase() {
                b'r' => style.raw = true,
                b'b' => style.bytes = true,
                b'f' | b't' => style.format = true,
                b'u' => {}
                _ => break,
            }
        }
        style
    }
}

/// Appends the content of a literal that starts at byte `start` of the file, as Python reads it.
fn decode(out: &mut Text, content: &str, start: usize, style: Style) {
    let bytes = content.as_bytes();
    let mut at = 0;
    let mut plain = 0;
    while at < bytes.len() {
        let (len, text) = match bytes[at] {
            b'\r' => (line_break(bytes, at), Decoded::Sign('\n')),
            b'\\' if style.raw => {
                // The sign behind it is no escape and no line break of its own.
                at += 1;
                continue;
            }
            b'\\' => escape(content, at, style),
            b'{' | b'}' if style.format && bytes.get(at + 1) == Some(&bytes[at]) => {
                (2, Decoded::Sign(char::from(bytes[at])))
            }
            _ => {
                at += 1;
                continue;
            }
        };
        if let Decoded::AsWritten = text {
            at += len;
            continue;
        }
        out.push_verbatim(&content[plain..at], start + plain);
        if let Decoded::Sign(sign) = text {
            let source = Span::new(start + at, start + at + len);
            out.push_opaque(sign.encode_utf8(&mut [0; 4]), source);
        }
        at += len;
        plain = at;
    }
    out.push_verbatim(&content[plain..], start + plain);
}

enum Decoded {
    Sign(char),
    Nothing,
    AsWritten,
}

fn line_break(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at..at + 2) {
        Some(b"\r\n") => 2,
        _ => 1,
    }
}

/// The escape at a backslash: how many bytes it has and what it stands for.
fn escape(content: &str, at: usize, style: Style) -> (usize, Decoded) {
    let bytes = content.as_bytes();
    let Some(sign) = bytes.get(at + 1) else {
        return (1, Decoded::AsWritten);
    };
    let simple = match sign {
        b'\n' => return (2, Decoded::Nothing),
        b'\r' => return (1 + line_break(bytes, at + 1), Decoded::Nothing),
        b'\\' | b'\'' | b'"' => char::from(*sign),
        b'a' => '\u{7}',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'v' => '\u{b}',
        b'0'..=b'7' => return octal(bytes, at),
        b'x' => return hexadecimal(bytes, at, 2),
        b'u' if !style.bytes => return hexadecimal(bytes, at, 4),
        b'U' if !style.bytes => return hexadecimal(bytes, at, 8),
        b'N' if !style.bytes => return named(content, at),
        _ => return (1, Decoded::AsWritten),
    };
    (2, Decoded::Sign(simple))
}

fn octal(bytes: &[u8], at: usize) -> (usize, Decoded) {
    let digits = bytes[at + 1..].iter().take(3);
    let digits = digits.take_while(|digit| (b'0'..=b'7').contains(*digit));
    let (len, code) = digits.fold((1, 0u32), |(len, code), digit| {
        (len + 1, code * 8 + u32::from(digit - b'0'))
    });
    (len, Decoded::Sign(sign_of(code)))
}

fn hexadecimal(bytes: &[u8], at: usize, digits: usize) -> (usize, Decoded) {
    let Some(written) = bytes.get(at + 2..at + 2 + digits) else {
        return (1, Decoded::AsWritten);
    };
    let mut code = 0u32;
    for digit in written {
        let Some(value) = char::from(*digit).to_digit(16) else {
            return (1, Decoded::AsWritten);
        };
        code = (code << 4) | value;
    }
    (2 + digits, Decoded::Sign(sign_of(code)))
}

/// `\N{name}`: one sign. The names of all signs are not kept here, so it stands as the replacement character.
fn named(content: &str, at: usize) -> (usize, Decoded) {
    let rest = &content[at + 2..];
    match (rest.starts_with('{'), rest.find('}')) {
        (true, Some(close)) if close > 1 => {
            (2 + close + 1, Decoded::Sign(char::REPLACEMENT_CHARACTER))
        }
        _ => (1, Decoded::AsWritten),
    }
}

/// A surrogate is a sign of its own in Python, but none in UTF-8.
fn sign_of(code: u32) -> char {
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}
