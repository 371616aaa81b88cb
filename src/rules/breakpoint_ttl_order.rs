//! breakpoint-ttl-order: a long-lived marker behind a short-lived one is rejected.

use super::{Remark, Weight};
use crate::finding::{Label, Severity};
use crate::fix::Mend;
use crate::judge::Judged;
use crate::providers::Match;
use crate::volatility::Confidence;

pub fn check(judged: &Judged) -> Vec<Remark> {
    if judged.model.matching != Match::Marks {
        return Vec::new();
    }
    let default = judged.model.ttl.assumed;
    let mut shorter: Option<(f64, &crate::source::Place)> = None;
    for mark in &judged.layout.marks {
        let Some(place) = &mark.place else { continue };
        let ttl = mark.ttl.map_or(default, f64::from);
        match shorter {
            Some((before, first)) if ttl > before => {
                return vec![Remark {
                    rule: "breakpoint-ttl-order",
                    confidence: Confidence::Certain,
                    message: format!(
                        "a breakpoint that lives {ttl:.0} minutes stands behind one that lives {before:.0}: the provider rejects the request"
                    ),
                    help: "longer-lived breakpoints come first: give the earlier one the long TTL too, or this one the short".into(),
                    place: place.clone(),
                    cause: place.clone(),
                    cause_text: "marker ttl".into(),
                    labels: vec![Label {
                        place: first.clone(),
                        text: format!("lives {before:.0} minutes"),
                        behind: false,
                    }],
                    trace: Vec::new(),
                    class: None,
                    saving: None,
                    weight: Weight::Fixed(Severity::Error),
                    mend: Some(Mend::OrderTtls),
                }];
            }
            Some((before, _)) if ttl < before => shorter = Some((ttl, place)),
            None => shorter = Some((ttl, place)),
            _ => {}
        }
    }
    Vec::new()
}
