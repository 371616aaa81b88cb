//! System text that is picked out of a conversation by its role: `if msg.role === "system": parts.push(msg.content)`.
//! It is the caller's, one text for all turns, and no turn. Knows nothing of requests.

use std::rc::Rc;

use crate::frontend::code::ir::{BinaryOp, Expr, ExprKind};
use crate::prompt::Piece;
use crate::sdk;
use crate::volatility::classify::ValueKind;
use crate::volatility::{Given, Volatility};

use super::eval::{deploy, Eval};
use super::heap::{Cell, Item};
use super::picks::kind_of;
use super::value::{Choice, Value};

/// Why a condition holds: the first arm is taken by the system text of the caller, or the second.
const FIRST: &str = "whether it is the caller's system text";
const SECOND: &str = "whether it is no system text of the caller";
const WHY: &str = "system text among the caller's messages";

/// `messages[0].role == "system"`, with other tests beside it.
pub fn tells_first_is_system(test: &Expr) -> bool {
    let ExprKind::Binary { op, left, right } = &test.kind else {
        return false;
    };
    let system = |expr: &Expr| expr.literal().is_some_and(sdk::names_system);
    let first = |expr: &Expr| match kind_of(expr).map(|turn| &turn.kind) {
        Some(ExprKind::Index { index, .. }) => {
            matches!(index.kind, ExprKind::Number(at) if at == 0.0)
        }
        _ => false,
    };
    match op {
        BinaryOp::And => tells_first_is_system(left) || tells_first_is_system(right),
        BinaryOp::Equal => first(left) && system(right) || system(left) && first(right),
        _ => false,
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
                    for (_, entry) in &mut object.entries {
                        *entry = self.system_value(entry, depth + 1);
                    }
                    Value::Cell(self.heap.add(Cell::Object(object)))
                }
                _ => value.clone(),
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
                branch
                    .arms
                    .iter_mut()
                    .for_each(|arm| *arm = system_pieces(arm));
            }
            _ => {}
        }
        piece
    });
    each.collect()
}
