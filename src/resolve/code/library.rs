//! Functions of libraries that chain, cut, pair, fold and pick from sequences. What they make of a sequence whose items
//! are not known one by one is left to the general knowledge of pure calls.

use crate::frontend::code::ir::{BinaryOp, Expr};
use crate::source::{Place, Span};

use super::eval::{deploy, Eval};
use super::heap::Item;
use super::tables::Operation;
use super::things::{Picker, Thing};
use super::value::{Argument, Value};

impl Eval<'_, '_> {
    /// `None`: it is none of these, or nothing is known of it.
    pub fn library_function(
        &mut self,
        operation: Operation,
        args: &[Argument],
        expr: &Expr,
    ) -> Option<Value> {
        use Operation as Op;
        let place = self.place(expr.span);
        let first = args.first().map(|arg| arg.value.clone());
        match operation {
            Op::ListOf => {
                let mut items = Vec::new();
                for arg in args {
                    match arg.spread {
                        true => self.spread_into(&mut items, &arg.value, arg.place.span),
                        false => items.push(Item::One(arg.value.clone(), arg.place.clone())),
                    }
                }
                Some(self.new_list(items, place))
            }
            Op::ListFrom => {
                let value = match first? {
                    Value::Cell(id) if self.heap.list(id).is_some() => self.copied(id),
                    // What has entries and is asked for its items is a map.
                    Value::Cell(id) if self.is_map(id) => self.entries(id, Op::Items, expr),
                    other => other,
                };
                Some(match args.get(1) {
                    Some(function) => self.map(&value, Some(function), expr),
                    None => value,
                })
            }
            Op::Chain => {
                let mut items = Vec::new();
                for arg in args {
                    self.spread_into(&mut items, &arg.value, arg.place.span);
                }
                Some(self.new_list(items, place))
            }
            Op::Flat => self.flattened(&first?, expr.span),
            Op::Islice => {
                let mut bounds = args.iter().skip(1).map(|arg| arg.value.clone());
                let (start, end) = match (bounds.next()?, bounds.next()) {
                    (end, None) => (None, Some(end)),
                    (start, Some(end)) => (Some(start), Some(end)),
                };
                let given = |bound: Option<Value>| bound.filter(|bound| !bound.is_nothing());
                let step = given(bounds.next());
                Some(self.slice(&first?, given(start), given(end), step, expr))
            }
            Op::Zip => self.zipped(args, expr),
            Op::Reduce => {
                let items = args.get(1)?.value.clone();
                self.folded(&items, &first?, args.get(2), expr)
            }
            Op::Plus => {
                let [left, right] = args else { return None };
                let (left, right) = (left.value.clone(), right.value.clone());
                Some(self.binary(BinaryOp::Add, left, right, expr))
            }
            Op::Picker => {
                let [key] = args else { return None };
                let picker = match &key.value {
                    Value::Number(at) => Picker::At(*at as i64),
                    key => Picker::Named(key.known_text()?),
                };
                let volatility = deploy("a function that picks");
                Some(self.thing_value(Thing::Picker(picker), None, volatility, expr))
            }
            Op::Wrap => {
                let text = Item::One(first?, place.clone());
                Some(self.new_list(vec![text], place))
            }
            Op::MakeMap => {
                let value = self.new_object(Vec::new(), place);
                if let (Value::Cell(id), Some(pairs)) = (&value, &first) {
                    self.put_pairs(*id, pairs, expr.span);
                }
                Some(value)
            }
            Op::MakeSet => match first {
                Some(Value::Cell(id)) => Some(self.copied(id)),
                Some(other) => Some(other),
                None => Some(self.new_list(Vec::new(), place)),
            },
            _ => None,
        }
    }

    /// What a function that picks gives of its argument.
    pub fn picked(&mut self, picker: &Picker, args: &[Argument], expr: &Expr) -> Option<Value> {
        let value = args.first()?.value.clone();
        Some(match picker {
            Picker::At(at) => self.item_at(&value, *at, expr.span),
            Picker::Named(path) => {
                let mut value = value;
                for name in path.split('.') {
                    value = self.member(&value, name, expr.span);
                }
                value
            }
        })
    }

    /// Whether a cell is an object of JavaScript that can be iterated: no instance, so a `Map`.
    pub fn is_map(&self, id: usize) -> bool {
        !self.is_python()
            && self
                .heap
                .object(id)
                .is_some_and(|object| object.class.is_none())
    }

    /// Entries from pairs: `new Map([[k, v]])`, `Object.fromEntries(pairs)`, `dict(pairs)`. What is not known pair by
    /// pair is kept without its keys.
    pub fn put_pairs(&mut self, id: usize, pairs: &Value, span: Span) {
        let object = matches!(pairs, Value::Cell(id) if self.heap.object(*id).is_some());
        let values = match object {
            true => None,
            false => self.known_items(pairs, false, span),
        };
        let Some(values) = values else {
            return self.update_object(id, pairs);
        };
        for pair in values {
            let parts = match &pair {
                Value::Cell(_) => self.known_items(&pair, false, span).unwrap_or_default(),
                _ => Vec::new(),
            };
            let entry = match parts.as_slice() {
                [key, value] => key.known_text().map(|key| (key, value.clone())),
                _ => None,
            };
            let open = parts.into_iter().nth(1).unwrap_or(pair);
            if let Some(object) = self.heap.object_mut(id) {
                match entry {
                    Some((key, value)) => object.set(&key, value),
                    None => object.spreads.push(open),
                }
            }
        }
    }

