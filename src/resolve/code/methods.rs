//! What known functions and methods do to texts, lists and objects: one arm per operation of `rules/code.yaml`.

use std::rc::Rc;

use crate::frontend::code::ir::Expr;
use crate::prompt::Piece;
use crate::source::Text;
use crate::volatility::classify::Effect;
use crate::volatility::Volatility;

use super::super::value::worse;
use super::eval::Eval;
use super::heap::{Cell, Item, List};
use super::tables::{tables, Operation};
use super::texts::{self, Placeholder, Style};
use super::value::{choose, Argument, Callable, Condition, Unknown, Value};

impl Eval<'_, '_> {
    pub fn function_operation(&self, path: &str) -> Option<Operation> {
        tables().functions.get(path).copied()
    }

    /// `receiver.name(args)` where the operation is known. `None`: it is none of this receiver.
    pub fn method(
        &mut self,
        receiver: &Value,
        operation: Operation,
        name: &str,
        args: Vec<Argument>,
        expr: &Expr,
    ) -> Option<Value> {
        use Operation as Op;
        if let Value::Choice(choice) = receiver {
            let choice = choice.clone();
            if !mutates(operation) {
                let arms: Vec<Value> = choice
                    .arms
                    .iter()
                    .filter(|arm| !arm.is_nothing())
                    .filter_map(|arm| self.method(arm, operation, name, args.clone(), expr))
                    .collect();
                return Some(choose(&choice.condition, arms));
            }
            let cells: Vec<Value> = choice
                .arms
                .iter()
                .filter(|a| matches!(a, Value::Cell(_)))
                .cloned()
                .collect();
            for cell in cells {
                self.method(&cell, operation, name, args.clone(), expr);
            }
            return Some(Value::None);
        }
        let first = args.first().map(|arg| arg.value.clone());
        match (operation, receiver) {
            (
                Op::Identity | Op::Copy | Op::Settle | Op::Fixed | Op::Localized,
                Value::Text(_) | Value::Unknown(_),
            ) => {
                // A conversion of a clock shows it as a whole.
                if let Value::Unknown(unknown) = receiver {
                    return self.clock_method(unknown, name, &args, expr).or_else(|| {
                        (operation != Op::Settle || unknown.is_history()).then(|| receiver.clone())
                    });
                }
                Some(receiver.clone())
            }
            (Op::Identity | Op::Settle, Value::Cell(_)) => Some(receiver.clone()),
            (Op::Identity | Op::Fixed | Op::Localized, Value::Number(number))
                if !self.is_python() =>
            {
                self.number_method(*number, operation, &args, expr)
            }
            (Op::Copy, Value::Cell(id)) => Some(self.copied(*id)),
            (Op::Strip | Op::StripStart | Op::StripEnd, Value::Text(pieces)) => {
                let set = match &first {
                    Some(set) => set.known_text(),
                    None => None,
                };
                if first.is_some() && set.is_none() {
                    return Some(receiver.clone());
                }
                let (start, end) = (operation != Op::StripEnd, operation != Op::StripStart);
                let out = texts::stripped(pieces, start, end, set.as_deref());
                Some(Value::pieces(out))
            }
            (Op::RemovePrefix | Op::RemoveSuffix, Value::Text(pieces)) => {
                let affix = first.and_then(|affix| affix.known_text());
                let start = operation == Op::RemovePrefix;
                Some(match affix {
                    Some(affix) => Value::pieces(texts::without_affix(pieces, &affix, start)),
                    None => receiver.clone(),
                })
            }
            (Op::Upper, Value::Text(pieces)) => {
                Some(Value::pieces(texts::mapped(pieces, str::to_uppercase)))
            }
            (Op::Lower, Value::Text(pieces)) => {
                Some(Value::pieces(texts::mapped(pieces, str::to_lowercase)))
            }
            (
                Op::Strip
                | Op::StripStart
                | Op::StripEnd
                | Op::RemovePrefix
                | Op::RemoveSuffix
                | Op::Upper
                | Op::Lower,
                Value::Unknown(unknown),
            ) => {
                let changed = self.clock_method(&unknown.clone(), name, &args, expr);
                Some(changed.unwrap_or_else(|| receiver.clone()))
            }
            (Op::Join, Value::Text(separator)) => {
                let separator = separator.clone();
                Some(self.join(&first?, &separator, expr))
            }
            (Op::Join, Value::Cell(id)) if self.heap.list(*id).is_some() => {
                let separator = match first {
                    Some(Value::Text(pieces)) => pieces,
                    _ => {
                        let place = self.place(expr.span);
                        Rc::new(vec![Piece::Text(Text::opaque(
                            &place.path,
                            place.span,
                            ",",
                        ))])
                    }
                };
                Some(self.join(receiver, &separator, expr))
            }
            (Op::Join, Value::Unknown(_)) if !self.is_python() => {
                Some(self.as_text(receiver, expr))
            }
            (Op::Format, Value::Text(pieces)) => {
                let pieces = pieces.clone();
                Some(self.fill(&pieces, Style::Braces, &args))
            }
            (Op::Replace, Value::Text(pieces)) => {
                let pieces = pieces.clone();
                Some(self.replace(&pieces, &args, name, expr))
            }
            (Op::Replace, Value::Unknown(_)) => Some(receiver.clone()),
            (Op::Split, Value::Unknown(unknown)) if unknown.verdict.clock => {
                self.clock_method(unknown, name, &args, expr)
            }
            (Op::Split, Value::Unknown(_)) => Some(receiver.clone()),
            (Op::Split, Value::Text(_)) => {
                let volatility = self.volatility(receiver);
                Some(self.derived(expr, volatility, 20))
            }
            (Op::Concat, Value::Text(_)) => {
                let place = self.place(expr.span);
                let mut pieces = self.print(receiver, &place);
                for arg in &args {
                    let more = self.print(&arg.value, &place);
                    super::super::value::push_all(&mut pieces, more);
                }
                Some(Value::pieces(pieces))
            }
            (Op::Concat, Value::Cell(_) | Value::Unknown(_)) => {
                let mut items = Vec::new();
                self.spread_into(&mut items, receiver, expr.span);
                for arg in &args {
                    match &arg.value {
                        Value::Cell(id) if self.heap.object(*id).is_some() => {
                            items.push(Item::One(arg.value.clone(), arg.place.clone()));
                        }
                        other => {
                            let other = other.clone();
                            self.spread_into(&mut items, &other, expr.span);
                        }
                    }
                }
                let place = self.place(expr.span);
                Some(self.new_list(items, place))
            }
            (Op::Repeat, Value::Text(pieces)) => match first {
                Some(Value::Number(times)) => Some(texts::repeated(pieces, times)),
                _ => Some(receiver.clone()),
            },
            (Op::Slice, Value::Text(_) | Value::Cell(_) | Value::Unknown(_)) => {
                let mut args = args.into_iter().map(|arg| arg.value);
                let start = args.next();
                if name == "at" {
                    return Some(match start {
                        Some(Value::Number(at)) => self.item_at(receiver, at as i64, expr.span),
                        _ => self.item_of(receiver, expr.span),
                    });
                }
                let end = args.next();
                let start = start.filter(|start| {
                    !matches!(start, Value::Number(n) if *n == 0.0) || end.is_some()
                });
                if start.is_none() && end.is_none() {
                    return Some(match receiver {
                        Value::Cell(id) => self.copied(*id),
                        other => other.clone(),
                    });
                }
                Some(self.slice(receiver, start, end, None, expr))
            }
            (_, Value::Cell(id)) if self.heap.list(*id).is_some() => {
                self.list_method(*id, operation, args, expr)
            }
            (_, Value::Cell(id)) if self.heap.object(*id).is_some() => {
                self.object_method(*id, operation, args, expr)
            }
            (Op::Bind, Value::Function(callable)) => {
                let mut callable = (**callable).clone();
                let mut args = args.into_iter();
                if let Some(this) = args.next() {
                    callable.this = Some(this.value);
                }
                callable.bound.extend(args);
                Some(Value::Function(Rc::new(callable)))
            }
            (Op::Call, Value::Function(callable)) => {
                let mut callable = (**callable).clone();
                let mut args = args.into_iter();
                if let Some(this) = args.next() {
                    callable.this = Some(this.value);
                }
                let place = self.place(expr.span);
                Some(self.invoke(&callable, args.collect(), &place))
            }
            (_, Value::Unknown(unknown)) => {
                let unknown = unknown.clone();
                self.open_method(&unknown, operation, name, args, expr)
            }
            _ => None,
        }
    }

