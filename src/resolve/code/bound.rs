//! What callers give to the parameters of functions named like builders of prompts, whose requests are not in sight: a
//! value that every caller settles is not told by the parameter's name. Knows no layouts.

use std::collections::{BTreeMap, BTreeSet};

use crate::discover::{context_of, Context};
use crate::frontend::code::ir::{Function, Param};
use crate::prompt::{visit_pieces, Piece, Prompt};
use crate::source::Place;
use crate::volatility::{Confidence, Scope};

use super::eval::Eval;
use super::run::builder_name;
use super::value::Value;

/// Parameters of builders, by their places: whether what callers give is the same for more than a call.
pub type Bound = BTreeMap<Place, bool>;

impl Eval<'_, '_> {
    /// Notes what a call gives to a parameter of a builder. What tests pass is theirs.
    pub fn note_given(&mut self, function: &Function, param: &Param, value: &Value) {
        if builder_name(&self.frame().code.module, function).is_none() {
            return;
        }
        let home = &self.frames[0].code;
        if context_of(home.path()) == Context::Test {
            return;
        }
        let settled = self.volatility(value).priced().scope() < Scope::Call;
        let place = self.place(param.span);
        let known = self.bound.entry(place).or_insert(true);
        *known &= settled;
    }
}

/// Takes in what one more entry gives.
pub fn join(all: &mut Bound, more: &Bound) {
    for (place, settled) in more {
        *all.entry(place.clone()).or_insert(true) &= settled;
    }
}

/// Values of a prompt that nothing but the name of a parameter tells, and that all callers settle, are less sure to
/// change. Returns the parameters that callers were asked about.
pub fn weaken(prompt: &mut Prompt, bound: &Bound) -> BTreeSet<Place> {
    let mut asked = BTreeSet::new();
    if bound.is_empty() {
        return asked;
    }
    let settled = |piece: &Piece| parameter(piece, bound).is_some_and(|(_, settled)| settled);
    let blocks = prompt.messages.iter_mut().flat_map(|m| &mut m.blocks);
    for block in blocks {
        visit_pieces(&mut block.pieces, &mut |piece| {
            asked.extend(parameter(piece, bound).map(|(place, _)| place.clone()));
            match piece {
                Piece::Slot(_) if !settled(piece) => {}
                Piece::Slot(slot) => slot.volatility.confidence = Confidence::Possible,
                // `if name: parts.append(name)` asks whether it is given.
                Piece::Branch(branch) if branch.arms.iter().flatten().any(settled) => {
                    branch.volatility.confidence = Confidence::Possible;
                }
                _ => {}
            }
        });
    }
    asked
}

/// The parameter that a value is, and whether all callers settle it.
fn parameter<'b>(piece: &Piece, bound: &'b Bound) -> Option<(&'b Place, bool)> {
    let Piece::Slot(slot) = piece else {
        return None;
    };
    let (place, settled) = bound.get_key_value(&slot.trace.first()?.place)?;
    Some((place, *settled))
}
