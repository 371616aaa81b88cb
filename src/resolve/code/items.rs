//! Items of lists and texts: by index, by slice, replaced and deleted.

use std::rc::Rc;

use crate::frontend::code::ir::Expr;
use crate::prompt::Rewrite;
use crate::sdk;
use crate::source::Span;
use crate::volatility::classify::ValueKind;
use crate::volatility::Class;

use super::super::value::from_history;
use super::arms::choose;
use super::eval::Eval;
use super::heap::{Cell, Item, List};
use super::rounds::first_item;
use super::value::{Choice, Unknown, Value};

/// Both ends of a slice; `None`: left out.
pub type Bounds = (Option<i64>, Option<i64>);

impl Eval<'_, '_> {
    /// `object[index]`
    pub fn index(&mut self, object: &Value, index: &Value, span: Span) -> Value {
        if let Some(made) = self.made_entry(object, index, span) {
            return made;
        }
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
        if let Some(found) = self.either_entry(object, index, span) {
            return found;
        }
        match object {
            // `Memory[Turn]()`: a class with its type parameters.
            Value::Class(_) if self.is_python() => object.clone(),
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
                    _ => match self.put_turns(*id) {
                        Some(turns) => turns,
                        None => match (self.newest_turn(object, span), index.unknown()) {
                            (Some(turn), Some(index)) => match index.round {
                                Some(round) => turn.in_round_of(round),
                                None => turn,
                            },
                            (Some(turn), None) => turn,
                            (None, _) => self
                                .kept_by_key(*id, span)
                                .unwrap_or_else(|| self.item_of(object, span)),
                        },
                    },
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

    /// The conversation that was put into an object last, under a key that is not known.
    fn put_turns(&self, id: usize) -> Option<Value> {
        let object = self.heap.object(id)?;
        let last = object.spreads.last()?;
        let alone = object.class.is_none() && object.entries.is_empty();
        let cut = matches!(last, Value::Cell(_)) || self.rewrite_of(last).is_some();
        (alone && cut && self.holds_turns(last)).then(|| last.clone())
    }

    /// What stands under one of a few keys, or in one of a few tables.
    fn either_entry(&mut self, object: &Value, index: &Value, span: Span) -> Option<Value> {
        if !self.is_table(object) {
            return None;
        }
        let keys = |choice: &Choice| choice.arms.iter().all(|arm| arm.known_text().is_some());
        match (object, index) {
            (_, Value::Choice(choice)) if keys(choice) => {
                let arms = choice.arms.iter();
                let arms = arms.map(|key| self.index(object, key, span)).collect();
                Some(choose(&choice.condition, arms))
            }
            (Value::Choice(choice), _) => {
                let arms = choice.arms.iter();
                let arms = arms.map(|table| self.index(table, index, span)).collect();
                Some(choose(&choice.condition, arms))
            }
            _ => None,
        }
    }

    /// Whether a value is an object without a class, or one of several.
    fn is_table(&self, value: &Value) -> bool {
        match value {
            Value::Cell(id) => self.heap.object(*id).is_some_and(|o| o.class.is_none()),
            Value::Choice(choice) => choice.arms.iter().all(|arm| match arm {
                Value::Cell(_) => self.is_table(arm),
                _ => false,
            }),
            _ => false,
        }
    }

    /// The entry that a dict makes where it lacks one. All keys that are not known share one.
    fn made_entry(&mut self, object: &Value, index: &Value, span: Span) -> Option<Value> {
        let Value::Cell(id) = object else {
            return None;
        };
        let key = index.known_text();
        let dict = self.heap.object(*id)?;
        let factory = dict.factory.clone()?;
        let there = match &key {
            Some(key) => dict.get(key),
            None => dict.spreads.first(),
        };
        if there.is_some() {
            return there.cloned();
        }
        let place = self.place(span);
        let made = match factory.path() {
            Some("list" | "set" | "collections.deque" | "deque") => {
                let turns = self.turns_by_key(&place);
                self.new_list(turns.into_iter().collect(), place)
            }
            Some("dict") => self.new_object(Vec::new(), place),
            Some("str") => self.literal(span, ""),
            Some("int") => Value::Number(0.0),
            _ => self.apply(&factory, Vec::new(), &Expr::opaque(span), (false, None)),
        };
        let dict = self.heap.object_mut(*id)?;
        match key {
            Some(key) => dict.set(&key, made.clone()),
            None => dict.spreads.push(made.clone()),
        }
        Some(made)
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
                    _ if at < 0 => self
                        .newest_turn(value, span)
                        .unwrap_or_else(|| self.item_of(value, span)),
                    _ => self.item_of(value, span),
                }
            }
            Value::Choice(choice) => {
                let arms = choice.arms.clone();
                let arms = arms.iter().map(|arm| self.item_at(arm, at, span)).collect();
                choose(&choice.condition, arms)
            }
            // The first part of a split date is the date.
            other => {
                let item = self.item_of(other, span);
                match at == 0 && opens_conversation(other) {
                    true => opening_turn(item),
                    false => item,
                }
            }
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

    /// A message of a list that ends with the turns of a conversation, which one is not known: what stands in front of
    /// them are few.
    fn newest_turn(&mut self, value: &Value, span: Span) -> Option<Value> {
        let Value::Cell(id) = value else {
            return None;
        };
        let (last, front) = self.heap.list(*id)?.items.split_last()?;
        let message = |item: &Item| match item {
            Item::One(Value::Cell(id), _) => {
                let object = self.heap.object(*id);
                object.is_some_and(|object| object.get("role").is_some())
            }
            _ => false,
        };
        if front.is_empty() || !front.iter().all(message) {
            return None;
        }
        match last.clone() {
            Item::Spread(turns, _) if turns.is_history() => Some(self.item_of(&turns, span)),
            turns @ Item::Repeat(..) => self.last_turn(&turns, span),
            _ => None,
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
        if let (Value::Unknown(unknown), Some(key)) = (object, index.known_text()) {
            let place = self.place(span);
            return self.clear_open(unknown, &key, place);
        }
        // `delete params.system[0].cache_control`, of one of several texts.
        if let Value::Choice(choice) = object {
            if index.known_text().is_some_and(|key| sdk::is_marker(&key)) {
                let arms = choice.arms.iter();
                arms.for_each(|arm| self.delete_item(arm, index, span));
            }
            return;
        }
        let Value::Cell(id) = object else {
            return;
        };
        if let Some(key) = index.known_text() {
            if let Some(object) = self.heap.object_mut(*id) {
                object.take_out(&key);
            }
            return;
        }
        if let Value::Number(number) = index {
            let at = *number as i64;
            if self.spliced(*id, (Some(at), (at != -1).then_some(at + 1)), Vec::new()) {
                return;
            }
            if at >= 0 {
                self.cut_list(object, span);
            }
        }
    }

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
            out.rewrite = Some(self.window_here(start.as_ref(), expr.span));
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
        let slides = slides && self.holds_history(&items);
        let rewrite = slides.then(|| self.window_here(start.as_ref(), expr.span));
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

    pub fn extend_list(&mut self, id: usize, value: &Value, span: Span) {
        let mut items = Vec::new();
        self.spread_into(&mut items, value, span);
        if let Some(list) = self.heap.list_mut(id) {
            list.items.extend(items);
        }
    }

    /// Items of a list, that is known item by item and is no conversation, in the place of others. `false`: it is not
    /// such a list.
    pub fn spliced(&mut self, id: usize, bounds: Bounds, new: Vec<Item>) -> bool {
        let Some(list) = self.heap.list(id) else {
            return false;
        };
        let count = list.items.len() as i64;
        let at = |bound: Option<i64>, default: i64| {
            let bound = bound.unwrap_or(default);
            (if bound < 0 { count + bound } else { bound }).clamp(0, count) as usize
        };
        let (from, to) = (at(bounds.0, 0), at(bounds.1, count));
        let front = &list.items[..to.max(from)];
        let counted = match bounds.0.unwrap_or(0) < 0 || bounds.1.unwrap_or(0) < 0 {
            true => &list.items,
            false => front,
        };
        let known = counted.iter().all(|item| matches!(item, Item::One(..)));
        if !known || self.holds_history(&list.items) || self.is_conversation(&Value::Cell(id)) {
            return false;
        }
        if let Some(list) = self.heap.list_mut(id) {
            list.items.splice(from..to.max(from), new);
        }
        true
    }

    pub fn set_slice(
        &mut self,
        object: &Value,
        value: Value,
        (bounds, whole): (Option<Bounds>, bool),
        span: Span,
    ) {
        let Value::Cell(id) = object else {
            return;
        };
        let mut items = Vec::new();
        self.spread_into(&mut items, &value, span);
        if let Some(bounds) = bounds.filter(|_| !whole) {
            if self.spliced(*id, bounds, items.clone()) {
                return;
            }
        }
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

    /// Something is taken out of a list: earlier turns change where it holds a conversation. Not where
    /// a test asked what the first one is: what is taken out in front of all turns is the same at each of them.
    pub fn cut_list(&mut self, object: &Value, span: Span) {
        let Value::Cell(id) = object else {
            return;
        };
        if self.first_is_asked {
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
        holds.then(|| self.cut_here(span))
    }
}

/// Whether the first item of a value is what a conversation began with: no window has moved over it.
fn opens_conversation(value: &Value) -> bool {
    value
        .unknown()
        .is_some_and(|unknown| unknown.is_history() && unknown.rewrite.is_none())
}

/// What opens a conversation stays the same for as long as that lasts.
fn opening_turn(item: Value) -> Value {
    match item {
        Value::Unknown(unknown) => {
            let mut turn = Rc::unwrap_or_clone(unknown);
            turn.verdict.volatility.class = Class::Session;
            turn.into_value()
        }
        other => other,
    }
}
