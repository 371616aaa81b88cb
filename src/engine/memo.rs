//! What one run leaves for the next: parsed files, what they were resolved to, judged prompts. Valid as long as nothing
//! changed that it rests on.

use std::collections::{BTreeSet, HashMap};
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

/// The syntax of files that were edited, as they were last parsed.
#[derive(Default)]
pub(super) struct Edited(HashMap<Arc<str>, Mutex<Option<Syntax>>>);

impl Edited {
    /// Follows the files of a change from now on.
    fn follow(&mut self, changed: &Changed) {
        if changed.files().count() + self.0.len() > MOST_EDITED {
            self.0.clear();
        }
        for path in changed.files().take(MOST_EDITED) {
            self.0.entry(path.into()).or_default();
        }
    }

    /// As [`code::parse`].
    pub(super) fn parse(&self, file: &SourceFile, language: Language) -> Arc<Module> {
        let Some(known) = self.0.get(&file.path) else {
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
    /// Drops what rests on files that changed.
    pub(super) fn forget(&mut self, request: &Request, changed: &Changed) {
        if changed.is_all() {
            *self = Memo::default();
            return;
        }
        let changed = self.told_apart(request, changed);
        self.edited.follow(&changed);
        self.outcomes.retain(|path, _| !changed.holds(path));
        match self.leads_elsewhere(request, &changed) {
            true => self.resolution = resolve::Memo::default(),
            false => self.resolution.forget(&changed),
        }
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

    /// Whether imports may lead to other files than before, though neither is one of those that changed: what says where
    /// they lead is not the same, or a folder came or went.
    fn leads_elsewhere(&self, request: &Request, changed: &Changed) -> bool {
        if changed.files().any(says_where_imports_lead) {
            return true;
        }
        let mut moved = changed.moved().peekable();
        if moved.peek().is_none() {
            return false;
        }
        let before: BTreeSet<&str> = self.outcomes.keys().map(|path| folder(path)).collect();
        let now = request.found.candidates.iter();
        let now: BTreeSet<&str> = now.map(|candidate| folder(&candidate.path)).collect();
        moved.any(|path| !before.contains(folder(path)) || !now.contains(folder(path)))
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

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Manifests of packages and settings of compilers.
fn says_where_imports_lead(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let settings = |stem: &str| name.starts_with(stem) && name.ends_with(".json");
    matches!(
        name,
        "pyproject.toml" | "setup.py" | "setup.cfg" | "package.json" | "pnpm-workspace.yaml"
    ) || settings("tsconfig")
        || settings("jsconfig")
}
