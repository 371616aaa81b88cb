//! Other files of a prompt: where a name may stand, reading and parsing each file once. Never outside the root.
//! Knows nothing of evaluation.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use regex::Regex;

use crate::frontend::code::ir::Language;
use crate::frontend::template::dialect::Dialect;
use crate::frontend::template::tree::Tree;
use crate::frontend::template::{self};
use crate::frontend::DIRECTIVE;
use crate::reads::Read;
use crate::source::{SourceFile, Text};
use crate::volatility::classify::Classifier;
use crate::volatility::Class;
use crate::workspace::{Entry, Limits, Workspace};

use super::context::Here;

/// Gives the classifier of a path: its overrides are those of the config of that path.
pub type ClassifierFor<'w> = dyn Fn(&str) -> Arc<Classifier> + Sync + 'w;

/// A file as a template.
pub struct Loaded {
    pub here: Here,
    pub tree: Arc<Tree>,
}

type Cache = BTreeMap<(Arc<str>, Dialect), Option<Arc<Loaded>>>;

/// The files of one run.
pub struct Files<'w> {
    workspace: &'w dyn Workspace,
    classifier_for: &'w ClassifierFor<'w>,
    cache: Mutex<Cache>,
    /// Files that were read otherwise than as templates.
    others: Mutex<BTreeMap<Arc<str>, Arc<SourceFile>>>,
}

impl<'w> Files<'w> {
    pub fn new(workspace: &'w dyn Workspace, classifier_for: &'w ClassifierFor<'w>) -> Self {
        Files {
            workspace,
            classifier_for,
            cache: Mutex::default(),
            others: Mutex::default(),
        }
    }

    /// What evaluation needs to know of a file.
    pub fn here(&self, file: &Arc<SourceFile>, dialect: Dialect) -> Here {
        Here {
            file: file.clone(),
            dialect,
            classifier: (self.classifier_for)(&file.path),
            declared: declared(&file.text),
        }
    }

    /// What is known of names and calls in a file of code.
    pub fn classifier(&self, path: &Arc<str>, language: Language) -> Classifier {
        (self.classifier_for)(path).in_language(language.name())
    }

    /// The bytes of a file, not kept; `None` where it cannot be had.
    pub fn peek(&self, path: &str) -> Option<Vec<u8>> {
        self.workspace.peek(path, Limits::default().text).ok()
    }

    /// The entries of a folder.
    pub fn entries(&self, folder: &str) -> Vec<Entry> {
        self.workspace.list(folder)
    }

    /// Reads and parses a file, once for each dialect.
    pub fn load(&self, path: &str, dialect: Dialect) -> Option<Arc<Loaded>> {
        let key = (Arc::from(path), dialect);
        let known = self.lock().get(&key).cloned();
        if let Some(known) = known {
            return known;
        }
        // Parsed outside of the lock: two threads may do the same work, both get the same result.
        let loaded = self.workspace.read(path).ok().map(|file| {
            let text = body_text(&file, dialect);
            let tree = Arc::new(template::parse(&text, dialect));
            let here = self.here(&file, dialect);
            Arc::new(Loaded { here, tree })
        });
        self.lock().entry(key).or_insert(loaded).clone()
    }

    /// The files in and below a folder, relative to it; `depth` 0 is the folder alone. Ends after so many folders.
    pub fn list_below(&self, folder: &str, depth: usize, most: usize) -> Vec<String> {
        let mut open = VecDeque::from([(String::new(), 0)]);
        let (mut out, mut seen) = (Vec::new(), 0);
        while let Some((below, level)) = open.pop_front() {
            seen += 1;
            if seen > most {
                break;
            }
            let path = [folder, below.trim_end_matches('/')];
            let path: Vec<&str> = path.into_iter().filter(|part| !part.is_empty()).collect();
            for entry in self.workspace.list(&path.join("/")) {
                let name = format!("{below}{}", entry.name);
                if !entry.folder {
                    out.push(name);
                } else if level < depth && !entry.name.starts_with('.') {
                    open.push_back((format!("{name}/"), level + 1));
                }
            }
        }
        out
    }

    /// Counts a file that was read by itself among the sources.
    pub fn remember(&self, file: &Arc<SourceFile>) {
        let mut read = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(file.path.clone(), file.clone());
    }

    pub fn read(&self, path: &str) -> Option<Arc<SourceFile>> {
        self.workspace.read(path).ok()
    }

