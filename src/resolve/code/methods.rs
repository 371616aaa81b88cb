//! What known methods do to texts, and who does what lists, objects and open values are asked: one arm per operation
//! of `rules/code.yaml`.

use std::rc::Rc;

use crate::frontend::code::ir::Expr;
use crate::prompt::Piece;
use crate::sdk;
use crate::source::Text;
use crate::volatility::classify::Effect;

use super::arms::choose;
use super::eval::Eval;
use super::heap::{Cell, Item};
use super::tables::{tables, Operation};
use super::texts::{self, Style};
use super::value::{Argument, Unknown, Value};

impl Eval<'_, '_> {
    pub fn function_operation(&self, path: &str) -> Option<Operation> {
        tables().functions.get(path).copied()
    }

    /// `receiver.name(args)` where the operation is known. `None`: it is none of this receiver.
    pub fn method(
        &mut self,
        receiver: &Value,
        operation: Operation,
        name: &str,
        args: Vec<Argument>,
        expr: &Expr,
    ) -> Option<Value> {
        use Operation as Op;
        if let Value::Choice(choice) = receiver {
            let choice = choice.clone();
            if !mutates(operation) {
                let arms: Vec<Value> = choice
                    .arms
                    .iter()
                    .filter(|arm| !arm.is_nothing())
                    .filter_map(|arm| self.method(arm, operation, name, args.clone(), expr))
                    .collect();
                return Some(choose(&choice.condition, arms));
            }
            let cells: Vec<Value> = choice
                .arms
                .iter()
                .filter(|a| matches!(a, Value::Cell(_)))
                .cloned()
                .collect();
            for cell in cells {
                self.method(&cell, operation, name, args.clone(), expr);
            }
            return Some(Value::None);
        }
        let first = args.first().map(|arg| arg.value.clone());
        match (operation, receiver) {
            // What is known already is handed on at once; what else is awaited runs later.
            (Op::Then, Value::Text(_) | Value::Cell(_)) => match first {
                Some(function @ Value::Function(_)) => {
                    let place = self.place(expr.span);
                    let given = Argument::positional(receiver.clone(), place);
                    Some(self.apply(&function, vec![given], expr, (false, None)))
                }
                _ => Some(receiver.clone()),
            },
            (
                Op::Identity
                | Op::Copy
                | Op::Settle
                | Op::Then
                | Op::Flat
                | Op::Fixed
                | Op::Localized,
                Value::Text(_) | Value::Unknown(_),
            ) => {
                // A conversion of a clock shows it as a whole.
                if let Value::Unknown(unknown) = receiver {
                    return self.clock_method(unknown, name, &args, expr).or_else(|| {
                        (!matches!(operation, Op::Settle | Op::Then) || unknown.is_history())
                            .then(|| receiver.clone())
                    });
                }
                Some(receiver.clone())
            }
            (Op::Identity | Op::Settle, Value::Cell(_)) => Some(receiver.clone()),
            (Op::Identity | Op::Fixed | Op::Localized, Value::Number(number))
                if !self.is_python() =>
            {
                self.number_method(*number, operation, &args, expr)
            }
            (Op::Copy, Value::Cell(id)) => Some(self.copied(*id)),
            (Op::Strip | Op::StripStart | Op::StripEnd, Value::Text(pieces)) => {
                let set = match &first {
                    Some(set) => set.known_text(),
                    None => None,
                };
                if first.is_some() && set.is_none() {
                    return Some(receiver.clone());
                }
                let (start, end) = (operation != Op::StripEnd, operation != Op::StripStart);
                let out = texts::stripped(pieces, start, end, set.as_deref());
                Some(Value::pieces(out))
            }
            (Op::RemovePrefix | Op::RemoveSuffix, Value::Text(pieces)) => {
                let affix = first.and_then(|affix| affix.known_text());
                let start = operation == Op::RemovePrefix;
                Some(match affix {
                    Some(affix) => Value::pieces(texts::without_affix(pieces, &affix, start)),
                    None => receiver.clone(),
                })
            }
            (Op::Upper, Value::Text(pieces)) => {
                Some(Value::pieces(texts::mapped(pieces, str::to_uppercase)))
            }
            (Op::Lower, Value::Text(pieces)) => {
                Some(Value::pieces(texts::mapped(pieces, str::to_lowercase)))
            }
            (
                Op::Strip
                | Op::StripStart
                | Op::StripEnd
                | Op::RemovePrefix
                | Op::RemoveSuffix
                | Op::Upper
                | Op::Lower,
                Value::Unknown(unknown),
            ) => {
                let changed = self.clock_method(&unknown.clone(), name, &args, expr);
                Some(changed.unwrap_or_else(|| receiver.clone()))
            }
            (Op::Join, Value::Text(separator)) => {
                let separator = separator.clone();
                Some(self.join(&first?, &separator, expr))
            }
            (Op::Join, Value::Cell(id)) if self.heap.list(*id).is_some() => {
                let separator = match first {
                    Some(Value::Text(pieces)) => pieces,
                    _ => {
                        let place = self.place(expr.span);
                        Rc::new(vec![Piece::Text(Text::opaque(
                            &place.path,
                            place.span,
                            ",",
                        ))])
                    }
                };
                Some(self.join(receiver, &separator, expr))
            }
            (Op::Join, Value::Unknown(_)) if !self.is_python() => {
                Some(self.as_text(receiver, expr))
            }
            (Op::Format, Value::Text(pieces)) => {
                let pieces = pieces.clone();
                Some(self.fill(&pieces, Style::Braces, &args))
            }
            (Op::Replace, Value::Text(pieces)) => {
                let pieces = pieces.clone();
                Some(self.replace(&pieces, &args, name, expr))
            }
            (Op::Format | Op::Substitute, Value::Unknown(unknown))
                if self.is_python() && !unknown.verdict.clock =>
            {
                self.filled_unseen(receiver, &args, expr)
            }
            // `now.replace(hour=0, ..)`
            (Op::Replace, Value::Unknown(unknown)) if unknown.verdict.clock => {
                self.clock_method(&unknown.clone(), name, &args, expr)
            }
            (Op::Replace, Value::Unknown(_)) => {
                let filled = args.get(1..).unwrap_or_default();
                let filled = self.filled_unseen(receiver, filled, expr);
                Some(filled.unwrap_or_else(|| receiver.clone()))
            }
            (Op::Split, Value::Unknown(unknown)) if unknown.verdict.clock => {
                self.clock_method(unknown, name, &args, expr)
            }
            (Op::Split, Value::Unknown(_)) => Some(receiver.clone()),
            (Op::Split, Value::Text(_)) => {
                let volatility = self.volatility(receiver);
                Some(self.derived(expr, volatility, 20))
            }
            (Op::Concat, Value::Text(_)) => {
                let place = self.place(expr.span);
                let mut pieces = self.print(receiver, &place);
                for arg in &args {
                    let more = self.print(&arg.value, &place);
                    super::super::value::push_all(&mut pieces, more);
                }
                Some(Value::pieces(pieces))
            }
            (Op::Concat, Value::Cell(_) | Value::Unknown(_)) => {
                let mut items = Vec::new();
                self.spread_into(&mut items, receiver, expr.span);
                for arg in &args {
                    match &arg.value {
                        Value::Cell(id) if self.heap.object(*id).is_some() => {
                            items.push(Item::One(arg.value.clone(), arg.place.clone()));
                        }
                        other => {
                            let other = other.clone();
                            self.spread_into(&mut items, &other, expr.span);
                        }
                    }
                }
                let place = self.place(expr.span);
                Some(self.new_list(items, place))
            }
            (Op::Repeat, Value::Text(pieces)) => match first {
                Some(Value::Number(times)) => Some(texts::repeated(pieces, times)),
                _ => Some(receiver.clone()),
            },
            (Op::Slice, Value::Text(_) | Value::Cell(_) | Value::Unknown(_)) => {
                let mut args = args.into_iter().map(|arg| arg.value);
                let start = args.next();
                if name == "at" {
                    return Some(match start {
                        Some(Value::Number(at)) => self.item_at(receiver, at as i64, expr.span),
                        _ => self.item_of(receiver, expr.span),
                    });
                }
                let end = args.next();
                let start = start.filter(|start| {
                    !matches!(start, Value::Number(n) if *n == 0.0) || end.is_some()
                });
                if start.is_none() && end.is_none() {
                    return Some(match receiver {
                        Value::Cell(id) => self.copied(*id),
                        other => other.clone(),
                    });
                }
                Some(self.slice(receiver, start, end, None, expr))
            }
            (_, Value::Cell(id)) if self.heap.list(*id).is_some() => {
                self.list_method(*id, operation, name, args, expr)
            }
            (_, Value::Cell(id)) if self.heap.object(*id).is_some() => {
                self.object_method(*id, operation, name, args, expr)
            }
            (Op::Bind, Value::Function(callable)) => {
                let mut callable = (**callable).clone();
                let mut args = args.into_iter();
                if let Some(this) = args.next() {
                    callable.this = Some(this.value);
                }
                callable.bound.extend(args);
                Some(Value::Function(Rc::new(callable)))
            }
            (Op::Call, Value::Function(callable)) => {
                let mut callable = (**callable).clone();
                let mut args = args.into_iter();
                if let Some(this) = args.next() {
                    callable.this = Some(this.value);
                }
                let place = self.place(expr.span);
                Some(self.invoke(&callable, args.collect(), &place))
            }
            (_, Value::Unknown(unknown)) => {
                let unknown = unknown.clone();
                self.open_method(&unknown, operation, name, args, expr)
            }
            _ => None,
        }
    }

