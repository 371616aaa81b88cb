//! Cuts text into literal text and tags by one row of the dialect table. Every byte belongs to exactly one lexeme.
//! Knows nothing of what stands inside a tag.

use super::dialect::{Escape, Syntax, TagForm, TagKind, Trim};
use super::trim;

mod close;
use close::space_len;

/// A part of the template; offsets are bytes of the decoded text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lexeme {
    pub kind: LexemeKind,
    /// The whole lexeme.
    pub from: usize,
    pub to: usize,
    /// Of a text: what is left after whitespace control. Of a tag: its content without delimiters, marks and sigils.
    pub inner: (usize, usize),
    pub trims: (Trim, Trim),
    /// Of a tag that stands alone on its line: where the blanks in front of it start.
    pub indent_from: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum LexemeKind {
    Text,
    /// Stands for other text.
    Escaped(&'static str),
    Tag(TagKind),
    /// The tags around a verbatim body, and delimiter changes: nothing is sent, nothing is said.
    Silent,
    /// A tag that is not closed: literal text that deserves a problem.
    Unclosed,
}

/// A closing delimiter that was looked for and not found is not looked for again behind that place.
struct Lexer<'a> {
    src: &'a str,
    syntax: &'static Syntax,
    delimiters: Option<(String, String)>,
    out: Vec<Lexeme>,
    /// Bytes that careful scanning may still look at; beyond it the first closing delimiter counts.
    budget: usize,
    /// Closing strings that do not occur from some place on.
    missing: Vec<(String, usize)>,
    /// Raw blocks whose end was looked for in vain.
    failed_raws: usize,
}

pub(super) fn lex(src: &str, syntax: &'static Syntax) -> Vec<Lexeme> {
    let mut lexer = Lexer {
        src,
        syntax,
        delimiters: None,
        out: Vec::new(),
        budget: src.len().saturating_mul(8).saturating_add(1 << 16),
        missing: Vec::new(),
        failed_raws: 0,
    };
    lexer.run();
    let mut out = lexer.out;
    trim::apply(src, syntax, &mut out);
    out
}

impl<'a> Lexer<'a> {
    fn run(&mut self) {
        let mut text_from = 0;
        let mut at = 0;
        while at < self.src.len() {
            let Some(found) = self.next_candidate(at) else {
                break;
            };
            let next = self.lexeme_at(found, text_from);
            match next {
                Some(end) => {
                    at = end;
                    text_from = end;
                }
                None => at = found + self.char_len(found),
            }
        }
        self.text(text_from, self.src.len());
    }

    fn char_len(&self, at: usize) -> usize {
        self.src[at..].chars().next().map_or(1, char::len_utf8)
    }

    fn open_of<'b>(&'b self, form: &'b TagForm) -> &'b str {
        match &self.delimiters {
            Some((open, _)) => open,
            None => form.open,
        }
    }

    fn close_of(&self, form: &TagForm) -> String {
        match &self.delimiters {
            Some((_, close)) => close.clone(),
            None => form.close.to_string(),
        }
    }

    /// The next place where a tag or an escape may start.
    fn next_candidate(&self, from: usize) -> Option<usize> {
        let bytes = self.src.as_bytes();
        let mut first = [false; 256];
        for form in self.syntax.tags {
            if let Some(byte) = self.open_of(form).bytes().next() {
                first[usize::from(byte)] = true;
            }
        }
        match self.syntax.escape {
            Escape::Backslash => first[usize::from(b'\\')] = true,
            Escape::Pairs(pairs) => {
                for (written, _) in pairs {
                    first[usize::from(written.as_bytes()[0])] = true;
                }
            }
            Escape::None => {}
        }
        (from..bytes.len()).find(|at| first[usize::from(bytes[*at])] && self.starts_here(*at))
    }

    fn starts_here(&self, at: usize) -> bool {
        let rest = &self.src.as_bytes()[at..];
        let escape = match self.syntax.escape {
            Escape::Backslash => rest.starts_with(b"\\{{") || rest.starts_with(b"\\\\{{"),
            Escape::Pairs(pairs) => pairs.iter().any(|(w, _)| rest.starts_with(w.as_bytes())),
            Escape::None => false,
        };
        escape
            || self
                .syntax
                .tags
                .iter()
                .any(|form| rest.starts_with(self.open_of(form).as_bytes()))
    }

