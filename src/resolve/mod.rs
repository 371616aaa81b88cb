//! Trees and drafts of many files -> prompts: templates are evaluated, includes and inheritance followed, roles
//! split into messages. Knows nothing of layout, cost or rules; reads files only through the workspace.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rayon::prelude::*;

use crate::config::Assume;
use crate::finding::FileError;
use crate::frontend::code::ir::Module;
use crate::frontend::document::draft::Document;
use crate::frontend::template::dialect::Dialect;
use crate::frontend::template::tree::Tree;
use crate::frontend::Problem;
use crate::guard::guarded;
use crate::prompt::Prompt;
use crate::reads::{Changed, Reads};
use crate::source::SourceFile;
use crate::workspace::Workspace;

mod branches;
mod calls;
pub mod code;
mod context;
mod drafts;
mod evaluator;
mod expand;
mod expr;
mod files;
mod history;
mod includes;
mod indent;
mod loaded;
mod loops;
mod operators;
mod roles;
mod semantic_kernel;
mod templates;
mod value;
mod words;

#[cfg(test)]
mod tests;

pub use files::{dialect_of, ClassifierFor};
pub use roles::HISTORY_ROLE;

use code::CodeInput;
use evaluator::{Rendered, Trail};
use files::Files;

/// A file that a frontend has parsed; cheap to clone.
#[derive(Clone)]
pub struct Parsed {
    pub file: Arc<SourceFile>,
    pub kind: ParsedKind,
    /// Named by the user: a prompt of its own even where another file includes it.
    pub explicit: bool,
    /// Only its name says that it is a prompt.
    pub by_name: bool,
}

#[derive(Clone)]
pub enum ParsedKind {
    Template {
        dialect: Dialect,
        tree: Arc<Tree>,
    },
    Document(Arc<Document>),
    /// A host language, lowered.
    Code(Arc<Module>),
}

/// All prompts of a run.
#[derive(Default)]
pub struct Resolution {
    /// Sorted by id; no id twice.
    pub prompts: Vec<Prompt>,
    /// Files that took part in prompts of other files -> the first of these; not linted alone.
    pub partial_of: BTreeMap<Arc<str>, Arc<str>>,
    /// Sorted, each once.
    pub problems: Vec<(Arc<str>, Problem)>,
    /// Files that code fills as texts: what they are as templates says nothing.
    pub as_text: BTreeSet<Arc<str>>,
    /// Limits that were hit, by file. Sorted, each once.
    pub limits: Vec<FileError>,
    /// Files in which something of ours broke. Sorted, each once.
    pub errors: Vec<FileError>,
    /// Every file that took part: the inputs and what they read.
    pub sources: BTreeMap<Arc<str>, Arc<SourceFile>>,
}

/// What one file yields.
pub(crate) struct Resolved {
    pub path: Arc<str>,
    pub explicit: bool,
    /// Only its name says that it is a prompt, and no code is seen to fill it.
    pub by_name: bool,
    pub prompts: Vec<Prompt>,
    pub trail: Trail,
}

/// What an earlier run came to. Valid under one set of settings.
#[derive(Default)]
pub struct Memo {
    code: code::Memo,
    /// Templates and documents.
    files: HashMap<Arc<str>, Arc<KeptFile>>,
}

impl Memo {
    /// Drops what rests on files that are different.
    pub fn forget(&mut self, changed: &Changed) {
        self.code.forget(changed);
        self.files
            .retain(|path, kept| !changed.holds(path) && !changed.outdates(&kept.reads));
    }
}

/// The same, or what broke.
type Looked = Result<Arc<KeptFile>, String>;

/// What a template or a document came to.
struct KeptFile {
    resolved: Resolved,
    reads: Reads,
    /// How code fills it.
    rendered: Vec<Rendered>,
}

