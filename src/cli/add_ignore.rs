//! `--add-ignore`: writes a comment that leaves each finding alone. Every comment is tried on the text in memory first:
//! one after which the finding is not suppressed, or something new is found, is taken back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::save::save;
use super::{backend, CheckOptions, Failure};
use crate::engine::Analysis;
use crate::finding::{Finding, Severity};
use crate::report::counted;
use crate::source::{SourceFile, Span};
use crate::suppress::write::{forms, insertion, statements, unfit, Form, Insertion};

/// Forms that are tried at one place.
const MAX_FORMS: usize = 4;
/// Findings without a comment that are named.
const NAMED: usize = 10;

/// What came of it.
pub struct Added {
    pub said: String,
    /// Findings that are left as they were.
    pub left: usize,
}

/// The findings of one place: one comment speaks of all of them.
#[derive(Clone, Debug)]
struct Spot {
    path: Arc<str>,
    span: Span,
    rules: BTreeSet<&'static str>,
    /// By which the findings are known again.
    fingerprints: BTreeSet<String>,
    /// The form that is being tried; past the last one: given up.
    form: usize,
    settled: bool,
}

/// Writes comments for what is found at or above a severity.
pub fn add(
    options: &CheckOptions,
    analysis: Analysis,
    reason: &str,
    least: Severity,
) -> Result<Added, Failure> {
    let reason = reason.trim();
    if let Some(why) = unfit(reason) {
        return Err(
            Failure::new(why).with_help("--add-ignore 'the regulator wants the time in front'")
        );
    }
    if options.stdin.is_some() {
        return Err(Failure::new(
            "comments are written into files, not into standard input",
        ));
    }
    if !analysis.config_errors.is_empty() {
        return Err(
            Failure::new("no comment is written: a config cannot be used")
                .with_help("mend the config first: what was linted is not what is meant"),
        );
    }
    let mut spots = spots(&analysis, least);
    let texts = tried(options, &analysis, &mut spots, reason)?;
    save(options, &analysis.vantage, &analysis.sources, &texts)?;
    Ok(said(&analysis, &spots, texts.len()))
}

fn spots(analysis: &Analysis, least: Severity) -> Vec<Spot> {
    let wanted = analysis
        .findings
        .iter()
        .filter(|finding| finding.suppressed.is_none() && finding.severity >= least);
    let mut by_place: BTreeMap<(Arc<str>, Span), Spot> = BTreeMap::new();
    for finding in wanted {
        let place = &finding.place;
        let spot = by_place
            .entry((place.path.clone(), place.span))
            .or_insert_with(|| Spot {
                path: place.path.clone(),
                span: place.span,
                rules: BTreeSet::new(),
                fingerprints: BTreeSet::new(),
                form: 0,
                settled: false,
            });
        spot.rules.insert(finding.rule);
        spot.fingerprints.insert(finding.fingerprint.clone());
    }
    by_place.into_values().collect()
}

/// Tries forms until every spot has one that holds, or none is left: the texts that are to be written.
fn tried(
    options: &CheckOptions,
    analysis: &Analysis,
    spots: &mut [Spot],
    reason: &str,
) -> Result<BTreeMap<String, String>, Failure> {
    let before = loud(analysis);
    loop {
        let texts = edited(analysis, spots, reason);
        if texts.is_empty() {
            return Ok(texts);
        }
        let options = CheckOptions {
            texts: texts.clone(),
            baseline: None,
            ..options.clone()
        };
        let after = backend::analyse(&options)?;
        let suppressed: BTreeSet<&str> = after
            .findings
            .iter()
            .filter(|finding| {
                finding
                    .suppressed
                    .as_ref()
                    .is_some_and(|s| s.how == "comment")
            })
            .map(|finding| finding.fingerprint.as_str())
            .collect();
        let now = loud(&after);
        let worse: BTreeSet<&str> = now
            .iter()
            .filter(|(_, fingerprint)| !before.iter().any(|(_, known)| known == fingerprint))
            .map(|(path, _)| &**path)
            .collect();
        let mut all_hold = true;
        for spot in spots
            .iter_mut()
            .filter(|spot| texts.contains_key(&*spot.path))
        {
            let holds = spot
                .fingerprints
                .iter()
                .all(|one| suppressed.contains(one.as_str()));
            spot.settled = holds && !worse.contains(&*spot.path);
            if !spot.settled && spot.form < MAX_FORMS {
                spot.form += 1;
                all_hold = false;
            }
        }
        if all_hold {
            return Ok(texts);
        }
    }
}

