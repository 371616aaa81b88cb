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

/// Where the prompt of a remark stands: elsewhere than in the product findings weigh less.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    Product,
    /// Tests, examples, docs.
    Tests,
    /// A page that nothing but its name makes a prompt.
    Page,
}

impl Standing {
    /// Of what stands in tests or not, where nothing else is known of it.
    pub fn by_tests(in_tests: bool) -> Standing {
        match in_tests {
            true => Standing::Tests,
            false => Standing::Product,
        }
    }
}

/// The severity of a remark, or `None` where it is not shown.
pub fn severity(
    remark: &Remark,
    share: f64,
    standing: Standing,
    settings: &Settings,
    asked: &Asked,
) -> Option<Severity> {
    let category = super::RULES
        .iter()
        .find(|rule| rule.id == remark.rule)
        .map_or("", |rule| rule.category);
    let level = settings.level(remark.rule, category);
    let in_tests = standing == Standing::Tests;
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
        // Asked for by its name as well.
        Weight::OnRequest => (Severity::Note, asked.insisted),
        Weight::ByShare => (by_share, share >= PEDANTIC_BELOW),
    };
    if !shown && !asked.pedantic {
        return None;
    }
    if let Level::At(severity) = level {
        return Some(severity);
    }
    let weighs_less = standing == Standing::Page || (in_tests && settings.tests == Tests::Note);
    Some(match weighs_less {
        true => Severity::Note,
        false => found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Place;

    fn remark(weight: Weight, confidence: Confidence) -> Remark {
        Remark {
            confidence,
            weight,
            ..Remark::bare("volatile-prefix", Place::new(&"a.j2".into(), 0, 1))
        }
    }

    /// The severity of a likely remark outside of tests, under default settings.
    fn plain(weight: Weight, share: f64) -> Option<Severity> {
        let remark = remark(weight, Confidence::Likely);
        severity(
            &remark,
            share,
            Standing::Product,
            &Settings::default(),
            &Asked::default(),
        )
    }

    #[test]
    fn a_share_decides_between_silence_a_note_and_a_warning() {
        assert_eq!(plain(Weight::ByShare, 0.0049), None);
        assert_eq!(plain(Weight::ByShare, 0.005), Some(Severity::Note));
        assert_eq!(plain(Weight::ByShare, 0.0499), Some(Severity::Note));
        assert_eq!(plain(Weight::ByShare, 0.05), Some(Severity::Warning));
        let all = Asked {
            pedantic: true,
            ..Asked::default()
        };
        let tiny = remark(Weight::ByShare, Confidence::Certain);
        let shown = severity(&tiny, 0.0, Standing::Product, &Settings::default(), &all);
        assert_eq!(shown, Some(Severity::Note));
    }

    #[test]
    fn the_share_that_warns_is_configured() {
        let settings = Settings {
            warn_at: 0.2,
            ..Settings::default()
        };
        let remark = remark(Weight::ByShare, Confidence::Certain);
        let at = |share| {
            severity(
                &remark,
                share,
                Standing::Product,
                &settings,
                &Asked::default(),
            )
        };
        assert_eq!(
            (at(0.19), at(0.2)),
            (Some(Severity::Note), Some(Severity::Warning))
        );
    }

    #[test]
    fn what_is_only_possible_is_a_note_whatever_it_saves() {
        let remark = remark(Weight::ByShare, Confidence::Possible);
        let found = severity(
            &remark,
            0.9,
            Standing::Product,
            &Settings::default(),
            &Asked::default(),
        );
        assert_eq!(found, Some(Severity::Note));
    }

    #[test]
    fn a_weight_bounds_the_severity() {
        assert_eq!(plain(Weight::AtLeastNote, 0.0), Some(Severity::Note));
        assert_eq!(plain(Weight::AtLeastNote, 0.5), Some(Severity::Warning));
        assert_eq!(plain(Weight::AtMostNote, 0.9), Some(Severity::Note));
        assert_eq!(plain(Weight::OnRequest, 0.9), None);
        assert_eq!(
            plain(Weight::Fixed(Severity::Error), 0.0),
            Some(Severity::Error)
        );
    }

    #[test]
    fn a_configured_level_wins_and_off_is_off_unless_the_rule_is_named() {
        let settings = |level| Settings {
            rules: vec![("volatile-prefix".into(), level)],
            ..Settings::default()
        };
        let remark = remark(Weight::ByShare, Confidence::Certain);
        let at = |level, asked: Asked, in_tests| {
            severity(
                &remark,
                0.5,
                Standing::by_tests(in_tests),
                &settings(level),
                &asked,
            )
        };
        let error = Level::At(Severity::Error);
        assert_eq!(at(error, Asked::default(), false), Some(Severity::Error));
        assert_eq!(at(error, Asked::default(), true), Some(Severity::Error));
        assert_eq!(at(Level::Off, Asked::default(), false), None);
        let named = Asked {
            insisted: true,
            ..Asked::default()
        };
        assert_eq!(at(Level::Off, named, false), Some(Severity::Warning));
        let hidden = self::remark(Weight::OnRequest, Confidence::Certain);
        let shown = severity(
            &hidden,
            0.0,
            Standing::Product,
            &Settings::default(),
            &named,
        );
        assert_eq!(shown, Some(Severity::Note));
        // By its category as well.
        let order = Settings {
            rules: vec![("order".into(), Level::Off)],
            ..Settings::default()
        };
        assert_eq!(
            severity(&remark, 0.5, Standing::Product, &order, &Asked::default()),
            None
        );
    }

    #[test]
    fn tests_are_noted_judged_alike_or_left_alone_as_configured() {
        let found = |tests| {
            let settings = Settings {
                tests,
                ..Settings::default()
            };
            let remark = remark(Weight::ByShare, Confidence::Certain);
            severity(&remark, 0.5, Standing::Tests, &settings, &Asked::default())
        };
        assert_eq!(found(Tests::Note), Some(Severity::Note));
        assert_eq!(found(Tests::Same), Some(Severity::Warning));
        assert_eq!(found(Tests::Off), None);
        let short = Remark {
            rule: "prefix-below-minimum",
            ..remark(Weight::AtMostNote, Confidence::Certain)
        };
        let shown = |in_tests| {
            severity(
                &short,
                0.0,
                Standing::by_tests(in_tests),
                &Settings::default(),
                &Asked::default(),
            )
        };
        assert_eq!((shown(true), shown(false)), (None, Some(Severity::Note)));
    }

    #[test]
    fn what_only_a_name_makes_a_prompt_is_a_note_unless_the_config_says_otherwise() {
        let of_page = |settings: &Settings| {
            let remark = remark(Weight::ByShare, Confidence::Certain);
            severity(&remark, 0.5, Standing::Page, settings, &Asked::default())
        };
        assert_eq!(of_page(&Settings::default()), Some(Severity::Note));
        let settings = Settings {
            tests: Tests::Off,
            rules: vec![("volatile-prefix".into(), Level::At(Severity::Warning))],
            ..Settings::default()
        };
        assert_eq!(of_page(&settings), Some(Severity::Warning));
    }
}
