//! Windows over a conversation: positions that are counted from its end, copies of it that a loop makes, and earlier
//! turns that are changed. Which words and keys tell is in `rules/code.yaml`.

use std::rc::Rc;

use crate::frontend::code::ir::{BinaryOp, Expr, ExprKind, Pattern, StmtKind};
use crate::prompt::{History, Message, Piece, Rewrite};
use crate::source::{Place, Span};
use crate::volatility::classify::ValueKind;
use crate::volatility::{Confidence, Given};

use super::super::roles::HISTORY_ROLE;
use super::super::value::from_history;
use super::eval::Eval;
use super::heap::Item;
use super::marks::{root_of, turn_path, turns_of, EDIT, ON_SYSTEM};
use super::tables::{tables, tells};
use super::things::{thing_of, Position, Thing};
use super::value::{Argument, Choice, Condition, Unknown, Value};

/// Values within values that are looked through for what was changed.
const MAX_DEPTH: usize = 5;

impl Eval<'_, '_> {
    // ---- positions ----

    /// Two values computed to one, with where it stands in a conversation.
    pub fn placed(&mut self, op: BinaryOp, left: &Value, right: &Value, expr: &Expr) -> Value {
        let value = self.computed(left, right, expr);
        let value = self.of_times(op, (left, right), value, expr);
        // What is taken off says whether it is a number of turns to keep.
        let written = self.written(expr.span);
        let taken = written.rsplit('-').next().unwrap_or_default();
        let window = || tells(&tables().window_words, taken);
        let fixed = matches!(right, Value::Number(number) if *number > 1.0);
        let position = match (op, position(left), position(right)) {
            (BinaryOp::Remainder, Some(Position::Length | Position::Tail(_)), _) => Position::Step,
            (BinaryOp::Subtract, Some(_), Some(Position::Step)) => Position::Block,
            (BinaryOp::Subtract, Some(Position::Length), None) if matches!(right, Value::Number(number) if *number == 1.0) => {
                Position::Newest
            }
            (BinaryOp::Subtract, Some(Position::Length), None) if fixed || window() => {
                Position::Tail(turns(right))
            }
            // How far from the end a turn stands that a loop has come to.
            (BinaryOp::Subtract, Some(Position::Length | Position::Newest), None)
                if takes_place_off(expr) =>
            {
                Position::Age
            }
            (BinaryOp::Subtract | BinaryOp::Add, Some(Position::Age), None) => Position::Age,
            (
                BinaryOp::Subtract | BinaryOp::Add,
                Some(at @ (Position::Tail(_) | Position::Block)),
                _,
            )
            | (BinaryOp::Add, _, Some(at @ (Position::Tail(_) | Position::Block))) => at,
            (BinaryOp::Multiply | BinaryOp::Arithmetic, Some(_), _) => Position::Block,
            _ => return value,
        };
        at_position(value, position)
    }

    /// The length of a list that holds a conversation.
    pub fn length_of(&self, list: &Value, length: Value) -> Value {
        match self.is_conversation(list) || self.holds_turns(list) {
            true => at_position(length, Position::Length),
            false => length,
        }
    }

    /// The least or the most of some positions: `max(0, len(history) - 20)`.
    pub fn bound_of(&mut self, values: &[Value], expr: &Expr) -> Option<Value> {
        let found = values.iter().find_map(position)?;
        let volatility = values.iter().map(|value| self.volatility(value)).fold(
            crate::volatility::Volatility::constant(),
            super::super::value::worse,
        );
        let value = self.derived(expr, volatility, 1);
        Some(at_position(value, found))
    }

    /// Whether a slice that starts there keeps the newest turns only, so that the oldest fall off one by one.
    pub fn slides(&self, start: Option<&Value>, expr: &Expr) -> bool {
        match start {
            None => false,
            Some(Value::Number(number)) => *number < 0.0,
            Some(start) => {
                let written = self.written(expr.span);
                matches!(position(start), Some(Position::Tail(_)))
                    || written.contains("[-")
                    || written.contains("(-")
            }
        }
    }

