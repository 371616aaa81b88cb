//! Words of the small languages inside tags: names, strings, numbers, operators, each with its place.
//! Knows no grammar.

/// How a language writes its words.
pub(super) struct Words {
    pub starts_name: fn(char) -> bool,
    pub in_name: fn(char) -> bool,
    /// String delimiters and whether a backslash escapes inside.
    pub quotes: &'static [(char, bool)],
    /// `[literal segment]` is a name.
    pub bracket_names: bool,
    /// Longest first.
    pub operators: &'static [&'static str],
}

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Word<'a> {
    Name(&'a str),
    Str(String),
    Number(f64),
    Op(&'static str),
    /// A character that belongs to nothing, or a string that does not end.
    Other,
}

/// A word and its byte range in the decoded text.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Token<'a> {
    pub word: Word<'a>,
    pub from: usize,
    pub to: usize,
}

impl Token<'_> {
    pub fn is(&self, op: &str) -> bool {
        matches!(&self.word, Word::Op(o) if *o == op)
    }
    pub fn is_name(&self, name: &str) -> bool {
        matches!(&self.word, Word::Name(n) if *n == name)
    }
}

pub(super) fn is_letter(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

pub(super) fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

pub(super) fn scan<'a>(src: &'a str, from: usize, to: usize, words: &Words) -> Vec<Token<'a>> {
    let mut out: Vec<Token<'a>> = Vec::new();
    let mut at = from;
    while let Some(first) = src[at..to].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let behind_dot = out
            .last()
            .is_some_and(|last: &Token| last.is(".") && last.to == at);
        let (word, len) = word_at(&src[at..to], first, words, behind_dot);
        out.push(Token {
            word,
            from: at,
            to: at + len,
        });
        at += len;
    }
    out
}

fn word_at<'a>(rest: &'a str, first: char, words: &Words, behind_dot: bool) -> (Word<'a>, usize) {
    if let Some((quote, escapes)) = words.quotes.iter().find(|(q, _)| *q == first) {
        return match string(rest, *quote, *escapes) {
            Some((text, len)) => (Word::Str(text), len),
            None => (Word::Other, rest.len()),
        };
    }
    if words.bracket_names && first == '[' {
        if let Some(end) = rest.find(']') {
            return (Word::Name(&rest[1..end]), end + 1);
        }
    }
    if first.is_ascii_digit() {
        let (value, len) = number(rest, behind_dot);
        let ends = rest[len..].chars().next().is_none_or(|c| !is_word_char(c));
        if ends || !(words.starts_name)(first) {
            return (Word::Number(value), len);
        }
    }
    if (words.starts_name)(first) {
        let head = first.len_utf8();
        let tail = rest[head..].find(|c| !(words.in_name)(c));
        let len = tail.map_or(rest.len(), |tail| head + tail);
        return (Word::Name(&rest[..len]), len);
    }
    match words.operators.iter().find(|op| rest.starts_with(**op)) {
        Some(op) => (Word::Op(op), op.len()),
        None => (Word::Other, first.len_utf8()),
    }
}

fn number(rest: &str, integer: bool) -> (f64, usize) {
    let bytes = rest.as_bytes();
    let digits = |from: usize| {
        bytes[from..]
            .iter()
            .take_while(|b| b.is_ascii_digit() || **b == b'_')
            .count()
    };
    let mut len = digits(0);
    if !integer {
        if bytes.get(len) == Some(&b'.') && bytes.get(len + 1).is_some_and(u8::is_ascii_digit) {
            len += 1 + digits(len + 1);
        }
        if matches!(bytes.get(len), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(len + 1), Some(b'+' | b'-')));
            if bytes.get(len + 1 + sign).is_some_and(u8::is_ascii_digit) {
                len += 1 + sign;
                len += digits(len);
            }
        }
    }
    let plain: String = rest[..len].chars().filter(|c| *c != '_').collect();
    (plain.parse().unwrap_or(0.0), len)
}

/// The decoded string at the start of `rest` and its length with quotes.
pub(super) fn string(rest: &str, quote: char, escapes: bool) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return Some((out, at + c.len_utf8()));
        }
        if c != '\\' || !escapes {
            out.push(c);
            continue;
        }
        let (_, escaped) = chars.next()?;
        match escaped {
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            '\n' => {}
            'x' | 'u' | 'U' => {
                let digits = match escaped {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let code = rest.get(at + 2..at + 2 + digits);
                let decoded = code
                    .filter(|code| code.bytes().all(|b| b.is_ascii_hexdigit()))
                    .and_then(|code| u32::from_str_radix(code, 16).ok())
                    .and_then(char::from_u32);
                match decoded {
                    Some(decoded) => {
                        out.push(decoded);
                        chars.by_ref().take(digits).for_each(drop);
                    }
                    None => out.extend(['\\', escaped]),
                }
            }
            '\\' | '\'' | '"' | '/' | '`' => out.push(escaped),
            other => out.extend(['\\', other]),
        }
    }
    None
}
