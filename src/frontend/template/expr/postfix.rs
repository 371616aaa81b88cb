//! What stands behind a value: attributes, subscripts and slices, calls, filters and tests.

use super::super::scan::{Token, Word};
use super::super::tree::{Expr, ExprKind};
use super::{Host, Parser, Tall};

impl Parser<'_> {
    pub(super) fn postfix(&mut self, value: Tall, from: usize) -> Tall {
        let (mut value, mut height) = value;
        while let Some(token) = self.peek() {
            let kind = match &token.word {
                Word::Op("." | "?.") => {
                    self.at += 1;
                    match self.peek().map(|t| t.word.clone()) {
                        Some(Word::Name(name)) => {
                            self.at += 1;
                            let bare = !self.peek().is_some_and(|next| next.is("("));
                            let called = self.host == Host::Ruby && bare && answers_calls(&value);
                            let kind = ExprKind::Attr(Box::new(value), name.into());
                            if called {
                                let (callee, _) = self.tall(kind, from, height);
                                ExprKind::Call(Box::new(callee), Vec::new(), Vec::new())
                            } else {
                                kind
                            }
                        }
                        Some(Word::Number(index)) => {
                            let at = self.position();
                            self.at += 1;
                            let (index, _) = self.tall(ExprKind::Number(index), at, 0);
                            ExprKind::Index(Box::new(value), Box::new(index))
                        }
                        _ => {
                            self.fail("expected a name behind `.`");
                            return (value, height);
                        }
                    }
                }
                Word::Op("[") => {
                    self.at += 1;
                    let (kind, h) = self.subscript(value);
                    height = height.max(h);
                    kind
                }
                Word::Op("(") => {
                    self.at += 1;
                    let (args, named, h) = self.arguments();
                    height = height.max(h);
                    ExprKind::Call(Box::new(value), args, named)
                }
                _ => break,
            };
            (value, height) = self.tall(kind, from, height);
        }
        (value, height)
    }

    fn subscript(&mut self, value: Expr) -> (ExprKind, usize) {
        let mut parts = [None, None, None];
        let (mut index, mut top) = (0, 0);
        loop {
            let ends = |t: &Token| t.is(":") || t.is("]") || t.is(",");
            if self.peek().is_some_and(|t| !ends(t)) {
                let (part, height) = self.ternary(true);
                top = top.max(height);
                parts[index] = Some(Box::new(part));
            }
            if index < 2 && self.take_op(":") {
                index += 1;
                continue;
            }
            break;
        }
        self.expect("]");
        let [start, stop, step] = parts;
        let value = Box::new(value);
        let kind = match (index, start) {
            (0, Some(start)) => ExprKind::Index(value, start),
            (0, None) => {
                self.fail("expected an index");
                *Box::new(value.kind)
            }
            (_, start) => ExprKind::Slice(value, start, stop, step),
        };
        (kind, top)
    }

    /// Arguments up to the closing bracket, whose opening one is already taken.
    pub(super) fn arguments(&mut self) -> (Vec<Expr>, Vec<(String, Expr)>, usize) {
        let (mut args, mut named, mut top) = (Vec::new(), Vec::new(), 0);
        while self.error.is_none() && !self.take_op(")") {
            // `*args` and `**kwargs` are values like others.
            let _ = self.take_op("**") || self.take_op("*");
            let key = match (self.peek().map(|t| t.word.clone()), self.peek_at(1)) {
                (Some(Word::Name(key)), Some(next)) if next.is("=") => Some(key),
                (Some(Word::Name(key)), Some(next)) if self.host.is_script() && next.is(":") => {
                    Some(key)
                }
                _ => None,
            };
            if key.is_some() {
                self.at += 2;
            }
            let (value, height) = self.ternary(true);
            top = top.max(height);
            match key {
                Some(key) => named.push((key.to_string(), value)),
                None => args.push(value),
            }
            if !self.take_op(",") {
                self.expect(")");
                break;
            }
        }
        (args, named, top)
    }

    pub(super) fn filters(&mut self, value: Tall, from: usize) -> Tall {
        let (mut value, mut height) = value;
        if self.host.is_script() {
            return (value, height);
        }
        loop {
            if self.take_op("|") {
                let name = self.dotted_name();
                let (args, named, h) = match self.take_op("(") {
                    true => self.arguments(),
                    false => (Vec::new(), Vec::new(), 0),
                };
                let kind = ExprKind::Filter(Box::new(value), name, args, named);
                (value, height) = self.tall(kind, from, height.max(h));
            } else if self.peek_name("is") {
                self.at += 1;
                let negated = self.take_name("not");
                let name = self.dotted_name();
                let (args, h) = self.test_arguments();
                let kind = ExprKind::Test(Box::new(value), name, args, negated);
                (value, height) = self.tall(kind, from, height.max(h));
            } else if self.peek().is_some_and(|t| t.is("(")) {
                (value, height) = self.postfix((value, height), from);
            } else {
                return (value, height);
            }
        }
    }

    pub(super) fn dotted_name(&mut self) -> String {
        let mut name = self.name().unwrap_or_default().to_string();
        while self.take_op(".") {
            name.push('.');
            name.push_str(self.name().unwrap_or_default());
        }
        name
    }

    /// `is divisibleby(3)`, `is divisibleby 3`.
    fn test_arguments(&mut self) -> (Vec<Expr>, usize) {
        if self.take_op("(") {
            let (args, _, height) = self.arguments();
            return (args, height);
        }
        let operand = self.peek().is_some_and(|token| match &token.word {
            Word::Name(name) => !matches!(
                *name,
                "else"
                    | "or"
                    | "and"
                    | "is"
                    | "if"
                    | "in"
                    | "not"
                    | "recursive"
                    | "ignore"
                    | "with"
                    | "without"
                    | "as"
            ),
            Word::Str(_) | Word::Number(_) => true,
            Word::Op(op) => matches!(*op, "[" | "{"),
            Word::Other => false,
        });
        if !operand {
            return (Vec::new(), 0);
        }
        let (value, height) = self.unary_operand();
        (vec![value], height)
    }
}

/// Whether what stands behind the `.` of a Ruby value can only be a call: that of a constant (`Time.now`) or of what
/// another call gives (`Time.now.year`). An attribute of a variable is data.
fn answers_calls(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Name(name) => name.starts_with(|c: char| c.is_uppercase()),
        ExprKind::Call(..) => true,
        _ => false,
    }
}