    /// A method of a clock: it shows the clock to some granularity.
    fn clock_method(
        &mut self,
        unknown: &Unknown,
        name: &str,
        args: &[Argument],
        expr: &Expr,
    ) -> Option<Value> {
        if !unknown.verdict.clock {
            return None;
        }
        let literals: Vec<Option<String>> =
            args.iter().map(|arg| self.literal_argument(arg)).collect();
        let literals: Vec<Option<&str>> = literals.iter().map(Option::as_deref).collect();
        let mut out = unknown.clone();
        out.expr = self.written(expr.span);
        match self.frame().code.classifier.filter(name, &literals) {
            Effect::Granularity(class) => out.verdict.cut_to(class),
            Effect::Split(class) => {
                // The first part is the coarser one: `toISOString().split("T")[0]`.
                let mut first = out.clone();
                first.verdict.cut_to(class);
                let place = self.place(expr.span);
                let parts = [first, out].map(|part| Item::One(part.into_value(), place.clone()));
                return Some(self.new_list(parts.into(), place));
            }
            _ => {}
        }
        Some(out.into_value())
    }

    /// A text made of something open.
    fn as_text(&mut self, value: &Value, expr: &Expr) -> Value {
        let place = self.place(expr.span);
        let mut pieces = self.print(value, &place);
        if let (Value::Unknown(unknown), Some(Piece::Slot(slot))) = (value, pieces.first_mut()) {
            slot.size.tokens = slot.size.tokens.max(30);
            let order = unknown.unordered.clone();
            pieces = self.mark_unordered(pieces, order.as_ref(), &place);
        }
        Value::pieces(pieces)
    }

