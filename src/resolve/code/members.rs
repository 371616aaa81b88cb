//! Members of values: reading and writing them. Those that a class declares are in `class_members`.

use std::rc::Rc;

use crate::frontend::code::ir::Expr;
use crate::source::{Place, Span};
use crate::volatility::classify::{Effect, ValueKind, Verdict};
use crate::volatility::{Class, Confidence, Given, Origin, Scope, Volatility};

use super::arms::choose;
use super::eval::Eval;
use super::heap::Item;
use super::knowledge::Knowledge;
use super::value::{Unknown, Value};

impl Eval<'_, '_> {
    /// `object.name`
    pub fn member(&mut self, object: &Value, name: &str, span: Span) -> Value {
        if !self.enter() {
            return Value::None;
        }
        let value = self.member_of(object, name, span);
        self.leave();
        value
    }

    fn member_of(&mut self, object: &Value, name: &str, span: Span) -> Value {
        match object {
            Value::Cell(id) => self.member_of_cell(*id, name, span),
            Value::Class(class) => self
                .class_member(&class.clone(), name, Some(object.clone()), span)
                .unwrap_or_else(|| self.unknown_member(None, name, span)),
            Value::Module(code) => {
                let code = code.clone();
                if let Some(value) = self.global(&code, name) {
                    return value;
                }
                let sub = self.program.submodule(&code, name, &mut self.trail.reads);
                match sub {
                    Some(sub) => Value::Module(sub),
                    None if name == "default" => object.clone(),
                    None => self.unknown_member(None, name, span),
                }
            }
            Value::Unknown(unknown) => self.member_of_unknown(&unknown.clone(), name, span),
            Value::Choice(choice) => {
                let arms: Vec<Value> = choice
                    .arms
                    .iter()
                    .filter(|arm| !arm.is_nothing())
                    .map(|arm| self.member(arm, name, span))
                    .collect();
                choose(&choice.condition, arms)
            }
            Value::Text(_) if name == "length" => {
                let volatility = length_of_text(self.volatility(object));
                self.derived(&Expr::opaque(span), volatility, 1)
            }
            // A member of an enumeration is its value.
            Value::Bool(_) | Value::Number(_) | Value::Float(_) | Value::Text(_)
                if name == "value" =>
            {
                object.clone()
            }
            Value::None
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::Function(_) => Value::None,
        }
    }

    /// What an instance prints as, where its class says so; any other value is itself.
    pub fn shown(&mut self, value: Value, span: Span) -> Value {
        let Value::Cell(id) = value else {
            return value;
        };
        let class = self.heap.object(id).and_then(|object| object.class.clone());
        let name = if self.is_python() {
            "__str__"
        } else {
            "toString"
        };
        let method =
            class.and_then(|class| self.class_member(&class, name, Some(Value::Cell(id)), span));
        match method {
            Some(Value::Function(method)) => {
                let place = self.place(span);
                self.invoke(&method, Vec::new(), &place)
            }
            _ => value,
        }
    }

    fn member_of_cell(&mut self, id: usize, name: &str, span: Span) -> Value {
        if self.heap.list(id).is_some() {
            if name == "length" {
                let volatility = self.count_volatility(&Value::Cell(id));
                let length = self.derived(&Expr::opaque(span), volatility, 1);
                return self.length_of(&Value::Cell(id), length);
            }
            return Value::None;
        }
        let Some(object) = self.heap.object(id) else {
            return Value::None;
        };
        if let Some(value) = object.get(name) {
            return value.clone();
        }
        if name == "__dict__" {
            return self.fields_of(id, false, span, 0);
        }
        let class = object.class.clone();
        let spread = object.spreads.first().cloned();
        if let Some(class) = class {
            if let Some(value) = self.class_member(&class, name, Some(Value::Cell(id)), span) {
                return value;
            }
            return self.instance_member(&class, id, name, span);
        }
        spread.map_or(Value::None, |spread| {
            self.member_of_spread(&spread, name, span)
        })
    }

