//! Expressions: names, literals, operators, comprehensions. Calls are in `calls`, members in `members`.

use std::rc::Rc;

use crate::frontend::code::ir::{
    BinaryOp, Comprehension, ComprehensionKind, Entry, Expr, ExprKind, FormatPart, Item as IrItem,
};
use crate::prompt::{Hop, Piece};
use crate::source::Span;
use crate::volatility::classify::{Order, ValueKind, Verdict};
use crate::volatility::{Class, Confidence, Volatility};

use super::super::value::{push_all, worse};
use super::eval::{Eval, Flow};
use super::heap::{Cell, Item, List};
use super::loops::round_at;
use super::modules::{Binding, Code, Found};
use super::numbers;
use super::picks;
use super::stmts::Truth;
use super::value::{choose, Callable, Choice, ClassRef, Condition, Unknown, Value};

impl Eval<'_, '_> {
    pub fn eval(&mut self, expr: &Expr) -> Value {
        if !self.enter() {
            return Value::None;
        }
        let value = self.eval_kind(expr);
        self.leave();
        value
    }

    fn eval_kind(&mut self, expr: &Expr) -> Value {
        match &expr.kind {
            ExprKind::Text(text) => Value::text(text.clone()),
            ExprKind::Number(number) => self.number(*number, expr),
            ExprKind::Bool(value) => Value::Bool(*value),
            ExprKind::None => Value::None,
            ExprKind::Null => Value::Null,
            ExprKind::Name(name) => self.name(name, expr.span),
            ExprKind::Attribute { object, name, .. } => {
                let object = self.eval(object);
                match self.part_of_clock(&object, name, expr.span) {
                    Some(part) => part,
                    None => self.member(&object, name, expr.span),
                }
            }
            ExprKind::Index { object, index } => {
                let object = self.eval(object);
                let index = self.eval(index);
                self.index(&object, &index, expr.span)
            }
            ExprKind::Slice {
                object,
                start,
                end,
                step,
            } => {
                let object = self.eval(object);
                let bound = |eval: &mut Self, bound: &Option<Box<Expr>>| {
                    bound.as_ref().map(|bound| eval.eval(bound))
                };
                let start = bound(self, start);
                let end = bound(self, end);
                let step = bound(self, step);
                self.slice(&object, start, end, step, expr)
            }
            ExprKind::Call { callee, args, new } => self.call(expr, callee, args, *new),
            ExprKind::Tagged { tag, template } => self.tagged(tag, template, expr),
            ExprKind::Format(parts) => self.format(parts),
            ExprKind::Binary { op, left, right } => match op {
                BinaryOp::And | BinaryOp::Or | BinaryOp::Nullish => self.logic(*op, left, right),
                _ => {
                    let left = self.eval(left);
                    let right = self.eval(right);
                    self.binary(*op, left, right, expr)
                }
            },
            ExprKind::Not(inner) => {
                let value = self.eval(inner);
                match self.known_truth(&value) {
                    Some(known) => Value::Bool(!known),
                    None => {
                        let volatility = self.volatility(&value);
                        self.derived(expr, volatility, 1)
                    }
                }
            }
            ExprKind::Negate(inner) => match self.eval(inner) {
                Value::Number(number) => Value::Number(-number),
                Value::Float(number) => Value::Float(-number),
                other => other,
            },
            ExprKind::Conditional {
                test,
                then,
                otherwise,
            } => match self.truth(test) {
                Truth::Known(true) => self.eval(then),
                Truth::Known(false) => self.eval(otherwise),
                Truth::Open(condition) => {
                    let arms = [then, otherwise];
                    let mut values = Vec::new();
                    let doubtful = self.doubtful(test);
                    self.fork(&condition, 2, &mut |eval, arm| {
                        let value =
                            eval.doubting(doubtful == Some(arm), |eval| eval.eval(arms[arm]));
                        values.push(value);
                        Flow::Next
                    });
                    choose(&condition, values)
                }
            },
            ExprKind::List(items) => {
                let items = self.items(items);
                let place = self.place(expr.span);
                self.new_list(items, place)
            }
            ExprKind::Set(items) => {
                let items = self.items(items);
                let place = self.place(expr.span);
                let unordered =
                    if items.len() > 1 || !matches!(items.first(), Some(Item::One(..)) | None) {
                        self.order_of("set")
                    } else {
                        None
                    };
                Value::Cell(self.heap.add(Cell::List(List {
                    items,
                    unordered,
                    rewrite: None,
                    most: None,
                    place,
                })))
            }
            ExprKind::Object(entries) => self.object(entries, expr.span),
            ExprKind::Comprehension(comprehension) => self.comprehension(comprehension, expr),
            ExprKind::Lambda(id) => Value::Function(Rc::new(Callable {
                code: self.code(),
                id: *id,
                scope: self.closure_scope(),
                this: self.frame().this.clone(),
                bound: Vec::new(),
            })),
            ExprKind::Class(id) => Value::Class(ClassRef {
                code: self.code(),
                id: *id,
                scope: self.closure_scope(),
            }),
            ExprKind::Await(inner) => self.eval(inner),
            ExprKind::Assign { target, value } => {
                let value = self.eval(value);
                self.assign(target, value.clone());
                value
            }
            ExprKind::Import(specifier) => {
                let specifier = self.eval(specifier);
                match specifier.known_text() {
                    Some(name) => self.import_module(&name),
                    None => self.derived(expr, super::eval::deploy("an imported module"), 1),
                }
            }
            ExprKind::Regex(pattern, flags) => {
                let written = format!("/{pattern}/{flags}");
                self.literal(expr.span, &written)
            }
            ExprKind::Opaque(parts) => {
                let mut volatility = Volatility::constant();
                for part in parts {
                    let value = self.eval(part);
                    volatility = worse(volatility, self.volatility(&value));
                }
                self.derived(expr, volatility, 20)
            }
        }
    }