    // ---- copies ----

    fn are_lists(&self, items: &[Item]) -> bool {
        let one = |item: &Item| matches!(item, Item::One(Value::Cell(id), _) if self.heap.list(*id).is_some());
        !items.is_empty() && items.iter().all(one)
    }

    /// Whether a value is a conversation and nothing else.
    pub fn is_conversation(&self, value: &Value) -> bool {
        match value {
            Value::Cell(id) => self.heap.list(*id).is_some_and(|list| {
                let turns = |item: &Item| match item {
                    Item::Spread(value, _) => value.is_history(),
                    // Numbered turns are pairs, and no turns themselves.
                    Item::Repeat(round, body) => round.history && !self.are_lists(body),
                    _ => false,
                };
                !list.items.is_empty() && list.items.iter().all(turns)
            }),
            Value::Choice(choice) => {
                let mut arms = choice.arms.iter();
                arms.any(|arm| self.is_conversation(arm))
                    && choice.arms.iter().all(|arm| {
                        self.is_conversation(arm)
                            || matches!(arm, Value::None)
                            || self.is_empty_list(arm)
                    })
            }
            other => other.is_history(),
        }
    }

    /// Whether a list numbers the turns of a conversation: `enumerate(turns)`.
    pub fn numbers_turns(&self, value: &Value) -> bool {
        let Value::Cell(id) = value else {
            return false;
        };
        self.heap.list(*id).is_some_and(|list| {
            matches!(list.items.as_slice(), [Item::Repeat(round, body)] if round.history && self.are_lists(body))
        })
    }

    /// Whether items are messages whose roles are those of the things that they are made of: `{"role": row.role, ..}`.
    pub fn brings_roles(&self, items: &[Item]) -> bool {
        let [Item::One(Value::Cell(id), _)] = items else {
            return false;
        };
        let role = self.heap.object(*id).and_then(|object| object.get("role"));
        let own = role.and_then(Value::unknown);
        own.is_some_and(|role| role.item || role.of.is_some())
    }

    /// An empty list or one of any length (`if turns is None: turns = []`) is the latter: a sequence may be empty anyway.
    pub fn filled_one(&self, choice: Rc<Choice>) -> Value {
        let (empty, filled): (Vec<&Value>, Vec<&Value>) =
            choice.arms.iter().partition(|arm| self.is_empty_list(arm));
        match filled.as_slice() {
            [only] if !empty.is_empty() && self.has_any_length(only) => (*only).clone(),
            _ => Value::Choice(choice),
        }
    }

    /// Whether a value is something open, or a conversation: neither says how many items it has. Tools are there or not.
    fn has_any_length(&self, value: &Value) -> bool {
        match value {
            Value::Unknown(unknown) => unknown.verdict.kind != ValueKind::Tools,
            other => self.is_conversation(other),
        }
    }

    pub fn is_empty_list(&self, value: &Value) -> bool {
        let Value::Cell(id) = value else {
            return false;
        };
        self.heap
            .list(*id)
            .is_some_and(|list| list.items.is_empty())
    }

    /// How the turns of a conversation were cut or changed.
    pub fn rewrite_of(&self, value: &Value) -> Option<Rewrite> {
        match value {
            Value::Unknown(unknown) => unknown.rewrite.clone(),
            Value::Cell(id) => {
                let list = self.heap.list(*id)?;
                let _within = self.heap.reading.begin(*id)?;
                list.rewrite.clone().or_else(|| {
                    list.items.iter().find_map(|item| match item {
                        Item::Spread(value, _) => self.rewrite_of(value),
                        Item::Repeat(round, _) if round.history => round.rewrite.clone(),
                        _ => None,
                    })
                })
            }
            Value::Choice(choice) => {
                let found = choice.arms.iter().find_map(|arm| self.rewrite_of(arm))?;
                Some(in_arm(found, &choice.condition))
            }
            _ => None,
        }
    }

