//! Values of code as values of a template: what a render call gives to its template. Knows nothing of files.

use std::rc::Rc;

use crate::prompt::{Hop, Piece};
use crate::source::{Place, Text};
use crate::volatility::classify::{ValueKind, Verdict};
use crate::volatility::Class;

use super::super::context::Frame;
use super::super::value::{self as filled, worse};
use super::eval::{held, Eval};
use super::heap::{Cell, Item};
use super::things::thing_of;
use super::value::{Argument, Unknown, Value};

/// Lists and objects within each other that a template is given.
const MAX_DEPTH: usize = 6;

impl Eval<'_, '_> {
    /// The names that a render call gives to its template.
    pub fn template_frame(&mut self, args: &[Argument]) -> Frame {
        let mut frame = Frame::default();
        for arg in args {
            match (&arg.name, arg.keywords, &arg.value) {
                (Some(name), ..) => {
                    let value = self.for_template(&arg.value, name, &arg.place);
                    frame.names.insert(name.clone(), value);
                }
                // `render({"a": 1})`, `render(**values)`
                (None, _, Value::Cell(id)) => self.names_of(*id, &arg.place, &mut frame),
                (None, _, Value::Choice(choice)) => {
                    let cells = choice.arms.iter().filter_map(|arm| match arm {
                        Value::Cell(id) => Some(*id),
                        _ => None,
                    });
                    for id in cells.collect::<Vec<_>>() {
                        self.names_of(id, &arg.place, &mut frame);
                    }
                }
                _ => {}
            }
        }
        frame
    }

    fn names_of(&mut self, id: usize, place: &Place, frame: &mut Frame) {
        let Some(object) = self.heap.object(id) else {
            return;
        };
        for (name, value) in object.entries.clone() {
            let value = self.for_template(&value, &name, place);
            frame.names.insert(name, value);
        }
    }

    /// A value of code as a value of a template.
    fn for_template(&mut self, value: &Value, name: &str, place: &Place) -> filled::Value {
        let hop = Hop {
            place: place.clone(),
            note: format!("passed to the template as `{name}`").into(),
        };
        self.converted(value, name, place, 0).with_hop(&hop)
    }

    fn converted(
        &mut self,
        value: &Value,
        name: &str,
        place: &Place,
        depth: usize,
    ) -> filled::Value {
        match value {
            Value::None | Value::Null => filled::Value::None,
            Value::Bool(value) => filled::Value::Bool(*value),
            Value::Number(number) | Value::Float(number) => filled::Value::Number(*number),
            Value::Text(pieces) => match pieces.as_slice() {
                [] => filled::Value::Text(Text::empty(&place.path)),
                [Piece::Text(text)] => filled::Value::Text(text.clone()),
                // Alone it stays a value that filters work on.
                [Piece::Slot(slot)] => filled::Unknown {
                    trace: slot.trace.clone(),
                    ..filled::Unknown::new(
                        slot.expr.to_string(),
                        None,
                        Verdict {
                            kind: ValueKind::Plain,
                            volatility: slot.volatility.clone(),
                            tokens: slot.size.tokens,
                            clock: false,
                        },
                    )
                }
                .into_value(),
                _ => filled::Value::Pieces(pieces.clone()),
            },
            Value::Unknown(unknown) => self.unknown_for_template(unknown),
            Value::Choice(choice) => {
                let scalar = |arm: &Value| {
                    matches!(
                        arm,
                        Value::None
                            | Value::Null
                            | Value::Text(_)
                            | Value::Unknown(_)
                            | Value::Number(_)
                    ) && thing_of(arm).is_none()
                };
                if choice.arms.iter().all(scalar) && !value.is_history() {
                    return filled::Value::Pieces(Rc::new(self.print(value, place)));
                }
                self.opaque_for_template(value, name)
            }
            Value::Cell(id) if depth < MAX_DEPTH => match self.heap.get(*id).clone() {
                Cell::List(list) => {
                    let known = list.unordered.is_none()
                        && list.items.iter().all(|item| matches!(item, Item::One(..)));
                    if !known {
                        return self.opaque_for_template(value, name);
                    }
                    let items = list.items.iter().filter_map(|item| match item {
                        Item::One(value, _) => Some(value.clone()),
                        _ => None,
                    });
                    let items: Vec<Value> = items.collect();
                    let items = items
                        .iter()
                        .map(|item| self.converted(item, name, place, depth + 1))
                        .collect();
                    filled::Value::List(Rc::new(items))
                }
                Cell::Object(object) if object.spreads.is_empty() => {
                    let entries = object
                        .entries
                        .iter()
                        .map(|(key, value)| {
                            (key.clone(), self.converted(value, key, place, depth + 1))
                        })
                        .collect();
                    filled::Value::Map(Rc::new(entries))
                }
                _ => self.opaque_for_template(value, name),
            },
            other => self.opaque_for_template(other, name),
        }
    }

