//! Files of code and how they find each other: loading and lowering on demand, names of a module, imports to files of
//! the same workspace. Shared by all evaluations of a run. Knows nothing of values.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::prelude::*;

use crate::discover::signs;
use crate::frontend::code::ir::{
    ClassId, Expr, ExprKind, FunctionId, Import, Language, Module, Pattern, Stmt, StmtKind,
};
use crate::frontend::code::{self, language_of};
use crate::reads::Read;
use crate::sdk;
use crate::source::SourceFile;

use super::super::files::{folder, join, Files};
use super::documents::Documents;
use super::interest::Interest;
use super::knowledge::Knowledge;
use super::paths::Paths;

/// One file of code, lowered, with its names.
pub struct Code {
    pub file: Arc<SourceFile>,
    pub module: Arc<Module>,
    pub classifier: Arc<Knowledge>,
    /// Which functions have to do with requests.
    pub interest: Interest,
    /// Whether the file, or one that it imports, uses a library that sends requests.
    near: OnceLock<bool>,
    /// Functions that have to do with requests or call one that does, by its name.
    pub warm: OnceLock<HashSet<FunctionId>>,
    /// How each name of the module is bound.
    pub names: BTreeMap<String, Binding>,
    /// Modules whose names are all taken over (`from x import *`, `export * from`).
    pub stars: Vec<String>,
    /// Exported names that are bound under another name: exported -> local.
    pub exports: BTreeMap<String, String>,
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({})", self.file.path)
    }
}

/// How a name of a module is bound.
#[derive(Clone, Debug, PartialEq)]
pub enum Binding {
    Function(FunctionId),
    Class(ClassId),
    /// From another module: its specifier and the name there; `None`: the module itself.
    Import {
        module: String,
        name: Option<String>,
    },
    /// By these statements of the module's body, in order.
    Statements(Vec<usize>),
}

/// What an import specifier stands for.
#[derive(Clone, Debug)]
pub enum Found {
    Code(Arc<Code>),
    /// A file that is not code: imported as text.
    File(Arc<str>),
    /// Not of this workspace.
    External,
}

impl Code {
    pub fn new(file: Arc<SourceFile>, module: Arc<Module>, classifier: Arc<Knowledge>) -> Code {
        let mut names = Names {
            module: &module,
            names: BTreeMap::new(),
            stars: Vec::new(),
            exports: BTreeMap::new(),
        };
        for (index, stmt) in module.body.iter().enumerate() {
            names.stmt(stmt, index);
        }
        let Names {
            names,
            stars,
            exports,
            ..
        } = names;
        Code {
            interest: Interest::of(&module),
            near: OnceLock::new(),
            warm: OnceLock::new(),
            file,
            module,
            classifier,
            names,
            stars,
            exports,
        }
    }

    pub fn path(&self) -> &Arc<str> {
        &self.file.path
    }

    pub fn language(&self) -> Language {
        self.module.language
    }

    fn is_near(&self) -> bool {
        self.near.get().copied().unwrap_or(true)
    }

    /// Whether a function, or one inside it, has to do with requests.
    pub fn holds(&self, id: FunctionId) -> bool {
        self.interest.holds(id, self.is_near())
    }

    /// Whether a function sends a request itself.
    pub fn sends(&self, id: FunctionId) -> bool {
        self.interest.sends(id, self.is_near())
    }

    /// Whether the module's own body has to do with requests.
    pub fn holds_body(&self) -> bool {
        self.interest.body(self.is_near())
    }

    /// Whether the file itself uses a library that sends requests.
    fn uses_library(&self) -> bool {
        let imports = &self.interest.imports;
        self.interest.makes || imports.iter().any(|(module, _)| sdk::is_library(module))
    }
}

/// Collects how the names of a module are bound.
struct Names<'m> {
    module: &'m Module,
    names: BTreeMap<String, Binding>,
    stars: Vec<String>,
    exports: BTreeMap<String, String>,
}

