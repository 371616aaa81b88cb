//! breakpoint-below-minimum: the marked prefix is below the model's minimum and silently ignored.

use super::doubt::wraps;
use super::{Remark, Weight};
use crate::figures::{thousands, tokens};
use crate::finding::{Counted, Severity, Threshold};
use crate::frontend::code::language_of;
use crate::judge::{threshold, Judged};
use crate::layout::Kind;
use crate::volatility::Confidence;

pub fn check(judged: &Judged) -> Vec<Remark> {
    let layout = &judged.layout;
    let ratio = judged.range.map_or((1.0, 1.0), |(low, high)| {
        (low / judged.total, high / judged.total)
    });
    let offsets: Vec<f64> = layout
        .marks
        .iter()
        .map(|mark| layout.mark_offset(mark))
        .collect();
    let largest = offsets.iter().copied().fold(0.0, f64::max);
    let covered = threshold(largest, ratio, judged.model.minimum_range) != Threshold::Below;
    let mut out = Vec::new();
    for (mark, offset) in layout.marks.iter().zip(&offsets) {
        let Some(place) = &mark.place else { continue };
        if threshold(*offset, ratio, judged.model.minimum_range) != Threshold::Below {
            continue;
        }
        let minimum = f64::from(judged.model.minimum);
        // How long a text is that is not in sight, nothing says.
        let marked = || {
            let segments = layout.segments.iter().filter(|s| s.block <= mark.block);
            segments.filter(|s| s.tokens > 0.0)
        };
        let seen = marked().all(|s| !matches!(s.kind, Kind::Value { .. }));
        // Code that marks what others give it does so for the longest of them.
        let given = language_of(&place.path).is_some()
            && marked()
                .filter(|s| s.is_seen_text())
                .all(|s| s.place.path != place.path);
        out.push(Remark {
            rule: "breakpoint-below-minimum",
            confidence: Confidence::Certain,
            message: format!(
                "this breakpoint marks {}; {} caches from {} on and ignores it without an error",
                tokens(*offset, judged.estimated()),
                judged.model.id,
                thousands(minimum),
            ),
            help: if covered {
                "remove it: a later breakpoint covers the same text".into()
            } else {
                "move it behind more stable text, or remove it".into()
            },
            place: place.clone(),
            cause: place.clone(),
            cause_text: "marker below minimum".into(),
            labels: Vec::new(),
            trace: Vec::new(),
            class: None,
            saving: None,
            // Where the request holds enough to be cached, the author's intent is lost; else nothing could be gained.
            // A conversation of assumed size has markers of its own, or lacks them: another rule says so.
            weight: if seen
                && !given
                && !covered
                && judged.best >= minimum
                && judged.counted != Counted::Assumed
            {
                Weight::Fixed(Severity::Warning)
            } else if wraps(judged) {
                // How long the text is that a wrapper is given, its callers know.
                Weight::OnRequest
            } else {
                Weight::AtMostNote
            },
            mend: None,
        });
    }
    out
}
