//! volatile-breakpoint: no later call can share what is marked. A rolling marker on the newest message of a chat is right.

use super::steps::{effect, join, name_of, of, remark};
use super::{Remark, Weight};
use crate::finding::Severity;
use crate::judge::Judged;
use crate::layout::Mark;
use crate::plan::Edit;
use crate::volatility::{Class, Confidence, Scope};

pub fn check(judged: &Judged) -> Vec<Remark> {
    of(judged, "volatile-breakpoint")
        .filter_map(|step| {
            let mark = match &step.edit {
                Edit::ShiftMark { from } => from,
                Edit::DropMark { mark } => mark,
                _ => return None,
            };
            let message = join(&[
                Some(format!(
                    "{} what this breakpoint marks: it is written on every call and never read",
                    culprit(judged, mark)
                )),
                Some(effect(judged, step)),
            ]);
            let help = match step.mark_behind {
                Some(_) => "move the breakpoint to the end of the stable part",
                None => "remove the breakpoint: nothing in front of it is shared",
            };
            let mut remark = remark(
                judged,
                step,
                "volatile-breakpoint",
                message,
                help.to_string(),
            );
            if let Some(place) = &mark.place {
                remark.place = place.clone();
                remark.cause = place.clone();
            }
            remark.cause_text = "marker".into();
            remark.class = Some(Class::Request);
            if matches!(remark.weight, Weight::OnRequest) {
                return Some(remark);
            }
            remark.confidence = remark.confidence.max(Confidence::Likely);
            // With the author's markers the request is dearer than with caching off.
            if judged.plan.now.usd_per_1k_calls > judged.uncached.usd_per_1k_calls + 1e-9 {
                remark.weight = Weight::Fixed(Severity::Error);
            }
            Some(remark)
        })
        .collect()
}

/// The first value in front of the marker that is new on every call.
fn culprit(judged: &Judged, mark: &Mark) -> String {
    let before = judged
        .layout
        .segments
        .iter()
        .take_while(|segment| segment.block <= mark.block);
    let first = before
        .filter(|segment| segment.key.scope == Scope::Call)
        .find_map(|segment| Some((name_of(segment), segment.volatility()?.class)));
    match first {
        Some((name, class)) => format!("{name} ({class}) stands in"),
        None => "no later call repeats".to_string(),
    }
}
