//! What a loop runs over: known items one by one, else one round that stands for all.

use std::rc::Rc;

use crate::frontend::code::ir::{Expr, Pattern, Stmt};
use crate::source::{Place, Span};
use crate::volatility::classify::ValueKind;
use crate::volatility::{Confidence, Origin, Volatility};

use super::super::context::{LOOP_ROUNDS, MAX_UNROLLED};
use super::super::value::{from_history, worse};
use super::arms::choose;
use super::eval::{Eval, Flow};
use super::heap::{Item, Round};
use super::picks;
use super::tables;
use super::value::{Unknown, Value};

impl Eval<'_, '_> {
    /// The items of a list of which at least the parts are known: some that may be missing, some of another loop.
    pub fn partly_known(&self, value: &Value) -> Option<Vec<Item>> {
        let Value::Cell(id) = value else {
            return None;
        };
        let list = self.heap.list(*id)?;
        let apart = list
            .items
            .iter()
            .any(|item| matches!(item, Item::One(..) | Item::Branch(..)));
        (list.unordered.is_none() && apart && list.items.len() <= MAX_UNROLLED)
            .then(|| list.items.clone())
    }

    /// A loop over such items: each that is known by itself, those of a branch in its arms.
    pub fn over_items(
        &mut self,
        pattern: &Pattern,
        items: &[Item],
        over: &Expr,
        body: &[Stmt],
    ) -> Flow {
        for item in items {
            if !self.enter() {
                break;
            }
            let flow = match item {
                Item::One(value, _) => {
                    self.assign(pattern, value.clone());
                    self.round_of(body)
                }
                Item::Branch(condition, arms) => {
                    self.fork(condition, arms.len(), &mut |eval, arm| {
                        eval.over_items(pattern, &arms[arm], over, body)
                    })
                }
                Item::Repeat(round, inner) => {
                    let value = first_item(inner).or_else(|| {
                        let turns = round.history.then(|| vec![item.clone()])?;
                        let turns = self.new_list(turns, round.place.clone());
                        Some(self.turn_of(&turns, over.span))
                    });
                    let mut round = (**round).clone();
                    round.picks = picks::picks(pattern, body);
                    self.repeated(&round, body, false, &mut |eval| {
                        if let Some(value) = &value {
                            eval.assign(pattern, value.clone());
                            eval.tag_round(pattern, round.id);
                        }
                    })
                }
                Item::Spread(value, _) => {
                    let value = value.clone();
                    let item = self.item_of(&value, over.span);
                    let mut round = self.round_over(&value, over);
                    round.picks = picks::picks(pattern, body);
                    self.repeated(&round, body, false, &mut |eval| {
                        eval.assign(pattern, item.clone());
                        eval.tag_round(pattern, round.id);
                    })
                }
            };
            self.leave();
            match flow {
                Flow::Next | Flow::Stop => {}
                other => return other,
            }
        }
        Flow::Next
    }

    /// The items of a sequence that is known item by item.
    pub fn known_items(&mut self, value: &Value, keys: bool, span: Span) -> Option<Vec<Value>> {
        // One of several lists of the same length: item by item.
        if let Value::Choice(choice) = value {
            let choice = choice.clone();
            let mut arms = Vec::with_capacity(choice.arms.len());
            for arm in &choice.arms {
                arms.push(self.known_items(arm, keys, span)?);
            }
            let length = arms.first()?.len();
            if arms.iter().any(|arm| arm.len() != length) {
                return None;
            }
            let item = |at: usize| {
                let all = arms.iter().map(|arm| arm[at].clone()).collect();
                choose(&choice.condition, all)
            };
            return Some((0..length).map(item).collect());
        }
        let Value::Cell(id) = value else {
            return None;
        };
        if let Some(list) = self.heap.list(*id) {
            if list.unordered.is_some() || list.items.len() > MAX_UNROLLED {
                return None;
            }
            let mut out = Vec::with_capacity(list.items.len());
            for item in &list.items {
                let Item::One(value, _) = item else {
                    return None;
                };
                out.push(value.clone());
            }
            return Some(out);
        }
        let object = self.heap.object(*id)?;
        if !object.spreads.is_empty()
            || object.class.is_some()
            || object.entries.len() > MAX_UNROLLED
        {
            return None;
        }
        if !keys && !self.is_python() {
            return None;
        }
        let names: Vec<String> = object.entries.iter().map(|(key, _)| key.clone()).collect();
        Some(names.iter().map(|key| self.literal(span, key)).collect())
    }

