//! The one analysis that every face shares: workspace in, findings out. Never prints, never exits.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::Traffic;
use crate::finding::{FileError, Finding};
use crate::judge::Judged;
use crate::source::SourceFile;

/// Everything a run found, in an order that does not depend on threads.
pub struct Analysis {
    /// Files looked at (read or skipped by name), for the summary.
    pub files: usize,
    /// Every resolved prompt with its layout, by id.
    pub prompts: Vec<Judged>,
    /// By rank, most valuable first; suppressed ones behind.
    pub findings: Vec<Finding>,
    /// Sorted by path.
    pub errors: Vec<FileError>,
    /// What each file was taken for, and why: for `--show-files`. Sorted by path.
    pub listed: Vec<ListedFile>,
    /// Prompts that cannot be cached at all.
    pub uncacheable: Uncacheable,
    /// The traffic of the run's root settings.
    pub traffic: Traffic,
    /// ISO date of the price table.
    pub prices_as_of: String,
    /// Notes about the run itself: a price table that is too old, limits that were hit.
    pub notices: Vec<String>,
    /// Sources that findings speak of, for excerpts.
    pub sources: BTreeMap<Arc<str>, Arc<SourceFile>>,
}

/// One line of `--show-files`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFile {
    pub path: Arc<str>,
    /// `prompt`, `partial`, `config`, `code`, `skipped`, `error`.
    pub taken_as: &'static str,
    /// `jinja: opens with "You are"`, `no prompt: Dockerfile template`.
    pub why: String,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Uncacheable {
    pub count: usize,
    /// Of how many prompts.
    pub of: usize,
    /// The prompt that lacks least: (prompt id, its best prefix in tokens, the minimum, whether the count is exact).
    pub nearest: Option<(String, f64, f64, bool)>,
}