impl KeptFile {
    fn new(
        input: Parsed,
        rendered: Vec<Rendered>,
        files: &Files<'_>,
        assume_for: &(dyn Fn(&str) -> Assume + Sync),
    ) -> KeptFile {
        let resolved = drafts::resolve_file(input, &rendered, files, assume_for);
        KeptFile {
            reads: resolved.trail.reads.iter().cloned().collect(),
            resolved,
            rendered,
        }
    }

    fn is_filled_by(&self, rendered: &[Rendered]) -> bool {
        let same =
            |(one, other): (&Rendered, &Rendered)| one.is_same(other) && one.code == other.code;
        self.rendered.len() == rendered.len() && self.rendered.iter().zip(rendered).all(same)
    }
}

/// Resolves all files, of which nothing is known yet.
pub fn resolve(
    inputs: Vec<Parsed>,
    other_code: &[Arc<str>],
    workspace: &dyn Workspace,
    classifier_for: &ClassifierFor<'_>,
    assume_for: &(dyn Fn(&str) -> Assume + Sync),
) -> Resolution {
    let memo = &mut Memo::default();
    resolve_again(
        inputs,
        other_code,
        workspace,
        classifier_for,
        assume_for,
        memo,
    )
}

/// Resolves all files. The order of the inputs and the number of threads do not show in the result; `memo`, of a run
/// over files that are the same or that it was told to forget, shows in the time only.
pub fn resolve_again(
    inputs: Vec<Parsed>,
    other_code: &[Arc<str>],
    workspace: &dyn Workspace,
    classifier_for: &ClassifierFor<'_>,
    assume_for: &(dyn Fn(&str) -> Assume + Sync),
    memo: &mut Memo,
) -> Resolution {
    let files = Files::new(workspace, classifier_for);
    let mut sources: BTreeMap<Arc<str>, Arc<SourceFile>> = BTreeMap::new();
    for input in &inputs {
        sources.insert(input.file.path.clone(), input.file.clone());
    }
    let mut code = Vec::new();
    let mut rest = Vec::with_capacity(inputs.len());
    for input in inputs {
        match input.kind {
            ParsedKind::Code(module) => {
                code.push(CodeInput {
                    file: input.file,
                    module,
                    named: input.explicit,
                });
            }
            _ => rest.push(input),
        }
    }
    let code = code::resolve_code(code, other_code, &files, assume_for, &mut memo.code);
    sources.extend(code.sources);
    let rendered = code.rendered.iter();
    let (texts, templates): (Vec<_>, Vec<_>) = rendered.partition(|rendered| rendered.as_text);
    let mut as_text: BTreeSet<Arc<str>> = texts.iter().map(|text| text.path.clone()).collect();
    as_text.retain(|path| templates.iter().all(|template| template.path != *path));
    let known = &memo.files;
    let looked: Vec<(Arc<str>, Looked)> = rest
        .into_par_iter()
        .map(|input| {
            let path = input.file.path.clone();
            let own = code.rendered.iter().filter(|one| one.path == path);
            let own: Vec<Rendered> = own.cloned().collect();
            let known = known.get(&path).filter(|kept| kept.is_filled_by(&own));
            let doing = || format!("resolving {path}");
            let new = || Arc::new(KeptFile::new(input, own, &files, assume_for));
            let kept = match known.cloned() {
                Some(kept) => Ok(kept),
                None => guarded(doing, new),
            };
            (path, kept)
        })
        .collect();
    let mut errors = code.errors;
    let mut kept: HashMap<Arc<str>, Arc<KeptFile>> = HashMap::with_capacity(looked.len());
    for (path, one) in looked {
        match one {
            Ok(one) => {
                kept.insert(path, one);
            }
            Err(told) => errors.push(FileError::internal(path, told)),
        }
    }
    errors.sort();
    errors.dedup();
    memo.files.clone_from(&kept);
    let mut resolved: Vec<&Resolved> = kept.values().map(|kept| &kept.resolved).collect();
    resolved.sort_by(|a, b| a.path.cmp(&b.path));
    let mut partial_of = partials(&resolved);
    let explicit: BTreeSet<&Arc<str>> = resolved
        .iter()
        .filter(|file| file.explicit)
        .map(|file| &file.path)
        .collect();
    for (path, user) in &code.used {
        if !explicit.contains(path) {
            partial_of
                .entry(path.clone())
                .or_insert_with(|| user.clone());
        }
    }
    sources.extend(files.sources());
    let mut out = Resolution {
        sources,
        errors,
        ..Resolution::default()
    };
    let mut children: BTreeMap<Arc<str>, BTreeSet<Arc<str>>> = BTreeMap::new();
    for file in &resolved {
        if let (Some(base), false) = (&file.trail.base, partial_of.contains_key(&file.path)) {
            let known = children.entry(base.clone()).or_default();
            known.insert(file.path.clone());
        }
    }
    let by_name = resolved.iter().filter(|file| file.by_name);
    let by_name: BTreeSet<&Arc<str>> = by_name.map(|file| &file.path).collect();
    let named = loaded::named_in_code(&by_name, &out.sources);
    for file in &resolved {
        out.limits.extend(file.trail.notices(&file.path));
        if !as_text.contains(&file.path) {
            out.problems.extend(file.trail.problems.iter().cloned());
        }
        if partial_of.contains_key(&file.path) {
            continue;
        }
        let siblings = file.trail.base.as_ref().and_then(|base| children.get(base));
        for prompt in &file.prompts {
            let mut prompt = prompt.clone();
            if let Some(siblings) = siblings {
                prompt.inherited_by = siblings.iter().cloned().collect();
            }
            prompt.unloaded = file.by_name && !named.contains(&file.path);
            out.prompts.push(prompt);
        }
    }
    out.partial_of = partial_of;
    out.as_text = as_text;
    out.prompts.extend(code.prompts);
    out.limits.extend(code.limits);
    out.problems.extend(code.problems);
    number_twins(&mut out.prompts);
    out.problems.sort_by(|a, b| {
        let key = |(path, problem): &(Arc<str>, Problem)| {
            (path.clone(), problem.span, problem.message.clone())
        };
        key(a).cmp(&key(b))
    });
    out.problems.dedup();
    out.limits.sort();
    out.limits.dedup();
    out
}

