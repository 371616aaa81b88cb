//! What calls of SDKs make: models, templates, chains and agents that keep their parts until a method of theirs sends
//! or fills them. Such an object is an object of the heap with entries under names that no program can write.

use std::rc::Rc;

use crate::frontend::code::ir::{Arg, Expr};
use crate::frontend::template::dialect::Dialect;
use crate::prompt::Piece;
use crate::sdk::{self, Call, Makes, Part, Records};
use crate::source::Place;

use super::super::files::dialect_named;
use super::eval::Eval;
use super::heap::{Cell, Item, Object};
use super::texts::{self, Style};
use super::value::{choose, Argument, Unknown, Value};

/// Entry that holds the kind of a made object.
const KIND: &str = "<made>";
/// Entry that holds the provider that a made object belongs to.
const PROVIDER: &str = "<provider>";
/// Entry of a message whose text has placeholders: their style.
const TEMPLATE: &str = "<template>";
/// Path of a placeholder for messages, in front of its name.
const PLACEHOLDER: &str = "<messages>.";

/// The parts of a request in the order they are written.
pub type Parts = Vec<(Part, Value, Place)>;

/// Values for placeholders.
#[derive(Default)]
pub struct Bindings {
    named: Vec<(String, Value)>,
    open: Vec<Value>,
}

/// The arguments of a call, sorted.
#[derive(Default)]
pub struct Sorted {
    pub parts: Parts,
    pub bindings: Bindings,
    pub settings: Vec<(String, Value, Place)>,
    pub provider: Option<String>,
    /// How placeholders of its templates look.
    style: Option<String>,
}

const NAMES: &[(Part, &str)] = &[
    (Part::Model, "<model>"),
    (Part::Messages, "<messages>"),
    (Part::System, "<system>"),
    (Part::User, "<user>"),
    (Part::Tools, "<tools>"),
    (Part::Schema, "<schema>"),
];