    pub fn join(&mut self, items: &Value, separator: &[Piece], expr: &Expr) -> Value {
        let place = self.place(expr.span);
        match items {
            Value::Cell(id) => match self.heap.get(*id).clone() {
                Cell::List(list) => {
                    let pieces = self.print_joined(&list.items, separator, &place, (0, false));
                    Value::pieces(self.mark_unordered(pieces, list.unordered.as_ref(), &place))
                }
                Cell::Object(object) => {
                    let keys: Vec<Item> = object
                        .entries
                        .iter()
                        .map(|(key, _)| Item::One(self.literal(expr.span, key), place.clone()))
                        .collect();
                    Value::pieces(self.print_joined(&keys, separator, &place, (0, false)))
                }
                Cell::Scope(_) => Value::empty_text(),
            },
            Value::Choice(choice) => {
                let arms: Vec<Value> = choice
                    .arms
                    .iter()
                    .map(|arm| match arm {
                        Value::None | Value::Null => Value::empty_text(),
                        arm => self.join(arm, separator, expr),
                    })
                    .collect();
                choose(&choice.condition, arms)
            }
            other => self.as_text(other, expr),
        }
    }

    fn copied(&mut self, id: usize) -> Value {
        let cell = self.heap.get(id).clone();
        Value::Cell(self.heap.add(cell))
    }

    // ---- placeholders ----

    fn fill(&mut self, pieces: &[Piece], style: Style, args: &[Argument]) -> Value {
        // Keyword spreads of known objects are keywords.
        let mut named: Vec<(String, Value)> = Vec::new();
        let mut open: Vec<Value> = Vec::new();
        let mut positional: Vec<Value> = Vec::new();
        for arg in args {
            match (&arg.name, arg.keywords) {
                (Some(name), _) => named.push((name.clone(), arg.value.clone())),
                (None, true) => self.keyword_source(&arg.value, &mut named, &mut open),
                (None, false) => {
                    // `format_map(d)`, `substitute(d)`, `template % d`
                    positional.push(arg.value.clone());
                }
            }
        }
        let mapping = positional.len() == 1 && style != Style::Braces
            || positional
                .first()
                .is_some_and(|value| self.is_mapping(value));
        if mapping {
            let value = positional[0].clone();
            self.keyword_source(&value, &mut named, &mut open);
        }
        let mut next = 0;
        let out = texts::filled(pieces, style, &mut |placeholder| {
            let value = self.argument_for(placeholder, &named, &positional, &open, &mut next)?;
            let value = match &placeholder.spec {
                Some(spec) => self.formatted(value, spec, placeholder.place.span),
                None => value,
            };
            let value = self.shown(value, placeholder.place.span);
            Some(self.print(&value, &placeholder.place))
        });
        self.note_filled(pieces, &out);
        Value::pieces(out)
    }

    fn is_mapping(&self, value: &Value) -> bool {
        matches!(value, Value::Cell(id) if self.heap.object(*id).is_some())
    }

    fn keyword_source(
        &mut self,
        value: &Value,
        named: &mut Vec<(String, Value)>,
        open: &mut Vec<Value>,
    ) {
        match value {
            Value::Cell(id) => {
                if let Some(object) = self.heap.object(*id) {
                    named.extend(object.entries.iter().cloned());
                    open.extend(object.spreads.iter().cloned());
                }
            }
            Value::None | Value::Null => {}
            other => open.push(other.clone()),
        }
    }

    fn argument_for(
        &mut self,
        placeholder: &Placeholder,
        named: &[(String, Value)],
        positional: &[Value],
        open: &[Value],
        next: &mut usize,
    ) -> Option<Value> {
        let name = placeholder.name.as_str();
        let (root, rest) = match name.find(['.', '[']) {
            Some(at) => (&name[..at], &name[at..]),
            None => (name, ""),
        };
        let mut value = if root.is_empty() {
            *next += 1;
            positional.get(*next - 1).cloned()
        } else if let Ok(index) = root.parse::<usize>() {
            positional.get(index).cloned()
        } else {
            let mut known = named.iter();
            known
                .find(|(key, _)| key == root)
                .map(|(_, value)| value.clone())
        };
        if value.is_none() {
            if let Some(spread) = open.first() {
                let spread = spread.clone();
                value = Some(self.member(&spread, root, placeholder.place.span));
            }
        }
        let mut value = value?;
        for part in rest.split(['.', '[', ']']).filter(|part| !part.is_empty()) {
            value = self.member(&value, part, placeholder.place.span);
        }
        Some(value)
    }

    /// `text % values`
    pub fn percent(&mut self, left: &Value, right: &Value, expr: &Expr) -> Value {
        let Value::Text(pieces) = left else {
            return left.clone();
        };
        let pieces = pieces.clone();
        let place = self.place(expr.span);
        let mut args = Vec::new();
        let argument = |value: Value| Argument::positional(value, place.clone());
        match right {
            Value::Cell(id) if self.heap.list(*id).is_some() => {
                let items = self
                    .heap
                    .list(*id)
                    .map(|list| list.items.clone())
                    .unwrap_or_default();
                for item in items {
                    if let Item::One(value, _) = item {
                        args.push(argument(value));
                    }
                }
            }
            other => args.push(argument(other.clone())),
        }
        self.fill(&pieces, Style::Percent, &args)
    }

