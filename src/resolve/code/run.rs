//! Which functions are evaluated: those that have to do with requests, then those that call them, until no prompt
//! depends on a parameter that a caller in the workspace could tell; and which of the prompts found are the same.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use crate::config::Assume;
use crate::discover::{context_of, Context};
use crate::finding::FileError;
use crate::frontend::code::ir::{
    Expr, ExprKind, Function, FunctionId, FunctionKind, Language, Module,
};
use crate::frontend::Problem;
use crate::guard::guarded;
use crate::prompt::Prompt;
use crate::reads::{Read, Reads};
use crate::sdk;
use crate::source::{Place, SourceFile};

use super::super::evaluator::Rendered;
use super::super::files::Files;
use super::barren::{self, Barren, Visit, BATCH};
use super::bound::Bound;
use super::callers::{called_as, callers};
use super::dead::is_dead;
use super::eval::{Eval, Open, BUDGET};
use super::events::{Event, Sort};
use super::gather::gather;
use super::memo::{Memo, Results, Terms};
use super::modules::{Binding, Code, Program};
use super::value::{Callable, ClassRef, Value};

/// Rounds of looking for callers.
const ROUNDS: usize = 3;
/// Steps for all entries of one file, which share them evenly: what one file may cost is bounded however many functions
/// it has. An entry that has them all to itself still takes no more than its own budget.
const FILE_STEPS: usize = 1_000_000;
/// How many times as many steps an entry gets whose own request was not reached.
const MORE: usize = 4;
/// Instances of one class that a caller makes and whose methods are then evaluated.
const MAX_INSTANCES: usize = 4;

/// A file of code that may hold a prompt.
pub struct CodeInput {
    pub file: Arc<SourceFile>,
    pub module: Arc<Module>,
    /// Asked for by itself, and not found in a folder.
    pub named: bool,
}

/// What code yields.
#[derive(Default)]
pub struct CodeResult {
    pub prompts: Vec<Prompt>,
    /// Files that took part in prompts -> the first file whose prompt they are part of.
    pub used: BTreeMap<Arc<str>, Arc<str>>,
    pub limits: Vec<FileError>,
    /// Files in which something of ours broke, in no order.
    pub errors: Vec<FileError>,
    pub problems: Vec<(Arc<str>, Problem)>,
    pub sources: BTreeMap<Arc<str>, Arc<SourceFile>>,
    /// Templates as code renders them.
    pub rendered: Vec<Rendered>,
}

/// A function, or the body of a module, that is evaluated from its start.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Entry {
    pub path: Arc<str>,
    /// `None`: the body of the module.
    pub function: Option<FunctionId>,
}

/// What the evaluation of one entry found.
pub struct Found {
    pub entry: Entry,
    pub terms: Terms,
    pub events: Vec<Event>,
    pub used: BTreeSet<Arc<str>>,
    /// All that was read, the entry's own file included.
    pub reads: Reads,
    pub limits: BTreeSet<String>,
    pub problems: Vec<(Arc<str>, Problem)>,
    /// Classes of which the entry made instances, with those they extend.
    pub made: BTreeSet<(Arc<str>, usize)>,
    pub rendered: Vec<Rendered>,
    pub visits: BTreeMap<barren::Function, Visit>,
    pub bound: Bound,
}

/// A method that is wanted of instances whose making is seen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Wanted {
    pub path: Arc<str>,
    pub class: usize,
    pub method: FunctionId,
}

