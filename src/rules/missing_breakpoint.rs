//! missing-breakpoint: explicit-cache provider, cacheable stable run or history, no marker in force behind it.

use super::steps::{effect, join, of, remark, wraps};
use super::Remark;
use crate::figures::tokens;
use crate::judge::Judged;
use crate::layout::Kind;
use crate::volatility::Confidence;

pub fn check(judged: &Judged) -> Vec<Remark> {
    of(judged, "missing-breakpoint")
        .map(|step| {
            let marked = step.mark_behind.unwrap_or_default();
            let history = matches!(judged.layout.segments[marked].kind, Kind::History { .. });
            let what = if history { "the history" } else { "stable text" };
            let message = join(&[
                Some(format!(
                    "no cache breakpoint behind {what}: {} could be cached on {}",
                    tokens(judged.layout.offset(marked + 1), judged.estimated()),
                    judged.model.id,
                )),
                Some(effect(judged, step)),
            ]);
            let help = if history {
                "mark the last block of the newest message, so that each turn reads the turns before it"
            } else {
                "put a cache marker on the last stable block"
            };
            let mut remark = remark(judged, step, "missing-breakpoint", message, help.to_string());
            // What a wrapper is given may bring its markers along.
            let open = judged.prompt.fragment || (!history && wraps(judged));
            remark.confidence = if open { Confidence::Possible } else { Confidence::Certain };
            remark
        })
        .collect()
}
