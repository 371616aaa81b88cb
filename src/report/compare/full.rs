//! A comparison for people: what the change costs in one line, each prompt that differs as a few lines, costliest
//! first, and what the figures rest on.

use std::collections::HashSet;

use super::words;
use super::CompareReport;
use crate::compare::{Comparison, Fate, Pair};
use crate::engine::Analysis;
use crate::finding::{FileError, Finding, Severity};
use crate::report::style::{self, Style, BOLD, DIM, GREEN, PLAIN, RED};
use crate::report::{full, located, wording};

/// Columns of the names in front of lines.
const LABEL: usize = 10;
/// Notes of one prompt that are listed; more are counted.
const LISTED_NOTES: usize = 3;

pub(super) struct Full;

impl CompareReport for Full {
    fn name(&self) -> &'static str {
        "full"
    }

    fn is_prose(&self) -> bool {
        true
    }

    fn render(&self, comparison: &Comparison, tripped: &[String], style: Style) -> String {
        let mut page = Page {
            out: String::new(),
            style,
            told: HashSet::new(),
        };
        page.headline(comparison);
        for pair in &comparison.prompts {
            page.out.push('\n');
            page.prompt(comparison, pair);
        }
        page.elsewhere(comparison);
        page.errors(comparison);
        page.summary(comparison, tripped);
        page.out
    }
}

struct Page {
    out: String,
    style: Style,
    /// Findings that were told: one that reaches several prompts is told once.
    told: HashSet<*const Finding>,
}

impl Page {
    /// A line with a name in front of it.
    fn line(&mut self, indent: usize, name: &str, text: &str) {
        let lead = " ".repeat(indent);
        let name = self.style.paint(DIM, &style::pad(name, LABEL));
        let lead = format!("{lead}{name} ");
        let width = self.style.width;
        style::wrapped(&mut self.out, &lead, indent + LABEL + 1, text, width);
    }

    fn headline(&mut self, comparison: &Comparison) {
        let total = words::total(comparison);
        let change = comparison.per_month().map_or(0.0, |money| money.change());
        let dearer = comparison
            .prompts
            .iter()
            .any(|pair| words::direction(pair) > 0.0);
        let ink = match (change, dearer) {
            (change, _) if change < 0.0 => GREEN,
            (change, dearer) if change > 0.0 || dearer => RED,
            _ => GREEN,
        };
        let text = format!(
            "prefixlint compare {}: {}; {}",
            words::versions(comparison),
            self.style.paint(ink, &total),
            words::tally(comparison)
        );
        style::wrapped(&mut self.out, "", 0, &text, self.style.width);
    }

    fn prompt(&mut self, comparison: &Comparison, pair: &Pair) {
        let Some(named) = pair.named() else { return };
        let direction = words::direction(pair);
        let ink = match direction {
            _ if pair.fate() != Fate::Changed => PLAIN,
            d if d > 0.0 => RED,
            d if d < 0.0 => GREEN,
            _ => DIM,
        };
        let analysis = if pair.head.is_some() {
            comparison.head
        } else {
            comparison.base
        };
        let text = format!(
            "{}  {}",
            self.style
                .paint(BOLD, &analysis.vantage.shown(&named.prompt.id)),
            self.style.paint(ink, &words::pair_change(pair))
        );
        style::wrapped(&mut self.out, "", 2, &text, self.style.width);
        if let Some(former) = pair.former() {
            self.line(2, "was", &comparison.base.vantage.shown(former));
        }
        match words::model(pair) {
            Some(text) => self.line(2, "model", &text),
            None => self.line(2, "model", &named.model.id),
        }
        self.figures(pair);
        if let Some(cause) = &pair.cause {
            let place = words::place(comparison, cause, located);
            let text = format!("{}, {place}", words::cause(pair, cause));
            self.line(2, "boundary", &text);
        }
        if let Some(cold) = &pair.cold_start {
            let place = located(comparison.head, &cold.place);
            let text = format!("{}, {place}", words::cold_start(pair, cold));
            self.line(2, "cold start", &text);
        }
        self.findings("new", comparison.head, &pair.new);
        self.findings("fixed", comparison.base, &pair.fixed);
    }

