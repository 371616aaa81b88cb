//! Which functions call some of those that are asked for: by name, in files that were read and in files that were not.
//! Looks at bytes first; a file is lowered only where it is likely to hold a call that counts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rayon::prelude::*;
use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use crate::discover::{context_of, Context};
use crate::frontend::code::ir::{FunctionId, FunctionKind};
use crate::frontend::code::language_of;
use crate::reads::Changed;
use crate::words::name_words;

use super::modules::{Code, Program};
use super::run::Entry;

/// Callers of one function that are evaluated, in the order of their paths.
const MAX_CALLERS: usize = 6;
/// Files that call a common name without a word of where it is defined; more of them are left out.
const MAX_FAR: usize = 12;
/// Files that are lowered at a time: behind them it is looked which names still want callers.
const BATCH: usize = 24;
/// Bytes of a compiled pattern.
const PATTERN_SIZE: usize = 1 << 24;
/// What stands behind the name of a call: type arguments, and a parenthesis.
const OPENS: &str = r"(?:<[^<>()\n]{0,80}>)?\s*\(";

/// A function of the asked ones, by its path and place there.
type Target = (Arc<str>, FunctionId);

/// A name that is searched for.
struct Sought {
    name: String,
    targets: Vec<Target>,
    /// A pattern of what stands in a file that names where a function of so common a name is defined.
    beside: Option<String>,
}

/// A file that may call some of the names.
struct Likely<'p> {
    path: &'p Arc<str>,
    mentions: Mentions,
}

/// Names that a file may call, by their indices.
#[derive(Clone)]
struct Mentions {
    names: Vec<usize>,
    /// Those that the file does not say where to find: an instance may have been handed over.
    far: Vec<usize>,
}

/// Searches of earlier runs: which files may call which names.
#[derive(Default)]
pub struct Searches {
    kept: Vec<Search>,
    /// Those of the running run.
    next: Vec<Search>,
}

struct Search {
    asked: Vec<Asked>,
    /// Made where a file is looked into; inside `None` where the names make no pattern.
    calls: Option<Option<Calls>>,
    /// Of each file that was looked into, what it may call.
    found: HashMap<Arc<str>, Option<Mentions>>,
}

/// What is asked of a file: a name, the files it is defined in, what stands beside it.
#[derive(PartialEq, Eq)]
struct Asked {
    name: String,
    defined_in: BTreeSet<Arc<str>>,
    beside: Option<String>,
}

impl Asked {
    fn of(sought: &Sought) -> Asked {
        let targets = sought.targets.iter();
        Asked {
            name: sought.name.clone(),
            defined_in: targets.map(|(path, _)| path.clone()).collect(),
            beside: sought.beside.clone(),
        }
    }
}

impl Searches {
    /// Drops what was found in files that changed.
    pub fn forget(&mut self, changed: &Changed) {
        for search in &mut self.kept {
            search.found.retain(|path, _| !changed.holds(path));
        }
    }

    /// The run is over: what it did not ask is not asked any more.
    pub fn turn(&mut self) {
        self.kept = std::mem::take(&mut self.next);
    }

    /// What each file may call, as far as an earlier run has looked.
    fn take(&mut self, sought: &[Sought]) -> Search {
        let asked: Vec<Asked> = sought.iter().map(Asked::of).collect();
        let known = self.kept.iter().position(|search| search.asked == asked);
        match known {
            Some(known) => self.kept.swap_remove(known),
            None => Search {
                asked,
                calls: None,
                found: HashMap::new(),
            },
        }
    }
}

