//! Findings on the prompts that a change of files touches, and nothing of the others. Knows nothing of where the list
//! of files comes from.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::{uncacheable, unknown_models, Analysis, Request};
use crate::config::Settings;
use crate::judge::Judged;
use crate::prompt::Prompt;
use crate::reads::{Changed, Reads, Seen};
use crate::workspace::Workspace;

/// The configs in force for prompts and for the files that they were resolved from.
pub(super) struct Configs<'a> {
    settings_for: &'a (dyn Fn(&str) -> Arc<Settings> + Sync),
    known: HashMap<Arc<str>, Arc<[Arc<str>]>>,
    joined: HashMap<Key, Arc<[Arc<str>]>>,
}

/// Prompts that share their look-ups and stand in one file share their configs.
type Key = (usize, Arc<str>);

impl<'a> Configs<'a> {
    pub(super) fn new(settings_for: &'a (dyn Fn(&str) -> Arc<Settings> + Sync)) -> Configs<'a> {
        Configs {
            settings_for,
            known: HashMap::new(),
            joined: HashMap::new(),
        }
    }

    pub(super) fn of(&mut self, prompt: &Prompt) -> Arc<[Arc<str>]> {
        let key = (prompt.reads.address() as usize, prompt.origin.path.clone());
        if let Some(known) = self.joined.get(&key) {
            return known.clone();
        }
        // The models of the root's config hold for all.
        let mut last = self.in_force(&Arc::from(""));
        let mut all: BTreeSet<Arc<str>> = last.iter().cloned().collect();
        for path in prompt.reads.files().chain([&prompt.origin.path]) {
            let here = self.in_force(path);
            if !Arc::ptr_eq(&here, &last) {
                all.extend(here.iter().cloned());
                last = here;
            }
        }
        let all: Arc<[Arc<str>]> = all.into_iter().collect();
        self.joined.insert(key, all.clone());
        all
    }

    fn in_force(&mut self, path: &Arc<str>) -> Arc<[Arc<str>]> {
        if let Some(known) = self.known.get(path) {
            return known.clone();
        }
        let files = (self.settings_for)(path).files.clone();
        self.known.insert(path.clone(), files.clone());
        files
    }
}

/// Whether a change touches a prompt: a file that it was resolved from or that was looked for, or a config.
pub(super) fn touches(changed: &Changed, prompt: &Prompt, configs: &[Arc<str>]) -> bool {
    changed.holds(&prompt.origin.path)
        || changed.releases(&prompt.origin.path)
        || configs.iter().any(|path| changed.holds(path))
        || changed.touches(&prompt.reads)
}

/// A change, and the links to its files that prompts were read by: a list of changed files names only what is behind
/// them.
pub(super) fn with_links(
    changed: &Changed,
    prompts: &[Prompt],
    workspace: &dyn Workspace,
) -> Changed {
    let mut out = changed.clone();
    let mut read = read_by(prompts.iter());
    if changed.leaves_gaps() {
        let own = prompts.iter().flat_map(|prompt| prompt.reads.iter());
        let sought = own.filter(|read| read.seen == Seen::Missing);
        read.extend(sought.map(|read| &*read.path));
    }
    for path in read {
        let behind = workspace.behind_link(path);
        if behind.is_some_and(|behind| changed.holds(&behind)) {
            out.add_file(path);
        }
    }
    out
}

/// Leaves of an analysis what a change touches.
pub(super) fn narrow(analysis: &mut Analysis, request: &Request, changed: &Changed) {
    let touched = |judged: &Arc<Judged>| touches(changed, &judged.prompt, &judged.configs);
    analysis.prompts.retain(touched);
    let prompts = &analysis.prompts;
    let ids: BTreeSet<&str> = prompts.iter().map(|j| j.prompt.id.as_str()).collect();
    let files = read_by(prompts.iter().map(|judged| &judged.prompt));
    let concerns = |path: &str| changed.holds(path) || files.contains(path);
    analysis.findings.retain(|finding| {
        let mut reached = finding.prompts.iter();
        // What is no prompt's is its file's.
        match finding.prompts.is_empty() {
            true => concerns(&finding.place.path),
            false => reached.any(|id| ids.contains(id.as_str())),
        }
    });
    for (index, finding) in analysis.findings.iter_mut().enumerate() {
        finding.rank = index + 1;
    }
    analysis.errors.retain(|error| concerns(&error.path));
    analysis.limits.retain(|limit| concerns(&limit.path));
    analysis.notices.clone_from(&request.notices);
    analysis.notices.extend(unknown_models(prompts));
    analysis.uncacheable = uncacheable(prompts);
    // Of what is not looked at nothing is known to be gone.
    analysis.stale = analysis.stale.take().map(|_| Vec::new());
}

/// The files that some prompts were resolved from.
fn read_by<'p>(prompts: impl Iterator<Item = &'p Prompt>) -> BTreeSet<&'p str> {
    let mut shared: BTreeMap<usize, &Reads> = BTreeMap::new();
    let mut files: BTreeSet<&str> = BTreeSet::new();
    for prompt in prompts {
        shared.insert(prompt.reads.address() as usize, &prompt.reads);
        files.insert(&prompt.origin.path);
    }
    let read = shared.into_values().flat_map(Reads::files);
    files.extend(read.map(|path| &**path));
    files
}