    /// An item of a sequence that is not known: as volatile as what it comes from.
    pub fn item_of(&mut self, value: &Value, span: Span) -> Value {
        match value {
            Value::Unknown(unknown) => {
                self.note_read(value);
                let mut item: Unknown = (**unknown).clone();
                item.item = true;
                item.of = item.of.take().or(item.path.take());
                item.path = None;
                item.rewrite = None;
                item.declared = None;
                item.most = None;
                if item.is_history() {
                    item.verdict.kind = ValueKind::Plain;
                    item.verdict.volatility = from_history();
                }
                if item.verdict.kind == ValueKind::Tools {
                    item.verdict.tokens = (self.assume.tools_tokens / LOOP_ROUNDS).max(1);
                }
                item.into_value()
            }
            Value::Cell(_) | Value::Choice(_) if self.is_conversation(value) => {
                match self.marked_turn(value) {
                    Some(turn) => {
                        self.note_read(value);
                        turn
                    }
                    None => self.turn_of(value, span),
                }
            }
            Value::Cell(id) => {
                // Items of known shape: the first one shows what they are made of.
                let list = self.heap.list(*id);
                let first = list.and_then(|list| first_item(&list.items));
                let open = list.and_then(|list| match list.items.as_slice() {
                    [Item::Spread(open, _)] => Some(open.clone()),
                    _ => None,
                });
                let within = self.heap.reading.begin(*id);
                // One of a conversation behind its instructions is a turn.
                let turns = list.is_some_and(|list| {
                    self.leads_with_system(&list.items) && self.holds_history(&list.items)
                });
                match (first, open) {
                    _ if turns => self.turn_of(value, span),
                    (Some(value), _) => value,
                    (None, Some(open)) if within.is_some() => self.item_of(&open, span),
                    // One of several messages: what each says is its own.
                    (None, _) if self.is_messages(*id) => self.turn_of(value, span),
                    (None, _) => {
                        let volatility = one_of(self.volatility(value));
                        let expr = Expr::opaque(span);
                        self.derived(&expr, volatility, 20)
                    }
                }
            }
            other => {
                let volatility = self.volatility(other);
                let expr = Expr::opaque(span);
                self.derived(&expr, volatility, 20)
            }
        }
    }

    pub fn round_over(&mut self, value: &Value, over: &Expr) -> Round {
        let unordered = self.unordered(value);
        let mut volatility = self.volatility(value);
        if let Some(order) = &unordered {
            volatility = worse(volatility, order.clone());
        }
        let place = self.place(over.span);
        if let Value::Unknown(turns) = value {
            if turns.is_history() {
                self.note_turns(turns, &place);
            }
        }
        Round {
            over: self.written(over.span),
            place,
            volatility,
            rounds: LOOP_ROUNDS,
            unordered: unordered.is_some(),
            id: self.round_id(value),
            picks: false,
            history: value.is_history() || self.is_conversation(value),
            rewrite: self.rewrite_of(value),
        }
    }

    /// Why the order of a sequence is not fixed, if it is not.
    pub fn unordered(&self, value: &Value) -> Option<Volatility> {
        match value {
            Value::Unknown(unknown) => unknown.unordered.clone(),
            Value::Cell(id) => {
                if let Some(object) = self.heap.object(*id) {
                    return object.unordered.clone();
                }
                let list = self.heap.list(*id)?;
                let _within = self.heap.reading.begin(*id)?;
                list.unordered.clone().or_else(|| {
                    list.items.iter().find_map(|item| match item {
                        Item::Spread(value, _) => self.unordered(value),
                        Item::Repeat(round, _) if round.unordered => Some(round.volatility.clone()),
                        _ => None,
                    })
                })
            }
            Value::Choice(choice) => choice.arms.iter().find_map(|arm| self.unordered(arm)),
            _ => None,
        }
    }
}

pub fn is_answer(unknown: &Unknown) -> bool {
    tables::is_answer(unknown.path.as_deref().unwrap_or(&unknown.expr))
}

pub fn first_item(items: &[Item]) -> Option<Value> {
    items.iter().find_map(|item| match item {
        Item::One(value, _) => Some(value.clone()),
        Item::Repeat(_, body) => first_item(body),
        Item::Branch(_, arms) => arms.iter().find_map(|arm| first_item(arm)),
        Item::Spread(..) => None,
    })
}

pub fn pattern_names(pattern: &Pattern) -> Vec<String> {
    match pattern {
        Pattern::Name(name, _) => vec![name.clone()],
        Pattern::List(items, _) => items.iter().flat_map(pattern_names).collect(),
        Pattern::Rest(inner) | Pattern::Default(inner, _) => pattern_names(inner),
        _ => Vec::new(),
    }
}

/// Where something stands, for rounds that no loop statement names.
pub fn round_at(over: String, place: Place, volatility: Volatility, unordered: bool) -> Rc<Round> {
    Rc::new(Round {
        over,
        place,
        volatility,
        rounds: LOOP_ROUNDS,
        unordered,
        history: false,
        id: 0,
        picks: false,
        rewrite: None,
    })
}

/// What one of several things varies with, of which some hold a clock or an id: whether this one does, nothing says.
fn one_of(all: Volatility) -> Volatility {
    match all.origin {
        Origin::MadeUp => Volatility {
            confidence: Confidence::Possible,
            ..all
        },
        _ => all,
    }
}
