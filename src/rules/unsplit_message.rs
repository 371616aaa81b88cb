//! unsplit-message: on models that match at message or marker ends only, stable and variable text share one message.

use super::doubt::rests_on_assumed;
use super::steps::{at_message, effect, join, of, remark, subject};
use super::{Remark, Weight};
use crate::figures::tokens;
use crate::judge::Judged;
use crate::layout::Kind;
use crate::plan::Step;
use crate::volatility::{Confidence, Scope};

pub fn check(judged: &Judged) -> Vec<Remark> {
    if judged.model.self_healing {
        return Vec::new();
    }
    of(judged, "unsplit-message")
        .map(|step| {
            let marked = step.mark_behind.map_or(0, |id| id + 1);
            let message = join(&[
                Some(format!(
                    "{} of stable text share a message with text that changes; {} matches only at message ends and markers",
                    tokens(judged.layout.offset(marked), judged.estimated()),
                    judged.model.id,
                )),
                Some(effect(judged, step)),
            ]);
            let mut help = "end the message (or content block) with the stable text and mark it; send what changes in the next one".to_string();
            if step.explicit {
                help.push_str("; with explicit mode the changing tail is not written either");
            }
            let mut remark = remark(judged, step, "unsplit-message", message, help);
            if !changes_with_calls(judged, step) {
                remark.weight = Weight::AtMostNote;
            }
            if is_told(judged, step, marked) || rests_on_assumed(judged, marked) {
                remark.confidence = Confidence::Possible;
            }
            at_message(judged, step, remark)
        })
        .collect()
}

/// Whether something of the message is another in each call. What is one user's, or one session's, is shared by all that
/// these send.
fn changes_with_calls(judged: &Judged, step: &Step) -> bool {
    let message = subject(judged, step).message;
    let mut own = judged
        .layout
        .segments
        .iter()
        .filter(|s| s.message == message);
    own.any(|segment| segment.key.scope >= Scope::Call)
}

/// Whether what would be cached is for the most part a conversation told within the text of one message: whether the
/// next call tells the same turns again, nothing here says.
fn is_told(judged: &Judged, step: &Step, marked: usize) -> bool {
    let message = subject(judged, step).message;
    let stable = judged.layout.segments.iter().take(marked);
    let told = stable.filter(|s| s.message == message && matches!(s.kind, Kind::History { .. }));
    let told: f64 = told.map(|segment| segment.tokens).sum();
    told * 2.0 > judged.layout.offset(marked)
}
