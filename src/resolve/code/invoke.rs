//! A function is run: its frame, its parameters, its body; by a call in sight or with open parameters.

use std::rc::Rc;
use std::sync::Arc;

use crate::frontend::code::ir::{ExprKind, Function, FunctionId, FunctionKind, Param, ParamKind};
use crate::prompt::{Hop, PARAMETER};
use crate::source::Place;
use crate::volatility::{Class, Confidence};

use super::barren;
use super::calls::callee_name;
use super::declared::{declared_as, Declared};
use super::eval::{Birth, Eval, Flow, Frame, Open, MAX_CALLS, MAX_DULL_CALLS};
use super::heap::Item;
use super::modules::Code;
use super::run::builder_name;
use super::value::{Argument, Callable, ClassRef, Unknown, Value};

/// What a conversation is called.
const TURNS: &str = "messages";

impl Eval<'_, '_> {
    pub fn push_frame(
        &mut self,
        code: &Arc<Code>,
        function: Option<FunctionId>,
        parent: Option<usize>,
        this: Option<Value>,
        class: Option<ClassRef>,
    ) {
        let scope = self.new_scope(parent);
        self.frames.push(Frame {
            code: code.clone(),
            function,
            scope,
            this,
            class,
            returns: Vec::new(),
            yields: Vec::new(),
            call: None,
        });
    }

    /// Evaluates a function of the workspace with these arguments.
    pub fn invoke(&mut self, callable: &Callable, args: Vec<Argument>, place: &Place) -> Value {
        let depth = self
            .frames
            .iter()
            .filter(|frame| frame.function.is_some())
            .count();
        let recursive = self.frames.iter().any(|frame| {
            frame.function == Some(callable.id) && Arc::ptr_eq(&frame.code, &callable.code)
        });
        let dull = self
            .frames
            .iter()
            .rev()
            .take_while(|frame| {
                frame
                    .function
                    .is_some_and(|id| !self.program.is_warm(&frame.code, id))
            })
            .count();
        let too_dull = dull >= MAX_DULL_CALLS && !self.program.is_warm(&callable.code, callable.id);
        let away = self.leads_away(callable);
        let barren = away && self.barren.is_closed(&key_of(callable));
        if barren {
            self.closed.insert(key_of(callable));
        }
        if depth >= MAX_CALLS || recursive || too_dull || barren || !self.enter() {
            let name = callable.function().name.clone();
            let verdict = callable.code.classifier.call_by_name(&name);
            let mut unknown = Unknown::new(format!("{name}(...)"), verdict);
            unknown.verdict.volatility.confidence = Confidence::Possible;
            return self.born(unknown, place.clone(), "computed here");
        }
        let code = callable.code.clone();
        let function = &code.module.functions[callable.id];
        self.trail.used.insert(code.path().clone());
        let mut all = callable.bound.clone();
        all.extend(args);
        let args = self.noted(all, function);
        let class = callable.this.as_ref().and_then(|this| self.class_of(this));
        let class = function
            .class
            .map(|id| ClassRef {
                code: code.clone(),
                id,
                scope: callable.scope,
            })
            .or(class);
        self.push_frame(
            &code,
            Some(callable.id),
            callable.scope,
            callable.this.clone(),
            class,
        );
        if let Some(frame) = self.frames.last_mut() {
            frame.call = Some(place.clone());
        }
        let before = (self.work.steps, self.found());
        let kept = self.kept_life(&code, function, &args);
        self.bind_params(function, callable.this.clone(), args);
        let life = self.life;
        self.life = kept.or(life);
        let value = self.run_body(function, callable.id);
        self.life = life;
        self.leave();
        if away {
            let found = self.found() - before.1;
            let visit = self.visits.entry(key_of(callable)).or_default();
            visit.steps += self.work.steps - before.0;
            visit.found += found;
        }
        let value = match &function.returns {
            Some(text) => declared_as(value, &code, text),
            None => value,
        };
        self.note_built(callable, &value);
        let note = format!("returned by `{}`", function.name);
        if let Value::Text(pieces) = &value {
            self.work.steps += pieces.len() / 16;
        }
        if function.name.is_empty() {
            value
        } else {
            value.with_hop(&Hop {
                place: place.clone(),
                note: note.into(),
            })
        }
    }

