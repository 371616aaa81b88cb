//! parse-error: something in a prompt file was not understood; the rest of the file is still linted.

use super::{Remark, Weight};
use crate::frontend::Problem;
use crate::source::Place;
use crate::volatility::Confidence;

pub fn remark(place: Place, problem: &Problem) -> Remark {
    Remark {
        rule: "parse-error",
        confidence: Confidence::Certain,
        message: problem.message.clone(),
        help: problem.help.clone().unwrap_or_default(),
        cause: place.clone(),
        place,
        cause_text: problem.message.clone(),
        labels: Vec::new(),
        trace: Vec::new(),
        class: None,
        saving: None,
        weight: Weight::AtMostNote,
        mend: None,
    }
}