    fn figures(&mut self, pair: &Pair) {
        let text = format!(
            "{}, cached prefix {}, read per call {}",
            words::both(pair, |judged| judged.total),
            words::both(pair, |judged| judged.boundary),
            words::both(pair, |judged| judged.plan.now.read)
        );
        self.line(2, "tokens", &text);
        if !words::priced(pair) {
            return;
        }
        let mut text = format!("{} per 1,000 calls", words::money(pair, pair.per_1k()));
        if let Some(month) = pair.per_month() {
            text += &format!(", {} a month", words::money(pair, month));
        }
        self.line(2, "cost", &text);
    }

    /// Warnings and errors one by one, notes as long as they are few.
    fn findings(&mut self, name: &str, analysis: &Analysis, findings: &[&Finding]) {
        let fresh: Vec<&Finding> = findings
            .iter()
            .copied()
            .filter(|finding| self.told.insert(std::ptr::from_ref(*finding)))
            .collect();
        let (notes, loud): (Vec<&Finding>, Vec<&Finding>) = fresh
            .into_iter()
            .partition(|finding| finding.severity == Severity::Note);
        let few = notes.len() <= LISTED_NOTES;
        for finding in loud
            .into_iter()
            .chain(notes.iter().copied().filter(|_| few))
        {
            let (place, message) = (located(analysis, &finding.place), words::message(finding));
            let rule = format!("{}[{}]", finding.severity.name(), finding.rule);
            let rule = self.style.severity(finding.severity, &rule);
            let message = style::one_line(message, 200);
            self.line(2, name, &format!("{rule} {place}: {message}"));
        }
        if !few {
            self.line(2, name, &wording::counted(notes.len(), "note"));
        }
    }

    /// Findings on files that hold no prompt which differs.
    fn elsewhere(&mut self, comparison: &Comparison) {
        let told = &self.told;
        let open = |findings: &[&Finding]| {
            let untold = |finding: &&Finding| !told.contains(&std::ptr::from_ref(*finding));
            findings.iter().any(untold)
        };
        if open(&comparison.new) || open(&comparison.fixed) {
            self.out.push('\n');
            let title = self.style.paint(BOLD, "elsewhere");
            self.out.push_str(&format!("{title}\n"));
            self.findings("new", comparison.head, &comparison.new);
            self.findings("fixed", comparison.base, &comparison.fixed);
        }
    }

    fn errors(&mut self, comparison: &Comparison) {
        let (base, head) = (comparison.base, comparison.head);
        let only_before: Vec<&FileError> = base
            .errors
            .iter()
            .filter(|error| !head.errors.contains(error))
            .collect();
        let now = head.errors.iter().map(|error| (error, String::new()));
        let before = only_before
            .into_iter()
            .map(|error| (error, format!(" ({})", comparison.versions.0.name)));
        let all: Vec<(&FileError, String)> = now.chain(before).collect();
        if !all.is_empty() {
            self.out.push('\n');
        }
        for (error, side) in all {
            let word = if error.partial {
                "bad bytes"
            } else {
                "not linted"
            };
            let name = self.style.severity(Severity::Error, word);
            let path = head.vantage.shown(&error.path);
            self.out
                .push_str(&format!("{name} {path}{side}: {}\n", error.message));
        }
    }

    fn summary(&mut self, comparison: &Comparison, tripped: &[String]) {
        self.out.push('\n');
        let priced = comparison.prompts.iter().any(words::priced);
        if priced {
            self.line(0, "based on", &full::basis(comparison.head));
        }
        let notices = comparison.notices.iter().chain(&comparison.head.notices);
        for notice in notices {
            self.line(0, "notice", notice);
        }
        for limit in tripped {
            let text = self.style.paint(RED, limit);
            self.line(0, "fails", &text);
        }
        let length = self.out.trim_end().len();
        self.out.truncate(length);
        self.out.push('\n');
    }
}