    /// What a value that is spread into an object may bring for a key.
    fn member_of_spread(&mut self, spread: &Value, name: &str, span: Span) -> Value {
        match spread {
            Value::Unknown(unknown) => self.member_of_unknown(unknown, name, span),
            Value::Choice(choice) => {
                let arms = choice.arms.iter();
                let arms = arms.map(|arm| self.member_of_spread(arm, name, span));
                choose(&choice.condition, arms.collect())
            }
            other => other.clone(),
        }
    }

    fn member_of_unknown(&mut self, unknown: &Unknown, name: &str, span: Span) -> Value {
        if let Some(value) = self.thing_member(unknown, name, span) {
            return value;
        }
        if let Some(list) = self.overlaid(unknown, name) {
            return list;
        }
        if name == "length" && unknown.is_history() {
            let volatility = unknown.verdict.volatility.clone();
            let length = self.derived(&Expr::opaque(span), volatility, 1);
            return self.length_of(&Value::Unknown(Rc::new(unknown.clone())), length);
        }
        let place = self.place(span);
        let declared = self.declared_part(unknown, name);
        let usual = self.declared_default(unknown, name);
        let classifier = self.frame().code.classifier.clone();
        // Data of an item, or of a value that has been computed: as volatile as the whole.
        let Some(path) = unknown.path.as_ref().filter(|_| !unknown.item) else {
            let mut part = unknown.clone();
            part.expr = self
                .written_or(span, || format!("{}.{name}", unknown.expr))
                .into();
            part.verdict.clock = unknown.verdict.clock;
            part.rewrite = None;
            part.thing = None;
            part.declared = declared;
            part.usual = usual;
            if part.is_history() {
                part.verdict.kind = ValueKind::Plain;
            }
            // An instance of a class is no data, and what it holds is not told by where it is kept.
            if unknown.declared.is_some() {
                part.verdict = turns_by_name(part.verdict, || classifier.name(name));
            }
            return part.into_value();
        };
        let of_call = path.ends_with("()");
        let path = format!("{path}.{name}");
        // What is read of a clock that a call gave is of that clock, whatever its name says.
        if unknown.verdict.clock && of_call {
            let mut part = unknown.clone();
            part.expr = self.written_or(span, || path.clone()).into();
            part.path = Some(path.into());
            part.thing = None;
            part.declared = declared;
            part.usual = usual;
            return part.into_value();
        }
        let known = classifier.attribute(&path);
        let known = known.or_else(|| self.kept_open(unknown, name));
        // What came with the call is a request's; what a name says beside it counts for more.
        let is_request = |verdict: &Verdict| verdict.volatility.class == Class::Request;
        let is_answer = unknown
            .path
            .as_ref()
            .is_some_and(|path| path.ends_with(')'));
        let of_request =
            is_answer && is_request(&unknown.verdict) || known.as_ref().is_some_and(is_request);
        let own = configured(&classifier, name)
            .filter(|own| of_request || known.is_none() && own.kind == ValueKind::Plain);
        let own = own.or_else(|| {
            let lives_on = |own: &Verdict| {
                let scope = own.volatility.priced().scope();
                own.volatility.given == Given::Known
                    && own.kind == ValueKind::Plain
                    && own.volatility.class != Class::State
                    && scope > Scope::Shared
                    && scope < Scope::Call
            };
            let surely = unknown.verdict.volatility.confidence > Confidence::Possible;
            (of_request && surely)
                .then(|| classifier.name(name))
                .filter(lives_on)
        });
        let expr = self.written_or(span, || path.clone());
        // What is made of it later is not judged by where it came from.
        let path = if of_request && own.is_some() {
            name.to_string()
        } else {
            path
        };
        let verdict = match own.or(known) {
            Some(verdict) => verdict,
            None => {
                // A root that is only named so says nothing where its type has told what it is.
                let of_root = unknown.path.as_deref().map(|root| classifier.name(root));
                let by_name = classifier.name(&path);
                let untold = of_root.is_some_and(|root| root == by_name);
                let verdict = member_verdict(unknown, &by_name, untold);
                match verdict.volatility.class.is_stable() {
                    true => verdict,
                    false => turns_by_name(verdict, || classifier.name(name)),
                }
            }
        };
        let mut part = Unknown {
            expr: expr.into(),
            path: Some(path.into()),
            verdict,
            trace: unknown.trace.clone(),
            rewrite: unknown.rewrite.clone(),
            item: false,
            off: false,
            unordered: None,
            thing: None,
            declared,
            of: unknown.of.clone(),
            round: unknown.round,
            most: None,
            counts: None,
            usual,
        };
        // A clock of this path is born where it is read.
        if part.trace.is_empty() && part.verdict.volatility.class != Class::Deploy {
            return self.born(part, place, "read here");
        }
        if let Some(frame) = unknown.verdict.volatility.frame {
            part.verdict.volatility.frame =
                super::eval::held(part.verdict.volatility.class, Some(frame));
        }
        part.into_value()
    }