    /// A method of a clock: it shows the clock to some granularity.
    fn clock_method(
        &mut self,
        unknown: &Unknown,
        name: &str,
        args: &[Argument],
        expr: &Expr,
    ) -> Option<Value> {
        if !unknown.verdict.clock {
            return None;
        }
        let literals: Vec<Option<String>> =
            args.iter().map(|arg| self.literal_argument(arg)).collect();
        let literals: Vec<Option<&str>> = literals.iter().map(Option::as_deref).collect();
        let mut out = unknown.clone();
        out.expr = self.written(expr.span).into();
        match self.frame().code.classifier.filter(name, &literals) {
            Effect::Granularity(class) => out.verdict.cut_to(class),
            Effect::Split(class) => {
                // The first part is the coarser one: `toISOString().split("T")[0]`.
                let mut first = out.clone();
                first.verdict.cut_to(class);
                let place = self.place(expr.span);
                let parts = [first, out].map(|part| Item::One(part.into_value(), place.clone()));
                return Some(self.new_list(parts.into(), place));
            }
            _ => {}
        }
        Some(out.into_value())
    }

    /// A text made of something open.
    fn as_text(&mut self, value: &Value, expr: &Expr) -> Value {
        let place = self.place(expr.span);
        let mut pieces = self.print(value, &place);
        if let (Value::Unknown(unknown), Some(Piece::Slot(slot))) = (value, pieces.first_mut()) {
            slot.size.tokens = slot.size.tokens.max(30);
            let order = unknown.unordered.clone();
            pieces = self.mark_unordered(pieces, order.as_ref(), &place);
        }
        Value::pieces(pieces)
    }

