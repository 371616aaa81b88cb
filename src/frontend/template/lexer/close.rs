//! Where a tag ends: its closing delimiter past strings and comments, and the end of a verbatim body.

use super::super::dialect::{TagForm, TagKind, Trim};
use super::{starts_word, LexemeKind, Lexer};

impl Lexer<'_> {
    /// (end of the content, trim, end of the tag) for a closing delimiter at or behind `from`.
    pub(super) fn find_close(
        &mut self,
        from: usize,
        form: &TagForm,
    ) -> Option<(usize, Trim, usize)> {
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

    pub(super) fn find(&mut self, from: usize, wanted: &str) -> Option<usize> {
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
    pub(super) fn verbatim_body(&mut self, from: usize) -> Option<usize> {
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

    pub(super) fn close_verbatim(
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

pub(super) fn space_len(text: &str) -> usize {
    text.len() - text.trim_start().len()
}