/// Finds the prompts of code. `others` are files of code that were not read: they are looked at where they call what
/// was found. The order of the inputs and the number of threads do not show. `memo` holds what an earlier run came to and
/// still holds: it shows in nothing but the time that is taken.
pub fn resolve_code(
    inputs: Vec<CodeInput>,
    others: &[Arc<str>],
    files: &Files<'_>,
    assume_for: &(dyn Fn(&str) -> Assume + Sync),
    memo: &mut Memo,
) -> CodeResult {
    let mut program = Program::new(files, memo);
    let mut paths: Vec<Arc<str>> = Vec::with_capacity(inputs.len());
    // A run over single files does not see what the rest of a project does.
    let whole = inputs.iter().all(|input| !input.named);
    for input in inputs {
        paths.push(input.file.path.clone());
        program.insert(input.file, input.module);
    }
    paths.sort();
    let outdated = program.note_inputs(&mut memo.names);
    memo.results.forget(&outdated);
    let results = &mut memo.results;
    let seeds: Vec<Entry> = paths
        .iter()
        .filter_map(|path| program.load(path))
        .flat_map(|code| entries(&code))
        .collect();
    let mut runs = Runs {
        program: &program,
        assume_for,
        results,
        barren: Barren::default(),
        broken: Mutex::default(),
    };
    let mut found: BTreeMap<Entry, Arc<Found>> = runs.all(seeds, &BTreeSet::new());
    let mut asked: HashSet<Open> = HashSet::new();
    let mut wanted: BTreeSet<Wanted> = BTreeSet::new();
    for _ in 0..ROUNDS {
        let opens: BTreeSet<Open> = found
            .values()
            .flat_map(|found| &found.events)
            .flat_map(|event| &event.opens)
            .filter(|open| !asked.contains(*open))
            .cloned()
            .collect();
        if opens.is_empty() {
            break;
        }
        let functions: BTreeSet<(Arc<str>, FunctionId)> = opens
            .iter()
            .map(|open| (open.path.clone(), open.function))
            .collect();
        let known = wanted.clone();
        for (path, function) in &functions {
            wanted.extend(wanted_methods(&program, path, *function, &found));
        }
        let new: BTreeSet<(Arc<str>, usize)> = wanted
            .difference(&known)
            .map(|wanted| (wanted.path.clone(), wanted.class))
            .collect();
        asked.extend(opens);
        let callers = callers(&program, &functions, &paths, others, &mut memo.searches);
        // What was evaluated already tells more only where it makes an instance whose methods are wanted now.
        let again: Vec<Entry> = callers
            .into_iter()
            .filter(|entry| {
                let known = found.get(entry);
                known.is_none_or(|known| !known.made.is_disjoint(&new))
            })
            .collect();
        let more = runs.all(again, &wanted);
        let mut changed = false;
        for (entry, result) in more {
            let known = found.get(&entry).map_or(0, |known| known.events.len());
            changed |= result.events.len() > known || !found.contains_key(&entry);
            found.insert(entry, result);
        }
        if !changed {
            break;
        }
    }
    let broken = runs.broken.into_inner();
    let broken = broken.unwrap_or_else(PoisonError::into_inner);
    results.turn();
    memo.searches.turn();
    let mut out = gather(&program, &found, whole);
    out.errors = broken;
    program.leave(memo);
    out
}

/// The functions of a file that are evaluated of themselves: the outermost that have to do with requests.
fn entries(code: &Arc<Code>) -> Vec<Entry> {
    let mut out = vec![Entry {
        path: code.path().clone(),
        function: None,
    }];
    for (id, function) in code.module.functions.iter().enumerate() {
        let constructs = function.kind == FunctionKind::Constructor;
        let constructs = constructs && !code.interest.hands_up.contains(&id);
        let concerned = function.parent.is_none() && !constructs && code.holds(id);
        if concerned && !is_dead(code, id) {
            out.push(Entry {
                path: code.path().clone(),
                function: Some(id),
            });
        }
    }
    out
}

/// Evaluates entries, or takes what they came to before.
struct Runs<'r, 'p, 'w> {
    program: &'p Program<'w>,
    assume_for: &'r (dyn Fn(&str) -> Assume + Sync),
    results: &'r mut Results,
    barren: Barren,
    broken: Mutex<Vec<FileError>>,
}

