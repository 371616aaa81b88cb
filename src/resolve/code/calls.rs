//! Calls: functions of the workspace are evaluated where they are called, classes are instantiated, everything else is
//! known by its path or by its name.

use std::rc::Rc;
use std::sync::Arc;

use crate::frontend::code::ir::{
    Arg, ArgKind, Expr, ExprKind, Function, FunctionId, FunctionKind, Language, Param, ParamKind,
};
use crate::prompt::Hop;
use crate::source::{Place, Span};
use crate::volatility::classify::{Effect, Order};
use crate::volatility::{Class, Confidence, Volatility};

use super::super::value::worse;
use super::declared::{declared_as, Declared};
use super::eval::{Birth, Eval, Flow, Frame, Open, MAX_CALLS, MAX_DULL_CALLS};
use super::heap::{Cell, Item, Object};
use super::modules::Code;
use super::tables::{changes_items, runs_once, tables};
use super::value::{choose, Argument, Callable, ClassRef, Unknown, Value};

impl Eval<'_, '_> {
    pub fn call(&mut self, expr: &Expr, callee: &Expr, args: &[Arg], new: bool) -> Value {
        if let ExprKind::Name(name) = &callee.kind {
            if name == "super" {
                return self.super_call(args, expr);
            }
        }
        let mut declared = false;
        let (receiver, function) = match &callee.kind {
            ExprKind::Attribute { object, name, .. } => {
                let receiver = match &object.kind {
                    ExprKind::Name(super_) if super_ == "super" => self.super_object(),
                    _ => self.eval(object),
                };
                if let Some(value) = self.made_method(&receiver, name, args, expr) {
                    return value;
                }
                let receiver = self.opened(receiver, object, name);
                if let Some(value) = self.known_method(&receiver, name, args, expr) {
                    return value;
                }
                let function = self.declared_method(&receiver, name, callee.span);
                declared = function.is_some();
                let function =
                    function.unwrap_or_else(|| self.member(&receiver, name, callee.span));
                (Some((receiver, name.clone())), function)
            }
            _ => (None, self.eval(callee)),
        };
        let args = self.arguments(args);
        // What is made of a template of its own library is seen best where the template and its values are named.
        if declared {
            if let Some(text) = self.names_template(&args, expr) {
                return text;
            }
        }
        self.apply(&function, args, expr, (new, receiver))
    }

    /// A conversation that comes from outside becomes a list where something is put into it or taken from it.
    fn opened(&mut self, receiver: Value, object: &Expr, method: &str) -> Value {
        let operation = tables().methods.get(method);
        if !receiver.is_history() || !operation.is_some_and(|op| changes_items(*op)) {
            return receiver;
        }
        if !matches!(receiver, Value::Unknown(_)) {
            return receiver;
        }
        let place = self.place(object.span);
        let items = vec![Item::Spread(receiver.clone(), place.clone())];
        match &object.kind {
            ExprKind::Name(name) => {
                let list = self.new_list(items, place);
                self.bind(name, list.clone());
                list
            }
            ExprKind::Attribute { .. } => {
                let list = self.new_list(items, place);
                self.assign_target(object, list.clone());
                list
            }
            _ => receiver,
        }
    }

    /// A method of a text, a list, a plain object, or of something open that behaves like one.
    fn known_method(
        &mut self,
        receiver: &Value,
        name: &str,
        args: &[Arg],
        expr: &Expr,
    ) -> Option<Value> {
        if self.is_thing(receiver) {
            let args = self.arguments(args);
            return self.thing_method(receiver, name, &args, expr);
        }
        let operation = *tables().methods.get(name)?;
        match receiver {
            Value::Text(_) | Value::Number(_) | Value::Function(_) => {}
            Value::Cell(id) => {
                if let Some(object) = self.heap.object(*id) {
                    // A member of its own comes first.
                    if object.class.is_some() || object.get(name).is_some() {
                        return None;
                    }
                }
            }
            Value::Unknown(unknown) => {
                // `path.join(..)` is a function of a module.
                let function = unknown
                    .path
                    .as_deref()
                    .and_then(|path| self.function_operation(&format!("{path}.{name}")));
                if function.is_some() {
                    return None;
                }
                let methodical = unknown
                    .path
                    .as_deref()
                    .is_none_or(|path| !path.contains("()"))
                    || unknown.is_history()
                    || unknown.verdict.clock
                    // What has an order is a list.
                    || unknown.unordered.is_some()
                    || unknown.item;
                if !methodical {
                    return None;
                }
            }
            Value::Choice(choice) => {
                // Arm by arm where all are plain.
                let plain = choice
                    .arms
                    .iter()
                    .all(|arm| arm.is_nothing() || matches!(arm, Value::Text(_) | Value::Cell(_)));
                if !plain {
                    return None;
                }
            }
            _ => return None,
        }
        let args = self.arguments(args);
        self.method(receiver, operation, name, args, expr)
    }

