//! Import specifiers -> paths of the workspace: Python packages (relative, absolute, `src` layouts) and JavaScript
//! files. Looks only into folders of the workspace, each listed once. Knows nothing of what the files hold.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use crate::prompt::Read;

use super::super::files::{folder, join, Files};

pub struct Paths<'w> {
    files: &'w Files<'w>,
    listings: Mutex<HashMap<String, Arc<Listing>>>,
}

#[derive(Default)]
struct Listing {
    files: BTreeSet<String>,
    folders: BTreeSet<String>,
}

/// Endings that a JavaScript specifier may leave out, most likely first.
const ENDINGS: [&str; 9] = [
    ".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".d.ts",
];

impl<'w> Paths<'w> {
    pub fn new(files: &'w Files<'w>) -> Paths<'w> {
        Paths {
            files,
            listings: Mutex::new(HashMap::new()),
        }
    }

    fn listing(&self, folder: &str) -> Arc<Listing> {
        let lock = || self.listings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(folder) {
            return known.clone();
        }
        let mut listing = Listing::default();
        for entry in self.files.entries(folder) {
            if entry.folder {
                listing.folders.insert(entry.name);
            } else {
                listing.files.insert(entry.name);
            }
        }
        let listing = Arc::new(listing);
        lock().insert(folder.to_string(), listing.clone());
        listing
    }

    /// The names of the files of a folder, sorted.
    pub fn files_of(&self, folder: &str) -> Vec<String> {
        self.listing(folder).files.iter().cloned().collect()
    }

    pub fn is_folder(&self, path: &str) -> bool {
        if path.is_empty() {
            return true;
        }
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        // A folder that is not there is not listed.
        (above.is_empty() || self.is_folder(above)) && self.listing(above).folders.contains(name)
    }

    /// Whether a file is there.
    pub fn exists(&self, path: &str) -> bool {
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.is_folder(above) && self.listing(above).files.contains(name)
    }

    fn first(&self, paths: Vec<String>, reads: &mut BTreeSet<Read>) -> Option<String> {
        for path in paths {
            let found = self.exists(&path);
            // Failed look-ups count only where the folder is there: elsewhere nothing short of a new folder changes them.
            if found || self.is_folder(folder(&path)) {
                reads.insert(Read {
                    path: path.as_str().into(),
                    found,
                });
            }
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
        let mut base = folder(from);
        loop {
            for root in [
                base.to_string(),
                join(base, "src").unwrap_or_else(|| "src".into()),
            ] {
                if !self.is_folder(&root) {
                    continue;
                }
                let listing = self.listing(&root);
                let here = listing.folders.contains(head)
                    || listing.files.contains(&format!("{head}.py"))
                    || listing.files.contains(&format!("{head}.pyi"));
                if here {
                    if let Some(path) = self.first(module(&root), reads) {
                        return Some(path);
                    }
                }
            }
            if base.is_empty() {
                return None;
            }
            base = folder(base);
        }
    }

    /// The folder of a package (`pkg.sub`), with or without an `__init__.py`.
    pub fn package(&self, from: &str, name: &str, reads: &mut BTreeSet<Read>) -> Option<String> {
        if let Some(path) = self.python(from, name, reads) {
            return Some(folder(&path).to_string());
        }
        let tail = name.replace('.', "/");
        let mut base = folder(from);
        loop {
            let roots = [Some(base.to_string()), join(base, "src")];
            for root in roots.into_iter().flatten() {
                let found = join(&root, &tail).filter(|path| self.is_folder(path));
                if found.is_some() {
                    return found;
                }
            }
            if base.is_empty() {
                return None;
            }
            base = folder(base);
        }
    }

    /// `./x`, `../x.js`, `./folder`: a file of the workspace.
    pub fn javascript(
        &self,
        from: &str,
        specifier: &str,
        reads: &mut BTreeSet<Read>,
    ) -> Option<String> {
        let specifier = specifier.split('?').next().unwrap_or(specifier);
        if !specifier.starts_with('.') {
            return None;
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
