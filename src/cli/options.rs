//! What `check`, `inspect` and `init` ask of the analysis, as plain data. Reads no files but standard input.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Read;
use std::path::PathBuf;

use clap::ArgMatches;

use super::baseline::BaselineFile;
use super::{Failure, Scope, Selection};
use crate::finding::Severity;
use crate::volatility::Confidence;

/// A text on standard input with the name it is to be linted under.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stdin {
    pub filename: PathBuf,
    pub bytes: Vec<u8>,
}

/// Where settings come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ConfigChoice {
    /// The nearest config above each file.
    Nearest,
    /// This file for all.
    File(PathBuf),
    /// No config files.
    Isolated,
}

/// Settings of the command line: they win over every config.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Overrides {
    pub model: Option<String>,
    pub calls_per_month: Option<f64>,
    /// Minutes.
    pub ttl: Option<f64>,
    /// A provider table that overrides the built-in one.
    pub prices: Option<PathBuf>,
}

/// One run of the analysis.
#[derive(Clone, PartialEq, Debug)]
pub struct CheckOptions {
    /// The working folder: paths are relative to it.
    pub working: PathBuf,
    pub paths: Vec<PathBuf>,
    pub stdin: Option<Stdin>,
    pub config: ConfigChoice,
    pub overrides: Overrides,
    pub selection: Selection,
    pub min_severity: Severity,
    pub min_confidence: Confidence,
    pub pedantic: bool,
    /// Walk what ignore files name.
    pub no_ignore: bool,
    /// Excludes hold for named files too.
    pub force_exclude: bool,
    /// 0 = all cores.
    pub threads: usize,
    /// Whether every file is to be listed with what it was taken for.
    pub list_files: bool,
    /// Findings that are known already.
    pub baseline: Option<BaselineFile>,
    /// Texts that stand in for those of files, by path from the root of the run.
    pub texts: BTreeMap<String, String>,
    pub scope: Scope,
}

impl CheckOptions {
    /// Plain options for some paths of the working folder.
    pub fn new(paths: Vec<PathBuf>) -> Result<CheckOptions, Failure> {
        let working = std::env::current_dir()
            .map_err(|error| Failure::new(format!("no working folder: {error}")))?;
        Ok(CheckOptions {
            working,
            paths,
            stdin: None,
            config: ConfigChoice::Nearest,
            overrides: Overrides::default(),
            selection: Selection::default(),
            min_severity: Severity::Note,
            min_confidence: Confidence::Possible,
            pedantic: false,
            no_ignore: false,
            force_exclude: false,
            threads: 0,
            list_files: false,
            baseline: None,
            texts: BTreeMap::new(),
            scope: Scope::All,
        })
    }

    /// The options of `check`.
    pub fn of_check(matches: &ArgMatches) -> Result<CheckOptions, Failure> {
        let paths: Vec<PathBuf> = matches
            .get_many::<PathBuf>("paths")
            .map(|paths| paths.cloned().collect())
            .unwrap_or_default();
        let mut options = CheckOptions::new(paths)?;
        options.shared(matches);
        options.stdin = stdin(&mut options.paths, matches)?;
        options.selection = Selection::of(matches)?;
        options.min_severity =
            text(matches, "min-severity").map_or(Severity::Note, |name| severity(&name));
        options.min_confidence = text(matches, "min-confidence")
            .and_then(|name| Confidence::parse(&name))
            .unwrap_or(Confidence::Possible);
        options.pedantic = matches.get_flag("pedantic");
        options.no_ignore = matches.get_flag("no-ignore");
        options.force_exclude = matches.get_flag("force-exclude");
        options.threads = matches
            .get_one::<u16>("threads")
            .copied()
            .unwrap_or(0)
            .into();
        options.list_files = matches.get_flag("show-files");
        options.baseline = BaselineFile::of(matches, &options.working)?;
        options.scope = match text(matches, "changed-since") {
            Some(revision) => Scope::Since(revision),
            None if matches.get_flag("affected") => Scope::Affected,
            None => Scope::All,
        };
        Ok(options)
    }