    pub fn arguments(&mut self, args: &[Arg]) -> Vec<Argument> {
        args.iter()
            .map(|arg| {
                let value = self.eval(&arg.value);
                Argument {
                    name: match &arg.kind {
                        ArgKind::Keyword(name) => Some(name.clone()),
                        _ => None,
                    },
                    spread: arg.kind == ArgKind::Spread,
                    keywords: arg.kind == ArgKind::KeywordSpread,
                    place: self.place(arg.span),
                    value,
                }
            })
            .collect()
    }

    /// Calls a value.
    pub fn apply(
        &mut self,
        function: &Value,
        args: Vec<Argument>,
        expr: &Expr,
        (new, receiver): (bool, Option<(Value, String)>),
    ) -> Value {
        let place = self.place(expr.span);
        match function {
            Value::Function(callable) => {
                let callable = callable.clone();
                self.invoke(&callable, args, &place)
            }
            Value::Class(class) => {
                let class = class.clone();
                self.instantiate(&class, args, &place)
            }
            Value::Choice(choice) => {
                let arms: Vec<Value> = choice
                    .arms
                    .iter()
                    .filter(|arm| !arm.is_nothing())
                    .map(|arm| self.apply(arm, args.clone(), expr, (new, receiver.clone())))
                    .collect();
                choose(&choice.condition, arms)
            }
            Value::Unknown(unknown) => self.unknown_call(&unknown.clone(), args, expr, new),
            Value::Cell(id) => {
                // An instance that is called, or an object that stands for a function.
                let class = self
                    .heap
                    .object(*id)
                    .and_then(|object| object.class.clone());
                if let Some(class) = class {
                    let this = Some(function.clone());
                    if let Some(Value::Function(callable)) =
                        self.class_member(&class, "__call__", this, expr.span)
                    {
                        return self.invoke(&callable, args, &place);
                    }
                }
                self.opaque_call(receiver, args, expr)
            }
            _ => self.opaque_call(receiver, args, expr),
        }
    }

    /// A call of nothing that is known: judged by the name it is called by.
    fn opaque_call(
        &mut self,
        receiver: Option<(Value, String)>,
        args: Vec<Argument>,
        expr: &Expr,
    ) -> Value {
        self.escape(&args);
        let name = receiver.map_or_else(|| self.written(expr.span), |(_, name)| name);
        let mut verdict = self.frame().code.classifier.call_by_name(&name);
        verdict.volatility.confidence = Confidence::Possible;
        let place = self.place(expr.span);
        let unknown = Unknown::new(self.written(expr.span), verdict);
        self.born(unknown, place, "computed here")
    }

