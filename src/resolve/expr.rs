//! Expressions of a template -> abstract values: names through scopes and the classifier, calls, filters, folding.
//! Knows nothing of control structure.

use std::rc::Rc;

use crate::frontend::template::dialect::Dialect;
use crate::frontend::template::tree::{Expr, ExprKind};
use crate::prompt::{Branch, Hop, Piece, Rewrite};
use crate::source::Text;
use crate::volatility::classify::{Effect, ValueKind, Verdict};
use crate::volatility::{Class, Confidence, Origin, Scope, Volatility};

use super::context::Lookup;
use super::evaluator::Evaluator;
use super::value::{from_history, push_all, worse, Unknown, Value};

/// Filters and methods over a whole list that keep a conversation a conversation.
const NEWEST: &[&str] = &["last", "first", "length", "count", "size", "len"];

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
    fn opaque(&mut self, expr: &Expr) -> Value {
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
    fn of_history(&mut self, mut unknown: Unknown, attr: &str) -> Value {
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

    fn eval_index(&mut self, inner: &Expr, index: &Expr, expr: &Expr) -> Value {
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
        }
    }

    fn eval_binary(&mut self, op: &str, left: &Expr, right: &Expr, expr: &Expr) -> Value {
        if matches!(op, "and" | "or" | "&&" | "||") {
            return self.eval_logic(op, left, right);
        }
        let (a, b) = (self.eval(left), self.eval(right));
        if let (Value::Number(a), Value::Number(b)) = (&a, &b) {
            if let Some(value) = arithmetic(op, *a, *b) {
                return value;
            }
        }
        if let (Some(a), Some(b)) = (a.known_text(), b.known_text()) {
            match op {
                "==" => return Value::Bool(a == b),
                "!=" | "<>" => return Value::Bool(a != b),
                _ => {}
            }
        }
        if op == "~" || op == "+" || op == ".." {
            return self.concat(a, b, left, right);
        }
        if matches!((&a, &b), (Value::Steady, other) | (other, Value::Steady) if other.is_literal() || matches!(other, Value::Steady))
        {
            return Value::Steady;
        }
        Value::unknown(
            self.here.written(expr.span),
            worse(a.volatility(), b.volatility()),
            4,
        )
    }

    /// `a or b` is the first that holds: the value of a known side, else the worse of both.
    fn eval_logic(&mut self, op: &str, left: &Expr, right: &Expr) -> Value {
        let a = self.eval(left);
        let stops = match a.truth() {
            Some(truth) => truth == (op == "or" || op == "||"),
            None => {
                let b = self.eval(right);
                return if b.volatility().class > a.volatility().class {
                    b
                } else {
                    a
                };
            }
        };
        if stops {
            a
        } else {
            self.eval(right)
        }
    }

    /// Two values behind each other: lists join, a conversation stays one, all else is text.
    fn concat(&mut self, a: Value, b: Value, left: &Expr, right: &Expr) -> Value {
        if let (Value::List(x), Value::List(y)) = (&a, &b) {
            return Value::List(Rc::new(x.iter().chain(y.iter()).cloned().collect()));
        }
        if a.is_history() && matches!(b, Value::List(_)) {
            return a;
        }
        if b.is_history() && matches!(a, Value::List(_)) {
            return b;
        }
        let mut pieces = self.render(a, left);
        let more = self.render(b, right);
        push_all(&mut pieces, more);
        Value::Pieces(Rc::new(pieces))
    }

    fn eval_ternary(
        &mut self,
        condition: &Expr,
        then: &Expr,
        otherwise: Option<&Expr>,
        expr: &Expr,
    ) -> Value {
        let truth = self.truth(condition);
        match truth {
            super::branches::Truth::Known(true) => self.eval(then),
            super::branches::Truth::Known(false) => {
                otherwise.map_or(Value::None, |other| self.eval(other))
            }
            super::branches::Truth::Steady => self.eval(then),
            super::branches::Truth::Varies(volatility) => {
                let a = self.eval(then);
                let b = otherwise.map_or(Value::None, |other| self.eval(other));
                // `{{ x if x else "none" }}` is x.
                if let (Value::Unknown(unknown), true) = (&a, b.is_literal()) {
                    if unknown.is_history() || presence_of(condition, then) {
                        return a;
                    }
                }
                let first = self.render(a, then);
                let second = match otherwise {
                    Some(other) => self.render(b, other),
                    None => Vec::new(),
                };
                let (id, _) = self.fork_id(&[condition]);
                Value::Pieces(Rc::new(vec![Piece::Branch(Branch {
                    condition: self.here.written(condition.span),
                    id,
                    place: self.here.place(expr.span),
                    volatility,
                    arms: vec![first, second],
                })]))
            }
        }
    }

    /// Literal arguments as the classifier wants them: text, or `name=value`.
    fn literal_args(&mut self, args: &[Expr], named: &[(String, Expr)]) -> Vec<Option<String>> {
        let mut out: Vec<Option<String>> =
            args.iter().map(|arg| self.eval(arg).known_text()).collect();
        for (name, value) in named {
            let value = self.eval(value).known_text();
            out.push(value.map(|value| format!("{name}={value}")));
        }
        out
    }

    fn eval_call(
        &mut self,
        callee: &Expr,
        args: &[Expr],
        named: &[(String, Expr)],
        expr: &Expr,
    ) -> Value {
        if let Some(value) = self.template_call(callee, args, named, expr) {
            return value;
        }
        let literal = self.literal_args(args, named);
        let borrowed: Vec<Option<&str>> = literal.iter().map(Option::as_deref).collect();
        let dotted = callee.dotted();
        let bound = callee
            .root_name()
            .is_some_and(|root| !matches!(self.scopes.lookup(root), Lookup::Free));
        let known = dotted
            .as_deref()
            .filter(|_| !bound)
            .and_then(|dotted| self.here.call(dotted, &borrowed));
        if let Some(verdict) = known {
            return self.called(verdict, expr);
        }
        if let ExprKind::Attr(inner, method) = &callee.kind {
            let value = self.eval(inner);
            return self.apply_filter(value, method, args, named, expr);
        }
        self.unknown_call(dotted.as_deref(), args, named, expr)
    }

    fn called(&mut self, verdict: Verdict, expr: &Expr) -> Value {
        let written = self.here.written(expr.span);
        if verdict.kind == ValueKind::History {
            self.trail.mentions_history = true;
        }
        let path = Some(written.clone());
        Unknown::new(written, path, verdict).into_value()
    }

    /// A call that nothing knows: what goes in comes out, and its name may say more.
    fn unknown_call(
        &mut self,
        dotted: Option<&str>,
        args: &[Expr],
        named: &[(String, Expr)],
        expr: &Expr,
    ) -> Value {
        let verdict = dotted.map(|name| self.here.name(name));
        let inputs = args
            .iter()
            .chain(named.iter().map(|(_, value)| value))
            .map(|arg| self.eval(arg).volatility())
            .fold(Volatility::constant(), worse);
        let mut verdict = match verdict {
            Some(verdict) => verdict,
            None => return self.opaque(expr),
        };
        if verdict.kind == ValueKind::Plain && inputs.class > verdict.volatility.class {
            verdict.volatility = inputs;
        }
        verdict.volatility.confidence = verdict.volatility.confidence.min(Confidence::Likely);
        if verdict.volatility.why.is_empty() || verdict.volatility.class == Class::Request {
            verdict.volatility.confidence = Confidence::Possible;
        }
        self.called(verdict, expr)
    }

    /// `value | name(args)` or `value.name(args)`.
    fn apply_filter(
        &mut self,
        value: Value,
        name: &str,
        args: &[Expr],
        named: &[(String, Expr)],
        expr: &Expr,
    ) -> Value {
        let literal = self.literal_args(args, named);
        let borrowed: Vec<Option<&str>> = literal.iter().map(Option::as_deref).collect();
        if let Some(text) = value.known_text() {
            let verdict = self
                .here
                .classifier
                .filtered_literal(&text, name, &borrowed);
            if let Some(verdict) = verdict {
                return self.called(verdict, expr);
            }
        }
        if let Some(folded) = self.fold_filter(&value, name, args, expr) {
            return folded;
        }
        let effect = self.here.classifier.filter(name, &borrowed);
        match value {
            Value::Unknown(unknown) => {
                self.filter_unknown(*unknown, name, args.len(), effect, expr)
            }
            other if matches!(effect, Effect::Randomises | Effect::Shuffles) => {
                let volatility = if effect == Effect::Shuffles {
                    shuffled()
                } else {
                    random()
                };
                Value::unknown(self.here.written(expr.span), volatility, 10).pick_place(&other)
            }
            other => other,
        }
    }

    fn filter_unknown(
        &mut self,
        mut unknown: Unknown,
        name: &str,
        args: usize,
        effect: Effect,
        expr: &Expr,
    ) -> Value {
        unknown.expr = self.here.written(expr.span);
        if let Some(path) = &mut unknown.path {
            // Attributes of a filtered value are not asked for by name.
            if !path.contains('(') {
                path.push_str("()");
            }
        }
        if unknown.is_history() {
            if NEWEST.contains(&name) && args == 0 {
                return self.of_history(unknown, name);
            }
            if effect == Effect::Window || self.words.reversing.iter().any(|word| word == name) {
                unknown.rewrite = Some(self.rewrite(expr));
            }
            return unknown.into_value();
        }
        match effect {
            Effect::Granularity(class) => unknown.verdict.cut_to(class),
            Effect::Orders => {
                unknown.ordered = true;
                if unknown.verdict.volatility.origin == Origin::Order {
                    unknown.verdict.volatility = Volatility::new(
                        Class::Deploy,
                        Origin::Fixed,
                        Confidence::Possible,
                        "sorted before use",
                    );
                }
            }
            Effect::Randomises => unknown.verdict.volatility = random(),
            // What is new on every call anyway gains nothing from an order.
            Effect::Shuffles if unknown.verdict.volatility.priced().scope() < Scope::Call => {
                unknown.verdict.volatility = shuffled();
            }
            Effect::Keeps | Effect::Window | Effect::Shuffles => {}
        }
        unknown.into_value()
    }

    /// Filters over known values. `None`: not folded.
    fn fold_filter(
        &mut self,
        value: &Value,
        name: &str,
        args: &[Expr],
        expr: &Expr,
    ) -> Option<Value> {
        match (name, value) {
            ("default" | "d", Value::None) => return args.first().map(|arg| self.eval(arg)),
            ("join", Value::List(items)) => {
                let separator = args
                    .first()
                    .map(|arg| self.eval(arg).known_text().unwrap_or_default())
                    .unwrap_or_default();
                let mut pieces = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        let text = Text::opaque(self.here.path(), expr.span, &separator);
                        push_all(&mut pieces, [Piece::Text(text)]);
                    }
                    let rendered = self.render(item.clone(), expr);
                    push_all(&mut pieces, rendered);
                }
                return Some(Value::Pieces(Rc::new(pieces)));
            }
            // `", ".join(items)`: the items are the argument.
            ("join", Value::Text(_)) if !args.is_empty() => {
                let items = self.eval(&args[0]);
                return match items {
                    Value::List(_) => {
                        let separator = Expr::new(
                            ExprKind::Str(value.known_text().unwrap_or_default()),
                            expr.span,
                        );
                        self.fold_filter(&items, "join", &[separator], expr)
                    }
                    other => Some(other),
                };
            }
            ("first", Value::List(items)) => return items.first().cloned(),
            ("last", Value::List(items)) => return items.last().cloned(),
            ("length" | "count" | "size", Value::List(items)) => {
                return Some(Value::Number(items.len() as f64))
            }
            ("items" | "dictsort", Value::Map(items)) => {
                let pair = |(key, value): &(String, Value)| {
                    let key = Value::literal(self.here.path(), expr.span, key);
                    Value::List(Rc::new(vec![key, value.clone()]))
                };
                return Some(Value::List(Rc::new(items.iter().map(pair).collect())));
            }
            _ => {}
        }
        let Value::Text(text) = value else {
            return None;
        };
        let changed = match name {
            "upper" | "upcase" => text.as_str().to_uppercase(),
            "lower" | "downcase" => text.as_str().to_lowercase(),
            "trim" | "strip" => text.as_str().trim().to_string(),
            "length" | "size" => return Some(Value::Number(text.as_str().chars().count() as f64)),
            _ => return None,
        };
        Some(Value::Text(Text::opaque(
            &text.path,
            text.whole().span,
            &changed,
        )))
    }

    /// The name under which a dialect passes the current item.
    pub fn is_item_name(&self, name: &str) -> bool {
        name == "this" || name == "." || (name == "item" && self.here.dialect == Dialect::Dotprompt)
    }
}

