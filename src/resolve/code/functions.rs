//! Calls of the functions a language brings along: what `len`, `sorted`, `map`, `JSON.stringify` and tagged
//! templates make of their arguments.

use std::rc::Rc;

use crate::frontend::code::ir::Expr;
use crate::volatility::Volatility;

use super::super::value::worse;
use super::eval::{deploy, Eval};
use super::heap::Item;
use super::members::length_of_text;
use super::tables::Operation;
use super::texts::{self};
use super::things::Thing;
use super::value::{Argument, Callable, Unknown, Value};

impl Eval<'_, '_> {
    /// A known function of a library or of the language.
    pub fn function(
        &mut self,
        operation: Operation,
        path: &str,
        args: &[Argument],
        expr: &Expr,
    ) -> Option<Value> {
        use Operation as Op;
        let first = args.first().map(|arg| arg.value.clone());
        match operation {
            Op::Identity => match first {
                Some(
                    value @ (Value::Number(_)
                    | Value::Float(_)
                    | Value::Bool(_)
                    | Value::None
                    | Value::Null),
                ) if matches!(path, "str" | "String" | "repr") => {
                    let place = self.place(expr.span);
                    Some(Value::pieces(self.print(&value, &place)))
                }
                Some(Value::Cell(id)) if matches!(path, "str" | "String" | "repr") => {
                    let place = self.place(expr.span);
                    let shown = self.shown(Value::Cell(id), expr.span);
                    Some(Value::pieces(self.print(&shown, &place)))
                }
                Some(Value::Cell(id)) if matches!(path, "list" | "tuple") => Some(self.copied(id)),
                Some(value) => Some(value),
                None if matches!(path, "list" | "tuple") => {
                    let place = self.place(expr.span);
                    Some(self.new_list(Vec::new(), place))
                }
                None if path == "str" => Some(Value::empty_text()),
                None => None,
            },
            Op::Dedent => match first? {
                Value::Text(pieces) => {
                    let strips = path != "textwrap.dedent";
                    let out = texts::dedented(&pieces);
                    let out = if strips {
                        texts::stripped(&out, true, true, None)
                    } else {
                        out
                    };
                    Some(Value::pieces(out))
                }
                other => Some(other),
            },
            Op::Json => {
                let place = self.place(expr.span);
                let value = first?;
                if let Value::Cell(id) = &value {
                    // The body of a request stays an object: it prints as JSON and its parts are known.
                    let body = self.heap.object(*id).is_some_and(|object| {
                        let mut keys = object.entries.iter();
                        keys.any(|(key, _)| crate::sdk::is_body_key(key))
                    });
                    if body {
                        return Some(value);
                    }
                }
                let sorts = args.iter().any(|arg| {
                    arg.name.as_deref() == Some("sort_keys")
                        && matches!(arg.value, Value::Bool(true))
                });
                let pieces = match &value {
                    Value::Cell(_) if sorts => {
                        let value = self.with_sorted_keys(&value, 0);
                        self.print(&value, &place)
                    }
                    Value::Cell(_) => self.print(&value, &place),
                    Value::Unknown(unknown) => {
                        let mut unknown = (**unknown).clone();
                        if sorts {
                            unknown.unordered = None;
                        }
                        vec![self.slot(&unknown, &place)]
                    }
                    other => self.print(other, &place),
                };
                Some(Value::pieces(pieces))
            }
            Op::Sort => {
                let value = first?;
                Some(match value {
                    Value::Cell(_) | Value::Unknown(_) => self.with_order(value, None),
                    other => other,
                })
            }
            Op::Reverse => Some(self.reversed(&first?, expr.span)),
            Op::Settle => {
                if args.len() > 1 {
                    let place = self.place(expr.span);
                    let items = args
                        .iter()
                        .map(|arg| {
                            if arg.spread {
                                Item::Spread(arg.value.clone(), arg.place.clone())
                            } else {
                                Item::One(arg.value.clone(), arg.place.clone())
                            }
                        })
                        .collect();
                    return Some(self.new_list(items, place));
                }
                first
            }
            Op::Unorder => {
                let place = self.place(expr.span);
                let value = match first {
                    Some(value) => value,
                    None => self.new_list(Vec::new(), place),
                };
                if args.is_empty() {
                    let order = self.order_of("set");
                    return Some(self.with_order(value, order));
                }
                let single = matches!(&value, Value::Cell(id) if self.heap.list(*id).is_some_and(|list| {
                    list.items.len() <= 1 && list.items.iter().all(|item| matches!(item, Item::One(..)))
                }));
                if single {
                    return Some(value);
                }
                let order = self.order_of("set");
                Some(match value {
                    Value::Text(_) | Value::Choice(_) => value,
                    other => self.with_order(other, order),
                })
            }
            Op::Map if self.is_python() => {
                Some(self.map(&args.get(1)?.value.clone(), args.first(), expr))
            }
            Op::Filter if self.is_python() => match &args.get(1)?.value {
                Value::Cell(id) if self.heap.list(*id).is_some() => {
                    let id = *id;
                    let none = matches!(first, Some(Value::None));
                    Some(if none {
                        self.filtered_by_truth(id, expr)
                    } else {
                        self.filtered(id, args.first(), expr)
                    })
                }
                other => Some(other.clone()),
            },
            Op::Enumerate => Some(self.numbered(&first?, expr)),
            Op::Copy | Op::DeepCopy | Op::Evolve | Op::Fields => {
                let Some(value) = first else {
                    // `vars()` is `locals()`.
                    return (path == "vars").then(|| self.locals(expr.span));
                };
                self.of_instance(operation, &value, &args[1..], expr)
            }
            Op::Locals => Some(self.locals(expr.span)),
            Op::Substituted => self.substituted(args, expr),
            Op::Pattern => {
                let pattern = Thing::Pattern(first?.known_text()?);
                let volatility = deploy("a pattern");
                Some(self.thing_value(pattern, Some(format!("{path}()").into()), volatility, expr))
            }
            Op::Zip => {
                if let Some(rows) = self.library_function(operation, args, expr) {
                    return Some(rows);
                }
                let place = self.place(expr.span);
                let pair: Vec<Item> = args
                    .iter()
                    .map(|arg| Item::One(self.item_of(&arg.value, expr.span), place.clone()))
                    .collect();
                let pair = self.new_list(pair, place.clone());
                let round =
                    self.mapped_round(&first?, expr.span, vec![Item::One(pair, place.clone())]);
                Some(self.new_list(vec![round], place))
            }
            Op::Range | Op::Length => {
                let volatility = args
                    .iter()
                    .map(|arg| self.volatility(&arg.value))
                    .fold(Volatility::constant(), worse);
                let volatility = match (operation, &first) {
                    (Op::Length, Some(Value::Text(_))) => length_of_text(volatility),
                    (Op::Length, Some(list)) => self.count_volatility(list),
                    _ => volatility,
                };
                let length = self.derived(expr, volatility, 1);
                Some(match (operation, &first) {
                    (Op::Length, Some(list)) => self.length_of(list, length),
                    _ => length,
                })
            }
            Op::Bound => {
                let values: Vec<Value> = args.iter().map(|arg| arg.value.clone()).collect();
                self.bound_of(&values, expr)
            }
            Op::IsInstance => {
                let known = self.is_instance(&first?, &args.get(1)?.value);
                known.map(Value::Bool)
            }
            Op::IsList => self.is_list(&first?).map(Value::Bool),
            Op::Partial => {
                let Some(Value::Function(callable)) = &first else {
                    return first;
                };
                let mut callable: Callable = (**callable).clone();
                callable.bound.extend(args.iter().skip(1).cloned());
                Some(Value::Function(Rc::new(callable)))
            }
            // `useMemo(() => text, [..])`
            Op::Computed => match first? {
                function @ Value::Function(_) => {
                    Some(self.apply(&function, Vec::new(), expr, (false, None)))
                }
                other => Some(other),
            },
            Op::DefaultDict => {
                let (factory, rest) = match args.split_first() {
                    Some((factory, rest)) if factory.name.is_none() => (first, rest),
                    _ => (None, args),
                };
                let made = self.function(Op::Dict, path, rest, expr)?;
                if let Value::Cell(id) = made {
                    if let Some(object) = self.heap.object_mut(id) {
                        object.factory = factory.filter(|factory| !factory.is_nothing());
                    }
                }
                Some(made)
            }
            Op::Dict => {
                let place = self.place(expr.span);
                let value = self.new_object(Vec::new(), place);
                if let Value::Cell(id) = value {
                    for arg in args {
                        match &arg.name {
                            Some(name) => {
                                if let Some(object) = self.heap.object_mut(id) {
                                    object.set(name, arg.value.clone());
                                }
                            }
                            None if arg.keywords => self.update_object(id, &arg.value),
                            None => self.put_pairs(id, &arg.value, expr.span),
                        }
                    }
                }
                Some(value)
            }
            Op::ListOf
            | Op::ListFrom
            | Op::Chain
            | Op::Flat
            | Op::Islice
            | Op::Reduce
            | Op::Plus
            | Op::Picker
            | Op::Wrap
            | Op::MakeMap
            | Op::MakeSet => self.library_function(operation, args, expr),
            Op::Assign => {
                let target = first?;
                match &target {
                    Value::Cell(id) => {
                        for arg in args.iter().skip(1) {
                            self.update_object(*id, &arg.value);
                        }
                    }
                    Value::Unknown(unknown) => {
                        for arg in args.iter().skip(1) {
                            self.update_open(unknown, arg);
                        }
                    }
                    _ => {}
                }
                Some(target)
            }
            Op::Keys | Op::Values | Op::Items => match first? {
                Value::Cell(id) if self.heap.object(id).is_some() => {
                    Some(self.entries(id, operation, expr))
                }
                other => Some(other),
            },
            Op::Require => {
                let name = first?.known_text()?;
                Some(self.import_module(&name))
            }
            Op::Getattr => {
                let name = args.get(1)?.value.known_text()?;
                Some(self.member(&first?, &name, expr.span))
            }
            Op::ParseDocument | Op::LoadDocument => self.document_function(operation, path, args),
            _ => self.file_function(operation, path, args, expr),
        }
    }

    fn filtered_by_truth(&mut self, id: usize, expr: &Expr) -> Value {
        let place = self.place(expr.span);
        let boolean = Unknown {
            path: Some("Boolean".into()),
            ..Unknown::new("Boolean", self.frame().code.classifier.name("constant"))
        };
        let boolean = Argument::positional(boolean.into_value(), place);
        self.filtered(id, Some(&boolean), expr)
    }

    /// A tagged template: `dedent` and its kin, `String.raw`; any other tag is a function of the text.
    pub fn tagged(&mut self, tag: &Expr, template: &Expr, expr: &Expr) -> Value {
        let function = self.eval(tag);
        let text = self.eval(template);
        let place = self.place(expr.span);
        let args = vec![Argument::positional(text.clone(), place)];
        match &function {
            Value::Unknown(unknown) => {
                let path = unknown.path.clone().unwrap_or_default();
                match self.function_operation(&path) {
                    Some(Operation::Dedent) => self
                        .function(Operation::Dedent, &path, &args, expr)
                        .unwrap_or(text),
                    _ => text,
                }
            }
            // A tag of the workspace mostly strips or escapes: the text is what counts.
            _ => text,
        }
    }
}
