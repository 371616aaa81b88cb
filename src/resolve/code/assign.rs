//! Values are bound to names, patterns, members and items; `+=` and `del` too.

use std::rc::Rc;

use crate::frontend::code::ir::{BinaryOp, Expr, ExprKind, Pattern};
use crate::prompt::Hop;
use crate::source::Span;

use super::eval::Eval;
use super::heap::{CellId, Item};
use super::tables::Operation;
use super::value::{Argument, Value, BECOMES};

impl Eval<'_, '_> {
    /// Binds a name in the running function (or where `global` and `nonlocal` say).
    pub fn bind(&mut self, name: &str, value: Value) {
        let mut at = self.frame().scope;
        if self
            .heap
            .scope(at)
            .is_some_and(|s| s.outer.iter().any(|n| n == name))
        {
            at = self.outer_scope_of(name).unwrap_or(at);
        }
        if let Some(scope) = self.heap.scope_mut(at) {
            scope.names.set(name, value);
        }
    }

    /// The outer scope that binds a name.
    fn outer_scope_of(&self, name: &str) -> Option<CellId> {
        let parent = self.heap.scope(self.frame().scope)?.parent;
        self.scope_of(parent, name)
    }

    /// The first scope that binds a name, from one outwards.
    pub fn scope_of(&self, from: Option<CellId>, name: &str) -> Option<CellId> {
        let mut at = from;
        while let Some(id) = at {
            let scope = self.heap.scope(id)?;
            if scope.names.holds(name) {
                return Some(id);
            }
            at = scope.parent;
        }
        None
    }

    pub fn assign(&mut self, target: &Pattern, value: Value) {
        match target {
            Pattern::Name(name, span) => {
                let value = self.named(value, name, *span);
                self.bind(name, value);
            }
            Pattern::Target(expr) => self.assign_target(expr, value),
            Pattern::List(items, span) => self.unpack(items, &value, *span),
            Pattern::Object(items, rest, span) => {
                for (key, pattern) in items {
                    let member = self.member(&value, key, *span);
                    let member = self.named_by_key(member, key, *span);
                    self.assign(pattern, member);
                }
                if let Some(rest) = rest {
                    let taken: Vec<&str> = items.iter().map(|(key, _)| key.as_str()).collect();
                    let value = self.without(&value, &taken, *span);
                    self.bind(rest, value);
                }
            }
            Pattern::Rest(inner) => self.assign(inner, value),
            Pattern::Default(inner, default) => {
                let value = match value {
                    Value::Unknown(unknown) if matches!(default.kind, ExprKind::Bool(false)) => {
                        let mut unknown = Rc::unwrap_or_clone(unknown);
                        unknown.off = true;
                        unknown.into_value()
                    }
                    Value::None => self.eval(default),
                    Value::Choice(choice)
                        if choice.arms.iter().any(|a| matches!(a, Value::None)) =>
                    {
                        let arms: Vec<Value> = choice
                            .arms
                            .iter()
                            .map(|arm| match arm {
                                Value::None => self.eval(default),
                                arm => arm.clone(),
                            })
                            .collect();
                        super::arms::choose(&choice.condition, arms)
                    }
                    other => other,
                };
                self.assign(inner, value);
            }
            Pattern::Ignore => {}
        }
    }

    /// A hop where a value gets a name, and what the name tells of it.
    pub fn named(&mut self, value: Value, name: &str, span: Span) -> Value {
        let value = super::counters::told_by_name(self.told(value, name), name);
        let carries = match &value {
            Value::Unknown(unknown) => !unknown.trace.is_empty(),
            _ => false,
        };
        if !carries {
            return value;
        }
        let place = self.place(span);
        value.with_hop(&Hop {
            place,
            note: format!("{BECOMES}`{name}`").into(),
        })
    }

    fn unpack(&mut self, patterns: &[Pattern], value: &Value, span: Span) {
        let rest = patterns.iter().position(|p| matches!(p, Pattern::Rest(_)));
        let behind = rest.map_or(0, |at| patterns.len() - at - 1);
        for (index, pattern) in patterns.iter().enumerate() {
            let item = match rest {
                Some(at) if index == at => self.sliced(value, at, behind, span),
                Some(at) if index > at => {
                    let from_end = patterns.len() - index;
                    self.item_at(value, -(from_end as i64), span)
                }
                _ => self.item_at(value, index as i64, span),
            };
            self.assign(pattern, item);
        }
    }

