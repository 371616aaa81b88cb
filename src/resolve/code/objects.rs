//! Methods of objects and dictionaries.

use crate::frontend::code::ir::Expr;

use super::eval::Eval;
use super::heap::{Cell, Item};
use super::tables::Operation;
use super::value::{Argument, Value};

impl Eval<'_, '_> {
    pub fn object_method(
        &mut self,
        id: usize,
        operation: Operation,
        name: &str,
        args: Vec<Argument>,
        expr: &Expr,
    ) -> Option<Value> {
        use Operation as Op;
        let object = self.heap.object(id)?.clone();
        match operation {
            Op::Get | Op::SetDefault | Op::Pop => {
                let key = match args.first() {
                    Some(key) => key.value.clone(),
                    // `match.group()`
                    None if name == "group" => self.literal(expr.span, "0"),
                    None => return None,
                };
                let found = match key.known_text() {
                    Some(key) => object.get(&key).cloned(),
                    None => Some(self.index(&Value::Cell(id), &key, expr.span)),
                };
                let default = args.get(1).map(|arg| arg.value.clone());
                let value = match (found, default, object.spreads.first()) {
                    (Some(value), _, _) => value,
                    (None, _, Some(spread)) => match key.known_text() {
                        Some(key) => self.member(&spread.clone(), &key, expr.span),
                        None => spread.clone(),
                    },
                    (None, Some(default), None) => default,
                    (None, None, None) => Value::None,
                };
                if operation == Op::SetDefault {
                    if let (Some(key), Some(object)) = (key.known_text(), self.heap.object_mut(id))
                    {
                        object.set(&key, value.clone());
                    }
                }
                if operation == Op::Pop {
                    if let (Some(key), Some(object)) = (key.known_text(), self.heap.object_mut(id))
                    {
                        object.take_out(&key);
                    }
                }
                Some(value)
            }
            Op::Update => {
                for arg in args {
                    match arg.name {
                        Some(name) => {
                            if let Some(object) = self.heap.object_mut(id) {
                                object.set(&name, arg.value);
                            }
                        }
                        None => self.update_object(id, &arg.value),
                    }
                }
                Some(Value::None)
            }
            Op::Keys | Op::Values | Op::Items => Some(self.entries(id, operation, expr)),
            Op::Copy => Some(self.copied(id)),
            Op::Set => {
                let [key, value] = args.as_slice() else {
                    return None;
                };
                let (key, value) = (key.value.clone(), value.value.clone());
                self.set_index(&Value::Cell(id), &key, value, expr.span);
                Some(Value::Cell(id))
            }
            Op::ForEach => {
                let values = self.entries(id, Op::Values, expr);
                self.for_each(&values, args.first(), expr);
                Some(Value::None)
            }
            Op::Append => {
                // `set.add(x)` of a JavaScript Set or a plain object.
                if let Some(object) = self.heap.object_mut(id) {
                    object.spreads.extend(args.into_iter().map(|arg| arg.value));
                }
                Some(Value::None)
            }
            _ => None,
        }
    }

    /// An object whose keys, and those of all objects in it, come in a fixed order. Lists stay as they are.
    pub fn with_sorted_keys(&mut self, value: &Value, depth: usize) -> Value {
        let Value::Cell(id) = value else {
            return value.clone();
        };
        let (true, Some(object)) = (depth < 8, self.heap.object(*id)) else {
            return value.clone();
        };
        let mut object = object.clone();
        for (_, value) in &mut object.entries {
            *value = self.with_sorted_keys(value, depth + 1);
        }
        object.unordered = None;
        Value::Cell(self.heap.add(Cell::Object(object)))
    }

    /// Keys, values or pairs of an object, in the order they were put in.
    pub fn entries(&mut self, id: usize, operation: Operation, expr: &Expr) -> Value {
        let place = self.place(expr.span);
        let Some(object) = self.heap.object(id).cloned() else {
            return Value::Cell(id);
        };
        let mut items = Vec::new();
        for (key, value) in object.entries {
            let item = match operation {
                Operation::Keys => self.literal(expr.span, &key),
                Operation::Values => value,
                _ => {
                    let key = self.literal(expr.span, &key);
                    let pair = vec![
                        Item::One(key, place.clone()),
                        Item::One(value, place.clone()),
                    ];
                    self.new_list(pair, place.clone())
                }
            };
            items.push(Item::One(item, place.clone()));
        }
        for spread in object.spreads {
            items.push(Item::Spread(spread, place.clone()));
        }
        let list = self.new_list(items, place);
        match object.unordered {
            Some(order) => self.with_order(list, Some(order)),
            None => list,
        }
    }
}
