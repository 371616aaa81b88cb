//! Text with named gaps and nothing else: Python format text (`{name}`) and dollar text (`$name`, `${name}`).
//! What is not a valid gap is text, without a problem, because such text is full of braces and dollars that mean
//! themselves.

use std::ops::Range;

use super::build::Builder;
use super::expr::{Host, Parser};
use super::scan::{is_letter, is_word_char};
use super::tree::{Expr, ExprKind, Node};
use crate::source::Text;

pub(super) fn braces(text: &Text, builder: &mut Builder) {
    let src = text.as_str();
    let (mut at, mut from, mut automatic) = (0, 0, 0);
    let examples = code_examples(src);
    while let Some(found) = src[at..].find(['{', '}']) {
        let place = at + found;
        // Braces of a program that is quoted are the program's own.
        if let Some(example) = examples.iter().find(|range| range.contains(&place)) {
            at = example.end;
            continue;
        }
        let rest = &src[place..];
        let doubled = if rest.starts_with("{{") {
            Some("{")
        } else if rest.starts_with("}}") {
            Some("}")
        } else {
            None
        };
        if let Some(brace) = doubled {
            builder.text(text.slice(from, place));
            let span = text.span(place, place + 2);
            builder.text(Text::opaque(&text.path, span, brace));
            (at, from) = (place + 2, place + 2);
            continue;
        }
        let field = rest.strip_prefix('{').and_then(replacement_field);
        let Some((name_len, len)) = field else {
            at = place + 1;
            continue;
        };
        builder.text(text.slice(from, place));
        let end = place + 1 + len;
        let expr = if name_len == 0 {
            automatic += 1;
            let name = ExprKind::Name((automatic - 1).to_string());
            Expr::new(name, text.span(place, end))
        } else {
            field_name(text, place + 1, place + 1 + name_len)
        };
        let span = text.span(place, end);
        builder.node(Node::Output { expr, span });
        (at, from) = (end, end);
    }
    builder.text(text.slice(from, src.len()));
}

/// Fenced blocks that name a language: quoted code. A fence without one may hold a value.
fn code_examples(src: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut open: Option<usize> = None;
    let mut at = 0;
    let mut fenced = false;
    for line in src.split_inclusive('\n') {
        let bare = line.trim_start();
        if let Some(rest) = bare.strip_prefix("```") {
            let language = rest.trim();
            if fenced {
                fenced = false;
                if let Some(start) = open.take() {
                    out.push(start..at);
                }
            } else {
                fenced = true;
                let named =
                    !language.is_empty() && language.bytes().all(|b| b.is_ascii_alphanumeric());
                open = named.then_some(at + line.len());
            }
        }
        at += line.len();
    }
    out
}

/// The longest format specification that is looked at, in bytes.
const SPECIFICATION_LIMIT: usize = 64;

/// The length of the field's name and of the field with its closing brace.
fn replacement_field(rest: &str) -> Option<(usize, usize)> {
    let mut at = rest.find(|c| !is_word_char(c))?;
    let head = &rest[..at];
    let numbered = head.bytes().all(|b| b.is_ascii_digit());
    if !numbered && !head.starts_with(is_letter) {
        return None;
    }
    loop {
        let tail = &rest[at..];
        if let Some(name) = tail.strip_prefix('.') {
            let len = name.find(|c| !is_word_char(c))?;
            if len == 0 {
                return None;
            }
            at += 1 + len;
        } else if let Some(index) = tail.strip_prefix('[') {
            let len = index.find([']', '{', '}', '\n'])?;
            if len == 0 || !index[len..].starts_with(']') {
                return None;
            }
            at += len + 2;
        } else {
            break;
        }
    }
    let name_len = at;
    if let Some(conversion) = rest[at..].strip_prefix('!') {
        if !conversion.starts_with(['r', 's', 'a']) {
            return None;
        }
        at += 2;
    }
    if let Some(tail) = rest[at..].strip_prefix(':') {
        at += 1 + specification(tail)?;
    }
    rest[at..].starts_with('}').then_some((name_len, at + 1))
}

/// The length of a valid format specification: the standard one, a date format, or one with nested fields.
fn specification(tail: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut len = None;
    for (at, c) in tail.char_indices().take(SPECIFICATION_LIMIT) {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                len = Some(at);
                break;
            }
            '}' => depth -= 1,
            '\n' => return None,
            _ => {}
        }
    }
    let len = len?;
    let written = &tail[..len];
    (written.contains(['%', '{']) || is_standard(written)).then_some(len)
}

