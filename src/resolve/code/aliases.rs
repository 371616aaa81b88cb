//! Bare import specifiers -> paths of the workspace: aliases of `tsconfig.json` and of `package.json`, packages of the
//! same workspace by name. Each of these files is read once. Knows nothing of how a path becomes a file of code.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::frontend::document::value::{parse_json, parse_yaml, Value};
use crate::source::SourceFile;

use super::super::files::{folder, join, Files};

/// Configs that extend each other.
const MAX_EXTENDS: usize = 6;
/// Packages of one workspace.
const MAX_PACKAGES: usize = 500;

/// Where a bare specifier may lead.
pub struct Target {
    /// From the root, its ending perhaps left out.
    pub path: String,
    /// The files that say so.
    pub said_by: Arc<[String]>,
}

/// Aliases of one folder's config.
#[derive(Default, Debug)]
struct Aliases {
    /// The config and those that it extends.
    files: Arc<[String]>,
    /// Pattern with at most one `*` -> targets from the root.
    paths: Vec<(String, Vec<String>)>,
    base: Option<String>,
}

/// A package of the workspace.
#[derive(Debug)]
struct Package {
    folder: String,
    manifest: Arc<[String]>,
    /// Subpath (`.`, `./x`, `./*`) -> targets from the folder.
    exports: Vec<(String, Vec<String>)>,
    main: Vec<String>,
    imports: Vec<(String, Vec<String>)>,
}

/// What was read so far.
#[derive(Default)]
pub struct Known {
    /// Folder -> aliases of the config that stands in it.
    aliases: HashMap<String, Arc<Option<Aliases>>>,
    manifests: HashMap<String, Arc<Option<Package>>>,
    /// Folder of a workspace's root -> its packages by name.
    packages: HashMap<String, Arc<BTreeMap<String, Arc<Package>>>>,
    /// Every file that was read to tell.
    read: HashSet<String>,
}

impl Known {
    /// Whether what is known was read from a file.
    pub fn rests_on(&self, path: &str) -> bool {
        self.read.contains(path)
    }
}

/// The package that a bare specifier names: `@acme/prompts` of `@acme/prompts/system`.
pub fn package_in(specifier: &str) -> &str {
    let parts = if specifier.starts_with('@') { 2 } else { 1 };
    let end = specifier.match_indices('/').nth(parts - 1);
    &specifier[..end.map_or(specifier.len(), |(at, _)| at)]
}

pub struct AliasTable<'w> {
    files: &'w Files<'w>,
    known: Mutex<Known>,
}

