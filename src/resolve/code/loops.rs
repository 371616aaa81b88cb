//! Loops: unrolled over known items, else one round stands for all. What a round adds to a text or a list becomes a
//! repetition; messages that a sending loop appends are the conversation.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::frontend::code::ir::{Expr, Pattern, Stmt};
use crate::prompt::{Piece, Repeat};
use crate::sdk;
use crate::source::{Place, Span};
use crate::volatility::classify::ValueKind;
use crate::volatility::Volatility;

use super::super::context::{LOOP_ROUNDS, MAX_UNROLLED};
use super::super::value::{from_history, worse};
use super::eval::{Eval, Flow};
use super::heap::{same_items, Cell, CellId, Delta, Item, Round};
use super::picks;
use super::tables;
use super::value::{Unknown, Value};

impl Eval<'_, '_> {
    pub fn for_loop(&mut self, pattern: &Pattern, over: &Expr, keys: bool, body: &[Stmt]) -> Flow {
        let value = self.eval(over);
        if let Some(items) = self.known_items(&value, keys, over.span) {
            return self.unrolled(pattern, items, body);
        }
        if let Some(items) = self.partly_known(&value) {
            let place = self.place(over.span);
            return self.in_slice(&value, &place, |eval| {
                eval.over_items(pattern, &items, over, body)
            });
        }
        let retries = tables::is_retry(&self.written(over.span))
            || pattern_names(pattern)
                .iter()
                .any(|name| tables::is_retry(name));
        let item = self.item_of(&value, over.span);
        let mut round = self.round_over(&value, over);
        round.picks = picks::picks(pattern, body) || picks::over_some(over);
        let place = self.place(over.span);
        let mut bind = |eval: &mut Self| {
            eval.assign(pattern, item.clone());
            eval.tag_round(pattern, round.id);
        };
        self.in_slice(&value, &place, |eval| {
            eval.repeated(&round, body, retries, &mut bind)
        })
    }

    pub fn while_loop(&mut self, test: Option<&Expr>, body: &[Stmt], span: Span) -> Flow {
        let (text, volatility, place) = match test {
            Some(test) => {
                let value = self.eval(test);
                if self.known_truth(&value) == Some(false) {
                    return Flow::Next;
                }
                (
                    self.written(test.span),
                    self.volatility(&value),
                    self.place(test.span),
                )
            }
            None => ("true".to_string(), Volatility::constant(), self.place(span)),
        };
        let retries = tables::is_retry(&text);
        let round = Round {
            over: text,
            place,
            volatility: worse(volatility, from_history()),
            rounds: LOOP_ROUNDS,
            unordered: false,
            history: false,
            id: self.marks.next_round(),
            picks: true,
            rewrite: None,
        };
        self.repeated(&round, body, retries, &mut |_| {})
    }