    /// Notes what a builder of prompts gives for these arguments: more than it knows by itself.
    fn note_built(&mut self, callable: &Callable, value: &Value) {
        let function = callable.function();
        if self.quiet > 0 || !matches!(value, Value::Text(_) | Value::Choice(_)) {
            return;
        }
        let Some(name) = builder_name(&callable.code.module, function) else {
            return;
        };
        let site = Place {
            path: callable.code.path().clone(),
            span: function.name_span,
        };
        let known = self.events.len();
        self.noted_text(&name, value, &site);
        for event in self.events.iter_mut().skip(known) {
            let own = (callable.code.path().clone(), callable.id);
            event.through.push(own);
        }
    }

    /// Whether a call leads from the file of the entry into another one.
    fn leads_away(&self, callable: &Callable) -> bool {
        let home = &self.frames[0].code;
        Arc::ptr_eq(home, &self.frame().code) && !Arc::ptr_eq(home, &callable.code)
    }

    /// Prompts and rendered templates that were noted so far.
    fn found(&self) -> usize {
        self.events.len() + self.trail.rendered.len()
    }

    /// Runs the body of the function whose frame is on top, and pops the frame.
    pub fn run_body(&mut self, function: &Function, id: FunctionId) -> Value {
        let path = self.frame().code.path().clone();
        self.enters((path, id));
        // States that returns leave count from here.
        let mark = self.heap.mark();
        let sent = self.sent;
        let flow = self.block(&function.body);
        self.run_inner(id);
        if self.sent > sent {
            self.close_sent(&function.body);
        }
        let Some(frame) = self.frames.pop() else {
            self.heap.keep(mark);
            return Value::None;
        };
        let raised = matches!(flow, Flow::Raise) && frame.returns.is_empty();
        let mut returns = frame.returns;
        // A function that raises at its end returned before, if at all.
        let flow = match flow {
            Flow::Raise => match returns.pop() {
                Some(last) => {
                    self.heap.apply(&last.left);
                    Flow::Return(last.value)
                }
                None => Flow::Next,
            },
            other => other,
        };
        let value = self.returned(flow, returns);
        self.heap.keep(mark);
        self.age_returned(&value, function);
        if raised {
            return Value::None;
        }
        if function.is_generator {
            let place = Place {
                path: frame.code.path().clone(),
                span: function.name_span,
            };
            return self.new_list(frame.yields, place);
        }
        value
    }

    /// Inner functions that send something and that nothing here called: they run later, many times.
    fn run_inner(&mut self, id: FunctionId) {
        let code = self.code();
        for (inner, definition) in code.module.functions.iter().enumerate() {
            if definition.parent != Some(id) || !code.holds(inner) {
                continue;
            }
            let callable = Callable {
                code: code.clone(),
                id: inner,
                scope: Some(self.frame().scope),
                this: self.frame().this.clone(),
                bound: Vec::new(),
            };
            self.run_closure(&callable);
        }
    }

    /// Arguments with a hop that names the parameter they become.
    pub fn noted(&mut self, args: Vec<Argument>, function: &Function) -> Vec<Argument> {
        if function.name.is_empty() {
            return args;
        }
        args.into_iter()
            .map(|mut arg| {
                let open =
                    matches!(&arg.value, Value::Unknown(unknown) if !unknown.trace.is_empty());
                if open {
                    arg.value = arg.value.with_hop(&Hop {
                        place: arg.place.clone(),
                        note: format!("passed to `{}`", function.name).into(),
                    });
                }
                arg
            })
            .collect()
    }

    fn takes_self(&self, function: &Function) -> bool {
        self.is_python()
            && matches!(
                function.kind,
                FunctionKind::Method
                    | FunctionKind::Constructor
                    | FunctionKind::Getter
                    | FunctionKind::CachedGetter
                    | FunctionKind::Setter
                    | FunctionKind::ClassMethod
            )
    }

