//! Fixes applied in memory, to a fixed point: each batch is linted again, and a fix that does not hold what it promised
//! is withdrawn. Touches no disk: what comes out is texts, and who called writes them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::edits::{edited, fits, Taken};
use super::proof::{faults, files, Key, State};
use crate::engine::Analysis;
use crate::finding::{Finding, Fix};
use crate::frontend::code;
use crate::source::{Place, SourceFile};

/// Rounds of linting that one run takes: the last ones are for fixes that disturb each other.
const MOST_ROUNDS: usize = 40;
/// How often a fix is tried again when others have changed its prompt.
const MOST_TRIES: usize = 3;

/// Texts by path from the root of the run.
pub type Texts = BTreeMap<String, String>;

/// What came of it.
pub struct Applied {
    /// The files that are other than they were.
    pub texts: Texts,
    pub done: Vec<Told>,
    pub withdrawn: Vec<Told>,
    /// What is found behind it.
    pub after: Analysis,
}

/// A fix that was applied or withdrawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub key: Key,
    pub rule: &'static str,
    /// Where the finding stood when the fix was tried.
    pub place: Place,
    /// 1-based.
    pub line: usize,
    /// What the fix does, or why it was withdrawn.
    pub text: String,
}

/// Whether a fix is wanted.
pub fn is_wanted(finding: &Finding, unsafe_too: bool) -> bool {
    let fix = finding.fix.as_ref();
    finding.suppressed.is_none() && fix.is_some_and(|fix| fix.safe || unsafe_too)
}

/// Applies what the findings of an analysis promise. `lint`: the same analysis with some texts instead of what the
/// files hold.
///
/// # Errors
/// What `lint` says.
pub fn apply<E>(
    before: Analysis,
    unsafe_too: bool,
    lint: &mut dyn FnMut(&Texts) -> Result<Analysis, E>,
) -> Result<Applied, E> {
    let mut run = Run {
        texts: Texts::new(),
        now: before,
        done: Vec::new(),
        withdrawn: BTreeMap::new(),
        lints: 0,
    };
    while run.lints < MOST_ROUNDS {
        let batch = run.batch(unsafe_too);
        if batch.is_empty() {
            break;
        }
        run.try_batch(batch, lint)?;
    }
    let is_open = |key: &Key, after: &Analysis| after.findings.iter().any(|f| Key::of(f) == *key);
    let withdrawn = run.withdrawn.iter();
    let withdrawn = withdrawn
        .filter(|(key, _)| is_open(key, &run.now))
        .map(|(_, known)| known.told.clone())
        .collect();
    Ok(Applied {
        withdrawn,
        texts: run.texts,
        done: run.done,
        after: run.now,
    })
}

struct Run {
    texts: Texts,
    now: Analysis,
    done: Vec<Told>,
    withdrawn: BTreeMap<Key, Withdrawn>,
    lints: usize,
}

/// A fix that did not hold.
struct Withdrawn {
    told: Told,
    tries: usize,
    /// Its prompt is another since.
    again: bool,
}

impl Run {
    /// What can be applied together, most valuable first.
    fn batch(&self, unsafe_too: bool) -> Vec<Finding> {
        let mut taken = Taken::default();
        let wanted = self.now.findings.iter().filter(|finding| {
            let known = self.withdrawn.get(&Key::of(finding));
            is_wanted(finding, unsafe_too) && known.is_none_or(|known| known.again)
        });
        wanted
            .filter(|finding| {
                let fix = finding.fix.as_ref();
                fix.is_some_and(|fix| fits(fix, &self.now.sources) && taken.take(fix))
            })
            .cloned()
            .collect()
    }

    /// Applies a batch, or as much of it as holds.
    fn try_batch<E>(
        &mut self,
        mut batch: Vec<Finding>,
        lint: &mut dyn FnMut(&Texts) -> Result<Analysis, E>,
    ) -> Result<(), E> {
        loop {
            let texts = self.edited(&batch);
            let reasons = match unreadable(&batch, &texts) {
                reasons if reasons.iter().any(Option::is_some) => reasons,
                _ => {
                    let mut all = self.texts.clone();
                    all.extend(
                        texts
                            .iter()
                            .map(|(path, text)| (path.to_string(), text.clone())),
                    );
                    self.lints += 1;
                    let after = lint(&all)?;
                    let refs: Vec<&Finding> = batch.iter().collect();
                    let reasons = faults(&State::of(&self.now), &State::of(&after), &refs);
                    if reasons.iter().all(Option::is_none) {
                        self.accept(batch, all, after);
                        return Ok(());
                    }
                    reasons
                }
            };
            batch = self.without(batch, reasons);
            if batch.is_empty() || self.lints >= MOST_ROUNDS {
                return Ok(());
            }
        }
    }

