//! unsplit-message: on models that match at message or marker ends only, stable and variable text share one message.

use super::steps::{at_message, effect, join, of, remark};
use super::Remark;
use crate::figures::tokens;
use crate::judge::Judged;

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
            let remark = remark(judged, step, "unsplit-message", message, help);
            at_message(judged, step, remark)
        })
        .collect()
}