    /// Emits the text in front and the lexeme at `at`; the place behind it. `None`: it is text after all.
    fn lexeme_at(&mut self, at: usize, text_from: usize) -> Option<usize> {
        let rest = &self.src[at..];
        match self.syntax.escape {
            Escape::Backslash if rest.starts_with("\\\\{{") => {
                self.text(text_from, at);
                self.push(LexemeKind::Escaped("\\"), at, at + 2);
                return Some(at + 2);
            }
            Escape::Backslash if rest.starts_with("\\{{") => {
                self.text(text_from, at);
                self.push(LexemeKind::Escaped("{{"), at, at + 3);
                return Some(at + 3);
            }
            Escape::Pairs(pairs) => {
                if let Some((written, meant)) = pairs.iter().find(|(w, _)| rest.starts_with(w)) {
                    self.text(text_from, at);
                    self.push(LexemeKind::Escaped(meant), at, at + written.len());
                    return Some(at + written.len());
                }
            }
            _ => {}
        }
        if self.syntax.quad_raw && rest.starts_with("{{{{") {
            if let Some(end) = self.quad_raw(at, text_from) {
                return Some(end);
            }
        }
        if self.syntax.set_delimiters {
            if let Some(end) = self.set_delimiters(at, text_from) {
                return Some(end);
            }
        }
        self.tag(at, text_from)
    }

    fn tag(&mut self, at: usize, text_from: usize) -> Option<usize> {
        let syntax = self.syntax;
        for form in syntax.tags {
            let open = self.open_of(form);
            if !self.src[at..].starts_with(open) || (form.sigil == "{" && self.delimiters.is_some())
            {
                continue;
            }
            let after_open = at + open.len();
            let (before, mut inner) = self.open_trim(after_open);
            if syntax.spaced_trims && before != Trim::Keep && form.kind == TagKind::Comment {
                inner += space_len(&self.src[inner..]);
            }
            if !self.src[inner..].starts_with(form.sigil) {
                continue;
            }
            inner += form.sigil.len();
            let closed = self.find_close(inner, form);
            self.text(text_from, at);
            let Some((inner_to, after, end)) = closed else {
                self.push(LexemeKind::Unclosed, at, after_open);
                return Some(after_open);
            };
            self.out.push(Lexeme {
                kind: LexemeKind::Tag(form.kind),
                from: at,
                to: end,
                inner: (inner, inner_to.max(inner)),
                trims: (before, after),
                indent_from: None,
            });
            return Some(self.verbatim_body(end).unwrap_or(end));
        }
        None
    }

    fn open_trim(&self, at: usize) -> (Trim, usize) {
        let rest = &self.src[at..];
        for (mark, trim) in self.syntax.open_trims {
            if let Some(behind) = rest.strip_prefix(*mark) {
                let spaced = behind.chars().next().is_some_and(char::is_whitespace);
                if !self.syntax.spaced_trims || spaced {
                    return (*trim, at + mark.len_utf8());
                }
            }
        }
        (Trim::Keep, at)
    }

    /// `{{{{name}}}} body {{{{/name}}}}`
    fn quad_raw(&mut self, at: usize, text_from: usize) -> Option<usize> {
        let head_len = self.src[at + 4..].find(['{', '}', '\n'])?;
        let head_end = at + 4 + head_len;
        if self.failed_raws > 16 || !self.src[head_end..].starts_with("}}}}") {
            return None;
        }
        let head = &self.src[at + 4..head_end];
        let name = head.split_whitespace().next()?.to_string();
        let body = head_end + 4;
        let Some(tail) = self.src[body..].find(&format!("{{{{{{{{/{name}}}}}}}}}")) else {
            self.failed_raws += 1;
            return None;
        };
        let tail = body + tail;
        let end = tail + name.len() + 9;
        self.text(text_from, at);
        self.push(LexemeKind::Silent, at, body);
        self.text(body, tail);
        self.push(LexemeKind::Silent, tail, end);
        Some(end)
    }

    /// `{{=<% %>=}}`
    fn set_delimiters(&mut self, at: usize, text_from: usize) -> Option<usize> {
        let form = self.syntax.tags.first()?;
        let (open, close) = (self.open_of(form).len(), self.close_of(form));
        self.src[at + open..].strip_prefix('=')?;
        let inner = at + open + 1;
        let wanted = format!("={close}");
        let head = self.src[inner..].char_indices().take(64);
        let inner_to = head
            .map(|(place, _)| inner + place)
            .find(|place| self.src[*place..].starts_with(&wanted))?;
        let mut words = self.src[inner..inner_to].split_whitespace();
        let pair = (words.next()?.to_string(), words.next()?.to_string());
        if words.next().is_some() || pair.0.len() > 16 || pair.1.len() > 16 {
            return None;
        }
        self.text(text_from, at);
        let end = inner_to + wanted.len();
        self.push(LexemeKind::Silent, at, end);
        self.delimiters = Some(pair);
        Some(end)
    }

    fn text(&mut self, from: usize, to: usize) {
        if from < to {
            self.push(LexemeKind::Text, from, to);
        }
    }

    fn push(&mut self, kind: LexemeKind, from: usize, to: usize) {
        self.out.push(Lexeme {
            kind,
            from,
            to,
            inner: (from, to),
            trims: (Trim::Keep, Trim::Keep),
            indent_from: None,
        });
    }
}

pub(super) fn starts_word(text: &str, word: &str) -> bool {
    text.strip_prefix(word).is_some_and(|rest| {
        !rest
            .chars()
            .next()
            .is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}
