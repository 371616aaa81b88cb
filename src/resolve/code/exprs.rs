//! Expressions, one arm per kind. What an arm does in more than a line stands in a file of its own: `names`, `literals`,
//! `operators`, `comprehensions`, `calls`, `members`.

use std::rc::Rc;

use crate::frontend::code::ir::{BinaryOp, Expr, ExprKind};
use crate::volatility::{Class, Volatility};

use super::super::value::worse;
use super::arms::choose;
use super::eval::{deploy, Eval, Flow};
use super::heap::{Cell, Item, List};
use super::picks;
use super::presence::asks_whether_any;
use super::roles::asks_only_for_first;
use super::stmts::Truth;
use super::value::{Callable, ClassRef, Condition, Value};

impl Eval<'_, '_> {
    pub fn eval(&mut self, expr: &Expr) -> Value {
        if !self.enter() {
            return Value::None;
        }
        let value = self.eval_kind(expr);
        self.leave();
        match value {
            Value::Choice(choice) => self.filled_one(choice),
            value => value,
        }
    }

    fn eval_kind(&mut self, expr: &Expr) -> Value {
        match &expr.kind {
            ExprKind::Text(text) => Value::text(text.clone()),
            ExprKind::Number(number) => self.number(*number, expr),
            ExprKind::Bool(value) => Value::Bool(*value),
            ExprKind::None => Value::None,
            ExprKind::Null => Value::Null,
            ExprKind::Name(name) => self.name(name, expr.span),
            ExprKind::Attribute { object, name, .. } => {
                let object = self.eval(object);
                match self.part_of_clock(&object, name, expr.span) {
                    Some(part) => part,
                    None => self.member(&object, name, expr.span),
                }
            }
            ExprKind::Index { object, index } => {
                let object = self.eval(object);
                let index = self.eval(index);
                self.index(&object, &index, expr.span)
            }
            ExprKind::Slice {
                object,
                start,
                end,
                step,
            } => {
                let object = self.eval(object);
                let bound = |eval: &mut Self, bound: &Option<Box<Expr>>| {
                    bound.as_ref().map(|bound| eval.eval(bound))
                };
                let start = bound(self, start);
                let end = bound(self, end);
                let step = bound(self, step);
                self.slice(&object, start, end, step, expr)
            }
            ExprKind::Call { callee, args, new } => self.call(expr, callee, args, *new),
            ExprKind::Tagged { tag, template } => self.tagged(tag, template, expr),
            ExprKind::Format(parts) => self.format(parts),
            ExprKind::Binary { op, left, right } => match op {
                BinaryOp::And | BinaryOp::Or | BinaryOp::Nullish => self.logic(*op, left, right),
                _ => {
                    if let Some(known) = self.type_test(*op, left, right) {
                        return Value::Bool(known);
                    }
                    let (mut first, mut second) = (self.eval(left), self.eval(right));
                    if *op == BinaryOp::Add && (self.is_text(&first) || self.is_text(&second)) {
                        first = self.counted(first, left);
                        second = self.counted(second, right);
                    }
                    self.binary(*op, first, second, expr)
                }
            },
            ExprKind::Not(inner) => {
                let value = self.eval(inner);
                match self.known_truth(&value) {
                    Some(known) => Value::Bool(!known),
                    None => {
                        let volatility = self.tested(&value);
                        self.derived(expr, volatility, 1)
                    }
                }
            }
            ExprKind::Negate(inner) => match self.eval(inner) {
                Value::Number(number) => Value::Number(-number),
                Value::Float(number) => Value::Float(-number),
                other => other,
            },
            ExprKind::Conditional {
                test,
                then,
                otherwise,
            } => match self.truth(test) {
                Truth::Known(true) => self.eval(then),
                Truth::Known(false) => self.eval(otherwise),
                Truth::Open(condition) => {
                    let arms = [then, otherwise];
                    let mut values = Vec::new();
                    let doubtful = self.doubtful(test);
                    let aged = self.asks_for_age(test);
                    self.by_age(aged, |eval| {
                        eval.fork(&condition, 2, &mut |eval, arm| {
                            let value =
                                eval.doubting(doubtful == Some(arm), |eval| eval.eval(arms[arm]));
                            values.push(value);
                            Flow::Next
                        })
                    });
                    choose(&condition, values)
                }
            },
            ExprKind::List(items) => {
                let (items, most) = self.items(items);
                let place = self.place(expr.span);
                let list = self.new_list(items, place);
                self.at_most(list, most)
            }
            ExprKind::Set(items) => {
                let (items, _) = self.items(items);
                let place = self.place(expr.span);
                let unordered =
                    if items.len() > 1 || !matches!(items.first(), Some(Item::One(..)) | None) {
                        self.order_of("set")
                    } else {
                        None
                    };
                Value::Cell(self.heap.add(Cell::List(List {
                    items,
                    unordered,
                    rewrite: None,
                    most: None,
                    place,
                })))
            }
            ExprKind::Object(entries) => self.object(entries, expr.span),
            ExprKind::Comprehension(comprehension) => self.comprehension(comprehension, expr),
            ExprKind::Lambda(id) => Value::Function(Rc::new(Callable {
                code: self.code(),
                id: *id,
                scope: self.closure_scope(),
                this: self.frame().this.clone(),
                bound: Vec::new(),
            })),
            ExprKind::Class(id) => Value::Class(ClassRef {
                code: self.code(),
                id: *id,
                scope: self.closure_scope(),
            }),
            ExprKind::Await(inner) => {
                let outer = self.awaited.replace(inner.span);
                let value = self.eval(inner);
                self.awaited = outer;
                value
            }
            ExprKind::Assign { target, value } => {
                let value = self.eval(value);
                self.assign(target, value.clone());
                value
            }
            ExprKind::Import(specifier) => {
                let specifier = self.eval(specifier);
                match specifier.known_text() {
                    Some(name) => self.import_module(&name),
                    None => self.derived(expr, super::eval::deploy("an imported module"), 1),
                }
            }
            ExprKind::Regex(pattern, flags) => {
                let written = format!("/{pattern}/{flags}");
                self.literal(expr.span, &written)
            }
            ExprKind::Opaque(parts) => {
                let mut volatility = Volatility::constant();
                for part in parts {
                    let value = self.eval(part);
                    volatility = worse(volatility, self.volatility(&value));
                }
                self.derived(expr, volatility, 20)
            }
        }
    }

