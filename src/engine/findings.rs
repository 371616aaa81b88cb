//! From remarks to findings: severity, merging by cause, suppression, order, fingerprints.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::{accepted, FileMarks, Filter, Request, Unwritten};
use crate::baseline::Stale;
use crate::finding::Fix;
use crate::finding::{FileError, Finding, Label, Savings, Severity, Suppressed, Tokens};
use crate::fix::{self, Mend, Why};
use crate::frontend::Problem;
use crate::guard::guarded;
use crate::judge::Judged;
use crate::rules::missing_breakpoint::SENT_HERE;
use crate::rules::verdict::{self, Asked, Standing};
use crate::rules::{self, Remark};
use crate::source::{stable_hash, Place, Sources, Span};
use crate::volatility::Confidence;

/// What an edit would do about a remark, and the prompt (its index) that it is said of.
type Mending = (Option<usize>, Mend);

/// One remark on its way to a finding.
pub(super) struct Draft {
    pub(super) finding: Finding,
    /// What orders findings: USD a month under configured traffic, else per 1,000 calls.
    worth: f64,
    /// What an edit would do about it, and the prompt (its index) that it is said of.
    mend: Option<Mending>,
}

/// What a run found.
pub struct Collected {
    /// Most valuable first, suppressed ones behind.
    pub findings: Vec<Finding>,
    pub sources: Sources,
    pub stale: Option<Vec<Stale>>,
    /// Rules that broke, by the file of the prompt they looked at.
    pub errors: Vec<FileError>,
    /// What else broke.
    pub notices: Vec<String>,
    pub unwritten: BTreeMap<String, Unwritten>,
}

/// Every finding of the run.
pub fn collect(
    request: &Request,
    prompts: &[Arc<Judged>],
    problems: &[(Arc<str>, Problem)],
    marks: &BTreeMap<Arc<str>, FileMarks>,
    errors: &[FileError],
) -> Collected {
    let broken: Mutex<Vec<FileError>> = Mutex::default();
    let own: Vec<(usize, Remark)> = prompts
        .par_iter()
        .enumerate()
        .flat_map_iter(|(index, judged)| {
            let broke = |message| {
                let path = judged.prompt.origin.path.clone();
                push(&broken, FileError::internal(path, message));
            };
            rules::check_prompt(judged, &broke)
                .into_iter()
                .map(move |remark| (index, remark))
        })
        .collect();
    let notices: Mutex<Vec<String>> = Mutex::default();
    let of_all = rules::check_all(prompts, &|message| push(&notices, message));
    let remarks: Vec<(usize, Remark)> = own.into_iter().chain(of_all).collect();
    let failed = all(broken);
    let errors: Vec<FileError> = errors.iter().chain(&failed).cloned().collect();
    let drafts = |filter: &Filter| -> Vec<Draft> {
        let remarks = remarks
            .iter()
            .filter_map(|(index, remark)| draft(request, filter, prompts, *index, remark.clone()));
        let mut drafts = merge(remarks.collect());
        drafts.extend(parse_errors(request, filter, problems, marks));
        drafts
    };
    let mut shown = drafts(&request.filter);
    let sources = sources(request, prompts, &shown, marks);
    for draft in &mut shown {
        suppress(&mut draft.finding, marks, &sources);
    }
    shown.extend(suppression_remarks(request, &request.filter, marks));
    let stale = request.accepted.as_ref().map(|accepted| {
        let wide = accepted::wide(&request.filter);
        let mut all = drafts(&wide);
        all.extend(suppression_remarks(request, &wide, marks));
        accepted::settle(accepted, &request.filter, &mut shown, &all, &errors)
    });
    let write = |mend: &Mend, judged: Option<&Judged>| fix::attempt(mend, judged, &sources);
    let broken = match request.fixes {
        true => write_fixes(&mut shown, prompts, &sources, &write),
        false => Vec::new(),
    };
    let (mut findings, mends) = order(shown);
    fingerprint(&mut findings);
    let unwritten = match request.fixes {
        true => BTreeMap::new(),
        false => unwritten(&findings, mends, prompts),
    };
    Collected {
        findings,
        sources,
        stale,
        errors: failed,
        notices: all(notices).into_iter().chain(broken).collect(),
        unwritten,
    }
}

fn push<T>(to: &Mutex<Vec<T>>, one: T) {
    to.lock().unwrap_or_else(PoisonError::into_inner).push(one);
}

