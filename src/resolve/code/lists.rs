//! Methods of lists: what is added, taken away, mapped and filtered, in the order in which it happens.

use std::rc::Rc;

use crate::frontend::code::ir::Expr;
use crate::volatility::{Class, Origin, Volatility};

use super::comprehensions::in_order;
use super::eval::{Eval, Flow};
use super::heap::{Cell, Item, List};
use super::methods::strip_nothing;
use super::presence::asks_presence;
use super::roles::callback_keeps_system;
use super::tables::Operation;
use super::value::{Argument, Condition, Value};

impl Eval<'_, '_> {
    pub fn copied(&mut self, id: usize) -> Value {
        let cell = self.heap.get(id).clone();
        Value::Cell(self.heap.add(cell))
    }

    pub fn list_method(
        &mut self,
        id: usize,
        operation: Operation,
        name: &str,
        args: Vec<Argument>,
        expr: &Expr,
    ) -> Option<Value> {
        use Operation as Op;
        let list = self.heap.list(id)?.clone();
        match operation {
            Op::Append => {
                for arg in args {
                    let item = if arg.spread {
                        let mut items = Vec::new();
                        self.spread_into(&mut items, &arg.value, arg.place.span);
                        items
                    } else {
                        vec![Item::One(arg.value, arg.place)]
                    };
                    if let Some(list) = self.heap.list_mut(id) {
                        list.items.extend(item);
                    }
                }
                Some(Value::None)
            }
            Op::Extend | Op::Update => {
                for arg in &args {
                    self.extend_list(id, &arg.value, arg.place.span);
                }
                Some(Value::None)
            }
            Op::Insert | Op::Unshift => {
                self.insert(id, operation, args);
                Some(Value::None)
            }
            Op::Pop => {
                if let Some(taken) = self.taken_at(id, &args) {
                    return Some(taken);
                }
                // At a place that is written down; one that is looked for drops what no provider takes.
                let front = args.first().is_some_and(|arg| {
                    matches!(arg.value, Value::Number(n) if n >= 0.0)
                        && self.written(arg.place.span).parse::<u32>().is_ok()
                });
                if front {
                    self.cut_list(&Value::Cell(id), expr.span);
                    return Some(self.item_of(&Value::Cell(id), expr.span));
                }
                let last = match list.items.last() {
                    Some(Item::One(value, _)) => value.clone(),
                    _ => self.item_of(&Value::Cell(id), expr.span),
                };
                if let (Some(Item::One(..)), Some(list)) =
                    (list.items.last(), self.heap.list_mut(id))
                {
                    list.items.pop();
                }
                Some(last)
            }
            Op::Shift | Op::Remove => {
                self.cut_list(&Value::Cell(id), expr.span);
                Some(self.item_of(&Value::Cell(id), expr.span))
            }
            Op::Splice => {
                // Taking out: earlier turns change. Adding at a place: as an insertion.
                if let (Some(Value::Number(0.0)), true) =
                    (args.first().map(|a| a.value.clone()), args.len() > 2)
                {
                    let new = args[2..].to_vec();
                    self.insert(id, Op::Unshift, new);
                } else if args.len() > 2
                    && matches!(args[1].value, Value::Number(0.0))
                    && !matches!(args[0].value, Value::Number(at) if at < 0.0)
                {
                    // Behind what was looked for: it stands at the same place at the next turn.
                    let mut new = vec![args[0].clone()];
                    new.extend_from_slice(&args[2..]);
                    self.insert(id, Op::Insert, new);
                } else {
                    self.cut_behind(id, &args, expr.span);
                }
                Some(Value::Cell(id))
            }
            Op::Clear => {
                if let Some(list) = self.heap.list_mut(id) {
                    list.items.clear();
                }
                Some(Value::None)
            }
            Op::Sort => {
                let order = self.order_by(args.first(), expr);
                let id = self.itself_or_copy(id, name);
                if let Some(list) = self.heap.list_mut(id) {
                    if order.is_none() {
                        list.items.iter_mut().for_each(in_order);
                    }
                    list.unordered = order;
                }
                Some(Value::Cell(id))
            }
            Op::Reverse => {
                let id = self.itself_or_copy(id, name);
                if let Some(list) = self.heap.list_mut(id) {
                    list.items.reverse();
                }
                Some(Value::Cell(id))
            }
            Op::Map => Some(self.map(&Value::Cell(id), args.first(), expr)),
            Op::Filter => Some(self.filtered(id, args.first(), expr)),
            Op::ForEach => {
                self.for_each(&Value::Cell(id), args.first(), expr);
                Some(Value::None)
            }
            Op::FlatMap => {
                let made = self.map(&Value::Cell(id), args.first(), expr);
                Some(self.flattened(&made, expr.span).unwrap_or(made))
            }
            Op::Flat => self.flattened(&Value::Cell(id), expr.span),
            Op::With | Op::ToSpliced => {
                let Value::Cell(copy) = self.copied(id) else {
                    return None;
                };
                if operation == Op::ToSpliced {
                    self.list_method(copy, Op::Splice, name, args, expr)?;
                } else if let [at, value] = args.as_slice() {
                    let (at, value) = (at.value.clone(), value.value.clone());
                    self.set_index(&Value::Cell(copy), &at, value, expr.span);
                }
                Some(Value::Cell(copy))
            }
            Op::Reduce => {
                let whole = args.first().and_then(|function| {
                    let list = Value::Cell(id);
                    self.folded(&list, &function.value, args.get(1), expr)
                });
                if whole.is_some() {
                    return whole;
                }
                let volatility = self.volatility(&Value::Cell(id));
                Some(self.derived(expr, volatility, 50))
            }
            Op::Items if !self.is_python() => Some(self.numbered(&Value::Cell(id), expr)),
            Op::Values | Op::Keys | Op::Items => Some(Value::Cell(id)),
            Op::Get => Some(self.item_of(&Value::Cell(id), expr.span)),
            Op::Copy => Some(self.copied(id)),
            _ => None,
        }
    }

