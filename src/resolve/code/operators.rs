//! Operators and formatted text.

use std::rc::Rc;

use crate::frontend::code::ir::{BinaryOp, Expr, FormatPart};
use crate::prompt::{Hop, Piece};
use crate::source::Span;
use crate::volatility::classify::{ValueKind, Verdict};
use crate::volatility::{Origin, Volatility};

use super::super::value::{push_all, worse};
use super::counters::told_by_text;
use super::eval::Eval;
use super::numbers;
use super::value::{Unknown, Value};

impl Eval<'_, '_> {
    /// A number as written: one with a fraction stays one in Python, and one too large to be told from its neighbours
    /// is not known digit by digit.
    pub fn number(&mut self, number: f64, expr: &Expr) -> Value {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if !self.is_python() {
            return Value::Number(number);
        }
        let written = self.written(expr.span);
        let float = !written.starts_with("0x") && written.contains(['.', 'e', 'E']);
        if float {
            Value::Float(number)
        } else if number < EXACT {
            Value::Number(number)
        } else {
            self.derived(expr, Volatility::constant(), 8)
        }
    }

    pub fn binary(&mut self, op: BinaryOp, left: Value, right: Value, expr: &Expr) -> Value {
        if op == BinaryOp::Union {
            if let Some(piped) = self.piped(&left, &right, expr) {
                return piped;
            }
        }
        if let Some(path) = self.path_operator(op, &left, &right, expr) {
            return path;
        }
        match (op, &left, &right) {
            (BinaryOp::Add, Value::Number(a), Value::Number(b)) => Value::Number(a + b),
            (BinaryOp::Multiply, Value::Number(a), Value::Number(b)) => Value::Number(a * b),
            (
                BinaryOp::Add | BinaryOp::Multiply,
                Value::Number(a) | Value::Float(a),
                Value::Number(b) | Value::Float(b),
            ) => Value::Float(if op == BinaryOp::Add { a + b } else { a * b }),
            (BinaryOp::Add, Value::Cell(a), _) if self.heap.list(*a).is_some() => {
                self.joined_lists(&left, &right, expr)
            }
            (BinaryOp::Add, Value::Unknown(_), Value::Cell(b)) if self.heap.list(*b).is_some() => {
                self.joined_lists(&left, &right, expr)
            }
            // Slices of conversations: `turns[:1] + turns[-2:]`.
            (BinaryOp::Add, Value::Unknown(a), Value::Unknown(b))
                if self.is_python() && a.is_history() && b.is_history() =>
            {
                self.joined_lists(&left, &right, expr)
            }
            (BinaryOp::Add, _, _) if self.is_text(&left) || self.is_text(&right) => {
                let place = self.place(expr.span);
                let mut pieces = self.print(&left, &place);
                let more = self.print(&right, &place);
                push_all(&mut pieces, more);
                Value::pieces(pieces)
            }
            (BinaryOp::Remainder, Value::Text(_), _) => self.percent(&left, &right, expr),
            (BinaryOp::Multiply, Value::Text(pieces), Value::Number(times))
            | (BinaryOp::Multiply, Value::Number(times), Value::Text(pieces)) => {
                super::texts::repeated(pieces, *times)
            }
            (BinaryOp::Multiply, Value::Cell(_), Value::Number(_)) => left,
            (BinaryOp::Union, Value::Cell(_), Value::Cell(_)) => self.merged(&left, &right, expr),
            (BinaryOp::Equal | BinaryOp::NotEqual, _, _) => {
                let equal = self.known_equal(&left, &right);
                match equal {
                    Some(equal) => Value::Bool(equal == (op == BinaryOp::Equal)),
                    None => self.compared(&left, &right, expr),
                }
            }
            (BinaryOp::Compare, _, _) => self.compared(&left, &right, expr),
            (BinaryOp::Subtract, Value::Number(a), Value::Number(b)) => Value::Number(a - b),
            _ => self.placed(op, &left, &right, expr),
        }
    }

    pub fn is_text(&self, value: &Value) -> bool {
        match value {
            Value::Text(_) => true,
            Value::Choice(choice) => choice.arms.iter().any(|arm| self.is_text(arm)),
            _ => false,
        }
    }

