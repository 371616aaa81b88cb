//! unused-suppression: an ignore comment that suppresses nothing.

use std::sync::Arc;

use super::{Remark, Weight};
use crate::fix::Mend;
use crate::source::Place;
use crate::suppress::Directive;
use crate::volatility::Confidence;

/// `rules`: the rules that a directive of a file names and that did not fire there.
pub fn remark(path: &Arc<str>, directive: &Directive, rules: &[&str]) -> Remark {
    let place = Place {
        path: path.clone(),
        span: directive.span,
    };
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
        place: place.clone(),
        cause_text: format!("unused {named}"),
        labels: Vec::new(),
        trace: Vec::new(),
        class: None,
        saving: None,
        weight: Weight::AtMostNote,
        mend: Some(Mend::Unname {
            directive: place.clone(),
            comment: directive.comment,
            rules: directive.rules.clone(),
            unused: rules.iter().map(|rule| rule.to_string()).collect(),
        }),
    }
}