    /// The items of the items.
    pub fn flattened(&mut self, value: &Value, span: Span) -> Option<Value> {
        let Value::Cell(id) = value else {
            return None;
        };
        let list = self.heap.list(*id)?.clone();
        let items = self.mapped_items(&list.items, span, &mut |eval, value| {
            let place = eval.place(span);
            let inner = match &value {
                Value::Cell(id) if eval.heap.list(*id).is_some() => true,
                Value::Choice(choice) => choice
                    .arms
                    .iter()
                    .all(|arm| matches!(arm, Value::Cell(id) if eval.heap.list(*id).is_some())),
                _ => false,
            };
            let mut out = Vec::new();
            match inner {
                true => eval.spread_into(&mut out, &value, span),
                false => out.push(Item::One(value, place)),
            }
            out
        });
        let place = self.place(span);
        let out = self.new_list(items, place);
        if let Value::Cell(out) = out {
            if let Some(new) = self.heap.list_mut(out) {
                new.unordered = list.unordered;
                new.rewrite = list.rewrite;
            }
        }
        Some(out)
    }

    /// Sequences side by side, as far as the shortest goes.
    fn zipped(&mut self, args: &[Argument], expr: &Expr) -> Option<Value> {
        let mut columns = Vec::with_capacity(args.len());
        for arg in args {
            if arg.name.is_none() {
                columns.push(self.known_items(&arg.value, true, expr.span)?);
            }
        }
        let rows = columns.iter().map(Vec::len).min()?;
        let place = self.place(expr.span);
        let mut items = Vec::with_capacity(rows);
        for row in 0..rows {
            let parts = columns.iter().map(|column| column[row].clone());
            let parts = parts.map(|value| Item::One(value, place.clone())).collect();
            let row = self.new_list(parts, place.clone());
            items.push(Item::One(row, place.clone()));
        }
        Some(self.new_list(items, place))
    }

    /// Items taken together one after the other, from the first one or from what it begins with.
    pub fn folded(
        &mut self,
        items: &Value,
        function: &Value,
        start: Option<&Argument>,
        expr: &Expr,
    ) -> Option<Value> {
        if !matches!(function, Value::Function(_) | Value::Unknown(_)) {
            return None;
        }
        let place = self.place(expr.span);
        let mut values = self.known_items(items, true, expr.span)?.into_iter();
        let mut whole = match start {
            Some(start) => start.value.clone(),
            None => values.next()?,
        };
        for (at, value) in values.enumerate() {
            if !self.enter() {
                break;
            }
            let mut args = vec![
                Argument::positional(whole, place.clone()),
                Argument::positional(value, place.clone()),
            ];
            if !self.is_python() {
                args.push(Argument::positional(
                    Value::Number(at as f64),
                    place.clone(),
                ));
            }
            whole = self.apply(function, args, expr, (false, None));
            self.leave();
        }
        Some(whole)
    }

    /// Pairs of a position and an item: `enumerate(items)`, `items.entries()`.
    pub fn numbered(&mut self, value: &Value, expr: &Expr) -> Value {
        let place = self.place(expr.span);
        let items = match self.known_items(value, true, expr.span) {
            Some(values) => {
                let pairs = values.into_iter().enumerate();
                let pairs = pairs
                    .map(|(index, value)| self.pair_of(Value::Number(index as f64), value, &place));
                pairs.collect()
            }
            None => {
                let item = self.item_of(value, expr.span);
                let position = match value {
                    // A map has keys there.
                    Value::Unknown(open) if !self.is_python() && !open.is_history() => item.clone(),
                    _ => Value::Number(1.0),
                };
                let pair = self.pair_of(position, item, &place);
                vec![self.mapped_round(value, expr.span, vec![pair])]
            }
        };
        self.new_list(items, place)
    }

    fn pair_of(&mut self, position: Value, value: Value, place: &Place) -> Item {
        let position = Item::One(position, place.clone());
        let pair = vec![position, Item::One(value, place.clone())];
        Item::One(self.new_list(pair, place.clone()), place.clone())
    }

    /// Items in the opposite order. A conversation that is turned round stays one: it is shown newest first, and
    /// nothing of it is looked for in front.
    pub fn reversed(&mut self, value: &Value, span: Span) -> Value {
        let Value::Cell(id) = value else {
            return value.clone();
        };
        let Some(list) = self.heap.list(*id).cloned() else {
            return value.clone();
        };
        if self.holds_history(&list.items) {
            return value.clone();
        }
        let place = self.place(span);
        let out = self.new_list(turned(list.items), place);
        self.with_order_if(out, list.unordered)
    }
}

fn turned(items: Vec<Item>) -> Vec<Item> {
    let turn = |item| match item {
        Item::Branch(condition, arms) => {
            Item::Branch(condition, arms.into_iter().map(turned).collect())
        }
        other => other,
    };
    items.into_iter().rev().map(turn).collect()
}
