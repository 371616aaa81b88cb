//! What one run leaves for the next: parsed files, what they were resolved to, judged prompts. Valid as long as nothing
//! changed that it rests on.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::outcomes::Outcome;
use super::Request;
use crate::discover::Candidate;
use crate::frontend::code::ir::{Language, Module};
use crate::frontend::code::{self, Syntax};
use crate::judge::Judged;
use crate::reads::Changed;
use crate::resolve;
use crate::source::SourceFile;

/// The memory of one root under one set of settings; another set needs an empty one.
#[derive(Default)]
pub struct Memo {
    pub(super) outcomes: HashMap<Arc<str>, Kept>,
    pub(super) resolution: resolve::Memo,
    /// Of files that are being edited.
    pub(super) edited: Edited,
    /// By id.
    pub(super) judged: Vec<Arc<Judged>>,
}

/// Files that are followed at the same time.
const MOST_EDITED: usize = 8;

/// Files that are followed between two versions of a project.
const MOST_BETWEEN: usize = 4_000;

/// The syntax of files that were edited, as they were last parsed.
#[derive(Default)]
pub(super) struct Edited {
    files: HashMap<Arc<str>, Mutex<Option<Syntax>>>,
    /// Nobody edits: there are two versions, and what changes between them is known.
    settled: bool,
}

impl Edited {
    /// Follows the code of a change that is there before and after it.
    pub(super) fn between(changed: &Changed) -> Edited {
        let moved: HashSet<&str> = changed.moved().collect();
        let both = changed.files().filter(|path| !moved.contains(path));
        let code = both.filter(|path| code::language_of(path).is_some());
        Edited {
            files: code
                .take(MOST_BETWEEN)
                .map(|path| (path.into(), Mutex::default()))
                .collect(),
            settled: true,
        }
    }

    /// Follows the files of a change from now on.
    fn follow(&mut self, changed: &Changed) {
        if self.settled {
            return;
        }
        if changed.files().count() + self.files.len() > MOST_EDITED {
            self.files.clear();
        }
        for path in changed.files().take(MOST_EDITED) {
            self.files.entry(path.into()).or_default();
        }
    }

    /// As [`code::parse`].
    pub(super) fn parse(&self, file: &SourceFile, language: Language) -> Arc<Module> {
        let Some(known) = self.files.get(&file.path) else {
            return code::parse(file, language);
        };
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        let (module, left) = code::parse_edited(file, language, known.as_ref());
        *known = left;
        module
    }
}

/// What came of one file.
pub(super) struct Kept {
    candidate: Candidate,
    outcome: Arc<Outcome>,
}

impl Kept {
    /// The outcome, if the file was found the same way.
    pub(super) fn of(&self, candidate: &Candidate) -> Option<Arc<Outcome>> {
        (self.candidate == *candidate).then(|| self.outcome.clone())
    }
}

impl Memo {
    /// One for two versions of a project, of which nothing is known yet.
    pub(super) fn between(changed: &Changed) -> Memo {
        Memo {
            edited: Edited::between(changed),
            ..Memo::default()
        }
    }

    /// Drops what rests on files that changed.
    pub(super) fn forget(&mut self, request: &Request, changed: &Changed) {
        if changed.is_all() {
            *self = Memo::default();
            return;
        }
        let changed = self.told_apart(request, changed);
        self.edited.follow(&changed);
        self.outcomes.retain(|path, _| !changed.holds(path));
        self.resolution.forget(&changed);
    }

    /// The changed files that are new, and those that are gone.
    fn told_apart(&self, request: &Request, changed: &Changed) -> Changed {
        let mut out = changed.clone();
        for path in changed.files() {
            let was = self.outcomes.contains_key(path);
            match (was, request.workspace.exists(path)) {
                (true, true) => {}
                (false, true) => out.add_made(path),
                (_, false) => out.add_gone(path),
            }
        }
        out
    }

    /// Keeps what came of the files of a run.
    pub(super) fn keep(&mut self, candidates: &[Candidate], outcomes: &[Arc<Outcome>]) {
        for (candidate, outcome) in candidates.iter().zip(outcomes) {
            let known = self.outcomes.get(&candidate.path);
            if known.is_some_and(|known| Arc::ptr_eq(&known.outcome, outcome)) {
                continue;
            }
            let kept = Kept {
                candidate: candidate.clone(),
                outcome: outcome.clone(),
            };
            self.outcomes.insert(candidate.path.clone(), kept);
        }
        if self.outcomes.len() != candidates.len() {
            let now: BTreeSet<&str> = candidates.iter().map(|one| &*one.path).collect();
            self.outcomes.retain(|path, _| now.contains(&**path));
        }
    }
}
