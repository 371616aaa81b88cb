//! Whether a fix did what it promised: the prompts before it and behind it, side by side. Says why where it did not.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::moves;
use crate::engine::Analysis;
use crate::finding::{Finding, Severity};
use crate::judge::Judged;
use crate::prompt::{Piece, Prompt};
use crate::rules;
use crate::volatility::Class;

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

/// Shares of the input cost that a token more or less makes.
const ROUNDING: f64 = 0.01;

/// What is known of an analysis as a whole.
pub struct State<'a> {
    analysis: &'a Analysis,
    active: BTreeMap<Key, usize>,
    /// Those of them that speak of a clock of the day.
    days: BTreeMap<Key, usize>,
}

impl<'a> State<'a> {
    pub fn of(analysis: &'a Analysis) -> State<'a> {
        let mut active: BTreeMap<Key, usize> = BTreeMap::new();
        let mut days: BTreeMap<Key, usize> = BTreeMap::new();
        for finding in analysis.findings.iter().filter(|f| f.suppressed.is_none()) {
            *active.entry(Key::of(finding)).or_default() += 1;
            if finding.volatility == Some(Class::Day) {
                *days.entry(Key::of(finding)).or_default() += 1;
            }
        }
        State {
            analysis,
            active,
            days,
        }
    }

    /// How often a finding is there as it was. What is left of a clock that is cut to the day is another matter.
    fn same(&self, key: &Key, was: &Finding) -> usize {
        let days = match was.volatility {
            Some(Class::Day) => 0,
            _ => self.days.get(key).copied().unwrap_or_default(),
        };
        self.count(key).saturating_sub(days)
    }

    fn count(&self, key: &Key) -> usize {
        self.active.get(key).copied().unwrap_or_default()
    }

    fn prompt(&self, id: &str) -> Option<&'a Judged> {
        let prompts = &self.analysis.prompts;
        let at = prompts.binary_search_by(|judged| judged.prompt.id.as_str().cmp(id));
        at.ok().map(|at| &*prompts[at])
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
        if after.same(&key, finding) > left {
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
        // What could be marked now, and could not before, is a gain that waits.
        .filter(|finding| finding.rule != "missing-breakpoint")
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
    let named: BTreeSet<&String> = finding.prompts.iter().chain([&finding.prompt]).collect();
    let held = named.iter().any(|id| {
        let judged = after.prompt(id);
        judged.is_some_and(|judged| !judged.prompt.fragment)
    });
    for id in named {
        let Some(was) = before.prompt(id) else {
            continue;
        };
        let Some(is) = after.prompt(id) else {
            // A part of a request is linted alone no more where the request is seen to begin with it.
            if was.prompt.fragment && held {
                continue;
            }
            return Some(format!("the prompt {id} is not found behind it"));
        };
        let is_safe = finding.fix.as_ref().is_some_and(|fix| fix.safe);
        let behind = Said::of(&is.prompt, false);
        let lacks = |by_day: bool| {
            let said = Said::of(&was.prompt, by_day);
            let sign = missing(&said.signs, &behind.signs).map(String::from);
            // What is sorted may be joined at other places; what is moved keeps its words.
            let word = || missing(&said.words, &behind.words).filter(|_| !is_safe);
            sign.or_else(word)
        };
        // A clock that is cut to the day may be called a date where it was a date and a time.
        let cut = !is_safe && ticks(was) && !ticks(is);
        let lost = lacks(false).filter(|_| !cut || lacks(true).is_some());
        if let Some(lost) = lost {
            return Some(format!("`{lost}` would not be sent any more"));
        }
        // A safe fix of a marker adds nothing either.
        let marks = rules::category(finding.rule) == Some("breakpoint");
        let before = Said::of(&was.prompt, false);
        let more = missing(&behind.signs, &before.signs);
        if let Some(sign) = more.filter(|_| is_safe && marks) {
            return Some(format!("a `{sign}` more would be sent"));
        }
    }
    None
}

/// What there is less of than before.
fn missing<T: Ord + Clone>(was: &BTreeMap<T, usize>, is: &BTreeMap<T, usize>) -> Option<T> {
    was.iter()
        .find(|(one, count)| is.get(*one).is_none_or(|now| now < *count))
        .map(|(one, _)| one.clone())
}

/// How often each word, and each sign of them, stands in the stable text of a prompt.
#[derive(Default)]
struct Said {
    words: BTreeMap<String, usize>,
    signs: BTreeMap<char, usize>,
    /// Dates with times are called dates.
    by_day: bool,
}

impl Said {
    fn of(prompt: &Prompt, by_day: bool) -> Said {
        let mut out = Said {
            by_day,
            ..Said::default()
        };
        let blocks = prompt.messages.iter().flat_map(|message| &message.blocks);
        blocks.for_each(|block| out.pieces(&block.pieces));
        out
    }

    fn pieces(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            match piece {
                Piece::Text(text) => {
                    let text = match self.by_day {
                        true => Cow::Owned(moves::called_by_day(text.as_str())),
                        false => Cow::Borrowed(text.as_str()),
                    };
                    for word in text.split_whitespace() {
                        *self.words.entry(word.to_string()).or_default() += 1;
                        word.chars()
                            .for_each(|sign| *self.signs.entry(sign).or_default() += 1);
                    }
                }
                Piece::Branch(branch) => branch.arms.iter().for_each(|arm| self.pieces(arm)),
                Piece::Repeat(repeat) => self.pieces(&repeat.body),
                _ => {}
            }
        }
    }
}

/// Whether the saving does not appear in the prompt that speaks. What a step of the plan saves behind another one shows
/// only once that one is made: there, nothing must cost more, and the best that can be reached must stay in reach.
fn unpaid(before: &State, after: &State, finding: &Finding) -> Option<String> {
    let promised = finding.savings.as_ref()?.share;
    if promised < SMALL_SHARE {
        return None;
    }
    let mut named = [&finding.prompt].into_iter().chain(&finding.prompts);
    let (was, is) = named.find_map(|id| before.prompt(id).zip(after.prompt(id)))?;
    let cost = |judged: &Judged| judged.plan.now.usd_per_1k_calls;
    let saved = (cost(was) - cost(is)) / cost(was).max(f64::MIN_POSITIVE);
    let best = |judged: &Judged| {
        let gains = judged.plan.steps.iter().map(|step| step.gain);
        cost(judged) - gains.sum::<f64>()
    };
    let waits = finding
        .tokens
        .as_ref()
        .is_some_and(|tokens| (tokens.cached_now - was.plan.now.read).abs() > 1.0);
    if waits && saved > -ROUNDING && best(is) <= best(was) + ROUNDING * cost(was) {
        return None;
    }
    // What a clock costs is told with its neighbours taken as fixed: gone is what is to be gone.
    if saved > -ROUNDING && ticks(was) && !ticks(is) {
        return None;
    }
    (saved < promised * LEAST_SAVING).then(|| {
        format!(
            "it saves {:.0} % of the input cost instead of {:.0} %",
            saved * 100.0,
            promised * 100.0
        )
    })
}

/// Whether a clock finer than the day is in the way of something.
fn ticks(judged: &Judged) -> bool {
    let members = judged.plan.steps.iter().flat_map(|step| &step.members);
    let mut values = members.filter_map(|id| judged.layout.segments[*id].volatility());
    values.any(moves::is_fine_clock)
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
