//! Calls: functions of the workspace are evaluated where they are called, classes are instantiated, everything else is
//! known by its path or by its name.

use std::sync::Arc;

use crate::frontend::code::ir::{Arg, ArgKind, Expr, ExprKind};
use crate::sdk::{self, Makes};
use crate::volatility::classify::{Effect, Order, ValueKind, Verdict, ENTRY};
use crate::volatility::{Class, Confidence, Given, Volatility, ANSWER};

use super::super::value::{from_history, worse};
use super::arms::choose;
use super::eval::Eval;
use super::heap::Item;
use super::members::is_told;
use super::methods::works_on_text;
use super::tables::{changes_items, keeps_journal, runs_once, tables, Operation};
use super::value::{Argument, Callable, Unknown, Value};

impl Eval<'_, '_> {
    pub fn call(&mut self, expr: &Expr, callee: &Expr, args: &[Arg], new: bool) -> Value {
        if let ExprKind::Name(name) = &callee.kind {
            if name == "super" {
                return self.super_call(args, expr);
            }
        }
        if let Some(value) = self.outer_constructor(callee, args, expr) {
            return value;
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
                if let Some(value) = self.set_clock(&receiver, object, (name, args), expr) {
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
        let written = args;
        let mut args = self.arguments(written);
        if let Some((receiver, name)) = &receiver {
            let known = declared || matches!(receiver, Value::Cell(_));
            let known = known.then_some(&function);
            if let Some(text) = self.implemented(receiver, (name, known), &args, expr) {
                return text;
            }
        }
        if matches!(function, Value::Function(_)) {
            self.count_arguments(written, &mut args);
            self.handed_within(&args);
        }
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
        self.opened_list(receiver, object)
    }

    pub fn opened_list(&mut self, receiver: Value, object: &Expr) -> Value {
        if !receiver.is_history() || !matches!(receiver, Value::Unknown(_)) {
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
        let known = tables().methods.get(name);
        let instance =
            || matches!(receiver, Value::Cell(_)) && tables().instances.contains_key(name);
        let operation = match known {
            Some(operation) => *operation,
            None if instance() => Operation::Fields,
            None => return None,
        };
        match receiver {
            Value::Text(_) | Value::Number(_) | Value::Function(_) => {}
            Value::Cell(id) => {
                if let Some(object) = self.heap.object(*id) {
                    // A member of its own comes first.
                    if object.get(name).is_some() {
                        return None;
                    }
                    if object.class.is_some() {
                        return self.library_method(*id, name, args, expr);
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
                // Arm by arm where all are plain, or a text and what stands for one.
                let text = choice.arms.iter().any(|arm| matches!(arm, Value::Text(_)));
                let open = text && works_on_text(operation);
                let plain = choice.arms.iter().all(|arm| {
                    arm.is_nothing()
                        || matches!(arm, Value::Text(_) | Value::Cell(_))
                        || open && matches!(arm, Value::Unknown(_))
                });
                if !plain {
                    return None;
                }
            }
            _ => return None,
        }
        let args = self.arguments(args);
        if changes_items(operation) {
            self.added_system(receiver, &args);
        }
        self.method(receiver, operation, name, args, expr)
    }

    fn library_method(
        &mut self,
        id: usize,
        name: &str,
        args: &[Arg],
        expr: &Expr,
    ) -> Option<Value> {
        let class = self.heap.object(id)?.class.clone()?;
        if !tables().instances.contains_key(name) || self.declares(&class, name) {
            return None;
        }
        let args = self.arguments(args);
        self.instance_method(id, name, &args, expr)
    }

    pub fn arguments(&mut self, args: &[Arg]) -> Vec<Argument> {
        args.iter()
            .map(|arg| {
                let mut value = self.eval(&arg.value);
                if let ArgKind::Keyword(name) = &arg.kind {
                    value = self.told(value, name);
                }
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
                if self.is_idle(&callable, &args, expr) {
                    return Value::None;
                }
                self.invoke(&callable, args, &place)
            }
            Value::Class(class) => {
                let class = class.clone();
                self.made_by_base(&class, &args, expr);
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
            Value::Unknown(unknown) => {
                let receiver = receiver.as_ref().map(|(value, _)| self.volatility(value));
                let callee = unknown.clone();
                let window = self.window_of(&callee, &args, expr);
                let value = self.unknown_call(&callee, args, expr, (new, receiver));
                self.windowed(value, window)
            }
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

    /// Whether a call whose result nobody takes changes nothing of a prompt either: a function of another file that has
    /// nothing to do with requests and is given nothing that it could change, or one that only keeps a journal.
    fn is_idle(&self, callable: &Callable, args: &[Argument], expr: &Expr) -> bool {
        let away = !Arc::ptr_eq(&callable.code, &self.frame().code);
        if self.discards != Some(expr.span) || !away {
            return false;
        }
        let ExprKind::Call { args: written, .. } = &expr.kind else {
            return false;
        };
        let own = |arg: &Arg| {
            matches!(
                arg.value.kind,
                ExprKind::Name(_) | ExprKind::Attribute { .. }
            )
        };
        let changes = |(arg, given): (&Arg, &Argument)| {
            own(arg) && (matches!(given.value, Value::Cell(_)) || given.value.is_history())
        };
        let idle = match callable.this {
            Some(_) => keeps_journal(&callable.function().name),
            None => !written.iter().zip(args).any(changes),
        };
        idle && !self.program.is_warm(&callable.code, callable.id)
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
        self.answers_task(&mut verdict, &args);
        let place = self.place(expr.span);
        let unknown = Unknown::new(self.written(expr.span), verdict);
        self.born(unknown, place, "computed here")
    }

    /// What is asked with the newest turn, or with what the call is about, is an answer to it: another one each time.
    fn answers_task(&self, verdict: &mut Verdict, args: &[Argument]) {
        let own = &mut verdict.volatility;
        let open = own.class == Class::Request && own.confidence == Confidence::Possible;
        if open && args.iter().any(|arg| self.holds_task(&arg.value, 0)) {
            own.confidence = Confidence::Likely;
            own.given = Given::Known;
            own.why = ANSWER.into();
        }
    }

    fn holds_task(&self, value: &Value, depth: usize) -> bool {
        match value {
            Value::Unknown(unknown) => {
                let verdict = &unknown.verdict;
                let sure = verdict.volatility.confidence >= Confidence::Likely;
                let why = &verdict.volatility.why;
                let told = || *why == from_history().why || *why == ANSWER;
                sure && (verdict.kind == ValueKind::Task || told())
            }
            Value::Cell(id) if depth < 2 => self.heap.object(*id).is_some_and(|object| {
                let mut entries = object.entries.iter();
                object.class.is_none()
                    && entries.any(|(_, value)| self.holds_task(value, depth + 1))
            }),
            _ => false,
        }
    }

    fn only_counts(&self, path: &str) -> bool {
        let language = self.frame().code.language();
        sdk::call(language, path, &[], 0).is_some_and(|call| call.makes == Makes::Nothing)
    }

    fn unknown_call(
        &mut self,
        callee: &Unknown,
        args: Vec<Argument>,
        expr: &Expr,
        (new, receiver): (bool, Option<Volatility>),
    ) -> Value {
        if let Some(value) = self.thing_call(callee, &args, expr) {
            return value;
        }
        let place = self.place(expr.span);
        let Some(path) = callee.path.clone() else {
            // A method of a value that has been computed: of the same making.
            self.escape(&args);
            if let Some(shown) = self.shown_by_method(callee, &args, expr) {
                return shown;
            }
            let mut out = callee.clone();
            out.expr = self.written(expr.span).into();
            out.declared = None;
            return out.into_value();
        };
        if let Some(answer) = self.request(&path, &args, expr) {
            // What is only counted is handed to nothing.
            if !self.only_counts(&path) {
                self.escape(&args);
            }
            return answer;
        }
        if let Some(answer) = self.handed_on(&args, expr) {
            return answer;
        }
        if let Some(value) = self.given_back(&path, &args, expr) {
            return value;
        }
        if let Some(value) = self.of_context(&path, expr) {
            return value;
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
            path.to_string()
        };
        self.shuffled_in_place(&path, &args);
        let made = self.formatter(&path, &literal_refs, expr);
        if let Some(value) = made.or_else(|| self.by_formatter(&path, &args, expr)) {
            return value;
        }
        // A clock that something cut already is no finer for being written out.
        if callee.verdict.clock && path.contains("()") {
            if let Some(shown) = self.shown_by_method(callee, &args, expr) {
                return shown;
            }
        }
        let verdict = classifier
            .call(&asked, &literal_refs)
            .or_else(|| new.then(|| classifier.call(&path, &literal_refs)).flatten())
            // Imported from a package of any name, it is still called by its own.
            .or_else(|| match callee_name(expr) {
                Some(name) if name != &*path => classifier.call(name, &literal_refs),
                _ => None,
            });
        let result_path = format!("{path}()");
        if let Some(mut verdict) = verdict {
            // `np.datetime64("now", "D")`
            let last = path.rsplit('.').next().unwrap_or(&path);
            if verdict.clock && literal_refs.len() > 1 {
                if let Effect::Granularity(class) = classifier.filter(last, &literal_refs) {
                    verdict.cut_to(class);
                }
            }
            // What is known of the call in front is known of it still where its result has a name that tells more.
            let of = &callee.verdict.volatility;
            if path.contains("().") && verdict.volatility.class == Class::Request && is_told(of) {
                verdict.volatility = of.clone();
            }
            let unknown = Unknown {
                path: Some(result_path.into()),
                ..Unknown::new(self.written(expr.span), verdict)
            };
            let note = unknown.verdict.volatility.why.clone();
            let value = self.born(unknown, place, note);
            let value = value.or_usual(default_of(&args));
            return self.ordered_as(value, &path, &args);
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
            // What is made of a time (`new Date(Date.now())`) is that time as a whole.
            let shown = match new {
                true => None,
                false => self.shown_clock(own, &args, &literal_refs, expr),
            };
            if let Some(shown) = shown {
                return shown;
            }
            let volatility = values
                .iter()
                .map(|value| self.volatility(value))
                .fold(Volatility::constant(), worse);
            let value = self.keep_trace(&values, volatility, expr, 10);
            return self.ordered_as(value, &path, &args);
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
        if !telling {
            if let Some(listed) = self.listed(receiver, &path, &values) {
                verdict.volatility = listed;
            }
            self.answers_task(&mut verdict, &args);
            // What something makes of what it is: `profile.model_dump_json()`.
            let of = &callee.verdict.volatility;
            let open = verdict.volatility.class == Class::Request
                && verdict.volatility.confidence == Confidence::Possible;
            if open && path.contains('.') && is_told(of) {
                verdict.volatility = of.clone();
            }
        }
        let unknown = Unknown {
            path: Some(result_path.into()),
            ..Unknown::new(self.written(expr.span), verdict)
        };
        let value = self.born(unknown, place, "computed here");
        let value = value.or_usual(default_of(&args));
        self.ordered_as(value, &path, &args)
    }

    /// What lists the entries of a folder: where the code says which one, they are as fixed as the files beside it, and
    /// only their order may be another.
    fn listed(
        &self,
        receiver: Option<Volatility>,
        path: &str,
        given: &[&Value],
    ) -> Option<Volatility> {
        let Some(Order::Unordered(order)) = self.frame().code.classifier.order(path) else {
            return None;
        };
        let named = given.iter().map(|value| self.volatility(value));
        // `Path(folder).iterdir()` lists what its receiver was made of; that of `os.listdir` is a module.
        let mut made = named.chain(receiver.filter(|_| path.contains("()")));
        let fixed = order.class.is_stable() && made.all(|made| made.class.is_stable());
        fixed.then(|| super::eval::deploy("what a folder holds"))
    }

    fn ordered_as(&mut self, value: Value, path: &str, args: &[Argument]) -> Value {
        match self.frame().code.classifier.order(path) {
            Some(Order::Unordered(_)) if self.asks_for_order(args) => self.with_order(value, None),
            Some(Order::Unordered(volatility)) => self.with_order(value, Some(volatility)),
            Some(Order::Fixed) => self.with_order(value, None),
            None => value,
        }
    }

    /// `findMany({ orderBy: .. })`
    fn asks_for_order(&self, args: &[Argument]) -> bool {
        let classifier = &self.frame().code.classifier;
        args.iter().any(|arg| match &arg.value {
            Value::Cell(id) => self.heap.object(*id).is_some_and(|object| {
                let mut keys = object.entries.iter().map(|(key, _)| key);
                keys.any(|key| classifier.filter(key, &[]) == Effect::Orders)
            }),
            _ => false,
        })
    }

    /// What a method does to something open: cuts a clock, orders a list, keeps a conversation.
    pub fn effect(
        &mut self,
        callee: &Unknown,
        method: &str,
        args: &[Option<&str>],
        expr: &Expr,
    ) -> Option<Value> {
        let effect = self.frame().code.classifier.filter(method, args);
        let mut out = callee.clone();
        out.expr = self.written(expr.span).into();
        out.path = out.path.map(|path| format!("{path}()").into());
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
            Value::Cell(id) if self.heap.list(*id).is_some() => self.words_of(*id)?,
            Value::Cell(id) => {
                // Options as an object: `{ hour: "2-digit" }`.
                let object = self.heap.object(*id)?;
                let mut out = String::new();
                for (key, value) in object.entries.iter().take(16) {
                    let value = match value {
                        Value::Number(number) => super::super::value::format_number(*number),
                        other => other.known_text().unwrap_or_default(),
                    };
                    out.push(ENTRY);
                    out.push_str(&format!("{key}={value}"));
                }
                out
            }
            // `toLocaleString(DateTime.DATE_FULL)`
            Value::Unknown(unknown) => preset(unknown.path.as_deref()?)?,
            other => other.known_text()?,
        };
        Some(match &arg.name {
            Some(name) => format!("{name}={text}"),
            None => text,
        })
    }

    /// The texts of a list, as words of one line: `["git", "status"]`.
    fn words_of(&self, id: usize) -> Option<String> {
        let items = &self.heap.list(id)?.items;
        let word = |item: &Item| match item {
            Item::One(value, _) => value.known_text(),
            _ => None,
        };
        let words: Option<Vec<String>> = items.iter().map(word).collect();
        words.map(|words| words.join(" "))
    }

    // ---- functions of the workspace ----

    // ---- classes ----
}

/// A way of writing dates that a library has a name for, as options.
fn preset(path: &str) -> Option<String> {
    let name = path.rsplit('.').next()?;
    let mut presets = tables().presets.iter();
    let (_, options) = presets.find(|(known, _)| known == name)?;
    Some(format!("{ENTRY}{options}"))
}

/// The text that a lookup gives where nothing is set under its key: `getenv("MODEL", "gpt-5")`.
fn default_of(args: &[Argument]) -> Option<String> {
    let plain = |arg: &&Argument| arg.name.is_none() && !arg.spread;
    let mut given = args.iter().filter(plain);
    given.next()?.value.known_text()?;
    let named = |arg: &&Argument| matches!(arg.name.as_deref(), Some("default" | "fallback"));
    let default = given.next().or_else(|| args.iter().find(named))?;
    default.value.known_text()
}

/// The name of a function or a class that is called by nothing but its name.
pub fn callee_name(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Name(name) => Some(name),
            _ => None,
        },
        _ => None,
    }
}