    fn bind_params(&mut self, function: &Function, this: Option<Value>, args: Vec<Argument>) {
        let mut params: &[Param] = &function.params;
        if self.takes_self(function) {
            if let (Some((first, rest)), Some(this)) = (params.split_first(), this) {
                self.assign(&first.pattern, this);
                params = rest;
            }
        }
        let (positional, keywords, rest_keywords) = self.sort_arguments(args);
        let mut positional = positional.into_iter();
        let mut keywords = keywords;
        let mut open_rest: Option<Value> = None;
        for param in params {
            match param.kind {
                ParamKind::Rest => {
                    let items: Vec<Item> = positional
                        .by_ref()
                        .map(|(value, place, spread)| {
                            if spread {
                                Item::Spread(value, place)
                            } else {
                                Item::One(value, place)
                            }
                        })
                        .collect();
                    let place = self.place(param.span);
                    let list = self.new_list(items, place);
                    self.assign(&param.pattern, list);
                }
                ParamKind::KeywordRest => {
                    let place = self.place(param.span);
                    let entries = std::mem::take(&mut keywords);
                    let value = self.new_object(entries, place);
                    if let Value::Cell(id) = value {
                        if let Some(object) = self.heap.object_mut(id) {
                            object.spreads.extend(rest_keywords.iter().cloned());
                        }
                        self.assign(&param.pattern, Value::Cell(id));
                    }
                }
                ParamKind::Positional | ParamKind::KeywordOnly => {
                    let name = param_name(param);
                    let by_name = keywords
                        .iter()
                        .position(|(key, _)| Some(key.as_str()) == name);
                    let value = if let Some(at) = by_name {
                        Some(keywords.remove(at).1)
                    } else if param.kind == ParamKind::Positional {
                        match positional.next() {
                            Some((value, _, true)) => {
                                // Something of a sequence that is spread.
                                let item = self.item_of(&value, param.span);
                                open_rest = Some(item.clone());
                                Some(item)
                            }
                            Some((value, _, false)) => Some(value),
                            None => open_rest.clone(),
                        }
                    } else {
                        None
                    };
                    if let Some(value) = &value {
                        self.note_given(function, param, value);
                    }
                    let value = match (value, name, rest_keywords.first()) {
                        (Some(value), _, _) => Some(value),
                        (None, Some(name), Some(spread)) if param.default.is_none() => {
                            let spread = spread.clone();
                            Some(self.member(&spread, name, param.span))
                        }
                        _ => None,
                    };
                    let value = value.unwrap_or_else(|| self.default_of(param));
                    self.assign(&param.pattern, value);
                }
            }
        }
    }

    /// The default of a parameter that was not given: in Python it is evaluated once, with the definition.
    fn default_of(&mut self, param: &Param) -> Value {
        let Some(default) = &param.default else {
            return Value::None;
        };
        if !self.is_python() {
            return self.eval(default);
        }
        let life = self.life.replace(Class::Deploy);
        let value = self.eval(default);
        self.life = life;
        value
    }

    /// Arguments by position (value, place, whether a sequence is spread there), by name, and open keyword spreads.
    #[allow(clippy::type_complexity)]
    pub fn sort_arguments(
        &mut self,
        args: Vec<Argument>,
    ) -> (Vec<(Value, Place, bool)>, Vec<(String, Value)>, Vec<Value>) {
        let mut positional = Vec::new();
        let mut keywords = Vec::new();
        let mut open = Vec::new();
        for arg in args {
            if arg.keywords {
                match &arg.value {
                    Value::Cell(id) => {
                        if let Some(object) = self.heap.object(*id) {
                            keywords.extend(object.entries.iter().cloned());
                            open.extend(object.spreads.iter().cloned());
                        }
                    }
                    Value::None | Value::Null => {}
                    other => open.push(other.clone()),
                }
            } else if arg.spread {
                let mut items = Vec::new();
                self.spread_into(&mut items, &arg.value, arg.place.span);
                for item in items {
                    match item {
                        Item::One(value, place) => positional.push((value, place, false)),
                        _ => {
                            positional.push((arg.value.clone(), arg.place.clone(), true));
                            break;
                        }
                    }
                }
            } else if let Some(name) = arg.name {
                keywords.push((name, arg.value));
            } else {
                positional.push((arg.value, arg.place, false));
            }
        }
        (positional, keywords, open)
    }

    /// Starts a function as an entry: nothing is known of who calls it. Returns what it returns.
    pub fn run_open(&mut self, callable: &Callable, near: bool) -> Value {
        let code = callable.code.clone();
        let function = &code.module.functions[callable.id];
        let class = function.class.map(|id| ClassRef {
            code: code.clone(),
            id,
            scope: callable.scope,
        });
        self.push_frame(
            &code,
            Some(callable.id),
            callable.scope,
            callable.this.clone(),
            class,
        );
        let mut params: &[Param] = &function.params;
        if self.takes_self(function) && callable.this.is_some() {
            if let (Some((first, rest)), Some(this)) = (params.split_first(), callable.this.clone())
            {
                self.assign(&first.pattern, this);
                params = rest;
            }
        }
        let asked = super::asked::conversations(&code.module, function);
        for (index, param) in params.iter().enumerate() {
            let open = || Open {
                path: code.path().clone(),
                function: callable.id,
                index,
            };
            let mut value = self.open_param(param, near, open);
            if param_name(param).is_some_and(|name| asked.contains(name)) {
                value = self.as_conversation(value);
            }
            self.assign_open(param, value, near, open);
        }
        self.run_body(function, callable.id)
    }

