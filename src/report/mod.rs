//! What a run found, written down: one file per format behind one trait. Formats turn an `Analysis` into text;
//! they print nothing, read no environment and decide no severity.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::Settings;
use crate::engine::Analysis;
use crate::finding::{Finding, Savings, Severity};
use crate::judge::Judged;
use crate::source::{LineColumn, Place, SourceFile};

mod comment;
pub mod compare;
mod concise;
pub mod diff;
pub mod escape;
mod excerpt;
mod frame;
mod full;
mod github;
mod gitlab;
pub mod inspect;
mod json;
mod json_lines;
mod junit;
pub mod markdown;
pub mod models;
pub(crate) mod prompts;
mod rdjson;
mod room;
pub mod rules;
mod sarif;
pub mod settings;
mod statistics;
pub mod style;
mod tables;
pub(crate) mod wording;

pub use comment::comment;
pub use frame::{mistake, Mistake};
pub use github::commands;
pub use json::document as json_document;
pub use json::pretty;
pub use style::Style;
pub use tables::{files, files_json};
pub use wording::counted;

/// How much a person wants to read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Verbosity {
    /// Findings only.
    Quiet,
    #[default]
    Normal,
    /// Every note, every notice.
    Verbose,
}

/// What to write beside the findings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Show {
    pub prompts: bool,
    pub statistics: bool,
    pub verbosity: Verbosity,
}

/// One output format.
pub trait Report: Sync {
    /// As it is named on the command line.
    fn name(&self) -> &'static str;
    /// Whether it is for people: colours and a width make sense.
    fn for_people(&self) -> bool {
        false
    }
    /// Whether it has a place for remarks on the run itself.
    fn tells_notices(&self) -> bool {
        true
    }
    /// The whole text, with a line break at its end if there is any.
    fn render(&self, analysis: &Analysis, show: Show, style: Style) -> String;
}

/// Every format, in the order in which help texts name them. A new one is one line here.
pub const FORMATS: &[&dyn Report] = &[
    &full::Full,
    &concise::Concise,
    &json::Json,
    &json_lines::JsonLines,
    &github::GitHub,
    &gitlab::GitLab,
    &sarif::Sarif,
    &rdjson::RdJson,
    &junit::JUnit,
    &comment::Comment,
];

/// The format of a name.
pub fn format_of(name: &str) -> Option<&'static dyn Report> {
    FORMATS.iter().copied().find(|format| format.name() == name)
}

/// The settings in force for one path: for `--show-settings`.
#[derive(Clone, PartialEq, Debug)]
pub struct SettingsView {
    pub path: String,
    /// The config file they come from; `None`: built in.
    pub from: Option<String>,
    /// The two as people read them, from the working folder.
    pub shown: (String, Option<String>),
    pub settings: Settings,
}

/// Where the page of a rule is read.
pub fn rule_url(rule: &str) -> String {
    format!(
        "{}/blob/main/rules/checks/{rule}.md",
        env!("CARGO_PKG_REPOSITORY")
    )
}

/// The findings that count: not suppressed, in the order of the analysis.
fn active(analysis: &Analysis) -> impl Iterator<Item = &Finding> {
    analysis
        .findings
        .iter()
        .filter(|finding| finding.suppressed.is_none())
}

fn source<'a>(analysis: &'a Analysis, path: &str) -> Option<&'a Arc<SourceFile>> {
    analysis.sources.get(path)
}

/// Line and column of the start of a place; `None` where the source is not at hand.
fn position(analysis: &Analysis, place: &Place) -> Option<LineColumn> {
    Some(source(analysis, &place.path)?.position(place.span.start))
}

/// `path:line:column`, or the path alone.
fn located(analysis: &Analysis, place: &Place) -> String {
    let path = analysis.vantage.shown(&place.path);
    match position(analysis, place) {
        Some(at) => format!("{path}:{}:{}", at.line, at.column),
        None => path,
    }
}

/// The same from the top of the repository, as a code host knows it.
fn hosted(analysis: &Analysis, place: &Place) -> String {
    let path = analysis.vantage.in_repository(&place.path);
    match position(analysis, place) {
        Some(at) => format!("{path}:{}:{}", at.line, at.column),
        None => path,
    }
}

