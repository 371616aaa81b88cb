//! What functions do to an argument: they show a clock (`format(new Date(), "yyyy-MM-dd")`), they shuffle a list.
//! Knows no names of functions.

use crate::frontend::code::ir::{Arg, Expr, ExprKind};
use crate::volatility::classify::{Effect, Order, ValueKind, Verdict};
use crate::volatility::{Class, Volatility};

use super::eval::{held, Eval};
use super::tables::tables;
use super::value::{Argument, Unknown, Value};

impl Eval<'_, '_> {
    /// A clock among the arguments, to the granularity that the function's other arguments ask for.
    pub fn shown_clock(
        &mut self,
        name: &str,
        args: &[Argument],
        literals: &[Option<&str>],
        expr: &Expr,
    ) -> Option<Value> {
        let clock = args
            .iter()
            .find_map(|arg| arg.value.unknown().filter(|unknown| unknown.verdict.clock))?;
        let Effect::Granularity(class) = self.frame().code.classifier.filter(name, literals) else {
            return None;
        };
        let mut out = (**clock).clone();
        out.expr = self.written(expr.span).into();
        out.verdict.cut_to(class);
        Some(out.into_value())
    }

    /// A method that is called on a clock which has been cut or computed.
    pub fn shown_by_method(
        &mut self,
        clock: &Unknown,
        args: &[Argument],
        expr: &Expr,
    ) -> Option<Value> {
        if !clock.verdict.clock {
            return None;
        }
        let ExprKind::Call { callee, .. } = &expr.kind else {
            return None;
        };
        let ExprKind::Attribute { name, .. } = &callee.kind else {
            return None;
        };
        let literals: Vec<Option<String>> =
            args.iter().map(|arg| self.literal_argument(arg)).collect();
        let literals: Vec<Option<&str>> = literals.iter().map(Option::as_deref).collect();
        self.effect(clock, name, &literals, expr)
    }

    /// `date.setHours(0, 0, 0, 0)`: the clock itself shows less from here on, and the call gives it.
    pub fn set_clock(
        &mut self,
        receiver: &Value,
        object: &Expr,
        (name, args): (&str, &[Arg]),
        expr: &Expr,
    ) -> Option<Value> {
        let Value::Unknown(clock) = receiver else {
            return None;
        };
        if self.is_python() || !clock.verdict.clock || !name.starts_with("set") {
            return None;
        }
        let args = self.arguments(args);
        let set = self.shown_by_method(clock, &args, expr)?;
        if let ExprKind::Name(name) = &object.kind {
            if self.lookup(name).is_some() {
                self.bind(name, set.clone());
            }
        }
        Some(set)
    }

    /// What writes dates in the way that its own options say (`new Intl.DateTimeFormat("en", { timeStyle: "short" })`):
    /// its path carries how much it shows.
    pub fn formatter(
        &mut self,
        path: &str,
        literals: &[Option<&str>],
        expr: &Expr,
    ) -> Option<Value> {
        let name = path.rsplit('.').next().unwrap_or(path);
        let classifier = self.frame().code.classifier.clone();
        // What is a clock itself is none, and what is called to write a date writes it.
        let made = name.starts_with(char::is_uppercase) && classifier.call(path, &[]).is_none();
        if !made {
            return None;
        }
        let Effect::Granularity(class) = classifier.filter(name, literals) else {
            return None;
        };
        let verdict = Verdict {
            kind: ValueKind::Plain,
            volatility: Volatility::constant(),
            tokens: 5,
            clock: false,
        };
        Some(
            Unknown {
                path: Some(format!("{path}({class})").into()),
                ..Unknown::new(self.written(expr.span), verdict)
            }
            .into_value(),
        )
    }

    /// A method of such a formatter: the clock among its arguments, or today's, as far as it shows.
    pub fn by_formatter(&mut self, path: &str, args: &[Argument], expr: &Expr) -> Option<Value> {
        let (made, method) = path.rsplit_once('.')?;
        let (formatter, class) = made.strip_suffix(')')?.rsplit_once('(')?;
        let class = Class::parse(class)?;
        let classifier = self.frame().code.classifier.clone();
        let mut out = match args.first() {
            Some(arg) => (**arg
                .value
                .unknown()
                .filter(|unknown| unknown.verdict.clock)?)
            .clone(),
            None => {
                let verdict = classifier.call(&format!("{formatter}().{method}"), &[])?;
                let unknown = Unknown::new(self.written(expr.span), verdict);
                let place = self.place(expr.span);
                (**self.born(unknown, place, "a clock").unknown()?).clone()
            }
        };
        out.expr = self.written(expr.span).into();
        out.verdict.cut_to(class);
        Some(out.into_value())
    }

    /// A function that shuffles the list that it is given.
    pub fn shuffled_in_place(&mut self, path: &str, args: &[Argument]) {
        if !tables().shufflers.iter().any(|known| known == path) {
            return;
        }
        let order = self.frame().code.classifier.order(path);
        let (Some(Order::Unordered(mut order)), Some(Value::Cell(id))) =
            (order, args.first().map(|arg| arg.value.clone()))
        else {
            return;
        };
        // What is shuffled once keeps its order for as long as it lives.
        order.frame = held(order.class, self.life).or(order.frame);
        if let Some(list) = self.heap.list_mut(id) {
            list.unordered = Some(order);
        }
    }
}