    /// A text whose placeholders are filled: `{name}` or `$name`.
    pub fn filled_with(&mut self, pieces: &[Piece], braces: bool, args: &[Argument]) -> Value {
        let style = if braces { Style::Braces } else { Style::Dollar };
        self.fill(pieces, style, args)
    }

    fn replace(&mut self, pieces: &[Piece], args: &[Argument], name: &str, expr: &Expr) -> Value {
        let (Some(what), Some(with)) = (args.first(), args.get(1)) else {
            return Value::Text(Rc::new(pieces.to_vec()));
        };
        let written = what.value.known_text();
        let needle = written.as_deref().and_then(|text| {
            match text
                .strip_prefix('/')
                .and_then(|rest| rest.rsplit_once('/'))
            {
                // A regular expression prints as it is written.
                Some((pattern, flags))
                    if !self.is_python() && flags.chars().all(|c| c.is_ascii_lowercase()) =>
                {
                    texts::literal_of_pattern(pattern)
                }
                _ => Some(text.to_string()),
            }
        });
        let global = self.is_python()
            || name == "replaceAll"
            || written.as_deref().is_some_and(|text| {
                text.starts_with('/')
                    && text
                        .rsplit('/')
                        .next()
                        .is_some_and(|flags| flags.contains('g'))
            });
        let Some(needle) = needle else {
            return Value::Text(Rc::new(pieces.to_vec()));
        };
        // `.replace(x, () => value)`
        let with = match &with.value {
            Value::Function(callable) => {
                let callable = callable.clone();
                let place = self.place(expr.span);
                self.invoke(&callable, Vec::new(), &place)
            }
            other => other.clone(),
        };
        let this = std::cell::RefCell::new(self);
        let put = |text: &Text| {
            let place = text.whole();
            this.borrow_mut().print(&with, &place)
        };
        let result = texts::replaced(pieces, &needle, &put, global);
        Value::pieces(result.unwrap_or_else(|| pieces.to_vec()))
    }

    // ---- lists ----

    fn list_method(
        &mut self,
        id: usize,
        operation: Operation,
        args: Vec<Argument>,
        expr: &Expr,
    ) -> Option<Value> {
        use Operation as Op;
        let list = self.heap.list(id)?.clone();
        match operation {
            Op::Append => {
                for arg in args {
                    let item = if arg.spread {
                        let mut items = Vec::new();
                        self.spread_into(&mut items, &arg.value, arg.place.span);
                        items
                    } else {
                        vec![Item::One(arg.value, arg.place)]
                    };
                    if let Some(list) = self.heap.list_mut(id) {
                        list.items.extend(item);
                    }
                }
                Some(Value::None)
            }
            Op::Extend | Op::Update => {
                for arg in &args {
                    self.extend_list(id, &arg.value, arg.place.span);
                }
                Some(Value::None)
            }
            Op::Insert | Op::Unshift => {
                self.insert(id, operation, args);
                Some(Value::None)
            }
            Op::Pop => {
                // At a place that is written down; one that is looked for drops what no provider takes.
                let front = args.first().is_some_and(|arg| {
                    matches!(arg.value, Value::Number(n) if n >= 0.0)
                        && self.written(arg.place.span).parse::<u32>().is_ok()
                });
                if front {
                    self.cut_list(&Value::Cell(id), expr.span);
                    return Some(self.item_of(&Value::Cell(id), expr.span));
                }
                let last = match list.items.last() {
                    Some(Item::One(value, _)) => value.clone(),
                    _ => self.item_of(&Value::Cell(id), expr.span),
                };
                if let (Some(Item::One(..)), Some(list)) =
                    (list.items.last(), self.heap.list_mut(id))
                {
                    list.items.pop();
                }
                Some(last)
            }
            Op::Shift | Op::Remove => {
                self.cut_list(&Value::Cell(id), expr.span);
                Some(self.item_of(&Value::Cell(id), expr.span))
            }
            Op::Splice => {
                // Taking out: earlier turns change. Adding at a place: as an insertion.
                if let (Some(Value::Number(0.0)), true) =
                    (args.first().map(|a| a.value.clone()), args.len() > 2)
                {
                    let new = args[2..].to_vec();
                    self.insert(id, Op::Unshift, new);
                } else {
                    self.cut_list(&Value::Cell(id), expr.span);
                }
                Some(Value::Cell(id))
            }
            Op::Clear => {
                if let Some(list) = self.heap.list_mut(id) {
                    list.items.clear();
                }
                Some(Value::None)
            }
            Op::Sort => {
                if let Some(list) = self.heap.list_mut(id) {
                    list.unordered = None;
                }
                Some(Value::Cell(id))
            }
            Op::Reverse => {
                if let Some(list) = self.heap.list_mut(id) {
                    list.items.reverse();
                }
                Some(Value::Cell(id))
            }
            Op::Map => Some(self.map(&Value::Cell(id), args.first(), expr)),
            Op::Filter => Some(self.filtered(id, args.first(), expr)),
            Op::ForEach => {
                self.for_each(&Value::Cell(id), args.first(), expr);
                Some(Value::None)
            }
            Op::Reduce => {
                let volatility = self.volatility(&Value::Cell(id));
                Some(self.derived(expr, volatility, 50))
            }
            Op::Values | Op::Keys | Op::Items => Some(Value::Cell(id)),
            Op::Get => Some(self.item_of(&Value::Cell(id), expr.span)),
            Op::Copy => Some(self.copied(id)),
            _ => None,
        }
    }

