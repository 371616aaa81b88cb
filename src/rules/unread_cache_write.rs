//! unread-cache-write: the model charges writes and the request writes tokens that no later call can read.

use super::steps::{cause_text, join, of, remark};
use super::Remark;
use crate::figures::{percent, tokens};
use crate::judge::Judged;
use crate::volatility::Confidence;

pub fn check(judged: &Judged) -> Vec<Remark> {
    of(judged, "unread-cache-write")
        .map(|step| {
            let kept = step.mark_behind.map_or(0.0, |id| judged.layout.offset(id + 1));
            let message = join(&[Some(format!(
                "{} behind the shared prefix are written to the cache on every call and never read; writes cost more than input on {}; the fix saves {} of the input cost",
                tokens(judged.total - kept, judged.estimated()),
                judged.model.id,
                percent(judged.share(step.gain)),
            ))]);
            let help = "set `prompt_cache_options.mode` to `explicit` and mark the end of the stable part".to_string();
            let mut remark = remark(judged, step, "unread-cache-write", message, help);
            // The finding stands at the largest part of what is written for nothing.
            let behind = step.mark_behind.map_or(0, |id| id + 1);
            let tail = judged.layout.segments.get(behind..).unwrap_or_default();
            if let Some(unread) = tail.iter().max_by(|a, b| a.tokens.total_cmp(&b.tokens)) {
                remark.place = unread.place.clone();
                remark.cause = unread.place.clone();
                remark.cause_text = cause_text(unread);
                remark.labels.clear();
            }
            // The options of a fragment's request stand elsewhere.
            if judged.prompt.fragment {
                remark.confidence = Confidence::Possible;
            }
            remark
        })
        .collect()
}
