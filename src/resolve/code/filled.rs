//! Prompt templates of a framework: their messages, and the values that fill their placeholders.

use std::rc::Rc;

use crate::frontend::template::dialect::Dialect;
use crate::prompt::Piece;
use crate::sdk::Part;
use crate::source::Place;

use super::super::files::dialect_named;
use super::eval::Eval;
use super::heap::{Cell, Item, List, Object};
use super::made::{Bindings, Parts, KIND, TEMPLATE};
use super::texts::{self, Style};
use super::value::{Unknown, Value};

impl Eval<'_, '_> {
    /// Messages whose texts have placeholders of a style.
    pub fn templates(&mut self, value: &Value, style: &str) -> Value {
        let span = self.frame_span(value);
        match value {
            Value::Text(_) => {
                let message = self.template_message("user", value.clone(), (style, &span));
                self.new_list(vec![Item::One(message, span.clone())], span)
            }
            Value::Cell(id) => match self.heap.get(*id).clone() {
                Cell::List(list) => {
                    let items = self.template_items(&list.items, style);
                    Value::Cell(self.heap.add(Cell::List(List { items, ..list })))
                }
                Cell::Object(object) if object.get(KIND).is_none() => {
                    if object.get("role").is_some() && object.get(TEMPLATE).is_none() {
                        let mut object = object;
                        let mark = self.literal(span.span, style);
                        object.set(TEMPLATE, mark);
                        return Value::Cell(self.heap.add(Cell::Object(object)));
                    }
                    value.clone()
                }
                _ => value.clone(),
            },
            other => other.clone(),
        }
    }

    fn template_items(&mut self, items: &[Item], style: &str) -> Vec<Item> {
        items
            .iter()
            .map(|item| match item {
                Item::One(value, place) => {
                    Item::One(self.template_item(value, (style, place)), place.clone())
                }
                Item::Branch(condition, arms) => {
                    let arms = arms.iter().map(|arm| self.template_items(arm, style));
                    Item::Branch(condition.clone(), arms.collect())
                }
                Item::Repeat(round, body) => {
                    Item::Repeat(round.clone(), self.template_items(body, style))
                }
                other => other.clone(),
            })
            .collect()
    }

    /// `("system", "text {x}")`, a bare text; objects of messages are sent as they are.
    fn template_item(&mut self, value: &Value, (style, place): (&str, &Place)) -> Value {
        match value {
            Value::Text(_) => self.template_message("user", value.clone(), (style, place)),
            Value::Cell(id) => {
                let pair = self
                    .heap
                    .list(*id)
                    .and_then(|list| match list.items.as_slice() {
                        [Item::One(role, _), Item::One(content, _)] => {
                            Some((role.known_text()?, content.clone()))
                        }
                        _ => None,
                    });
                match pair {
                    Some((role, content)) if role == "placeholder" => {
                        let name = content.known_text().unwrap_or_default();
                        self.placeholder(name.trim_matches(['{', '}']), place)
                    }
                    Some((role, content)) => self.template_message(&role, content, (style, place)),
                    None => value.clone(),
                }
            }
            other => other.clone(),
        }
    }

    fn template_message(
        &mut self,
        role: &str,
        content: Value,
        (style, place): (&str, &Place),
    ) -> Value {
        let entries = vec![
            ("role".to_string(), self.literal(place.span, role)),
            ("content".to_string(), content),
            (TEMPLATE.to_string(), self.literal(place.span, style)),
        ];
        self.new_object(entries, place.clone())
    }

    /// A place in a template that messages of a conversation are put into.
    pub fn placeholder(&mut self, name: &str, place: &Place) -> Value {
        let mut unknown = Unknown::new(
            name.to_string(),
            self.frame().code.classifier.name("chat_history"),
        );
        unknown.path = Some(format!("{PLACEHOLDER}{name}").into());
        self.born(unknown, place.clone(), "a placeholder for messages")
    }

    fn frame_span(&self, value: &Value) -> Place {
        let piece = match value {
            Value::Text(pieces) => pieces.iter().find_map(texts::piece_place),
            _ => None,
        };
        piece.unwrap_or_else(|| self.place(crate::source::Span::default()))
    }

    /// Template messages with their placeholders filled. Those without a value stay where the filling is partial.
    pub fn filled_in(&mut self, value: &Value, bindings: &Bindings, partial: bool) -> Value {
        match value {
            Value::Cell(id) => match self.heap.list(*id).cloned() {
                Some(list) => {
                    let items = self.filled_items(&list.items, bindings, partial);
                    Value::Cell(self.heap.add(Cell::List(List { items, ..list })))
                }
                None => self.filled_message(value, bindings, partial),
            },
            other => other.clone(),
        }
    }

    fn filled_items(&mut self, items: &[Item], bindings: &Bindings, partial: bool) -> Vec<Item> {
        items
            .iter()
            .map(|item| match item {
                Item::One(Value::Unknown(unknown), place) => {
                    let name = unknown.path.as_deref().unwrap_or_default();
                    let bound = name.strip_prefix(PLACEHOLDER).and_then(|name| {
                        let mut named = bindings.named.iter();
                        named.find(|(key, _)| key == name)
                    });
                    match bound {
                        Some((_, value)) => Item::Spread(value.clone(), place.clone()),
                        None => item.clone(),
                    }
                }
                Item::One(value, place) => {
                    Item::One(self.filled_message(value, bindings, partial), place.clone())
                }
                Item::Branch(condition, arms) => {
                    let arms = arms.iter();
                    let arms = arms.map(|arm| self.filled_items(arm, bindings, partial));
                    Item::Branch(condition.clone(), arms.collect())
                }
                Item::Repeat(round, body) => {
                    Item::Repeat(round.clone(), self.filled_items(body, bindings, partial))
                }
                other => other.clone(),
            })
            .collect()
    }