/// The functions that call some of these, by name. `paths` (sorted) were read, `others` were not.
pub fn callers(
    program: &Program<'_>,
    functions: &BTreeSet<Target>,
    paths: &[Arc<str>],
    others: &[Arc<str>],
    searches: &mut Searches,
) -> BTreeSet<Entry> {
    let sought = sought(program, functions);
    let mut all: Vec<&Arc<str>> = paths.iter().chain(others).collect();
    all.sort();
    all.dedup();
    let mut search = searches.take(&sought);
    let open: Vec<&Arc<str>> = all
        .iter()
        .filter(|path| !search.found.contains_key(**path))
        .copied()
        .collect();
    if !open.is_empty() {
        let calls = search.calls.get_or_insert_with(|| calls_of(&sought));
        let Some(calls) = calls else {
            return BTreeSet::new();
        };
        let calls = &*calls;
        let look = |path: &Arc<str>| (path.clone(), mentions(program, path, &sought, calls));
        let found: Vec<_> = open.into_par_iter().map(look).collect();
        search.found.extend(found);
    }
    let mut likely: Vec<Likely<'_>> = all
        .into_iter()
        .filter_map(|path| {
            let mentions = search.found.get(path)?.as_ref()?;
            Some(Likely {
                path,
                mentions: mentions.clone(),
            })
        })
        .collect();
    searches.next.push(search);
    drop_widespread(&mut likely, sought.len());
    let mut out = BTreeSet::new();
    let mut counts: Vec<usize> = vec![0; sought.len()];
    // Code of the product first, tests where nothing else calls.
    for tests in [false, true] {
        let most = if tests { 1 } else { MAX_CALLERS };
        let here: Vec<&Likely<'_>> = likely
            .iter()
            .filter(|likely| (context_of(likely.path) == Context::Test) == tests)
            .collect();
        let mut rest = here.as_slice();
        while !rest.is_empty() {
            let wanted = |likely: &&&Likely<'_>| {
                let mut names = likely.mentions.names.iter();
                names.any(|at| counts[*at] < most)
            };
            let batch: Vec<&Likely<'_>> = rest.iter().filter(wanted).take(BATCH).copied().collect();
            let Some(last) = batch.last() else {
                break;
            };
            let taken = rest.iter().position(|likely| likely.path == last.path);
            rest = &rest[taken.map_or(rest.len(), |at| at + 1)..];
            let loaded: Vec<(Arc<Code>, &Likely<'_>)> = batch
                .into_par_iter()
                .filter_map(|likely| Some((program.load(likely.path)?, likely)))
                .collect();
            for (code, likely) in loaded {
                for (at, entry) in calling(&code, likely, &sought) {
                    if counts[at] < most {
                        counts[at] += 1;
                        out.insert(entry);
                    }
                }
            }
        }
    }
    out
}

/// The functions of a file that call a sought name, each with the name's index.
fn calling(code: &Code, likely: &Likely<'_>, sought: &[Sought]) -> BTreeSet<(usize, Entry)> {
    let by_name: HashMap<&str, usize> = likely
        .mentions
        .names
        .iter()
        .map(|at| (sought[*at].name.as_str(), *at))
        .collect();
    let mut out = BTreeSet::new();
    for (name, function) in &code.interest.calls {
        let Some(at) = by_name.get(name.as_str()) else {
            continue;
        };
        let outermost = outermost(code, *function);
        let itself = sought[*at]
            .targets
            .iter()
            .all(|(path, id)| path == code.path() && Some(*id) == outermost);
        if !itself {
            let entry = Entry {
                path: code.path().clone(),
                function: outermost,
                heir: None,
            };
            out.insert((*at, entry));
        }
    }
    out
}

fn sought(program: &Program<'_>, functions: &BTreeSet<Target>) -> Vec<Sought> {
    let mut names: BTreeMap<String, Vec<Target>> = BTreeMap::new();
    for (path, id) in functions {
        if let Some(name) = program.load(path).and_then(|code| called_as(&code, *id)) {
            names.entry(name).or_default().push((path.clone(), *id));
        }
    }
    names
        .into_iter()
        .map(|(name, targets)| Sought {
            beside: is_common(&name)
                .then(|| beside(program, &targets))
                .flatten(),
            name,
            targets,
        })
        .collect()
}

/// The name that a function is called by: a constructor by that of its class.
pub fn called_as(code: &Code, id: FunctionId) -> Option<String> {
    let function = &code.module.functions[id];
    let name = match (function.kind, function.class) {
        (FunctionKind::Constructor, Some(class)) => &code.module.classes[class].name,
        _ => &function.name,
    };
    // Names that everything has say nothing.
    (name.len() > 2).then(|| name.clone())
}

