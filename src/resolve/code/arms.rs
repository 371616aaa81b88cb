//! The arms of a branch become one value: what they share stands once, in front or behind.

use std::rc::Rc;

use crate::prompt::Piece;
use crate::source::Text;

use super::super::value::{push_all, push_piece};
use super::value::{Choice, Condition, Value};
use super::windows::in_states;

/// One of several values, by a condition. Values that are the same are one; texts fork only where they differ.
pub fn choose(condition: &Rc<Condition>, arms: Vec<Value>) -> Value {
    let Some(first) = arms.first() else {
        return Value::None;
    };
    if arms.iter().all(|arm| arm.same(first)) {
        return in_states(condition, &arms).unwrap_or_else(|| first.clone());
    }
    if arms.iter().all(|arm| matches!(arm, Value::Text(_))) {
        let texts = arms.iter().map(|arm| match arm {
            Value::Text(pieces) => (**pieces).clone(),
            _ => Vec::new(),
        });
        return Value::pieces(join_texts(condition, texts.collect()));
    }
    let mut arms = arms;
    // Choices of choices grow without end: the first of many stand for all.
    let mut left = MAX_CHOICE;
    arms.retain(|arm| {
        let own = leaves(arm, 0);
        let fits = own <= left;
        left = left.saturating_sub(own);
        fits
    });
    if let [only] = arms.as_slice() {
        return only.clone();
    }
    Value::Choice(Rc::new(Choice {
        condition: condition.clone(),
        arms,
    }))
}

/// Leaves of a choice and the choices in it.
const MAX_CHOICE: usize = 24;

fn leaves(value: &Value, depth: usize) -> usize {
    match value {
        Value::Choice(choice) if depth < 8 => {
            choice.arms.iter().map(|arm| leaves(arm, depth + 1)).sum()
        }
        Value::Choice(_) => MAX_CHOICE,
        _ => 1,
    }
}

/// Texts of several arms as one: what all begin and end with stands once, the rest is a branch.
pub fn join_texts(condition: &Condition, mut arms: Vec<Vec<Piece>>) -> Vec<Piece> {
    let mut out = Vec::new();
    let shortest = arms.iter().map(Vec::len).min().unwrap_or(0);
    let Some((first, others)) = arms.split_first() else {
        return out;
    };
    let front = (0..shortest)
        .take_while(|at| others.iter().all(|arm| arm[*at] == first[*at]))
        .count();
    for (index, arm) in arms.iter_mut().enumerate() {
        for piece in arm.drain(..front) {
            if index == 0 {
                push_piece(&mut out, piece);
            }
        }
    }
    // Text that one arm went on with.
    while let Some(piece) = take_common_front(&mut arms) {
        push_piece(&mut out, piece);
    }
    let mut behind = Vec::new();
    while let Some(piece) = take_common_back(&mut arms) {
        behind.push(piece);
    }
    if arms.iter().any(|arm| !arm.is_empty()) {
        out.push(bounded(condition, arms));
    }
    push_all(&mut out, behind.into_iter().rev());
    out
}

/// Pieces of one branch, inner ones included: branches of branches grow without end.
const MAX_BRANCH: usize = 256;

/// A branch; arms that are too large end in one value.
fn bounded(condition: &Condition, mut arms: Vec<Vec<Piece>>) -> Piece {
    let each = MAX_BRANCH / arms.len().max(1);
    for arm in &mut arms {
        super::super::value::fold_tail(arm, each.max(16), &condition.place);
    }
    condition.branch(arms)
}

fn take_common_front(arms: &mut [Vec<Piece>]) -> Option<Piece> {
    let first = arms.first()?.first()?;
    if arms.iter().all(|arm| arm.first() == Some(first)) {
        let mut taken = None;
        for arm in arms.iter_mut() {
            taken = Some(arm.remove(0));
        }
        return taken;
    }
    let first = match first {
        Piece::Text(_) => first.clone(),
        _ => return None,
    };
    // Text that one arm went on with.
    let mut length = usize::MAX;
    for arm in arms.iter() {
        let (Piece::Text(a), Piece::Text(b)) = (&first, arm.first()?) else {
            return None;
        };
        length = length.min(shared_front(a, b));
    }
    let Piece::Text(text) = &first else {
        return None;
    };
    if length == 0 {
        return None;
    }
    let common = text.slice(0, length);
    for arm in arms.iter_mut() {
        if let Some(Piece::Text(text)) = arm.first() {
            let rest = text.slice(length, text.len());
            if rest.is_empty() {
                arm.remove(0);
            } else {
                arm[0] = Piece::Text(rest);
            }
        }
    }
    Some(Piece::Text(common))
}

/// Bytes that two texts begin with and that come from the same source bytes.
fn shared_front(a: &Text, b: &Text) -> usize {
    if a.path != b.path {
        return 0;
    }
    let mut length = 0;
    for (x, y) in a.as_str().chars().zip(b.as_str().chars()) {
        if x != y {
            break;
        }
        length += x.len_utf8();
    }
    if length > 0 && a.span(0, length) == b.span(0, length) {
        length
    } else {
        0
    }
}

fn take_common_back(arms: &mut [Vec<Piece>]) -> Option<Piece> {
    let (first, others) = arms.split_first()?;
    let last = first.last()?;
    if !others.iter().all(|arm| arm.last() == Some(last)) {
        return None;
    }
    let mut popped = None;
    for arm in arms.iter_mut() {
        popped = arm.pop();
    }
    popped
}