/// In an order that threads do not show in.
fn all<T: Ord>(of: Mutex<Vec<T>>) -> Vec<T> {
    let mut out = of.into_inner().unwrap_or_else(PoisonError::into_inner);
    out.sort();
    out.dedup();
    out
}

/// Why what is only possible has no unsafe fix.
const DOUBTFUL: &str = "it is only possible, and a text is not changed on a guess";

/// Who writes fixes.
type Writer<'a> = dyn Fn(&Mend, Option<&Judged>) -> Result<Fix, Why> + Sync + 'a;

/// Fixes of what is shown: nobody asks for those of what is left alone. A writer that breaks costs its fix; what is told
/// of it names the finding.
fn write_fixes(
    shown: &mut [Draft],
    prompts: &[Arc<Judged>],
    sources: &Sources,
    write: &Writer,
) -> Vec<String> {
    let broken: Mutex<Vec<String>> = Mutex::default();
    shown
        .par_iter_mut()
        .filter(|draft| draft.finding.suppressed.is_none())
        .for_each(|draft| {
            let Some((index, mend)) = &draft.mend else {
                return;
            };
            let judged = index.map(|index| &*prompts[index]);
            match written(&draft.finding, sources, || write(mend, judged)) {
                Ok(Ok(fix)) => draft.finding.fix = Some(fix),
                Ok(Err(why)) => draft.finding.unfixed = why.map(String::from),
                Err(told) => push(&broken, told),
            }
        });
    all(broken)
}

/// The fix of a finding, or why there is none.
///
/// # Errors
/// What broke in its writer.
pub fn written(
    finding: &Finding,
    sources: &Sources,
    write: impl FnOnce() -> Result<Fix, Why>,
) -> Result<Result<Fix, Why>, String> {
    let doing = || {
        let place = &finding.place;
        let file = sources.get(&place.path);
        let line = file.map_or(1, |file| file.position(place.span.start).line);
        format!(
            "writing the fix of {} at {}:{line}",
            finding.rule, place.path
        )
    };
    // What is only possible is not worth a changed prompt.
    let doubtful = finding.confidence == Confidence::Possible;
    Ok(match guarded(doing, write)? {
        Ok(fix) if !fix.safe && doubtful => Err(Some(DOUBTFUL)),
        other => other,
    })
}

/// What fixes would be written from, for those who ask later.
fn unwritten(
    findings: &[Finding],
    mends: Vec<Option<Mending>>,
    prompts: &[Arc<Judged>],
) -> BTreeMap<String, Unwritten> {
    let own = findings.iter().zip(mends);
    let active = own.filter(|(finding, _)| finding.suppressed.is_none());
    let later = active.filter_map(|(finding, mend)| {
        let (index, mend) = mend?;
        let judged = index.map(|index| prompts[index].clone());
        Some((finding.fingerprint.clone(), Unwritten { judged, mend }))
    });
    later.collect()
}

/// Problems of one file that are shown: what is not written in the language it is taken for has one in every line.
const MOST_PROBLEMS: usize = 3;

/// `problems` stand in the order of their files.
fn parse_errors<'a>(
    request: &'a Request,
    filter: &'a Filter,
    problems: &'a [(Arc<str>, Problem)],
    marks: &'a BTreeMap<Arc<str>, FileMarks>,
) -> impl Iterator<Item = Draft> + 'a {
    let files = problems.chunk_by(|a, b| a.0 == b.0);
    files.flat_map(move |file| {
        let more = file.len().saturating_sub(MOST_PROBLEMS);
        let shown = file.iter().take(MOST_PROBLEMS).enumerate();
        shown.filter_map(move |(index, (path, problem))| {
            let mut remark = rules::parse_error(place(path, problem.span), problem);
            if more > 0 && index + 1 == MOST_PROBLEMS {
                remark.message += &format!(", and {more} more in this file");
            }
            let in_tests = marks.get(path).is_some_and(|marks| marks.in_tests);
            hygiene(request, filter, remark, in_tests)
        })
    })
}

