//! Import specifiers -> paths of the workspace: Python packages (relative, absolute, `src` layouts, other projects of
//! the workspace) and JavaScript files. Looks only into folders of the workspace, each listed once. Knows nothing of what the files hold.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

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
    aliases: aliases::Known,
    /// Folders that hold Python packages beside the file that builds them.
    projects: OnceLock<Vec<String>>,
}

/// A language, the folder that a specifier stands in, and the specifier.
type Asked = (Language, String, String);
type Answer = (Option<String>, BTreeSet<Read>);
type Roots = Vec<(String, Arc<Listing>)>;

#[derive(Default)]
struct Listing {
    files: BTreeSet<String>,
    folders: BTreeSet<String>,
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

    /// The file that an import of a file of code stands for; every look-up is recorded.
    pub fn find(&self, from: &Code, specifier: &str, reads: &mut BTreeSet<Read>) -> Option<String> {
        let language = from.language();
        let asked = (
            language,
            folder(from.path()).to_string(),
            specifier.to_string(),
        );
        let lock = || {
            self.known
                .found
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        let known = lock().get(&asked).cloned();
        let answer = known.unwrap_or_else(|| {
            let mut own = BTreeSet::new();
            let path = match language {
                Language::Python => self.python(from.path(), specifier, &mut own),
                Language::JavaScript => self.javascript(from.path(), specifier, &mut own),
            };
            let answer = Arc::new((path, own));
            lock().entry(asked).or_insert(answer).clone()
        });
        reads.extend(answer.1.iter().cloned());
        answer.0.clone()
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

    /// `pkg.mod`, `.mod`, `..pkg.mod`, `.`: a module or a package of the workspace.
    pub fn python(
        &self,
        from: &str,
        specifier: &str,
        reads: &mut BTreeSet<Read>,
    ) -> Option<String> {
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
            let mut base = folder(from);
            for _ in 1..dots {
                if base.is_empty() {
                    return None;
                }
                base = folder(base);
            }
            return self.first(module(base), reads);
        }
        let head = tail.split('/').next().unwrap_or_default();
        for (root, listing) in self.python_roots(from).iter() {
            let here = listing.folders.contains(head)
                || listing.files.contains(&format!("{head}.py"))
                || listing.files.contains(&format!("{head}.pyi"));
            if here {
                if let Some(path) = self.first(module(root), reads) {
                    return Some(path);
                }
            }
        }
        // A package of elsewhere, or a module that was there: no root of it is known.
        if !tail.is_empty() {
            reads.insert(Read::pattern(format!("**/{tail}{{.py,.pyi,/__init__.py}}")));
        }
        None
    }

    /// Folders that an absolute import may start from: those above a file, then those of other projects of the
    /// workspace.
    fn python_roots(&self, from: &str) -> Arc<Roots> {
        let lock = || {
            self.known
                .roots
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        let mut base = folder(from);
        if let Some(known) = lock().get(base) {
            return known.clone();
        }
        let asked = base.to_string();
        let mut out = Vec::new();
        loop {
            out.push(base.to_string());
            out.extend(join(base, "src"));
            if base.is_empty() {
                break;
            }
            base = folder(base);
        }
        let projects = self.known.projects.get_or_init(|| self.find_projects());
        for project in projects {
            if !out.contains(project) {
                out.push(project.clone());
            }
        }
        let listed = out
            .into_iter()
            .filter_map(|root| Some((self.listing(&root)?, root)));
        let roots: Roots = listed.map(|(listing, root)| (root, listing)).collect();
        lock().entry(asked).or_insert(Arc::new(roots)).clone()
    }

    /// Folders near the root with a `pyproject.toml` or a `setup.py`, and their `src`.
    fn find_projects(&self) -> Vec<String> {
        let mut out = Vec::new();
        let mut level = vec![String::new()];
        for _ in 0..=MAX_PROJECT_DEPTH {
            let mut next = Vec::new();
            for at in level.into_iter().take(MAX_PROJECT_FOLDERS) {
                let Some(listing) = self.listing(&at) else {
                    continue;
                };
                let builds = ["pyproject.toml", "setup.py", "setup.cfg"];
                if builds.iter().any(|name| listing.files.contains(*name)) {
                    out.push(at.clone());
                    out.extend(join(&at, "src").filter(|_| listing.folders.contains("src")));
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

    /// The folder of a package (`pkg.sub`), with or without an `__init__.py`.
    pub fn package(&self, from: &str, name: &str, reads: &mut BTreeSet<Read>) -> Option<String> {
        if let Some(path) = self.python(from, name, reads) {
            return Some(folder(&path).to_string());
        }
        let tail = name.replace('.', "/");
        let roots = self.python_roots(from);
        roots
            .iter()
            .filter_map(|(root, _)| join(root, &tail))
            .find(|path| self.is_folder(path))
    }

    /// `./x`, `../x.js`, `./folder`, an alias (`@/x`), a package of the workspace: a file of it.
    pub fn javascript(
        &self,
        from: &str,
        specifier: &str,
        reads: &mut BTreeSet<Read>,
    ) -> Option<String> {
        let specifier = specifier.split('?').next().unwrap_or(specifier);
        if !specifier.starts_with('.') {
            let targets = self
                .aliases
                .targets(from, specifier, &|path| self.exists(path));
            let (said_by, path) = targets.iter().find_map(|target| {
                let path = self.javascript_file(&target.path, reads)?;
                Some((&target.said_by, path))
            })?;
            // Of what leads nowhere nothing is read: each edit of a manifest would touch all that imports a library.
            reads.extend(said_by.iter().map(|file| Read::new(file.as_str(), true)));
            return Some(path);
        }
        let base = folder(from);
        let target = join(base, specifier)
            .or_else(|| (specifier == "." || specifier == "./").then(|| base.to_string()))?;
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
