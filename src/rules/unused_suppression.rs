//! unused-suppression: an ignore comment that suppresses nothing.

use super::{Remark, Weight};
use crate::source::Place;
use crate::volatility::Confidence;

/// `rules`: the rules that the comment names and that did not fire there.
pub fn remark(place: Place, rules: &[&str]) -> Remark {
    let named = rules
        .iter()
        .map(|rule| format!("`{rule}`"))
        .collect::<Vec<_>>()
        .join(", ");
    Remark {
        rule: "unused-suppression",
        confidence: Confidence::Certain,
        message: format!("nothing here is suppressed: {named} does not fire"),
        help: "remove the comment, or the rule from its list".into(),
        cause: place.clone(),
        place,
        cause_text: format!("unused {named}"),
        labels: Vec::new(),
        trace: Vec::new(),
        class: None,
        saving: None,
        weight: Weight::AtMostNote,
        mend: None,
    }
}
