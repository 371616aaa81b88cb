//! Times that are computed with: how long ago something was, how many days are left.

use crate::frontend::code::ir::{BinaryOp, Expr};
use crate::volatility::{Class, Confidence};

use super::eval::Eval;
use super::value::Value;

/// Seconds of a day, an hour and a minute, and what changes with them.
const UNITS: [(f64, Class); 3] = [
    (86_400.0, Class::Day),
    (3_600.0, Class::Hour),
    (60.0, Class::Minute),
];

impl Eval<'_, '_> {
    /// What two times, or a time and a number, are computed to: a span between two times that both vary is shown as
    /// nothing here says; one that is divided by the length of a day changes with the day.
    pub fn of_times(
        &self,
        op: BinaryOp,
        (left, right): (&Value, &Value),
        value: Value,
        expr: &Expr,
    ) -> Value {
        let clock = |value: &Value| value.unknown().is_some_and(|time| time.verdict.clock);
        let Value::Unknown(unknown) = &value else {
            return value;
        };
        if !clock(left) && !clock(right) {
            return value;
        }
        let mut out = (**unknown).clone();
        match (op, right) {
            (BinaryOp::Subtract, _) => {
                let other = if clock(left) { right } else { left };
                // `now - now % step` is a time that is cut to a step.
                let cut = right.unknown().is_some_and(|time| time.expr.contains('%'));
                if !cut && !self.volatility(other).class.is_stable() {
                    let own = &mut out.verdict.volatility;
                    own.confidence = own.confidence.min(Confidence::Possible);
                    own.why = "a span between two times".into();
                }
            }
            (BinaryOp::Arithmetic, Value::Number(length) | Value::Float(length)) => {
                let divides = self.written(expr.span).contains('/');
                // In seconds, or in milliseconds; a month is so many days.
                let whole = |unit: f64| *length >= unit && length % unit == 0.0;
                let exact = |unit: f64| *length == unit || *length == unit * 1000.0;
                let unit = UNITS.iter().find(|(seconds, class)| match class {
                    Class::Day => whole(*seconds),
                    _ => exact(*seconds),
                });
                if let (true, Some((_, class))) = (divides, unit) {
                    out.verdict.cut_to(*class);
                }
            }
            _ => {}
        }
        out.into_value()
    }
}