impl<'w> AliasTable<'w> {
    pub fn new(files: &'w Files<'w>, known: Known) -> AliasTable<'w> {
        AliasTable {
            files,
            known: Mutex::new(known),
        }
    }

    pub fn into_known(self) -> Known {
        self.known
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a bare specifier in a folder may lead, most likely first. `is_file` tells which files are there.
    pub fn targets(
        &self,
        here: &str,
        specifier: &str,
        is_file: &dyn Fn(&str) -> bool,
    ) -> Vec<Target> {
        let mut out = Vec::new();
        let mut at = here;
        loop {
            if specifier.starts_with('#') {
                if let Some(package) = &*self.manifest(at, is_file) {
                    let targets = matching(&package.imports, specifier);
                    let paths = targets.iter().filter_map(|one| join(&package.folder, one));
                    out.extend(said(&package.manifest, paths));
                    return out;
                }
            } else {
                if let Some(aliases) = &*self.aliases(at, is_file) {
                    let paths = matching(&aliases.paths, specifier).into_iter();
                    let base = aliases.base.iter();
                    let paths = paths.chain(base.filter_map(|base| join(base, specifier)));
                    out.extend(said(&aliases.files, paths));
                }
                self.package_targets(at, specifier, is_file, &mut out);
            }
            if at.is_empty() {
                return out;
            }
            at = folder(at);
        }
    }

    fn package_targets(
        &self,
        root: &str,
        specifier: &str,
        is_file: &dyn Fn(&str) -> bool,
        out: &mut Vec<Target>,
    ) {
        let packages = self.packages(root, is_file);
        if packages.is_empty() {
            return;
        }
        let name = package_in(specifier);
        let Some(package) = packages.get(name) else {
            return;
        };
        let sub = specifier[name.len()..].trim_start_matches('/');
        let asked = if sub.is_empty() {
            ".".to_string()
        } else {
            format!("./{sub}")
        };
        let mut targets = matching(&package.exports, &asked);
        if sub.is_empty() {
            targets.extend(package.main.iter().cloned());
            targets.push("src/index".into());
            targets.push("index".into());
        } else {
            targets.push(sub.to_string());
            targets.push(format!("src/{sub}"));
        }
        let paths = targets.iter().flat_map(|target| {
            let source = as_source(target).and_then(|source| join(&package.folder, &source));
            [join(&package.folder, target), source]
        });
        out.extend(said(&package.manifest, paths.flatten()));
    }

    // ---- files, each read once ----

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, path: &str) -> Option<Arc<SourceFile>> {
        self.lock().read.insert(path.to_string());
        self.files.read(path)
    }

    fn json(&self, path: &str) -> Option<Value> {
        let file = self.read(path)?;
        let parsed = parse_json(&file.content());
        parsed.documents.into_iter().next()
    }

    fn aliases(&self, at: &str, is_file: &dyn Fn(&str) -> bool) -> Arc<Option<Aliases>> {
        if let Some(known) = self.lock().aliases.get(at) {
            return known.clone();
        }
        let mut found = None;
        // A config that only refers to others leaves the aliases to them.
        for name in [
            "tsconfig.json",
            "jsconfig.json",
            "tsconfig.app.json",
            "tsconfig.base.json",
        ] {
            let path = join(at, name).filter(|path| is_file(path));
            found = path.and_then(|path| self.config(&path, is_file, 0));
            if found.is_some() {
                break;
            }
        }
        let found = Arc::new(found);
        self.lock().aliases.insert(at.to_string(), found.clone());
        found
    }

    fn config(&self, path: &str, is_file: &dyn Fn(&str) -> bool, depth: usize) -> Option<Aliases> {
        let config = self.json(path)?;
        let here = folder(path);
        let options = config.get("compilerOptions");
        let option = |key: &str| options.and_then(|options| options.get(key));
        let base = option("baseUrl").and_then(|base| below(here, base.as_text()?.as_str()));
        let mut files = vec![path.to_string()];
        let mut aliases = Aliases {
            base,
            ..Aliases::default()
        };
        let extends = config.get("extends");
        let names: Vec<&Value> = match extends {
            Some(one) if one.as_text().is_some() => vec![one],
            Some(many) => many.items().iter().collect(),
            None => Vec::new(),
        };
        for name in names.iter().filter_map(|name| name.as_text()) {
            if depth >= MAX_EXTENDS || !name.as_str().starts_with('.') {
                continue;
            }
            let target = join(here, name.as_str());
            let spellings = target.map(|path| [format!("{path}.json"), path]);
            let parent = spellings
                .into_iter()
                .flatten()
                .find(|path| is_file(path))
                .and_then(|path| self.config(&path, is_file, depth + 1));
            if let Some(parent) = parent {
                files.extend(parent.files.iter().cloned());
                if aliases.paths.is_empty() {
                    aliases.paths = parent.paths;
                }
                aliases.base = aliases.base.or(parent.base);
            }
        }
        // Without one of its own the base is the one that it inherits, and its paths start there.
        let root = aliases.base.clone().unwrap_or_else(|| here.to_string());
        let own = option("paths").map(Value::entries).unwrap_or_default();
        let own = own.iter().map(|entry| {
            let targets = entry.value.items().iter().filter_map(Value::as_text);
            let targets = targets.filter_map(|target| below(&root, target.as_str()));
            (entry.key.as_str().to_string(), targets.collect())
        });
        let own: Vec<(String, Vec<String>)> = own.collect();
        if !own.is_empty() {
            aliases.paths = own;
        }
        aliases.files = files.into();
        let says = !aliases.paths.is_empty() || aliases.base.is_some();
        says.then_some(aliases)
    }

    fn manifest(&self, at: &str, is_file: &dyn Fn(&str) -> bool) -> Arc<Option<Package>> {
        if let Some(known) = self.lock().manifests.get(at) {
            return known.clone();
        }
        let path = join(at, "package.json").filter(|path| is_file(path));
        let package = path
            .and_then(|path| self.json(&path))
            .map(|manifest| package_of(at, &manifest));
        let package = Arc::new(package);
        self.lock()
            .manifests
            .insert(at.to_string(), package.clone());
        package
    }

    /// The packages of the workspace whose root is this folder.
    fn packages(
        &self,
        root: &str,
        is_file: &dyn Fn(&str) -> bool,
    ) -> Arc<BTreeMap<String, Arc<Package>>> {
        if let Some(known) = self.lock().packages.get(root) {
            return known.clone();
        }
        let mut out = BTreeMap::new();
        for folder in self.members(root, is_file) {
            if out.len() >= MAX_PACKAGES {
                break;
            }
            let path = join(&folder, "package.json").filter(|path| is_file(path));
            let Some(manifest) = path.and_then(|path| self.json(&path)) else {
                continue;
            };
            if let Some(name) = manifest.get("name").and_then(Value::as_text) {
                let package = Arc::new(package_of(&folder, &manifest));
                out.entry(name.as_str().to_string()).or_insert(package);
            }
        }
        let out = Arc::new(out);
        self.lock().packages.insert(root.to_string(), out.clone());
        out
    }

    /// Folders that a workspace's root names as its members.
    fn members(&self, root: &str, is_file: &dyn Fn(&str) -> bool) -> Vec<String> {
        let at = |name: &str| join(root, name).filter(|path| is_file(path));
        let mut patterns: Vec<String> = Vec::new();
        let texts = |value: &Value| -> Vec<String> {
            let texts = value.items().iter().filter_map(Value::as_text);
            texts.map(|text| text.as_str().to_string()).collect()
        };
        for name in ["package.json", "lerna.json"] {
            let manifest = at(name).and_then(|path| self.json(&path));
            let Some(manifest) = manifest else { continue };
            for value in ["workspaces", "packages"]
                .iter()
                .filter_map(|key| manifest.get(key))
            {
                patterns.extend(texts(value));
                patterns.extend(value.get("packages").map(texts).unwrap_or_default());
            }
        }
        let pnpm = at("pnpm-workspace.yaml").and_then(|path| self.read(&path));
        if let Some(file) = pnpm {
            let parsed = parse_yaml(&file.content());
            let packages = parsed.value().and_then(|value| value.get("packages"));
            patterns.extend(packages.map(texts).unwrap_or_default());
        }
        let mut out = Vec::new();
        for pattern in patterns.iter().filter(|pattern| !pattern.starts_with('!')) {
            let parts: Vec<&str> = pattern
                .split('/')
                .filter(|part| !part.is_empty() && *part != ".")
                .collect();
            self.expand(root, &parts, &mut out);
        }
        out
    }

    fn expand(&self, at: &str, parts: &[&str], out: &mut Vec<String>) {
        if out.len() >= MAX_PACKAGES {
            return;
        }
        let Some((part, rest)) = parts.split_first() else {
            out.push(at.to_string());
            return;
        };
        if !part.contains('*') {
            if let Some(path) = join(at, part) {
                self.expand(&path, rest, out);
            }
            return;
        }
        // `**` is taken as one or two levels.
        let (front, back) = part.split_once('*').unwrap_or((part, ""));
        let back = back.trim_start_matches('*');
        for entry in self.files.entries(at) {
            let fits = entry.folder
                && !entry.name.starts_with('.')
                && entry.name != "node_modules"
                && entry.name.starts_with(front)
                && entry.name.ends_with(back);
            let Some(path) = join(at, &entry.name).filter(|_| fits) else {
                continue;
            };
            self.expand(&path, rest, out);
            if *part == "**" {
                let mut deeper = vec!["*"];
                deeper.extend(rest);
                self.expand(&path, &deeper, out);
            }
        }
    }
}