impl Eval<'_, '_> {
    /// A method of an object that an SDK made. `None`: the receiver is none.
    pub fn made_method(
        &mut self,
        receiver: &Value,
        name: &str,
        args: &[Arg],
        expr: &Expr,
    ) -> Option<Value> {
        let arms: Vec<Value> = match receiver {
            Value::Choice(choice) => choice.arms.clone(),
            other => vec![other.clone()],
        };
        let language = self.frame().code.language();
        let made: Vec<(usize, &'static Call)> = arms
            .iter()
            .filter_map(|arm| {
                let Value::Cell(id) = arm else { return None };
                Some((*id, sdk::method(language, &self.made_kind(*id)?, name)?))
            })
            .collect();
        if made.is_empty() {
            return None;
        }
        let args = self.arguments(args);
        let results: Vec<Value> = made
            .into_iter()
            .map(|(id, call)| self.sdk_call(call, Some(id), (name, &args), expr))
            .collect();
        Some(match receiver {
            Value::Choice(choice) => choose(&choice.condition, results),
            _ => results.into_iter().next().unwrap_or(Value::None),
        })
    }

    /// `prompt | model`
    pub fn piped(&mut self, left: &Value, right: &Value, expr: &Expr) -> Option<Value> {
        let language = self.frame().code.language();
        let kind = |eval: &Self, value: &Value| match value {
            Value::Cell(id) => eval.made_kind(*id),
            _ => None,
        };
        let Some(own) = kind(self, left) else {
            // What fills a prompt in front of it: values by name that only the run knows.
            return kind(self, right).map(|_| right.clone());
        };
        let Value::Cell(id) = left else { return None };
        let call = sdk::method(language, &own, "|")?;
        let other = Argument::positional(right.clone(), self.place(expr.span));
        Some(self.sdk_call(call, Some(*id), ("|", &[other]), expr))
    }

    pub fn made_kind(&self, id: usize) -> Option<String> {
        self.heap.object(id)?.get(KIND)?.known_text()
    }

    /// The parts that a made object keeps, and its provider.
    pub fn made_parts(&self, id: usize, place: &Place) -> (Parts, Option<String>) {
        let Some(object) = self.heap.object(id) else {
            return (Vec::new(), None);
        };
        let parts = object.entries.iter().filter_map(|(name, value)| {
            let (part, _) = NAMES.iter().find(|(_, known)| known == name)?;
            Some((*part, value.clone(), place.clone()))
        });
        let provider = object.get(PROVIDER).and_then(Value::known_text);
        (parts.collect(), provider)
    }

    /// A call that `rules/sdk` knows, of itself or as a method of a made object.
    pub fn sdk_call(
        &mut self,
        call: &'static Call,
        of: Option<usize>,
        (path, args): (&str, &[Argument]),
        expr: &Expr,
    ) -> Value {
        let place = self.place(expr.span);
        if let Makes::Message(role) = &call.makes {
            let fields = self.fields(args, 1);
            let value = self.constructed(role, args, &fields, expr);
            return match style_of(call, &fields) {
                Some(style) => self.templates(&value, &style),
                None => value,
            };
        }
        if call.makes == Makes::Fields {
            let fields = self.fields(args, 1);
            let entries = fields.into_iter().map(|(name, value, _)| (name, value));
            return self.new_object(entries.collect(), place);
        }
        let mut sorted = self.sorted(call, args, expr);
        if let Some(id) = of {
            let (mut parts, provider) = self.made_parts(id, &place);
            parts.append(&mut sorted.parts);
            sorted.parts = parts;
            sorted.provider = sorted.provider.or(provider);
        }
        let made = matches!(call.makes, Makes::Object(_) | Makes::Itself);
        if !made || !sorted.bindings.named.is_empty() {
            let partial = made || call.makes == Makes::Partial;
            for (part, value, _) in &mut sorted.parts {
                if *part == Part::Messages {
                    *value = self.filled_in(value, &sorted.bindings, partial);
                }
            }
        }
        match &call.makes {
            Makes::Text => self.template_text(&sorted.parts, &place),
            Makes::Messages => {
                let mut messages = sorted.parts.into_iter();
                let found = messages.find(|(part, _, _)| *part == Part::Messages);
                found.map_or(Value::None, |(_, value, _)| value)
            }
            Makes::Object(kind) => {
                let value = self.keep(kind, &sorted, &place);
                self.record_made(call, sorted, expr);
                value
            }
            Makes::Itself | Makes::Partial => {
                let kind = of.and_then(|id| self.made_kind(id)).unwrap_or_default();
                self.keep(&kind, &sorted, &place)
            }
            _ => {
                self.send(call, sorted, expr);
                self.answer(path, expr)
            }
        }
    }

    /// What a constructor shows of a prompt before anything is sent.
    fn record_made(&mut self, call: &'static Call, sorted: Sorted, expr: &Expr) {
        match call.records {
            Records::Nothing => {}
            Records::Part => self.note_part(sorted, expr),
            Records::Request => self.send(call, sorted, expr),
        }
    }

    fn keep(&mut self, kind: &str, sorted: &Sorted, place: &Place) -> Value {
        let text =
            |text: &str| Value::text(crate::source::Text::opaque(&place.path, place.span, text));
        let mut entries = vec![(KIND.to_string(), text(kind))];
        if let Some(provider) = &sorted.provider {
            entries.push((PROVIDER.to_string(), text(provider)));
        }
        for (part, value, _) in &sorted.parts {
            if let Some((_, name)) = NAMES.iter().find(|(known, _)| known == part) {
                entries.push((name.to_string(), value.clone()));
            }
        }
        self.new_object(entries, place.clone())
    }

    /// The arguments of a call as parts, values for placeholders, and settings.
    fn sorted(&mut self, call: &'static Call, args: &[Argument], expr: &Expr) -> Sorted {
        let mut out = Sorted {
            provider: call.provider.clone(),
            ..Sorted::default()
        };
        let mut fields: Vec<(String, Value, Place)> = Vec::new();
        // Options in an object where another language has arguments.
        let options = call.positional.is_empty() || self.is_options(call, args);
        let by_position = args
            .iter()
            .filter(|arg| arg.name.is_none() && !arg.keywords && !options);
        for (argument, name) in by_position.zip(&call.positional) {
            fields.push((name.clone(), argument.value.clone(), argument.place.clone()));
        }
        let named = self.fields(args, usize::from(options));
        fields.extend(named);
        out.style = style_of(call, &fields);
        for (name, value, place) in fields {
            let part = call.parts.get(&name).or_else(|| call.parts.get("*"));
            self.sort_field(call, part.copied(), (name, value, place), (&mut out, expr));
        }
        out
    }

    fn is_options(&self, call: &Call, args: &[Argument]) -> bool {
        let Some(Value::Cell(id)) = args.first().map(|arg| &arg.value) else {
            return false;
        };
        let mut first = call
            .positional
            .iter()
            .filter_map(|name| call.parts.get(name));
        let binds = first.next() == Some(&Part::Bindings);
        !self.is_python()
            && !binds
            && self.heap.object(*id).is_some_and(|object| {
                let mut keys = object.entries.iter();
                keys.any(|(key, _)| call.parts.contains_key(key))
            })
    }

    fn sort_field(
        &mut self,
        call: &'static Call,
        part: Option<Part>,
        (name, value, place): (String, Value, Place),
        (out, expr): (&mut Sorted, &Expr),
    ) {
        match part {
            None => out.settings.push((name, value, place)),
            Some(Part::Ignore) => {}
            Some(Part::Body) => {
                let Value::Cell(id) = &value else { return };
                let entries = self.heap.object(*id).map(|object| object.entries.clone());
                for (name, value) in entries.into_iter().flatten() {
                    let part = call.parts.get(&name).copied();
                    if part != Some(Part::Body) {
                        let field = (name, value, place.clone());
                        self.sort_field(call, part, field, (&mut *out, expr));
                    }
                }
            }
            Some(Part::Bindings) => self.bind_values(call, (name, value), &mut out.bindings),
            Some(Part::Part) => {
                let arms = match &value {
                    Value::Choice(choice) => choice.arms.clone(),
                    other => vec![other.clone()],
                };
                let made = arms.iter().find_map(|arm| match arm {
                    Value::Cell(id) if self.made_kind(*id).is_some() => Some(*id),
                    _ => None,
                });
                if let Some(id) = made {
                    let (parts, provider) = self.made_parts(id, &place);
                    out.parts.extend(parts);
                    out.provider = out.provider.take().or(provider);
                } else if matches!(value, Value::Text(_)) {
                    out.parts.push((Part::User, value, place));
                }
            }
            Some(part @ (Part::User | Part::Messages)) if out.style.is_some() => {
                let style = out.style.clone().unwrap_or_default();
                let value = self.templates(&value, &style);
                out.parts.push((
                    if part == Part::User {
                        Part::Messages
                    } else {
                        part
                    },
                    value,
                    place,
                ));
            }
            Some(part) => out.parts.push((part, value, place)),
        }
    }

    /// An object of values by name, or one value where its name is the argument's.
    fn bind_values(&mut self, call: &Call, (name, value): (String, Value), out: &mut Bindings) {
        let whole = call.parts.contains_key(&name);
        match &value {
            Value::Cell(id) if whole && self.heap.object(*id).is_some() => {
                if let Some(object) = self.heap.object(*id) {
                    out.named.extend(object.entries.iter().cloned());
                    out.open.extend(object.spreads.iter().cloned());
                }
            }
            _ if whole => out.open.push(value),
            _ => out.named.push((name, value)),
        }
    }

    // ---- templates ----

    /// Messages whose texts have placeholders of a style.
    fn templates(&mut self, value: &Value, style: &str) -> Value {
        let span = self.frame_span(value);
        match value {
            Value::Text(_) => {
                let message = self.template_message("user", value.clone(), (style, &span));
                self.new_list(vec![Item::One(message, span.clone())], span)
            }
            Value::Cell(id) => match self.heap.get(*id).clone() {
                Cell::List(list) => {
                    let items = self.template_items(&list.items, style);
                    self.new_list(items, list.place)
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
        unknown.path = Some(format!("{PLACEHOLDER}{name}"));
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
    fn filled_in(&mut self, value: &Value, bindings: &Bindings, partial: bool) -> Value {
        match value {
            Value::Cell(id) => match self.heap.list(*id).cloned() {
                Some(list) => {
                    let items = self.filled_items(&list.items, bindings, partial);
                    self.new_list(items, list.place)
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
                path: Some(root.to_string()),
                ..Unknown::new(name, verdict)
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

    fn template_text(&mut self, parts: &Parts, place: &Place) -> Value {
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

/// The style that an argument asks for, else that of the call.
fn style_of(call: &Call, fields: &[(String, Value, Place)]) -> Option<String> {
    let own = call.style.as_deref()?;
    let asked = fields
        .iter()
        .find(|(name, ..)| sdk::is_format_argument(name))
        .and_then(|(_, value, _)| sdk::template_format(&value.known_text()?));
    Some(asked.unwrap_or(own).to_string())
}
