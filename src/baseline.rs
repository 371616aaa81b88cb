//! The baseline: findings that a project lives with for now, by file, rule and fingerprint, each with how often it
//! stands there and why. Pure: knows findings and text; files are read and written by `cli/`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{json, Map, Value};

use crate::finding::Finding;
use crate::source::{stable_hash, Place};

mod read;

pub use read::Mistake;

/// The form that is written, and the only one that is read.
pub const VERSION: u64 = 1;
/// Characters of a cause that are written for those who read the file.
const SHOWN_CAUSE: usize = 80;

/// What names a finding in a baseline. No line, no figure, no severity, and no prompt: which of several prompts speaks
/// for a cause depends on what a run looks at.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Key {
    /// The file of the cause; with `/`, relative to whatever the baseline is relative to.
    pub file: String,
    pub rule: String,
    /// Of the rule and the normalised text of the cause: 16 hexadecimal digits.
    pub fingerprint: String,
}

impl Key {
    pub fn new(rule: &str, cause: &Place, cause_text: &str) -> Key {
        Key {
            file: cause.path.to_string(),
            rule: rule.to_string(),
            fingerprint: format!("{:016x}", stable_hash(&[rule, cause_text])),
        }
    }

    pub fn of(finding: &Finding) -> Key {
        Key::new(finding.rule, &finding.cause, &finding.cause_text)
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Entry {
    /// How many findings of this key are known; at least one.
    pub count: usize,
    /// What the findings are about, for those who read the file.
    pub cause: String,
    /// Other files that take part. A run that does not look at all of them cannot say that the findings are gone.
    pub through: BTreeSet<String>,
    /// Why they are left alone; may be empty.
    pub reason: String,
}

/// Known findings, in the order in which they are written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Baseline {
    entries: BTreeMap<Key, Entry>,
}

/// An entry, or a part of its count, that matches nothing any more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stale {
    pub key: Key,
    pub count: usize,
}

/// How a baseline changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Change {
    /// Findings, not entries.
    pub added: usize,
    pub removed: usize,
}

impl Baseline {
    /// # Errors
    /// What is not JSON, has another version or another shape: the first mistake with its place.
    pub fn parse(text: &str) -> Result<Baseline, Mistake> {
        read::parse(text)
    }

    pub fn entries(&self) -> impl Iterator<Item = (&Key, &Entry)> {
        self.entries.iter()
    }

    /// Findings that are known.
    pub fn count(&self) -> usize {
        self.entries.values().map(|entry| entry.count).sum()
    }

    pub fn insert(&mut self, key: Key, entry: Entry) {
        self.entries.insert(key, entry);
    }

    /// The same with every path written anew.
    pub fn rebased(&self, path: &dyn Fn(&str) -> String) -> Baseline {
        let entries = self.entries.iter().map(|(key, entry)| {
            let key = Key {
                file: path(&key.file),
                ..key.clone()
            };
            let through = entry.through.iter().map(|file| path(file)).collect();
            let entry = Entry {
                through,
                ..entry.clone()
            };
            (key, entry)
        });
        Baseline {
            entries: entries.collect(),
        }
    }

    /// What is found now, in place of what the run could have found. Reasons of entries that stay are kept; so is
    /// what `stale` does not speak of. `findings` come with the other files that take part in each.
    pub fn updated<'a>(
        &self,
        findings: impl Iterator<Item = (&'a Finding, BTreeSet<String>)>,
        stale: &[Stale],
    ) -> (Baseline, Change) {
        let mut found: BTreeMap<Key, Entry> = BTreeMap::new();
        for (finding, through) in findings {
            let entry = found.entry(Key::of(finding)).or_default();
            entry.count += 1;
            entry.cause = opening(&finding.cause_text);
            entry.through.extend(through);
        }
        let mut next = self.clone();
        let mut change = next.prune(stale);
        for (key, new) in found {
            let entry = next.entries.entry(key).or_default();
            change.added += new.count.saturating_sub(entry.count);
            *entry = Entry {
                // Of one that is left out by a filter the run saw a part only.
                count: new.count.max(entry.count),
                reason: std::mem::take(&mut entry.reason),
                ..new
            };
        }
        (next, change)
    }

    /// Takes stale entries out.
    pub fn prune(&mut self, stale: &[Stale]) -> Change {
        let mut change = Change::default();
        for gone in stale {
            let Some(entry) = self.entries.get_mut(&gone.key) else {
                continue;
            };
            let removed = gone.count.min(entry.count);
            entry.count -= removed;
            change.removed += removed;
            if entry.count == 0 {
                self.entries.remove(&gone.key);
            }
        }
        change
    }

    /// The text of the file: sorted, one thing a line, with a line break at its end.
    pub fn render(&self) -> String {
        let mut files: BTreeMap<&str, BTreeMap<&str, Vec<Value>>> = BTreeMap::new();
        for (key, entry) in &self.entries {
            let rules = files.entry(&key.file).or_default();
            let list = rules.entry(&key.rule).or_default();
            list.push(value(key, entry));
        }
        let files: Map<String, Value> = files
            .into_iter()
            .map(|(file, rules)| (file.to_string(), json!(rules)))
            .collect();
        format!("{:#}\n", json!({ "version": VERSION, "findings": files }))
    }
}

fn value(key: &Key, entry: &Entry) -> Value {
    let mut out = Map::new();
    out.insert("fingerprint".into(), key.fingerprint.clone().into());
    out.insert("cause".into(), entry.cause.clone().into());
    out.insert("count".into(), entry.count.into());
    if !entry.through.is_empty() {
        out.insert("through".into(), json!(entry.through));
    }
    out.insert("reason".into(), entry.reason.clone().into());
    Value::Object(out)
}

/// The first characters of a text on one line.
fn opening(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut chars = line.chars();
    let mut out: String = chars.by_ref().take(SHOWN_CAUSE).collect();
    if chars.next().is_some() {
        out.push('…');
    }
    out
}

/// A baseline while findings are matched with it.
pub struct Matching<'a> {
    baseline: &'a Baseline,
    /// What is left of each entry's count.
    left: BTreeMap<&'a Key, usize>,
}

impl<'a> Matching<'a> {
    pub fn new(baseline: &'a Baseline) -> Matching<'a> {
        let left = baseline.entries.iter();
        Matching {
            baseline,
            left: left.map(|(key, entry)| (key, entry.count)).collect(),
        }
    }

    /// The entry that knows a finding; one finding more than it counts is new.
    pub fn take(&mut self, key: &Key) -> Option<&'a Entry> {
        let left = self.left.get_mut(key).filter(|left| **left > 0)?;
        *left -= 1;
        self.baseline.entries.get(key)
    }

    /// A finding that is there but not shown: its entry is not stale.
    pub fn excuse(&mut self, key: &Key) {
        if let Some(left) = self.left.get_mut(key) {
            *left = left.saturating_sub(1);
        }
    }

    /// What matched nothing, of the entries that the run can speak of.
    pub fn stale(self, judged: &dyn Fn(&Key, &Entry) -> bool) -> Vec<Stale> {
        let entries = &self.baseline.entries;
        let unmatched = self.left.into_iter().filter(|(_, left)| *left > 0);
        unmatched
            .filter(|(key, _)| entries.get(key).is_some_and(|entry| judged(key, entry)))
            .map(|(key, count)| Stale {
                key: key.clone(),
                count,
            })
            .collect()
    }
}
