//! Loops: unrolled over known items, else one round stands for all. What a round adds to a text or a list becomes a
//! repetition; messages that a sending loop appends are the conversation.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::frontend::code::ir::{Expr, Pattern, Stmt};
use crate::prompt::{Piece, Repeat};
use crate::sdk;
use crate::source::Span;
use crate::volatility::{Class, Confidence, Volatility};

use super::super::context::LOOP_ROUNDS;
use super::super::value::{from_history, worse};
use super::asked;
use super::eval::{Eval, Flow};
use super::heap::{same_items, Cell, CellId, Delta, Item, List, Round};
use super::picks;
use super::rounds::{is_answer, pattern_names};
use super::rows;
use super::tables;
use super::value::Value;

/// The dry round of a loop takes one part in so many of the steps that are left.
const DRY_PART: usize = 2;

impl Eval<'_, '_> {
    pub fn for_loop(&mut self, pattern: &Pattern, over: &Expr, keys: bool, body: &[Stmt]) -> Flow {
        let mut value = self.eval(over);
        if let Value::Cell(id) = value {
            // Not by its keys: a `Map`.
            if !keys && self.is_map(id) {
                value = self.entries(id, tables::Operation::Items, over);
            }
        }
        if let Some(items) = self.known_items(&value, keys, over.span) {
            return self.unrolled(pattern, items, body);
        }
        if let Some(items) = self.partly_known(&value) {
            let place = self.place(over.span);
            let aged = self.goes_over_old(over);
            return self.in_slice(&value, &place, |eval| {
                eval.by_age(aged, |eval| eval.over_items(pattern, &items, over, body))
            });
        }
        let open = matches!(&value, Value::Unknown(unknown) if unknown.verdict.kind.is_plain());
        let value = match open && asked::asks_for_role(&self.frame().code.module, pattern, body) {
            true => self.as_conversation(value),
            false => value,
        };
        let retries = tables::is_retry(&self.written(over.span))
            || pattern_names(pattern)
                .iter()
                .any(|name| tables::is_retry(name));
        let item = self.item_of(&value, over.span);
        let mut round = self.round_over(&value, over);
        round.picks = picks::picks(pattern, body) || picks::over_some(over);
        let place = self.place(over.span);
        let sent = self.sent;
        let mut bind = |eval: &mut Self| {
            eval.assign(pattern, item.clone());
            eval.tag_round(pattern, round.id);
            // A dry round has shown by now whether the loop sends.
            if eval.sent > sent && !retries {
                eval.note_range(pattern, over);
            }
        };
        let aged = self.goes_over_old(over);
        self.in_slice(&value, &place, |eval| {
            eval.by_age(aged, |eval| eval.repeated(&round, body, retries, &mut bind))
        })
    }