/// Files that are part of others. Of files that only include each other the first stands for itself.
fn partials(resolved: &[&Resolved]) -> BTreeMap<Arc<str>, Arc<str>> {
    let mut used_by: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
    for file in resolved {
        for used in &file.trail.used {
            if *used != file.path {
                used_by
                    .entry(used.clone())
                    .or_insert_with(|| file.path.clone());
            }
        }
    }
    let mut out = BTreeMap::new();
    let mut reached: BTreeSet<&Arc<str>> = BTreeSet::new();
    for root in [true, false] {
        for file in resolved {
            let is_root = file.explicit || !used_by.contains_key(&file.path);
            if is_root != root || reached.contains(&file.path) {
                continue;
            }
            // Of a cycle, the first by path.
            reached.extend(file.trail.used.iter());
            reached.insert(&file.path);
            for used in &file.trail.used {
                if *used != file.path {
                    let user: &Arc<str> = &file.path;
                    out.entry(used.clone()).or_insert_with(|| user.clone());
                }
            }
        }
    }
    for file in resolved {
        if file.explicit {
            out.remove(&file.path);
        }
    }
    out
}

/// Sorts by id and tells prompts of one id apart by a number.
fn number_twins(prompts: &mut [Prompt]) {
    prompts.sort_by(|a, b| (&a.id, &a.origin).cmp(&(&b.id, &b.origin)));
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for prompt in prompts.iter_mut() {
        let count = seen.entry(prompt.id.clone()).or_insert(0);
        *count += 1;
        if *count > 1 {
            let separator = if prompt.id.contains('#') { ":" } else { "#:" };
            prompt.id = format!("{}{separator}{count}", prompt.id);
        }
    }
    prompts.sort_by(|a, b| a.id.cmp(&b.id));
}
