//! Import specifiers -> paths of the workspace: Python packages (relative, absolute, `src` layouts, other projects of
//! the workspace) and JavaScript files. Looks only into folders of the workspace, each listed once. Knows nothing of what the files hold.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::prelude::*;

use crate::frontend::code::ir::Language;
use crate::reads::Read;

use super::super::files::{folder, join, Files};
use super::aliases::{self, AliasTable};
use super::modules::Code;

pub struct Paths<'w> {
    files: &'w Files<'w>,
    known: Known,
    aliases: AliasTable<'w>,
}

/// What was found out so far. Holds as long as the same files are there, and those that say where imports lead say the
/// same.
#[derive(Default)]
pub struct Known {
    /// Of a folder that is not there: none.
    listings: Mutex<HashMap<String, Option<Arc<Listing>>>>,
    /// Folders that an absolute import may start from, by the folder of the file.
    roots: Mutex<HashMap<String, Arc<Roots>>>,
    /// What a specifier stands for in a folder, and what was looked up to tell: modules are asked for over and over.
    found: Mutex<HashMap<Asked, Arc<Answer>>>,
    /// The same of a run over files that were others.
    earlier: HashMap<Asked, Arc<Answer>>,
    aliases: aliases::Known,
    /// Folders that hold Python packages beside the file that builds them.
    projects: OnceLock<Projects>,
}

/// A language, the folder that a specifier stands in, and the specifier.
type Asked = (Language, String, String);
type Answer = (Option<String>, BTreeSet<Read>);
type Roots = Vec<Root>;

/// A folder that an absolute import may start from.
struct Root {
    path: String,
    listing: Arc<Listing>,
    /// The project that makes it one.
    project: Option<String>,
}

/// Folders near the root of a run, as far as they may hold projects.
#[derive(Default)]
struct Projects {
    /// Roots of the projects that are there, with their projects.
    roots: Vec<(String, String)>,
    /// The same of folders that are no project for want of a manifest, by what an import from there would begin with.
    lacking: HashMap<String, Vec<(String, String)>>,
}

/// What makes a folder a project of Python.
const MANIFESTS: [&str; 3] = ["pyproject.toml", "setup.py", "setup.cfg"];

/// The look-up of whether a folder is a project.
fn manifest_of(project: &str) -> Read {
    let at = if project.is_empty() { "" } else { "/" };
    Read::pattern(format!("{project}{at}{{{}}}", MANIFESTS.join(",")))
}

/// Folders from which imports of a language lead elsewhere than before.
pub type Moved = HashSet<(Language, String)>;

impl Known {
    /// Whether it was found out from what a file says.
    pub fn rests_on(&self, path: &str) -> bool {
        self.aliases.rests_on(path)
    }

    /// What is left where files came or went: answers that are to be had anew.
    pub fn afresh(self) -> Known {
        let mut earlier = self.earlier;
        earlier.extend(
            self.found
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner),
        );
        Known {
            earlier,
            ..Known::default()
        }
    }
}

#[derive(Default)]
struct Listing {
    files: BTreeSet<String>,
    folders: BTreeSet<String>,
}

/// The look-up of what says in a folder, or above it, where bare specifiers of JavaScript lead.
fn configs_above(here: &str) -> impl Iterator<Item = Read> + '_ {
    let configs = "{tsconfig*.json,jsconfig.json,package.json,lerna.json,pnpm-workspace.yaml}";
    let ends = here.match_indices('/').map(|(at, _)| at);
    let folders = ends.chain([here.len()]).filter(|end| *end > 0);
    let below = folders.map(|end| format!("{}/", &here[..end]));
    let all = below.chain([String::new()]);
    all.map(move |folder| Read::pattern(format!("{folder}{configs}")))
}

/// Levels below the root at which projects of their own are looked for, and folders of one level.
const MAX_PROJECT_DEPTH: usize = 2;
const MAX_PROJECT_FOLDERS: usize = 400;

/// Endings that a JavaScript specifier may leave out, most likely first.
const ENDINGS: [&str; 9] = [
    ".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".d.ts",
];