    fn unknown_for_template(&self, unknown: &Unknown) -> filled::Value {
        let mut verdict = unknown.verdict.clone();
        verdict.volatility = unknown.sent_volatility();
        if let Some(order) = &unknown.unordered {
            verdict.volatility = worse(verdict.volatility, order.clone());
        }
        if verdict.volatility.frame.is_none() && self.born_before_loop(unknown.birth()) {
            verdict.volatility.frame = held(verdict.volatility.class, Some(Class::Session));
        }
        // Attributes of a plain name are asked for by name; those of what a call gave are as it is.
        let path = unknown.path.clone().filter(|path| {
            let named = path.chars().all(|c| c.is_alphanumeric() || c == '_');
            named && !verdict.clock && unknown.thing.is_none()
        });
        filled::Unknown {
            trace: unknown.trace.clone(),
            rewrite: unknown.rewrite.clone(),
            item: unknown.item,
            ..filled::Unknown::new(
                unknown.expr.to_string(),
                path.map(|path| path.to_string()),
                verdict,
            )
        }
        .into_value()
    }

    /// What a template cannot look into: known by the join of what it is made of.
    fn opaque_for_template(&mut self, value: &Value, name: &str) -> filled::Value {
        let volatility = self.volatility(value);
        let history = match value {
            Value::Cell(id) => self
                .heap
                .list(*id)
                .is_some_and(|list| self.holds_history(&list.items)),
            other => other.is_history(),
        };
        let kind = if history {
            ValueKind::History
        } else {
            ValueKind::Plain
        };
        let tokens = if history {
            self.assume.history_tokens
        } else {
            40
        };
        let verdict = Verdict {
            kind,
            volatility,
            tokens,
            clock: false,
        };
        let mut unknown = filled::Unknown::new(name.to_string(), None, verdict);
        unknown.trace = self.way_of(value, 0);
        unknown.into_value()
    }

    /// The way of the first thing unknown in a value that is as volatile as the whole.
    fn way_of(&self, value: &Value, depth: usize) -> Vec<Hop> {
        let class = self.volatility(value).class;
        let inner: Vec<Value> = match value {
            Value::Unknown(unknown) => return unknown.trace.clone(),
            Value::Text(pieces) => {
                let slot = pieces.iter().find_map(|piece| match piece {
                    Piece::Slot(slot) if slot.volatility.class == class => Some(slot),
                    _ => None,
                });
                return slot.map(|slot| slot.trace.clone()).unwrap_or_default();
            }
            Value::Choice(choice) => choice.arms.clone(),
            Value::Cell(id) => match self.heap.get(*id) {
                Cell::List(list) => items_of(&list.items),
                Cell::Object(object) => object
                    .entries
                    .iter()
                    .map(|(_, value)| value.clone())
                    .chain(object.spreads.iter().cloned())
                    .collect(),
                Cell::Scope(_) => Vec::new(),
            },
            _ => Vec::new(),
        };
        if depth >= MAX_DEPTH {
            return Vec::new();
        }
        let source = inner
            .iter()
            .find(|value| self.volatility(value).class == class);
        source.map_or_else(Vec::new, |value| self.way_of(value, depth + 1))
    }
}

fn items_of(items: &[Item]) -> Vec<Value> {
    let mut out = Vec::new();
    for item in items {
        match item {
            Item::One(value, _) | Item::Spread(value, _) => out.push(value.clone()),
            Item::Branch(_, arms) => arms.iter().for_each(|arm| out.extend(items_of(arm))),
            Item::Repeat(_, body) => out.extend(items_of(body)),
        }
    }
    out
}