    fn closure_scope(&self) -> Option<usize> {
        self.frame().function.map(|_| self.frame().scope)
    }

    /// A number as written: one with a fraction stays one in Python, and one too large to be told from its neighbours
    /// is not known digit by digit.
    fn number(&mut self, number: f64, expr: &Expr) -> Value {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if !self.is_python() {
            return Value::Number(number);
        }
        let written = self.written(expr.span);
        let float = !written.starts_with("0x") && written.contains(['.', 'e', 'E']);
        if float {
            Value::Float(number)
        } else if number < EXACT {
            Value::Number(number)
        } else {
            self.derived(expr, Volatility::constant(), 8)
        }
    }

    // ---- names ----

    /// What a name is bound to in the scopes that can be seen; `None` where only the module knows it.
    pub fn lookup(&self, name: &str) -> Option<Value> {
        let mut at = Some(self.frame().scope);
        while let Some(id) = at {
            let scope = self.heap.scope(id)?;
            if let Some(value) = scope.names.get(name) {
                return Some(value.clone());
            }
            at = scope.parent;
        }
        None
    }

    pub fn name(&mut self, name: &str, span: Span) -> Value {
        if let Some(value) = self.lookup(name) {
            return value;
        }
        if name == "this" || name == "self" || name == "cls" {
            if let Some(this) = self.frame().this.clone() {
                return this;
            }
        }
        let code = self.code();
        if let Some(value) = self.global(&code, name) {
            return value;
        }
        // A name of the language or of nowhere: tables are asked by it.
        let unknown = Unknown {
            path: Some(name.to_string()),
            ..Unknown::new(name, self.free_name(name))
        };
        let place = self.place(span);
        self.born(unknown, place, "read here")
    }

    fn free_name(&self, name: &str) -> Verdict {
        let code = &self.frame().code;
        code.classifier.attribute(name).unwrap_or_else(|| {
            let mut verdict = code.classifier.name(name);
            verdict.volatility.confidence = verdict.volatility.confidence.min(Confidence::Possible);
            verdict
        })
    }

