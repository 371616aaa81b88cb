//! Instances as libraries see them: copied, copied with other fields, as an object of their fields. And the names of
//! the running function as an object.

use crate::frontend::code::ir::Expr;
use crate::source::Span;

use super::eval::Eval;
use super::heap::{Cell, Item};
use super::tables::{tables, Operation};
use super::value::{Argument, ClassRef, Value};

/// How deep a copy or an object of fields goes.
const MAX_DEPTH: usize = 4;

impl Eval<'_, '_> {
    /// A method that an instance has of its library: `model_copy(update=..)`, `model_dump()`, `_replace(..)`.
    pub fn instance_method(
        &mut self,
        id: usize,
        name: &str,
        args: &[Argument],
        expr: &Expr,
    ) -> Option<Value> {
        let operation = *tables().instances.get(name)?;
        self.of_instance(operation, &Value::Cell(id), args, expr)
    }

    /// A function of a library that is given an instance: `copy.copy(x)`, `dataclasses.replace(x, ..)`, `asdict(x)`.
    pub fn of_instance(
        &mut self,
        operation: Operation,
        value: &Value,
        args: &[Argument],
        expr: &Expr,
    ) -> Option<Value> {
        use Operation as Op;
        match (operation, value) {
            (Op::Copy, Value::Cell(id)) => Some(self.copied(*id)),
            (Op::DeepCopy, value) => Some(self.copied_within(value, 0)),
            (Op::Copy, value) => Some(value.clone()),
            (Op::Evolve, Value::Cell(id)) => {
                let copy = self.copied(*id);
                if let Value::Cell(copy) = copy {
                    for arg in args {
                        match arg.name.as_deref() {
                            // `copy(update={..})`, `model_copy(update=..)`
                            Some("update") => self.update_object(copy, &arg.value),
                            Some("deep" | "include" | "exclude") | None => {}
                            Some(name) => {
                                if let Some(object) = self.heap.object_mut(copy) {
                                    object.set(name, arg.value.clone());
                                }
                            }
                        }
                    }
                }
                Some(copy)
            }
            (Op::Fields, Value::Cell(id)) => {
                let bare = args.iter().any(|arg| {
                    arg.name.as_deref() == Some("exclude_none")
                        && matches!(arg.value, Value::Bool(true))
                });
                Some(self.fields_of(*id, bare, expr.span, 0))
            }
            _ => None,
        }
    }

    /// Whether a class, or one that it extends, has a method of its own by this name.
    pub fn declares(&mut self, class: &ClassRef, name: &str) -> bool {
        self.lineage(class).iter().any(|class| {
            let functions = &class.code.module.functions;
            let mut methods = class.class().methods.iter();
            methods.any(|method| functions[*method].name == name)
        })
    }

    /// What an instance holds, as an object of its own; what it holds in turn, too.
    pub fn fields_of(&mut self, id: usize, bare: bool, span: Span, depth: usize) -> Value {
        let Some(object) = self.heap.object(id).cloned() else {
            return Value::Cell(id);
        };
        let place = self.place(span);
        let mut entries = Vec::with_capacity(object.entries.len());
        for (name, value) in object.entries {
            if !(bare && value.is_nothing()) {
                let value = self.plain(value, bare, span, depth);
                entries.push((name, value));
            }
        }
        let made = self.new_object(entries, place);
        if let Value::Cell(made) = made {
            if let Some(made) = self.heap.object_mut(made) {
                made.spreads = object.spreads;
            }
        }
        made
    }

    fn plain(&mut self, value: Value, bare: bool, span: Span, depth: usize) -> Value {
        let Value::Cell(id) = value else {
            return value;
        };
        if depth >= MAX_DEPTH {
            return value;
        }
        if let Some(list) = self.heap.list(id).cloned() {
            let known = |item: &Item| matches!(item, Item::One(Value::Cell(_), _));
            if !list.items.iter().any(known) {
                return value;
            }
            let items = list.items.into_iter().map(|item| match item {
                Item::One(value, place) => {
                    Item::One(self.plain(value, bare, span, depth + 1), place)
                }
                other => other,
            });
            let items = items.collect();
            let copy = self.copied(id);
            if let Value::Cell(copy) = copy {
                if let Some(list) = self.heap.list_mut(copy) {
                    list.items = items;
                }
            }
            return copy;
        }
        let instance = self.heap.object(id).is_some_and(|o| o.class.is_some());
        match instance {
            true => self.fields_of(id, bare, span, depth + 1),
            false => value,
        }
    }

    /// A copy with copies of what it holds.
    fn copied_within(&mut self, value: &Value, depth: usize) -> Value {
        let Value::Cell(id) = value else {
            return value.clone();
        };
        if depth >= MAX_DEPTH {
            return value.clone();
        }
        let mut cell = self.heap.get(*id).clone();
        match &mut cell {
            Cell::List(list) => {
                for item in &mut list.items {
                    if let Item::One(value, _) = item {
                        *value = self.copied_within(&value.clone(), depth + 1);
                    }
                }
            }
            Cell::Object(object) => {
                for (_, value) in &mut object.entries {
                    *value = self.copied_within(&value.clone(), depth + 1);
                }
            }
            Cell::Scope(_) => return value.clone(),
        }
        Value::Cell(self.heap.add(cell))
    }

    /// `locals()`
    pub fn locals(&mut self, span: Span) -> Value {
        let place = self.place(span);
        let scope = self.heap.scope(self.frame().scope);
        let names = scope.into_iter().flat_map(|scope| scope.names.iter());
        let names = names.map(|(name, value)| (name.to_string(), value.clone()));
        let mut names: Vec<(String, Value)> = names.collect();
        names.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.new_object(names, place)
    }
}
