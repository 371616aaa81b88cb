//! What an action of Go's text/template does.

use super::build::{Action, Block, NESTING_LIMIT};
use super::cursor::{Cursor, Grammar};
use super::scan::{is_word_char, Token, Word, Words};
use super::tree::{Expr, ExprKind, Include, Node};
use super::Tag;

struct Go;

impl Grammar for Go {
    const WORDS: Words = Words {
        starts_name: |c| c.is_alphabetic() || c == '_' || c == '$',
        in_name: is_word_char,
        quotes: &[('"', true), ('\'', true), ('`', false)],
        bracket_names: false,
        operators: &[":=", "=", ".", "(", ")", "|", ",", "-", "+"],
    };
}

type Parser<'a> = Cursor<'a, Go>;

pub(super) fn action(tag: &Tag) -> Action {
    let mut parser = Parser::new(tag, tag.inner.0);
    let Some(first) = parser.tokens.first() else {
        return Action::Text("an empty action".into(), None);
    };
    let keyword = match first.word {
        Word::Name(name) => name,
        _ => "",
    };
    let action = parser.statement(keyword);
    if (parser.failed || parser.at < parser.tokens.len()) && !matches!(action, Action::Text(..)) {
        tag.problem("an action that cannot be read in full".into());
    }
    action
}