impl<'w> Paths<'w> {
    pub fn new(files: &'w Files<'w>, mut known: Known) -> Paths<'w> {
        let aliases = std::mem::take(&mut known.aliases);
        Paths {
            files,
            known,
            aliases: AliasTable::new(files, aliases),
        }
    }

    /// What is left for the next run.
    pub fn into_known(self) -> Known {
        Known {
            aliases: self.aliases.into_known(),
            ..self.known
        }
    }

    /// Asks again what was asked of other files: where an answer, or what was looked up for it, is another one.
    pub fn moved(&mut self) -> Moved {
        let earlier = std::mem::take(&mut self.known.earlier);
        let paths = &*self;
        let differs = |(asked, then): (Asked, Arc<Answer>)| {
            let differs = paths.answer(&asked) != then;
            differs.then_some((asked.0, asked.1))
        };
        earlier.into_par_iter().filter_map(differs).collect()
    }

    /// The file that an import of a file of code stands for; every look-up is recorded.
    pub fn find(&self, from: &Code, specifier: &str, reads: &mut BTreeSet<Read>) -> Option<String> {
        let asked = (
            from.language(),
            folder(from.path()).to_string(),
            specifier.to_string(),
        );
        let answer = self.answer(&asked);
        reads.extend(answer.1.iter().cloned());
        answer.0.clone()
    }

    fn answer(&self, asked: &Asked) -> Arc<Answer> {
        let lock = || {
            self.known
                .found
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        let known = lock().get(asked).cloned();
        known.unwrap_or_else(|| {
            let (language, base, specifier) = asked;
            let mut own = BTreeSet::new();
            let path = match language {
                Language::Python => self.python(base, specifier, &mut own),
                Language::JavaScript => self.javascript(base, specifier, &mut own),
            };
            let answer = Arc::new((path, own));
            lock().entry(asked.clone()).or_insert(answer).clone()
        })
    }

    /// What a folder holds; none where it is not there.
    fn listing(&self, folder: &str) -> Option<Arc<Listing>> {
        let lock = || {
            self.known
                .listings
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(known) = lock().get(folder) {
            return known.clone();
        }
        let (above, name) = folder.rsplit_once('/').unwrap_or(("", folder));
        // A folder that is not there is not listed.
        let is_there = folder.is_empty()
            || self
                .listing(above)
                .is_some_and(|above| above.folders.contains(name));
        let listing = is_there.then(|| {
            let mut listing = Listing::default();
            for entry in self.files.entries(folder) {
                if entry.folder {
                    listing.folders.insert(entry.name);
                } else {
                    listing.files.insert(entry.name);
                }
            }
            Arc::new(listing)
        });
        lock().insert(folder.to_string(), listing.clone());
        listing
    }

    /// The names of the files of a folder, sorted.
    pub fn files_of(&self, folder: &str) -> Vec<String> {
        let listing = self.listing(folder);
        listing.map_or_else(Vec::new, |listing| listing.files.iter().cloned().collect())
    }

    pub fn is_folder(&self, path: &str) -> bool {
        self.listing(path).is_some()
    }

    /// Whether a file is there.
    pub fn exists(&self, path: &str) -> bool {
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.listing(above)
            .is_some_and(|above| above.files.contains(name))
    }

    fn first(&self, paths: Vec<String>, reads: &mut BTreeSet<Read>) -> Option<String> {
        for path in paths {
            let found = self.exists(&path);
            reads.insert(Read::new(path.as_str(), found));
            if found {
                return Some(path);
            }
        }
        None
    }

    /// `pkg.mod`, `.mod`, `..pkg.mod`, `.`: a module or a package of the workspace, imported in a folder.
    fn python(&self, here: &str, specifier: &str, reads: &mut BTreeSet<Read>) -> Option<String> {
        let dots = specifier.bytes().take_while(|byte| *byte == b'.').count();
        let tail = specifier[dots..].replace('.', "/");
        let module = |base: &str| -> Vec<String> {
            if tail.is_empty() {
                return join(base, "__init__.py").into_iter().collect();
            }
            [
                format!("{tail}.py"),
                format!("{tail}/__init__.py"),
                format!("{tail}.pyi"),
            ]
            .iter()
            .filter_map(|name| join(base, name))
            .collect()
        };
        if dots > 0 {
            let mut base = here;
            for _ in 1..dots {
                if base.is_empty() {
                    return None;
                }
                base = folder(base);
            }
            return self.first(module(base), reads);
        }
        let head = tail.split('/').next().unwrap_or_default();
        for root in self.python_roots(here).iter() {
            let listing = &root.listing;
            let is_there = listing.folders.contains(head)
                || listing.files.contains(&format!("{head}.py"))
                || listing.files.contains(&format!("{head}.pyi"));
            if is_there {
                if let Some(path) = self.first(module(&root.path), reads) {
                    reads.extend(root.project.as_deref().map(manifest_of));
                    return Some(path);
                }
            }
        }
        // A package of elsewhere, or a module that was there: no root of it is known.
        if !tail.is_empty() {
            reads.insert(Read::pattern(format!("**/{tail}{{.py,.pyi,/__init__.py}}")));
        }
        let lacking = self.projects().lacking.get(head).into_iter().flatten();
        let would = lacking.filter(|(root, _)| module(root).iter().any(|path| self.exists(path)));
        reads.extend(would.map(|(_, project)| manifest_of(project)));
        None
    }

    /// Folders that an absolute import may start from: a folder and those above it, then those of other projects of the
    /// workspace.
    fn python_roots(&self, here: &str) -> Arc<Roots> {
        let lock = || {
            self.known
                .roots
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        let mut base = here;
        if let Some(known) = lock().get(base) {
            return known.clone();
        }
        let asked = base.to_string();
        let mut out = Vec::new();
        loop {
            out.push((base.to_string(), None));
            out.extend(join(base, "src").map(|path| (path, None)));
            if base.is_empty() {
                break;
            }
            base = folder(base);
        }
        for (root, project) in &self.projects().roots {
            if out.iter().all(|(known, _)| known != root) {
                out.push((root.clone(), Some(project.clone())));
            }
        }
        let listed = out.into_iter().filter_map(|(path, project)| {
            Some(Root {
                listing: self.listing(&path)?,
                path,
                project,
            })
        });
        let roots: Roots = listed.collect();
        lock().entry(asked).or_insert(Arc::new(roots)).clone()
    }

    /// Folders near the root with a `pyproject.toml` or a `setup.py`, and their `src`.
    fn find_projects(&self) -> Projects {
        let mut out = Projects::default();
        let mut level = vec![String::new()];
        for _ in 0..=MAX_PROJECT_DEPTH {
            let mut next = Vec::new();
            for at in level.into_iter().take(MAX_PROJECT_FOLDERS) {
                let Some(listing) = self.listing(&at) else {
                    continue;
                };
                let source = join(&at, "src").filter(|_| listing.folders.contains("src"));
                let roots = std::iter::once(at.clone()).chain(source);
                if MANIFESTS.iter().any(|name| listing.files.contains(*name)) {
                    let roots = roots.map(|root| (root, at.clone()));
                    out.roots.extend(roots);
                } else {
                    roots.for_each(|root| self.note_lacking(root, &at, &mut out.lacking));
                }
                let inner = listing.folders.iter().filter(|name| {
                    !name.starts_with('.') && !matches!(name.as_str(), "node_modules" | "venv")
                });
                next.extend(inner.filter_map(|name| join(&at, name)));
            }
            level = next;
        }
        out
    }

    fn projects(&self) -> &Projects {
        self.known.projects.get_or_init(|| self.find_projects())
    }

    /// Notes what imports would find in a folder, were its project one.
    fn note_lacking(
        &self,
        root: String,
        project: &str,
        lacking: &mut HashMap<String, Vec<(String, String)>>,
    ) {
        let Some(listing) = self.listing(&root) else {
            return;
        };
        let modules = listing.files.iter();
        let modules = modules.filter_map(|name| name.strip_suffix(".py"));
        for head in modules.chain(listing.folders.iter().map(String::as_str)) {
            let known = lacking.entry(head.to_string()).or_default();
            known.push((root.clone(), project.to_string()));
        }
    }

    /// The folder of a package (`pkg.sub`), with or without an `__init__.py`.
    pub fn package(&self, from: &str, name: &str, reads: &mut BTreeSet<Read>) -> Option<String> {
        let here = folder(from);
        if let Some(path) = self.python(here, name, reads) {
            return Some(folder(&path).to_string());
        }
        let tail = name.replace('.', "/");
        // A folder is there as long as a file is below it.
        reads.insert(Read::pattern(format!("**/{tail}/**")));
        let roots = self.python_roots(here);
        roots
            .iter()
            .filter_map(|root| join(&root.path, &tail))
            .find(|path| self.is_folder(path))
    }

    /// `./x`, `../x.js`, `./folder`, an alias (`@/x`), a package of the workspace: a file of it, imported in a folder.
    fn javascript(
        &self,
        here: &str,
        specifier: &str,
        reads: &mut BTreeSet<Read>,
    ) -> Option<String> {
        let specifier = specifier.split('?').next().unwrap_or(specifier);
        if !specifier.starts_with('.') {
            let targets = self
                .aliases
                .targets(here, specifier, &|path| self.exists(path));
            let found = targets.iter().find_map(|target| {
                let path = self.javascript_file(&target.path, reads)?;
                Some((&target.said_by, path))
            });
            let Some((said_by, path)) = found else {
                reads.extend(configs_above(here));
                reads.insert(Read::package(aliases::package_in(specifier)));
                return None;
            };
            // Of what leads nowhere nothing is read: each edit of a manifest would touch all that imports a library.
            reads.extend(said_by.iter().map(|file| Read::new(file.as_str(), true)));
            return Some(path);
        }
        let target = join(here, specifier)
            .or_else(|| (specifier == "." || specifier == "./").then(|| here.to_string()))?;
        self.javascript_file(&target, reads)
    }

    fn javascript_file(&self, target: &str, reads: &mut BTreeSet<Read>) -> Option<String> {
        let mut paths = Vec::new();
        // `./x.js` is written where `x.ts` is meant.
        for (written, meant) in [
            (".js", ".ts"),
            (".js", ".tsx"),
            (".jsx", ".tsx"),
            (".mjs", ".mts"),
            (".cjs", ".cts"),
        ] {
            if let Some(stem) = target.strip_suffix(written) {
                paths.push(format!("{stem}{meant}"));
            }
        }
        paths.push(target.to_string());
        paths.extend(ENDINGS.iter().map(|ending| format!("{target}{ending}")));
        paths.extend(
            ENDINGS
                .iter()
                .map(|ending| format!("{target}/index{ending}")),
        );
        self.first(paths, reads)
    }
}
