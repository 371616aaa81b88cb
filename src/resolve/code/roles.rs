//! System text that is picked out of a conversation by its role: `if msg.role === "system": parts.push(msg.content)`.
//! It is the caller's, one text for all turns, and no turn. Knows nothing of requests.

use std::rc::Rc;
use std::sync::Arc;

use crate::frontend::code::ir::{BinaryOp, Expr, ExprKind, Function, Pattern, StmtKind};
use crate::prompt::{Message, Piece, Section};
use crate::sdk;
use crate::source::Place;
use crate::volatility::classify::{ValueKind, Verdict};
use crate::volatility::{Given, Volatility};

use super::eval::{deploy, Eval};
use super::heap::{Cell, Item};
use super::landing::attach;
use super::marks::ON_SYSTEM;
use super::picks::kind_of;
use super::value::{Choice, Unknown, Value};

/// Why a condition holds: the first arm is taken by the system text of the caller, or the second.
const FIRST: &str = "whether it is the caller's system text";
const SECOND: &str = "whether it is no system text of the caller";
const WHY: &str = "system text among the caller's messages";
/// Why a text is there of which nothing but a marker was in sight.
const MARKED: &str = "system text that is marked among the caller's messages";

/// Whether a test asks of what kind the first turn is, so that what it takes out there stands where a conversation
/// begins: it is the same at every turn. `messages[0].role == "system"`, `turns[0].role !== "user"`, with other tests
/// beside it.
pub fn asks_for_first(test: &Expr) -> bool {
    match &test.kind {
        ExprKind::Binary {
            op: BinaryOp::And,
            left,
            right,
        } => asks_for_first(left) || asks_for_first(right),
        _ => first_of(test).is_some(),
    }
}

/// Whether a test asks nothing but that, and whether there is a first turn: a program that begins its conversations with
/// system text begins all of them so.
pub fn asks_only_for_first(test: &Expr) -> bool {
    match &test.kind {
        ExprKind::Not(inner) => asks_only_for_first(inner),
        ExprKind::Binary {
            op: BinaryOp::And | BinaryOp::Or,
            left,
            right,
        } => {
            let there = |test: &Expr, other: &Expr| match (&test.kind, first_of(other)) {
                (ExprKind::Name(name), Some(ExprKind::Name(turns))) => name == turns,
                _ => false,
            };
            asks_only_for_first(right) && (asks_only_for_first(left) || there(left, right))
        }
        _ => first_of(test).is_some(),
    }
}

/// The `messages` of `messages[0].role == "system"`.
fn first_of(test: &Expr) -> Option<&ExprKind> {
    let ExprKind::Binary {
        op: BinaryOp::Equal | BinaryOp::NotEqual,
        left,
        right,
    } = &test.kind
    else {
        return None;
    };
    let role = |expr: &Expr| expr.literal().is_some_and(sdk::is_role);
    let first = |expr| match &kind_of(expr)?.kind {
        ExprKind::Index { object, index } => {
            matches!(index.kind, ExprKind::Number(at) if at == 0.0).then_some(&object.kind)
        }
        _ => None,
    };
    match (role(left), role(right)) {
        (false, true) => first(left),
        (true, false) => first(right),
        _ => None,
    }
}

/// Whether a test of an item by this name holds for the system text of a conversation alone, or for all but that.
pub fn keeps_system(test: &Expr, name: &str) -> Option<bool> {
    let ExprKind::Binary {
        op: op @ (BinaryOp::Equal | BinaryOp::NotEqual),
        left,
        right,
    } = &test.kind
    else {
        return match &test.kind {
            ExprKind::Not(inner) => keeps_system(inner, name).map(|keeps| !keeps),
            _ => None,
        };
    };
    let system = |expr: &Expr| expr.literal().is_some_and(sdk::names_system);
    let asked = match (system(left), system(right)) {
        (false, true) => left,
        (true, false) => right,
        _ => return None,
    };
    let of = &kind_of(asked)?.kind;
    matches!(of, ExprKind::Name(own) if own == name).then_some(*op == BinaryOp::Equal)
}

/// The same of a callback that does nothing but test: `(m) => m.role === "system"`.
pub fn callback_keeps_system(function: &Function) -> Option<bool> {
    let (Pattern::Name(name, _), [only]) =
        (&function.params.first()?.pattern, function.body.as_slice())
    else {
        return None;
    };
    match &only.kind {
        StmtKind::Return(Some(test)) => keeps_system(test, name),
        _ => None,
    }
}

impl Eval<'_, '_> {
    /// What a test depends on that asks for the role of system text of an open conversation.
    pub fn asks_for_system(&self, test: &Expr) -> Option<Volatility> {
        let ExprKind::Binary { op, left, right } = &test.kind else {
            return match &test.kind {
                ExprKind::Not(inner) => {
                    let inner = self.asks_for_system(inner)?;
                    Some(deploy(if inner.why == FIRST { SECOND } else { FIRST }))
                }
                _ => None,
            };
        };
        if *op == BinaryOp::And {
            // Nothing but system text passes both, whatever the other asks.
            let mut sides = [left, right].into_iter();
            let first = |side: &Volatility| side.why == FIRST;
            return sides.find_map(|side| self.asks_for_system(side).filter(first));
        }
        let why = match op {
            BinaryOp::Equal => FIRST,
            BinaryOp::NotEqual => SECOND,
            _ => return None,
        };
        let system = |expr: &Expr| expr.literal().is_some_and(sdk::names_system);
        let asked = match (system(left), system(right)) {
            (false, true) => left,
            (true, false) => right,
            _ => return None,
        };
        self.is_role_of_turn(asked).then(|| deploy(why))
    }