/// What is found and not suppressed: (path, fingerprint).
fn loud(analysis: &Analysis) -> BTreeSet<(Arc<str>, String)> {
    let findings = analysis.findings.iter().filter(|f| f.suppressed.is_none());
    findings
        .map(|finding| (finding.place.path.clone(), finding.fingerprint.clone()))
        .collect()
}

/// The files with the comments of all spots that are not given up.
fn edited(analysis: &Analysis, spots: &[Spot], reason: &str) -> BTreeMap<String, String> {
    let mut files: BTreeMap<&Arc<str>, Vec<&Spot>> = BTreeMap::new();
    for spot in spots {
        files.entry(&spot.path).or_default().push(spot);
    }
    let mut out = BTreeMap::new();
    for (path, spots) in files {
        let Some(file) = analysis.sources.get(path).filter(|file| is_editable(file)) else {
            continue;
        };
        let mut insertions = insertions(file, &spots, reason);
        insertions.sort_by_key(|insertion| std::cmp::Reverse(insertion.at));
        if insertions.is_empty() {
            continue;
        }
        let mut text = file.text.to_string();
        for insertion in insertions {
            text.insert_str(insertion.at, &insertion.text);
        }
        out.insert(path.to_string(), text);
    }
    out
}

/// Files of rows are held in part, and what is not UTF-8 would not be written back as it was.
fn is_editable(file: &SourceFile) -> bool {
    file.invalid_bytes == 0 && !crate::workspace::holds_rows(&file.path)
}

/// One comment a line: the rules of all spots of that line stand in it.
fn insertions(file: &SourceFile, spots: &[&Spot], reason: &str) -> Vec<Insertion> {
    let statements = statements(file);
    let mut by_line: BTreeMap<(usize, String), (Span, Form, BTreeSet<&'static str>)> =
        BTreeMap::new();
    for spot in spots {
        let Some(form) = forms(file, spot.span).get(spot.form).copied() else {
            continue;
        };
        let place = insertion(file, &statements, spot.span, &["x"], reason, form);
        let at = place.map_or(0, |place| place.at);
        let (_, _, rules) = by_line
            .entry((at, format!("{form:?}")))
            .or_insert_with(|| (spot.span, form, BTreeSet::new()));
        rules.extend(spot.rules.iter().copied());
    }
    by_line
        .into_values()
        .filter_map(|(span, form, rules)| {
            let rules: Vec<&str> = rules.into_iter().collect();
            insertion(file, &statements, span, &rules, reason, form)
        })
        .collect()
}

fn said(analysis: &Analysis, spots: &[Spot], files: usize) -> Added {
    let (done, open): (Vec<&Spot>, Vec<&Spot>) = spots.iter().partition(|spot| spot.settled);
    let count = |spots: &[&Spot]| -> usize { spots.iter().map(|s| s.fingerprints.len()).sum() };
    let left = count(&open);
    let mut said = match count(&done) {
        0 => "no comment is added\n".to_string(),
        some => format!(
            "{} left alone by comments in {}\n",
            counted(some, "finding"),
            counted(files, "file")
        ),
    };
    if left > 0 {
        let verb = if left == 1 { "has" } else { "have" };
        said += &format!(
            "{} {verb} no place for a comment; `overrides[].rules` in the config or a baseline leaves them alone:\n",
            counted(left, "finding")
        );
        let found = analysis.findings.iter().filter(|finding| {
            let stands = |spot: &&&Spot| spot.fingerprints.contains(&finding.fingerprint);
            finding.suppressed.is_none() && open.iter().find(stands).is_some()
        });
        let lines: Vec<String> = found.map(|finding| line(analysis, finding)).collect();
        for line in lines.iter().take(NAMED) {
            said += line;
        }
        if lines.len() > NAMED {
            said += &format!("  and {} more\n", lines.len() - NAMED);
        }
    }
    Added { said, left }
}

fn line(analysis: &Analysis, finding: &Finding) -> String {
    let path = analysis.vantage.shown(&finding.place.path);
    let source = analysis.sources.get(&finding.place.path);
    let line = source.map_or(1, |file| file.position(finding.place.span.start).line);
    format!("  {path}:{line} {}\n", finding.rule)
}