    /// `toSorted`, `toReversed` leave the list as it is.
    fn itself_or_copy(&mut self, id: usize, name: &str) -> usize {
        match name.starts_with("to").then(|| self.copied(id)) {
            Some(Value::Cell(copy)) => copy,
            _ => id,
        }
    }

    /// `items.pop(1)` of a list that is known item by item.
    fn taken_at(&mut self, id: usize, args: &[Argument]) -> Option<Value> {
        let Some(Value::Number(at)) = args.first().map(|arg| &arg.value) else {
            return None;
        };
        let at = (*at >= 0.0).then_some(*at as usize)?;
        let items = &self.heap.list(id)?.items;
        let known = items.iter().all(|item| matches!(item, Item::One(..)));
        if !known || at >= items.len() || self.holds_history(items) {
            return None;
        }
        match self.heap.list_mut(id)?.items.remove(at) {
            Item::One(value, _) => Some(value),
            _ => None,
        }
    }

    /// `sort(() => Math.random() - 0.5)` shuffles.
    fn order_by(&mut self, function: Option<&Argument>, expr: &Expr) -> Option<Volatility> {
        let function = function.map(|arg| arg.value.clone())?;
        if !matches!(function, Value::Function(_)) {
            return None;
        }
        let place = self.place(expr.span);
        let given = self.derived(expr, Volatility::constant(), 1);
        let args = [given.clone(), given].map(|value| Argument::positional(value, place.clone()));
        let answer = self.apply(&function, args.to_vec(), expr, (false, None));
        let volatility = self.volatility(&answer);
        (volatility.class == Class::Unique).then_some(Volatility {
            origin: Origin::Order,
            ..volatility
        })
    }

    pub fn insert(&mut self, id: usize, operation: Operation, args: Vec<Argument>) {
        let (at, new) = if operation == Operation::Unshift {
            (Some(0), args)
        } else {
            let mut args = args.into_iter();
            let at = match args.next().map(|arg| arg.value) {
                Some(Value::Number(number)) if number >= 0.0 => Some(number as usize),
                _ => None,
            };
            (at, args.collect())
        };
        let Some(at) = at else {
            // Somewhere behind the front: in front of the newest turns.
            if let Some(list) = self.heap.list_mut(id) {
                list.items
                    .extend(new.into_iter().map(|arg| Item::One(arg.value, arg.place)));
            }
            return;
        };
        if let Some(list) = self.heap.list_mut(id) {
            let at = at.min(list.items.len());
            for (offset, arg) in new.into_iter().enumerate() {
                list.items
                    .insert(at + offset, Item::One(arg.value, arg.place));
            }
        }
    }

    pub fn with_order_if(&mut self, value: Value, order: Option<Volatility>) -> Value {
        match order {
            Some(_) => self.with_order(value, order),
            None => value,
        }
    }