    /// `msg.role`, `msg["role"]`, `msg.get("role")`, or a name that holds it.
    fn is_role_of_turn(&self, expr: &Expr) -> bool {
        if let ExprKind::Name(name) = &expr.kind {
            let Some(Value::Unknown(role)) = self.lookup(name) else {
                return false;
            };
            let words = role.expr.split(|c: char| !c.is_alphanumeric() && c != '_');
            let last = words.rev().find(|word| !word.is_empty());
            let told = role.item && told(&role.verdict.volatility);
            return told && last.is_some_and(sdk::is_kind_key);
        }
        let Some(object) = kind_of(expr) else {
            return false;
        };
        let ExprKind::Name(name) = &object.kind else {
            return false;
        };
        matches!(self.lookup(name), Some(Value::Unknown(turn))
            if turn.item && told(&turn.verdict.volatility))
    }

    /// What a loop over a conversation adds where all of it is system text: there it stands once.
    pub fn system_items(&mut self, added: &[Item]) -> Option<Vec<Item>> {
        let mut out = Vec::new();
        for item in added {
            let Item::Branch(condition, arms) = item else {
                return None;
            };
            for item in only_system(&condition.volatility, arms)? {
                out.push(self.system_item(item));
            }
        }
        (!out.is_empty()).then_some(out)
    }

    /// What a loop over a conversation adds, where one arm marks the system text and another takes the turns: each apart.
    pub fn apart(&mut self, added: Vec<Item>) -> (Vec<Item>, Vec<Item>) {
        let mut own = Vec::new();
        let mut turns = Vec::new();
        for item in &added {
            let (condition, arms) = match item {
                Item::Branch(condition, arms) => (condition, arms.clone()),
                Item::One(Value::Choice(choice), place) => {
                    let arms = choice.arms.iter();
                    let one = |arm: &Value| vec![Item::One(arm.clone(), place.clone())];
                    (&choice.condition, arms.map(one).collect())
                }
                _ => return (Vec::new(), added),
            };
            let taken = system_arm(&condition.volatility);
            let (Some(taken), 2) = (taken, arms.len()) else {
                return (Vec::new(), added);
            };
            for (at, arm) in arms.into_iter().enumerate() {
                match at == taken {
                    true => own.extend(arm.iter().map(|item| self.system_item(item))),
                    false => turns.extend(arm),
                }
            }
        }
        // Where none is marked, the markers that the caller's text may bring are not in sight.
        match !turns.is_empty() && self.items_hold_marker(&own, 0) {
            true => (own, turns),
            false => (Vec::new(), added),
        }
    }

    /// Items without the turns of a conversation whose system text stands among them: what a test leaves that asks for
    /// that alone.
    pub fn without_turns(&self, items: Vec<Item>) -> Vec<Item> {
        if !self.leads_with_system(&items) {
            return items;
        }
        let turns = |item: &Item| match item {
            Item::Repeat(round, _) => round.history,
            Item::Spread(value, _) => self.holds_turns(value),
            _ => false,
        };
        items.into_iter().filter(|item| !turns(item)).collect()
    }

    /// Whether system text is among these items already.
    pub fn leads_with_system(&self, items: &[Item]) -> bool {
        items.iter().any(|item| match item {
            Item::One(value, _) => self.is_system_message(value),
            _ => false,
        })
    }

    /// Whether a value is a message of the system.
    pub fn is_system_message(&self, value: &Value) -> bool {
        let Value::Cell(id) = value else {
            return false;
        };
        let object = self.heap.object(*id);
        let role = object.and_then(|object| object.get("role")?.known_text());
        role.is_some_and(|role| sdk::names_system(&role))
    }

    /// Notes of markers that only system text gets land on it, and on no turn.
    pub fn note_on_system(&mut self, notes: &[Item]) {
        for item in notes {
            if let Item::One(Value::Cell(id), _) = item {
                if let Some(object) = self.heap.object_mut(*id) {
                    object.set(ON_SYSTEM, Value::Bool(true));
                }
            }
        }
    }

    /// The system text that stands before an open conversation, where markers were set on it alone.
    pub fn marked_system(&mut self, root: &str, place: &Place) -> Option<Message> {
        let markers = self.landing_on_system(root);
        if markers.is_empty() {
            return None;
        }
        let verdict = Verdict {
            kind: ValueKind::Plain,
            volatility: deploy(MARKED),
            tokens: self.assume.unknown_text_tokens,
            clock: false,
        };
        let text = Unknown::new("the system text among the messages", verdict);
        let mut message = self.message(Section::System, &text.into_value(), place)?;
        attach(&mut message.blocks, markers);
        Some(message)
    }