/// The files that findings and prompts speak of: those that were parsed, and others from the workspace.
fn sources(
    request: &Request,
    prompts: &[Arc<Judged>],
    drafts: &[Draft],
    marks: &BTreeMap<Arc<str>, FileMarks>,
) -> Sources {
    let of_findings = drafts.iter().flat_map(|draft| {
        let finding = &draft.finding;
        let labels = finding.labels.iter().map(|label| &label.place.path);
        let trace = finding.trace.iter().map(|hop| &hop.place.path);
        [&finding.place.path, &finding.cause.path]
            .into_iter()
            .chain(labels)
            .chain(trace)
    });
    let of_prompts = prompts.iter().flat_map(|judged| {
        let origin = &judged.prompt.origin.path;
        let segments = judged.layout.segments.iter();
        let included = segments
            .map(|segment| &segment.place.path)
            .filter(move |path| *path != origin);
        included.chain([origin])
    });
    let paths: BTreeSet<&Arc<str>> = of_findings.chain(of_prompts).chain(marks.keys()).collect();
    paths
        .into_iter()
        .filter_map(|path| {
            let known = marks.get(path).map(|marks| marks.source.clone());
            let source = known.or_else(|| request.workspace.read(path).ok())?;
            Some((path.clone(), source))
        })
        .collect()
}

fn place(path: &Arc<str>, span: Span) -> Place {
    Place {
        path: path.clone(),
        span,
    }
}

/// What the command line asks of a rule.
fn asked(request: &Request, filter: &Filter, rule: &str) -> Asked {
    Asked {
        pedantic: filter.pedantic,
        insisted: (request.insists)(rule),
    }
}

fn standing_of(judged: &Judged) -> Standing {
    match !judged.in_tests && judged.prompt.unloaded {
        true => Standing::Page,
        false => Standing::by_tests(judged.in_tests),
    }
}

/// A remark with its severity, or nothing where it is not wanted.
fn draft(
    request: &Request,
    filter: &Filter,
    prompts: &[Arc<Judged>],
    index: usize,
    remark: Remark,
) -> Option<Draft> {
    let judged = &prompts[index];
    if !filter.rules.contains(remark.rule) || remark.confidence < filter.min_confidence {
        return None;
    }
    let saving = remark.saving;
    let gain = saving.map_or(0.0, |saving| saving.usd_per_1k_calls);
    let share = judged.share(gain);
    // The rule's severity follows the settings of the place it is shown at.
    let settings = (request.settings_for)(&remark.place.path);
    let severity = verdict::severity(
        &remark,
        share,
        standing_of(judged),
        &settings,
        &asked(request, filter, remark.rule),
    )?;
    if severity < filter.min_severity {
        return None;
    }
    let savings = saving.map(|_| Savings {
        usd_per_1k_calls: if judged.priced { gain } else { 0.0 },
        usd_per_month: judged.monthly(gain).filter(|_| judged.priced),
        share,
        basis: judged.traffic.basis.name(),
    });
    let worth = judged.monthly(gain).unwrap_or(gain);
    let tokens = Tokens {
        total: judged.total,
        before: saving.map_or(0.0, |saving| saving.before),
        stranded: saving.map_or(0.0, |saving| saving.stranded),
        minimum: f64::from(judged.model.minimum),
        boundary: judged.boundary,
        cached_now: saving.map_or(judged.plan.now.read, |saving| saving.cached_now),
        cached_after: saving.map_or(judged.plan.now.read, |saving| saving.cached_after),
        counted: judged.counted,
        threshold: judged.threshold,
        range: judged.range,
    };
    let mend = remark.mend.clone().map(|mend| (Some(index), mend));
    Some(Draft {
        worth,
        mend,
        finding: Finding {
            savings,
            tokens: Some(tokens),
            volatility: remark.class,
            model: judged.model.id.clone(),
            model_source: judged.model_source.name(),
            prompts: vec![judged.prompt.id.clone()],
            ..finding(remark, severity, judged.prompt.id.clone())
        },
    })
}

/// A remark as a finding that is worth nothing yet.
fn finding(remark: Remark, severity: Severity, prompt: String) -> Finding {
    Finding {
        rule: remark.rule,
        severity,
        confidence: remark.confidence,
        message: remark.message,
        help: remark.help,
        place: remark.place,
        cause: remark.cause,
        cause_text: remark.cause_text,
        labels: remark.labels,
        trace: remark.trace,
        prompt,
        prompts: Vec::new(),
        model: String::new(),
        model_source: "default",
        volatility: None,
        tokens: None,
        savings: None,
        rank: 0,
        suppressed: None,
        fix: None,
        unfixed: None,
        fingerprint: String::new(),
    }
}