    /// A name of a module, evaluated once, in the life of the module.
    pub fn global(&mut self, code: &std::sync::Arc<Code>, name: &str) -> Option<Value> {
        let key = (code.path().clone(), name.to_string());
        if let Some(known) = self.globals.get(&key) {
            // `None`: being evaluated.
            return known.clone();
        }
        let local = code.exports.get(name).map_or(name, String::as_str);
        let binding = code.names.get(local).cloned();
        let value = match binding {
            Some(Binding::Function(id)) => Some(self.decorated(code, id)),
            Some(Binding::Class(id)) => Some(Value::Class(ClassRef {
                code: code.clone(),
                id,
                scope: None,
            })),
            Some(Binding::Import {
                module,
                name: there,
            }) => {
                self.globals.insert(key.clone(), None);
                Some(self.imported(code, &module, there.as_deref()))
            }
            Some(Binding::Statements(indices)) => {
                self.globals.insert(key.clone(), None);
                self.module_statements(code, local, &indices)
            }
            None => self.star(code, name),
        };
        match &value {
            Some(_) => {
                self.globals.insert(key, value.clone());
            }
            None => {
                self.globals.remove(&key);
            }
        }
        value
    }

    fn decorated(&mut self, code: &std::sync::Arc<Code>, id: usize) -> Value {
        Value::Function(Rc::new(Callable {
            code: code.clone(),
            id,
            scope: None,
            this: None,
            bound: Vec::new(),
        }))
    }

    /// Runs the statements of a module that bind a name.
    fn module_statements(
        &mut self,
        code: &std::sync::Arc<Code>,
        name: &str,
        indices: &[usize],
    ) -> Option<Value> {
        let life = self.life.replace(Class::Deploy);
        let loops = std::mem::take(&mut self.loops);
        self.push_frame(code, None, None, None, None);
        // What the statements send is sent by the module's own entry.
        self.quiet += 1;
        if name == "module" && !self.is_python() {
            self.bind_common_exports();
        }
        for index in indices {
            if let Some(stmt) = code.module.body.get(*index) {
                self.stmt(stmt);
            }
        }
        self.quiet -= 1;
        let value = self.lookup(name);
        self.frames.pop();
        self.life = life;
        self.loops = loops;
        value
    }

    fn star(&mut self, code: &std::sync::Arc<Code>, name: &str) -> Option<Value> {
        for specifier in &code.stars {
            let found = self.program.find(code, specifier, &mut self.trail.reads);
            let Found::Code(other) = found else { continue };
            if self.frames.len() > 24 {
                return None;
            }
            if let Some(value) = self.global(&other, name) {
                return Some(value);
            }
        }
        None
    }

    // ---- operators ----

    fn logic(&mut self, op: BinaryOp, left: &Expr, right: &Expr) -> Value {
        let first = self.eval(left);
        let known = match op {
            BinaryOp::Nullish => match &first {
                Value::None | Value::Null => Some(false),
                Value::Unknown(_) | Value::Choice(_) => None,
                _ => Some(true),
            },
            _ => self.known_truth(&first),
        };
        let takes_left = |truth: bool| (op == BinaryOp::And) != truth;
        if let Some(truth) = known {
            return if takes_left(truth) {
                first
            } else {
                self.eval(right)
            };
        }
        let second = self.eval(right);
        if op == BinaryOp::And {
            // `cond && text`: the text or nothing.
            let condition = self.condition(left, &first);
            return choose(&condition, vec![second, Value::None]);
        }
        // `x or default`: a default that is a constant does not fork what is anyhow not known.
        match &first {
            Value::Choice(choice) if choice.arms.iter().any(Value::is_nothing) => {
                let arms = choice.arms.iter().map(|arm| match arm {
                    Value::None | Value::Null => second.clone(),
                    arm => arm.clone(),
                });
                choose(&choice.condition.clone(), arms.collect())
            }
            Value::Unknown(unknown) if matches!(second, Value::Unknown(_)) => {
                let other = self.volatility(&second);
                if worse(unknown.verdict.volatility.clone(), other.clone()) == other {
                    second
                } else {
                    first
                }
            }
            Value::Unknown(_) if !matches!(second, Value::Cell(_)) && self.small(&second) => first,
            _ => {
                let condition = self.condition(left, &first);
                choose(&condition, vec![first, second])
            }
        }
    }