/// How many active findings have a fix that is safe, and how many one that is not.
fn fixable(analysis: &Analysis) -> (usize, usize) {
    let count = |safe: bool| {
        let fixes = active(analysis).filter_map(|finding| finding.fix.as_ref());
        fixes.filter(|fix| fix.safe == safe).count()
    };
    (count(true), count(false))
}

/// `, 1 more with --unsafe-fixes`, where there is any.
pub fn more_unsafe(analysis: &Analysis) -> String {
    let tried = analysis
        .fixed
        .as_ref()
        .is_some_and(|fixed| fixed.unsafe_too);
    match fixable(analysis).1 {
        _ if tried => String::new(),
        0 => String::new(),
        some => format!(
            ", {} more with --unsafe-fixes",
            crate::figures::thousands(some as f64)
        ),
    }
}

/// What is fixed, or what can be: the name of the line and its text.
fn fixes(analysis: &Analysis) -> Option<(&'static str, String)> {
    let more = more_unsafe(analysis);
    if let Some(fixed) = &analysis.fixed {
        if fixed.findings == 0 {
            return (!more.is_empty()).then(|| ("fixed", format!("nothing{more}")));
        }
        let findings = counted(fixed.findings, "finding");
        let files = counted(fixed.files, "file");
        return Some(("fixed", format!("{findings} in {files}{more}")));
    }
    match fixable(analysis) {
        (0, 0) => None,
        (0, some) => Some(("fixable", format!("{some} with --fix --unsafe-fixes"))),
        (some, _) => Some(("fixable", format!("{some} with --fix{more}"))),
    }
}

/// Active findings of each severity, worst first.
fn counts(analysis: &Analysis) -> [(Severity, usize); 3] {
    [Severity::Error, Severity::Warning, Severity::Note].map(|severity| {
        let count = active(analysis)
            .filter(|finding| finding.severity == severity)
            .count();
        (severity, count)
    })
}

/// Suppressed findings by how, for people: `3 by the baseline, 1 by a comment`. `None` where there are none.
fn suppressed(analysis: &Analysis) -> Option<(usize, String)> {
    let by = |how: &str| {
        let all = analysis.findings.iter();
        let own = all.filter_map(|finding| finding.suppressed.as_ref());
        own.filter(|suppressed| suppressed.how == how).count()
    };
    let parts = [
        (by("baseline"), "the baseline"),
        (by("comment"), "comments"),
        (by("config"), "the config"),
    ];
    let total = parts.iter().map(|(count, _)| count).sum();
    let named: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, by)| format!("{} by {by}", crate::figures::thousands(*count as f64)))
        .collect();
    (total > 0).then(|| (total, named.join(", ")))
}

/// Findings that the baseline knows and the run does not find any more.
fn stale(analysis: &Analysis) -> Option<usize> {
    let stale = analysis.stale.as_ref()?;
    Some(stale.iter().map(|one| one.count).sum())
}

/// What all fixes save together: USD per 1,000 calls of each prompt, and a month under configured traffic. Two
/// findings of one prompt may want the same tokens, so that a prompt counts no more than its whole plan or its best
/// single finding saves.
fn savings(analysis: &Analysis) -> (f64, Option<f64>) {
    let mut by_prompt: BTreeMap<&str, Vec<&Savings>> = BTreeMap::new();
    for finding in active(analysis) {
        if let Some(savings) = &finding.savings {
            by_prompt
                .entry(finding.prompt.as_str())
                .or_default()
                .push(savings);
        }
    }
    let prompts: BTreeMap<&str, &Judged> = analysis
        .prompts
        .iter()
        .map(|judged| (judged.prompt.id.as_str(), &**judged))
        .collect();
    let mut total = (0.0, None);
    for (id, savings) in by_prompt {
        let sum: f64 = savings.iter().map(|one| one.usd_per_1k_calls).sum();
        let largest = savings
            .iter()
            .map(|one| one.usd_per_1k_calls)
            .fold(0.0, f64::max);
        let most = prompts.get(id).map_or(sum, |judged| {
            let plan = judged.plan.now.usd_per_1k_calls
                - self::prompts::bill_after(judged).usd_per_1k_calls;
            plan.max(largest)
        });
        let part = if sum > most { most / sum } else { 1.0 };
        total.0 += sum * part;
        let month = savings
            .iter()
            .filter_map(|one| one.usd_per_month)
            .reduce(|a, b| a + b);
        if let Some(month) = month {
            total.1 = Some(total.1.unwrap_or(0.0) + month * part);
        }
    }
    total
}
