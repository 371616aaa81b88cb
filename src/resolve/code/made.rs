//! What calls of SDKs make: models, templates (filled in `filled`), chains and agents that keep their parts until a method of theirs sends
//! or fills them. Such an object is an object of the heap with entries under names that no program can write.

use crate::frontend::code::ir::{Arg, Expr};
use crate::sdk::{self, Call, Makes, Part, Records};
use crate::source::Place;

use super::arms::choose;
use super::eval::Eval;
use super::value::{Argument, Value};

/// Entry that holds the kind of a made object.
pub const KIND: &str = "<made>";
/// Entry that holds the provider that a made object belongs to.
pub const PROVIDER: &str = "<provider>";
/// Entry of a message whose text has placeholders: their style.
pub const TEMPLATE: &str = "<template>";
/// The parts of a request in the order they are written.
pub type Parts = Vec<(Part, Value, Place)>;

/// Values for placeholders.
#[derive(Default)]
pub struct Bindings {
    pub named: Vec<(String, Value)>,
    pub open: Vec<Value>,
}

/// The arguments of a call, sorted.
#[derive(Default)]
pub struct Sorted {
    pub parts: Parts,
    pub bindings: Bindings,
    pub settings: Vec<(String, Value, Place)>,
    /// Whether options are spread that are not in sight.
    pub open: bool,
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
        match call.makes {
            Makes::Session => {
                self.note_session(args, &place);
                return self.answer(path, expr);
            }
            Makes::Nothing => return self.answer(path, expr),
            _ => {}
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
                self.sent += 1;
                // What an object sends without anything new is told where it is made.
                let names: Vec<&str> = args.iter().filter_map(|arg| arg.name.as_deref()).collect();
                if of.is_none() || call.has_needed(&names) {
                    self.send(call, sorted, expr);
                }
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
        out.open = self.spreads_open(args);
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
                let Some(_within) = self.heap.reading.begin(*id) else {
                    return;
                };
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