    fn unrolled(&mut self, pattern: &Pattern, items: Vec<Value>, body: &[Stmt]) -> Flow {
        for item in items {
            if !self.enter() {
                break;
            }
            self.assign(pattern, item);
            let flow = self.round_of(body);
            self.leave();
            match flow {
                Flow::Next | Flow::Stop => {}
                other => return other,
            }
        }
        Flow::Next
    }

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
    fn over_items(
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
                    let value = first_item(inner);
                    let mut round = (**round).clone();
                    round.picks = picks::picks(pattern, body);
                    self.repeated(&round, body, false, &mut |eval| {
                        if let Some(value) = &value {
                            eval.assign(pattern, value.clone());
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

    /// Items made of items, one by one: those of a branch stay in its arms, those of a loop in its rounds.
    pub fn mapped_items(
        &mut self,
        items: &[Item],
        span: Span,
        make: &mut dyn FnMut(&mut Self, Value) -> Vec<Item>,
    ) -> Vec<Item> {
        let mut out = Vec::new();
        for item in items {
            if !self.enter() {
                break;
            }
            match item {
                Item::One(value, _) => out.extend(make(self, value.clone())),
                Item::Branch(condition, arms) => {
                    let arms: Vec<Vec<Item>> = arms
                        .iter()
                        .map(|arm| self.mapped_items(arm, span, make))
                        .collect();
                    if arms.iter().any(|arm| !arm.is_empty()) {
                        out.push(Item::Branch(condition.clone(), arms));
                    }
                }
                Item::Repeat(round, inner) => {
                    let inner = self.mapped_items(inner, span, make);
                    out.push(Item::Repeat(round.clone(), inner));
                }
                Item::Spread(value, _) => {
                    let value = value.clone();
                    let item = self.item_of(&value, span);
                    let own = make(self, item);
                    let round = self.mapped_round(&value, span, own);
                    out.push(round);
                }
            }
            self.leave();
        }
        out
    }

    /// One round for all. A dry round first shows what the rounds add, so that what is sent within the loop stands
    /// behind the turns of earlier rounds.
    fn repeated(
        &mut self,
        round: &Round,
        body: &[Stmt],
        retries: bool,
        bind: &mut dyn FnMut(&mut Self),
    ) -> Flow {
        let id = self.next_loop;
        self.next_loop += 1;
        let outer = self.read.take();
        if !retries {
            self.loops.push(id);
        }
        // Loops within loops would double the work at every level: two levels are looked at twice.
        if !retries && self.quiet < 2 {
            self.quiet += 1;
            let mark = self.heap.mark();
            let (returns, _) = self.left_open();
            bind(self);
            self.round_of(body);
            if let Some(frame) = self.frames.last_mut() {
                frame.returns.truncate(returns);
            }
            self.quiet -= 1;
            let dry = self.heap.undo(mark);
            self.carry_turns(&dry, round);
        }
        let mark = self.heap.mark();
        let flow = self.in_round(round.id, |eval| {
            bind(eval);
            eval.round_of(body)
        });
        if !retries {
            self.loops.pop();
        }
        let written = self.heap.written(mark);
        self.fold_round(&written, round);
        self.heap.keep(mark);
        self.read = outer.or_else(|| self.read.take());
        match flow {
            // A return within a loop may not be reached.
            Flow::Return(value) => {
                let left = self.heap.present();
                let place = round.place.clone();
                let condition = super::value::Condition::new(
                    round.over.clone(),
                    place,
                    round.volatility.clone(),
                );
                if let Some(frame) = self.frames.last_mut() {
                    frame.returns.push(super::eval::Pending {
                        condition,
                        value,
                        left,
                    });
                }
                Flow::Next
            }
            _ => Flow::Next,
        }
    }

    /// Names of a pattern that hold an item now: it differs between the rounds.
    pub fn tag_round(&mut self, pattern: &Pattern, round: u32) {
        for name in pattern_names(pattern) {
            if let Some(item @ Value::Unknown(_)) = self.lookup(&name) {
                self.bind(&name, item.in_round_of(round));
            }
        }
    }

    /// Runs a callback once for all rounds: the markers that it writes into what is open are written in each.
    pub fn noting_round(&mut self, round: &Round, run: impl FnOnce(&mut Self)) {
        let mark = self.heap.mark();
        self.in_round(round.id, run);
        let written = self.heap.written(mark);
        self.fold_notes(&written, round);
        self.heap.keep(mark);
    }

    /// One round: where it ends early (`continue`, `break` in an arm) is joined in.
    fn round_of(&mut self, body: &[Stmt]) -> Flow {
        // The states that an early end leaves count from here.
        let mark = self.heap.mark();
        self.stops.push(Vec::new());
        let flow = self.block(body);
        let stops = self.stops.pop().unwrap_or_default();
        self.join_stops(stops);
        self.heap.keep(mark);
        flow
    }

    /// Lists that held something before the loop and get messages in it: earlier rounds stand in them as history.
    fn carry_turns(&mut self, dry: &Delta, round: &Round) {
        for id in dry.ids() {
            let (Cell::List(old), Some(Cell::List(new))) = (self.heap.get(id), dry.get(id)) else {
                continue;
            };
            let added = new.items.len() > old.items.len();
            if !added || !self.adds_turns(&new.items[old.items.len()..]) {
                continue;
            }
            // A list that the loop begins is a copy of the turns that it reads, as they were cut or changed.
            let read = self.read.as_ref().filter(|_| old.items.is_empty());
            let turns = Rc::new(Round {
                history: true,
                over: "earlier turns".into(),
                rewrite: round.rewrite.as_ref().or(read).cloned(),
                ..round.clone()
            });
            if let Some(list) = self.heap.list_mut(id) {
                list.items.push(Item::Repeat(turns, Vec::new()));
            }
        }
    }

    /// Whether added items are turns of a conversation as they are.
    fn are_turns(&self, items: &[Item]) -> bool {
        let why = from_history().why;
        items.iter().all(|item| match item {
            Item::One(Value::Unknown(unknown), _) => {
                unknown.item && unknown.verdict.volatility.why == why
            }
            Item::Branch(_, arms) => {
                arms.iter().any(|arm| !arm.is_empty()) && arms.iter().all(|arm| self.are_turns(arm))
            }
            _ => false,
        })
    }

    /// Whether added items look like messages of a conversation: an answer of a model, or a role of the two.
    fn adds_turns(&self, items: &[Item]) -> bool {
        items.iter().any(|item| match item {
            Item::One(value, _) => self.adds_turn(value),
            Item::Spread(Value::Unknown(unknown), _) => is_answer(unknown),
            Item::Branch(_, arms) => arms.iter().any(|arm| self.adds_turns(arm)),
            Item::Repeat(_, body) => self.adds_turns(body),
            _ => false,
        })
    }

    fn adds_turn(&self, value: &Value) -> bool {
        match value {
            Value::Cell(id) => match self.heap.get(*id) {
                Cell::Object(object) => {
                    let block = |kind: String| sdk::is_media(&kind) || sdk::is_text_block(&kind);
                    let kind = object.get("type");
                    let known = kind.and_then(Value::known_text);
                    object.get("role").is_some() || (kind.is_some() && !known.is_some_and(block))
                }
                _ => false,
            },
            // One turn, by its kind.
            Value::Choice(choice) => choice.arms.iter().any(|arm| self.adds_turn(arm)),
            Value::Unknown(unknown) => is_answer(unknown),
            _ => false,
        }
    }

    /// Behind the loop: what a round added to texts and lists is repeated.
    fn fold_round(&mut self, start: &BTreeMap<CellId, Rc<Cell>>, round: &Round) {
        for (id, before) in start {
            let id = *id;
            let folded = match (&**before, self.heap.get(id)) {
                (Cell::List(old), Cell::List(new)) if new.items.len() > old.items.len() => {
                    let mut list = new.clone();
                    let more = new.items.len() - old.items.len();
                    // What was put in front, or behind.
                    let front = !old.items.is_empty() && same_items(&new.items[more..], &old.items);
                    let added = match front {
                        true => list.items.drain(..more).collect(),
                        false => list.items.split_off(old.items.len()),
                    };
                    if let Some(own) = self.system_items(&added) {
                        let at = if front { 0 } else { list.items.len() };
                        list.items.splice(at..at, own);
                        *self.heap.edit(id) = Cell::List(list);
                        continue;
                    }
                    let history = self.adds_turns(&added);
                    let turns = Round {
                        history: round.history && self.are_turns(&added),
                        ..round.clone()
                    };
                    // Turns that were carried already stand for these.
                    let carried = list.items.iter_mut().find_map(|item| match item {
                        Item::Repeat(round, body) if round.history && history => Some(body),
                        _ => None,
                    });
                    match carried {
                        Some(body) => *body = added,
                        None => {
                            let at = if front { 0 } else { list.items.len() };
                            list.items.insert(at, Item::Repeat(Rc::new(turns), added));
                        }
                    }
                    Some(Cell::List(list))
                }
                (Cell::Scope(old), Cell::Scope(new)) => {
                    let mut scope = new.clone();
                    let mut changed = false;
                    for (name, value) in &mut scope.names {
                        let Some(before) = old.names.get(name) else {
                            continue;
                        };
                        let grown = grown(before, value, round);
                        if let Some(grown) = grown.or_else(|| self.system_choice(value)) {
                            *value = grown;
                            changed = true;
                        }
                    }
                    changed.then_some(Cell::Scope(scope))
                }
                (Cell::Object(old), Cell::Object(new)) => {
                    let mut object = new.clone();
                    let mut changed = false;
                    for (name, value) in &mut object.entries {
                        let Some(before) = old.get(name) else {
                            continue;
                        };
                        if let Some(grown) = grown(before, value, round) {
                            *value = grown;
                            changed = true;
                        }
                    }
                    changed.then_some(Cell::Object(object))
                }
                _ => None,
            };
            if let Some(cell) = folded {
                *self.heap.edit(id) = cell;
            }
        }
    }

    /// The items of a sequence that is known item by item.
    pub fn known_items(&mut self, value: &Value, keys: bool, span: Span) -> Option<Vec<Value>> {
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
                item.of = item.of.take().or(item.path.take().map(Into::into));
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
                match (first, open) {
                    (Some(value), _) => value,
                    (None, Some(open)) => self.item_of(&open, span),
                    (None, None) => {
                        let volatility = self.volatility(value);
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
        Round {
            over: self.written(over.span),
            place: self.place(over.span),
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
                let list = self.heap.list(*id)?;
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

fn is_answer(unknown: &Unknown) -> bool {
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

/// A text that went on from what it was before the round: what was added is repeated.
fn grown(before: &Value, after: &Value, round: &Round) -> Option<Value> {
    let (Value::Text(old), Value::Text(new)) = (before, after) else {
        return None;
    };
    if Rc::ptr_eq(old, new) || old == new {
        return None;
    }
    let added = added_pieces(old, new)?;
    let mut pieces = (**old).clone();
    if let Some(own) = super::roles::system_text(&added) {
        pieces.extend(own);
        return Some(Value::pieces(pieces));
    }
    pieces.push(Piece::Repeat(Repeat {
        over: round.over.clone(),
        place: round.place.clone(),
        volatility: round.volatility.clone(),
        body: added,
        rounds: round.rounds,
        unordered: round.unordered,
    }));
    Some(Value::pieces(pieces))
}

fn added_pieces(old: &[Piece], new: &[Piece]) -> Option<Vec<Piece>> {
    let Some((last, front)) = old.split_last() else {
        return Some(new.to_vec());
    };
    if new.len() < old.len() || new[..front.len()] != *front {
        return None;
    }
    let mut added = Vec::new();
    match (last, &new[front.len()]) {
        (a, b) if a == b => {}
        (Piece::Text(a), Piece::Text(b)) if b.as_str().starts_with(a.as_str()) => {
            added.push(Piece::Text(b.slice(a.len(), b.len())));
        }
        _ => return None,
    }
    added.extend(new[old.len()..].iter().cloned());
    Some(added)
}

fn pattern_names(pattern: &Pattern) -> Vec<String> {
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