    /// A part of a clock that is read by its name: `now.day`.
    pub fn part_of_clock(&mut self, object: &Value, name: &str, span: Span) -> Option<Value> {
        let Value::Unknown(unknown) = object else {
            return None;
        };
        if !unknown.verdict.clock {
            return None;
        }
        let shown = self.frame().code.classifier.filter(name, &[]);
        let Effect::Granularity(class) = shown else {
            return None;
        };
        let mut part = (**unknown).clone();
        part.expr = self
            .written_or(span, || format!("{}.{name}", unknown.expr))
            .into();
        part.verdict.cut_to(class);
        Some(part.into_value())
    }

    fn written_or(&self, span: Span, other: impl FnOnce() -> String) -> String {
        if span.is_empty() {
            other()
        } else {
            self.written(span)
        }
    }

    fn unknown_member(&mut self, of: Option<&Unknown>, name: &str, span: Span) -> Value {
        let verdict = match of {
            Some(unknown) => unknown.verdict.clone(),
            None => {
                let mut verdict = self.frame().code.classifier.name(name);
                verdict.volatility.confidence = Confidence::Possible;
                verdict
            }
        };
        let place = self.place(span);
        let unknown = Unknown {
            path: Some(name.into()),
            ..Unknown::new(name.to_string(), verdict)
        };
        self.born(unknown, place, "read here")
    }

    pub fn set_member(&mut self, object: &Value, name: &str, value: Value, place: &Place) {
        match object {
            Value::Cell(id) => {
                let value = self.set_marker(*id, name, value, place);
                if let Some(object) = self.heap.object_mut(*id) {
                    object.set(name, value);
                }
            }
            Value::Choice(choice) if self.brings_marker(name, &value) => {
                self.mark_arms(&choice.clone(), name, value, place);
            }
            Value::Choice(choice) => {
                for arm in choice.arms.clone() {
                    self.set_member(&arm, name, value.clone(), place);
                }
            }
            Value::Unknown(unknown) => {
                self.write_open(unknown, name, &value, place.clone());
                self.overlay(unknown, name, value);
            }
            Value::Class(class) => {
                let key = (class.code.path().clone(), class.id, name.to_string());
                self.statics.insert(key, Some(value));
            }
            _ => {}
        }
    }

    // ---- members of what is not known ----

    /// Keeps a conversation that is written to a member of something open (`options.messages.unshift(..)`): it is read
    /// there again.
    fn overlay(&mut self, unknown: &Unknown, name: &str, value: Value) {
        let list = match value {
            Value::Cell(id) => self.heap.list(id),
            _ => None,
        };
        let open = |item: &Item| matches!(item, Item::Spread(value, _) if value.is_history());
        let turns = list.is_some_and(|list| list.items.iter().any(open));
        // What an instance of a class appends to its own is its conversation as before.
        let kept = turns && unknown.declared.is_none();
        let Some(key) = overlay_key(unknown, name).filter(|_| kept) else {
            return;
        };
        if let Some(overlays) = self.heap.object_mut(self.overlays) {
            overlays.set(&key, value);
        }
    }