    fn unknown_call(
        &mut self,
        callee: &Unknown,
        args: Vec<Argument>,
        expr: &Expr,
        new: bool,
    ) -> Value {
        if let Some(value) = self.thing_call(callee, &args, expr) {
            return value;
        }
        let place = self.place(expr.span);
        let Some(path) = callee.path.clone() else {
            // A method of a value that has been computed: of the same making.
            self.escape(&args);
            let mut out = callee.clone();
            out.expr = self.written(expr.span);
            out.declared = None;
            return out.into_value();
        };
        if let Some(answer) = self.request(&path, &args, expr) {
            self.escape(&args);
            return answer;
        }
        if let Some(operation) = self.function_operation(&path) {
            if let Some(value) = self.function(operation, &path, &args, expr) {
                return value;
            }
        }
        if let Some(text) = self.names_template(&args, expr) {
            return text;
        }
        match runs_once(&path) {
            true => self.runs_within(&args),
            false => self.escape(&args),
        }
        let classifier = self.frame().code.classifier.clone();
        if let Some(trimmed) = self.trimmed(&path, &args, expr) {
            return trimmed;
        }
        let literals: Vec<Option<String>> =
            args.iter().map(|arg| self.literal_argument(arg)).collect();
        let literal_refs: Vec<Option<&str>> = literals.iter().map(Option::as_deref).collect();
        let asked = if new {
            format!("new {path}")
        } else {
            path.clone()
        };
        self.shuffled_in_place(&path, &args);
        let verdict = classifier
            .call(&asked, &literal_refs)
            .or_else(|| new.then(|| classifier.call(&path, &literal_refs)).flatten());
        let result_path = format!("{path}()");
        if let Some(verdict) = verdict {
            let unknown = Unknown {
                path: Some(result_path),
                ..Unknown::new(self.written(expr.span), verdict)
            };
            let note = unknown.verdict.volatility.why.clone();
            let value = self.born(unknown, place, &note);
            return self.ordered_as(value, &path);
        }
        // A method of a clock, a conversation, a list.
        if let Some((object, method)) = path.rsplit_once('.') {
            if object.ends_with("()") || !callee.trace.is_empty() {
                if let Some(value) = self.effect(callee, method, &literal_refs, expr) {
                    return value;
                }
            }
        }
        let values: Vec<&Value> = args.iter().map(|arg| &arg.value).collect();
        if classifier.is_pure(&asked) || classifier.is_pure(&path) {
            let own = path.rsplit('.').next().unwrap_or(&path);
            if let Some(shown) = self.shown_clock(own, &args, &literal_refs, expr) {
                return shown;
            }
            let volatility = values
                .iter()
                .map(|value| self.volatility(value))
                .fold(Volatility::constant(), worse);
            let value = self.keep_trace(&values, volatility, expr, 10);
            return self.ordered_as(value, &path);
        }
        let name = path.rsplit('.').next().unwrap_or(&path);
        let mut verdict = classifier.call_by_name(name);
        // Made of constants alone by code that is not here: configuration or a computed constant.
        let telling =
            verdict.volatility.confidence >= Confidence::Likely || !verdict.kind.is_plain();
        if !telling && (callee.verdict.volatility.class.is_stable() || new) {
            let made = values
                .iter()
                .map(|value| self.volatility(value))
                .fold(Volatility::constant(), worse);
            verdict.volatility = if made.class.is_stable() {
                super::eval::deploy("the result of a call with fixed arguments")
            } else {
                Volatility {
                    confidence: made.confidence.min(Confidence::Possible),
                    ..made
                }
            };
        }
        let unknown = Unknown {
            path: Some(result_path),
            ..Unknown::new(self.written(expr.span), verdict)
        };
        let value = self.born(unknown, place, "computed here");
        self.ordered_as(value, &path)
    }

    /// A helper of a library that cuts a conversation to a window: it acts at the limit of the context.
    fn trimmed(&mut self, path: &str, args: &[Argument], expr: &Expr) -> Option<Value> {
        let name = path.rsplit('.').next().unwrap_or(path);
        if !tables().trimmers.iter().any(|known| known == name) {
            return None;
        }
        let history = args
            .iter()
            .find_map(|arg| arg.value.unknown().filter(|u| u.is_history()))?;
        let mut history = (**history).clone();
        history.rewrite.get_or_insert(crate::prompt::Rewrite {
            place: self.place(expr.span),
            how: self.written(expr.span),
            only_at_limit: true,
        });
        Some(history.into_value())
    }

    fn ordered_as(&mut self, value: Value, path: &str) -> Value {
        match self.frame().code.classifier.order(path) {
            Some(Order::Unordered(volatility)) => self.with_order(value, Some(volatility)),
            Some(Order::Fixed) => self.with_order(value, None),
            None => value,
        }
    }

