//! Comprehensions and mapped lists: one round stands for all.

use std::rc::Rc;

use crate::frontend::code::ir::{Comprehension, ComprehensionKind, Expr, ExprKind, Pattern};
use crate::source::Span;
use crate::volatility::classify::Order;
use crate::volatility::{Given, Origin, Volatility};

use super::super::value::worse;
use super::eval::{deploy, Eval};
use super::heap::{Cell, Item, List, Object};
use super::picks;
use super::roles::keeps_system;
use super::rounds::round_at;
use super::stmts::Truth;
use super::value::Value;

impl Eval<'_, '_> {
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
                if let Some(object) = self.heap.object(id) {
                    if object.unordered.is_none() && order.is_none() {
                        return value;
                    }
                    let object = Object {
                        unordered: order,
                        ..object.clone()
                    };
                    return Value::Cell(self.heap.add(Cell::Object(object)));
                }
                let Some(list) = self.heap.list(id) else {
                    return value;
                };
                let mut list = list.clone();
                if order.is_none() {
                    list.items.iter_mut().for_each(in_order);
                }
                list.unordered = order;
                Value::Cell(self.heap.add(Cell::List(list)))
            }
            Value::Unknown(unknown) => {
                let mut unknown = Rc::unwrap_or_clone(unknown);
                // What varied in its order alone does so no more.
                if order.is_none() && unknown.verdict.volatility.origin == Origin::Order {
                    unknown.verdict.volatility = deploy("in a fixed order");
                }
                unknown.unordered = order;
                unknown.into_value()
            }
            other => other,
        }
    }

    pub fn comprehension(&mut self, comprehension: &Comprehension, expr: &Expr) -> Value {
        let over = self.eval(&comprehension.over);
        let turn = |value: &Value| matches!(value, Value::Unknown(turn) if turn.item && turn.verdict.volatility.given == Given::Conversation);
        if turn(&over) && copies_entries(comprehension) {
            return over;
        }
        let place = self.place(expr.span);
        let scope = self.new_scope(Some(self.frame().scope));
        let outer = match self.frames.last_mut() {
            Some(frame) => std::mem::replace(&mut frame.scope, scope),
            None => return Value::None,
        };
        let known = self.known_items(&over, true, comprehension.over.span);
        let mut items = Vec::new();
        let mut entries: Vec<(Option<String>, Value)> = Vec::new();
        let placed = self.listed_by_position(comprehension);
        match known {
            _ if placed.is_some() => items = placed.unwrap_or_default(),
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
                let mut parts = self.partly_known(&over).unwrap_or_default();
                let system = match (&comprehension.pattern, &comprehension.test) {
                    (Pattern::Name(name, _), Some(test)) => keeps_system(test, name),
                    _ => None,
                };
                if system == Some(true) {
                    parts = self.without_turns(parts);
                }
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
                let numbered = self.numbers_turns(&over);
                let history = std::mem::take(&mut round.history) || numbered;
                if numbered {
                    round.rewrite = self.rewrite_of(&over);
                }
                let changed = (history && round.rewrite.is_none())
                    .then(|| self.changed_turns(&own, comprehension.element.span))
                    .flatten();
                let (system, own) = self.apart(own);
                // `[m for m in history]` is the history, and so is what a test leaves of it.
                let kept = || !own.is_empty() && self.are_turns(&own);
                // Messages whose roles the items bring are the turns of a conversation, whatever it is called.
                let turns = || matches!(over, Value::Unknown(_)) && self.brings_roles(&own);
                let passes = history && (comprehension.test.is_none() || kept()) || turns();
                if passes {
                    round.history = true;
                    round.rewrite = round.rewrite.or(changed);
                }
                if !self.leads_with_system(&items) {
                    items.extend(system);
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
                let order = self.unordered(&over);
                let value = self.new_object(Vec::new(), place);
                if let Value::Cell(id) = value {
                    if let Some(object) = self.heap.object_mut(id) {
                        object.unordered = order;
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

/// `{key: value for key, value in turn.items() if key in SENT}`: the thing itself, or what of it is sent.
fn copies_entries(comprehension: &Comprehension) -> bool {
    let named = |expr: &Expr, name: &str| matches!(&expr.kind, ExprKind::Name(own) if own == name);
    let Pattern::List(names, _) = &comprehension.pattern else {
        return false;
    };
    let ([Pattern::Name(key, _), Pattern::Name(value, _)], Some(own)) =
        (names.as_slice(), &comprehension.key)
    else {
        return false;
    };
    named(own, key) && named(&comprehension.element, value)
}

/// What a loop over something without an order put into a list stands in an order once the list is sorted.
pub fn in_order(item: &mut Item) {
    let Item::Repeat(round, _) = item else {
        return;
    };
    if round.unordered {
        let round = Rc::make_mut(round);
        round.unordered = false;
        if round.volatility.origin == Origin::Order {
            round.volatility = deploy("in a fixed order");
        }
    }
}
