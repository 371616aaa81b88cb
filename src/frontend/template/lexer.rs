//! Cuts text into literal text and tags by one row of the dialect table. Every byte belongs to exactly one lexeme.
//! Knows nothing of what stands inside a tag.

use super::dialect::{Escape, Syntax, TagForm, TagKind, Trim};
use super::trim;

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

    /// (end of the content, trim, end of the tag) for a closing delimiter at or behind `from`.
    fn find_close(&mut self, from: usize, form: &TagForm) -> Option<(usize, Trim, usize)> {
        let close = self.close_of(form);
        let careful = form.careful && self.budget > 0;
        let mut at = None;
        if careful {
            at = self.careful_close(from, &close);
        }
        if at.is_none() {
            at = self.plain_close(from, form, &close);
        }
        let mut content_end = at?;
        let mut end = content_end + close.len();
        // `{{{a}}}`: the closing sigil is part of a run of braces.
        if !form.close_sigil.is_empty() && self.src[end..].starts_with(form.close_sigil) {
            let shifted = content_end + form.close_sigil.len();
            if self.src[shifted..].starts_with(&close) && form.close_sigil == "}" {
                content_end = shifted;
                end = content_end + close.len();
            }
        }
        let (trim, mut inner_to) = self.close_trim(from, content_end);
        if self.syntax.spaced_trims && form.kind == TagKind::Comment {
            inner_to = from + self.src[from..inner_to].trim_end().len();
        }
        if let Some(cut) = self.src[from..inner_to].strip_suffix(form.close_sigil) {
            inner_to = from + cut.len();
        }
        Some((inner_to, trim, end))
    }

    fn close_trim(&self, from: usize, content_end: usize) -> (Trim, usize) {
        let content = &self.src[from..content_end];
        for (mark, trim) in self.syntax.close_trims {
            if let Some(before) = content.strip_suffix(*mark) {
                let spaced = before.chars().next_back().is_some_and(char::is_whitespace)
                    || before.ends_with("*/");
                if !self.syntax.spaced_trims || spaced {
                    return (*trim, content_end - mark.len_utf8());
                }
            }
        }
        (Trim::Keep, content_end)
    }

    /// The first closing delimiter outside of strings and brackets; none if another tag opens first.
    fn careful_close(&mut self, from: usize, close: &str) -> Option<usize> {
        let bytes = self.src.as_bytes();
        let mut at = from;
        let mut depth = 0usize;
        while at < bytes.len() && at - from < self.budget {
            let byte = bytes[at];
            if self.syntax.quotes.as_bytes().contains(&byte) {
                match string_end(bytes, at, from + self.budget) {
                    Some(end) => at = end,
                    None => break,
                }
                continue;
            }
            if depth == 0 && bytes[at..].starts_with(close.as_bytes()) {
                self.budget -= at - from;
                return Some(at);
            }
            if self.opens_other(at) {
                break;
            }
            if self.syntax.brackets {
                match byte {
                    b'(' | b'[' | b'{' => depth += 1,
                    b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            at += 1;
        }
        self.budget = self.budget.saturating_sub(at - from);
        None
    }

    /// The first closing delimiter if no other tag opens in front of it.
    fn plain_close(&mut self, from: usize, form: &TagForm, close: &str) -> Option<usize> {
        if form.close_sigil == "--" || form.close_sigil == "*/" {
            let key = format!("{} {close}", form.close_sigil);
            if self.is_missing(&key, from) {
                return None;
            }
            let found = self.sigil_close(from, form, close);
            if found.is_none() {
                self.missing.push((key, from));
            }
            return found;
        }
        if form.kind == TagKind::Comment {
            return self.find(from, close);
        }
        let bytes = self.src.as_bytes();
        for at in from..bytes.len() {
            if bytes[at..].starts_with(close.as_bytes()) {
                return Some(at);
            }
            if self.opens_other(at) {
                return None;
            }
        }
        None
    }

    /// `--}}`, `--~}}`, `*/ -}}`.
    fn sigil_close(&mut self, from: usize, form: &TagForm, close: &str) -> Option<usize> {
        let mut at = from;
        loop {
            let sigil = self.find(at, form.close_sigil)?;
            let behind = sigil + form.close_sigil.len();
            let mut end = behind;
            if self.syntax.spaced_trims {
                end += space_len(&self.src[end..]);
            }
            let marked = self.syntax.close_trims.iter().find_map(|(mark, _)| {
                let rest = self.src[end..].strip_prefix(*mark)?;
                rest.starts_with(close).then_some(end + mark.len_utf8())
            });
            if let Some(place) = marked {
                return Some(place);
            }
            if self.src[end..].starts_with(close) {
                return Some(end);
            }
            at = sigil + 1;
        }
    }

    fn is_missing(&self, wanted: &str, from: usize) -> bool {
        self.missing
            .iter()
            .any(|(missing, at)| missing == wanted && from >= *at)
    }

    fn find(&mut self, from: usize, wanted: &str) -> Option<usize> {
        if self.is_missing(wanted, from) {
            return None;
        }
        match self.src[from..].find(wanted) {
            Some(at) => Some(from + at),
            None => {
                self.missing.push((wanted.to_string(), from));
                None
            }
        }
    }

    fn opens_other(&self, at: usize) -> bool {
        let rest = &self.src.as_bytes()[at..];
        self.syntax
            .tags
            .iter()
            .any(|form| rest.starts_with(self.open_of(form).as_bytes()))
    }

    /// If the last tag opens a verbatim block: emits its body and its end tag.
    fn verbatim_body(&mut self, from: usize) -> Option<usize> {
        let last = self.out.last()?;
        if last.kind != LexemeKind::Tag(TagKind::Statement) {
            return None;
        }
        let word = self.src[last.inner.0..last.inner.1].trim();
        let form = self.syntax.verbatim.iter().find(|v| v.start == word)?;
        let open = self.open_of(self.syntax.tags.get(1)?).to_string();
        let close = self.close_of(self.syntax.tags.get(1)?);
        let mut at = from;
        let mut depth = 0;
        let key = format!("{open}{}", form.end);
        if self.is_missing(&key, from) {
            return None;
        }
        loop {
            let Some(start) = self.find(at, &open) else {
                self.missing.push((key, from));
                return None;
            };
            let (before, inner) = self.open_trim(start + open.len());
            let word_from = inner + space_len(&self.src[inner..]);
            at = start + open.len();
            if form.comment && starts_word(&self.src[word_from..], form.start) {
                depth += 1;
            }
            if !starts_word(&self.src[word_from..], form.end) {
                continue;
            }
            let tail = word_from + form.end.len();
            let Some((after, end)) = self.bare_close(tail, &close) else {
                continue;
            };
            if depth > 0 {
                depth -= 1;
                continue;
            }
            self.close_verbatim(form.comment, from, start, (before, after), end);
            return Some(end);
        }
    }

    /// A closing delimiter with nothing but whitespace and a trim mark in front.
    fn bare_close(&self, from: usize, close: &str) -> Option<(Trim, usize)> {
        let at = from + space_len(&self.src[from..]);
        let rest = &self.src[at..];
        if rest.starts_with(close) {
            return Some((Trim::Keep, at + close.len()));
        }
        self.syntax.close_trims.iter().find_map(|(mark, trim)| {
            let behind = rest.strip_prefix(*mark)?;
            behind
                .starts_with(close)
                .then_some((*trim, at + mark.len_utf8() + close.len()))
        })
    }

    fn close_verbatim(
        &mut self,
        comment: bool,
        from: usize,
        start: usize,
        trims: (Trim, Trim),
        end: usize,
    ) {
        if comment {
            if let Some(last) = self.out.last_mut() {
                last.kind = LexemeKind::Tag(TagKind::Comment);
                last.to = end;
                last.inner = (from, start);
                last.trims.1 = trims.1;
            }
            return;
        }
        if let Some(last) = self.out.last_mut() {
            last.kind = LexemeKind::Silent;
        }
        self.text(from, start);
        self.push(LexemeKind::Silent, start, end);
        if let Some(last) = self.out.last_mut() {
            last.trims = trims;
        }
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

/// Behind the closing quote of the string that starts at `at`.
fn string_end(bytes: &[u8], at: usize, limit: usize) -> Option<usize> {
    let quote = bytes[at];
    let mut place = at + 1;
    while place < bytes.len().min(limit) {
        match bytes[place] {
            b'\\' if quote != b'`' => place += 2,
            byte if byte == quote => return Some(place + 1),
            _ => place += 1,
        }
    }
    None
}

fn space_len(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

pub(super) fn starts_word(text: &str, word: &str) -> bool {
    text.strip_prefix(word).is_some_and(|rest| {
        !rest
            .chars()
            .next()
            .is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}
