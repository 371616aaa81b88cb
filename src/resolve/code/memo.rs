//! What the evaluation of code leaves for the next one: files as they were lowered, what each entry came to and on what
//! that rests. Knows nothing of how anything is evaluated.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::reads::Changed;

use super::barren::{Barren, Function};
use super::callers::Searches;
use super::families::Families;
use super::knowledge::Knowledge;
use super::modules::Code;
use super::paths::Known;
use super::run::{Entry, Found, Wanted};

/// The memory of one root under one set of settings.
#[derive(Default)]
pub struct Memo {
    /// Files that were lowered, inputs and others.
    pub(super) code: HashMap<Arc<str>, Arc<Code>>,
    pub(super) knowledge: Vec<Arc<Knowledge>>,
    pub(super) names: Names,
    pub(super) results: Results,
    pub(super) searches: Searches,
    pub(super) paths: Known,
}

/// What is known of all inputs together.
#[derive(Default)]
pub struct Names {
    /// Inputs that use a library that sends requests.
    pub direct: HashSet<Arc<str>>,
    /// These, and inputs that import one of them.
    pub libraries: Arc<HashSet<Arc<str>>>,
    /// Names of functions and classes that have to do with requests.
    pub hot: Arc<HashSet<String>>,
    pub families: Arc<Families>,
}

/// What does not hold any more in other company.
#[derive(Default)]
pub struct Outdated {
    pub files: BTreeSet<Arc<str>>,
    /// Names that other classes extend or implement than before.
    pub families: BTreeSet<String>,
}

impl Memo {
    /// Drops what rests on files that are different.
    pub fn forget(&mut self, changed: &Changed) {
        if changed.is_all() {
            *self = Memo::default();
            return;
        }
        self.code.retain(|path, _| !changed.holds(path));
        self.results.retain(|found| !changed.outdates(&found.reads));
        self.searches.forget(changed);
        if !changed.keeps_files() || changed.files().any(|path| self.paths.rests_on(path)) {
            self.paths = std::mem::take(&mut self.paths).afresh();
        }
    }
}

/// What an entry was evaluated under, beside the files it read: what it came to holds for the same terms.
pub struct Terms {
    /// Steps at most.
    pub budget: usize,
    /// Methods that were wanted of instances.
    pub wanted: Arc<BTreeSet<Wanted>>,
    /// Functions that it would have gone into, had entries before found anything there.
    pub closed: BTreeSet<Function>,
    /// Names under which it looked for classes.
    pub families: BTreeSet<String>,
}

/// What entries came to, each under one or several terms.
#[derive(Default)]
pub struct Results {
    kept: HashMap<Entry, Vec<Arc<Found>>>,
    /// Those of the running run.
    next: HashMap<Entry, Vec<Arc<Found>>>,
}

impl Results {
    fn retain(&mut self, holds: impl Fn(&Found) -> bool) {
        self.kept.retain(|_, all| {
            all.retain(|found| holds(found));
            !all.is_empty()
        });
    }

    /// Drops what rests on files that say something else in other company.
    pub fn forget(&mut self, outdated: &Outdated) {
        let Outdated { files, families } = outdated;
        if !files.is_empty() {
            self.retain(|found| !found.reads.files().any(|path| files.contains(path)));
        }
        if !families.is_empty() {
            self.retain(|found| found.terms.families.is_disjoint(families));
        }
    }

    /// What an entry came to under these terms.
    pub fn get(
        &self,
        entry: &Entry,
        budget: usize,
        wanted: &BTreeSet<Wanted>,
        barren: &Barren,
    ) -> Option<Arc<Found>> {
        let all = self.kept.get(entry)?;
        let same = |found: &&Arc<Found>| {
            let terms = &found.terms;
            terms.budget == budget
                && terms
                    .closed
                    .iter()
                    .all(|function| barren.is_closed(function))
                && !found
                    .visits
                    .keys()
                    .any(|function| barren.is_closed(function))
                && same_wanted(found, &terms.wanted, wanted)
        };
        all.iter().find(same).cloned()
    }

    /// Keeps what an entry came to for the next run.
    pub fn keep(&mut self, found: Arc<Found>) {
        let all = self.next.entry(found.entry.clone()).or_default();
        if !all.iter().any(|known| Arc::ptr_eq(known, &found)) {
            all.push(found);
        }
    }

    /// The run is over: what it did not come to is no entry any more.
    pub fn turn(&mut self) {
        self.kept = std::mem::take(&mut self.next);
    }
}

/// Whether of the instances that an entry made the same methods are wanted.
fn same_wanted(found: &Found, then: &BTreeSet<Wanted>, now: &BTreeSet<Wanted>) -> bool {
    let of_found = |wanted: &&Wanted| {
        let class = (wanted.path.clone(), wanted.class);
        found.made.contains(&class)
    };
    then.len() == now.len() && then == now
        || then.iter().filter(of_found).eq(now.iter().filter(of_found))
}