    /// Something unknown whose items are asked for the role that only turns have, whatever it is called.
    pub fn as_conversation(&self, value: Value) -> Value {
        match value {
            Value::Unknown(unknown) if unknown.verdict.kind.is_plain() => {
                let mut turns = Rc::unwrap_or_clone(unknown);
                turns.verdict = self.frame().code.classifier.name(TURNS);
                turns.into_value()
            }
            other => other,
        }
    }

    fn open_param(&mut self, param: &Param, near: bool, open: impl Fn() -> Open) -> Value {
        let Some(name) = param_name(param) else {
            return Value::None;
        };
        let mut verdict =
            self.frame()
                .code
                .classifier
                .parameter(name, param.annotation.as_deref(), near);
        // What mostly keeps its default is less sure to vary.
        let plain_default = param
            .default
            .as_ref()
            .is_some_and(|default| !matches!(default.kind, ExprKind::None | ExprKind::Null));
        if plain_default && verdict.volatility.confidence > Confidence::Possible {
            verdict.volatility.confidence = Confidence::Possible;
        }
        let place = self.place(param.span);
        let off = param
            .default
            .as_ref()
            .is_some_and(|default| matches!(default.kind, ExprKind::Bool(false)));
        let class = param.annotation.as_ref();
        let unknown = Unknown {
            path: Some(name.into()),
            off,
            declared: class
                .and_then(|text| Declared::of(&self.code(), text))
                // `llm = new Llm()`: a default says which class it is of.
                .or_else(|| Declared::of(&self.code(), callee_name(param.default.as_ref()?)?)),
            ..Unknown::new(name.to_string(), verdict)
        };
        let usual = match &param.default {
            Some(default) if plain_default && super::asks_model::is_of_model(name) => {
                self.eval(default).usual_text()
            }
            _ => None,
        };
        self.births.insert(place.clone(), self.birth_of(open()));
        self.born(unknown, place, PARAMETER).or_usual(usual)
    }

    fn birth_of(&self, open: Open) -> Birth {
        Birth {
            loops: self.loops.clone(),
            rounds: self.marks.rounds.clone(),
            open: Some(open),
            later: self.asked_later,
        }
    }

    /// A destructured parameter: its members are parameters of their own.
    fn assign_open(&mut self, param: &Param, value: Value, near: bool, open: impl Fn() -> Open) {
        use crate::frontend::code::ir::Pattern;
        let mut pattern = &param.pattern;
        if let Pattern::Default(inner, _) = pattern {
            pattern = inner;
        }
        let Pattern::Object(items, rest, span) = pattern else {
            return self.assign(pattern, value);
        };
        for (key, inner) in items {
            let (inner, has_default, off) = match inner {
                Pattern::Default(inner, default) => (
                    &**inner,
                    true,
                    matches!(default.kind, ExprKind::Bool(false)),
                ),
                other => (other, false, false),
            };
            let mut verdict =
                self.frame()
                    .code
                    .classifier
                    .parameter(key, None, near && !has_default);
            if has_default {
                verdict.volatility.confidence =
                    verdict.volatility.confidence.min(Confidence::Possible);
            }
            let place = match inner {
                Pattern::Name(_, span) => self.place(*span),
                _ => self.place(*span),
            };
            let unknown = Unknown {
                path: Some(key.as_str().into()),
                off,
                ..Unknown::new(key.clone(), verdict)
            };
            self.births.insert(place.clone(), self.birth_of(open()));
            let member = self.born(unknown, place, PARAMETER);
            self.assign(inner, member);
        }
        if let Some(rest) = rest {
            self.bind(rest, value);
        }
    }
}

/// The name that arguments are matched with.
pub fn param_name(param: &Param) -> Option<&str> {
    use crate::frontend::code::ir::Pattern;
    match &param.pattern {
        Pattern::Name(name, _) => Some(name),
        Pattern::Default(inner, _) => match &**inner {
            Pattern::Name(name, _) => Some(name),
            _ => None,
        },
        _ => None,
    }
}

fn key_of(callable: &Callable) -> barren::Function {
    (callable.code.path().clone(), callable.id)
}