/// `run`, `process`, `evaluate`: many functions of a program are called so.
fn is_common(name: &str) -> bool {
    name_words(name).len() < 2
}

/// Words one of which a file names that reaches the targets: their modules, the folders of packages, the classes.
fn beside(program: &Program<'_>, targets: &[Target]) -> Option<String> {
    let mut words: BTreeSet<String> = BTreeSet::new();
    for (path, id) in targets {
        let mut parts = path.rsplit('/');
        let file = parts.next().unwrap_or_default();
        let stem = file.split('.').next().unwrap_or_default();
        words.insert(stem.to_string());
        // `from package import run`, `import { run } from "./package"`
        if let Some(folder) = parts.next() {
            words.insert(folder.to_string());
        }
        let code = program.load(path)?;
        if let Some(class) = code.module.functions[*id].class {
            words.insert(code.module.classes[class].name.clone());
        }
    }
    let words: Vec<String> = words
        .iter()
        .filter(|word| !word.is_empty())
        .map(|word| format!(r"{}\b", whole(word)))
        .collect();
    Some(words.join("|"))
}

fn pattern(text: &str) -> Option<Regex> {
    RegexBuilder::new(text)
        .unicode(false)
        .size_limit(PATTERN_SIZE)
        .build()
        .ok()
}

/// A name from its first letter on.
fn whole(name: &str) -> String {
    let edge = if name.starts_with('$') { "" } else { r"\b" };
    format!("{edge}{}", regex::escape(name))
}

/// Calls of any of the names, and which.
struct Calls {
    any: Regex,
    each: RegexSet,
    /// By the index of the name.
    beside: Vec<Option<Regex>>,
}

fn calls_of(sought: &[Sought]) -> Option<Calls> {
    if sought.is_empty() {
        return None;
    }
    let names: Vec<String> = sought.iter().map(|sought| whole(&sought.name)).collect();
    let each = names.iter().map(|name| format!("{name}{OPENS}"));
    let beside = sought.iter().map(|sought| pattern(sought.beside.as_ref()?));
    Some(Calls {
        beside: beside.collect(),
        any: pattern(&format!("(?:{}){OPENS}", names.join("|")))?,
        each: RegexSetBuilder::new(each)
            .unicode(false)
            .size_limit(PATTERN_SIZE)
            .build()
            .ok()?,
    })
}

fn mentions(
    program: &Program<'_>,
    path: &Arc<str>,
    sought: &[Sought],
    calls: &Calls,
) -> Option<Mentions> {
    language_of(path)?;
    let bytes = program.peek(path)?;
    if !calls.any.is_match(&bytes) {
        return None;
    }
    let reaches = |at: &usize| {
        let mut targets = sought[*at].targets.iter();
        let own = targets.any(|(target, _)| target == path);
        let beside = calls.beside[*at].as_ref();
        own || beside.is_none_or(|beside| beside.is_match(&bytes))
    };
    let names = calls.each.matches(&bytes).into_iter();
    let (names, far) = names.partition(reaches);
    Some(Mentions { names, far })
}

/// A common name that many files call says nothing in those that do not say where it is found.
fn drop_widespread(likely: &mut Vec<Likely<'_>>, names: usize) {
    let mut counts = vec![0; names];
    for at in likely.iter().flat_map(|likely| &likely.mentions.far) {
        counts[*at] += 1;
    }
    for likely in likely.iter_mut() {
        let far = std::mem::take(&mut likely.mentions.far);
        let kept = far.into_iter().filter(|at| counts[*at] <= MAX_FAR);
        likely.mentions.names.extend(kept);
    }
    likely.retain(|likely| !likely.mentions.names.is_empty());
}

fn outermost(code: &Code, function: Option<FunctionId>) -> Option<FunctionId> {
    let mut at = function?;
    while let Some(parent) = code.module.functions[at].parent {
        at = parent;
    }
    Some(at)
}