    fn closure_scope(&self) -> Option<usize> {
        self.frame().function.map(|_| self.frame().scope)
    }

    // ---- names ----

    // ---- operators ----

    fn logic(&mut self, op: BinaryOp, left: &Expr, right: &Expr) -> Value {
        let first = self.eval(left);
        let known = match op {
            BinaryOp::Nullish => match &first {
                Value::None | Value::Null => Some(false),
                Value::Unknown(_) | Value::Choice(_) => None,
                _ => Some(true),
            },
            _ => self.known_truth(&first),
        };
        let takes_left = |truth: bool| (op == BinaryOp::And) != truth;
        if let Some(truth) = known {
            return if takes_left(truth) {
                first
            } else {
                self.eval(right)
            };
        }
        let second = self.eval(right);
        if op == BinaryOp::And {
            // `cond && text`: the text or nothing.
            let condition = self.condition(left, &first);
            return choose(&condition, vec![second, Value::None]);
        }
        // `x or default`: a default that is a constant does not fork what is anyhow not known.
        match &first {
            Value::Choice(choice) if choice.arms.iter().any(Value::is_nothing) => {
                let arms = choice.arms.iter().map(|arm| match arm {
                    Value::None | Value::Null => second.clone(),
                    arm => arm.clone(),
                });
                choose(&choice.condition.clone(), arms.collect())
            }
            Value::Unknown(unknown) if matches!(second, Value::Unknown(_)) => {
                let other = self.volatility(&second);
                let usual = second.usual_text();
                if worse(unknown.verdict.volatility.clone(), other.clone()) == other {
                    second
                } else {
                    first.or_usual(usual)
                }
            }
            Value::Unknown(_) if !matches!(second, Value::Cell(_)) && self.small(&second) => {
                first.or_usual(second.known_text())
            }
            _ => {
                let condition = self.condition(left, &first);
                choose(&condition, vec![first, second])
            }
        }
    }

    /// Whether a default is next to nothing beside what it stands in for.
    fn small(&self, value: &Value) -> bool {
        match value {
            Value::None | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Float(_) => true,
            Value::Text(_) => value.known_text().is_some_and(|text| text.len() <= 64),
            _ => false,
        }
    }

    pub fn condition(&mut self, test: &Expr, value: &Value) -> Rc<Condition> {
        let place = self.place(test.span);
        let fixed = || asks_only_for_first(test).then(|| deploy("how the conversation begins"));
        let of_model = || picks::tests_model(test).then(|| deploy("which model is asked"));
        let known = self.asks_for_system(test).or_else(fixed);
        let system = known.or_else(of_model);
        let open = system.is_none() && !picks::tests_kind(test);
        let mut volatility = system.unwrap_or_else(|| self.tested(value));
        // What a session keeps comes to be there once: that does not flip.
        if volatility.class == Class::State && asks_whether_any(test) {
            volatility.class = Class::Session;
        }
        let rounds = if !open {
            Vec::new()
        } else {
            self.rounds_of(value)
        };
        let mut condition = Condition::within(self.written(test.span), place, volatility, rounds);
        if let Some(condition) = Rc::get_mut(&mut condition) {
            condition.shape = picks::tests_shape(test);
        }
        condition
    }

    // ---- texts ----

    // ---- lists and objects ----
}