    /// The files that were loaded.
    pub fn sources(&self) -> BTreeMap<Arc<str>, Arc<SourceFile>> {
        let cache = self.lock();
        let loaded = cache.values().flatten();
        let mut out: BTreeMap<Arc<str>, Arc<SourceFile>> = loaded
            .map(|loaded| (loaded.here.path().clone(), loaded.here.file.clone()))
            .collect();
        let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        out.extend(
            others
                .iter()
                .map(|(path, file)| (path.clone(), file.clone())),
        );
        out
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file that a name stands for in a file; every look-up is recorded.
    pub fn find(
        &self,
        from: &str,
        name: &str,
        dialect: Dialect,
        reads: &mut BTreeSet<Read>,
    ) -> Option<Arc<str>> {
        self.first(candidates(from, name, dialect), reads)
    }

    /// A file named by a document: relative to it, else to the root.
    pub fn find_named(
        &self,
        from: &str,
        name: &str,
        reads: &mut BTreeSet<Read>,
    ) -> Option<Arc<str>> {
        let name = name.strip_prefix("file://").unwrap_or(name);
        let paths = [join(folder(from), name), join("", name)];
        self.first(paths.into_iter().flatten(), reads)
    }

    /// The first path that is there; every look-up is recorded, also a failed one.
    fn first(
        &self,
        paths: impl IntoIterator<Item = String>,
        reads: &mut BTreeSet<Read>,
    ) -> Option<Arc<str>> {
        for path in paths {
            let found = self.workspace.exists(&path);
            let path: Arc<str> = path.into();
            reads.insert(Read::new(path.clone(), found));
            if found {
                return Some(path);
            }
        }
        None
    }
}

/// The part of a file that is a template: behind the front matter of formats that have one.
fn body_text(file: &SourceFile, dialect: Dialect) -> Text {
    let content = file.content();
    let fronted = dialect == Dialect::Dotprompt || file.path.ends_with(".prompty");
    let text = content.as_str();
    if !fronted || !text.starts_with("---") {
        return content;
    }
    let mut at = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        at += line.len();
        if index > 0 && line.trim_end() == "---" {
            return content.slice(at, text.len());
        }
    }
    content
}

/// Classes that comments of a file give to names: `prefixlint: volatility(name)=constant`.
fn declared(text: &str) -> Option<Arc<Classifier>> {
    static FORM: OnceLock<Option<Regex>> = OnceLock::new();
    if !text.contains(DIRECTIVE) {
        return None;
    }
    let form = FORM
        .get_or_init(|| Regex::new(r"prefixlint:\s*volatility\(([^()\n]+)\)\s*=\s*([a-z]+)").ok())
        .as_ref()?;
    let mut overrides = Vec::new();
    for found in form.captures_iter(text) {
        if let Some(class) = Class::parse(&found[2]) {
            for name in found[1].split(',') {
                overrides.push((name.trim().to_string(), class));
            }
        }
    }
    (!overrides.is_empty()).then(|| Arc::new(Classifier::new(&overrides)))
}

struct Lookup {
    extensions: Vec<String>,
    prefixes: Vec<String>,
    folders: Vec<String>,
}

struct Table {
    dialects: BTreeMap<Dialect, Lookup>,
    /// Longest first.
    extensions: Vec<(String, Dialect)>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let root: serde_yaml::Value =
            serde_yaml::from_str(include_str!("../../rules/lookups.yaml"))
                .unwrap_or(serde_yaml::Value::Null);
        let mut out = Table {
            dialects: BTreeMap::new(),
            extensions: Vec::new(),
        };
        let entries = |key: &str| {
            let mapping = root.get(key).and_then(|value| value.as_mapping()).cloned();
            mapping.into_iter().flatten()
        };
        let list = |value: &serde_yaml::Value, key: &str| -> Vec<String> {
            let items = value.get(key).and_then(|items| items.as_sequence());
            let text = |item: &serde_yaml::Value| item.as_str().map(str::to_string);
            items.into_iter().flatten().filter_map(text).collect()
        };
        for (name, value) in entries("dialects") {
            if let Some(dialect) = name.as_str().and_then(dialect_named) {
                let lookup = Lookup {
                    extensions: list(&value, "extensions"),
                    prefixes: list(&value, "prefixes"),
                    folders: list(&value, "folders"),
                };
                out.dialects.insert(dialect, lookup);
            }
        }
        for (extension, name) in entries("extensions") {
            if let (Some(extension), Some(dialect)) =
                (extension.as_str(), name.as_str().and_then(dialect_named))
            {
                out.extensions.push((extension.to_string(), dialect));
            }
        }
        out.extensions
            .sort_by_key(|(extension, _)| std::cmp::Reverse(extension.len()));
        out
    })
}

