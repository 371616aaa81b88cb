//! over-budget: larger than the `budget` of its path.

use super::{Remark, Weight};
use crate::figures::{thousands, tokens};
use crate::finding::Severity;
use crate::judge::Judged;
use crate::volatility::Confidence;

pub fn check(judged: &Judged) -> Vec<Remark> {
    let Some(budget) = judged
        .settings
        .budget
        .filter(|budget| judged.total > f64::from(*budget))
    else {
        return Vec::new();
    };
    let place = judged.prompt.origin.clone();
    vec![Remark {
        rule: "over-budget",
        confidence: Confidence::Certain,
        message: format!(
            "{}, {} over the budget of {}",
            tokens(judged.total, judged.estimated()),
            thousands(judged.total - f64::from(budget)),
            thousands(f64::from(budget))
        ),
        help: "shorten the prompt, or raise `budget` for its path".into(),
        place: place.clone(),
        cause: place,
        cause_text: "budget".into(),
        labels: Vec::new(),
        trace: Vec::new(),
        class: None,
        saving: None,
        weight: Weight::Fixed(Severity::Warning),
        mend: None,
    }]
}
