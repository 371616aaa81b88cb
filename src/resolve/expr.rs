//! Expressions of a template -> abstract values: names through scopes and the classifier, calls, filters, folding.
//! Knows nothing of control structure.

use std::rc::Rc;

use crate::frontend::template::dialect::Dialect;
use crate::frontend::template::tree::{Expr, ExprKind};
use crate::phrase::Phrase;
use crate::prompt::{Hop, Rewrite};
use crate::volatility::classify::{Effect, ValueKind};
use crate::volatility::{Class, Confidence, Origin, Volatility};

use super::context::Lookup;
use super::evaluator::Evaluator;
use super::value::{from_history, worse, Unknown, Value};

/// Filters and methods over a whole list that keep a conversation a conversation.
pub const NEWEST: &[&str] = &["last", "first", "length", "count", "size", "len"];

impl Evaluator<'_> {
    /// The value of an expression. Beyond the limits: unknown.
    pub fn eval(&mut self, expr: &Expr) -> Value {
        if !self.enter() {
            return self.opaque(expr);
        }
        let value = self.eval_kind(expr);
        self.leave();
        value
    }

    fn eval_kind(&mut self, expr: &Expr) -> Value {
        match &expr.kind {
            ExprKind::Str(text) => Value::literal(self.here.path(), expr.span, text),
            ExprKind::Number(number) => Value::Number(*number),
            ExprKind::Bool(value) => Value::Bool(*value),
            ExprKind::None => Value::None,
            ExprKind::Name(name) => self.eval_name(name, expr),
            ExprKind::Attr(inner, attr) => self.eval_attr(inner, attr, expr),
            ExprKind::Index(inner, index) => self.eval_index(inner, index, expr),
            ExprKind::Slice(inner, start, end, _) => {
                let value = self.eval(inner);
                self.slice(value, start.as_deref(), end.as_deref(), expr)
            }
            ExprKind::Call(callee, args, named) => self.eval_call(callee, args, named, expr),
            ExprKind::Filter(inner, name, args, named) => {
                let value = self.eval(inner);
                self.apply_filter(value, name, args, named, expr)
            }
            ExprKind::Test(..) | ExprKind::Not(_) => match self.truth(expr) {
                super::branches::Truth::Known(value) => Value::Bool(value),
                super::branches::Truth::Steady => Value::Steady,
                super::branches::Truth::Varies(volatility) => {
                    Value::unknown(self.here.written(expr.span), volatility, 1)
                }
            },
            ExprKind::Binary(op, left, right) => self.eval_binary(op, left, right, expr),
            ExprKind::Ternary(condition, then, otherwise) => {
                self.eval_ternary(condition, then, otherwise.as_deref(), expr)
            }
            ExprKind::List(items) => {
                Value::List(Rc::new(items.iter().map(|item| self.eval(item)).collect()))
            }
            ExprKind::Map(items) => {
                let mut out = Vec::new();
                for (key, value) in items {
                    let key = self.eval(key).known_text().unwrap_or_default();
                    out.push((key, self.eval(value)));
                }
                Value::Map(Rc::new(out))
            }
            ExprKind::Opaque(_) => self.opaque(expr),
        }
    }

    /// What was not understood: as volatile as an unknown name, but only possibly.
    pub fn opaque(&mut self, expr: &Expr) -> Value {
        let volatility = Volatility::new(
            Class::Request,
            Origin::Outside,
            Confidence::Possible,
            "an expression that was not understood",
        );
        Value::unknown(self.here.written(expr.span), volatility, 20)
    }

    fn eval_name(&mut self, name: &str, expr: &Expr) -> Value {
        if let Some(rest) = name.strip_prefix('@') {
            if rest != "root" {
                return self.at_name(name, expr);
            }
        }
        match self.scopes.lookup(name) {
            Lookup::Bound(value) => return value.clone(),
            Lookup::InContext(context) if self.here.has_contexts() => {
                let context = context.clone();
                return self.attribute(context, name, expr);
            }
            _ => {}
        }
        self.free(name, expr)
    }

    /// `@index`, `@first`, `@key` are steady; other data variables are names.
    fn at_name(&mut self, name: &str, expr: &Expr) -> Value {
        if self.words.loop_data.iter().any(|word| word == &name[1..]) {
            return Value::Steady;
        }
        self.free(name, expr)
    }

    /// A name that nothing binds.
    fn free(&mut self, dotted: &str, expr: &Expr) -> Value {
        let mut verdict = self.here.name(dotted);
        if verdict.volatility.confidence == Confidence::Possible {
            // `{{now}}` of Handlebars and `{{ uuid }}` of others are calls without brackets.
            if let Some(call) = self.here.call(dotted, &[]) {
                verdict = call;
            }
        }
        if verdict.kind == ValueKind::History {
            self.trail.mentions_history = true;
        }
        if let Some(tokens) = self.samples.get(dotted) {
            verdict.tokens = *tokens;
        }
        Unknown::new(self.here.written(expr.span), Some(dotted.into()), verdict).into_value()
    }

    fn eval_attr(&mut self, inner: &Expr, attr: &str, expr: &Expr) -> Value {
        // `ns.x` that was set by name.
        if let Some(dotted) = expr.dotted() {
            if let Lookup::Bound(value) = self.scopes.lookup(&dotted) {
                return value.clone();
            }
        }
        if let ExprKind::Name(name) = &inner.kind {
            if self.words.loop_objects.contains(name) {
                return Value::Steady;
            }
            if name == "@root" || name == "$" {
                return self.free(attr, expr);
            }
        }
        let value = self.eval(inner);
        self.attribute(value, attr, expr)
    }

    /// `value.attr`
    pub fn attribute(&mut self, value: Value, attr: &str, expr: &Expr) -> Value {
        match value {
            Value::Map(items) => match items.iter().find(|(key, _)| key == attr) {
                Some((_, value)) => value.clone(),
                None => Value::None,
            },
            Value::Module(names) => names.get(attr).cloned().unwrap_or(Value::None),
            Value::Steady => Value::Steady,
            Value::Unknown(unknown) => self.unknown_attribute(*unknown, attr, expr),
            Value::Pieces(_) | Value::List(_) => {
                Value::unknown(self.here.written(expr.span), value.volatility(), 10)
            }
            _ => Value::None,
        }
    }

    fn unknown_attribute(&mut self, mut unknown: Unknown, attr: &str, expr: &Expr) -> Value {
        unknown.expr = self.here.written(expr.span);
        if unknown.is_history() {
            return self.of_history(unknown, attr);
        }
        let Some(path) = unknown.path.take().filter(|_| !unknown.item) else {
            return unknown.into_value();
        };
        let dotted = format!("{path}.{attr}");
        let before = unknown.verdict.clone();
        let mut verdict = self.here.name(&dotted);
        // A value bound by `set` to a call keeps the life of the call.
        if path.contains('(') {
            verdict = before;
        }
        if verdict.kind == ValueKind::History {
            self.trail.mentions_history = true;
        }
        if let Some(tokens) = self.samples.get(&dotted) {
            verdict.tokens = *tokens;
        }
        unknown.verdict = verdict;
        unknown.path = Some(dotted);
        unknown.into_value()
    }

    /// Something read off the conversation: its length, its newest item.
    pub fn of_history(&mut self, mut unknown: Unknown, attr: &str) -> Value {
        if !NEWEST.contains(&attr) {
            // `history.messages`, `memory.buffer`: still the conversation.
            return unknown.into_value();
        }
        unknown.verdict.kind = ValueKind::Plain;
        unknown.verdict.volatility = from_history();
        unknown.verdict.tokens = if attr == "last" { 50 } else { 1 };
        unknown.rewrite = None;
        unknown.item = true;
        if attr == "first" {
            unknown.verdict.tokens = 50;
            unknown.verdict.volatility = first_turn();
        }
        unknown.into_value()
    }

    pub fn eval_index(&mut self, inner: &Expr, index: &Expr, expr: &Expr) -> Value {
        let value = self.eval(inner);
        let key = self.eval(index);
        match (&value, &key) {
            (Value::List(items), Value::Number(at)) => {
                let length = items.len() as f64;
                let at = if *at < 0.0 { length + at } else { *at };
                if at >= 0.0 && at < length {
                    return items[at as usize].clone();
                }
                Value::None
            }
            (Value::Unknown(unknown), Value::Number(at)) if unknown.is_history() => {
                let mut unknown = (**unknown).clone();
                unknown.expr = self.here.written(expr.span);
                let which = if *at >= 0.0 { "first" } else { "last" };
                self.of_history(unknown, which)
            }
            (Value::Unknown(unknown), _) if unknown.is_history() => {
                let mut unknown = (**unknown).clone();
                unknown.expr = self.here.written(expr.span);
                self.of_history(unknown, "last")
            }
            (_, Value::Text(text)) => {
                let key = text.as_str().to_string();
                self.attribute(value, &key, expr)
            }
            (Value::Unknown(unknown), Value::Number(_)) => {
                let mut unknown = (**unknown).clone();
                unknown.expr = self.here.written(expr.span);
                unknown.item = true;
                unknown.into_value()
            }
            _ if value.is_literal() && key.is_literal() => Value::None,
            _ => {
                let volatility = worse(value.volatility(), key.volatility());
                Value::unknown(self.here.written(expr.span), volatility, 20)
            }
        }
    }

    fn slice(
        &mut self,
        value: Value,
        start: Option<&Expr>,
        end: Option<&Expr>,
        expr: &Expr,
    ) -> Value {
        match value {
            Value::Unknown(mut unknown) => {
                unknown.expr = self.here.written(expr.span);
                if unknown.is_history() {
                    if start.is_some_and(|start| self.slides(start)) {
                        unknown.rewrite = Some(self.rewrite(expr));
                    }
                } else if unknown.verdict.clock {
                    self.cut_clock(&mut unknown, end);
                }
                Value::Unknown(unknown)
            }
            Value::List(items) => {
                let whole = |expr: Option<&Expr>| match expr.map(|e| &e.kind) {
                    Some(ExprKind::Number(n)) if *n >= 0.0 => Some(*n as usize),
                    _ => None,
                };
                let from = whole(start).unwrap_or(0).min(items.len());
                let to = whole(end).unwrap_or(items.len()).clamp(from, items.len());
                Value::List(Rc::new(items[from..to].to_vec()))
            }
            other => other,
        }
    }

    fn cut_clock(&mut self, unknown: &mut Unknown, end: Option<&Expr>) {
        let Some(Value::Number(end)) = end.map(|end| self.eval(end)) else {
            return;
        };
        let end = super::value::format_number(end);
        let effect = self
            .here
            .classifier
            .filter("slice", &[Some("0"), Some(end.as_str())]);
        if let Effect::Granularity(class) = effect {
            unknown.verdict.cut_to(class);
        }
    }

    /// Whether the start of a slice moves along with the end of the list.
    fn slides(&mut self, start: &Expr) -> bool {
        match self.eval(start) {
            Value::Number(number) => number < 0.0,
            Value::None => false,
            // A start that is a name may be anything; one that is written negative is a window.
            _ => true,
        }
    }

    pub fn rewrite(&self, expr: &Expr) -> Rewrite {
        Rewrite {
            place: self.here.place(expr.span),
            how: self.here.written(expr.span),
            only_at_limit: false,
            keeps: None,
        }
    }

    /// The name under which a dialect passes the current item.
    pub fn is_item_name(&self, name: &str) -> bool {
        name == "this" || name == "." || (name == "item" && self.here.dialect == Dialect::Dotprompt)
    }
}

fn first_turn() -> Volatility {
    Volatility::new(
        Class::Session,
        Origin::Outside,
        Confidence::Likely,
        "the first turn of the conversation",
    )
}

/// A hop of a value's way.
pub fn hop(here: &super::context::Here, span: crate::source::Span, note: impl Into<Phrase>) -> Hop {
    Hop {
        place: here.place(span),
        note: note.into(),
    }
}