    /// Whether a default is next to nothing beside what it stands in for.
    fn small(&self, value: &Value) -> bool {
        match value {
            Value::None | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Float(_) => true,
            Value::Text(_) => value.known_text().is_some_and(|text| text.len() <= 64),
            _ => false,
        }
    }

    pub fn condition(&mut self, test: &Expr, value: &Value) -> Rc<Condition> {
        let place = self.place(test.span);
        let system = self.asks_for_system(test);
        let open = system.is_none() && !picks::tests_kind(test);
        let volatility = system.unwrap_or_else(|| self.tested(value));
        let rounds = if !open {
            Vec::new()
        } else {
            self.rounds_of(value)
        };
        Condition::within(self.written(test.span), place, volatility, rounds)
    }

    pub fn binary(&mut self, op: BinaryOp, left: Value, right: Value, expr: &Expr) -> Value {
        if op == BinaryOp::Union {
            if let Some(piped) = self.piped(&left, &right, expr) {
                return piped;
            }
        }
        if let Some(path) = self.path_operator(op, &left, &right, expr) {
            return path;
        }
        match (op, &left, &right) {
            (BinaryOp::Add, Value::Number(a), Value::Number(b)) => Value::Number(a + b),
            (BinaryOp::Multiply, Value::Number(a), Value::Number(b)) => Value::Number(a * b),
            (
                BinaryOp::Add | BinaryOp::Multiply,
                Value::Number(a) | Value::Float(a),
                Value::Number(b) | Value::Float(b),
            ) => Value::Float(if op == BinaryOp::Add { a + b } else { a * b }),
            (BinaryOp::Add, Value::Cell(a), _) if self.heap.list(*a).is_some() => {
                self.joined_lists(&left, &right, expr)
            }
            (BinaryOp::Add, Value::Unknown(_), Value::Cell(b)) if self.heap.list(*b).is_some() => {
                self.joined_lists(&left, &right, expr)
            }
            (BinaryOp::Add, _, _) if self.is_text(&left) || self.is_text(&right) => {
                let place = self.place(expr.span);
                let mut pieces = self.print(&left, &place);
                let more = self.print(&right, &place);
                push_all(&mut pieces, more);
                Value::pieces(pieces)
            }
            (BinaryOp::Remainder, Value::Text(_), _) => self.percent(&left, &right, expr),
            (BinaryOp::Multiply, Value::Text(pieces), Value::Number(times))
            | (BinaryOp::Multiply, Value::Number(times), Value::Text(pieces)) => {
                super::texts::repeated(pieces, *times)
            }
            (BinaryOp::Multiply, Value::Cell(_), Value::Number(_)) => left,
            (BinaryOp::Union, Value::Cell(_), Value::Cell(_)) => self.merged(&left, &right, expr),
            (BinaryOp::Equal | BinaryOp::NotEqual, _, _) => {
                let equal = self.known_equal(&left, &right);
                match equal {
                    Some(equal) => Value::Bool(equal == (op == BinaryOp::Equal)),
                    None => self.computed(&left, &right, expr),
                }
            }
            (BinaryOp::Subtract, Value::Number(a), Value::Number(b)) => Value::Number(a - b),
            _ => self.placed(op, &left, &right, expr),
        }
    }

    fn is_text(&self, value: &Value) -> bool {
        match value {
            Value::Text(_) => true,
            Value::Choice(choice) => choice.arms.iter().any(|arm| self.is_text(arm)),
            _ => false,
        }
    }