fn said<'a>(
    by: &'a Arc<[String]>,
    paths: impl Iterator<Item = String> + 'a,
) -> impl Iterator<Item = Target> + 'a {
    paths.map(|path| Target {
        path,
        said_by: by.clone(),
    })
}

/// A path below a folder; the folder itself for `.`.
fn below(folder: &str, name: &str) -> Option<String> {
    if matches!(name, "." | "./") {
        return Some(folder.to_string());
    }
    join(folder, name)
}

/// The targets of the pattern that fits best: without `*` first, then by the longest text before it.
fn matching(patterns: &[(String, Vec<String>)], specifier: &str) -> Vec<String> {
    let mut best: Option<(usize, Vec<String>)> = None;
    for (pattern, targets) in patterns {
        let (weight, star) = match pattern.split_once('*') {
            None if pattern == specifier => (usize::MAX, ""),
            None => continue,
            Some((front, back)) => {
                let middle = specifier
                    .strip_prefix(front)
                    .and_then(|rest| rest.strip_suffix(back));
                match middle {
                    Some(middle) => (front.len(), middle),
                    None => continue,
                }
            }
        };
        if best.as_ref().is_none_or(|(known, _)| weight > *known) {
            let filled = targets.iter().map(|target| target.replacen('*', star, 1));
            best = Some((weight, filled.collect()));
        }
    }
    best.map(|(_, targets)| targets).unwrap_or_default()
}

