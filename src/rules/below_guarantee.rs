//! below-guarantee: fewer cached tokens than `min-cached-tokens` promises for the path.

use super::{Remark, Weight};
use crate::figures::{thousands, tokens};
use crate::finding::Severity;
use crate::judge::Judged;
use crate::volatility::Confidence;

pub fn check(judged: &Judged) -> Vec<Remark> {
    let Some(promised) = judged
        .settings
        .min_cached_tokens
        .filter(|n| judged.boundary < f64::from(*n))
    else {
        return Vec::new();
    };
    let place = judged.prompt.origin.clone();
    vec![Remark {
        rule: "below-guarantee",
        confidence: Confidence::Certain,
        message: match judged.boundary {
            none if none < 1.0 => format!(
                "nothing of this prompt can be cached; `min-cached-tokens` promises {} for this path",
                thousands(f64::from(promised))
            ),
            boundary => format!(
                "the cached prefix ends at {}; `min-cached-tokens` promises {} for this path",
                tokens(boundary, judged.estimated()),
                thousands(f64::from(promised))
            ),
        },
        help: "`prefixlint inspect` shows what ends the prefix; mend that, or lower `min-cached-tokens`".into(),
        place: place.clone(),
        cause: place,
        cause_text: "min-cached-tokens".into(),
        labels: Vec::new(),
        trace: Vec::new(),
        class: None,
        saving: None,
        weight: Weight::Fixed(Severity::Warning),
        mend: None,
    }]
}
