//! List and object literals, with what is spread into them and merged.

use crate::frontend::code::ir::{Entry, Expr, Item as IrItem};
use crate::source::Span;

use super::arms::choose;
use super::eval::Eval;
use super::heap::{Cell, Item, List};
use super::tables::Operation;
use super::value::{Choice, Value};

impl Eval<'_, '_> {
    /// The items of a list, and how many these are at most: `[...first, ...turns.slice(-2)]`.
    pub fn items(&mut self, items: &[IrItem]) -> (Vec<Item>, Option<u32>) {
        let mut out = Vec::with_capacity(items.len());
        let mut most = Some(0);
        for item in items {
            match item {
                IrItem::One(expr) => {
                    let value = self.eval(expr);
                    out.push(Item::One(value, self.place(expr.span)));
                    most = most.map(|most| most + 1);
                }
                IrItem::Spread(expr) => {
                    let value = self.eval(expr);
                    self.spread_into(&mut out, &value, expr.span);
                    let own = self.length_at_most(&value);
                    most = most.zip(own).map(|(most, own)| most + own);
                }
            }
        }
        (out, most)
    }

    /// How many items of a list a value brings at most: of a slice, and of a list that is known.
    fn length_at_most(&self, value: &Value) -> Option<u32> {
        let id = match value {
            Value::Unknown(unknown) => return unknown.most,
            Value::Cell(id) => *id,
            _ => return None,
        };
        let list = self.heap.list(id)?;
        let known = list.items.iter().all(|item| matches!(item, Item::One(..)));
        list.most.or(known.then_some(list.items.len() as u32))
    }

    /// The items of a sequence, as they stand in another.
    pub fn spread_into(&mut self, out: &mut Vec<Item>, value: &Value, span: Span) {
        let place = self.place(span);
        match value {
            Value::Cell(id) => match self.heap.get(*id) {
                Cell::List(list) => {
                    let list = list.clone();
                    match (&list.unordered, &list.rewrite) {
                        (None, None) => out.extend(list.items),
                        // Order and edits are of the list: it stays one thing. What opens it and stands in front of it
                        // already, a window has moved over.
                        _ => {
                            let known = leading(out, &list.items);
                            let value = match known {
                                0 => value.clone(),
                                _ => {
                                    let items = list.items[known..].to_vec();
                                    Value::Cell(self.heap.add(Cell::List(List { items, ..list })))
                                }
                            };
                            out.push(Item::Spread(value, place));
                        }
                    }
                }
                Cell::Object(_) if self.is_map(*id) => {
                    let pairs = self.entries(*id, Operation::Items, &Expr::opaque(span));
                    if let Value::Cell(pairs) = pairs {
                        out.extend(
                            self.heap
                                .list(pairs)
                                .into_iter()
                                .flat_map(|l| l.items.clone()),
                        );
                    }
                }
                _ => out.push(Item::Spread(value.clone(), place)),
            },
            Value::Choice(choice) => {
                let arms: Vec<Vec<Item>> = choice
                    .arms
                    .iter()
                    .map(|arm| {
                        let mut own = Vec::new();
                        self.spread_into(&mut own, arm, span);
                        own
                    })
                    .collect();
                out.extend(super::heap::join_items(&choice.condition, arms));
            }
            Value::None | Value::Null | Value::Bool(_) => {}
            other => out.push(Item::Spread(other.clone(), place)),
        }
    }

    pub fn joined_lists(&mut self, left: &Value, right: &Value, expr: &Expr) -> Value {
        let mut items = Vec::new();
        self.spread_into(&mut items, left, expr.span);
        self.spread_into(&mut items, right, expr.span);
        let place = self.place(expr.span);
        let most = self.length_at_most(left).zip(self.length_at_most(right));
        let joined = self.new_list(items, place);
        self.at_most(joined, most.map(|(left, right)| left + right))
    }

    pub fn object(&mut self, entries: &[Entry], span: Span) -> Value {
        let place = self.place(span);
        if self.aged {
            self.aged_turns.insert(place.clone());
        }
        let value = self.new_object(Vec::new(), place);
        let Value::Cell(id) = value else {
            return value;
        };
        for entry in entries {
            match entry {
                Entry::Pair { key, value, .. } => {
                    let key = self.eval(key);
                    let result = self.eval(value);
                    match key.known_text() {
                        Some(key) => {
                            let result = self.told(result, &key);
                            if let Some(object) = self.heap.object_mut(id) {
                                object.set(&key, result);
                            }
                        }
                        None => {
                            if let Some(object) = self.heap.object_mut(id) {
                                object.spreads.push(result);
                            }
                        }
                    }
                }
                Entry::Spread(expr) => {
                    let other = self.eval(expr);
                    self.update_object(id, &other);
                }
            }
        }
        Value::Cell(id)
    }

