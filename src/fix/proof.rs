//! Whether a fix did what it promised: the prompts before it and behind it, side by side. Says why where it did not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::engine::Analysis;
use crate::finding::{Finding, Severity};
use crate::judge::Judged;
use crate::prompt::{Piece, Prompt};

/// By which a finding is known again when its text has moved.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key {
    rule: &'static str,
    pub prompt: String,
    cause: String,
}

impl Key {
    pub fn of(finding: &Finding) -> Key {
        Key {
            rule: finding.rule,
            prompt: finding.prompt.clone(),
            cause: finding.cause_text.clone(),
        }
    }
}

/// Part of the promised saving that must appear: the plan prices one edit behind the other, and figures are rounded.
const LEAST_SAVING: f64 = 0.5;
/// Savings below this share of the input cost are within what a token more or less makes.
const SMALL_SHARE: f64 = 0.005;

/// What is known of an analysis as a whole.
pub struct State<'a> {
    analysis: &'a Analysis,
    active: BTreeMap<Key, usize>,
}

impl<'a> State<'a> {
    pub fn of(analysis: &'a Analysis) -> State<'a> {
        let mut active: BTreeMap<Key, usize> = BTreeMap::new();
        for finding in analysis.findings.iter().filter(|f| f.suppressed.is_none()) {
            *active.entry(Key::of(finding)).or_default() += 1;
        }
        State { analysis, active }
    }

    fn count(&self, key: &Key) -> usize {
        self.active.get(key).copied().unwrap_or_default()
    }

    fn prompt(&self, id: &str) -> Option<&'a Judged> {
        let prompts = &self.analysis.prompts;
        let at = prompts.binary_search_by(|judged| judged.prompt.id.as_str().cmp(id));
        at.ok().map(|at| &prompts[at])
    }
}

/// What is wrong behind a batch of fixes: for each fix of it a reason, where there is one.
pub fn faults(before: &State, after: &State, batch: &[&Finding]) -> Vec<Option<String>> {
    let mut same: BTreeMap<Key, usize> = BTreeMap::new();
    for finding in batch {
        *same.entry(Key::of(finding)).or_default() += 1;
    }
    let worse = worse(before, after);
    let fault = |finding: &&Finding| {
        let key = Key::of(finding);
        let left = before.count(&key).saturating_sub(same[&key]);
        if after.count(&key) > left {
            return Some("the finding is still there".to_string());
        }
        lost(before, after, finding)
            .or_else(|| unpaid(before, after, finding))
            .or_else(|| broken(before, after, finding))
            .or_else(|| loud(&worse, finding))
    };
    batch.iter().map(fault).collect()
}

/// What is found now at or above a warning and was not there: where it stands, the prompts it is on, its rule.
fn worse<'a>(before: &State, after: &State<'a>) -> Vec<&'a Finding> {
    let found = after.analysis.findings.iter();
    found
        .filter(|finding| finding.suppressed.is_none() && finding.severity > Severity::Note)
        .filter(|finding| {
            let key = Key::of(finding);
            after.count(&key) > before.count(&key)
        })
        .collect()
}

fn loud(worse: &[&Finding], finding: &Finding) -> Option<String> {
    let prompts: BTreeSet<&String> = finding.prompts.iter().chain([&finding.prompt]).collect();
    let files = files(finding);
    let found = worse.iter().find(|new| {
        let mut on = new.prompts.iter().chain([&new.prompt]);
        files.contains(&new.place.path) || on.any(|prompt| prompts.contains(prompt))
    });
    found.map(|new| format!("it brings a new finding: {}", new.rule))
}

/// The files that the fix of a finding edits.
pub fn files(finding: &Finding) -> BTreeSet<&Arc<str>> {
    let edits = finding.fix.iter().flat_map(|fix| &fix.edits);
    edits.map(|edit| &edit.place.path).collect()
}

/// Whether a prompt is no longer sent, or stable text of it is gone.
fn lost(before: &State, after: &State, finding: &Finding) -> Option<String> {
    for id in finding.prompts.iter().chain([&finding.prompt]) {
        let Some(was) = before.prompt(id) else {
            continue;
        };
        let Some(is) = after.prompt(id) else {
            return Some(format!("the prompt {id} is not found behind it"));
        };
        let (was, is) = (words(&was.prompt), words(&is.prompt));
        let missing = was
            .iter()
            .find(|(word, count)| is.get(*word).is_none_or(|now| now < count));
        if let Some((word, _)) = missing {
            return Some(format!("`{word}` would not be sent any more"));
        }
    }
    None
}

/// How often each word stands in the stable text of a prompt.
fn words(prompt: &Prompt) -> BTreeMap<&str, usize> {
    fn of<'a>(pieces: &'a [Piece], out: &mut BTreeMap<&'a str, usize>) {
        for piece in pieces {
            match piece {
                Piece::Text(text) => {
                    for word in text.as_str().split_whitespace() {
                        *out.entry(word).or_default() += 1;
                    }
                }
                Piece::Branch(branch) => branch.arms.iter().for_each(|arm| of(arm, out)),
                Piece::Repeat(repeat) => of(&repeat.body, out),
                _ => {}
            }
        }
    }
    let mut out = BTreeMap::new();
    let blocks = prompt.messages.iter().flat_map(|message| &message.blocks);
    blocks.for_each(|block| of(&block.pieces, &mut out));
    out
}

/// Whether the saving does not appear in the prompt that speaks.
fn unpaid(before: &State, after: &State, finding: &Finding) -> Option<String> {
    let promised = finding.savings.as_ref()?.share;
    if promised < SMALL_SHARE {
        return None;
    }
    let (was, is) = (
        before.prompt(&finding.prompt)?,
        after.prompt(&finding.prompt)?,
    );
    let cost = |judged: &Judged| judged.plan.now.usd_per_1k_calls;
    let saved = (cost(was) - cost(is)) / cost(was).max(f64::MIN_POSITIVE);
    (saved < promised * LEAST_SAVING).then(|| {
        format!(
            "it saves {:.0} % of the input cost instead of {:.0} %",
            saved * 100.0,
            promised * 100.0
        )
    })
}

/// Whether a file is no longer read as before.
fn broken(before: &State, after: &State, finding: &Finding) -> Option<String> {
    let problems = |state: &State, path: &Arc<str>| {
        let known = state.analysis.problems.get(path);
        known.copied().unwrap_or_default()
    };
    let worse = |path: &&&Arc<str>| problems(after, path) > problems(before, path);
    let files = files(finding);
    let path = files.iter().find(worse)?;
    Some(format!("{path} could not be read behind it"))
}