impl Names<'_> {
    fn stmt(&mut self, stmt: &Stmt, index: usize) {
        match &stmt.kind {
            StmtKind::Function(id) => {
                self.define(&self.module.functions[*id].name, Binding::Function(*id))
            }
            StmtKind::Class(id) => self.define(&self.module.classes[*id].name, Binding::Class(*id)),
            StmtKind::Import(import) => self.bind_import(import),
            StmtKind::Assign { targets, .. } => {
                for target in targets {
                    self.bind_pattern(target, index);
                }
            }
            StmtKind::Augment { target, .. } => self.bind_pattern(target, index),
            StmtKind::Expr(expr) => self.touched(expr, index),
            StmtKind::Export(export) => {
                for stmt in &export.declaration {
                    self.stmt(stmt, index);
                }
                if export.default.is_some() {
                    self.bind_name("default", index);
                }
                match (&export.from, &export.star) {
                    (Some(from), Some(None)) => self.stars.push(from.clone()),
                    (Some(from), Some(Some(name))) => {
                        let binding = Binding::Import {
                            module: from.clone(),
                            name: None,
                        };
                        self.names.insert(name.clone(), binding);
                    }
                    (Some(from), None) => {
                        for (there, here) in &export.names {
                            let binding = Binding::Import {
                                module: from.clone(),
                                name: Some(there.clone()),
                            };
                            self.names.insert(here.clone(), binding);
                        }
                    }
                    _ => {
                        for (local, exported) in &export.names {
                            if local != exported {
                                self.exports.insert(exported.clone(), local.clone());
                            }
                        }
                    }
                }
            }
            StmtKind::If {
                then, otherwise, ..
            } => {
                for stmt in then.iter().chain(otherwise) {
                    self.stmt(stmt, index);
                }
            }
            StmtKind::For { pattern, body, .. } => {
                self.bind_pattern(pattern, index);
                self.all(body, index);
            }
            StmtKind::While { body, .. } | StmtKind::Block(body) => self.all(body, index),
            StmtKind::Try {
                body,
                handlers,
                otherwise,
                finally,
            } => {
                self.all(body, index);
                // What the handlers bind is the fallback of what could not be imported.
                let known = self.names.clone();
                for handler in handlers {
                    self.all(handler, index);
                }
                self.names.extend(known);
                self.all(otherwise, index);
                self.all(finally, index);
            }
            StmtKind::With { items, body } => {
                for pattern in items.iter().filter_map(|(_, pattern)| pattern.as_ref()) {
                    self.bind_pattern(pattern, index);
                }
                self.all(body, index);
            }
            StmtKind::Match { arms, .. } => {
                for arm in arms {
                    self.all(&arm.body, index);
                }
            }
            _ => {}
        }
    }

    fn all(&mut self, stmts: &[Stmt], index: usize) {
        for stmt in stmts {
            self.stmt(stmt, index);
        }
    }

    fn define(&mut self, name: &str, binding: Binding) {
        if !name.is_empty() {
            self.names.insert(name.to_string(), binding);
        }
    }

    fn bind_import(&mut self, import: &Import) {
        if let Some((name, _)) = &import.namespace {
            // `import a.b` binds `a`.
            let head = import.module.split('.').next().unwrap_or_default();
            let module = if head == name { head } else { &import.module };
            let binding = Binding::Import {
                module: module.to_string(),
                name: None,
            };
            self.names.insert(name.clone(), binding);
        }
        for name in &import.names {
            let binding = Binding::Import {
                module: import.module.clone(),
                name: Some(name.name.clone()),
            };
            self.names.insert(name.alias.clone(), binding);
        }
        if import.star {
            self.stars.push(import.module.clone());
        }
    }

    fn bind_pattern(&mut self, pattern: &Pattern, index: usize) {
        match pattern {
            Pattern::Name(name, _) => self.bind_name(name, index),
            Pattern::Target(expr) => self.touched(expr, index),
            Pattern::List(items, _) => items.iter().for_each(|item| self.bind_pattern(item, index)),
            Pattern::Object(items, rest, _) => {
                items
                    .iter()
                    .for_each(|(_, item)| self.bind_pattern(item, index));
                if let Some(rest) = rest {
                    self.bind_name(rest, index);
                }
            }
            Pattern::Rest(inner) | Pattern::Default(inner, _) => self.bind_pattern(inner, index),
            Pattern::Ignore => {}
        }
    }

    fn bind_name(&mut self, name: &str, index: usize) {
        match self.names.get_mut(name) {
            Some(Binding::Statements(indices)) => {
                if indices.last() != Some(&index) {
                    indices.push(index);
                }
            }
            // A definition that is wrapped (`f = cache(f)`) and an import with a fallback stay what they are.
            Some(_) => {}
            None => {
                let binding = Binding::Statements(vec![index]);
                self.names.insert(name.to_string(), binding);
            }
        }
    }

    /// `X.append(..)`, `X["a"] = ..`, `module.exports = ..` change what `X` is.
    fn touched(&mut self, expr: &Expr, index: usize) {
        match &expr.kind {
            ExprKind::Name(name) => {
                if name == "module" || name == "exports" {
                    self.bind_name("module", index);
                } else if matches!(self.names.get(name), Some(Binding::Statements(_))) {
                    self.bind_name(name, index);
                }
            }
            ExprKind::Attribute { object, .. }
            | ExprKind::Index { object, .. }
            | ExprKind::Slice { object, .. } => self.touched(object, index),
            ExprKind::Call { callee, .. } => {
                if let ExprKind::Attribute { object, .. } = &callee.kind {
                    self.touched(object, index);
                }
            }
            ExprKind::Assign { target, .. } => self.bind_pattern(target, index),
            ExprKind::Await(inner) => self.touched(inner, index),
            _ => {}
        }
    }
}