    fn known_equal(&self, left: &Value, right: &Value) -> Option<bool> {
        let scalar = |value: &Value| {
            matches!(
                value,
                Value::None | Value::Null | Value::Bool(_) | Value::Number(_)
            ) || value.known_text().is_some()
        };
        // `null == undefined`, but not `===`: which of the two is asked is not known here.
        if left.is_nothing() && right.is_nothing() {
            return left.same(right).then_some(true);
        }
        if scalar(left) && scalar(right) {
            return Some(match (left.known_text(), right.known_text()) {
                (Some(a), Some(b)) => a == b,
                (None, None) => left.same(right),
                _ => false,
            });
        }
        // Something that is there is not nothing.
        let there = |value: &Value| {
            matches!(
                value,
                Value::Text(_) | Value::Cell(_) | Value::Function(_) | Value::Class(_)
            )
        };
        match (left, right) {
            (Value::None | Value::Null, other) | (other, Value::None | Value::Null)
                if there(other) =>
            {
                Some(false)
            }
            _ => None,
        }
    }

    /// A comparison asks what a set holds, not in which order.
    fn compared(&mut self, left: &Value, right: &Value, expr: &Expr) -> Value {
        // What is compared with an object is looked for among its keys, whatever stands under them.
        let keys = |value: &Value| match value {
            Value::Cell(id) => self.heap.object(*id).is_some_and(|o| o.spreads.is_empty()),
            _ => false,
        };
        let asked = |value: &Value| {
            Some(self.volatility(value))
                .filter(|volatility| volatility.origin != Origin::Order && !keys(value))
        };
        let volatility = [left, right].into_iter().filter_map(asked);
        let volatility = volatility.fold(Volatility::constant(), worse);
        self.keep_trace(&[left, right], volatility, expr, 5)
    }

    pub fn computed(&mut self, left: &Value, right: &Value, expr: &Expr) -> Value {
        let volatility = worse(self.volatility(left), self.volatility(right));
        self.keep_trace(&[left, right], volatility, expr, 5)
    }

    /// A value computed from others, with the way of the most volatile of them.
    pub fn keep_trace(
        &mut self,
        from: &[&Value],
        volatility: Volatility,
        expr: &Expr,
        tokens: u32,
    ) -> Value {
        let round = from.iter().filter_map(|value| value.unknown()?.round).max();
        let mut source = None;
        for value in from {
            if let Value::Unknown(unknown) = value {
                if unknown.verdict.volatility.class == volatility.class && source.is_none() {
                    source = Some(unknown.clone());
                }
            }
        }
        let Some(source) = source else {
            return self.derived(expr, volatility, tokens);
        };
        let mut out = Unknown {
            expr: self.written(expr.span).into(),
            path: None,
            verdict: Verdict {
                kind: ValueKind::Plain,
                volatility,
                tokens: source.verdict.tokens.max(1),
                clock: source.verdict.clock,
            },
            rewrite: None,
            unordered: None,
            thing: None,
            declared: None,
            of: None,
            round,
            most: None,
            ..(*source).clone()
        };
        if out.trace.is_empty() {
            out.trace.push(Hop {
                place: self.place(expr.span),
                note: "computed here".into(),
            });
        }
        out.into_value()
    }

    pub fn format(&mut self, parts: &[FormatPart]) -> Value {
        let mut out: Vec<Piece> = Vec::new();
        let mut before = None;
        for part in parts {
            match part {
                FormatPart::Text(text) => {
                    before = Some(text);
                    super::super::value::push_piece(&mut out, Piece::Text(text.clone()));
                }
                FormatPart::Value { expr, spec, span } => {
                    let mut value = self.eval(expr);
                    value = self.counted(value, expr);
                    if let Some(text) = before {
                        value = told_by_text(value, text);
                    }
                    if let Some(spec) = spec {
                        value = self.formatted(value, spec, *span);
                    }
                    value = self.shown(value, *span);
                    let place = self.place(*span);
                    let pieces = self.print(&value, &place);
                    push_all(&mut out, pieces);
                }
            }
        }
        Value::pieces(out)
    }

    /// A value with a format: a clock is cut to what the format shows, a known number is written in it.
    pub fn formatted(&mut self, value: Value, spec: &str, span: Span) -> Value {
        match value {
            Value::Unknown(unknown) if unknown.verdict.clock => {
                let mut unknown = Rc::unwrap_or_clone(unknown);
                if let Some(class) = crate::volatility::formats::granularity(spec) {
                    unknown.verdict.cut_to(class);
                }
                unknown.into_value()
            }
            other => match numbers::formatted(&other, spec) {
                Some(text) => self.literal(span, &text),
                None => other,
            },
        }
    }
}