    /// What `check` and `inspect` both take: config and cost.
    pub fn shared(&mut self, matches: &ArgMatches) {
        self.config = match matches.get_one::<PathBuf>("config") {
            Some(path) => ConfigChoice::File(path.clone()),
            None if matches.get_flag("isolated") => ConfigChoice::Isolated,
            None => ConfigChoice::Nearest,
        };
        self.overrides = Overrides {
            model: text(matches, "model"),
            calls_per_month: matches.get_one::<f64>("calls-per-month").copied(),
            ttl: matches.get_one::<f64>("ttl").copied(),
            prices: matches.get_one::<PathBuf>("prices").cloned(),
        };
    }
}

pub(super) fn text(matches: &ArgMatches, name: &str) -> Option<String> {
    matches.get_one::<String>(name).cloned()
}

/// Clap has checked the name.
pub(super) fn severity(name: &str) -> Severity {
    Severity::parse(name).unwrap_or(Severity::Warning)
}

/// Standard input, if `-` names it.
fn stdin(paths: &mut Vec<PathBuf>, matches: &ArgMatches) -> Result<Option<Stdin>, Failure> {
    let filename = matches.get_one::<PathBuf>("stdin-filename").cloned();
    let dash = paths.iter().any(|path| path.as_os_str() == OsStr::new("-"));
    let filename = match (dash, filename) {
        (false, None) => return Ok(None),
        (true, Some(filename)) if paths.len() == 1 => filename,
        (true, Some(_)) => {
            return Err(Failure::new("`-` stands alone: no other path goes with it"))
        }
        (true, None) => {
            return Err(Failure::new("`-` needs a name: the format depends on it")
                .with_help("add --stdin-filename prompts/chat.j2"))
        }
        (false, Some(_)) => {
            return Err(Failure::new("--stdin-filename goes with the path `-`")
                .with_help("prefixlint check - --stdin-filename FILE"))
        }
    };
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::new(format!("cannot read standard input: {error}")))?;
    // The text stands for the file, which need not be there.
    paths.clear();
    Ok(Some(Stdin { filename, bytes }))
}

/// `200000`, `200_000`, `200k`, `2M`.
pub(super) fn calls(text: &str) -> Result<f64, String> {
    let (digits, factor) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 1e3),
        Some((at, 'm' | 'M')) => (&text[..at], 1e6),
        _ => (text, 1.0),
    };
    positive(&digits.replace('_', ""), factor)
        .ok_or_else(|| "not a number of calls above zero: write 200000, 200k or 2M".to_string())
}

/// Minutes: `5`, `5m`, `1h`, `30s`.
pub(super) fn minutes(text: &str) -> Result<f64, String> {
    let (digits, factor) = match text.char_indices().last() {
        Some((at, 's')) => (&text[..at], 1.0 / 60.0),
        Some((at, 'm')) => (&text[..at], 1.0),
        Some((at, 'h')) => (&text[..at], 60.0),
        Some((at, 'd')) => (&text[..at], 1440.0),
        _ => (text, 1.0),
    };
    positive(digits, factor)
        .ok_or_else(|| "not a time above zero: write minutes, or 5m, 1h".to_string())
}

fn positive(digits: &str, factor: f64) -> Option<f64> {
    let value = digits.parse::<f64>().ok()? * factor;
    (value.is_finite() && value > 0.0).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_and_times_take_suffixes() {
        assert_eq!(calls("200k"), Ok(200_000.0));
        assert_eq!(calls("2M"), Ok(2_000_000.0));
        assert_eq!(calls("200_000"), Ok(200_000.0));
        assert_eq!(minutes("1h"), Ok(60.0));
        assert_eq!(minutes("5"), Ok(5.0));
        for wrong in ["", "k", "-1", "0", "nan", "inf", "5x", "é"] {
            assert!(calls(wrong).is_err(), "{wrong}");
            assert!(minutes(wrong).is_err(), "{wrong}");
        }
    }
}