    fn filled_message(&mut self, value: &Value, bindings: &Bindings, partial: bool) -> Value {
        let Value::Cell(id) = value else {
            return value.clone();
        };
        let Some(mut object) = self.heap.object(*id).cloned() else {
            return value.clone();
        };
        let Some(style) = template_style(&object) else {
            return value.clone();
        };
        if !partial {
            object.entries.retain(|(name, _)| name != TEMPLATE);
        }
        if let Some(content) = object.get("content").cloned() {
            let content = self.filled_value(&content, style, (bindings, partial));
            object.set("content", content);
        }
        Value::Cell(self.heap.add(Cell::Object(object)))
    }

    fn filled_value(
        &mut self,
        value: &Value,
        style: Placeholders,
        with: (&Bindings, bool),
    ) -> Value {
        match value {
            Value::Text(pieces) => {
                let pieces = pieces.clone();
                if let Placeholders::Language(dialect) = style {
                    let (bindings, partial) = with;
                    // What is filled in part keeps its text until the rest is known.
                    if partial {
                        return value.clone();
                    }
                    let place = self.frame_span(value);
                    return self.filled_by_language(&pieces, dialect, &bindings.named, &place);
                }
                Value::pieces(texts::filled(&pieces, Style::Braces, &mut |placeholder| {
                    self.filler(&placeholder.name, &placeholder.place, with)
                }))
            }
            Value::Cell(id) => match self.heap.get(*id).clone() {
                Cell::List(mut list) => {
                    let Some(_within) = self.heap.reading.begin(*id) else {
                        return value.clone();
                    };
                    for item in &mut list.items {
                        if let Item::One(value, _) = item {
                            *value = self.filled_value(value, style, with);
                        }
                    }
                    Value::Cell(self.heap.add(Cell::List(list)))
                }
                Cell::Object(mut object) if object.get("text").is_some() => {
                    let text = object.get("text").cloned().unwrap_or(Value::None);
                    let text = self.filled_value(&text, style, with);
                    object.set("text", text);
                    Value::Cell(self.heap.add(Cell::Object(object)))
                }
                _ => value.clone(),
            },
            other => other.clone(),
        }
    }

    /// What stands for a placeholder: its value, or a value by its name.
    fn filler(
        &mut self,
        name: &str,
        place: &Place,
        (bindings, partial): (&Bindings, bool),
    ) -> Option<Vec<Piece>> {
        let mut parts = name.split(['.', '[', ']']).filter(|part| !part.is_empty());
        let root = parts.next()?;
        let mut named = bindings.named.iter();
        let mut value = named
            .find(|(key, _)| key == root)
            .map(|(_, value)| value.clone());
        if value.is_none() && partial {
            return None;
        }
        if value.is_none() {
            if let Some(open) = bindings.open.first().cloned() {
                let member = self.member(&open, root, place.span);
                value = (!matches!(member, Value::None)).then_some(member);
            }
        }
        let mut value = value.unwrap_or_else(|| {
            let verdict = self.frame().code.classifier.parameter(root, None, true);
            let unknown = Unknown {
                path: Some(root.into()),
                ..Unknown::new(name.to_string(), verdict)
            };
            self.born(unknown, place.clone(), "filled in by name")
        });
        // A function that is given for a placeholder is called whenever the template is filled.
        if let Value::Function(callable) = &value {
            let callable = callable.clone();
            let life = self.life.take();
            value = self.invoke(&callable, Vec::new(), place);
            self.life = life;
        }
        for part in parts {
            value = self.member(&value, part, place.span);
        }
        Some(self.print(&value, place))
    }

    pub fn template_text(&mut self, parts: &Parts, place: &Place) -> Value {
        let mut out = Vec::new();
        for (part, value, _) in parts {
            if *part == Part::Messages {
                for message in self.messages(value, place) {
                    for block in message.blocks {
                        out.extend(block.pieces);
                    }
                }
            }
        }
        Value::Text(Rc::new(out))
    }

    /// An object of a message as it is sent: placeholders without a value are values by their names.
    pub fn unfilled(&mut self, value: &Value) -> Option<Value> {
        let Value::Cell(id) = value else { return None };
        template_style(self.heap.object(*id)?)?;
        Some(self.filled_message(value, &Bindings::default(), false))
    }
}

/// Path of a placeholder for messages, in front of its name.
const PLACEHOLDER: &str = "<messages>.";

/// How placeholders of a template look.
#[derive(Clone, Copy, PartialEq)]
enum Placeholders {
    /// `{name}`
    Braces,
    Language(Dialect),
}

fn template_style(object: &Object) -> Option<Placeholders> {
    let style = object.get(TEMPLATE)?.known_text()?;
    Some(match dialect_named(&style) {
        None | Some(Dialect::Braces) => Placeholders::Braces,
        Some(dialect) => Placeholders::Language(dialect),
    })
}