fn package_of(folder: &str, manifest: &Value) -> Package {
    let mut exports = Vec::new();
    if let Some(value) = manifest.get("exports") {
        let by_path = value
            .entries()
            .iter()
            .any(|entry| entry.key.as_str().starts_with('.'));
        if by_path {
            for entry in value.entries() {
                exports.push((entry.key.as_str().to_string(), targets_of(&entry.value, 0)));
            }
        } else {
            exports.push((".".to_string(), targets_of(value, 0)));
        }
    }
    let main = ["source", "module", "main", "types"]
        .iter()
        .filter_map(|key| manifest.get(key)?.as_text())
        .map(|text| text.as_str().to_string())
        .collect();
    let imports = manifest
        .get("imports")
        .map(Value::entries)
        .unwrap_or_default()
        .iter()
        .map(|entry| (entry.key.as_str().to_string(), targets_of(&entry.value, 0)))
        .collect();
    Package {
        folder: folder.to_string(),
        manifest: join(folder, "package.json").into_iter().collect(),
        exports,
        main,
        imports,
    }
}

/// The files that a target of `exports` names under any condition.
fn targets_of(value: &Value, depth: usize) -> Vec<String> {
    if let Some(text) = value.as_text() {
        return vec![text.as_str().to_string()];
    }
    if depth > 4 {
        return Vec::new();
    }
    let entries = value.entries().iter().map(|entry| &entry.value);
    entries
        .chain(value.items())
        .flat_map(|inner| targets_of(inner, depth + 1))
        .collect()
}

/// What was built into a folder of its own, where it was built from: `dist/x.d.ts` -> `src/x`.
fn as_source(target: &str) -> Option<String> {
    let target = target.trim_start_matches("./");
    let (built, rest) = target.split_once('/')?;
    if !matches!(built, "dist" | "build" | "lib" | "out" | "esm" | "cjs") {
        return None;
    }
    let mut stem = rest;
    for ending in [".d.ts", ".d.mts", ".d.cts", ".js", ".mjs", ".cjs"] {
        if let Some(bare) = stem.strip_suffix(ending) {
            stem = bare;
            break;
        }
    }
    for inner in ["esm/", "cjs/", "src/", "types/"] {
        stem = stem.strip_prefix(inner).unwrap_or(stem);
    }
    Some(format!("src/{stem}"))
}