/// `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`
fn is_standard(written: &str) -> bool {
    let mut rest = written;
    let mut chars = written.chars();
    let (first, second) = (chars.next(), chars.next());
    let aligns = |c: Option<char>| c.is_some_and(|c| "<>=^".contains(c));
    if aligns(second) {
        rest = chars.as_str();
    } else if aligns(first) {
        rest = &written[1..];
    }
    rest = rest.strip_prefix(['+', '-', ' ']).unwrap_or(rest);
    rest = rest.strip_prefix('z').unwrap_or(rest);
    rest = rest.strip_prefix('#').unwrap_or(rest);
    rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    rest = rest.strip_prefix([',', '_']).unwrap_or(rest);
    if let Some(precision) = rest.strip_prefix('.') {
        rest = precision.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    rest.is_empty() || (rest.len() == 1 && rest.contains(|c: char| "bcdeEfFgGnosxX%".contains(c)))
}

/// `a.b[key]`: attributes, and indices without quotes.
fn field_name(text: &Text, from: usize, to: usize) -> Expr {
    let src = text.as_str();
    let head = src[from..to].find(['.', '[']).map_or(to, |at| from + at);
    let root = ExprKind::Name(src[from..head].to_string());
    let mut expr = Expr::new(root, text.span(from, head));
    let mut at = head;
    let mut height = 0;
    while at < to {
        height += 1;
        if height > super::build::NESTING_LIMIT {
            let opaque = ExprKind::Opaque(src[from..to].to_string());
            return Expr::new(opaque, text.span(from, to));
        }
        let attribute = src[at..].starts_with('.');
        let rest = &src[at + 1..to];
        let len = match attribute {
            true => rest.find(['.', '[']),
            false => rest.find(']'),
        };
        let end = at + 1 + len.unwrap_or(rest.len());
        let name = &src[at + 1..end];
        let span = text.span(from, (end + usize::from(!attribute)).min(to));
        let kind = if attribute {
            ExprKind::Attr(Box::new(expr), name.to_string())
        } else {
            let key = match name.parse::<f64>() {
                Ok(number) => ExprKind::Number(number),
                Err(_) => ExprKind::Str(name.to_string()),
            };
            let key = Expr::new(key, text.span(at + 1, end));
            ExprKind::Index(Box::new(expr), Box::new(key))
        };
        expr = Expr::new(kind, span);
        at = end + usize::from(!attribute);
    }
    expr
}

pub(super) fn dollar(text: &Text, builder: &mut Builder) {
    let src = text.as_str();
    let (mut at, mut from) = (0, 0);
    while let Some(found) = src[at..].find('$') {
        let place = at + found;
        let rest = &src[place + 1..];
        if rest.starts_with('$') {
            builder.text(text.slice(from, place));
            let span = text.span(place, place + 2);
            builder.text(Text::opaque(&text.path, span, "$"));
            (at, from) = (place + 2, place + 2);
            continue;
        }
        let gap = match rest.strip_prefix('{') {
            Some(inner) => name_len(inner, true)
                .filter(|len| inner[*len..].starts_with('}'))
                .map(|len| (place + 2, place + 2 + len, place + 3 + len)),
            None => name_len(rest, false).map(|len| (place + 1, place + 1 + len, place + 1 + len)),
        };
        let Some((name_from, name_to, end)) = gap else {
            at = place + 1;
            continue;
        };
        // `$HOME` as an example of what to type is the shell's, not the text's.
        let name = &src[name_from..name_to];
        if !name.contains(|c: char| c.is_ascii_lowercase()) && is_quoted_code(src, place) {
            at = end;
            continue;
        }
        builder.text(text.slice(from, place));
        let mut parser = Parser::new(text, name_from, name_to, Host::Script);
        let expr = parser.expression();
        let span = text.span(place, end);
        builder.node(Node::Output { expr, span });
        (at, from) = (end, end);
    }
    builder.text(text.slice(from, src.len()));
}

/// Whether a place stands within backquotes of its line, or within a fenced block.
fn is_quoted_code(src: &str, place: usize) -> bool {
    let line = src[..place].rfind('\n').map_or(0, |at| at + 1);
    let fences = src[..line]
        .lines()
        .filter(|line| line.trim_start().starts_with("```"));
    src[line..place].matches('`').count() % 2 == 1 || fences.count() % 2 == 1
}

/// The length of an ASCII name at the start, with dots where it stands in braces.
fn name_len(rest: &str, dotted: bool) -> Option<usize> {
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_';
    if !rest.starts_with(starts) {
        return None;
    }
    let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || (dotted && c == '.'));
    Some(rest.find(ends).unwrap_or(rest.len()))
}