    fn system_item(&mut self, item: &Item) -> Item {
        match item {
            Item::One(value, place) => Item::One(self.system_value(value, 0), place.clone()),
            Item::Spread(value, place) => Item::Spread(self.system_value(value, 0), place.clone()),
            other => other.clone(),
        }
    }

    /// A value that a loop over a conversation sets where it meets system text.
    pub fn system_choice(&mut self, value: &Value) -> Option<Value> {
        let Value::Choice(choice) = value else {
            return None;
        };
        let taken = system_arm(&choice.condition.volatility)?;
        let mut arms = choice.arms.clone();
        let own = arms.get_mut(taken)?;
        *own = self.system_value(own, 0);
        Some(Value::Choice(Rc::new(Choice {
            condition: choice.condition.clone(),
            arms,
        })))
    }

    fn system_value(&mut self, value: &Value, depth: usize) -> Value {
        match value {
            _ if depth > 4 => value.clone(),
            Value::Unknown(unknown) if told(&unknown.verdict.volatility) => {
                let mut own = (**unknown).clone();
                own.verdict.kind = ValueKind::Plain;
                own.verdict.volatility = deploy(WHY);
                own.verdict.tokens = self.assume.unknown_text_tokens;
                own.round = None;
                own.into_value()
            }
            Value::Text(pieces) => Value::pieces(system_pieces(pieces)),
            // A text, or the parts of one.
            Value::Choice(choice) if told(&choice.condition.volatility) => {
                match choice.arms.first() {
                    Some(first) => self.system_value(&first.clone(), depth + 1),
                    None => value.clone(),
                }
            }
            Value::Cell(id) => match self.heap.get(*id).clone() {
                Cell::Object(mut object) => {
                    // A copy of the message: `{**m, "content": ..}`.
                    let role = object.get("role");
                    let of_turn = |value: &Value| matches!(value, Value::Unknown(unknown) if told(&unknown.verdict.volatility));
                    let copy = match role {
                        Some(role) => of_turn(role),
                        None => object.spreads.iter().any(of_turn),
                    };
                    for (_, entry) in &mut object.entries {
                        *entry = self.system_value(entry, depth + 1);
                    }
                    if copy {
                        let role = self.literal(object.place.span, "system");
                        object.set("role", role);
                    }
                    Value::Cell(self.heap.add(Cell::Object(object)))
                }
                // The parts of its content.
                Cell::List(mut list) => {
                    for item in &mut list.items {
                        if let Item::One(part, _) = item {
                            *part = self.system_value(part, depth + 1);
                        }
                    }
                    Value::Cell(self.heap.add(Cell::List(list)))
                }
                Cell::Scope(_) => value.clone(),
            },
            other => other.clone(),
        }
    }
}

/// The arm that system text of the caller takes.
fn system_arm(condition: &Volatility) -> Option<usize> {
    match condition.why.as_str() {
        FIRST => Some(0),
        SECOND => Some(1),
        _ => None,
    }
}

/// What that arm holds, where the others hold nothing.
fn only_system<'a, T>(condition: &Volatility, arms: &'a [Vec<T>]) -> Option<&'a [T]> {
    let taken = system_arm(condition)?;
    let mut others = arms.iter().enumerate().filter(|(at, _)| *at != taken);
    if others.any(|(_, arm)| !arm.is_empty()) {
        return None;
    }
    Some(arms.get(taken)?)
}

/// System text that was only supposed: it does not stand beside one that is known.
pub fn drop_supposed(messages: &mut Vec<Message>) {
    let supposed = |message: &Message| {
        let mut pieces = message.blocks.iter().flat_map(|block| &block.pieces);
        message.section == Section::System
            && pieces
                .any(|piece| matches!(piece, Piece::Slot(slot) if slot.volatility.why == MARKED))
    };
    let mut known = messages.iter();
    if known.any(|message| message.section == Section::System && !supposed(message)) {
        messages.retain(|message| !supposed(message));
    }
}

/// Whether a value comes of the turns of a conversation.
fn told(volatility: &Volatility) -> bool {
    volatility.given == Given::Conversation
}

/// What was added to a text where all of it is system text.
pub fn system_text(added: &[Piece]) -> Option<Vec<Piece>> {
    let mut out = Vec::new();
    for piece in added {
        let Piece::Branch(branch) = piece else {
            return None;
        };
        out.extend(system_pieces(only_system(
            &branch.volatility,
            &branch.arms,
        )?));
    }
    (!out.is_empty()).then_some(out)
}

fn system_pieces(pieces: &[Piece]) -> Vec<Piece> {
    let each = pieces.iter().cloned().map(|mut piece| {
        match &mut piece {
            Piece::Slot(slot) if told(&slot.volatility) => slot.volatility = deploy(WHY),
            Piece::Branch(branch) => {
                if told(&branch.volatility) {
                    branch.volatility = deploy(WHY);
                }
                Arc::make_mut(&mut branch.arms)
                    .iter_mut()
                    .for_each(|arm| *arm = system_pieces(arm));
            }
            _ => {}
        }
        piece
    });
    each.collect()
}