    fn insert(&mut self, id: usize, operation: Operation, args: Vec<Argument>) {
        let (at, new) = if operation == Operation::Unshift {
            (Some(0), args)
        } else {
            let mut args = args.into_iter();
            let at = match args.next().map(|arg| arg.value) {
                Some(Value::Number(number)) if number >= 0.0 => Some(number as usize),
                _ => None,
            };
            (at, args.collect())
        };
        let Some(at) = at else {
            // Somewhere behind the front: in front of the newest turns.
            if let Some(list) = self.heap.list_mut(id) {
                list.items
                    .extend(new.into_iter().map(|arg| Item::One(arg.value, arg.place)));
            }
            return;
        };
        if let Some(list) = self.heap.list_mut(id) {
            let at = at.min(list.items.len());
            for (offset, arg) in new.into_iter().enumerate() {
                list.items
                    .insert(at + offset, Item::One(arg.value, arg.place));
            }
        }
    }

    pub fn with_order_if(&mut self, value: Value, order: Option<Volatility>) -> Value {
        match order {
            Some(_) => self.with_order(value, order),
            None => value,
        }
    }

    fn for_each(&mut self, over: &Value, function: Option<&Argument>, expr: &Expr) {
        let Some(function) = function.map(|arg| arg.value.clone()) else {
            return;
        };
        let place = self.place(expr.span);
        if let Some(values) = self.known_items(over, true, expr.span) {
            for (index, value) in values.into_iter().enumerate() {
                let mut args = vec![Argument::positional(value, place.clone())];
                args.push(Argument::positional(
                    Value::Number(index as f64),
                    place.clone(),
                ));
                self.apply(&function, args, expr, (false, None));
            }
            return;
        }
        let volatility = self.volatility(over);
        let mut round =
            (*super::loops::round_at(self.written(expr.span), place.clone(), volatility, false))
                .clone();
        round.id = self.round_id(over);
        round.picks = picks(&function);
        let item = self.item_of(over, expr.span).in_round_of(round.id);
        self.in_slice(over, &place, |eval| {
            eval.noting_round(&round, |eval| {
                let index = eval.derived(expr, Volatility::constant(), 1);
                let args = [item, index].map(|value| Argument::positional(value, place.clone()));
                eval.apply(&function, args.to_vec(), expr, (false, None));
            });
        });
    }

    /// `items.filter(Boolean)` keeps what is there; another test keeps some.
    fn filtered(&mut self, id: usize, function: Option<&Argument>, expr: &Expr) -> Value {
        let Some(list) = self.heap.list(id).cloned() else {
            return Value::Cell(id);
        };
        let place = self.place(expr.span);
        let boolean = function.is_some_and(|arg| arg.value.path() == Some("Boolean"));
        let mut items = Vec::new();
        for (index, item) in list.items.into_iter().enumerate() {
            match item {
                Item::One(value, at) => {
                    let kept = if boolean {
                        self.kept(&value)
                    } else if let Some(function) = function {
                        let args = vec![Argument::positional(value.clone(), place.clone())];
                        let truth = self.apply(&function.value.clone(), args, expr, (false, None));
                        match self.known_truth(&truth) {
                            Some(known) => Kept::Known(known),
                            None => {
                                let written = self.written(expr.span);
                                let volatility = self.volatility(&truth);
                                let test = Condition::new(written, place.clone(), volatility);
                                Kept::Open(test.of_item(index))
                            }
                        }
                    } else {
                        Kept::Known(true)
                    };
                    match kept {
                        Kept::Known(true) => items.push(Item::One(value, at)),
                        Kept::Known(false) => {}
                        Kept::Open(condition) => {
                            let there = strip_nothing(&value);
                            items.push(Item::Branch(
                                condition,
                                vec![vec![Item::One(there, at)], Vec::new()],
                            ));
                        }
                    }
                }
                other => items.push(other),
            }
        }
        Value::Cell(self.heap.add(Cell::List(List {
            items,
            place,
            ..List {
                items: Vec::new(),
                unordered: list.unordered,
                rewrite: list.rewrite,
                // Some of them.
                most: Some(1),
                place: list.place,
            }
        })))
    }

    fn kept(&mut self, value: &Value) -> Kept {
        match value {
            Value::Choice(choice) => {
                let nothing = choice
                    .arms
                    .iter()
                    .any(|arm| self.known_truth(arm) == Some(false));
                if nothing {
                    Kept::Open(choice.condition.clone())
                } else {
                    Kept::Known(true)
                }
            }
            other => Kept::Known(self.known_truth(other) != Some(false)),
        }
    }

    // ---- objects ----