impl Parser<'_> {
    fn statement(&mut self, keyword: &str) -> Action {
        let span = self.tag.span();
        let end = || "end".to_string();
        self.at = 1;
        match keyword {
            "if" => Action::Open(Block::If(Some(self.condition())), end()),
            "else" if self.take_name("if") => Action::Else(Some(self.condition())),
            "else" if self.take_name("with") => Action::ElseOpen(self.with()),
            "else" => Action::Else(None),
            "end" => Action::Close(end()),
            "range" => {
                let targets = self.declared();
                let iter = self.whole();
                let block = Block::For {
                    targets,
                    iter,
                    maybe_condition: false,
                };
                Action::Open(block, end())
            }
            "with" => Action::Open(self.with(), end()),
            "define" => Action::Open(Block::Macro(self.literal(), Vec::new()), end()),
            "block" => {
                let name = self.literal();
                self.whole();
                Action::Open(Block::Named(name), end())
            }
            "template" => self.template(),
            "break" | "continue" => Action::Nodes(Vec::new()),
            _ => {
                self.at = 0;
                let names = self.declared();
                let value = self.whole();
                let node = match names.into_iter().next() {
                    Some(name) => Node::Set { name, value, span },
                    None => Node::Output { expr: value, span },
                };
                Action::Nodes(vec![node])
            }
        }
    }

    fn template(&mut self) -> Action {
        let first = self.at;
        let name = self.literal();
        let target = self.expr(ExprKind::Str(name), first);
        let mut bindings = Vec::new();
        if self.at < self.tokens.len() {
            bindings.push((".".to_string(), self.whole()));
        }
        Action::Nodes(vec![Node::Include(Include {
            target,
            bindings,
            fallback: Vec::new(),
            ignore_missing: false,
            isolated: true,
            indent: String::new(),
            span: self.tag.span(),
        })])
    }

    fn with(&mut self) -> Block {
        let name = self.declared().into_iter().next();
        Block::With(vec![(name.unwrap_or_else(|| ".".into()), self.whole())])
    }

    fn condition(&mut self) -> Expr {
        self.declared();
        self.whole()
    }

    /// `$a, $b :=` or `$a =` in front of a pipeline.
    fn declared(&mut self) -> Vec<String> {
        let start = self.at;
        let mut names = Vec::new();
        while let Some(Word::Name(name)) = self.peek().map(|t| &t.word) {
            if !name.starts_with('$') {
                break;
            }
            names.push(name.to_string());
            self.at += 1;
            if !self.take(",") {
                break;
            }
        }
        if !names.is_empty() && (self.take(":=") || self.take("=")) {
            return names;
        }
        self.at = start;
        Vec::new()
    }

    fn literal(&mut self) -> String {
        match self.peek().map(|t| t.word.clone()) {
            Some(Word::Str(name)) => {
                self.at += 1;
                name
            }
            _ => {
                self.failed = true;
                String::new()
            }
        }
    }

    /// The rest of the action as one pipeline.
    fn whole(&mut self) -> Expr {
        let value = self.pipeline(0);
        if self.failed || self.at < self.tokens.len() {
            self.failed = true;
            return self.tag.opaque();
        }
        value
    }

    fn pipeline(&mut self, depth: usize) -> Expr {
        let first = self.at;
        let mut value = self.command(depth);
        let mut height = 0;
        while !self.failed && self.take("|") {
            height += 1;
            let Some(Word::Name(name)) = self.peek().map(|t| t.word.clone()) else {
                self.failed = true;
                break;
            };
            self.failed |= height > NESTING_LIMIT;
            self.at += 1;
            let args = self.operands(depth);
            let kind = ExprKind::Filter(Box::new(value), name.to_string(), args, Vec::new());
            value = self.expr(kind, first);
        }
        value
    }

    fn command(&mut self, depth: usize) -> Expr {
        let first = self.at;
        let head = self.operand(depth);
        let mut args = self.operands(depth);
        if args.is_empty() {
            return head;
        }
        let kind = match &head.kind {
            ExprKind::Name(name) if name == "not" && args.len() == 1 => {
                ExprKind::Not(Box::new(args.swap_remove(0)))
            }
            _ => ExprKind::Call(Box::new(head), args, Vec::new()),
        };
        self.expr(kind, first)
    }

    fn operands(&mut self, depth: usize) -> Vec<Expr> {
        let mut out = Vec::new();
        while let Some(token) = self.peek() {
            if self.failed || token.is("|") || token.is(")") {
                break;
            }
            out.push(self.operand(depth));
        }
        out
    }

    fn operand(&mut self, depth: usize) -> Expr {
        let first = self.at;
        let Some(token) = self.peek().cloned().filter(|_| depth < NESTING_LIMIT) else {
            self.failed = true;
            return self.tag.opaque();
        };
        self.at += 1;
        let kind = match token.word {
            Word::Str(text) => ExprKind::Str(text),
            Word::Number(value) => ExprKind::Number(value),
            Word::Op("-") => match self.operand(depth + 1).kind {
                ExprKind::Number(value) => ExprKind::Number(-value),
                other => other,
            },
            Word::Name("true") => ExprKind::Bool(true),
            Word::Name("false") => ExprKind::Bool(false),
            Word::Name("nil") => ExprKind::None,
            // `$.X` is a field of the data that the template was called with, as `.X` is.
            Word::Name("$") if self.adjacent(".") => {
                self.at += 1;
                self.field()
            }
            Word::Name(name) => ExprKind::Name(name.to_string()),
            Word::Op(".") => self.field(),
            Word::Op("(") => {
                let inner = self.pipeline(depth + 1);
                self.failed |= !self.take(")");
                inner.kind
            }
            _ => {
                self.failed = true;
                ExprKind::None
            }
        };
        let mut value = self.expr(kind, first);
        let mut height = 0;
        while !self.failed && self.adjacent(".") {
            self.at += 1;
            height += 1;
            self.failed |= height > NESTING_LIMIT;
            let Some(Word::Name(name)) = self.peek().map(|t| t.word.clone()) else {
                self.failed = true;
                break;
            };
            self.at += 1;
            value = self.expr(ExprKind::Attr(Box::new(value), name.to_string()), first);
        }
        value
    }

    /// What stands behind a leading dot: a name without a gap, or nothing (the context itself).
    fn field(&mut self) -> ExprKind {
        let dot_end = self.tokens[self.at - 1].to;
        match self.peek() {
            Some(Token {
                word: Word::Name(name),
                from,
                ..
            }) if *from == dot_end => {
                let name = name.to_string();
                self.at += 1;
                ExprKind::Name(name)
            }
            _ => ExprKind::Name(".".into()),
        }
    }

    /// Whether an operator follows without a gap.
    fn adjacent(&self, op: &str) -> bool {
        let end = self.at.checked_sub(1).map_or(0, |at| self.tokens[at].to);
        self.peek().is_some_and(|t| t.is(op) && t.from == end)
    }
}