    pub fn for_each(&mut self, over: &Value, function: Option<&Argument>, expr: &Expr) {
        let Some(function) = function.map(|arg| arg.value.clone()) else {
            return;
        };
        let place = self.place(expr.span);
        if let Some(values) = self.known_items(over, true, expr.span) {
            for (index, value) in values.into_iter().enumerate() {
                let mut args = vec![Argument::positional(value, place.clone())];
                args.push(Argument::positional(
                    Value::Number(index as f64),
                    place.clone(),
                ));
                self.apply(&function, args, expr, (false, None));
            }
            return;
        }
        let volatility = self.volatility(over);
        let mut round =
            (*super::rounds::round_at(self.written(expr.span), place.clone(), volatility, false))
                .clone();
        round.id = self.round_id(over);
        round.picks = picks(&function);
        round.history = over.is_history() || self.is_conversation(over);
        round.rewrite = self.rewrite_of(over);
        let item = self.item_of(over, expr.span).in_round_of(round.id);
        self.in_slice(over, &place, |eval| {
            let mut run = |eval: &mut Self| {
                let index = eval.derived(expr, Volatility::constant(), 1);
                let args = [item.clone(), index];
                let args = args.map(|value| Argument::positional(value, place.clone()));
                eval.apply(&function, args.to_vec(), expr, (false, None));
                Flow::Next
            };
            // What picks items by where they stand, may go through a conversation turn by turn.
            if round.picks || round.history {
                eval.repeated_by(&round, false, &mut run);
            } else {
                eval.noting_round(&round, |eval| {
                    run(eval);
                });
            }
        });
    }

    /// `items.filter(Boolean)` keeps what is there; another test keeps some.
    pub fn filtered(&mut self, id: usize, function: Option<&Argument>, expr: &Expr) -> Value {
        let Some(list) = self.heap.list(id).cloned() else {
            return Value::Cell(id);
        };
        let window = self.newest_by_position(function, expr);
        let window = window.filter(|_| self.holds_history(&list.items));
        let place = self.place(expr.span);
        let boolean = function.is_some_and(|arg| match &arg.value {
            Value::Function(callable) => {
                asks_presence(&callable.code.module.functions[callable.id])
            }
            value => value.path() == Some("Boolean"),
        });
        let system = function.and_then(|arg| match &arg.value {
            Value::Function(callable) => callback_keeps_system(callable.function()),
            _ => None,
        });
        let list = match system {
            Some(true) => List {
                items: self.without_turns(list.items),
                rewrite: None,
                ..list
            },
            _ => list,
        };
        let mut items = Vec::new();
        for (index, item) in list.items.into_iter().enumerate() {
            match item {
                Item::One(value, at) => {
                    let kept = if boolean {
                        self.kept(&value)
                    } else if let Some(function) = function {
                        let args = vec![Argument::positional(value.clone(), place.clone())];
                        let truth = self.apply(&function.value.clone(), args, expr, (false, None));
                        match self.known_truth(&truth) {
                            Some(known) => Kept::Known(known),
                            None => {
                                let written = self.written(expr.span);
                                let volatility = self.volatility(&truth);
                                let test = Condition::new(written, place.clone(), volatility);
                                Kept::Open(test.of_item(index))
                            }
                        }
                    } else {
                        Kept::Known(true)
                    };
                    match kept {
                        Kept::Known(true) => items.push(Item::One(value, at)),
                        Kept::Known(false) => {}
                        Kept::Open(condition) => {
                            let there = strip_nothing(&value);
                            items.push(Item::Branch(
                                condition,
                                vec![vec![Item::One(there, at)], Vec::new()],
                            ));
                        }
                    }
                }
                other => items.push(other),
            }
        }
        Value::Cell(self.heap.add(Cell::List(List {
            items,
            place,
            ..List {
                items: Vec::new(),
                unordered: list.unordered,
                rewrite: list.rewrite.or(window),
                // Some of them.
                most: Some(1),
                place: list.place,
            }
        })))
    }

    fn kept(&mut self, value: &Value) -> Kept {
        match value {
            Value::Choice(choice) => {
                let nothing = choice
                    .arms
                    .iter()
                    .any(|arm| self.known_truth(arm) == Some(false));
                if nothing {
                    Kept::Open(choice.condition.clone())
                } else {
                    Kept::Known(true)
                }
            }
            other => Kept::Known(self.known_truth(other) != Some(false)),
        }
    }
}

enum Kept {
    Known(bool),
    Open(Rc<Condition>),
}

/// Whether a callback picks among the items that it is called with.
pub fn picks(function: &Value) -> bool {
    match function {
        Value::Function(callable) => super::picks::callback_picks(callable.function()),
        _ => false,
    }
}