    fn object_method(
        &mut self,
        id: usize,
        operation: Operation,
        args: Vec<Argument>,
        expr: &Expr,
    ) -> Option<Value> {
        use Operation as Op;
        let object = self.heap.object(id)?.clone();
        match operation {
            Op::Get | Op::SetDefault | Op::Pop => {
                let key = args.first()?.value.clone();
                let found = match key.known_text() {
                    Some(key) => object.get(&key).cloned(),
                    None => Some(self.index(&Value::Cell(id), &key, expr.span)),
                };
                let default = args.get(1).map(|arg| arg.value.clone());
                let value = match (found, default, object.spreads.first()) {
                    (Some(value), _, _) => value,
                    (None, _, Some(spread)) => match key.known_text() {
                        Some(key) => self.member(&spread.clone(), &key, expr.span),
                        None => spread.clone(),
                    },
                    (None, Some(default), None) => default,
                    (None, None, None) => Value::None,
                };
                if operation == Op::SetDefault {
                    if let (Some(key), Some(object)) = (key.known_text(), self.heap.object_mut(id))
                    {
                        object.set(&key, value.clone());
                    }
                }
                if operation == Op::Pop {
                    if let (Some(key), Some(object)) = (key.known_text(), self.heap.object_mut(id))
                    {
                        object.entries.retain(|(name, _)| *name != key);
                    }
                }
                Some(value)
            }
            Op::Update => {
                for arg in args {
                    match arg.name {
                        Some(name) => {
                            if let Some(object) = self.heap.object_mut(id) {
                                object.set(&name, arg.value);
                            }
                        }
                        None => self.update_object(id, &arg.value),
                    }
                }
                Some(Value::None)
            }
            Op::Keys | Op::Values | Op::Items => Some(self.entries(id, operation, expr)),
            Op::Copy => Some(self.copied(id)),
            Op::ForEach => {
                let values = self.entries(id, Op::Values, expr);
                self.for_each(&values, args.first(), expr);
                Some(Value::None)
            }
            Op::Append => {
                // `set.add(x)` of a JavaScript Set or a plain object.
                if let Some(object) = self.heap.object_mut(id) {
                    object.spreads.extend(args.into_iter().map(|arg| arg.value));
                }
                Some(Value::None)
            }
            _ => None,
        }
    }

    /// Keys, values or pairs of an object, in the order they were put in.
    pub fn entries(&mut self, id: usize, operation: Operation, expr: &Expr) -> Value {
        let place = self.place(expr.span);
        let Some(object) = self.heap.object(id).cloned() else {
            return Value::Cell(id);
        };
        let mut items = Vec::new();
        for (key, value) in object.entries {
            let item = match operation {
                Operation::Keys => self.literal(expr.span, &key),
                Operation::Values => value,
                _ => {
                    let key = self.literal(expr.span, &key);
                    let pair = vec![
                        Item::One(key, place.clone()),
                        Item::One(value, place.clone()),
                    ];
                    self.new_list(pair, place.clone())
                }
            };
            items.push(Item::One(item, place.clone()));
        }
        for spread in object.spreads {
            items.push(Item::Spread(spread, place.clone()));
        }
        self.new_list(items, place)
    }

    // ---- methods of something open ----

    fn open_method(
        &mut self,
        unknown: &Rc<Unknown>,
        operation: Operation,
        name: &str,
        args: Vec<Argument>,
        expr: &Expr,
    ) -> Option<Value> {
        use Operation as Op;
        let value = Value::Unknown(unknown.clone());
        if unknown.verdict.clock {
            return self.clock_method(unknown, name, &args, expr);
        }
        match operation {
            Op::Map => {
                if unknown.is_history() || unknown.path.is_some() || unknown.item {
                    return Some(self.map(&value, args.first(), expr));
                }
                None
            }
            Op::Filter if unknown.is_history() => Some(self.at_most(value, Some(1))),
            // Some of them, in their order.
            Op::Filter => {
                let kept = self.filtered_open(unknown, args.first(), expr);
                Some(self.at_most(kept, Some(1)))
            }
            Op::Update => {
                for arg in &args {
                    self.update_open(unknown, arg);
                }
                Some(Value::None)
            }
            Op::ForEach => {
                self.for_each(&value, args.first(), expr);
                Some(Value::None)
            }
            Op::Sort => Some(self.with_order(value, None)),
            Op::Reverse if unknown.is_history() => Some(value),
            Op::Keys | Op::Values | Op::Items => Some(value),
            Op::Get => {
                let key = args.first().and_then(|arg| arg.value.known_text());
                // Something fetched by its key: a session's entry, a header.
                key.map(|key| self.member(&value, &key, expr.span))
            }
            // A conversation that is kept elsewhere grows at its end.
            Op::Append | Op::Extend | Op::Unshift | Op::Insert | Op::Clear
                if unknown.is_history() =>
            {
                Some(Value::None)
            }
            Op::Pop | Op::Shift | Op::Splice | Op::Remove if unknown.is_history() => {
                Some(self.item_of(&value, expr.span))
            }
            _ => None,
        }
    }

    // ---- functions ----

