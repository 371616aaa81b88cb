//! From a remark to a severity: the one definition of DESIGN 5. Knows nothing of how a rule found its remark.

use super::{Remark, Weight};
use crate::config::{Level, Settings, Tests};
use crate::finding::Severity;
use crate::volatility::Confidence;

/// Below this share of the input cost a finding is shown only on request.
pub const PEDANTIC_BELOW: f64 = 0.005;

/// What the command line asks of a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Also what saves next to nothing.
    pub pedantic: bool,
    /// The rule is named: no config turns it off.
    pub insisted: bool,
}

/// The severity of a remark, or `None` where it is not shown.
pub fn severity(
    remark: &Remark,
    share: f64,
    in_tests: bool,
    settings: &Settings,
    asked: &Asked,
) -> Option<Severity> {
    let category = super::RULES
        .iter()
        .find(|rule| rule.id == remark.rule)
        .map_or("", |rule| rule.category);
    let level = settings.level(remark.rule, category);
    if (level == Level::Off && !asked.insisted) || (in_tests && settings.tests == Tests::Off) {
        return None;
    }
    let by_share = if share >= settings.warn_at && remark.confidence >= Confidence::Likely {
        Severity::Warning
    } else {
        Severity::Note
    };
    let (found, shown) = match remark.weight {
        Weight::Fixed(severity) => (severity, true),
        // In tests and examples short prompts are the rule: the summary counts them.
        Weight::AtMostNote => (
            Severity::Note,
            !(in_tests && remark.rule == "prefix-below-minimum"),
        ),
        Weight::AtLeastNote => (by_share, true),
        Weight::ByShare => (by_share, share >= PEDANTIC_BELOW),
    };
    if !shown && !asked.pedantic {
        return None;
    }
    if let Level::At(severity) = level {
        return Some(severity);
    }
    if in_tests && settings.tests == Tests::Note {
        return Some(Severity::Note);
    }
    Some(found)
}