    /// Entries of another object over those of this one.
    pub fn update_object(&mut self, id: usize, other: &Value) {
        match other {
            Value::Cell(from) => {
                let Some(from) = self.heap.object(*from).cloned() else {
                    return;
                };
                if let Some(object) = self.heap.object_mut(id) {
                    for (key, value) in from.entries {
                        object.set(&key, value);
                    }
                    object.spreads.extend(from.spreads);
                }
            }
            Value::Choice(choice) => self.update_forked(id, &choice.clone()),
            Value::Unknown(_) => {
                if let Some(object) = self.heap.object_mut(id) {
                    object.spreads.push(other.clone());
                }
            }
            _ => {}
        }
    }

    /// `...(cond && { x })`: entries that are there or not.
    fn update_forked(&mut self, id: usize, choice: &Choice) {
        let mut arms = Vec::new();
        let mut open = Vec::new();
        for arm in &choice.arms {
            let place = self.heap.object(id).map(|object| object.place.clone());
            let (Value::Choice(_), Some(place)) = (arm, place) else {
                arms.push(self.entries_of(arm));
                open.push(self.open_of(arm));
                continue;
            };
            let joined = self.new_object(Vec::new(), place);
            if let Value::Cell(joined) = joined {
                self.update_object(joined, arm);
            }
            arms.push(self.entries_of(&joined));
            open.push(self.open_of(&joined));
        }
        let mut keys: Vec<&String> = Vec::new();
        for (key, _) in arms.iter().flatten() {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        for key in keys {
            let before = self.heap.object(id).and_then(|o| o.get(key).cloned());
            let found = |entries: &[(String, Value)]| {
                let mut own = entries.iter().filter(|(name, _)| name == key);
                own.next().map(|(_, value)| value.clone())
            };
            // Of what is open no entries are known: those of the other arms stand for it, but for the markers that only
            // they bring.
            let marked = arms
                .iter()
                .filter_map(|entries| found(entries))
                .any(|value| self.holds_marker(&value, 0));
            let own = |(arm, entries): (&Value, &Vec<(String, Value)>)| {
                let open = matches!(arm, Value::Unknown(_));
                let absent = || match open && marked {
                    true => Some(arm.clone()),
                    false => (!open).then_some(Value::None),
                };
                found(entries).or_else(|| before.clone()).or_else(absent)
            };
            let values = choice.arms.iter().zip(&arms).filter_map(own);
            let value = choose(&choice.condition, values.collect());
            if let Some(object) = self.heap.object_mut(id) {
                object.set(key, value);
            }
        }
        // What is open in one arm may bring any other key.
        for at in 0..open.iter().map(Vec::len).max().unwrap_or(0) {
            let each = open.iter().map(|own| own.get(at).cloned());
            let each = each.map(|own| own.unwrap_or(Value::None)).collect();
            let value = choose(&choice.condition, each);
            if let Some(object) = self.heap.object_mut(id) {
                if !object.spreads.iter().any(|known| known.same(&value)) {
                    object.spreads.push(value);
                }
            }
        }
    }

    /// What may bring entries that are not known.
    fn open_of(&self, value: &Value) -> Vec<Value> {
        match value {
            Value::Unknown(_) => vec![value.clone()],
            Value::Cell(id) => {
                let object = self.heap.object(*id);
                object.map_or_else(Vec::new, |object| object.spreads.clone())
            }
            _ => Vec::new(),
        }
    }

    fn entries_of(&self, value: &Value) -> Vec<(String, Value)> {
        let object = match value {
            Value::Cell(id) => self.heap.object(*id),
            _ => None,
        };
        object.map_or_else(Vec::new, |object| object.entries.clone())
    }

    pub fn merged(&mut self, left: &Value, right: &Value, expr: &Expr) -> Value {
        let place = self.place(expr.span);
        if let Value::Cell(id) = left {
            if self.heap.list(*id).is_some() {
                let joined = self.joined_lists(left, right, expr);
                return self.with_order(joined, self.order_of("set"));
            }
        }
        let value = self.new_object(Vec::new(), place);
        if let Value::Cell(id) = value {
            self.update_object(id, left);
            self.update_object(id, right);
        }
        value
    }
}

/// How many items a list begins with that stand in front of it already, the same ones.
fn leading(front: &[Item], items: &[Item]) -> usize {
    let stands = |item: &Item| match item {
        Item::One(value @ Value::Cell(_), _) => front
            .iter()
            .any(|known| matches!(known, Item::One(own, _) if own.same(value))),
        _ => false,
    };
    items.iter().take_while(|item| stands(item)).count()
}