/// A remark that belongs to a file, not to a prompt.
fn hygiene(request: &Request, filter: &Filter, remark: Remark, in_tests: bool) -> Option<Draft> {
    if !filter.rules.contains(remark.rule) || remark.confidence < filter.min_confidence {
        return None;
    }
    let settings = (request.settings_for)(&remark.place.path);
    let severity = verdict::severity(
        &remark,
        0.0,
        Standing::by_tests(in_tests),
        &settings,
        &asked(request, filter, remark.rule),
    )?;
    (severity >= filter.min_severity).then(|| Draft {
        worth: 0.0,
        mend: remark.mend.clone().map(|mend| (None, mend)),
        finding: {
            let path = remark.place.path.to_string();
            finding(remark, severity, path)
        },
    })
}

/// One finding per cause: the most valuable request speaks, all that the cause reaches are named. The rate of calls is
/// that of each request, so what the fix saves in a month is the sum over them.
fn merge(drafts: Vec<Draft>) -> Vec<Draft> {
    let mut by_cause: BTreeMap<(Arc<str>, Span, &'static str), Draft> = BTreeMap::new();
    for draft in drafts {
        let cause = &draft.finding.cause;
        let key = (cause.path.clone(), cause.span, draft.finding.rule);
        match by_cause.get_mut(&key) {
            None => {
                by_cause.insert(key, draft);
            }
            Some(known) => {
                let mut prompts = known.finding.prompts.clone();
                prompts.extend(draft.finding.prompts.iter().cloned());
                prompts.sort();
                prompts.dedup();
                let monthly = match (monthly(&known.finding), monthly(&draft.finding)) {
                    (Some(a), Some(b)) => Some(a + b),
                    (a, b) => a.or(b),
                };
                let worse =
                    (draft.finding.severity, draft.worth) > (known.finding.severity, known.worth);
                let sent = sent_from(&known.finding, &draft.finding);
                let (speaks, other) = match worse {
                    true => (&draft.finding, &known.finding),
                    false => (&known.finding, &draft.finding),
                };
                let entered = entered(speaks, other);
                if worse {
                    *known = draft;
                }
                let labels = &mut known.finding.labels;
                labels.retain(|label| label.text != SENT_HERE && label.text != ENTERS_HERE);
                labels.extend(sent);
                labels.extend(entered);
                known.finding.prompts = prompts;
                if let Some(savings) = &mut known.finding.savings {
                    savings.usd_per_month = monthly;
                    known.worth = monthly.unwrap_or(known.worth);
                }
            }
        }
    }
    by_cause.into_values().collect()
}

/// Says where a value that one finding tells of enters the other prompts that it reaches.
const ENTERS_HERE: &str = "it enters another prompt here";

/// So many of these places are named.
const MAX_ENTRIES: usize = 4;

/// Where the cause of a finding enters the prompts of another one with the same cause, as far as the traces show.
fn entered(speaks: &Finding, other: &Finding) -> Vec<Label> {
    let named = |finding: &Finding| {
        let labels = finding.labels.iter();
        let labels = labels.filter(|label| label.text == ENTERS_HERE);
        labels.map(|label| label.place.clone()).collect::<Vec<_>>()
    };
    let mut places = named(speaks);
    places.extend(named(other));
    places.extend(other.trace.last().map(|hop| hop.place.clone()));
    let told = |place: &Place| {
        *place == speaks.place || speaks.trace.iter().any(|hop| hop.place == *place)
    };
    places.retain(|place| !told(place));
    places.sort();
    places.dedup();
    places.truncate(MAX_ENTRIES);
    let label = |place| Label {
        place,
        text: ENTERS_HERE.into(),
        behind: false,
    };
    places.into_iter().map(label).collect()
}

/// The calls that send the requests of two findings.
fn sent_from(one: &Finding, other: &Finding) -> Vec<Label> {
    let labels = one.labels.iter().chain(&other.labels);
    let mut sent: Vec<Label> = labels
        .filter(|label| label.text == SENT_HERE)
        .cloned()
        .collect();
    sent.sort_by(|a, b| a.place.cmp(&b.place));
    sent.dedup_by(|a, b| a.place == b.place);
    sent
}

fn monthly(finding: &Finding) -> Option<f64> {
    finding.savings.as_ref()?.usd_per_month
}

fn suppress(finding: &mut Finding, marks: &BTreeMap<Arc<str>, FileMarks>, sources: &Sources) {
    let path = &finding.place.path;
    let (Some(marks), Some(source)) = (marks.get(path), sources.get(path)) else {
        return;
    };
    let at = finding.place.span;
    let around = marks.statements.iter().copied();
    let statement = around
        .filter(|statement| statement.start <= at.start && at.end <= statement.end)
        .min_by_key(|statement| (statement.len(), statement.start));
    let covering = marks
        .suppressions
        .covers(source, finding.rule, at, statement);
    if let Some(directive) = covering {
        finding.suppressed = Some(Suppressed {
            how: "comment",
            reason: directive.reason.clone(),
        });
    }
}

/// Findings about the suppression comments themselves: malformed ones and those that suppress nothing.
fn suppression_remarks(
    request: &Request,
    filter: &Filter,
    marks: &BTreeMap<Arc<str>, FileMarks>,
) -> Vec<Draft> {
    let mut out = Vec::new();
    for (path, marks) in marks {
        let wanted = |rule: &str| filter.rules.contains(rule);
        let unused = marks.suppressions.unused(&wanted);
        let remarks = unused
            .into_iter()
            .map(|(directive, named)| rules::unused_suppression(path, directive, &named))
            .chain(
                marks
                    .suppressions
                    .problems()
                    .iter()
                    .map(|problem| rules::parse_error(place(path, problem.span), problem)),
            );
        out.extend(remarks.filter_map(|remark| hygiene(request, filter, remark, marks.in_tests)));
    }
    out
}

/// Worst first, then by worth, then by place; ranks count what is not suppressed first.
fn order(mut drafts: Vec<Draft>) -> (Vec<Finding>, Vec<Option<Mending>>) {
    drafts.sort_by(|a, b| {
        let (x, y) = (&a.finding, &b.finding);
        x.suppressed
            .is_some()
            .cmp(&y.suppressed.is_some())
            .then(y.severity.cmp(&x.severity))
            .then(b.worth.total_cmp(&a.worth))
            .then_with(|| x.place.cmp(&y.place))
            .then(x.rule.cmp(y.rule))
            .then_with(|| x.message.cmp(&y.message))
    });
    let ranked = drafts.into_iter().enumerate().map(|(index, draft)| {
        let finding = Finding {
            rank: index + 1,
            ..draft.finding
        };
        (finding, draft.mend)
    });
    ranked.unzip()
}

/// Rule, prompt and cause name a finding; the same three again get a number.
fn fingerprint(findings: &mut [Finding]) {
    let mut order: Vec<usize> = (0..findings.len()).collect();
    order.sort_by(|a, b| findings[*a].place.cmp(&findings[*b].place));
    let mut seen: BTreeMap<u64, usize> = BTreeMap::new();
    for index in order {
        let finding = &mut findings[index];
        let parts = [
            finding.rule,
            finding.prompt.as_str(),
            finding.cause_text.as_str(),
        ];
        let base = stable_hash(&parts);
        let count = seen.entry(base).or_default();
        let hash = match *count {
            0 => base,
            n => stable_hash(&[parts[0], parts[1], parts[2], &n.to_string()]),
        };
        *count += 1;
        finding.fingerprint = format!("{hash:016x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(rule: &'static str, at: usize, mend: Mend) -> Draft {
        let path: Arc<str> = "a.py".into();
        let remark = Remark::bare(rule, Place::new(&path, at, at + 1));
        Draft {
            finding: finding(remark, Severity::Warning, "a.py".into()),
            worth: 0.0,
            mend: Some((None, mend)),
        }
    }

    #[test]
    fn a_writer_that_breaks_costs_its_fix_and_says_at_which_finding() {
        let mut shown = vec![
            draft("breakpoint-ttl-order", 0, Mend::OrderTtls),
            draft("volatile-prefix", 3, Mend::Step(0)),
            draft("unstable-order", 5, Mend::OrderTtls),
        ];
        let file = crate::source::SourceFile::new("a.py", "a\nb\nc\n");
        let sources: Sources = [(file.path.clone(), Arc::new(file))].into();
        let told = write_fixes(&mut shown, &[], &sources, &|mend, _| match mend {
            Mend::Step(_) => panic!("a cut in the middle of a letter"),
            _ => Ok(Fix {
                title: "t".into(),
                safe: true,
                edits: Vec::new(),
            }),
        });
        let written: Vec<bool> = shown.iter().map(|one| one.finding.fix.is_some()).collect();
        assert_eq!(written, [true, false, true]);
        let [told] = told.as_slice() else {
            panic!("{told:?}");
        };
        assert!(
            told.contains("writing the fix of volatile-prefix at a.py:2: a cut in the middle")
                && told.contains("please report it"),
            "{told}"
        );
    }
}
