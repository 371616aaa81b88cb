//! One line for each finding: for editors that read compiler output, and for grep.

use std::fmt::Write;

use super::style::{Style, BOLD};
use super::{active, counts, fixes, full, located, stale, statistics, suppressed, tables, wording};
use super::{Report, Show, Verbosity};
use crate::engine::Analysis;
use crate::finding::{Finding, Severity};

/// More notes than this are counted by rule instead of listed.
const LISTED_NOTES: usize = 10;

pub(super) struct Concise;

impl Report for Concise {
    fn name(&self) -> &'static str {
        "concise"
    }

    fn for_people(&self) -> bool {
        true
    }

    fn render(&self, analysis: &Analysis, show: Show, style: Style) -> String {
        let mut out = String::new();
        let notes: Vec<&Finding> = active(analysis)
            .filter(|finding| finding.severity == Severity::Note)
            .collect();
        let list_notes = notes.len() <= LISTED_NOTES || show.verbosity == Verbosity::Verbose;
        for finding in active(analysis) {
            if finding.severity == Severity::Note && !list_notes {
                continue;
            }
            let name = format!("{}[{}]", finding.severity.name(), finding.rule);
            let place = style.paint(BOLD, &located(analysis, &finding.place));
            let name = style.severity(finding.severity, &name);
            // As linters of code mark it: `[*]` is fixed by --fix.
            let mark = match &finding.fix {
                Some(fix) if fix.safe => "[*] ",
                _ => "",
            };
            let _ = writeln!(out, "{place}: {name} {mark}{}", finding.message);
        }
        for error in &analysis.errors {
            let path = analysis.vantage.shown(&error.path);
            let lead = if error.partial { "" } else { "not linted: " };
            let _ = writeln!(out, "{path}: {lead}{}", error.message);
        }
        if !list_notes {
            let _ = writeln!(out, "{}", full::counted_notes(&notes, style));
        }
        if show.prompts {
            tables::prompts(&mut out, analysis, style);
        }
        if show.statistics {
            statistics::table(&mut out, analysis, style);
        }
        if show.verbosity == Verbosity::Verbose {
            for line in analysis.fixed.iter().flat_map(|fixed| &fixed.withdrawn) {
                let _ = writeln!(out, "withdrawn: {line}");
            }
        }
        if show.verbosity > Verbosity::Quiet {
            let _ = writeln!(out, "{}", total(analysis));
        }
        out
    }
}

/// `2 warnings, 3 notes in 44 prompts`.
fn total(analysis: &Analysis) -> String {
    let found: Vec<String> = counts(analysis)
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| wording::counted(count, severity.name()))
        .collect();
    let found = if found.is_empty() {
        "nothing to fix".to_string()
    } else {
        found.join(", ")
    };
    let prompts = wording::counted(analysis.prompts.len(), "prompt");
    let mut line = format!("{found} in {prompts}");
    if let Some((name, text)) = fixes(analysis) {
        let _ = write!(line, "; {name} {text}");
    }
    if let Some((count, by)) = suppressed(analysis) {
        let count = wording::counted(count, "finding");
        let _ = write!(line, "; {count} suppressed: {by}");
    }
    if let Some(stale) = stale(analysis).filter(|stale| *stale > 0) {
        let _ = write!(line, "; {stale} of the baseline gone");
    }
    line
}
