//! Which findings stand on one side only. A finding is the same where rule, prompt and cause are, whatever its figures:
//! by the prompt's name now, so that a rename fixes nothing. Knows nothing of how findings are shown.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::matching::Match;
use crate::engine::Analysis;
use crate::finding::Finding;

/// Findings that are new, and those that are gone. What is suppressed is neither.
pub fn differing<'a>(
    base: &'a Analysis,
    head: &'a Analysis,
    matched: &[Match],
) -> (Vec<&'a Finding>, Vec<&'a Finding>) {
    let names = Names::new(base, head, matched);
    let mut open = Open::new(&head.findings);
    let mut pairs: Vec<Option<usize>> = Vec::with_capacity(base.findings.len());
    for finding in &base.findings {
        pairs.push(open.take(finding, &names.now(&finding.prompt)));
    }
    // A cause that reaches several requests is told of the dearest of them, which may be another one now.
    for (finding, pair) in base.findings.iter().zip(&mut pairs) {
        if pair.is_none() {
            let prompts: BTreeSet<String> =
                finding.prompts.iter().map(|id| names.now(id)).collect();
            *pair = open.take_any(finding, &prompts);
        }
    }
    let active = |finding: &&Finding| finding.suppressed.is_none();
    let was_active: BTreeMap<usize, bool> = base
        .findings
        .iter()
        .zip(&pairs)
        .filter_map(|(finding, pair)| Some(((*pair)?, active(&finding))))
        .collect();
    let new = head
        .findings
        .iter()
        .enumerate()
        .filter(|(index, finding)| active(finding) && was_active.get(index) != Some(&true))
        .map(|(_, finding)| finding)
        .collect();
    let gone = base.findings.iter().zip(&pairs);
    let fixed = gone
        // What goes with its prompt was not mended.
        .filter(|(finding, pair)| pair.is_none() && active(finding) && !names.gone(finding))
        .map(|(finding, _)| finding)
        .collect();
    (new, fixed)
}

/// What prompts and files of the older side are called now.
struct Names<'a> {
    now: BTreeMap<&'a str, &'a str>,
    /// Prompts of the older side that are deleted.
    deleted: BTreeSet<&'a str>,
}

impl<'a> Names<'a> {
    fn new(base: &'a Analysis, head: &'a Analysis, matched: &[Match]) -> Names<'a> {
        let mut names = BTreeMap::new();
        for (before, after) in matched {
            let (Some(before), Some(after)) = (before, after) else {
                continue;
            };
            let (before, after) = (&base.prompts[*before].prompt, &head.prompts[*after].prompt);
            // Findings on a file itself bear its path.
            names.insert(&*before.origin.path, &*after.origin.path);
        }
        for (before, after) in matched {
            if let (Some(before), Some(after)) = (before, after) {
                let (before, after) = (&base.prompts[*before], &head.prompts[*after]);
                names.insert(before.prompt.id.as_str(), after.prompt.id.as_str());
            }
        }
        let deleted = matched.iter().filter(|(_, after)| after.is_none());
        Names {
            now: names,
            deleted: deleted
                .filter_map(|(before, _)| Some(base.prompts[(*before)?].prompt.id.as_str()))
                .collect(),
        }
    }

    /// Whether every prompt of a finding is deleted.
    fn gone(&self, finding: &Finding) -> bool {
        let mut prompts = finding.prompts.iter();
        !finding.prompts.is_empty() && prompts.all(|id| self.deleted.contains(id.as_str()))
    }

    fn now(&self, name: &str) -> String {
        self.now.get(name).copied().unwrap_or(name).to_string()
    }
}

type Cause<'a> = (&'a str, &'a str);

/// Findings that have no partner yet, by rule and cause, in order.
struct Open<'a> {
    findings: &'a [Finding],
    by_cause: BTreeMap<Cause<'a>, VecDeque<usize>>,
}

impl<'a> Open<'a> {
    fn new(findings: &'a [Finding]) -> Open<'a> {
        let mut by_cause: BTreeMap<Cause, VecDeque<usize>> = BTreeMap::new();
        for (index, finding) in findings.iter().enumerate() {
            let cause = (finding.rule, finding.cause_text.as_str());
            by_cause.entry(cause).or_default().push_back(index);
        }
        Open { findings, by_cause }
    }

    fn take(&mut self, finding: &'a Finding, prompt: &str) -> Option<usize> {
        self.remove(finding, |other| other.prompt == prompt)
    }

    fn take_any(&mut self, finding: &'a Finding, prompts: &BTreeSet<String>) -> Option<usize> {
        self.remove(finding, |other| {
            other.prompts.iter().any(|prompt| prompts.contains(prompt))
        })
    }

    fn remove(&mut self, finding: &'a Finding, test: impl Fn(&Finding) -> bool) -> Option<usize> {
        let cause = (finding.rule, finding.cause_text.as_str());
        let open = self.by_cause.get_mut(&cause)?;
        let at = open.iter().position(|index| test(&self.findings[*index]))?;
        open.remove(at)
    }
}
