//! Operators of a template's expressions: arithmetic, comparison, `and` / `or`, joining, the ternary.
//! Knows nothing of names, calls or nodes.

use std::rc::Rc;
use std::sync::Arc;

use crate::frontend::template::tree::{Expr, ExprKind};
use crate::prompt::{Branch, Piece};

use super::evaluator::Evaluator;
use super::value::{push_all, worse, Value};

/// Bytes of a text that is repeated by `*`.
const MAX_REPEATED: usize = 100_000;

impl Evaluator<'_> {
    pub fn eval_binary(&mut self, op: &str, left: &Expr, right: &Expr, expr: &Expr) -> Value {
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
        if let ("*", Value::Text(text), Value::Number(times))
        | ("*", Value::Number(times), Value::Text(text)) = (op, &a, &b)
        {
            let fits = *times >= 0.0 && text.len() as f64 * times <= MAX_REPEATED as f64;
            if fits {
                let repeated = text.as_str().repeat(*times as usize);
                return Value::literal(self.here.path(), expr.span, &repeated);
            }
        }
        if let ("%", Value::Text(form)) = (op, &a) {
            let given = match &b {
                Value::List(items) => items.as_ref().clone(),
                _ => vec![b.clone()],
            };
            let form = form.as_str().to_string();
            return self.filled(&form, given, expr);
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

    pub fn eval_ternary(
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
                    condition: self.here.written(condition.span).into(),
                    id,
                    place: self.here.place(expr.span),
                    volatility,
                    arms: Arc::new(vec![first, second]),
                })]))
            }
        }
    }
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
