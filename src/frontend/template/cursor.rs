//! The words of one tag and the place that reading them has reached. Each dialect adds its own grammar: the methods of
//! a cursor over its kind of words.

use std::marker::PhantomData;

use super::scan::{scan, Token, Word, Words};
use super::tree::{Expr, ExprKind};
use super::Tag;

/// A kind of words.
pub(super) trait Grammar {
    const WORDS: Words;
}

pub(super) struct Cursor<'a, G> {
    pub tag: &'a Tag<'a>,
    pub tokens: Vec<Token<'a>>,
    /// Index of the next word.
    pub at: usize,
    /// The rest was given up.
    pub failed: bool,
    grammar: PhantomData<G>,
}

impl<'a, G: Grammar> Cursor<'a, G> {
    /// Over the words of a tag from an offset of the decoded text on.
    pub fn new(tag: &'a Tag<'a>, from: usize) -> Self {
        let (from, to) = (from.min(tag.inner.1), tag.inner.1);
        Cursor {
            tag,
            tokens: scan(tag.text.as_str(), from, to, &G::WORDS),
            at: 0,
            failed: false,
            grammar: PhantomData,
        }
    }

    pub fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at)
    }

    pub fn take(&mut self, op: &str) -> bool {
        let found = self.peek().is_some_and(|t| t.is(op));
        self.at += usize::from(found);
        found
    }

    pub fn take_name(&mut self, name: &str) -> bool {
        let found = self.peek().is_some_and(|t| t.is_name(name));
        self.at += usize::from(found);
        found
    }

    pub fn name(&mut self) -> Option<String> {
        let Some(Word::Name(name)) = self.peek().map(|t| &t.word) else {
            return None;
        };
        let name = name.to_string();
        self.at += 1;
        Some(name)
    }

    /// An expression over the words from an index on to the last one taken.
    pub fn expr(&self, kind: ExprKind, first: usize) -> Expr {
        let from = self.tokens.get(first).map_or(self.tag.inner.1, |t| t.from);
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        let to = last.map_or(from, |t| t.to).max(from);
        Expr::new(kind, self.tag.text.span(from, to))
    }
}
