//! `--select`, `--ignore`, `--extend-select`: names of rules and categories to sets of rules.

use std::collections::BTreeSet;

use clap::ArgMatches;

use super::Failure;
use crate::rules::{CATEGORIES, RULES};

/// What the command line says of rules.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selection {
    /// Only these; `None`: as the config says.
    pub select: Option<BTreeSet<&'static str>>,
    pub ignore: BTreeSet<&'static str>,
    /// Also these, even where the config turns them off.
    pub extend: BTreeSet<&'static str>,
}

impl Selection {
    pub(super) fn of(matches: &ArgMatches) -> Result<Selection, Failure> {
        let names = |flag: &str| -> Vec<String> {
            matches
                .get_many::<String>(flag)
                .map(|names| names.cloned().collect())
                .unwrap_or_default()
        };
        let select = names("select");
        Ok(Selection {
            select: if select.is_empty() {
                None
            } else {
                Some(rules(&select)?)
            },
            ignore: rules(&names("ignore"))?,
            extend: rules(&names("extend-select"))?,
        })
    }

    /// Whether a rule runs at all under this selection.
    pub fn wants(&self, rule: &str) -> bool {
        !self.ignore.contains(rule)
            && (self.extend.contains(rule)
                || self.select.as_ref().is_none_or(|set| set.contains(rule)))
    }

    /// Whether the command line asks for the rule by name, so that a config cannot turn it off.
    pub fn insists(&self, rule: &str) -> bool {
        self.wants(rule)
            && (self.extend.contains(rule)
                || self.select.as_ref().is_some_and(|set| set.contains(rule)))
    }

    /// The ids of the rules that run.
    pub fn active(&self) -> BTreeSet<&'static str> {
        RULES
            .iter()
            .map(|rule| rule.id)
            .filter(|rule| self.wants(rule))
            .collect()
    }
}

/// Ids and categories (and `all`) to ids.
fn rules(names: &[String]) -> Result<BTreeSet<&'static str>, Failure> {
    let mut out = BTreeSet::new();
    for name in names.iter().map(|name| name.trim()) {
        let before = out.len();
        out.extend(
            RULES
                .iter()
                .filter(|rule| rule.id == name || rule.category == name || name == "all")
                .map(|rule| rule.id),
        );
        let known = RULES.iter().any(|rule| rule.id == name) || CATEGORIES.contains(&name);
        if out.len() == before && !known {
            return Err(unknown_rule(name));
        }
    }
    Ok(out)
}

/// The failure for a rule that does not exist, with the nearest name.
pub(super) fn unknown_rule(name: &str) -> Failure {
    let known = RULES
        .iter()
        .map(|rule| rule.id)
        .chain(CATEGORIES.iter().copied());
    let failure = Failure::new(format!("unknown rule `{name}`"));
    failure.with_help(match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`prefixlint rules` lists them".to_string(),
    })
}

/// The known name that is spelled most alike, if one is near.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase().replace('_', "-");
    known
        .map(|candidate| (strsim::jaro_winkler(&name, candidate), candidate))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<&'static str> {
        let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
        rules(&names).unwrap()
    }

    #[test]
    fn categories_stand_for_their_rules() {
        let order = set(&["order"]);
        assert!(order.contains("volatile-prefix"));
        assert!(!order.contains("missing-breakpoint"));
        assert_eq!(set(&["all"]).len(), RULES.len());
    }

    #[test]
    fn ignore_wins_over_select_and_extend() {
        let selection = Selection {
            select: Some(set(&["order"])),
            ignore: set(&["volatile-prefix"]),
            extend: set(&["volatile-prefix", "over-budget"]),
        };
        assert!(!selection.wants("volatile-prefix"));
        assert!(selection.insists("over-budget"));
        assert!(selection.wants("unstable-order"));
        assert!(!selection.wants("missing-breakpoint"));
        assert!(!Selection::default().insists("volatile-prefix"));
        assert_eq!(Selection::default().active().len(), RULES.len());
    }

    #[test]
    fn a_misspelled_rule_gets_a_hint() {
        let failure = rules(&["volatile_prefx".to_string()]).unwrap_err();
        assert_eq!(failure.help.unwrap(), "did you mean `volatile-prefix`?");
        let failure = rules(&["zzz".to_string()]).unwrap_err();
        assert!(failure.help.unwrap().contains("prefixlint rules"));
    }
}