    /// What a method does to something open: cuts a clock, orders a list, keeps a conversation.
    fn effect(
        &mut self,
        callee: &Unknown,
        method: &str,
        args: &[Option<&str>],
        expr: &Expr,
    ) -> Option<Value> {
        let effect = self.frame().code.classifier.filter(method, args);
        let mut out = callee.clone();
        out.expr = self.written(expr.span);
        out.path = out.path.map(|path| format!("{path}()"));
        match effect {
            Effect::Granularity(class) => {
                out.verdict.cut_to(class);
                Some(out.into_value())
            }
            Effect::Orders => {
                out.unordered = None;
                Some(out.into_value())
            }
            Effect::Keeps if callee.verdict.clock || callee.is_history() => Some(out.into_value()),
            _ => None,
        }
    }

    /// An argument as tables take it: literal text, `name=value`.
    pub fn literal_argument(&self, arg: &Argument) -> Option<String> {
        let text = match &arg.value {
            Value::Number(number) | Value::Float(number) => {
                super::super::value::format_number(*number)
            }
            Value::Bool(value) => if *value { "True" } else { "False" }.to_string(),
            Value::Cell(id) => {
                // Options as an object: `{ hour: "2-digit" }`.
                let object = self.heap.object(*id)?;
                let (key, value) = object.entries.iter().find(|(key, _)| {
                    matches!(
                        key.as_str(),
                        "hour" | "minute" | "second" | "timeStyle" | "dateStyle"
                    )
                })?;
                format!("{key}={}", value.known_text().unwrap_or_default())
            }
            other => other.known_text()?,
        };
        Some(match &arg.name {
            Some(name) => format!("{name}={text}"),
            None => text,
        })
    }

    // ---- functions of the workspace ----

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
        if depth >= MAX_CALLS || recursive || too_dull || !self.enter() {
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
        self.bind_params(function, callable.this.clone(), args);
        let value = self.run_body(function, callable.id);
        self.leave();
        let value = match &function.returns {
            Some(text) => declared_as(value, &code, text),
            None => value,
        };
        let note = format!("returned by `{}`", function.name);
        if let Value::Text(pieces) = &value {
            self.work.steps += pieces.len() / 16;
        }
        if function.name.is_empty() {
            value
        } else {
            value.with_hop(&Hop {
                place: place.clone(),
                note,
            })
        }
    }