    /// A known function of a library or of the language.
    pub fn function(
        &mut self,
        operation: Operation,
        path: &str,
        args: &[Argument],
        expr: &Expr,
    ) -> Option<Value> {
        use Operation as Op;
        let first = args.first().map(|arg| arg.value.clone());
        match operation {
            Op::Identity => match first {
                Some(
                    value @ (Value::Number(_)
                    | Value::Float(_)
                    | Value::Bool(_)
                    | Value::None
                    | Value::Null),
                ) if matches!(path, "str" | "String" | "repr") => {
                    let place = self.place(expr.span);
                    Some(Value::pieces(self.print(&value, &place)))
                }
                Some(Value::Cell(id)) if matches!(path, "str" | "String" | "repr") => {
                    let place = self.place(expr.span);
                    let shown = self.shown(Value::Cell(id), expr.span);
                    Some(Value::pieces(self.print(&shown, &place)))
                }
                Some(Value::Cell(id)) if matches!(path, "list" | "tuple" | "Array.from") => {
                    Some(self.copied(id))
                }
                Some(value) => Some(value),
                None if matches!(path, "list" | "tuple") => {
                    let place = self.place(expr.span);
                    Some(self.new_list(Vec::new(), place))
                }
                None if path == "str" => Some(Value::empty_text()),
                None => None,
            },
            Op::Dedent => match first? {
                Value::Text(pieces) => {
                    let strips = path != "textwrap.dedent";
                    let out = texts::dedented(&pieces);
                    let out = if strips {
                        texts::stripped(&out, true, true, None)
                    } else {
                        out
                    };
                    Some(Value::pieces(out))
                }
                other => Some(other),
            },
            Op::Json => {
                let place = self.place(expr.span);
                let value = first?;
                if let Value::Cell(id) = &value {
                    // The body of a request stays an object: it prints as JSON and its parts are known.
                    let body = self.heap.object(*id).is_some_and(|object| {
                        let mut keys = object.entries.iter();
                        keys.any(|(key, _)| crate::sdk::is_body_key(key))
                    });
                    if body {
                        return Some(value);
                    }
                }
                let sorts = args.iter().any(|arg| {
                    arg.name.as_deref() == Some("sort_keys")
                        && matches!(arg.value, Value::Bool(true))
                });
                let pieces = match &value {
                    Value::Cell(_) => self.print(&value, &place),
                    Value::Unknown(unknown) => {
                        let mut unknown = (**unknown).clone();
                        if sorts {
                            unknown.unordered = None;
                        }
                        vec![self.slot(&unknown, &place)]
                    }
                    other => self.print(other, &place),
                };
                Some(Value::pieces(pieces))
            }
            Op::Sort => {
                let value = first?;
                Some(match value {
                    Value::Cell(_) | Value::Unknown(_) => self.with_order(value, None),
                    other => other,
                })
            }
            Op::Reverse | Op::Settle => {
                if args.len() > 1 {
                    let place = self.place(expr.span);
                    let items = args
                        .iter()
                        .map(|arg| {
                            if arg.spread {
                                Item::Spread(arg.value.clone(), arg.place.clone())
                            } else {
                                Item::One(arg.value.clone(), arg.place.clone())
                            }
                        })
                        .collect();
                    return Some(self.new_list(items, place));
                }
                first
            }
            Op::Unorder => {
                let place = self.place(expr.span);
                let value = match first {
                    Some(value) => value,
                    None => self.new_list(Vec::new(), place),
                };
                let single = matches!(&value, Value::Cell(id) if self.heap.list(*id).is_some_and(|list| {
                    list.items.len() <= 1 && list.items.iter().all(|item| matches!(item, Item::One(..)))
                }));
                if single {
                    return Some(value);
                }
                let order = self.order_of("set");
                Some(match value {
                    Value::Text(_) | Value::Choice(_) => value,
                    other => self.with_order(other, order),
                })
            }
            Op::Map if self.is_python() => {
                Some(self.map(&args.get(1)?.value.clone(), args.first(), expr))
            }
            Op::Filter if self.is_python() => match &args.get(1)?.value {
                Value::Cell(id) if self.heap.list(*id).is_some() => {
                    let id = *id;
                    let none = matches!(first, Some(Value::None));
                    Some(if none {
                        self.filtered_by_truth(id, expr)
                    } else {
                        self.filtered(id, args.first(), expr)
                    })
                }
                other => Some(other.clone()),
            },
            Op::Enumerate => {
                let value = first?;
                let place = self.place(expr.span);
                match self.known_items(&value, true, expr.span) {
                    Some(values) => {
                        let items: Vec<Item> = values
                            .into_iter()
                            .enumerate()
                            .map(|(index, value)| {
                                let number = Item::One(Value::Number(index as f64), place.clone());
                                let pair = vec![number, Item::One(value, place.clone())];
                                Item::One(self.new_list(pair, place.clone()), place.clone())
                            })
                            .collect();
                        Some(self.new_list(items, place))
                    }
                    None => {
                        let item = self.item_of(&value, expr.span);
                        let number = Item::One(Value::Number(1.0), place.clone());
                        let pair = self
                            .new_list(vec![number, Item::One(item, place.clone())], place.clone());
                        let round = self.mapped_round(
                            &value,
                            expr.span,
                            vec![Item::One(pair, place.clone())],
                        );
                        Some(self.new_list(vec![round], place))
                    }
                }
            }
            Op::Zip => {
                let place = self.place(expr.span);
                let pair: Vec<Item> = args
                    .iter()
                    .map(|arg| Item::One(self.item_of(&arg.value, expr.span), place.clone()))
                    .collect();
                let pair = self.new_list(pair, place.clone());
                let round =
                    self.mapped_round(&first?, expr.span, vec![Item::One(pair, place.clone())]);
                Some(self.new_list(vec![round], place))
            }
            Op::Range | Op::Length => {
                let volatility = args
                    .iter()
                    .map(|arg| self.volatility(&arg.value))
                    .fold(Volatility::constant(), worse);
                let length = self.derived(expr, volatility, 1);
                Some(match (operation, &first) {
                    (Op::Length, Some(list)) => self.length_of(list, length),
                    _ => length,
                })
            }
            Op::Bound => {
                let values: Vec<Value> = args.iter().map(|arg| arg.value.clone()).collect();
                self.bound_of(&values, expr)
            }
            Op::IsInstance => {
                let known = self.is_instance(&first?, &args.get(1)?.value);
                known.map(Value::Bool)
            }
            Op::IsList => self.is_list(&first?).map(Value::Bool),
            Op::Partial => {
                let Some(Value::Function(callable)) = &first else {
                    return first;
                };
                let mut callable: Callable = (**callable).clone();
                callable.bound.extend(args.iter().skip(1).cloned());
                Some(Value::Function(Rc::new(callable)))
            }
            Op::Dict => {
                let place = self.place(expr.span);
                let value = self.new_object(Vec::new(), place);
                if let Value::Cell(id) = value {
                    for arg in args {
                        match &arg.name {
                            Some(name) => {
                                if let Some(object) = self.heap.object_mut(id) {
                                    object.set(name, arg.value.clone());
                                }
                            }
                            None => self.update_object(id, &arg.value),
                        }
                    }
                }
                Some(value)
            }
            Op::Assign => {
                let target = first?;
                match &target {
                    Value::Cell(id) => {
                        for arg in args.iter().skip(1) {
                            self.update_object(*id, &arg.value);
                        }
                    }
                    Value::Unknown(unknown) => {
                        for arg in args.iter().skip(1) {
                            self.update_open(unknown, arg);
                        }
                    }
                    _ => {}
                }
                Some(target)
            }
            Op::Keys | Op::Values | Op::Items => match first? {
                Value::Cell(id) if self.heap.object(id).is_some() => {
                    Some(self.entries(id, operation, expr))
                }
                other => Some(other),
            },
            Op::Require => {
                let name = first?.known_text()?;
                Some(self.import_module(&name))
            }
            Op::Getattr => {
                let name = args.get(1)?.value.known_text()?;
                Some(self.member(&first?, &name, expr.span))
            }
            _ => self.file_function(operation, path, args, expr),
        }
    }

