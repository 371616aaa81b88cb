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
        Class::State => Key::branch(branch.id, arms as u32, true),
        Class::Request | Class::Unique if arms > MOST_ARMS => Key::of(Class::Request, branch.id),
        _ => Key::branch(branch.id, arms as u32, false),
    }
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