/// All code of a run.
pub struct Program<'w> {
    pub files: &'w Files<'w>,
    pub paths: Paths<'w>,
    code: Mutex<HashMap<Arc<str>, Option<Arc<Code>>>>,
    /// Names of functions and classes that have to do with requests.
    hot: OnceLock<HashSet<String>>,
    /// Files that use a library that sends requests, or import such a file.
    libraries: OnceLock<HashSet<Arc<str>>>,
    pub documents: Documents,
    /// One for each language and set of overrides.
    knowledge: Mutex<Vec<Arc<Knowledge>>>,
}

impl<'w> Program<'w> {
    pub fn new(files: &'w Files<'w>) -> Program<'w> {
        Program {
            files,
            paths: Paths::new(files),
            code: Mutex::new(HashMap::new()),
            hot: OnceLock::new(),
            libraries: OnceLock::new(),
            documents: Documents::default(),
            knowledge: Mutex::new(Vec::new()),
        }
    }

    /// A file of code, lowered; the same one every time. `None`: not there, or not a language that is known.
    pub fn load(&self, path: &str) -> Option<Arc<Code>> {
        let lock = || self.code.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(path) {
            return known.clone();
        }
        let loaded = language_of(path).and_then(|language| {
            let file = self.files.read(path)?;
            let code =
                (!signs::is_bundle(file.text.as_bytes())).then(|| self.lower(file, language))?;
            if let Some(libraries) = self.libraries.get() {
                self.note_near(&code, libraries);
            }
            Some(code)
        });
        // Lowered outside of the lock: of two that did the same work the first stays, so that identity holds.
        lock().entry(path.into()).or_insert(loaded).clone()
    }

    fn knowledge(&self, path: &Arc<str>, language: Language) -> Arc<Knowledge> {
        let classifier = self.files.classifier(path, language);
        let mut known = self
            .knowledge
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.iter().find(|known| known.is_of(&classifier)) {
            return known.clone();
        }
        let new = Arc::new(Knowledge::new(classifier));
        known.push(new.clone());
        new
    }

    /// A file that is lowered already.
    pub fn insert(&self, file: Arc<SourceFile>, module: Arc<Module>) {
        let classifier = self.knowledge(&file.path, module.language);
        let path = file.path.clone();
        let code = Arc::new(Code::new(file, module, classifier));
        let mut known = self.code.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(path, Some(code));
    }

    /// Notes which files and names have to do with requests, once all inputs are there.
    pub fn note_inputs(&self) {
        let known: Vec<Arc<Code>> = {
            let known = self.code.lock().unwrap_or_else(PoisonError::into_inner);
            known.values().flatten().cloned().collect()
        };
        let direct: HashSet<Arc<str>> = known
            .iter()
            .filter(|code| code.uses_library())
            .map(|code| code.path().clone())
            .collect();
        let mut libraries = direct.clone();
        // Imports are looked up in folders of the disk.
        let second: Vec<Arc<str>> = known
            .par_iter()
            .filter(|code| !direct.contains(code.path()) && self.imports_one(code, &direct))
            .map(|code| code.path().clone())
            .collect();
        libraries.extend(second);
        known
            .par_iter()
            .for_each(|code| self.note_near(code, &libraries));
        let _ = self.libraries.set(libraries);
        let mut hot = HashSet::new();
        for code in &known {
            for (id, function) in code.module.functions.iter().enumerate() {
                if !code.holds(id) || function.name.is_empty() {
                    continue;
                }
                hot.insert(function.name.clone());
                if let Some(class) = function.class {
                    hot.insert(code.module.classes[class].name.clone());
                }
            }
        }
        let _ = self.hot.set(hot);
    }

    fn note_near(&self, code: &Code, libraries: &HashSet<Arc<str>>) {
        let near = !code.interest.depends()
            || libraries.contains(code.path())
            || self.imports_one(code, libraries);
        let _ = code.near.set(near);
    }

    /// Whether a file imports one of these.
    fn imports_one(&self, code: &Code, paths: &HashSet<Arc<str>>) -> bool {
        let mut reads = BTreeSet::new();
        let mut is_one = |specifier: &str| {
            let found = self.paths.find(code, specifier, &mut reads);
            found.is_some_and(|path| paths.contains(path.as_str()))
        };
        let python = code.language() == Language::Python;
        code.interest.imports.iter().any(|(module, names)| {
            let dot = if module.ends_with('.') { "" } else { "." };
            is_one(module)
                // `from package import module`
                || python && names.iter().any(|name| is_one(&format!("{module}{dot}{name}")))
        })
    }

    /// Whether a function has to do with requests, or calls one that does.
    pub fn is_warm(&self, code: &Code, id: FunctionId) -> bool {
        let warm = code.warm.get_or_init(|| {
            let mut out = HashSet::new();
            for (name, function) in &code.interest.calls {
                if let (Some(id), Some(true)) =
                    (function, self.hot.get().map(|hot| hot.contains(name)))
                {
                    out.insert(*id);
                }
            }
            out
        });
        code.holds(id) || warm.contains(&id)
    }

    /// The bytes of a file, without keeping them.
    pub fn peek(&self, path: &str) -> Option<Vec<u8>> {
        self.files.peek(path)
    }

    fn lower(&self, file: Arc<SourceFile>, language: Language) -> Arc<Code> {
        let module = code::parse(&file, language);
        let classifier = self.knowledge(&file.path, language);
        Arc::new(Code::new(file, module, classifier))
    }

    /// The file that an import stands for; every look-up is recorded.
    pub fn find(&self, from: &Code, specifier: &str, reads: &mut BTreeSet<Read>) -> Found {
        let Some(path) = self.paths.find(from, specifier, reads) else {
            return Found::External;
        };
        match self.load(&path) {
            Some(code) => Found::Code(code),
            None => Found::File(path.into()),
        }
    }

    /// A submodule of a package: `from pkg import module`.
    pub fn submodule(
        &self,
        package: &Code,
        name: &str,
        reads: &mut BTreeSet<Read>,
    ) -> Option<Arc<Code>> {
        if package.language() != Language::Python || !package.path().ends_with("__init__.py") {
            return None;
        }
        let base = folder(package.path());
        for path in [
            join(base, &format!("{name}.py")),
            join(base, &format!("{name}/__init__.py")),
        ] {
            let path = path?;
            let found = self.paths.exists(&path);
            reads.insert(Read::new(path.as_str(), found));
            if found {
                return self.load(&path);
            }
        }
        None
    }

    /// Every file that was lowered.
    pub fn sources(&self) -> BTreeMap<Arc<str>, Arc<SourceFile>> {
        let code = self.code.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = code.values().flatten();
        loaded
            .map(|code| (code.path().clone(), code.file.clone()))
            .collect()
    }
}