    fn filtered_by_truth(&mut self, id: usize, expr: &Expr) -> Value {
        let place = self.place(expr.span);
        let boolean = Unknown {
            path: Some("Boolean".into()),
            ..Unknown::new("Boolean", self.frame().code.classifier.name("constant"))
        };
        let boolean = Argument::positional(boolean.into_value(), place);
        self.filtered(id, Some(&boolean), expr)
    }

    /// A tagged template: `dedent` and its kin, `String.raw`; any other tag is a function of the text.
    pub fn tagged(&mut self, tag: &Expr, template: &Expr, expr: &Expr) -> Value {
        let function = self.eval(tag);
        let text = self.eval(template);
        let place = self.place(expr.span);
        let args = vec![Argument::positional(text.clone(), place)];
        match &function {
            Value::Unknown(unknown) => {
                let path = unknown.path.clone().unwrap_or_default();
                match self.function_operation(&path) {
                    Some(Operation::Dedent) => self
                        .function(Operation::Dedent, &path, &args, expr)
                        .unwrap_or(text),
                    _ => text,
                }
            }
            // A tag of the workspace mostly strips or escapes: the text is what counts.
            _ => text,
        }
    }
}

enum Kept {
    Known(bool),
    Open(Rc<Condition>),
}

/// What is left of a choice where it is something.
fn strip_nothing(value: &Value) -> Value {
    match value {
        Value::Choice(choice) => {
            let arms: Vec<Value> = choice
                .arms
                .iter()
                .filter(|arm| !arm.is_nothing() && !matches!(arm, Value::Bool(false)))
                .cloned()
                .collect();
            choose(&choice.condition, arms)
        }
        other => other.clone(),
    }
}

fn mutates(operation: Operation) -> bool {
    use Operation as Op;
    matches!(
        operation,
        Op::Append
            | Op::Extend
            | Op::Insert
            | Op::Unshift
            | Op::Clear
            | Op::Update
            | Op::Splice
            | Op::Remove
    )
}

/// Whether a callback picks among the items that it is called with.
pub fn picks(function: &Value) -> bool {
    match function {
        Value::Function(callable) => super::picks::callback_picks(callable.function()),
        _ => false,
    }
}
