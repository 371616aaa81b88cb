//! Turns that are changed by their age: tests that compare the place of a turn with one that is counted from the end,
//! loops over all turns but the newest. What is written into turns there moves on with every turn of the conversation.

use crate::frontend::code::ir::{Arg, BinaryOp, Expr, ExprKind, Stmt, StmtKind};
use crate::source::Place;

use super::super::context::MAX_DEPTH;
use super::eval::Eval;
use super::heap::Item;
use super::tables::{tables, tells, Operation};
use super::things::Position;
use super::value::Value;
use super::windows::position;

impl Eval<'_, '_> {
    /// Whether a test holds for turns of some age: `i < len(turns) - keep`, `recent.has(i)`, and what is made of such.
    pub fn asks_for_age(&mut self, test: &Expr) -> bool {
        match &test.kind {
            ExprKind::Not(inner) => self.asks_for_age(inner),
            ExprKind::Binary {
                op: BinaryOp::And | BinaryOp::Or,
                left,
                right,
            } => self.asks_for_age(left) || self.asks_for_age(right),
            ExprKind::Binary {
                op: BinaryOp::Compare,
                left,
                right,
            } => {
                let sides = [self.looked_at(left), self.looked_at(right)];
                let at = |value: &Option<Value>| value.as_ref().and_then(position);
                let moves =
                    |at: Option<Position>| matches!(at, Some(Position::Tail(_) | Position::Age));
                let length = |at| matches!(at, Some(Position::Length));
                let (left_at, right_at) = (at(&sides[0]), at(&sides[1]));
                if moves(left_at) && !length(right_at) || moves(right_at) && !length(left_at) {
                    return true;
                }
                // `turn.id in recent`
                let [_, Some(within @ Value::Cell(_))] = &sides else {
                    return false;
                };
                self.holds_newest(within)
            }
            ExprKind::Call { callee, args, .. } if args.len() == 1 => {
                let ExprKind::Attribute { object, name, .. } = &callee.kind else {
                    return false;
                };
                let holds = tables().holding.iter().any(|known| known == name);
                match self.looked_at(object).filter(|_| holds) {
                    Some(within @ Value::Cell(_)) => self.holds_newest(&within),
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// Whether a list or a set was made of the newest turns.
    fn holds_newest(&self, list: &Value) -> bool {
        self.rewrite_of(list)
            .is_some_and(|rewrite| !rewrite.only_at_limit)
    }

    /// What an expression stands for that does nothing but look: evaluating it again changes nothing.
    pub fn looked_at(&mut self, expr: &Expr) -> Option<Value> {
        if !looks_only(expr, 0) {
            return None;
        }
        // A second look is no work of the program.
        let steps = self.work.steps;
        let value = self.eval(expr);
        self.work.steps = steps;
        Some(value)
    }

    /// Whether a loop goes over all turns but the newest: `for turn in turns[:-6]`, `for i in range(len(turns) - 6)`.
    pub fn goes_over_old(&mut self, over: &Expr) -> bool {
        match &over.kind {
            ExprKind::Slice {
                object,
                end: Some(end),
                ..
            } => self.ends_by_age(object, end),
            ExprKind::Call { callee, args, .. } => {
                let named = callee.dotted().unwrap_or_default();
                match (
                    tables().functions.get(&named),
                    &callee.kind,
                    args.as_slice(),
                ) {
                    (Some(Operation::Range), _, [end] | [_, end, ..]) => {
                        self.is_counted_back(&end.value)
                    }
                    (Some(Operation::Enumerate | Operation::Identity), _, [of, ..]) => {
                        self.goes_over_old(&of.value)
                    }
                    (_, ExprKind::Attribute { object, name, .. }, [_, Arg { value: end, .. }])
                        if tables().methods.get(name) == Some(&Operation::Slice) =>
                    {
                        self.ends_by_age(object, end)
                    }
                    _ => false,
                }
            }
            _ => false,
        }
    }

    fn ends_by_age(&mut self, object: &Expr, end: &Expr) -> bool {
        let back = match self.looked_at(end) {
            Some(Value::Number(number)) => number < -1.0,
            Some(value) => {
                let negative = matches!(end.kind, ExprKind::Negate(_));
                matches!(position(&value), Some(Position::Tail(_))) || negative
            }
            None => false,
        };
        back && self
            .looked_at(object)
            .is_some_and(|turns| self.holds_turns(&turns))
    }

    fn is_counted_back(&mut self, end: &Expr) -> bool {
        let at = self.looked_at(end);
        matches!(at.as_ref().and_then(position), Some(Position::Tail(_)))
    }

    /// Whether a value is a conversation, or a list in which one stands.
    pub fn holds_turns(&self, value: &Value) -> bool {
        match value {
            Value::Cell(id) => self
                .heap
                .list(*id)
                .is_some_and(|list| self.holds_history(&list.items)),
            other => other.is_history(),
        }
    }

    /// Whether the turns of a conversation are told apart by their age behind this statement.
    pub fn sorts_by_age(&mut self, stmt: &Stmt) -> bool {
        let StmtKind::If {
            test,
            then,
            otherwise,
        } = &stmt.kind
        else {
            return false;
        };
        let leaves = matches!(
            then.last().map(|last| &last.kind),
            Some(StmtKind::Return(_) | StmtKind::Continue)
        );
        leaves && otherwise.is_empty() && self.asks_for_age(test)
    }

    /// Runs something for turns of some age.
    pub fn by_age<T>(&mut self, aged: bool, run: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.aged;
        self.aged |= aged;
        let result = run(self);
        self.aged = outer;
        result
    }

    /// What is written at a place of the running file.
    pub fn written_at(&self, place: &Place) -> String {
        let here = self.frame().code.path() == &place.path;
        match here {
            true => self.written(place.span),
            false => String::new(),
        }
    }

    /// Whether what is written in the place of a turn's content is another one: neither the same in parts, to which
    /// markers for the cache are put, nor what no provider keeps.
    pub fn takes_place(&self, value: &Value, written: &str) -> bool {
        let told = tells(&tables().unsent, written);
        let other = match value {
            Value::Text(_) => true,
            Value::Unknown(unknown) => !tells(&tables().unsent, &unknown.expr.to_string()),
            Value::Choice(choice) => choice.arms.iter().any(|arm| self.takes_place(arm, written)),
            Value::Cell(id) => self
                .heap
                .list(*id)
                .is_some_and(|list| leaves_out(&list.items)),
            _ => false,
        };
        other && !told && !self.holds_marker(value, 0)
    }
}

/// Whether some of the parts of a content are left out.
fn leaves_out(items: &[Item]) -> bool {
    items.iter().any(|item| match item {
        Item::Branch(_, arms) => arms.iter().any(Vec::is_empty),
        Item::Repeat(_, body) => leaves_out(body),
        _ => false,
    })
}

/// Whether evaluating an expression does nothing: names, their members, numbers and what is computed of them.
fn looks_only(expr: &Expr, depth: usize) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    let all = |parts: &[&Expr]| parts.iter().all(|part| looks_only(part, depth + 1));
    match &expr.kind {
        ExprKind::Name(_) | ExprKind::Number(_) => true,
        ExprKind::Attribute { object, .. } => all(&[object]),
        ExprKind::Negate(inner) => all(&[inner]),
        ExprKind::Binary { left, right, .. } => all(&[left, right]),
        ExprKind::Call { callee, args, .. } => {
            let named = callee.dotted().unwrap_or_default();
            let known = tables().functions.get(&named);
            matches!(known, Some(Operation::Length | Operation::Bound))
                && args.iter().all(|arg| looks_only(&arg.value, depth + 1))
        }
        _ => false,
    }
}
