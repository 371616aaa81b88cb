//! Findings against a baseline: which are known, which entries match nothing any more. Knows no files.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::findings::Draft;
use super::{Accepted, Filter};
use crate::baseline::{Entry, Key, Matching, Stale};
use crate::finding::{FileError, Finding, Severity, Suppressed};
use crate::rules;
use crate::source::{Place, Span};
use crate::volatility::Confidence;

/// The same rules, with all that they say: what a filter hides is there all the same.
pub(super) fn wide(filter: &Filter) -> Filter {
    Filter {
        changed: None,
        rules: filter.rules.clone(),
        min_severity: Severity::Note,
        min_confidence: Confidence::Possible,
        pedantic: true,
    }
}

/// Marks what the baseline knows as suppressed and gives its stale entries. `all` is what a filter leaves out as well.
pub(super) fn settle(
    accepted: &Accepted,
    filter: &Filter,
    shown: &mut [Draft],
    all: &[Draft],
    errors: &[FileError],
) -> Vec<Stale> {
    let mut matching = Matching::new(accepted.baseline);
    let mut seen: BTreeSet<(Arc<str>, Span, &str)> = BTreeSet::new();
    let mut order: Vec<usize> = (0..shown.len()).collect();
    order.sort_by(|a, b| at(&shown[*a].finding).cmp(&at(&shown[*b].finding)));
    for index in order {
        let finding = &mut shown[index].finding;
        seen.insert(cause(finding));
        // A comment speaks first: the entry is not needed then.
        if finding.suppressed.is_some() {
            continue;
        }
        if let Some(entry) = matching.take(&Key::of(finding)) {
            finding.suppressed = Some(Suppressed {
                how: "baseline",
                reason: entry.reason.clone(),
            });
        }
    }
    let hidden = all.iter().map(|draft| &draft.finding);
    for finding in hidden.filter(|finding| !seen.contains(&cause(finding))) {
        matching.excuse(&Key::of(finding));
    }
    let unread: BTreeSet<&str> = errors
        .iter()
        .filter(|error| !error.partial)
        .map(|error| &*error.path)
        .collect();
    let looked_at = |file: &str| !unread.contains(file) && (accepted.scope)(file);
    // A rule that is left out says nothing; one that is not there any more never will.
    let ids = rules::ids();
    let ran = |rule: &str| filter.rules.contains(rule) || !ids.contains(&rule);
    let judged = |key: &Key, entry: &Entry| {
        ran(&key.rule) && looked_at(&key.file) && entry.through.iter().all(|file| looked_at(file))
    };
    matching.stale(&judged)
}

fn cause(finding: &Finding) -> (Arc<str>, Span, &'static str) {
    (finding.cause.path.clone(), finding.cause.span, finding.rule)
}

fn at(finding: &Finding) -> (&Place, &str) {
    (&finding.cause, finding.rule)
}