/// A template language by its name in the tables.
pub fn dialect_named(name: &str) -> Option<Dialect> {
    Some(match name {
        "jinja" => Dialect::Jinja,
        "handlebars" => Dialect::Handlebars,
        "dotprompt" => Dialect::Dotprompt,
        "mustache" => Dialect::Mustache,
        "liquid" => Dialect::Liquid,
        "go" => Dialect::GoTemplate,
        "semantic-kernel" => Dialect::SemanticKernel,
        "braces" => Dialect::Braces,
        "dollar" => Dialect::Dollar,
        "erb" => Dialect::Erb,
        "ejs" => Dialect::Ejs,
        "plain" => Dialect::Plain,
        _ => return None,
    })
}

/// The dialect that a file's name says, also before a second extension (`a.j2.txt`).
pub fn dialect_of(path: &str) -> Option<Dialect> {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let by = |name: &str| {
        let mut known = table().extensions.iter();
        known
            .find(|(extension, _)| name.ends_with(extension.as_str()))
            .map(|(_, dialect)| *dialect)
    };
    by(&name).or_else(|| {
        let (stem, last) = name.rsplit_once('.')?;
        matches!(
            last,
            "txt" | "md" | "xml" | "yaml" | "yml" | "html" | "json"
        )
        .then(|| by(stem))?
    })
}

/// The folder of a path, without a slash at its end; empty for the root.
pub fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A name below a folder, `.` and `..` resolved. `None` where it leaves the root.
pub fn join(folder: &str, name: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let name = name.trim();
    if name.starts_with('~') || name.contains(':') || name.contains('\\') {
        return None;
    }
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// Where a name may stand, most likely first: beside the including file, then in each folder above it.
fn candidates(from: &str, name: &str, dialect: Dialect) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    if name.is_empty() || name.len() > 512 {
        return out;
    }
    let lookup = table().dialects.get(&dialect);
    let names = names(name, lookup);
    let mut above = folder(from);
    loop {
        let none = [String::new()];
        for sub in lookup.map_or(none.as_slice(), |lookup| &lookup.folders) {
            for name in &names {
                if let Some(path) = join(above, &format!("{sub}{name}")) {
                    if !out.contains(&path) {
                        out.push(path);
                    }
                }
            }
        }
        if above.is_empty() {
            return out;
        }
        above = folder(above);
    }
}

/// The spellings of a name: as written, then with the dialect's prefixes and extensions.
fn names(name: &str, lookup: Option<&Lookup>) -> Vec<String> {
    let mut out = vec![name.to_string()];
    let Some(lookup) = lookup else { return out };
    let (dir, stem) = match name.rsplit_once('/') {
        Some((dir, stem)) => (format!("{dir}/"), stem),
        None => (String::new(), name),
    };
    let complete = lookup.extensions.iter().any(|ext| stem.ends_with(ext));
    for prefix in &lookup.prefixes {
        if complete {
            out.push(format!("{dir}{prefix}{stem}"));
        } else {
            for extension in &lookup.extensions {
                out.push(format!("{dir}{prefix}{stem}{extension}"));
            }
        }
    }
    out.dedup();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_never_leave_the_root() {
        assert_eq!(join("a/b", "../c.j2").as_deref(), Some("a/c.j2"));
        assert_eq!(join("a", "../../etc/passwd"), None);
        assert_eq!(join("a", "/b/./c").as_deref(), Some("a/b/c"));
        assert_eq!(join("a", "C:\\x"), None);
        let all = candidates("a/b.j2", "../../../x.j2", Dialect::Jinja);
        assert!(all.iter().all(|path| !path.contains("..")));
    }

    #[test]
    fn a_partial_is_looked_for_beside_its_file_and_above() {
        let all = candidates("app/prompts/a.hbs", "header", Dialect::Handlebars);
        for path in [
            "app/prompts/header.hbs",
            "app/prompts/partials/header.hbs",
            "app/partials/header.hbs",
            "header.hbs",
        ] {
            assert!(all.contains(&path.to_string()), "{path}");
        }
        let dot = candidates("p/a.prompt", "style", Dialect::Dotprompt);
        assert!(dot.contains(&"p/_style.prompt".to_string()));
    }

    #[test]
    fn the_dialect_is_read_from_the_name() {
        assert_eq!(dialect_of("a/b.j2.txt"), Some(Dialect::Jinja));
        assert_eq!(dialect_of("a/skprompt.txt"), Some(Dialect::SemanticKernel));
        assert_eq!(dialect_of("a/readme.md"), None);
    }
}