    /// An item of a conversation in a list: an earlier turn.
    pub fn turn_of(&mut self, value: &Value, span: Span) -> Value {
        // Which of the turns it is, and whether they all are turns of this conversation, is not known.
        let volatility = crate::volatility::Volatility {
            confidence: Confidence::Possible,
            ..from_history()
        };
        let mut unknown = Unknown::new(
            self.written(span),
            crate::volatility::classify::Verdict {
                kind: ValueKind::Plain,
                volatility,
                tokens: 100,
                clock: false,
            },
        );
        unknown.item = true;
        unknown.of = self.turns_root(value).map(|root| turn_path(&root));
        self.note_read(value);
        let place = self.place(span);
        self.born(unknown, place, "an earlier turn")
    }

    /// What the turns of a conversation are part of.
    fn turns_root(&self, value: &Value) -> Option<String> {
        match value {
            Value::Cell(id) => {
                let items = &self.heap.list(*id)?.items;
                let of = |item: &Item| match item {
                    Item::Spread(Value::Unknown(unknown), _) => Some(root_of(unknown)),
                    Item::Repeat(round, _) if round.history => Some(turns_of(round)),
                    _ => None,
                };
                match self.leads_with_system(items) {
                    true => items.iter().find_map(of),
                    false => of(items.last()?),
                }
            }
            Value::Choice(choice) => choice.arms.iter().find_map(|arm| self.turns_root(arm)),
            Value::Unknown(unknown) => Some(root_of(unknown)),
            _ => None,
        }
    }

    /// The last turn of a list that ends with those that a loop over the conversation makes.
    pub fn last_turn(&mut self, last: &Item, span: Span) -> Option<Value> {
        match last {
            Item::Repeat(round, body) if round.history && !self.are_lists(body) => {
                let place = round.place.clone();
                let turns = self.new_list(vec![last.clone()], place);
                Some(self.turn_of(&turns, span))
            }
            _ => None,
        }
    }

    /// Notes that a turn of a conversation was read: what a loop makes of it is of the same turns.
    pub fn note_read(&mut self, value: &Value) {
        if let Some(rewrite) = self.rewrite_of(value) {
            self.read.get_or_insert(rewrite);
        }
    }

    // ---- functions that cut ----

    /// A function of a library that cuts a conversation: a helper that acts at the limit of the context, one that keeps
    /// the newest turns alone, a list that holds so many.
    pub fn trimmed(&mut self, path: &str, args: &[Argument], expr: &Expr) -> Option<Value> {
        let name = path.rsplit('.').next().unwrap_or(path);
        if let Some((_, bound)) = tables().bounded.iter().find(|(known, _)| known == name) {
            return self.bounded(args, bound, expr);
        }
        let named = |names: &[String]| names.iter().any(|known| known == name);
        let newest = named(&tables().newest);
        if !newest && !named(&tables().trimmers) {
            return None;
        }
        let turns = args.iter().map(|arg| &arg.value);
        let history = turns
            .filter(|value| match value {
                Value::Unknown(unknown) => unknown.is_history(),
                other => newest && self.is_conversation(other),
            })
            .find(|value| !value.is_nothing())?;
        // The last turn alone is no conversation.
        let one = |arg: &Argument| matches!(arg.value, Value::Number(number) if number <= 1.0);
        if newest && (args.len() < 2 || args.iter().any(one)) {
            return None;
        }
        let rewrite = Rewrite {
            only_at_limit: !newest || self.cuts.at_limit,
            ..self.cut_here(expr.span)
        };
        Some(self.rewritten(history.clone(), Some(rewrite)))
    }

