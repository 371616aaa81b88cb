//! Files of code and how they find each other: loading and lowering on demand, names of a module, imports to files of
//! the same workspace. Shared by all evaluations of a run. Knows nothing of values.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rayon::prelude::*;

use crate::discover::{context_of, signs, Context};
use crate::frontend::code::ir::{Expr, FunctionId, Language, Module};
use crate::frontend::code::{self, language_of};
use crate::frontend::DIRECTIVE;
use crate::reads::Read;
use crate::sdk;
use crate::source::SourceFile;

use super::super::files::{folder, join, Files};
use super::bindings;
pub use super::bindings::Binding;
use super::documents::Documents;
use super::families::Families;
use super::interest::Interest;
use super::knowledge::Knowledge;
use super::memo::{Memo, Names, Outdated};
use super::paths::Paths;
use super::unplaced;

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
    /// Names of functions and classes that have to do with requests, once it is known whether a library is near.
    hot: OnceLock<Vec<String>>,
    /// Whether the file itself uses a library that sends requests.
    uses_library: bool,
    /// Whether it speaks to the linter.
    speaks: bool,
    marks: OnceLock<bool>,
    turns: OnceLock<bool>,
    wire: OnceLock<Option<&'static str>>,
    /// How each name of the module is bound.
    pub names: BTreeMap<String, Binding>,
    /// Modules whose names are all taken over (`from x import *`, `export * from`).
    pub stars: Vec<String>,
    /// Exported names that are bound under another name: exported -> local.
    pub exports: BTreeMap<String, String>,
    /// What functions make and set names of the module to.
    pub set_later: BTreeMap<String, Expr>,
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({})", self.file.path)
    }
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
        let bindings::Names {
            names,
            stars,
            exports,
            set_later,
        } = bindings::of(&module);
        let interest = Interest::of(&module);
        let imports = &interest.imports;
        let uses_library =
            interest.makes || imports.iter().any(|(module, _)| sdk::is_library(module));
        Code {
            interest,
            uses_library,
            speaks: file.text.contains(DIRECTIVE),
            marks: OnceLock::new(),
            turns: OnceLock::new(),
            wire: OnceLock::new(),
            near: OnceLock::new(),
            warm: OnceLock::new(),
            hot: OnceLock::new(),
            file,
            module,
            classifier,
            names,
            stars,
            exports,
            set_later,
        }
    }

    pub fn path(&self) -> &Arc<str> {
        &self.file.path
    }

    pub fn language(&self) -> Language {
        self.module.language
    }

    /// The only provider that the file speaks to, by its own words; else by its name.
    pub fn speaks_to(&self) -> Option<&'static str> {
        *self.wire.get_or_init(|| {
            let text = &*self.file.text;
            let mut spoken = sdk::wires()
                .iter()
                .filter(|(_, words)| words.iter().any(|word| text.contains(word.as_str())));
            match (spoken.next(), spoken.next()) {
                (None, _) => sdk::wire_of_path(self.path()),
                (Some((provider, _)), None) => Some(provider.as_str()),
                _ => None,
            }
        })
    }

    /// Whether it speaks of answers or earlier turns.
    pub fn speaks_of_turns(&self) -> bool {
        *self
            .turns
            .get_or_init(|| unplaced::speaks_of_turns(&self.file))
    }

    /// Whether it writes a cache marker, or has a library write one.
    pub fn writes_marker(&self) -> bool {
        *self.marks.get_or_init(|| unplaced::writes(&self.file))
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

    /// Names of functions and classes that have to do with requests.
    fn hot(&self) -> &[String] {
        self.hot.get_or_init(|| {
            let mut out = Vec::new();
            for (id, function) in self.module.functions.iter().enumerate() {
                if !self.holds(id) || function.name.is_empty() {
                    continue;
                }
                out.push(function.name.clone());
                let class = function.class.map(|class| &self.module.classes[class]);
                out.extend(class.map(|class| class.name.clone()));
            }
            out
        })
    }

    /// Functions that call a name which has to do with requests.
    fn warmed(&self, hot: &HashSet<String>) -> HashSet<FunctionId> {
        let calls = self.interest.calls.iter();
        let warm = calls.filter(|(name, _)| hot.contains(name));
        let mut out = HashSet::new();
        for (_, function) in warm {
            // What an inner function calls, its outer one is concerned with.
            let mut next = *function;
            while let Some(id) = next.filter(|id| out.insert(*id)) {
                next = self.module.functions[id].parent;
            }
        }
        out
    }

    /// The same file in company that is not known yet.
    fn afresh(&self) -> Code {
        let (file, module) = (self.file.clone(), self.module.clone());
        Code::new(file, module, self.classifier.clone())
    }
}

