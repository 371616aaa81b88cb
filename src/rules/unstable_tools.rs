//! unstable-tools: the tool list itself varies or is unordered. Tools come first on the wire.

use super::steps::{effect, join, name_of, of, remark, subject};
use super::Remark;
use crate::figures::tokens;
use crate::judge::Judged;
use crate::layout::{Kind, Segment};
use crate::plan::Edit;
use crate::volatility::{Class, Confidence, Given, Origin};

pub fn check(judged: &Judged) -> Vec<Remark> {
    of(judged, "unstable-tools")
        .map(|step| {
            let subject = subject(judged, step);
            let (how, help) = match step.edit {
                Edit::Order => ("differs in order between runs", "sort the tools by name before they are sent"),
                _ => (
                    "varies between calls",
                    "send the same tools on every call and restrict them by `tool_choice` or in the prompt",
                ),
            };
            let message = join(&[
                Some(format!(
                    "the tool list ({}) {how}; tools come first on the wire, {} stand behind it",
                    name_of(subject),
                    tokens(step.stranded, judged.estimated()),
                )),
                Some(effect(judged, step)),
            ]);
            let mut remark = remark(judged, step, "unstable-tools", message, help.to_string());
            // Tools that are handed in, or computed in a way that nobody sees, are mostly what a config says. A pick
            // among tools that are in sight is none of them.
            let open = subject.volatility().is_some_and(|v| {
                let of_call = matches!(v.class, Class::Request | Class::State)
                    && v.origin == Origin::Outside;
                of_call && (v.given != Given::Known || whole(judged, subject))
            });
            if open {
                remark.confidence = Confidence::Possible;
            }
            remark
        })
        .collect()
}

/// Whether a value stands for the tools, or one of them, as a whole: it came from somewhere, or none of them is in sight.
fn whole(judged: &Judged, subject: &Segment) -> bool {
    let tools = judged.layout.segments.iter();
    let in_sight = tools
        .filter(|segment| segment.message == subject.message)
        .any(Segment::is_seen_text);
    matches!(&subject.kind, Kind::Value { trace, .. } if !trace.is_empty() || !in_sight)
}