impl Runs<'_, '_, '_> {
    fn all(
        &mut self,
        entries: Vec<Entry>,
        wanted: &BTreeSet<Wanted>,
    ) -> BTreeMap<Entry, Arc<Found>> {
        let mut of_file: HashMap<Arc<str>, usize> = HashMap::new();
        for entry in &entries {
            *of_file.entry(entry.path.clone()).or_default() += 1;
        }
        let wanted = Arc::new(wanted.clone());
        let mut out = BTreeMap::new();
        for batch in entries.chunks(BATCH) {
            let known = &*self;
            let share = |entry: &Entry| {
                let all = of_file.get(&entry.path).map_or(1, |count| (*count).max(1));
                BUDGET.min(FILE_STEPS / all)
            };
            let found: Vec<Option<Arc<Found>>> = batch
                .iter()
                .map(|entry| {
                    known
                        .results
                        .get(entry, share(entry), &wanted, &known.barren)
                })
                .collect();
            let open = |(entry, found): (&Entry, Option<Arc<Found>>)| {
                found.or_else(|| known.one(entry, share(entry), &wanted))
            };
            let found: Vec<Arc<Found>> = match found.iter().all(Option::is_some) {
                true => found.into_iter().flatten().collect(),
                // One may take as long as all others together.
                false => batch
                    .par_iter()
                    .zip(found)
                    .with_max_len(1)
                    .filter_map(open)
                    .collect(),
            };
            for found in found {
                self.barren.learn(&found.visits);
                self.results.keep(found.clone());
                out.insert(found.entry.clone(), found);
            }
        }
        out
    }

    fn one(
        &self,
        entry: &Entry,
        budget: usize,
        wanted: &Arc<BTreeSet<Wanted>>,
    ) -> Option<Arc<Found>> {
        let code = self.program.load(&entry.path)?;
        let found = self.evaluated(&code, entry, budget, wanted)?;
        if !hungers(&code, &found) {
            return Some(Arc::new(found));
        }
        // The request that the function sends was not reached: nothing else is worth as much.
        let again = self.evaluated(&code, entry, budget * MORE, wanted);
        Some(Arc::new(match again {
            Some(mut fed) => {
                fed.terms.budget = budget;
                fed
            }
            None => found,
        }))
    }

    fn evaluated(
        &self,
        code: &Arc<Code>,
        entry: &Entry,
        budget: usize,
        wanted: &Arc<BTreeSet<Wanted>>,
    ) -> Option<Found> {
        let assume = (self.assume_for)(&entry.path);
        let mut eval = Eval::new(self.program, &self.barren, &assume);
        eval.work.budget = budget;
        let name = entry
            .function
            .map(|id| code.module.functions[id].name.as_str());
        let doing = || match name {
            Some(name) => format!("evaluating {name} of {}", entry.path),
            None => format!("evaluating {}", entry.path),
        };
        match guarded(doing, || run(eval, code, entry.clone(), wanted)) {
            Ok(found) => Some(found),
            Err(told) => {
                let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
                broken.push(FileError::internal(entry.path.clone(), told));
                None
            }
        }
    }
}

fn run(
    mut eval: Eval<'_, '_>,
    code: &Arc<Code>,
    entry: Entry,
    wanted: &Arc<BTreeSet<Wanted>>,
) -> Found {
    let budget = eval.work.budget;
    // What stands in tests is a note at most: it gets less time.
    if context_of(code.path()) == Context::Test {
        eval.work.budget /= 20;
    }
    eval.push_frame(code, None, None, None, None);
    match entry.function {
        Some(id) => run_function(&mut eval, code, id),
        None => run_module(&mut eval, code),
    }
    run_wanted(&mut eval, wanted);
    eval.note_marked_bodies();
    let mut made = BTreeSet::new();
    for (class, _) in eval.instances.clone() {
        if made.contains(&(class.code.path().clone(), class.id)) {
            continue;
        }
        for class in eval.lineage(&class) {
            made.insert((class.code.path().clone(), class.id));
        }
    }
    let mut events = std::mem::take(&mut eval.events);
    let mut used = std::mem::take(&mut eval.trail.used);
    // A file that is data, where a text of it is sent.
    let texts = events.iter().flat_map(|event| &event.texts);
    used.extend(texts.map(|text| text.path.clone()));
    used.remove(code.path());
    let mut reads = std::mem::take(&mut eval.trail.reads);
    reads.extend(used.iter().map(Read::found));
    let of_others: Reads = reads.iter().cloned().collect();
    for event in &mut events {
        event.prompt.reads = of_others.clone();
    }
    reads.insert(Read::found(code.path()));
    // Who calls was looked for everywhere.
    let opens: BTreeSet<&Open> = events.iter().flat_map(|event| &event.opens).collect();
    for open in opens {
        let name = eval.program.load(&open.path);
        let name = name.and_then(|code| called_as(&code, open.function));
        reads.extend(name.map(Read::callers));
    }
    Found {
        entry,
        terms: Terms {
            budget,
            wanted: wanted.clone(),
            closed: std::mem::take(&mut eval.closed),
        },
        events,
        used,
        reads: reads.into_iter().collect(),
        limits: std::mem::take(&mut eval.trail.limits),
        problems: std::mem::take(&mut eval.trail.problems),
        made,
        rendered: std::mem::take(&mut eval.trail.rendered),
        visits: std::mem::take(&mut eval.visits),
        bound: std::mem::take(&mut eval.bound),
    }
}