    pub fn while_loop(&mut self, test: Option<&Expr>, body: &[Stmt], span: Span) -> Flow {
        let counted = test.and_then(|test| {
            let to = || picks::counted_to(test).filter(|_| !rows::leaves(body));
            picks::counted_over(test).or_else(to)
        });
        let (text, volatility, place) = match test {
            Some(test) => {
                let named = picks::counted_over(test).unwrap_or(test);
                let value = self.eval(counted.unwrap_or(test));
                if counted.is_none() && self.known_truth(&value) == Some(false) {
                    return Flow::Next;
                }
                (
                    self.written(named.span),
                    self.volatility(&value),
                    self.place(named.span),
                )
            }
            None => ("true".to_string(), Volatility::constant(), self.place(span)),
        };
        // It may run as long as a conversation goes on, and it may not: nothing here says.
        let goes_on = Volatility {
            confidence: Confidence::Possible,
            ..from_history()
        };
        let retries = test.is_some_and(|test| tables::is_retry(&self.written(test.span)));
        let cuts = test.map_or(self.cuts, |test| self.cuts_under(test));
        let outer = std::mem::replace(&mut self.cuts, cuts);
        let round = Round {
            over: text,
            place,
            volatility: match counted {
                Some(_) => volatility,
                None => worse(volatility, goes_on),
            },
            rounds: LOOP_ROUNDS,
            unordered: false,
            history: false,
            id: self.marks.next_round(),
            picks: true,
            rewrite: None,
        };
        let first = test.is_some_and(super::roles::asks_for_first);
        let before = std::mem::replace(&mut self.first_is_asked, first);
        let aged = test.is_some_and(|test| self.asks_for_age(test));
        let flow = self.by_age(aged, |eval| {
            eval.repeated(&round, body, retries, &mut |_| {})
        });
        self.first_is_asked = before;
        self.cuts = outer;
        flow
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
                    let (system, own) = self.apart(own);
                    let round = self.mapped_round(&value, span, own);
                    self.add_made(&mut out, (system, round));
                }
            }
            self.leave();
        }
        out
    }

    /// One round for all. A dry round first shows what the rounds add, so that what is sent within the loop stands
    /// behind the turns of earlier rounds.
    pub fn repeated(
        &mut self,
        round: &Round,
        body: &[Stmt],
        retries: bool,
        bind: &mut dyn FnMut(&mut Self),
    ) -> Flow {
        self.repeated_by(round, retries, &mut |eval| {
            bind(eval);
            eval.round_of(body)
        })
    }

    /// The same where something else runs the round: a callback.
    pub fn repeated_by(
        &mut self,
        round: &Round,
        retries: bool,
        run: &mut dyn FnMut(&mut Self) -> Flow,
    ) -> Flow {
        let id = self.next_loop;
        self.next_loop += 1;
        let outer = self.read.take();
        let counters = self.counters.len();
        if !retries {
            self.loops.push(id);
        }
        let life = self.life;
        // Loops within loops would double the work at every level: two levels are looked at twice.
        if !retries && self.quiet < 2 {
            let sent = self.sent;
            let mark = self.heap.mark();
            let (returns, _) = self.left_open();
            let whole = self.work.begin_part(DRY_PART);
            self.dryly(|eval| run(eval));
            self.work.end_part(whole);
            if let Some(frame) = self.frames.last_mut() {
                frame.returns.truncate(returns);
            }
            // What the rounds of a conversation compute is as old as the round, even where a constructor runs them.
            if self.sent > sent {
                self.life = life.filter(|life| *life != Class::Session);
            }
            let dry = self.heap.undo(mark);
            self.carry_turns(&dry, round, id);
            if self.sent > sent {
                self.note_counters(&dry);
            }
        }
        let mark = self.heap.mark();
        let flow = self.in_round(round.id, run);
        self.counters.truncate(counters);
        self.life = life;
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
    pub fn round_of(&mut self, body: &[Stmt]) -> Flow {
        // The states that an early end leaves count from here.
        let mark = self.heap.mark();
        self.stops.push(Vec::new());
        let flow = self.block(body);
        let stops = self.stops.pop().unwrap_or_default();
        self.join_stops(stops);
        self.heap.keep(mark);
        flow
    }

    /// Lists that held something before the loop and get messages in it, or are made anew with more of them: earlier
    /// rounds stand in them as history.
    fn carry_turns(&mut self, dry: &Delta, round: &Round, running: u32) {
        for id in dry.ids() {
            match (self.heap.get(id), dry.get(id)) {
                (Cell::List(old), Some(Cell::List(new))) => {
                    let added = new.items.get(old.items.len()..).unwrap_or_default();
                    let Some(turns) = self.earlier_turns(&old.items, added, round) else {
                        continue;
                    };
                    self.note_carried(&turns, running);
                    if let Some(list) = self.heap.list_mut(id) {
                        list.items.push(Item::Repeat(turns, Vec::new()));
                    }
                }
                (Cell::Scope(old), Some(Cell::Scope(new))) => {
                    let remade = self.remade(old.names.iter(), |name| new.names.get(name), round);
                    for (name, list, turns) in remade {
                        let list = self.carried_list(list, turns, running);
                        if let Some(scope) = self.heap.scope_mut(id) {
                            scope.names.set(&name, list);
                        }
                    }
                }
                (Cell::Object(old), Some(Cell::Object(new))) => {
                    let entries = old
                        .entries
                        .iter()
                        .map(|(name, value)| (name.as_str(), value));
                    let remade = self.remade(entries, |name| new.get(name), round);
                    for (name, list, turns) in remade {
                        let list = self.carried_list(list, turns, running);
                        if let Some(object) = self.heap.object_mut(id) {
                            object.set(&name, list);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Names that hold another list behind a round, with all that the one before held and turns behind it.
    fn remade<'v>(
        &self,
        before: impl Iterator<Item = (&'v str, &'v Value)>,
        behind: impl Fn(&str) -> Option<&'v Value>,
        round: &Round,
    ) -> Vec<(String, List, Rc<Round>)> {
        let mut out = Vec::new();
        for (name, value) in before {
            let (Value::Cell(old), Some(Value::Cell(new))) = (value, behind(name)) else {
                continue;
            };
            let (Some(list), Some(new)) = (self.heap.list(*old), self.heap.list(*new)) else {
                continue;
            };
            let count = list.items.len();
            let goes_on = new.items.len() > count && same_items(&new.items[..count], &list.items);
            if goes_on {
                let turns = self.earlier_turns(&list.items, &new.items[count..], round);
                out.extend(turns.map(|turns| (name.to_string(), list.clone(), turns)));
            }
        }
        out
    }

    fn carried_list(&mut self, mut list: List, turns: Rc<Round>, running: u32) -> Value {
        self.note_carried(&turns, running);
        list.items.push(Item::Repeat(turns, Vec::new()));
        Value::Cell(self.heap.add(Cell::List(list)))
    }

    /// What stands for the turns of earlier rounds, where a round adds some to a list.
    fn earlier_turns(&self, old: &[Item], added: &[Item], round: &Round) -> Option<Rc<Round>> {
        if added.is_empty() || !self.adds_turns(added) {
            return None;
        }
        // A list that the loop begins is a copy of the turns that it reads, as they were cut or changed. So is one
        // whose turns it makes anew.
        let begun = old.is_empty();
        let read = self.read.as_ref().filter(|_| begun);
        let rewrite = round.rewrite.as_ref().or(read).cloned();
        let changed = || self.changed_turns(added, round.place.span);
        Some(Rc::new(Round {
            history: true,
            over: "earlier turns".into(),
            rewrite: rewrite.or_else(|| begun.then(changed).flatten()),
            ..round.clone()
        }))
    }

    fn note_carried(&mut self, turns: &Round, running: u32) {
        // What stands in copies the turns that the loop around its call adds.
        let known = self.carried.get(&turns.place);
        let copied = known.is_some_and(|known| self.loops.contains(known));
        if !copied || self.stood_in.is_empty() {
            self.carried.insert(turns.place.clone(), running);
        }
    }

    /// Whether added items are turns of a conversation as they are.
    pub fn are_turns(&self, items: &[Item]) -> bool {
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
    pub fn adds_turns(&self, items: &[Item]) -> bool {
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
                        if id == self.marks.notes {
                            self.note_on_system(&own);
                        }
                        let at = if front { 0 } else { list.items.len() };
                        list.items.splice(at..at, own);
                        *self.heap.edit(id) = Cell::List(list);
                        continue;
                    }
                    let history = self.adds_turns(&added);
                    let (own, added) = self.apart(added);
                    let known = self.leads_with_system(&list.items);
                    let ahead =
                        |item: &Item| matches!(item, Item::Repeat(round, _) if round.history);
                    if !front && !known {
                        let ahead = list.items.iter().position(ahead);
                        let at = ahead.unwrap_or(list.items.len());
                        list.items.splice(at..at, own);
                    }
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
                    for (name, value) in scope.names.iter_mut() {
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
