//! breakpoint-lookback: more blocks between markers than the provider looks back.

use std::collections::BTreeSet;

use super::{Remark, Weight};
use crate::judge::Judged;
use crate::providers::Match;
use crate::volatility::Confidence;

pub fn check(judged: &Judged) -> Vec<Remark> {
    let (Some(lookback), Match::Marks) = (judged.model.lookback, judged.model.matching) else {
        return Vec::new();
    };
    let mut from = 0;
    let mut out = Vec::new();
    for mark in &judged.layout.marks {
        let between: BTreeSet<usize> = judged
            .layout
            .segments
            .iter()
            .map(|segment| segment.block)
            .filter(|block| *block > from && *block <= mark.block)
            .collect();
        // In front of the first marker there is no earlier entry to find.
        if let (Some(place), true) = (&mark.place, from > 0 && between.len() > lookback as usize) {
            out.push(Remark {
                rule: "breakpoint-lookback",
                confidence: Confidence::Likely,
                message: format!(
                    "{} blocks since the breakpoint before it; {} looks back {lookback}: an entry written further back is not found",
                    between.len(),
                    judged.model.id
                ),
                help: format!("add a breakpoint so that no more than {lookback} blocks stand between two"),
                place: place.clone(),
                cause: place.clone(),
                cause_text: "marker lookback".into(),
                labels: Vec::new(),
                trace: Vec::new(),
                class: None,
                saving: None,
                weight: Weight::AtMostNote,
                mend: None,
            });
        }
        from = mark.block;
    }
    out
}