/// Whether a function ran out of steps before the request that it sends.
fn hungers(code: &Code, found: &Found) -> bool {
    let Some(id) = found.entry.function.filter(|_| !found.limits.is_empty()) else {
        return false;
    };
    let within = |inner: FunctionId| {
        let mut at = Some(inner);
        while let Some(function) = at {
            if function == id {
                return true;
            }
            at = code.module.functions[function].parent;
        }
        false
    };
    let functions = 0..code.module.functions.len();
    let sends = functions
        .into_iter()
        .any(|inner| within(inner) && code.sends(inner));
    let reached = |event: &Event| event.sort == Sort::Request && !event.starved;
    let product = context_of(code.path()) == Context::Production;
    sends && product && !found.events.iter().any(reached)
}

fn run_function(eval: &mut Eval<'_, '_>, code: &Arc<Code>, id: FunctionId) {
    let function = &code.module.functions[id];
    let this = function.class.and_then(|class| {
        let class = ClassRef {
            code: code.clone(),
            id: class,
            scope: None,
        };
        match function.kind {
            FunctionKind::Function => None,
            FunctionKind::Static if code.language() == Language::Python => None,
            FunctionKind::Static | FunctionKind::ClassMethod => Some(Value::Class(class)),
            _ => Some(eval.open_instance(&class)),
        }
    });
    // The instance was made by it.
    if function.kind == FunctionKind::Constructor {
        return;
    }
    let callable = Callable {
        code: code.clone(),
        id,
        scope: None,
        this,
        bound: Vec::new(),
    };
    let value = eval.run_open(&callable, code.sends(id));
    let site = Place {
        path: code.path().clone(),
        span: function.name_span,
    };
    eval.hand_out(value.clone(), site.clone());
    let decorated = function.decorators.iter().any(gives_system);
    let value = match decorated {
        true => match eval.beside(&callable, value) {
            Some(value) => value,
            // It stands in the text of the first one.
            None => return,
        },
        false => value,
    };
    let name = match decorated {
        true => Some(format!("system {}", function.name)),
        false => builder_name(&code.module, function),
    };
    if let Some(name) = name {
        eval.noted_text(&name, &value, &site);
    }
}

/// What a text that a function gives is noted under, where the function, or its class, is named like a prompt's builder.
pub(super) fn builder_name(module: &Module, function: &Function) -> Option<String> {
    if sdk::builds_prompt(&function.name) {
        return Some(function.name.clone());
    }
    let class = &module.classes.get(function.class?)?.name;
    sdk::class_builds_prompt(class, &function.name).then(|| format!("{class}.{}", function.name))
}

/// `@agent.system_prompt`, called or not.
pub(super) fn gives_system(decorator: &Expr) -> bool {
    let path = match &decorator.kind {
        ExprKind::Call { callee, .. } => callee.dotted(),
        _ => decorator.dotted(),
    };
    path.is_some_and(|path| path.contains('.') && sdk::is_prompt_decorator(&path))
}

