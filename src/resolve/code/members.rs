//! Members, items and slices of values: reading and writing them.

use std::rc::Rc;

use crate::frontend::code::ir::{Expr, FunctionKind};
use crate::prompt::Rewrite;
use crate::source::{Place, Span};
use crate::volatility::classify::{Effect, ValueKind, Verdict};
use crate::volatility::{Class, Confidence, Given, Volatility};

use super::super::value::from_history;
use super::declared::Declared;
use super::eval::Eval;
use super::heap::{Cell, Item, List};
use super::knowledge::Knowledge;
use super::loops::first_item;
use super::value::{choose, Callable, ClassRef, Unknown, Value};

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
                let volatility = self.volatility(object);
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
                let volatility = self.volatility(&Value::Cell(id));
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
        let class = object.class.clone();
        let spread = object.spreads.first().cloned();
        if let Some(class) = class {
            if let Some(value) = self.class_member(&class, name, Some(Value::Cell(id)), span) {
                return value;
            }
            return self.instance_member(&class, id, name, span);
        }
        match spread {
            Some(Value::Unknown(unknown)) => self.member_of_unknown(&unknown, name, span),
            Some(other) => other,
            None => Value::None,
        }
    }

    /// An attribute that no constructor was seen to set: known by its name, fixed as long as the instance is.
    fn instance_member(&mut self, class: &ClassRef, id: usize, name: &str, span: Span) -> Value {
        // A declared field (`x: str`, `private x: T`) may say more by its type.
        let annotation = class
            .class()
            .fields
            .iter()
            .find(|field| field.name == name)
            .and_then(|field| field.annotation.clone());
        let verdict = self
            .frame()
            .code
            .classifier
            .parameter(name, annotation.as_deref(), false);
        let place = self.place(span);
        let changes = verdict.volatility.class == Class::State
            && class.method_does(&class.code.interest.sets, name);
        let life = self.life;
        if !changes {
            self.life = Some(Class::Session);
        }
        let unknown = Unknown {
            path: Some(format!("self.{name}")),
            declared: annotation.and_then(|text| Declared::of(&class.code, &text)),
            ..Unknown::new(format!("self.{name}"), verdict)
        };
        let value = self.born(unknown, place, "an attribute of the instance");
        self.life = life;
        // The same attribute is the same value every time.
        if let Some(object) = self.heap.object_mut(id) {
            object.set(name, value.clone());
        }
        value
    }

    /// A method, a property or a class attribute, of the class or what it extends.
    pub fn class_member(
        &mut self,
        class: &ClassRef,
        name: &str,
        this: Option<Value>,
        span: Span,
    ) -> Option<Value> {
        let mut known: Vec<ClassRef> = Vec::new();
        self.class_member_within(class, name, this, (span, &mut known))
    }

    fn class_member_within(
        &mut self,
        class: &ClassRef,
        name: &str,
        this: Option<Value>,
        (span, known): (Span, &mut Vec<ClassRef>),
    ) -> Option<Value> {
        if known.len() > 16 || known.iter().any(|other| other.same(class)) {
            return None;
        }
        known.push(class.clone());
        let code = class.code.clone();
        let definition = &code.module.classes[class.id];
        let method = definition.methods.iter().copied().rfind(|id| {
            let function = &code.module.functions[*id];
            function.name == name && function.kind != FunctionKind::Setter
        });
        if let Some(id) = method {
            let function = &code.module.functions[id];
            let bound = match function.kind {
                FunctionKind::Static => None,
                FunctionKind::ClassMethod => Some(Value::Class(class.clone())),
                _ => this.filter(|this| !matches!(this, Value::Class(_))),
            };
            let callable = Callable {
                code: code.clone(),
                id,
                scope: class.scope,
                this: bound.clone(),
                bound: Vec::new(),
            };
            let getter = matches!(
                function.kind,
                FunctionKind::Getter | FunctionKind::CachedGetter
            );
            if getter && bound.is_some() {
                let kept = function.kind == FunctionKind::CachedGetter;
                let life = self.life;
                if kept && life.is_none() {
                    self.life = Some(Class::Session);
                }
                let place = self.place(span);
                let value = self.invoke(&callable, Vec::new(), &place);
                self.life = life;
                return Some(value);
            }
            return Some(Value::Function(Rc::new(callable)));
        }
        if let Some(field) = definition
            .fields
            .iter()
            .rfind(|f| f.name == name && f.value.is_some())
        {
            return self.class_attribute(class, &field.name);
        }
        for index in 0..definition.bases.len() {
            let base = self.base(class, index);
            if let Value::Class(base) = base {
                if let Some(value) =
                    self.class_member_within(&base, name, this.clone(), (span, known))
                {
                    return Some(value);
                }
            }
        }
        None
    }

    /// What a class extends.
    pub fn base(&mut self, class: &ClassRef, index: usize) -> Value {
        let code = class.code.clone();
        let expr = &code.module.classes[class.id].bases[index];
        self.push_frame(&code, None, class.scope, None, None);
        let value = self.eval(expr);
        self.frames.pop();
        value
    }

    /// A class and the classes of the workspace that it extends.
    pub fn lineage(&mut self, class: &ClassRef) -> Vec<ClassRef> {
        let mut out = vec![class.clone()];
        let mut at = 0;
        while at < out.len() && out.len() < 16 {
            let current = out[at].clone();
            for index in 0..current.class().bases.len() {
                if let Value::Class(base) = self.base(&current, index) {
                    if !out.iter().any(|known| known.same(&base)) {
                        out.push(base);
                    }
                }
            }
            at += 1;
        }
        out
    }

    /// A class attribute, evaluated once, in the life of the module.
    fn class_attribute(&mut self, class: &ClassRef, name: &str) -> Option<Value> {
        let key = (class.code.path().clone(), class.id, name.to_string());
        if let Some(known) = self.statics.get(&key) {
            return known.clone();
        }
        self.statics.insert(key.clone(), None);
        let code = class.code.clone();
        let definition = &code.module.classes[class.id];
        let life = self.life.replace(Class::Deploy);
        let loops = std::mem::take(&mut self.loops);
        self.push_frame(&code, None, class.scope, None, Some(class.clone()));
        // Earlier attributes of the class body are names in it.
        let expr = definition
            .fields
            .iter()
            .rfind(|f| f.name == name)
            .and_then(|f| f.value.as_ref());
        let mut value = Value::None;
        if let Some(expr) = expr {
            for earlier in &definition.fields {
                if earlier.name != name && mentions(expr, &earlier.name) {
                    if let Some(value) = self.class_attribute(class, &earlier.name) {
                        self.bind(&earlier.name, value);
                    }
                }
            }
            value = self.eval(expr);
        }
        self.frames.pop();
        self.life = life;
        self.loops = loops;
        self.statics.insert(key, Some(value.clone()));
        Some(value)
    }

    fn member_of_unknown(&mut self, unknown: &Unknown, name: &str, span: Span) -> Value {
        if let Some(value) = self.thing_member(unknown, name, span) {
            return value;
        }
        if name == "length" && unknown.is_history() {
            let volatility = unknown.verdict.volatility.clone();
            let length = self.derived(&Expr::opaque(span), volatility, 1);
            return self.length_of(&Value::Unknown(Rc::new(unknown.clone())), length);
        }
        let place = self.place(span);
        let declared = self.declared_part(unknown, name);
        let classifier = self.frame().code.classifier.clone();
        // Data of an item, or of a value that has been computed: as volatile as the whole.
        let Some(path) = unknown.path.as_ref().filter(|_| !unknown.item) else {
            let mut part = unknown.clone();
            part.expr = self.written_or(span, || format!("{}.{name}", unknown.expr));
            part.verdict.clock = unknown.verdict.clock;
            part.rewrite = None;
            part.thing = None;
            part.declared = declared;
            if part.is_history() {
                part.verdict.kind = ValueKind::Plain;
            }
            // An instance of a class is no data, and what it holds is not told by where it is kept.
            if unknown.declared.is_some() {
                part.verdict = turns_by_name(part.verdict, || classifier.name(name));
            }
            return part.into_value();
        };
        let path = format!("{path}.{name}");
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
            expr,
            path: Some(path),
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
        part.expr = self.written_or(span, || format!("{}.{name}", unknown.expr));
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
            path: Some(name.to_string()),
            ..Unknown::new(name, verdict)
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
            Value::Choice(choice) => {
                for arm in choice.arms.clone() {
                    self.set_member(&arm, name, value.clone(), place);
                }
            }
            Value::Unknown(unknown) => {
                self.write_open(unknown, name, &value, place.clone());
            }
            Value::Class(class) => {
                let key = (class.code.path().clone(), class.id, name.to_string());
                self.statics.insert(key, Some(value));
            }
            _ => {}
        }
    }

    // ---- items ----

    /// `object[index]`
    pub fn index(&mut self, object: &Value, index: &Value, span: Span) -> Value {
        if let Value::Number(number) = index {
            return self.item_at(object, *number as i64, span);
        }
        if let Some(key) = index.known_text() {
            return match object {
                Value::Cell(id) if self.heap.object(*id).is_some() => {
                    self.member(object, &key, span)
                }
                Value::Unknown(_) => self.member(object, &key, span),
                Value::Choice(_) => self.member(object, &key, span),
                other => other.clone(),
            };
        }
        match object {
            // Any of the entries: a table that is looked up by an open key forks by it.
            Value::Cell(id) => {
                let entries = self.heap.object(*id).map(|object| object.entries.clone());
                match entries {
                    Some(entries) if !entries.is_empty() && entries.len() <= 64 => {
                        let place = self.place(span);
                        let volatility = self.volatility(index);
                        let condition =
                            super::value::Condition::new(self.written(span), place, volatility);
                        choose(
                            &condition,
                            entries.into_iter().map(|(_, value)| value).collect(),
                        )
                    }
                    _ => self.item_of(object, span),
                }
            }
            other => {
                let item = self.item_of(other, span);
                match index.unknown().and_then(|index| index.round) {
                    Some(round) => item.in_round_of(round),
                    None => item,
                }
            }
        }
    }

    /// The item at a position; negative from the end.
    pub fn item_at(&mut self, value: &Value, at: i64, span: Span) -> Value {
        match value {
            Value::Cell(id) => {
                let Some(list) = self.heap.list(*id) else {
                    return self.member(value, &at.to_string(), span);
                };
                let found = if at >= 0 {
                    let front = list.items.iter().take(at as usize + 1);
                    let certain = front.clone().all(|item| matches!(item, Item::One(..)));
                    list.items.get(at as usize).filter(|_| certain)
                } else {
                    let back = list.items.iter().rev().take(-at as usize);
                    let certain = back.clone().all(|item| matches!(item, Item::One(..)));
                    let index = list.items.len().checked_sub(-at as usize);
                    index
                        .and_then(|index| list.items.get(index))
                        .filter(|_| certain)
                };
                match found {
                    Some(Item::One(value, _)) => value.clone(),
                    _ if at == -1 => {
                        let items = list.items.clone();
                        self.last_of(&items, span)
                            .unwrap_or_else(|| self.item_of(value, span))
                    }
                    _ => self.item_of(value, span),
                }
            }
            Value::Choice(choice) => {
                let arms = choice.arms.clone();
                let arms = arms.iter().map(|arm| self.item_at(arm, at, span)).collect();
                choose(&choice.condition, arms)
            }
            // The first part of a split date is the date.
            other => self.item_of(other, span),
        }
    }

    /// The last of some items: in each arm its own, that in front of the arms where an arm is empty.
    fn last_of(&mut self, items: &[Item], span: Span) -> Option<Value> {
        let (last, front) = items.split_last()?;
        match last {
            Item::One(value, _) => Some(value.clone()),
            Item::Spread(value, _) => Some(self.item_of(&value.clone(), span)),
            Item::Branch(condition, arms) => {
                if !self.enter() {
                    return None;
                }
                let mut values = Vec::new();
                for arm in arms {
                    let own = match arm.is_empty() {
                        true => self.last_of(front, span),
                        false => self.last_of(arm, span),
                    };
                    values.extend(own);
                }
                self.leave();
                (!values.is_empty()).then(|| choose(condition, values))
            }
            Item::Repeat(round, body) if !round.history => self.last_of(body, span),
            Item::Repeat(..) => self.last_turn(last, span),
        }
    }

    pub fn set_index(&mut self, object: &Value, index: &Value, value: Value, span: Span) {
        let place = self.place(span);
        if let Some(key) = index.known_text() {
            return self.set_member(object, &key, value, &place);
        }
        let id = match object {
            Value::Cell(id) => id,
            Value::Unknown(unknown) => return self.write_open(unknown, "", &value, place),
            _ => return,
        };
        if let Some(list) = self.heap.list(*id).cloned() {
            self.edit_turn(*id, index, &value, span);
            self.replace_item(*id, list, index, (value, place));
            return;
        }
        if let Some(object) = self.heap.object_mut(*id) {
            object.spreads.push(value);
        }
    }

    fn replace_item(
        &mut self,
        id: usize,
        list: List,
        index: &Value,
        (value, place): (Value, crate::source::Place),
    ) {
        let at = match index {
            Value::Number(number) if *number >= 0.0 => Some(*number as usize),
            Value::Number(number) => list.items.len().checked_sub((-number) as usize),
            _ => None,
        };
        let Some(at) = at.filter(|at| *at < list.items.len()) else {
            return;
        };
        // One of several: the others stay, and it is mostly itself with something added.
        match &list.items[at] {
            Item::One(..) => {}
            Item::Spread(Value::Unknown(unknown), _) => {
                return self.write_open(&unknown.clone(), "", &value, place);
            }
            other => {
                if let Some(Value::Cell(one)) = first_item(std::slice::from_ref(other)) {
                    self.set_markers(one, &value, &place);
                }
                return;
            }
        }
        // Which item it is is certain only where none of open length is counted.
        let counted = match index {
            Value::Number(number) if *number < 0.0 => &list.items[at..],
            _ => &list.items[..=at],
        };
        if !counted.iter().all(|item| matches!(item, Item::One(..))) {
            return;
        }
        if let Some(list) = self.heap.list_mut(id) {
            list.items[at] = Item::One(value, place);
        }
    }

    pub fn delete_item(&mut self, object: &Value, index: &Value, span: Span) {
        let Value::Cell(id) = object else {
            return;
        };
        if let Some(key) = index.known_text() {
            if let Some(object) = self.heap.object_mut(*id) {
                object.entries.retain(|(name, _)| *name != key);
            }
            return;
        }
        if matches!(index, Value::Number(number) if *number >= 0.0) {
            self.cut_list(object, span);
        }
    }

    // ---- slices ----

    pub fn slice(
        &mut self,
        object: &Value,
        start: Option<Value>,
        end: Option<Value>,
        step: Option<Value>,
        expr: &Expr,
    ) -> Value {
        let most = match (&start, &end) {
            (Some(Value::Number(from)), None) if *from < 0.0 => Some(-from as u32),
            (None | Some(Value::Number(_)), Some(Value::Number(to))) if *to >= 0.0 => {
                Some(*to as u32)
            }
            // As long as the number is that only the run knows.
            (Some(start), None) if !matches!(start, Value::Number(_)) => Some(1),
            (_, Some(end)) if !matches!(end, Value::Number(_)) => Some(1),
            _ => None,
        };
        let value = self.slice_within(object, start, end, step, expr);
        self.at_most(value, most)
    }

    fn slice_within(
        &mut self,
        object: &Value,
        start: Option<Value>,
        end: Option<Value>,
        step: Option<Value>,
        expr: &Expr,
    ) -> Value {
        let number = |value: &Option<Value>| match value {
            Some(Value::Number(number)) => Some(*number as i64),
            _ => None,
        };
        match object {
            Value::Unknown(unknown) if unknown.is_history() => {
                self.history_slice(unknown, (&start, &end), step.is_some(), expr)
            }
            Value::Unknown(unknown) if unknown.verdict.clock => {
                let mut unknown = (**unknown).clone();
                if let (None | Some(0), Some(end)) = (number(&start), number(&end)) {
                    let class = usize::try_from(end)
                        .ok()
                        .and_then(crate::volatility::formats::iso_prefix);
                    if let Some(class) = class {
                        unknown.verdict.cut_to(class);
                    }
                }
                unknown.into_value()
            }
            Value::Cell(id) if self.heap.list(*id).is_some() => {
                self.list_slice(*id, (number(&start), number(&end)), (&start, &end), expr)
            }
            Value::Text(_) => {
                let whole = start.is_none() && end.is_none();
                if whole {
                    return object.clone();
                }
                super::texts::sliced(object, number(&start), number(&end)).unwrap_or_else(|| {
                    // Most of a text, cut to a length.
                    object.clone()
                })
            }
            Value::Choice(choice) => {
                let arms = choice.arms.clone();
                let arms = arms
                    .iter()
                    .map(|arm| self.slice(arm, start.clone(), end.clone(), step.clone(), expr))
                    .collect();
                choose(&choice.condition, arms)
            }
            other => other.clone(),
        }
    }

    /// A window over the newest turns slides on every turn; the oldest turns alone stay.
    fn history_slice(
        &mut self,
        unknown: &Unknown,
        (start, end): (&Option<Value>, &Option<Value>),
        _stepped: bool,
        expr: &Expr,
    ) -> Value {
        let mut out = unknown.clone();
        let from_end = self.slides(start.as_ref(), expr);
        let last_only =
            matches!(start, Some(Value::Number(number)) if *number == -1.0) && end.is_none();
        if last_only {
            out.verdict.kind = ValueKind::Plain;
            out.verdict.volatility = from_history();
            out.item = true;
            return out.into_value();
        }
        if from_end && out.rewrite.is_none() {
            out.rewrite = Some(Rewrite {
                place: self.place(expr.span),
                how: self.written(expr.span),
                only_at_limit: false,
            });
        }
        out.into_value()
    }

    fn list_slice(
        &mut self,
        id: usize,
        (from, to): (Option<i64>, Option<i64>),
        (start, end): (&Option<Value>, &Option<Value>),
        expr: &Expr,
    ) -> Value {
        let Some(list) = self.heap.list(id).cloned() else {
            return Value::Cell(id);
        };
        let place = self.place(expr.span);
        let certain = list.items.iter().all(|item| matches!(item, Item::One(..)));
        let count = list.items.len() as i64;
        let at = |bound: Option<i64>, default: i64| -> usize {
            let bound = bound.unwrap_or(default);
            let bound = if bound < 0 { count + bound } else { bound };
            bound.clamp(0, count) as usize
        };
        let known = (start.is_none() || from.is_some()) && (end.is_none() || to.is_some());
        // Positions before the first part of open length are certain from the front, those behind the last from the back.
        let fixed_front = list
            .items
            .iter()
            .take_while(|item| matches!(item, Item::One(..)))
            .count() as i64;
        let front_only = from.unwrap_or(0) >= 0
            && from.unwrap_or(0) <= fixed_front
            && (to.is_none() || certain || to.is_some_and(|to| to >= 0 && to <= fixed_front));
        if known && (certain || front_only) {
            let (from, to) = (at(from, 0), at(to, count));
            let items = if from < to {
                list.items[from..to].to_vec()
            } else {
                Vec::new()
            };
            return Value::Cell(self.heap.add(Cell::List(List {
                items,
                place,
                ..list
            })));
        }
        let mut items = list.items.clone();
        if known
            && to == Some(-1)
            && from.unwrap_or(0) >= 0
            && matches!(items.last(), Some(Item::One(..)))
        {
            items.pop();
            let from = (from.unwrap_or(0).min(fixed_front)) as usize;
            items.drain(..from);
            return Value::Cell(self.heap.add(Cell::List(List {
                items,
                place,
                ..list
            })));
        }
        // A window over the newest: the oldest turns fall off one by one.
        let slides = from != Some(-1) && self.slides(start.as_ref(), expr);
        let rewrite = (slides && self.holds_history(&items)).then(|| Rewrite {
            place: place.clone(),
            how: self.written(expr.span),
            only_at_limit: false,
        });
        Value::Cell(self.heap.add(Cell::List(List {
            items,
            rewrite: rewrite.or(list.rewrite),
            unordered: list.unordered,
            most: list.most,
            place,
        })))
    }

    pub fn holds_history(&self, items: &[Item]) -> bool {
        items.iter().any(|item| match item {
            Item::Spread(value, _) | Item::One(value, _) => value.is_history(),
            Item::Repeat(round, body) => round.history || self.holds_history(body),
            Item::Branch(_, arms) => arms.iter().any(|arm| self.holds_history(arm)),
        })
    }

    /// `x[a:-b]` in an unpacking.
    pub fn sliced(&mut self, value: &Value, from: usize, behind: usize, span: Span) -> Value {
        let Value::Cell(id) = value else {
            return value.clone();
        };
        let Some(list) = self.heap.list(*id).cloned() else {
            return value.clone();
        };
        let end = list.items.len().saturating_sub(behind).max(from);
        let items = list
            .items
            .get(from..end)
            .map(<[Item]>::to_vec)
            .unwrap_or_default();
        let place = self.place(span);
        Value::Cell(self.heap.add(Cell::List(List {
            items,
            place,
            ..list
        })))
    }

    /// An object without some of its entries.
    pub fn without(&mut self, value: &Value, taken: &[&str], span: Span) -> Value {
        let Value::Cell(id) = value else {
            return value.clone();
        };
        let Some(mut object) = self.heap.object(*id).cloned() else {
            return value.clone();
        };
        object
            .entries
            .retain(|(name, _)| !taken.contains(&name.as_str()));
        object.place = self.place(span);
        Value::Cell(self.heap.add(Cell::Object(object)))
    }

    // ---- lists that change in place ----

    pub fn extend_list(&mut self, id: usize, value: &Value, span: Span) {
        let mut items = Vec::new();
        self.spread_into(&mut items, value, span);
        if let Some(list) = self.heap.list_mut(id) {
            list.items.extend(items);
        }
    }

    pub fn set_slice(&mut self, object: &Value, value: Value, whole: bool, span: Span) {
        let Value::Cell(id) = object else {
            return;
        };
        let mut items = Vec::new();
        self.spread_into(&mut items, &value, span);
        let rewritten = self.rewriting(object, span);
        if let Some(list) = self.heap.list_mut(*id) {
            if whole {
                list.items = items;
            } else {
                list.items.extend(items);
                list.rewrite = list.rewrite.take().or(rewritten);
            }
        }
    }

    /// Something is taken out of a list: earlier turns change where it holds a conversation. Its system text is no turn.
    pub fn cut_list(&mut self, object: &Value, span: Span) {
        let Value::Cell(id) = object else {
            return;
        };
        if self.system_leads {
            return;
        }
        let rewritten = self.rewriting(object, span);
        if let Some(list) = self.heap.list_mut(*id) {
            list.rewrite = list.rewrite.take().or(rewritten);
        }
    }

    pub fn rewriting(&self, object: &Value, span: Span) -> Option<Rewrite> {
        let holds = match object {
            Value::Cell(id) => self
                .heap
                .list(*id)
                .is_some_and(|list| self.holds_history(&list.items)),
            other => other.is_history(),
        };
        holds.then(|| Rewrite {
            place: self.place(span),
            how: self.written(span),
            only_at_limit: false,
        })
    }
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

fn mentions(expr: &Expr, name: &str) -> bool {
    use crate::frontend::code::ir::{ExprKind, FormatPart};
    match &expr.kind {
        ExprKind::Name(own) => own == name,
        ExprKind::Attribute { object, .. } => mentions(object, name),
        ExprKind::Index { object, index } => mentions(object, name) || mentions(index, name),
        ExprKind::Call { callee, args, .. } => {
            mentions(callee, name) || args.iter().any(|arg| mentions(&arg.value, name))
        }
        ExprKind::Format(parts) => parts.iter().any(|part| match part {
            FormatPart::Value { expr, .. } => mentions(expr, name),
            FormatPart::Text(_) => false,
        }),
        ExprKind::Binary { left, right, .. } => mentions(left, name) || mentions(right, name),
        _ => false,
    }
}
