//! The words of a Handlebars tag: paths, literals, sub-expressions, helper calls with their arguments.

use super::super::build::NESTING_LIMIT;
use super::super::cursor::{Cursor, Grammar};
use super::super::scan::{Word, Words};
use super::super::tree::{Expr, ExprKind};

pub(super) struct Handlebars;

impl Grammar for Handlebars {
    const WORDS: Words = Words {
        starts_name: is_id,
        in_name: is_id,
        quotes: &[('"', true), ('\'', true)],
        bracket_names: true,
        operators: &[
            "..", ".", "/", "(", ")", "=", "|", "@", "#", "^", ">", "&", "*", "-",
        ],
    };
}

pub(super) type Parser<'a> = Cursor<'a, Handlebars>;

/// Handlebars takes nearly everything for a part of a name.
fn is_id(c: char) -> bool {
    !c.is_whitespace() && !"!\"#%&'()*+,./;<=>@[\\]^`{|}~".contains(c)
}

/// Head, positional and named arguments of a helper call.
pub(super) struct Invocation {
    pub(super) head: Expr,
    pub(super) args: Vec<Expr>,
    pub(super) named: Vec<(String, Expr)>,
    /// `as |a b|`
    pub(super) params: Vec<String>,
}

impl Parser<'_> {
    /// Where the name of a block ends: its first run of words without a gap.
    pub(super) fn head_end(&self) -> usize {
        let mut end = self.tokens.first().map_or(self.tag.inner.1, |t| t.to);
        for token in self.tokens.iter().skip(1) {
            if token.from != end {
                break;
            }
            end = token.to;
        }
        end
    }

    /// The whole tag as one call; nothing if words are left over.
    pub(super) fn invocation(&mut self) -> Option<Invocation> {
        let head = self.value(0)?;
        let (args, named) = self.arguments(0);
        let params = self.block_params();
        (!self.failed && self.at >= self.tokens.len()).then_some(Invocation {
            head,
            args,
            named,
            params,
        })
    }

    pub(super) fn whole_path(&mut self) -> Option<Expr> {
        let value = self.path()?;
        (self.at >= self.tokens.len()).then_some(value)
    }

    pub(super) fn block_params(&mut self) -> Vec<String> {
        let mut out = Vec::new();
        let starts = self.peek().is_some_and(|t| t.is_name("as"))
            && self.tokens.get(self.at + 1).is_some_and(|t| t.is("|"));
        if !starts {
            return out;
        }
        self.at += 2;
        while let Some(Word::Name(name)) = self.peek().map(|t| &t.word) {
            out.push((*name).to_string());
            self.at += 1;
        }
        self.failed |= !self.take("|");
        out
    }

    pub(super) fn arguments(&mut self, depth: usize) -> (Vec<Expr>, Vec<(String, Expr)>) {
        let (mut args, mut named) = (Vec::new(), Vec::new());
        while let Some(token) = self.peek() {
            let next_is = |op: &str| self.tokens.get(self.at + 1).is_some_and(|t| t.is(op));
            if token.is(")") || (token.is_name("as") && next_is("|")) {
                break;
            }
            let key = match &token.word {
                Word::Name(key) if next_is("=") => Some((*key).to_string()),
                _ => None,
            };
            self.at += if key.is_some() { 2 } else { 0 };
            let Some(value) = self.value(depth) else {
                self.failed = true;
                break;
            };
            match key {
                Some(key) => named.push((key, value)),
                None => args.push(value),
            }
        }
        (args, named)
    }

    pub(super) fn value(&mut self, depth: usize) -> Option<Expr> {
        let first = self.at;
        let token = self.peek()?.clone();
        if depth >= NESTING_LIMIT {
            return None;
        }
        let kind = match token.word {
            Word::Str(text) => ExprKind::Str(text),
            Word::Number(value) => ExprKind::Number(value),
            Word::Name("true") => ExprKind::Bool(true),
            Word::Name("false") => ExprKind::Bool(false),
            Word::Name("null" | "undefined") => ExprKind::None,
            Word::Name(name) if name.starts_with('-') && name.parse::<f64>().is_ok() => {
                ExprKind::Number(name.parse().unwrap_or_default())
            }
            Word::Op("(") => return self.subexpression(depth),
            _ => return self.path(),
        };
        self.at += 1;
        Some(self.expr(kind, first))
    }

    fn subexpression(&mut self, depth: usize) -> Option<Expr> {
        let first = self.at;
        self.at += 1;
        let head = self.value(depth + 1)?;
        let (args, named) = self.arguments(depth + 1);
        if self.failed || !self.take(")") {
            return None;
        }
        Some(self.expr(ExprKind::Call(Box::new(head), args, named), first))
    }

    /// `a.b`, `a/b`, `this.x`, `../x`, `@root.x`, `.`, `[literal].x`
    pub(super) fn path(&mut self) -> Option<Expr> {
        let first = self.at;
        let mut name = String::new();
        let at = self.take("@");
        while self.take("..") {
            if !name.is_empty() {
                name.push('/');
            }
            name.push_str("..");
            if !self.take("/") {
                self.at = self.at.max(first + 1);
                return Some(self.expr(ExprKind::Name(name), first));
            }
        }
        if name.is_empty() && self.take(".") {
            name.push_str("this");
            let mut value = self.expr(ExprKind::Name(name), first);
            if self.take("/") {
                value = self.attribute(value, first)?;
            }
            return self.attributes(value, first);
        }
        if !name.is_empty() {
            let up = self.expr(ExprKind::Name(name), first);
            let value = self.attribute(up, first)?;
            return self.attributes(value, first);
        }
        let root = self.segment()?;
        let root = if at { format!("@{root}") } else { root };
        let value = self.expr(ExprKind::Name(root), first);
        self.attributes(value, first)
    }

    fn segment(&mut self) -> Option<String> {
        let name = match &self.peek()?.word {
            Word::Name(name) => (*name).to_string(),
            Word::Number(value) => value.to_string(),
            _ => return None,
        };
        self.at += 1;
        Some(name)
    }

    fn attribute(&mut self, value: Expr, first: usize) -> Option<Expr> {
        let name = self.segment()?;
        Some(self.expr(ExprKind::Attr(Box::new(value), name), first))
    }

    /// Whether the next word follows without a gap.
    fn continues(&self) -> bool {
        let end = self.at.checked_sub(1).map_or(0, |at| self.tokens[at].to);
        self.peek().is_some_and(|token| token.from == end)
    }

    fn attributes(&mut self, mut value: Expr, first: usize) -> Option<Expr> {
        let mut height = 0;
        while self.continues() && (self.take(".") || self.take("/")) {
            height += 1;
            if height > NESTING_LIMIT {
                return None;
            }
            value = self.attribute(value, first)?;
        }
        Some(value)
    }

    /// A partial's name: a path, a literal, or anything up to the next blank.
    pub(super) fn partial_name(&mut self) -> Option<Expr> {
        let first = self.at;
        if let Some(Word::Str(name)) = self.peek().map(|t| t.word.clone()) {
            self.at += 1;
            return Some(self.expr(ExprKind::Str(name), first));
        }
        let from = self.peek()?.from;
        let mut to = self.peek()?.to;
        self.at += 1;
        while let Some(token) = self.peek() {
            if token.from != to {
                break;
            }
            to = token.to;
            self.at += 1;
        }
        let name = self.tag.text.as_str()[from..to].trim_matches(['[', ']']);
        Some(self.expr(ExprKind::Str(name.into()), first))
    }
}