    fn edited(&self, batch: &[Finding]) -> BTreeMap<Arc<str>, String> {
        let fixes = batch.iter().filter_map(|finding| finding.fix.as_ref());
        edited(fixes, &self.now.sources)
    }

    fn accept(&mut self, batch: Vec<Finding>, texts: Texts, after: Analysis) {
        let done: Vec<Told> = batch
            .iter()
            .filter_map(|finding| Some(self.told(finding, finding.fix.as_ref()?.title.clone())))
            .collect();
        self.done.extend(done);
        self.texts = texts;
        self.now = after;
        // What did not hold before may do so now that its prompt is another.
        let changed: BTreeSet<&String> = batch.iter().flat_map(|f| &f.prompts).collect();
        for (key, known) in &mut self.withdrawn {
            known.again |= known.tries < MOST_TRIES && changed.contains(&key.prompt);
        }
    }

    /// The batch without what does not hold. What stands alone in its files and prompts is withdrawn; what may be the
    /// doing of another one is tried again, the most valuable first.
    fn without(&mut self, batch: Vec<Finding>, reasons: Vec<Option<String>>) -> Vec<Finding> {
        let alone = |index: usize| {
            let others = batch
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != index);
            !others
                .map(|(_, other)| other)
                .any(|other| meet(&batch[index], other))
        };
        let mut first = None;
        let mut left = Vec::new();
        for (index, reason) in reasons.into_iter().enumerate() {
            let finding = &batch[index];
            match reason {
                None => left.push(finding.clone()),
                Some(reason) if alone(index) => self.withdraw(finding, reason),
                Some(_) => first = first.or(Some(finding)),
            }
        }
        match (left.is_empty(), first) {
            (true, Some(first)) => vec![first.clone()],
            _ => left,
        }
    }

    fn withdraw(&mut self, finding: &Finding, reason: String) {
        let told = self.told(finding, reason);
        let key = Key::of(finding);
        let tries = self.withdrawn.get(&key).map_or(0, |known| known.tries) + 1;
        let again = false;
        self.withdrawn.insert(key, Withdrawn { told, tries, again });
    }

    fn told(&self, finding: &Finding, text: String) -> Told {
        let source = self.now.sources.get(&finding.place.path);
        Told {
            key: Key::of(finding),
            rule: finding.rule,
            line: source.map_or(1, |file| file.position(finding.place.span.start).line),
            place: finding.place.clone(),
            text,
        }
    }
}

/// Whether two fixes may disturb each other.
fn meet(a: &Finding, b: &Finding) -> bool {
    let prompts = |finding: &Finding| -> BTreeSet<String> {
        let named = finding.prompts.iter().chain([&finding.prompt]);
        named.cloned().collect()
    };
    !prompts(a).is_disjoint(&prompts(b)) || !files(a).is_disjoint(&files(b))
}

/// For each fix of a batch: whether it leaves code behind that cannot be parsed.
fn unreadable(batch: &[Finding], texts: &BTreeMap<Arc<str>, String>) -> Vec<Option<String>> {
    let broken: BTreeSet<&Arc<str>> = texts
        .iter()
        .filter(|(path, text)| {
            code::language_of(path).is_some_and(|language| {
                let file = SourceFile::new(path, text);
                !code::parse(&file, language).problems.is_empty()
            })
        })
        .map(|(path, _)| path)
        .collect();
    let fault = |fix: &Fix| {
        let mut paths = fix.edits.iter().map(|edit| &edit.place.path);
        let path = paths.find(|path| broken.contains(path))?;
        Some(format!("{path} would hold a syntax error"))
    };
    batch
        .iter()
        .map(|finding| finding.fix.as_ref().and_then(fault))
        .collect()
}
