//! varying-setting: a setting that is part of the cache key varies per call.

use super::steps::{effect, join, name_of, of, remark, subject};
use super::Remark;
use crate::figures::tokens;
use crate::judge::Judged;
use crate::layout::{Kind, Segment};
use crate::prompt::Piece;
use crate::volatility::{Class, Confidence, Origin};

pub fn check(judged: &Judged) -> Vec<Remark> {
    of(judged, "varying-setting")
        .map(|step| {
            let subject = subject(judged, step);
            let message = join(&[
                Some(format!(
                    "{} is part of the cache key and varies between calls: {} behind it are cached once per value",
                    name_of(subject),
                    tokens(step.stranded, judged.estimated()),
                )),
                Some(effect(judged, step)),
            ]);
            let help = "keep it fixed for this prompt, or send the variants as prompts of their own".to_string();
            let mut remark = remark(judged, step, "varying-setting", message, help);
            if handed_on(judged, subject) || settled_by_state(judged, subject) {
                remark.confidence = Confidence::Possible;
            }
            remark
        })
        .collect()
}

/// Whether code takes the option from its caller: its name says what it is, not how often it changes.
fn handed_on(judged: &Judged, subject: &Segment) -> bool {
    let from_outside = subject
        .volatility()
        .is_some_and(|v| v.origin == Origin::Outside && v.confidence < Confidence::Certain);
    let handed = match &subject.kind {
        Kind::Value { trace, .. } => !trace.is_empty(),
        Kind::Setting { name, .. } => {
            let mut settings = judged.prompt.settings.iter();
            let own = settings.find(|setting| setting.name == *name);
            own.is_some_and(|setting| setting.pieces.iter().any(has_way))
        }
        _ => false,
    };
    from_outside && handed
}

/// Whether one of a few fixed values is taken by what is only likely to change within a session: an option that follows
/// the list of tools changes with that.
fn settled_by_state(judged: &Judged, subject: &Segment) -> bool {
    let state = subject
        .volatility()
        .is_some_and(|v| v.class == Class::State && v.confidence < Confidence::Certain);
    let Kind::Setting { name, .. } = &subject.kind else {
        return false;
    };
    let mut settings = judged.prompt.settings.iter();
    let own = settings.find(|setting| setting.name == *name);
    state && own.is_some_and(|setting| setting.pieces.iter().all(is_choice))
}

/// Whether a piece is a choice among fixed values.
fn is_choice(piece: &Piece) -> bool {
    match piece {
        Piece::Text(_) => true,
        Piece::Branch(branch) => branch.arms.iter().flatten().all(is_choice),
        _ => false,
    }
}

fn has_way(piece: &Piece) -> bool {
    match piece {
        Piece::Slot(slot) => !slot.trace.is_empty(),
        Piece::Branch(branch) => branch.arms.iter().flatten().any(has_way),
        Piece::Repeat(repeat) => repeat.body.iter().any(has_way),
        _ => false,
    }
}