    fn known_equal(&self, left: &Value, right: &Value) -> Option<bool> {
        let scalar = |value: &Value| {
            matches!(
                value,
                Value::None | Value::Null | Value::Bool(_) | Value::Number(_)
            ) || value.known_text().is_some()
        };
        // `null == undefined`, but not `===`: which of the two is asked is not known here.
        if left.is_nothing() && right.is_nothing() {
            return left.same(right).then_some(true);
        }
        if scalar(left) && scalar(right) {
            return Some(match (left.known_text(), right.known_text()) {
                (Some(a), Some(b)) => a == b,
                (None, None) => left.same(right),
                _ => false,
            });
        }
        // Something that is there is not nothing.
        let there = |value: &Value| {
            matches!(
                value,
                Value::Text(_) | Value::Cell(_) | Value::Function(_) | Value::Class(_)
            )
        };
        match (left, right) {
            (Value::None | Value::Null, other) | (other, Value::None | Value::Null)
                if there(other) =>
            {
                Some(false)
            }
            _ => None,
        }
    }

    pub fn computed(&mut self, left: &Value, right: &Value, expr: &Expr) -> Value {
        let volatility = worse(self.volatility(left), self.volatility(right));
        self.keep_trace(&[left, right], volatility, expr, 5)
    }

    /// A value computed from others, with the way of the most volatile of them.
    pub fn keep_trace(
        &mut self,
        from: &[&Value],
        volatility: Volatility,
        expr: &Expr,
        tokens: u32,
    ) -> Value {
        let round = from.iter().filter_map(|value| value.unknown()?.round).max();
        let mut source = None;
        for value in from {
            if let Value::Unknown(unknown) = value {
                if unknown.verdict.volatility.class == volatility.class && source.is_none() {
                    source = Some(unknown.clone());
                }
            }
        }
        let Some(source) = source else {
            return self.derived(expr, volatility, tokens);
        };
        let mut out = Unknown {
            expr: self.written(expr.span),
            path: None,
            verdict: Verdict {
                kind: ValueKind::Plain,
                volatility,
                tokens: source.verdict.tokens.max(1),
                clock: source.verdict.clock,
            },
            rewrite: None,
            unordered: None,
            thing: None,
            declared: None,
            of: None,
            round,
            most: None,
            ..(*source).clone()
        };
        if out.trace.is_empty() {
            out.trace.push(Hop {
                place: self.place(expr.span),
                note: "computed here".into(),
            });
        }
        out.into_value()
    }

    // ---- texts ----

    pub fn format(&mut self, parts: &[FormatPart]) -> Value {
        let mut out: Vec<Piece> = Vec::new();
        for part in parts {
            match part {
                FormatPart::Text(text) => {
                    super::super::value::push_piece(&mut out, Piece::Text(text.clone()));
                }
                FormatPart::Value { expr, spec, span } => {
                    let mut value = self.eval(expr);
                    if let Some(spec) = spec {
                        value = self.formatted(value, spec, *span);
                    }
                    value = self.shown(value, *span);
                    let place = self.place(*span);
                    let pieces = self.print(&value, &place);
                    push_all(&mut out, pieces);
                }
            }
        }
        Value::pieces(out)
    }

    /// A value with a format: a clock is cut to what the format shows, a known number is written in it.
    pub fn formatted(&mut self, value: Value, spec: &str, span: Span) -> Value {
        match value {
            Value::Unknown(unknown) if unknown.verdict.clock => {
                let mut unknown = (*unknown).clone();
                if let Some(class) = crate::volatility::formats::granularity(spec) {
                    unknown.verdict.cut_to(class);
                }
                unknown.into_value()
            }
            other => match numbers::formatted(&other, spec) {
                Some(text) => self.literal(span, &text),
                None => other,
            },
        }
    }

    // ---- lists and objects ----