    pub fn assign_target(&mut self, expr: &Expr, value: Value) {
        match &expr.kind {
            ExprKind::Attribute {
                object,
                name,
                name_span,
            } => {
                let object = self.eval(object);
                let value = self.named(value, name, *name_span);
                let place = self.place(expr.span);
                self.set_member(&object, name, value, &place);
            }
            ExprKind::Index { object, index } => {
                let of = self.eval(object);
                let index = self.eval(index);
                let first = matches!(index, Value::Number(0.0)) && self.is_system_message(&value);
                // `messages[0] = {"role": "system", ..}`: what comes from outside stands behind it.
                let list = match first {
                    true => self.opened_list(self.as_conversation(of.clone()), object),
                    false => Value::None,
                };
                if let Value::Cell(list) = list {
                    let at = Argument::positional(index, self.place(expr.span));
                    let new = Argument::positional(value, self.place(expr.span));
                    let known = self.heap.list(list);
                    if known
                        .is_some_and(|list| matches!(list.items.first(), Some(Item::Spread(..))))
                    {
                        return self.insert(list, Operation::Insert, vec![at, new]);
                    }
                    return self.set_index(&Value::Cell(list), &at.value, new.value, expr.span);
                }
                self.set_index(&of, &index, value, expr.span);
            }
            ExprKind::Slice {
                object, start, end, ..
            } => {
                // `messages[:] = kept`
                let whole = start.is_none() && end.is_none();
                let object = self.eval(object);
                let bounds = self.bounds(start.as_deref(), end.as_deref());
                self.set_slice(&object, value, (bounds, whole), expr.span);
            }
            _ => {}
        }
    }

    pub fn augment(&mut self, target: &Pattern, op: BinaryOp, value: &Expr) {
        let (read, span) = match target {
            Pattern::Name(name, span) => (Expr::new(*span, ExprKind::Name(name.clone())), *span),
            Pattern::Target(expr) => ((**expr).clone(), expr.span),
            _ => return,
        };
        let before = self.eval(&read);
        let memo = self.filled_life(target, op);
        let life = self.life;
        self.life = memo.or(life);
        let mut right = self.eval(value);
        self.life = life;
        if let Some(memo) = memo {
            right = self.kept_as(right, memo);
        }
        // A list grows in place: whoever else holds it sees it.
        if let (BinaryOp::Add, Value::Cell(id)) = (op, &before) {
            if self.heap.list(*id).is_some() {
                self.extend_list(*id, &right, value.span);
                return;
            }
        }
        let joined = Expr::new(span.to(value.span), ExprKind::None);
        let result = match (op, &before) {
            // What takes the place of nothing, or of what nothing is known of, is what it becomes.
            (BinaryOp::Nullish | BinaryOp::Or, Value::None | Value::Null) => right,
            (BinaryOp::Nullish | BinaryOp::Or, Value::Text(_) | Value::Cell(_)) => before,
            (BinaryOp::Nullish | BinaryOp::Or, Value::Unknown(_)) if memo.is_some() => right,
            _ => self.binary(op, before, right, &joined),
        };
        match target {
            Pattern::Name(name, _) => {
                // A closure writes to the variable of its function.
                let own = self
                    .heap
                    .scope(self.frame().scope)
                    .is_some_and(|scope| scope.names.holds(name));
                match self.outer_scope_of(name).filter(|_| !own) {
                    Some(at) => {
                        if let Some(scope) = self.heap.scope_mut(at) {
                            scope.names.set(name, result);
                        }
                    }
                    None => self.bind(name, result),
                }
            }
            Pattern::Target(expr) => self.assign_target(expr, result),
            _ => {}
        }
    }

    /// Both ends of a slice where they are numbers or left out.
    fn bounds(&mut self, start: Option<&Expr>, end: Option<&Expr>) -> Option<super::items::Bounds> {
        let mut bound = |expr: Option<&Expr>| match expr.map(|expr| self.eval(expr)) {
            None | Some(Value::None) => Some(None),
            Some(Value::Number(number)) => Some(Some(number as i64)),
            Some(_) => None,
        };
        Some((bound(start)?, bound(end)?))
    }

    /// What something is taken out of.
    fn opened_at(&mut self, object: &Expr) -> Value {
        let value = self.eval(object);
        self.opened_list(value, object)
    }

    pub fn deleted(&mut self, target: &Pattern) {
        let Pattern::Target(expr) = target else {
            return;
        };
        match &expr.kind {
            ExprKind::Index { object, index } => {
                let object = self.opened_at(object);
                let index = self.eval(index);
                self.delete_item(&object, &index, expr.span);
            }
            ExprKind::Attribute { object, name, .. } if !self.is_python() => {
                let object = self.opened_at(object);
                let key = self.literal(expr.span, name);
                self.delete_item(&object, &key, expr.span);
            }
            ExprKind::Slice {
                object, start, end, ..
            } => {
                let object = self.opened_at(object);
                let bounds = self.bounds(start.as_deref(), end.as_deref());
                let spliced = match (&object, bounds) {
                    (Value::Cell(id), Some(bounds)) => self.spliced(*id, bounds, Vec::new()),
                    _ => false,
                };
                if !spliced {
                    self.cut_list(&object, expr.span);
                }
            }
            _ => {}
        }
    }
}