    /// A list that was written to a member before, in one of the ways here.
    fn overlaid(&self, unknown: &Unknown, name: &str) -> Option<Value> {
        let overlays = self.heap.object(self.overlays)?;
        if overlays.entries.is_empty() {
            return None;
        }
        let Value::Choice(choice) = overlays.get(&overlay_key(unknown, name)?)? else {
            return overlays.get(&overlay_key(unknown, name)?).cloned();
        };
        let written = choice.arms.iter().filter(|arm| !arm.is_nothing());
        Some(choose(&choice.condition, written.cloned().collect()))
    }
}

/// What the same member of the same value is kept under.
fn overlay_key(unknown: &Unknown, name: &str) -> Option<String> {
    let (birth, path) = (unknown.birth()?, unknown.path.as_ref()?);
    (!unknown.item).then(|| format!("{}:{}:{path}.{name}", birth.path, birth.span.start))
}

/// What an attribute of something unknown stands for: a telling root decides for all of it.
fn member_verdict(unknown: &Unknown, by_name: &Verdict, untold: bool) -> Verdict {
    let own: &Volatility = &unknown.verdict.volatility;
    let mut verdict = by_name.clone();
    if own.class.is_stable() && own.confidence <= Confidence::Possible {
        // Code of another package or configuration: its members are that too.
        let weak = verdict.volatility.confidence < Confidence::Likely;
        if untold || weak || verdict.kind == ValueKind::Plain {
            return Verdict {
                kind: ValueKind::Plain,
                ..unknown.verdict.clone()
            };
        }
    }
    // What a variable is named like is told of what it holds: `member = db.get(..)`, `member.full_name`.
    if is_told(own) && untold && verdict.kind == ValueKind::Plain {
        return Verdict {
            kind: ValueKind::Plain,
            tokens: verdict.tokens,
            ..unknown.verdict.clone()
        };
    }
    let volatility = &mut verdict.volatility;
    volatility.confidence = volatility
        .confidence
        .min(own.confidence.max(Confidence::Possible));
    // A field of what a caller gives, whatever the whole is called: `prompt.tools`, `input.schema`.
    if volatility.class == Class::Request {
        volatility.given = Given::Caller;
    }
    verdict
}

/// Whether it is known whose a value is, or that it came with the call in hand: so it is of its parts.
pub fn is_told(volatility: &Volatility) -> bool {
    let whose = matches!(volatility.class, Class::User | Class::Tenant | Class::State);
    let of_call = volatility.class == Class::Request
        && volatility.origin == Origin::Outside
        && volatility.given == Given::Known;
    volatility.confidence >= Confidence::Likely && (whose || of_call)
}

/// `request.systemPrompt`, `const { system, tools } = await request.json()`: a name that says configuration says it of a
/// part too.
fn configured(classifier: &Knowledge, name: &str) -> Option<Verdict> {
    let own = classifier.parameter(name, None, false);
    let configures = matches!(own.kind, ValueKind::Plain | ValueKind::Tools);
    (configures && own.volatility.class == Class::Deploy).then_some(own)
}

/// `session.messages`: an attribute that is named like a conversation is one, whatever its owner is called.
fn turns_by_name(verdict: Verdict, own_name: impl FnOnce() -> Verdict) -> Verdict {
    if verdict.kind != ValueKind::Plain {
        return verdict;
    }
    match own_name() {
        own if own.kind == ValueKind::History => own,
        _ => verdict,
    }
}

/// What the length of a text varies with. A text with a clock in it is as long as it was: its length is no clock.
pub fn length_of_text(text: Volatility) -> Volatility {
    if text.origin != Origin::MadeUp {
        return text;
    }
    Volatility::new(
        Class::Request,
        Origin::Outside,
        Confidence::Possible,
        "the length of a text",
    )
}
