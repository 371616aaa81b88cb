//! From a remark to a severity: the one definition of DESIGN 5. Knows nothing of how a rule found its remark.

use super::{Remark, Weight};
use crate::config::{Level, Settings, Tests};
use crate::finding::Severity;
use crate::volatility::Confidence;

/// Below this share of the input cost a finding is shown only on request.
pub const PEDANTIC_BELOW: f64 = 0.005;

/// The severity of a remark, or `None` where it is not shown.
pub fn severity(
    remark: &Remark,
    share: f64,
    in_tests: bool,
    settings: &Settings,
    pedantic: bool,
) -> Option<Severity> {
    let level = level_of(settings, remark.rule);
    if level == Level::Off || (in_tests && settings.tests == Tests::Off) {
        return None;
    }
    let by_share = if share >= settings.warn_at && remark.confidence >= Confidence::Likely {
        Severity::Warning
    } else {
        Severity::Note
    };
    let (found, shown) = match remark.weight {
        Weight::Fixed(severity) => (severity, true),
        Weight::AtMostNote => (Severity::Note, true),
        Weight::AtLeastNote => (by_share, true),
        Weight::ByShare => (by_share, share >= PEDANTIC_BELOW),
    };
    if !shown && !pedantic {
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

/// What the config says of a rule: the last entry that names it or its category.
fn level_of(settings: &Settings, rule: &str) -> Level {
    let category = super::RULES
        .iter()
        .find(|known| known.id == rule)
        .map_or("", |known| known.category);
    settings
        .rules
        .iter()
        .rev()
        .find(|(name, _)| name == rule)
        .or_else(|| {
            settings
                .rules
                .iter()
                .rev()
                .find(|(name, _)| name == category)
        })
        .map_or(Level::Default, |(_, level)| *level)
}