    /// `deque(history, maxlen=20)`
    fn bounded(&mut self, args: &[Argument], bound: &str, expr: &Expr) -> Option<Value> {
        let most = args.iter().find(|arg| arg.name.as_deref() == Some(bound))?;
        if most.value.is_nothing() || matches!(most.value, Value::Number(most) if most <= 1.0) {
            return None;
        }
        let mut items = Vec::new();
        if let Some(held) = args.iter().find(|arg| arg.name.is_none()) {
            self.spread_into(&mut items, &held.value, held.place.span);
        }
        if !items.is_empty() && !self.holds_history(&items) {
            return None;
        }
        let place = self.place(expr.span);
        let list = self.new_list(items, place);
        let keeps = match most.value {
            Value::Number(most) => Some(most as u32),
            _ => None,
        };
        let cut = Rewrite {
            keeps,
            ..self.cut_here(expr.span)
        };
        Some(self.rewritten(list, Some(cut)))
    }

    /// What is known of cuts where a test holds, besides what is known already.
    pub fn cuts_under(&mut self, test: &Expr) -> Cuts {
        Cuts {
            at_limit: self.cuts.at_limit || at_limit(&self.written(test.span)),
            most: self.most_turns(test).or(self.cuts.most),
        }
    }

    /// The number of turns that a test compares the length of a conversation with: `len(turns) > 20`.
    fn most_turns(&mut self, test: &Expr) -> Option<u32> {
        let ExprKind::Binary { op, left, right } = &test.kind else {
            return None;
        };
        match op {
            BinaryOp::And | BinaryOp::Or => {
                self.most_turns(left).or_else(|| self.most_turns(right))
            }
            BinaryOp::Compare => {
                let sides = [self.looked_at(left)?, self.looked_at(right)?];
                let length = |value| position(value) == Some(Position::Length);
                match &sides {
                    [length_side, most] if length(length_side) => turns(most),
                    [most, length_side] if length(length_side) => turns(most),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// A conversation that is cut here, to as many turns as the tests around it say.
    pub fn cut_here(&self, span: Span) -> Rewrite {
        Rewrite {
            place: self.place(span),
            how: self.written(span),
            only_at_limit: self.cuts.at_limit,
            keeps: self.cuts.most,
        }
    }

    /// Turns are taken out of a list, as many as it has more than are kept: `turns.splice(1, turns.length - 20)`.
    pub fn cut_behind(&mut self, id: usize, args: &[Argument], span: Span) {
        let most = args.iter().find_map(|arg| kept_turns(&arg.value));
        let cuts = Cuts {
            most: most.or(self.cuts.most),
            ..self.cuts
        };
        let outer = std::mem::replace(&mut self.cuts, cuts);
        self.cut_list(&Value::Cell(id), span);
        self.cuts = outer;
    }

    /// A window over the newest turns from where it starts. One that a longer conversation is cut to drops a block of
    /// turns at once, and slides no more until it is as long again.
    pub fn window_here(&self, start: Option<&Value>, span: Span) -> Rewrite {
        let cut = self.cut_here(span);
        let kept = start.and_then(kept_turns);
        let block = match (kept, self.cuts.most) {
            (Some(kept), Some(most)) => f64::from(most) >= f64::from(kept) * BLOCK,
            _ => false,
        };
        Rewrite {
            only_at_limit: cut.only_at_limit || block,
            keeps: kept.or(cut.keeps),
            ..cut
        }
    }

    /// A conversation that was cut or changed, where it was.
    pub fn rewritten(&mut self, value: Value, rewrite: Option<Rewrite>) -> Value {
        let Some(rewrite) = rewrite else {
            return value;
        };
        match value {
            Value::Unknown(unknown) => {
                let mut unknown = Rc::unwrap_or_clone(unknown);
                unknown.rewrite.get_or_insert(rewrite);
                unknown.into_value()
            }
            Value::Cell(id) => {
                let copy = self.copied(id);
                if let Value::Cell(copy) = &copy {
                    if let Some(list) = self.heap.list_mut(*copy) {
                        list.rewrite.get_or_insert(rewrite);
                    }
                }
                copy
            }
            other => other,
        }
    }

    /// `turns.filter((turn, i) => i >= turns.length - 10)`
    pub fn newest_by_position(
        &mut self,
        function: Option<&Argument>,
        expr: &Expr,
    ) -> Option<Rewrite> {
        let Some(Value::Function(callable)) = function.map(|arg| &arg.value) else {
            return None;
        };
        let callable = callable.clone();
        let function = callable.function();
        let Pattern::Name(index, _) = &function.params.get(1)?.pattern else {
            return None;
        };
        let StmtKind::Return(Some(test)) = &function.body.last()?.kind else {
            return None;
        };
        self.counts_from_newest(test, index)
            .then(|| self.cut_here(expr.span))
    }

    /// Whether a test compares this position with one that is counted from the end.
    fn counts_from_newest(&mut self, test: &Expr, index: &str) -> bool {
        let ExprKind::Binary { op, left, right } = &test.kind else {
            return false;
        };
        let is_index = |expr: &Expr| matches!(&expr.kind, ExprKind::Name(name) if name == index);
        match op {
            BinaryOp::And | BinaryOp::Or => {
                self.counts_from_newest(left, index) || self.counts_from_newest(right, index)
            }
            BinaryOp::Compare if is_index(left) => {
                matches!(position(&self.eval(right)), Some(Position::Tail(_)))
            }
            BinaryOp::Compare if is_index(right) => {
                matches!(position(&self.eval(left)), Some(Position::Tail(_)))
            }
            _ => false,
        }
    }

    // ---- changes ----

    /// `turn["content"] = "[cleared]"`, written into an earlier turn that a loop or a position shows.
    pub fn clears_turn(&self, turn: &Unknown, key: &str, value: &Value, place: &Place) -> bool {
        let content = tables().content_keys.iter().any(|known| known == key);
        let earlier = turn.item && turn.verdict.volatility.given == Given::Conversation;
        // The newest one was sent by nobody yet.
        let written = self.written(place.span);
        let newest = written.contains("-1") || written.contains("- 1");
        let by_age = || self.aged && self.takes_place(value, &written);
        let cleared = || {
            let text = value.known_text();
            text.is_some_and(|text| tells(&tables().cleared_words, &text))
        };
        content && earlier && !newest && (cleared() || by_age())
    }

    /// Where the content of turns of this conversation was taken out.
    pub fn edited_turns(&self, root: &str) -> Option<Rewrite> {
        let notes = self.noted_roots();
        notes.into_iter().find_map(|(note, of, place)| {
            let object = self.heap.object(note)?;
            let edit = object.get(EDIT).is_some() && object.get(ON_SYSTEM).is_none();
            (edit && root_of(&of) == root).then(|| self.edited_at(place))
        })
    }

    /// `turns[i] = {..turn, content: "[cleared]"}`: an earlier turn is not what it was.
    pub fn edit_turn(&mut self, id: usize, index: &Value, value: &Value, span: Span) {
        let Some(list) = self.heap.list(id) else {
            return;
        };
        let one = |item: &Item| matches!(item, Item::One(..));
        let other = match index {
            // From the end, or one that is in sight: no earlier turn.
            Value::Number(at) if *at < 0.0 => true,
            Value::Number(at) => list.items.iter().take(*at as usize + 1).all(one),
            index => matches!(position(index), Some(Position::Newest | Position::Length)),
        };
        if other || !self.holds_history(&list.items) {
            return;
        }
        let Some(place) = self.change_in(value, 0) else {
            return;
        };
        let rewrite = Rewrite {
            how: self.written(span),
            ..self.edited_at(place)
        };
        if let Some(list) = self.heap.list_mut(id) {
            list.rewrite.get_or_insert(rewrite);
        }
    }

    /// What a function over turns makes of them: `turns.map(t => old(t) ? {..t, content: "[cleared]"} : t)`.
    pub fn changed_turns(&self, body: &[Item], span: Span) -> Option<Rewrite> {
        self.change_among(body, 0).map(|place| Rewrite {
            how: self.written(span),
            ..self.edited_at(place)
        })
    }

    /// A conversation of which an earlier turn is changed there.
    fn edited_at(&self, place: Place) -> Rewrite {
        Rewrite {
            how: self.written(place.span),
            place,
            only_at_limit: self.cuts.at_limit,
            keeps: None,
        }
    }

    /// Where a copy is made, within a value, in which a text that says so took the place of the content.
    fn change_in(&self, value: &Value, depth: usize) -> Option<Place> {
        if depth > MAX_DEPTH {
            return None;
        }
        match value {
            Value::Cell(id) => {
                if let Some(list) = self.heap.list(*id) {
                    return self.change_among(&list.items, depth + 1);
                }
                let object = self.heap.object(*id)?;
                let content = |key: &str| tables().content_keys.iter().any(|known| known == key);
                object.entries.iter().find_map(|(key, value)| {
                    let other = || {
                        let text = value.known_text();
                        let cleared =
                            text.is_some_and(|text| tells(&tables().cleared_words, &text));
                        let aged = self.aged_turns.contains(&object.place);
                        cleared || aged && self.takes_place(value, &self.written_at(&object.place))
                    };
                    match !object.spreads.is_empty() && content(key) && other() {
                        true => Some(object.place.clone()),
                        false => self.change_in(value, depth + 1),
                    }
                })
            }
            Value::Choice(choice) => {
                let mut arms = choice.arms.iter();
                arms.find_map(|arm| self.change_in(arm, depth + 1))
            }
            _ => None,
        }
    }

    fn change_among(&self, items: &[Item], depth: usize) -> Option<Place> {
        items.iter().find_map(|item| match item {
            Item::One(value, _) | Item::Spread(value, _) => self.change_in(value, depth),
            Item::Branch(_, arms) => arms.iter().find_map(|arm| self.change_among(arm, depth)),
            Item::Repeat(_, body) => self.change_among(body, depth),
        })
    }
}

/// What the tests around a statement say of conversations that are cut there.
#[derive(Clone, Copy, Default)]
pub struct Cuts {
    /// It is reached only where the context is full.
    pub at_limit: bool,
    /// It is reached only where a conversation has more turns.
    pub most: Option<u32>,
}

/// So many times what is kept, a conversation that is cut is cut by a block.
const BLOCK: f64 = 1.5;

/// How many of the newest turns a window keeps that starts there: `turns[-6:]`.
fn kept_turns(start: &Value) -> Option<u32> {
    match (start, position(start)) {
        (Value::Number(start), _) if *start < 0.0 => Some(-start as u32),
        (_, Some(Position::Tail(kept))) => kept,
        _ => None,
    }
}

/// A number of turns.
fn turns(value: &Value) -> Option<u32> {
    match value {
        Value::Number(count) if *count >= 1.0 => Some(*count as u32),
        _ => None,
    }
}

/// Whether what is taken off is a name of one letter or a place by its name: `turns.length - i`, `n - index`.
fn takes_place_off(expr: &Expr) -> bool {
    let ExprKind::Binary { right, .. } = &expr.kind else {
        return false;
    };
    match &right.kind {
        ExprKind::Name(name) => tables().places.iter().any(|known| known == name),
        _ => false,
    }
}

/// A number with where it stands in a conversation.
fn at_position(value: Value, position: Position) -> Value {
    match value {
        Value::Unknown(unknown) => {
            let mut unknown = Rc::unwrap_or_clone(unknown);
            unknown.thing = Some(Rc::new(Thing::Position(position)));
            unknown.into_value()
        }
        other => other,
    }
}

/// Where a number stands in a conversation. One that is moved in blocks in some case is taken to be so.
pub fn position(value: &Value) -> Option<Position> {
    match value {
        Value::Choice(choice) => {
            let found: Vec<Position> = choice.arms.iter().filter_map(position).collect();
            found.into_iter().min_by_key(|one| match one {
                Position::Block => 0,
                Position::Tail(_) => 1,
                Position::Step => 2,
                Position::Length => 3,
                Position::Newest => 4,
                Position::Age => 5,
            })
        }
        other => match thing_of(other) {
            Some(Thing::Position(position)) => Some(*position),
            _ => None,
        },
    }
}

/// What happens to turns in one arm alone: where the arm is that of a full context, it is rare.
fn in_arm(rewrite: Rewrite, condition: &Condition) -> Rewrite {
    Rewrite {
        only_at_limit: rewrite.only_at_limit || at_limit(&condition.expr),
        ..rewrite
    }
}

/// Whether a test as written holds only where the context is full. One that counts turns is that of a window.
fn at_limit(test: &str) -> bool {
    tells(&tables().limit_words, test) || tells(&tables().bound_words, test) && !counts_turns(test)
}

/// Whether a test as written asks how many turns there are: `len(self.messages)`, `history.length`.
fn counts_turns(test: &str) -> bool {
    let path = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '$');
    let counted = |name: &str| tells(&tables().counted_turns, name);
    let behind = test.match_indices("len(").any(|(at, open)| {
        let name = &test[at + open.len()..];
        counted(&name[..name.find(|c| !path(c)).unwrap_or(name.len())])
    });
    behind
        || test.match_indices(".length").any(|(at, _)| {
            let name = &test[..at];
            let from = name.rfind(|c| !path(c));
            counted(&name[from.map_or(0, |from| from + 1)..])
        })
}

/// One conversation that arms hold in several states is one value: changed where one of them changes it.
pub fn in_states(condition: &Condition, arms: &[Value]) -> Option<Value> {
    let changed = |arm: &Value| arm.unknown().and_then(|arm| arm.rewrite.clone());
    let Value::Unknown(first) = arms.first()? else {
        return None;
    };
    let found = arms.iter().find_map(changed)?;
    let everywhere = arms.iter().all(|arm| changed(arm).is_some());
    let mut one = Rc::unwrap_or_clone(first.clone());
    one.rewrite = Some(match everywhere {
        true => found,
        false => in_arm(found, condition),
    });
    Some(one.into_value())
}

/// One conversation that several arms hold in several states: it is changed where one of them changes it.
pub fn one_history(condition: &Condition, arms: &[Vec<Message>]) -> Option<Vec<Message>> {
    let full: Vec<&Vec<Message>> = arms.iter().filter(|arm| !arm.is_empty()).collect();
    let histories: Vec<&History> = full.iter().map(|arm| history(arm)).collect::<Option<_>>()?;
    if histories.len() < 2 {
        return None;
    }
    let changed = histories
        .iter()
        .find_map(|history| history.rewritten.clone());
    let mut message = full.first()?.first()?.clone();
    let piece = message.blocks.first_mut()?.pieces.first_mut()?;
    if let (Piece::History(history), Some(rewrite)) = (piece, changed) {
        let everywhere = histories.iter().all(|history| history.rewritten.is_some());
        history.rewritten = Some(match everywhere {
            true => rewrite,
            false => in_arm(rewrite, condition),
        });
    }
    Some(vec![message])
}

/// The conversation of messages that are nothing else.
fn history(messages: &[Message]) -> Option<&History> {
    let [message] = messages else {
        return None;
    };
    let [block] = message.blocks.as_slice() else {
        return None;
    };
    match block.pieces.as_slice() {
        [Piece::History(history)] if message.section.name() == HISTORY_ROLE => Some(history),
        _ => None,
    }
}