/// The body of a module: what it sends at its top level, and constants that are named like prompts.
fn run_module(eval: &mut Eval<'_, '_>, code: &Arc<Code>) {
    if code.holds_body() {
        let body = code.clone();
        eval.block(&body.module.body);
    }
    for (name, binding) in &code.names {
        if !matches!(binding, Binding::Statements(_)) || !sdk::builds_prompt(name) {
            continue;
        }
        if let Some(value) = eval.global(code, name) {
            let site = constant_place(&value, code);
            eval.noted_text(name, &value, &site);
        }
    }
    for (id, class) in code.module.classes.iter().enumerate() {
        note_docstring(eval, code, id);
        for field in &class.fields {
            if field.value.is_none() || !field.is_static || !sdk::builds_prompt(&field.name) {
                continue;
            }
            let class = ClassRef {
                code: code.clone(),
                id,
                scope: None,
            };
            let Some(value) = eval.class_member(&class, &field.name, None, field.span) else {
                continue;
            };
            let site = Place {
                path: code.path().clone(),
                span: field.span,
            };
            let name = format!("{}.{}", class.class().name, field.name);
            eval.noted_text(&name, &value, &site);
        }
    }
}

/// The docstring of a class whose library sends it.
fn note_docstring(eval: &mut Eval<'_, '_>, code: &Arc<Code>, id: usize) {
    let class = &code.module.classes[id];
    let Some(doc) = &class.doc else {
        return;
    };
    let reference = ClassRef {
        code: code.clone(),
        id,
        scope: None,
    };
    let sent = (0..class.bases.len()).any(|index| {
        let base = eval.base(&reference, index);
        base.path().is_some_and(sdk::sends_docstring)
    });
    if sent {
        let name = format!("system {}", class.name);
        eval.noted_text(&name, &Value::text(doc.clone()), &doc.whole());
    }
}

fn constant_place(value: &Value, code: &Arc<Code>) -> Place {
    let piece = match value {
        Value::Text(pieces) => pieces.iter().find_map(super::texts::piece_place),
        _ => None,
    };
    piece
        .filter(|place| place.path == *code.path())
        .unwrap_or_else(|| Place::new(code.path(), 0, 0))
}

/// Methods that send, of instances that the entry made.
fn run_wanted(eval: &mut Eval<'_, '_>, wanted: &BTreeSet<Wanted>) {
    if wanted.is_empty() {
        return;
    }
    let instances = eval.instances.clone();
    let mut counts: HashMap<&Wanted, usize> = HashMap::new();
    for (class, cell) in instances {
        let line = eval.lineage(&class);
        for method in wanted {
            let of = line
                .iter()
                .any(|class| class.code.path() == &method.path && class.id == method.class);
            let count = counts.entry(method).or_insert(0);
            if !of || *count >= MAX_INSTANCES {
                continue;
            }
            *count += 1;
            let Some(code) = eval.program.load(&method.path) else {
                continue;
            };
            let callable = Callable {
                code: code.clone(),
                id: method.method,
                scope: None,
                this: Some(Value::Cell(cell)),
                bound: Vec::new(),
            };
            if eval.has_run(&callable) {
                continue;
            }
            eval.trail.reads.insert(Read::found(&method.path));
            eval.run_open(&callable, code.sends(method.method));
        }
    }
}

/// Where a constructor's parameter is open: the methods that sent what depends on it.
fn wanted_methods(
    program: &Program<'_>,
    path: &Arc<str>,
    function: FunctionId,
    found: &BTreeMap<Entry, Arc<Found>>,
) -> Vec<Wanted> {
    let Some(code) = program.load(path) else {
        return Vec::new();
    };
    let constructor = &code.module.functions[function];
    if constructor.kind != FunctionKind::Constructor {
        return Vec::new();
    }
    let mut out = Vec::new();
    for (entry, found) in found {
        let depends = found.events.iter().any(|event| {
            event
                .opens
                .iter()
                .any(|open| open.path == *path && open.function == function)
        });
        let (true, Some(id)) = (depends, entry.function) else {
            continue;
        };
        let Some(code) = program.load(&entry.path) else {
            continue;
        };
        let function = &code.module.functions[id];
        let method = function.kind != FunctionKind::Constructor;
        if let Some(class) = function.class.filter(|_| method) {
            out.push(Wanted {
                path: entry.path.clone(),
                class,
                method: id,
            });
        }
    }
    out
}
