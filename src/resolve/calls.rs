//! Calls and filters of a template's expressions: what the tables know, what folds, what passes its input on.
//! Knows nothing of control structure.

use std::rc::Rc;

use crate::frontend::template::tree::{Expr, ExprKind};
use crate::prompt::Piece;
use crate::source::Text;
use crate::volatility::classify::{Effect, ValueKind, Verdict};
use crate::volatility::{Class, Confidence, Origin, Scope, Volatility};

use super::context::Lookup;
use super::evaluator::Evaluator;
use super::expr::NEWEST;
use super::value::{push_all, worse, Unknown, Value};

impl Evaluator<'_> {
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

    pub fn eval_call(
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
        if let Some(clock) = self.formatted_clock(args, named) {
            verdict = clock;
            return self.called(verdict, expr);
        }
        if verdict.kind.is_plain() && inputs.class > verdict.volatility.class {
            verdict.volatility = inputs;
        }
        verdict.volatility.confidence = verdict.volatility.confidence.min(Confidence::Likely);
        if verdict.volatility.why.is_empty() || verdict.volatility.class == Class::Request {
            verdict.volatility.confidence = Confidence::Possible;
        }
        self.called(verdict, expr)
    }

    /// A helper over a clock that is given a date format (`formatDate now "YYYY-MM-DD"`): the clock, cut to it.
    fn formatted_clock(&mut self, args: &[Expr], named: &[(String, Expr)]) -> Option<Verdict> {
        let literal = self.literal_args(args, named);
        let borrowed: Vec<Option<&str>> = literal.iter().map(Option::as_deref).collect();
        let given: Vec<Option<&str>> = borrowed.into_iter().filter(Option::is_some).collect();
        if given.is_empty() {
            return None;
        }
        let clock = args.iter().find_map(|arg| match self.eval(arg) {
            Value::Unknown(unknown) if unknown.verdict.clock => Some(unknown),
            _ => None,
        });
        let mut unknown = clock?;
        let Effect::Granularity(class) = self.here.classifier.filter("date", &given) else {
            return None;
        };
        unknown.verdict.cut_to(class);
        Some(unknown.verdict)
    }

    /// `value | name(args)` or `value.name(args)`.
    pub fn apply_filter(
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
            Effect::Shuffles
                if unknown.verdict.volatility.priced().scope() < Scope::Call
                    || unknown.verdict.volatility.confidence == Confidence::Possible =>
            {
                unknown.verdict.volatility = shuffled();
            }
            Effect::Keeps | Effect::Window | Effect::Shuffles | Effect::Split(_) => {}
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
        let joined;
        let value = match value {
            Value::Pieces(_) => {
                joined = Value::literal(self.here.path(), expr.span, &value.known_text()?);
                &joined
            }
            other => other,
        };
        let Value::Text(text) = value else {
            return None;
        };
        if let ("format", [_, ..]) = (name, args) {
            let given = args.iter().map(|arg| self.eval(arg)).collect();
            let form = text.as_str().to_string();
            return Some(self.filled(&form, given, expr));
        }
        if let ("append" | "prepend", [more]) = (name, args) {
            let mut parts = [(value.clone(), expr), (self.eval(more), more)];
            if name == "prepend" {
                parts.reverse();
            }
            let mut pieces = Vec::new();
            for (part, at) in parts {
                push_all(&mut pieces, self.render(part, at));
            }
            return Some(Value::Pieces(Rc::new(pieces)));
        }
        if let ("replace", [from, to]) = (name, args) {
            let (from, to) = (self.eval(from).known_text()?, self.eval(to).known_text()?);
            let length = text.len().saturating_mul(to.len().max(1));
            if from.is_empty() || length > 1_000_000 {
                return None;
            }
            let changed = text.as_str().replace(&from, &to);
            return Some(Value::Text(Text::opaque(
                &text.path,
                text.whole().span,
                &changed,
            )));
        }
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
}

impl Evaluator<'_> {
    /// A form with its places (`%s`, `%d`, `{}`) filled in order. A place without a value stays text.
    pub fn filled(&mut self, form: &str, given: Vec<Value>, expr: &Expr) -> Value {
        let mut pieces = Vec::new();
        let mut given = given.into_iter();
        let mut rest = form;
        while let Some((at, length)) = place_in(rest) {
            let Some(value) = given.next() else { break };
            let text = Text::opaque(self.here.path(), expr.span, &rest[..at]);
            push_all(&mut pieces, [Piece::Text(text)]);
            push_all(&mut pieces, self.render(value, expr));
            rest = &rest[at + length..];
        }
        let text = Text::opaque(self.here.path(), expr.span, rest);
        push_all(&mut pieces, [Piece::Text(text)]);
        Value::Pieces(Rc::new(pieces))
    }
}

/// The first place of a form: its offset and its length in bytes.
fn place_in(form: &str) -> Option<(usize, usize)> {
    ["%s", "%d", "%v", "%r", "{}"]
        .iter()
        .filter_map(|place| Some((form.find(place)?, place.len())))
        .min()
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

fn shuffled() -> Volatility {
    Volatility::new(
        Class::Unique,
        Origin::Order,
        Confidence::Certain,
        "in another order on every call",
    )
}

fn random() -> Volatility {
    Volatility::new(
        Class::Unique,
        Origin::MadeUp,
        Confidence::Certain,
        "random on every call",
    )
}
