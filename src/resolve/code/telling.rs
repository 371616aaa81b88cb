//! What a name tells of a value. A result of code that is not here, bound to a variable, a parameter or a field named
//! like state of the session, its user or its tenant, is that; a value that is known better keeps what is known. What
//! the program makes up and calls the id of something that lives on lives as long.

use std::rc::Rc;

use crate::prompt::{visit_pieces, Piece};
use crate::volatility::classify::{ValueKind, Verdict};
use crate::volatility::{Class, Confidence, Origin, Volatility};

use super::eval::Eval;
use super::value::{Choice, Condition, Unknown, Value};

/// Pieces of a text that are looked through.
const MAX_PIECES: usize = 256;

impl Eval<'_, '_> {
    /// A value as the name tells that it is bound to.
    pub fn told(&self, value: Value, name: &str) -> Value {
        if !matches!(value, Value::Unknown(_) | Value::Text(_) | Value::Choice(_)) {
            return value;
        }
        let classifier = &self.frame().code.classifier;
        if classifier.is_lasting_id(name) {
            return lasting(value);
        }
        let verdict = classifier.parameter(name, None, false);
        let told = matches!(
            verdict.volatility.class,
            Class::State | Class::User | Class::Tenant
        ) && verdict.volatility.confidence >= Confidence::Likely
            && self.doubt == 0;
        if told {
            told_by(value, &verdict)
        } else {
            value
        }
    }
}

/// A made-up id, or what it stands in, as the id of something that lives on.
fn lasting(value: Value) -> Value {
    match value {
        Value::Unknown(unknown) if is_made_up(&unknown.verdict.volatility) => {
            let mut unknown = Rc::unwrap_or_clone(unknown);
            unknown.verdict.clock = false;
            live_on(&mut unknown.verdict.volatility);
            unknown.into_value()
        }
        Value::Text(pieces) if pieces.len() <= MAX_PIECES && pieces.iter().any(varies) => {
            let mut pieces = Rc::unwrap_or_clone(pieces);
            visit_pieces(&mut pieces, &mut |piece| {
                if let Piece::Slot(slot) = piece {
                    live_on(&mut slot.volatility);
                }
            });
            Value::Text(Rc::new(pieces))
        }
        Value::Choice(choice) => Value::Choice(Rc::new(Choice {
            condition: choice.condition.clone(),
            arms: choice.arms.iter().cloned().map(lasting).collect(),
        })),
        other => other,
    }
}

fn is_made_up(volatility: &Volatility) -> bool {
    volatility.class == Class::Unique && volatility.origin == Origin::MadeUp
}

fn live_on(own: &mut Volatility) {
    if is_made_up(own) {
        own.class = Class::Session;
        own.frame = None;
        own.confidence = own.confidence.min(Confidence::Likely);
        own.why = "the id of something that lives on".into();
    }
}

fn told_by(value: Value, verdict: &Verdict) -> Value {
    match value {
        Value::Unknown(unknown) if is_open(&unknown) => {
            let mut unknown = Rc::unwrap_or_clone(unknown);
            let own = &mut unknown.verdict;
            adopt(&mut own.volatility, &verdict.volatility);
            own.tokens = own.tokens.max(verdict.tokens);
            unknown.into_value()
        }
        Value::Text(pieces) if pieces.len() <= MAX_PIECES && pieces.iter().any(varies) => {
            let mut pieces = Rc::unwrap_or_clone(pieces);
            told_pieces(&mut pieces, &verdict.volatility);
            Value::Text(Rc::new(pieces))
        }
        Value::Choice(choice) => {
            let mut condition: Condition = (*choice.condition).clone();
            adopt(&mut condition.volatility, &verdict.volatility);
            let arms = choice.arms.iter();
            Value::Choice(Rc::new(Choice {
                condition: Rc::new(condition),
                arms: arms.map(|arm| told_by(arm.clone(), verdict)).collect(),
            }))
        }
        other => other,
    }
}

/// Whether nothing but its expression is known of a value.
fn is_open(unknown: &Unknown) -> bool {
    unknown.verdict.kind == ValueKind::Plain
        && !unknown.verdict.clock
        && !unknown.item
        && unknown.thing.is_none()
}

/// Something of this call or of the session's state that is only possible is what the name says.
fn adopt(own: &mut Volatility, told: &Volatility) {
    let open = matches!(own.class, Class::Request | Class::State);
    if open && own.confidence == Confidence::Possible {
        *own = Volatility {
            frame: own.frame,
            ..told.clone()
        };
    }
}

fn varies(piece: &Piece) -> bool {
    matches!(piece, Piece::Slot(_) | Piece::Branch(_) | Piece::Repeat(_))
}

fn told_pieces(pieces: &mut [Piece], told: &Volatility) {
    visit_pieces(pieces, &mut |piece| match piece {
        Piece::Slot(slot) => adopt(&mut slot.volatility, told),
        Piece::Branch(branch) => adopt(&mut branch.volatility, told),
        Piece::Repeat(repeat) => adopt(&mut repeat.volatility, told),
        Piece::Text(_) | Piece::History(_) | Piece::Media(_) => {}
    });
}