    pub fn join(&mut self, items: &Value, separator: &[Piece], expr: &Expr) -> Value {
        let place = self.place(expr.span);
        match items {
            Value::Cell(id) => match self.heap.get(*id).clone() {
                Cell::List(list) => {
                    let pieces = self.print_joined(&list.items, separator, &place, (0, false));
                    // One item has no order.
                    let one = matches!(list.items.as_slice(), [] | [Item::One(..)]);
                    let order = list.unordered.as_ref().filter(|_| !one);
                    Value::pieces(self.mark_unordered(pieces, order, &place))
                }
                Cell::Object(object) => {
                    let keys: Vec<Item> = object
                        .entries
                        .iter()
                        .map(|(key, _)| Item::One(self.literal(expr.span, key), place.clone()))
                        .collect();
                    Value::pieces(self.print_joined(&keys, separator, &place, (0, false)))
                }
                Cell::Scope(_) => Value::empty_text(),
            },
            Value::Choice(choice) => {
                let arms: Vec<Value> = choice
                    .arms
                    .iter()
                    .map(|arm| match arm {
                        Value::None | Value::Null => Value::empty_text(),
                        arm => self.join(arm, separator, expr),
                    })
                    .collect();
                choose(&choice.condition, arms)
            }
            other => self.as_text(other, expr),
        }
    }

