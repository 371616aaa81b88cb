//! The key of a value and of a branch, and which arm of a branch is laid out.

use crate::prompt::{Branch, Piece};
use crate::source::stable_hash;
use crate::volatility::{Class, Key, Volatility};

/// The key of a value: that of the class that prices it.
pub(super) fn value_key(volatility: &Volatility, name: &str) -> Key {
    match volatility.priced() {
        class if class.is_stable() => Key::constant(),
        class => Key::of(class, stable_hash(&[name])),
    }
}

/// A branch is shared by all who take an arm; on session state it flips; on a call value with many arms it is one.
pub(super) fn fork_key(branch: &Branch) -> Key {
    const MOST_ARMS: usize = 8;
    let arms = branch.arms.len();
    if arms < 2 {
        return Key::constant();
    }
    match branch.volatility.priced() {
        class if class.is_stable() => Key::constant(),
        // What is there once it is told stays: the value in the arm is what changes.
        Class::State => Key::branch(branch.id, arms as u32, !tells_what_it_asks(branch)),
        Class::Request | Class::Unique if arms > MOST_ARMS => Key::of(Class::Request, branch.id),
        _ => Key::branch(branch.id, arms as u32, false),
    }
}

/// Whether an arm holds the value that its condition asks for: `if memory: text += memory`.
fn tells_what_it_asks(branch: &Branch) -> bool {
    let asked = branch.condition.to_string();
    let asked = asked
        .trim_start_matches("not ")
        .trim_start_matches('!')
        .trim();
    let told = |piece: &Piece| matches!(piece, Piece::Slot(slot) if slot.expr == asked);
    branch.arms.iter().flatten().any(told)
}

/// Rough size of a piece in bytes, to find the longest arm.
pub(super) fn weight(piece: &Piece) -> usize {
    match piece {
        Piece::Text(text) => text.len(),
        Piece::Slot(slot) => slot.size.tokens as usize * 4,
        Piece::Branch(branch) => branch
            .arms
            .iter()
            .map(|arm| arm.iter().map(weight).sum())
            .max()
            .unwrap_or(0),
        Piece::Repeat(repeat) => {
            repeat.body.iter().map(weight).sum::<usize>() * repeat.rounds.max(1) as usize
        }
        Piece::History(_) => 8_000,
        Piece::Media(_) => 800,
    }
}
