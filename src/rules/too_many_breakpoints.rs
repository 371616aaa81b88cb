//! too-many-breakpoints: more markers than the provider takes.

use super::{Remark, Weight};
use crate::finding::{Label, Severity};
use crate::judge::Judged;
use crate::prompt::MarkerHow;
use crate::volatility::Confidence;

pub fn check(judged: &Judged) -> Vec<Remark> {
    let Some(most) = judged.model.max_breakpoints.filter(|most| *most > 0) else {
        return Vec::new();
    };
    let marks = || judged.layout.marks.iter();
    let automatic = marks()
        .filter(|mark| mark.how == MarkerHow::Automatic)
        .count();
    let placed: Vec<_> = marks()
        .filter(|mark| mark.how != MarkerHow::Automatic)
        .filter_map(|mark| mark.place.as_ref().map(|place| (mark, place)))
        .collect();
    let count = placed.len() + automatic;
    let Some((_, first_over)) = placed.get((most as usize).saturating_sub(automatic)) else {
        return Vec::new();
    };
    let labels = placed
        .iter()
        .take(most as usize)
        .enumerate()
        .map(|(number, (_, place))| Label {
            place: (*place).clone(),
            text: format!("breakpoint {}", number + 1),
        })
        .collect();
    let with = if automatic > 0 {
        " (the automatic one counts)"
    } else {
        ""
    };
    vec![Remark {
        rule: "too-many-breakpoints",
        confidence: Confidence::Certain,
        message: format!(
            "{count} cache breakpoints{with}; {} takes {most} and rejects the request",
            judged.model.id
        ),
        help:
            "keep the ones at the end of the tools, of the system prompt and of the newest message"
                .into(),
        place: (*first_over).clone(),
        cause: (*first_over).clone(),
        cause_text: "marker over the limit".into(),
        labels,
        trace: Vec::new(),
        class: None,
        saving: None,
        weight: Weight::Fixed(Severity::Error),
    }]
}