    // ---- placeholders ----

    // ---- lists ----

    // ---- objects ----

    // ---- methods of something open ----

    fn open_method(
        &mut self,
        unknown: &Rc<Unknown>,
        operation: Operation,
        name: &str,
        args: Vec<Argument>,
        expr: &Expr,
    ) -> Option<Value> {
        use Operation as Op;
        let value = Value::Unknown(unknown.clone());
        if unknown.verdict.clock {
            return self.clock_method(unknown, name, &args, expr);
        }
        match operation {
            Op::Map | Op::FlatMap => {
                if unknown.is_history() || unknown.path.is_some() || unknown.item {
                    return Some(self.map(&value, args.first(), expr));
                }
                None
            }
            Op::Filter if unknown.is_history() => {
                let window = self.newest_by_position(args.first(), expr);
                let kept = self.rewritten(value, window);
                Some(self.at_most(kept, Some(1)))
            }
            // Some of them, in their order.
            Op::Filter => {
                let kept = self.filtered_open(unknown, args.first(), expr);
                Some(self.at_most(kept, Some(1)))
            }
            Op::Update => {
                for arg in &args {
                    self.update_open(unknown, arg);
                }
                Some(Value::None)
            }
            Op::ForEach => {
                self.for_each(&value, args.first(), expr);
                Some(Value::None)
            }
            Op::Sort => Some(self.with_order(value, None)),
            Op::Reverse if unknown.is_history() => Some(value),
            Op::Items if !self.is_python() => Some(self.numbered(&value, expr)),
            Op::Keys | Op::Values | Op::Items => Some(value),
            Op::Get => {
                let key = args.first().and_then(|arg| arg.value.known_text());
                // Something fetched by its key: a session's entry, a header.
                key.map(|key| self.member(&value, &key, expr.span))
            }
            // A conversation that is kept elsewhere grows at its end.
            Op::Append | Op::Extend | Op::Unshift | Op::Insert | Op::Clear
                if unknown.is_history() =>
            {
                Some(Value::None)
            }
            Op::Pop if takes_marker(&args) => {
                let key = args.first()?.value.known_text()?;
                self.clear_open(unknown, &key, self.place(expr.span));
                Some(self.member(&value, &key, expr.span))
            }
            Op::Pop | Op::Shift | Op::Splice | Op::Remove if unknown.is_history() => {
                Some(self.item_of(&value, expr.span))
            }
            _ => None,
        }
    }

    // ---- functions ----
}

/// `block.pop("cache_control", None)`
fn takes_marker(args: &[Argument]) -> bool {
    let key = args.first().and_then(|key| key.value.known_text());
    key.is_some_and(|key| sdk::is_marker(&key))
}

/// What is left of a choice where it is something.
pub fn strip_nothing(value: &Value) -> Value {
    match value {
        Value::Choice(choice) => {
            let arms: Vec<Value> = choice
                .arms
                .iter()
                .filter(|arm| !arm.is_nothing() && !matches!(arm, Value::Bool(false)))
                .cloned()
                .collect();
            choose(&choice.condition, arms)
        }
        other => other.clone(),
    }
}

/// What gives a text of a text.
pub fn works_on_text(operation: Operation) -> bool {
    use Operation as Op;
    matches!(
        operation,
        Op::Replace
            | Op::Strip
            | Op::StripStart
            | Op::StripEnd
            | Op::RemovePrefix
            | Op::RemoveSuffix
            | Op::Upper
            | Op::Lower
            | Op::Identity
    )
}

pub fn mutates(operation: Operation) -> bool {
    use Operation as Op;
    matches!(
        operation,
        Op::Append
            | Op::Extend
            | Op::Insert
            | Op::Unshift
            | Op::Clear
            | Op::Update
            | Op::Splice
            | Op::Remove
    )
}