impl Value {
    /// A randomised value over something known is no larger than it.
    fn pick_place(mut self, of: &Value) -> Value {
        if let (Value::Unknown(unknown), Value::List(items)) = (&mut self, of) {
            unknown.verdict.tokens = u32::try_from(items.len() * 4).unwrap_or(u32::MAX);
        }
        self
    }
}

fn random() -> Volatility {
    Volatility::new(
        Class::Unique,
        Origin::MadeUp,
        Confidence::Certain,
        "random on every call",
    )
}

fn shuffled() -> Volatility {
    Volatility::new(
        Class::Unique,
        Origin::Order,
        Confidence::Certain,
        "in another order on every call",
    )
}

fn first_turn() -> Volatility {
    Volatility::new(
        Class::Session,
        Origin::Outside,
        Confidence::Likely,
        "the first turn of the conversation",
    )
}

/// Whether a condition asks whether a value is there that an expression prints.
fn presence_of(condition: &Expr, printed: &Expr) -> bool {
    match (condition.root_name(), printed.root_name()) {
        (Some(a), Some(b)) => a == b,
        _ => match &condition.kind {
            ExprKind::Test(inner, ..) => presence_of(inner, printed),
            _ => false,
        },
    }
}

fn arithmetic(op: &str, a: f64, b: f64) -> Option<Value> {
    Some(match op {
        "+" => Value::Number(a + b),
        "-" => Value::Number(a - b),
        "*" => Value::Number(a * b),
        "/" if b != 0.0 => Value::Number(a / b),
        "//" if b != 0.0 => Value::Number((a / b).floor()),
        "%" if b != 0.0 => Value::Number(a.rem_euclid(b)),
        "==" => Value::Bool(a == b),
        "!=" => Value::Bool(a != b),
        "<" => Value::Bool(a < b),
        "<=" => Value::Bool(a <= b),
        ">" => Value::Bool(a > b),
        ">=" => Value::Bool(a >= b),
        _ => return None,
    })
}

/// A hop of a value's way.
pub fn hop(here: &super::context::Here, span: crate::source::Span, note: impl Into<String>) -> Hop {
    Hop {
        place: here.place(span),
        note: note.into(),
    }
}