    /// Runs the body of the function whose frame is on top, and pops the frame.
    pub fn run_body(&mut self, function: &Function, id: FunctionId) -> Value {
        let path = self.frame().code.path().clone();
        self.executed.insert((path, id));
        // States that returns leave count from here.
        let mark = self.heap.mark();
        let flow = self.block(&function.body);
        self.run_inner(id);
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
    fn noted(&mut self, args: Vec<Argument>, function: &Function) -> Vec<Argument> {
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
                        note: format!("passed to `{}`", function.name),
                    });
                }
                arg
            })
            .collect()
    }

    fn class_of(&self, this: &Value) -> Option<ClassRef> {
        match this {
            Value::Cell(id) => self.heap.object(*id)?.class.clone(),
            Value::Class(class) => Some(class.clone()),
            _ => None,
        }
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
    fn sort_arguments(
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
        for (index, param) in params.iter().enumerate() {
            let value = self.open_param(param, near, || Open {
                path: code.path().clone(),
                function: callable.id,
                index,
            });
            self.assign_open(param, value, near);
        }
        self.run_body(function, callable.id)
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
            path: Some(name.to_string()),
            off,
            declared: class.and_then(|text| Declared::of(&self.code(), text)),
            ..Unknown::new(name, verdict)
        };
        self.births.insert(
            place.clone(),
            Birth {
                loops: self.loops.clone(),
                rounds: self.marks.rounds.clone(),
                open: Some(open()),
            },
        );
        self.born(unknown, place, "a parameter")
    }

    /// A destructured parameter: its members are parameters of their own.
    fn assign_open(&mut self, param: &Param, value: Value, near: bool) {
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
                path: Some(key.clone()),
                off,
                ..Unknown::new(key.clone(), verdict)
            };
            let member = self.born(unknown, place, "a parameter");
            self.assign(inner, member);
        }
        if let Some(rest) = rest {
            self.bind(rest, value);
        }
    }

    // ---- classes ----

    pub fn instantiate(&mut self, class: &ClassRef, args: Vec<Argument>, place: &Place) -> Value {
        let id = self.heap.add(Cell::Object(Object {
            entries: Vec::new(),
            spreads: Vec::new(),
            class: Some(class.clone()),
            place: place.clone(),
        }));
        let made = self.instances.len();
        self.instances.push((class.clone(), id));
        let sending = self
            .frame()
            .function
            .is_some_and(|function| self.frame().code.sends(function));
        let life = self.life;
        if !sending && life.is_none() {
            self.life = Some(Class::Session);
        }
        self.construct(class, id, args, place, 0);
        self.life = life;
        if self.frame().function.is_none() {
            self.age_since(made);
        }
        self.trail.used.insert(class.code.path().clone());
        Value::Cell(id)
    }

    fn construct(
        &mut self,
        class: &ClassRef,
        id: usize,
        args: Vec<Argument>,
        place: &Place,
        depth: usize,
    ) {
        if depth > 8 || !self.enter() {
            return;
        }
        let code = class.code.clone();
        let definition = &code.module.classes[class.id];
        let this = Value::Cell(id);
        let own = definition
            .methods
            .iter()
            .copied()
            .find(|method| code.module.functions[*method].kind == FunctionKind::Constructor);
        if own.is_none() {
            for index in 0..definition.bases.len() {
                if let Value::Class(base) = self.base(class, index) {
                    self.construct(&base, id, args.clone(), place, depth + 1);
                }
            }
        }
        self.instance_fields(class, id, &args, own.is_none());
        if let Some(method) = own {
            let callable = Callable {
                code: code.clone(),
                id: method,
                scope: class.scope,
                this: Some(this),
                bound: Vec::new(),
            };
            self.invoke(&callable, args, place);
        }
        self.leave();
    }

    /// Fields that an instance gets without a constructor: JavaScript initialisers, dataclass and model fields.
    fn instance_fields(
        &mut self,
        class: &ClassRef,
        id: usize,
        args: &[Argument],
        without_constructor: bool,
    ) {
        let code = class.code.clone();
        let definition = &code.module.classes[class.id];
        let python = code.language() == Language::Python;
        if python && !without_constructor {
            return;
        }
        self.push_frame(
            &code,
            None,
            class.scope,
            Some(Value::Cell(id)),
            Some(class.clone()),
        );
        let (positional, keywords, open) = self.sort_arguments(args.to_vec());
        let mut positional = positional.into_iter();
        for field in &definition.fields {
            if python {
                if field.annotation.is_none() {
                    continue;
                }
                let given = keywords.iter().find(|(name, _)| *name == field.name);
                let value = given
                    .map(|(_, value)| value.clone())
                    .or_else(|| positional.next().map(|(value, _, _)| value));
                let value = match value {
                    Some(value) => Some(value),
                    None => self.field_default(field.value.as_ref()),
                };
                let value = match (value, open.first()) {
                    (Some(value), _) => Some(value),
                    (None, Some(spread)) => {
                        let spread = spread.clone();
                        Some(self.member(&spread, &field.name, field.span))
                    }
                    (None, None) => None,
                };
                if let (Some(value), Some(object)) = (value, self.heap.object_mut(id)) {
                    object.set(&field.name, value);
                }
            } else if !field.is_static {
                if let Some(value) = &field.value {
                    let value = self.eval(value);
                    if let Some(object) = self.heap.object_mut(id) {
                        object.set(&field.name, value);
                    }
                }
            }
        }
        self.frames.pop();
    }

    /// The default of a dataclass or model field: `field(default_factory=f)` runs with each instance.
    fn field_default(&mut self, value: Option<&Expr>) -> Option<Value> {
        let value = value?;
        let ExprKind::Call { callee, args, .. } = &value.kind else {
            let life = self.life.replace(Class::Deploy);
            let result = self.eval(value);
            self.life = life;
            return Some(result);
        };
        let name = callee.dotted().unwrap_or_default();
        let name = name.rsplit('.').next().unwrap_or_default().to_string();
        if name != "field" && name != "Field" && name != "ib" && name != "attrib" {
            let life = self.life.replace(Class::Deploy);
            let result = self.eval(value);
            self.life = life;
            return Some(result);
        }
        for arg in args {
            match &arg.kind {
                ArgKind::Keyword(key) if key == "default_factory" || key == "factory" => {
                    let factory = self.eval(&arg.value);
                    return Some(self.apply(&factory, Vec::new(), value, (false, None)));
                }
                ArgKind::Keyword(key) if key == "default" => return Some(self.eval(&arg.value)),
                ArgKind::Positional if name == "Field" => {
                    let opaque = matches!(arg.value.kind, ExprKind::Opaque(_));
                    let ellipsis = self.written(arg.value.span) == "...";
                    return (!opaque && !ellipsis).then(|| self.eval(&arg.value));
                }
                _ => {}
            }
        }
        None
    }

    /// An instance of a class whose makers are not known: its constructor runs with open parameters.
    pub fn open_instance(&mut self, class: &ClassRef) -> Value {
        let code = class.code.clone();
        let place = Place {
            path: code.path().clone(),
            span: code.module.classes[class.id].name_span,
        };
        let id = self.heap.add(Cell::Object(Object {
            entries: Vec::new(),
            spreads: Vec::new(),
            class: Some(class.clone()),
            place: place.clone(),
        }));
        let life = self.life.replace(Class::Session);
        let made = self.instances.len();
        self.open_construct(class, id, 0);
        self.age_since(made);
        self.age(id, false);
        self.life = life;
        Value::Cell(id)
    }

    fn open_construct(&mut self, class: &ClassRef, id: usize, depth: usize) {
        if depth > 8 || !self.enter() {
            return;
        }
        let code = class.code.clone();
        let definition = &code.module.classes[class.id];
        let own = definition
            .methods
            .iter()
            .copied()
            .find(|method| code.module.functions[*method].kind == FunctionKind::Constructor);
        self.push_frame(
            &code,
            None,
            class.scope,
            Some(Value::Cell(id)),
            Some(class.clone()),
        );
        for index in 0..definition.bases.len() {
            if own.is_none() {
                if let Value::Class(base) = self.base(class, index) {
                    self.open_construct(&base, id, depth + 1);
                }
            }
        }
        let python = code.language() == Language::Python;
        if !python || own.is_none() {
            self.instance_fields(class, id, &[], own.is_none());
        }
        if let Some(method) = own {
            let callable = Callable {
                code: code.clone(),
                id: method,
                scope: class.scope,
                this: Some(Value::Cell(id)),
                bound: Vec::new(),
            };
            self.run_open(&callable, false);
        }
        self.frames.pop();
        self.leave();
    }

    /// `super`: the instance as its base class sees it.
    fn super_object(&mut self) -> Value {
        let this = self.frame().this.clone();
        let class = self.frame().class.clone();
        let Some(class) = class else {
            return this.unwrap_or(Value::None);
        };
        for index in 0..class.class().bases.len() {
            if let Value::Class(base) = self.base(&class, index) {
                return self.as_base(&base, this);
            }
        }
        Value::None
    }

    /// An object whose methods are those of a base class, bound to the instance.
    fn as_base(&mut self, base: &ClassRef, this: Option<Value>) -> Value {
        let place = self.place(Span::default());
        let mut entries = Vec::new();
        for id in &base.class().methods {
            let function = &base.code.module.functions[*id];
            entries.push((
                function.name.clone(),
                Value::Function(Rc::new(Callable {
                    code: base.code.clone(),
                    id: *id,
                    scope: base.scope,
                    this: this.clone(),
                    bound: Vec::new(),
                })),
            ));
        }
        self.new_object(entries, place)
    }

    /// `super(..)` in JavaScript runs the base's constructor; `super()` in Python is the base view of the instance.
    fn super_call(&mut self, args: &[Arg], expr: &Expr) -> Value {
        if self.is_python() {
            return self.super_object();
        }
        let args = self.arguments(args);
        let this = self.frame().this.clone();
        let class = self.frame().class.clone();
        if let (Some(Value::Cell(id)), Some(class)) = (this, class) {
            for index in 0..class.class().bases.len() {
                if let Value::Class(base) = self.base(&class, index) {
                    let place = self.place(expr.span);
                    self.construct(&base, id, args.clone(), &place, 0);
                }
            }
        }
        Value::None
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