/// All code of a run.
pub struct Program<'w> {
    pub files: &'w Files<'w>,
    pub paths: Paths<'w>,
    code: Mutex<HashMap<Arc<str>, Option<Arc<Code>>>>,
    /// Files as an earlier run lowered them.
    spare: HashMap<Arc<str>, Arc<Code>>,
    names: OnceLock<Names>,
    pub documents: Documents,
    /// One for each language and set of overrides.
    knowledge: Mutex<Vec<Arc<Knowledge>>>,
}

impl<'w> Program<'w> {
    /// Takes the files that a memory holds.
    pub fn new(files: &'w Files<'w>, memo: &mut Memo) -> Program<'w> {
        Program {
            files,
            paths: Paths::new(files, std::mem::take(&mut memo.paths)),
            code: Mutex::new(HashMap::new()),
            spare: std::mem::take(&mut memo.code),
            names: OnceLock::new(),
            documents: Documents::default(),
            knowledge: Mutex::new(std::mem::take(&mut memo.knowledge)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Option<Arc<Code>>>> {
        self.code.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The code that is loaded, but for tests.
    pub fn loaded(&self) -> Vec<Arc<Code>> {
        let loaded = self.lock();
        let code = loaded.values().flatten();
        let product = code.filter(|code| context_of(code.path()) != Context::Test);
        product.cloned().collect()
    }

    /// The code that is loaded, but for tests, that writes a cache marker: of none, no request can bring one along.
    pub fn marking(&self) -> Vec<Arc<Code>> {
        let mut marking = self.loaded();
        marking.retain(|code| code.writes_marker());
        marking
    }

    /// A file of code, lowered; the same one every time. `None`: not there, or not a language that is known.
    pub fn load(&self, path: &str) -> Option<Arc<Code>> {
        if let Some(known) = self.lock().get(path) {
            return known.clone();
        }
        let spare = self.spare.get(path).cloned();
        let loaded = spare.or_else(|| {
            let language = language_of(path)?;
            let file = self.files.read(path)?;
            let code =
                (!signs::is_bundle(file.text.as_bytes())).then(|| self.lower(file, language))?;
            if let Some(names) = self.names.get() {
                self.note_near(&code, &names.libraries);
            }
            Some(code)
        });
        // Lowered outside of the lock: of two that did the same work the first stays, so that identity holds.
        self.lock().entry(path.into()).or_insert(loaded).clone()
    }

    fn knowledge_of(&self, path: &Arc<str>, language: Language) -> Arc<Knowledge> {
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
        let path = file.path.clone();
        let spare = self.spare.get(&path);
        let same = spare.filter(|code| Arc::ptr_eq(&code.module, &module));
        let code = same.cloned().unwrap_or_else(|| {
            let classifier = self.knowledge_of(&path, module.language);
            Arc::new(Code::new(file, module, classifier))
        });
        self.lock().insert(path, Some(code));
    }

    /// Notes which files and names have to do with requests, once all inputs are there. Returns the files of which what
    /// an earlier run, which noted `then`, made of them does not hold any more.
    pub fn note_inputs(&mut self, then: &mut Names) -> Outdated {
        let moved = self.paths.moved();
        let has_moved = |code: &Code| {
            let here = || (code.language(), folder(code.path()).to_string());
            !moved.is_empty() && moved.contains(&here())
        };
        let mut inputs: Vec<Arc<Code>> = self.lock().values().flatten().cloned().collect();
        let direct: HashSet<Arc<str>> = inputs
            .iter()
            .filter(|code| code.uses_library)
            .map(|code| code.path().clone())
            .collect();
        let same_company = direct == then.direct;
        // Imports are looked up in folders of the disk.
        let second = inputs.par_iter().filter(|code| {
            if direct.contains(code.path()) {
                return false;
            }
            match same_company && self.is_spare(code) && !has_moved(code) {
                true => then.libraries.contains(code.path()),
                false => self.imports_one(code, &direct),
            }
        });
        let second: Vec<Arc<str>> = second.map(|code| code.path().clone()).collect();
        let mut libraries = direct.clone();
        libraries.extend(second);
        let all = inputs.iter().chain(self.spare.values());
        let all = all.filter(|code| has_moved(code));
        let mut outdated: BTreeSet<Arc<str>> = all.map(|code| code.path().clone()).collect();
        if *then.libraries != libraries || !moved.is_empty() {
            self.part(&mut inputs, &libraries, &mut outdated);
        }
        inputs
            .par_iter()
            .for_each(|code| self.note_near(code, &libraries));
        let hot: HashSet<String> = inputs.iter().flat_map(|code| code.hot()).cloned().collect();
        if *then.hot != hot {
            self.cool(&mut inputs, &hot, &mut outdated);
        }
        let families = Arc::new(Families::of(&inputs));
        let regrouped = families.changed(&then.families);
        let known = inputs.into_iter();
        let known = known.map(|code| (code.path().clone(), Some(code)));
        *self.lock() = known.collect();
        let libraries = Arc::new(libraries);
        let hot = Arc::new(hot);
        let _ = self.names.set(Names {
            direct: HashSet::new(),
            libraries: libraries.clone(),
            hot: hot.clone(),
            families: families.clone(),
        });
        *then = Names {
            direct,
            libraries,
            hot,
            families,
        };
        Outdated {
            files: outdated,
            families: regrouped,
        }
    }

    /// Which classes of the inputs extend or implement what.
    pub fn families(&self) -> Option<&Families> {
        self.names.get().map(|names| &*names.families)
    }

    /// Takes files afresh that are near to a library now and were not, or the other way round.
    fn part(
        &mut self,
        inputs: &mut [Arc<Code>],
        libraries: &HashSet<Arc<str>>,
        outdated: &mut BTreeSet<Arc<str>>,
    ) {
        let all = inputs.iter().chain(self.spare.values());
        let all: Vec<&Arc<Code>> = all.collect();
        let parted = all.into_par_iter().filter(|code| {
            let then = code.near.get();
            then.is_some_and(|then| *then != self.is_near_to(code, libraries))
        });
        let parted: HashSet<Arc<str>> = parted.map(|code| code.path().clone()).collect();
        for code in inputs.iter_mut().chain(self.spare.values_mut()) {
            if parted.contains(code.path()) {
                *code = Arc::new(code.afresh());
            }
        }
        outdated.extend(parted);
    }

    /// Takes files afresh whose functions call other names that have to do with requests than before.
    fn cool(
        &mut self,
        inputs: &mut [Arc<Code>],
        hot: &HashSet<String>,
        outdated: &mut BTreeSet<Arc<str>>,
    ) {
        let differs = |code: &Arc<Code>| {
            let warm = code.warm.get();
            warm.is_some_and(|warm| *warm != code.warmed(hot))
        };
        let near = |code: &Code| OnceLock::from(code.is_near());
        for code in inputs.iter_mut().chain(self.spare.values_mut()) {
            if differs(code) {
                outdated.insert(code.path().clone());
                *code = Arc::new(Code {
                    near: near(code),
                    ..code.afresh()
                });
            }
        }
    }

    fn is_spare(&self, code: &Arc<Code>) -> bool {
        let spare = self.spare.get(code.path());
        spare.is_some_and(|spare| Arc::ptr_eq(spare, code))
    }

    fn note_near(&self, code: &Code, libraries: &HashSet<Arc<str>>) {
        if code.near.get().is_some() {
            return;
        }
        let _ = code.near.set(self.is_near_to(code, libraries));
    }

    fn is_near_to(&self, code: &Code, libraries: &HashSet<Arc<str>>) -> bool {
        !code.interest.depends()
            || libraries.contains(code.path())
            || self.imports_one(code, libraries)
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
        let warm = code.warm.get_or_init(|| match self.names.get() {
            Some(names) => code.warmed(&names.hot),
            None => HashSet::new(),
        });
        code.holds(id) || warm.contains(&id)
    }

    /// The bytes of a file, without keeping them.
    pub fn peek(&self, path: &str) -> Option<Vec<u8>> {
        self.files.peek(path)
    }

    fn lower(&self, file: Arc<SourceFile>, language: Language) -> Arc<Code> {
        let module = code::parse(&file, language);
        let classifier = self.knowledge_of(&file.path, language);
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

    /// Every file that was lowered. What was lowered for an earlier run and is not taken up again speaks to the linter
    /// all the same where `read` tells that it still counts.
    pub fn sources(&self, read: &dyn Fn(&str) -> bool) -> BTreeMap<Arc<str>, Arc<SourceFile>> {
        let code_of = self.lock();
        let loaded = code_of.values().flatten();
        let known = self.spare.values();
        let known = known
            .filter(|code| code.speaks && !code_of.contains_key(code.path()) && read(code.path()));
        loaded
            .chain(known)
            .map(|code| (code.path().clone(), code.file.clone()))
            .collect()
    }

    /// What is left for the next run: every file that was lowered in this one or before, and what is known of names.
    pub fn leave(self, memo: &mut Memo) {
        let code = self
            .code
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        memo.code = self.spare;
        memo.paths = self.paths.into_known();
        let loaded = code.into_iter();
        let loaded = loaded.filter_map(|(path, code)| Some((path, code?)));
        memo.code.extend(loaded);
        memo.knowledge = self
            .knowledge
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
    }
}
