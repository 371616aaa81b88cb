//! volatile-breakpoint: no later call can share what is marked. A rolling marker on the newest message of a chat is right.

use super::steps::{effect, join, of, remark};
use super::{Remark, Weight};
use crate::finding::Severity;
use crate::judge::Judged;
use crate::plan::Edit;
use crate::volatility::{Class, Confidence};

pub fn check(judged: &Judged) -> Vec<Remark> {
    of(judged, "volatile-breakpoint")
        .filter_map(|step| {
            let mark = match &step.edit {
                Edit::ShiftMark { from } => from,
                Edit::DropMark { mark } => mark,
                _ => return None,
            };
            let message = join(&[
                Some(
                    "what this breakpoint marks is new on every call: it is written and never read"
                        .to_string(),
                ),
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
            remark.confidence = remark.confidence.max(Confidence::Likely);
            // With the author's markers the request is dearer than with caching off.
            if judged.plan.now.usd_per_1k_calls > judged.uncached.usd_per_1k_calls + 1e-9 {
                remark.weight = Weight::Fixed(Severity::Error);
            }
            Some(remark)
        })
        .collect()
}
