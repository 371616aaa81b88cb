//! Findings: what a rule says, before and after a severity is decided. Formats are in `report/`.

use std::sync::Arc;

use crate::source::Place;
use crate::volatility::{Class, Confidence};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    Note,
    Warning,
    Error,
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
    pub fn parse(name: &str) -> Option<Severity> {
        [Severity::Note, Severity::Warning, Severity::Error]
            .into_iter()
            .find(|s| s.name() == name)
    }
}

/// A secondary place with a short text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub place: Place,
    pub text: String,
    /// It speaks of what stands behind the finding's place, wherever that begins.
    pub behind: bool,
}

/// How token figures were obtained, worst of all parts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Counted {
    /// By the model's own tokenizer.
    Exact,
    /// By another tokenizer times a ratio, or from bytes.
    Estimated,
    /// Rests on `assume`.
    Assumed,
}

impl Counted {
    pub fn name(self) -> &'static str {
        match self {
            Counted::Exact => "exact",
            Counted::Estimated => "estimated",
            Counted::Assumed => "assumed",
        }
    }
}

/// Where a prefix stands against the model's minimum, given the ranges of both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Threshold {
    Below,
    Near,
    Above,
}

impl Threshold {
    pub fn name(self) -> &'static str {
        match self {
            Threshold::Below => "below",
            Threshold::Near => "near",
            Threshold::Above => "above",
        }
    }
}

/// Token figures of a finding, all in tokens of the target model.
#[derive(Clone, Debug, PartialEq)]
pub struct Tokens {
    /// The whole request.
    pub total: f64,
    /// In front of the barrier.
    pub before: f64,
    /// Stranded behind it.
    pub stranded: f64,
    /// The model's minimum cacheable prefix.
    pub minimum: f64,
    /// The last end before the first barrier or call piece; free of traffic.
    pub boundary: f64,
    /// Expected tokens read from the cache per call, as it is.
    pub cached_now: f64,
    /// ... and after this finding's fix.
    pub cached_after: f64,
    pub counted: Counted,
    pub threshold: Threshold,
    /// Low and high of `total` where it is not exact.
    pub range: Option<(f64, f64)>,
}

/// What a fix saves.
#[derive(Clone, Debug, PartialEq)]
pub struct Savings {
    pub usd_per_1k_calls: f64,
    /// Only under configured traffic.
    pub usd_per_month: Option<f64>,
    /// Of the prompt's input cost, 0 to 1.
    pub share: f64,
    /// Which traffic and prices: `reference`, `config`, `measured`.
    pub basis: &'static str,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    pub place: Place,
    pub note: String,
}

/// One problem with its place, its cause and what its fix saves.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub rule: &'static str,
    pub severity: Severity,
    pub confidence: Confidence,
    /// One sentence: the value, its class, the tokens behind it, the share.
    pub message: String,
    /// The way out.
    pub help: String,
    /// The primary place: where the value enters the prompt text.
    pub place: Place,
    /// What the finding is about; the same cause is never reported twice. Often equals `place`.
    pub cause: Place,
    /// Normalised text of the cause, for the fingerprint.
    pub cause_text: String,
    pub labels: Vec<Label>,
    pub trace: Vec<Hop>,
    /// The prompt with the largest saving, and all that the cause reaches (sorted, holds `prompt`).
    pub prompt: String,
    pub prompts: Vec<String>,
    pub model: String,
    /// `declared`, `config`, `default`.
    pub model_source: &'static str,
    pub volatility: Option<Class>,
    pub tokens: Option<Tokens>,
    pub savings: Option<Savings>,
    /// 1-based position in the report, by saving.
    pub rank: usize,
    pub suppressed: Option<Suppressed>,
    pub fix: Option<Fix>,
    /// Why there is none, where one was looked for.
    pub unfixed: Option<String>,
    pub fingerprint: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// `comment`, `baseline`, `config`.
    pub how: &'static str,
    pub reason: String,
}

/// A change of text that mends a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    pub title: String,
    pub safe: bool,
    pub edits: Vec<Edit>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub place: Place,
    pub text: String,
}

/// A file that could not be read or parsed, or a limit that was hit. The run goes on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileError {
    pub path: Arc<str>,
    pub message: String,
    /// What could be read is linted all the same.
    pub partial: bool,
}

impl FileError {
    /// Something of ours broke at a file; the run went on without what it was about.
    pub fn internal(path: Arc<str>, message: String) -> FileError {
        FileError {
            path,
            message,
            partial: false,
        }
    }
}