    pub fn items(&mut self, items: &[IrItem]) -> Vec<Item> {
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            match item {
                IrItem::One(expr) => {
                    let value = self.eval(expr);
                    out.push(Item::One(value, self.place(expr.span)));
                }
                IrItem::Spread(expr) => {
                    let value = self.eval(expr);
                    self.spread_into(&mut out, &value, expr.span);
                }
            }
        }
        out
    }

    /// The items of a sequence, as they stand in another.
    pub fn spread_into(&mut self, out: &mut Vec<Item>, value: &Value, span: Span) {
        let place = self.place(span);
        match value {
            Value::Cell(id) => match self.heap.get(*id) {
                Cell::List(list) => {
                    let list = list.clone();
                    match (&list.unordered, &list.rewrite) {
                        (None, None) => out.extend(list.items),
                        // Order and edits are of the list: it stays one thing.
                        _ => out.push(Item::Spread(value.clone(), place)),
                    }
                }
                _ => out.push(Item::Spread(value.clone(), place)),
            },
            Value::Choice(choice) => {
                let arms: Vec<Vec<Item>> = choice
                    .arms
                    .iter()
                    .map(|arm| {
                        let mut own = Vec::new();
                        self.spread_into(&mut own, arm, span);
                        own
                    })
                    .collect();
                out.extend(super::heap::join_items(&choice.condition, arms));
            }
            Value::None | Value::Null | Value::Bool(_) => {}
            other => out.push(Item::Spread(other.clone(), place)),
        }
    }

    fn joined_lists(&mut self, left: &Value, right: &Value, expr: &Expr) -> Value {
        let mut items = Vec::new();
        self.spread_into(&mut items, left, expr.span);
        self.spread_into(&mut items, right, expr.span);
        let place = self.place(expr.span);
        self.new_list(items, place)
    }

    fn object(&mut self, entries: &[Entry], span: Span) -> Value {
        let place = self.place(span);
        let value = self.new_object(Vec::new(), place);
        let Value::Cell(id) = value else {
            return value;
        };
        for entry in entries {
            match entry {
                Entry::Pair { key, value, .. } => {
                    let key = self.eval(key);
                    let result = self.eval(value);
                    match key.known_text() {
                        Some(key) => {
                            let result = self.told(result, &key);
                            if let Some(object) = self.heap.object_mut(id) {
                                object.set(&key, result);
                            }
                        }
                        None => {
                            if let Some(object) = self.heap.object_mut(id) {
                                object.spreads.push(result);
                            }
                        }
                    }
                }
                Entry::Spread(expr) => {
                    let other = self.eval(expr);
                    self.update_object(id, &other);
                }
            }
        }
        Value::Cell(id)
    }

    /// Entries of another object over those of this one.
    pub fn update_object(&mut self, id: usize, other: &Value) {
        match other {
            Value::Cell(from) => {
                let Some(from) = self.heap.object(*from).cloned() else {
                    return;
                };
                if let Some(object) = self.heap.object_mut(id) {
                    for (key, value) in from.entries {
                        object.set(&key, value);
                    }
                    object.spreads.extend(from.spreads);
                }
            }
            Value::Choice(choice) => self.update_forked(id, &choice.clone()),
            Value::Unknown(_) => {
                if let Some(object) = self.heap.object_mut(id) {
                    object.spreads.push(other.clone());
                }
            }
            _ => {}
        }
    }

    /// `...(cond && { x })`: entries that are there or not.
    fn update_forked(&mut self, id: usize, choice: &Choice) {
        let mut arms = Vec::new();
        for arm in &choice.arms {
            let place = self.heap.object(id).map(|object| object.place.clone());
            let (Value::Choice(_), Some(place)) = (arm, place) else {
                arms.push(self.entries_of(arm));
                continue;
            };
            let joined = self.new_object(Vec::new(), place);
            if let Value::Cell(joined) = joined {
                self.update_object(joined, arm);
            }
            arms.push(self.entries_of(&joined));
        }
        let mut keys: Vec<&String> = Vec::new();
        for (key, _) in arms.iter().flatten() {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        for key in keys {
            let before = self.heap.object(id).and_then(|o| o.get(key).cloned());
            let found = |entries: &[(String, Value)]| {
                let mut own = entries.iter().filter(|(name, _)| name == key);
                own.next().map(|(_, value)| value.clone())
            };
            // Of what is open no entries are known: those of the other arms stand for it, but for the markers that only
            // they bring.
            let marked = arms
                .iter()
                .filter_map(|entries| found(entries))
                .any(|value| self.holds_marker(&value, 0));
            let own = |(arm, entries): (&Value, &Vec<(String, Value)>)| {
                let open = matches!(arm, Value::Unknown(_));
                let absent = || match open && marked {
                    true => Some(arm.clone()),
                    false => (!open).then_some(Value::None),
                };
                found(entries).or_else(|| before.clone()).or_else(absent)
            };
            let values = choice.arms.iter().zip(&arms).filter_map(own);
            let value = choose(&choice.condition, values.collect());
            if let Some(object) = self.heap.object_mut(id) {
                object.set(key, value);
            }
        }
    }

    fn entries_of(&self, value: &Value) -> Vec<(String, Value)> {
        let object = match value {
            Value::Cell(id) => self.heap.object(*id),
            _ => None,
        };
        object.map_or_else(Vec::new, |object| object.entries.clone())
    }

    fn merged(&mut self, left: &Value, right: &Value, expr: &Expr) -> Value {
        let place = self.place(expr.span);
        if let Value::Cell(id) = left {
            if self.heap.list(*id).is_some() {
                let joined = self.joined_lists(left, right, expr);
                return self.with_order(joined, self.order_of("set"));
            }
        }
        let value = self.new_object(Vec::new(), place);
        if let Value::Cell(id) = value {
            self.update_object(id, left);
            self.update_object(id, right);
        }
        value
    }

    /// The order that a callee or a type gives, where it is not fixed.
    pub fn order_of(&self, callee: &str) -> Option<Volatility> {
        match self.frame().code.classifier.order(callee)? {
            Order::Unordered(volatility) => Some(volatility),
            Order::Fixed => None,
        }
    }

    pub fn with_order(&mut self, value: Value, order: Option<Volatility>) -> Value {
        match value {
            Value::Cell(id) => {
                let Some(list) = self.heap.list(id) else {
                    return value;
                };
                let list = List {
                    unordered: order,
                    ..list.clone()
                };
                Value::Cell(self.heap.add(Cell::List(list)))
            }
            Value::Unknown(unknown) => {
                let mut unknown = (*unknown).clone();
                unknown.unordered = order;
                unknown.into_value()
            }
            other => other,
        }
    }

    fn comprehension(&mut self, comprehension: &Comprehension, expr: &Expr) -> Value {
        let over = self.eval(&comprehension.over);
        let place = self.place(expr.span);
        let scope = self.new_scope(Some(self.frame().scope));
        let outer = match self.frames.last_mut() {
            Some(frame) => std::mem::replace(&mut frame.scope, scope),
            None => return Value::None,
        };
        let known = self.known_items(&over, true, comprehension.over.span);
        let mut items = Vec::new();
        let mut entries: Vec<(Option<String>, Value)> = Vec::new();
        match known {
            Some(values) => {
                for (index, value) in values.into_iter().enumerate() {
                    if !self.enter() {
                        break;
                    }
                    self.assign(&comprehension.pattern, value);
                    let own = self.round_items(comprehension, &mut entries);
                    items.extend(own.into_iter().map(|item| match item {
                        Item::Branch(test, arms) => Item::Branch(test.of_item(index), arms),
                        other => other,
                    }));
                    self.leave();
                }
            }
            None if comprehension.kind != ComprehensionKind::Dict
                && self.partly_known(&over).is_some() =>
            {
                let parts = self.partly_known(&over).unwrap_or_default();
                items = self.mapped_items(&parts, comprehension.over.span, &mut |eval, value| {
                    eval.assign(&comprehension.pattern, value);
                    eval.round_items(comprehension, &mut entries)
                });
            }
            None => {
                let item = self.item_of(&over, comprehension.over.span);
                let mut round = self.round_over(&over, &comprehension.over);
                round.picks = picks::picks(&comprehension.pattern, &[])
                    || picks::element_picks(&comprehension.pattern, &comprehension.element)
                    || self.is_slice(&over);
                let own = self.in_round(round.id, |eval| {
                    eval.assign(&comprehension.pattern, item);
                    eval.tag_round(&comprehension.pattern, round.id);
                    eval.round_items(comprehension, &mut entries)
                });
                // `[m for m in history]` is the history.
                let passes = round.history && comprehension.test.is_none();
                round.history = passes;
                if passes && round.rewrite.is_none() {
                    round.rewrite = self.changed_turns(&own, comprehension.element.span);
                }
                match self.system_items(&own) {
                    Some(own) if !passes => items.extend(own),
                    _ if !own.is_empty() || passes => {
                        items.push(Item::Repeat(Rc::new(round), own));
                    }
                    _ => {}
                }
            }
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.scope = outer;
        }
        match comprehension.kind {
            ComprehensionKind::Dict => {
                let value = self.new_object(Vec::new(), place);
                if let Value::Cell(id) = value {
                    if let Some(object) = self.heap.object_mut(id) {
                        for (key, value) in entries {
                            match key {
                                Some(key) => object.set(&key, value),
                                None => object.spreads.push(value),
                            }
                        }
                    }
                }
                value
            }
            kind => {
                let unordered = (kind == ComprehensionKind::Set
                    && (items.len() != 1 || matches!(items.first(), Some(Item::Repeat(..)))))
                .then(|| self.order_of("set"))
                .flatten();
                Value::Cell(self.heap.add(Cell::List(List {
                    items,
                    unordered,
                    rewrite: None,
                    most: None,
                    place,
                })))
            }
        }
    }

    /// What one round of a comprehension adds.
    fn round_items(
        &mut self,
        comprehension: &Comprehension,
        entries: &mut Vec<(Option<String>, Value)>,
    ) -> Vec<Item> {
        let condition = match comprehension.test.as_ref().map(|test| self.truth(test)) {
            Some(Truth::Known(false)) => return Vec::new(),
            Some(Truth::Open(condition)) => Some(condition),
            _ => None,
        };
        let value = self.eval(&comprehension.element);
        let place = self.place(comprehension.element.span);
        let own = match comprehension.kind {
            ComprehensionKind::Dict => {
                let key = comprehension.key.as_ref().map(|key| self.eval(key));
                entries.push((key.and_then(|key| key.known_text()), value));
                return Vec::new();
            }
            ComprehensionKind::Flat => {
                let mut own = Vec::new();
                self.spread_into(&mut own, &value, comprehension.element.span);
                own
            }
            _ => vec![Item::One(value, place)],
        };
        match condition {
            Some(condition) => vec![Item::Branch(condition, vec![own, Vec::new()])],
            None => own,
        }
    }

    /// A repetition over an unknown sequence whose items a function makes (`map`).
    pub fn mapped_round(&mut self, over: &Value, span: Span, body: Vec<Item>) -> Item {
        self.mapped_in((0, false), over, span, body)
    }

    /// The same in the rounds of a loop of this number, which picks its rounds or not.
    pub fn mapped_in(
        &mut self,
        (id, picks): (u32, bool),
        over: &Value,
        span: Span,
        body: Vec<Item>,
    ) -> Item {
        let unordered = self.unordered(over);
        let mut volatility = self.volatility(over);
        if let Some(order) = &unordered {
            volatility = worse(volatility, order.clone());
        }
        let place = self.place(span);
        let mut round =
            (*round_at(self.written(span), place, volatility, unordered.is_some())).clone();
        round.history = over.is_history() || self.is_conversation(over);
        round.id = id;
        round.picks = picks;
        round.rewrite = self.rewrite_of(over);
        if round.history && round.rewrite.is_none() {
            round.rewrite = self.changed_turns(&body, span);
        }
        Item::Repeat(Rc::new(round), body)
    }
}
