//! All config files of a run: found, extended, joined with overrides and the command line, asked by path.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::joined::{Folder, Joined, Layer};
use super::read::{read, Known, Parsed};
use super::tree::{parse, Wrong};
use super::{Settings, FILE_NAMES};
use crate::discover::PathArg;
use crate::source::{SourceFile, Span};
use crate::workspace::{join, Limits, Workspace};

/// How many files `extend` may chain.
const CHAIN: usize = 16;

/// A mistake in a config file. The run goes on without that file and exits 2.
#[derive(Clone, Debug)]
pub struct ConfigError {
    /// As shown: relative to the root of the run, `../` in front where it stands above.
    pub path: Arc<str>,
    pub span: Span,
    pub message: String,
    pub help: Option<String>,
    /// The text to underline; `None` where the file could not be read.
    pub source: Option<Arc<SourceFile>>,
}

/// A workspace that holds the root of the run, searched for configs above that root.
pub struct Above<'a> {
    pub workspace: &'a dyn Workspace,
    /// The path of the run's root in it: `services/support`.
    pub prefix: &'a str,
}

#[derive(Default)]
pub struct LoadOptions<'a> {
    /// This file holds for every path, its patterns are relative to the root of the run; no other config is read.
    pub explicit: Option<Arc<SourceFile>>,
    /// No config at all.
    pub isolated: bool,
    pub above: Option<Above<'a>>,
    pub known: Known<'a>,
}

/// What the command line sets over every config.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CliOverrides {
    pub model: Option<String>,
    pub calls_per_month: Option<f64>,
    /// Minutes.
    pub ttl: Option<f64>,
}

/// The configs of a run.
#[derive(Debug, Default)]
pub struct ConfigSet {
    /// By folder, relative to the root.
    folders: BTreeMap<String, Joined>,
    /// Where no folder has one: the config above the root, the explicit one, or none.
    fallback: Joined,
    cli: CliOverrides,
}

impl ConfigSet {
    /// Finds and reads the configs that hold for some arguments: `found` are those below them (the walk saw them),
    /// those above are looked for here.
    pub fn load(
        workspace: &dyn Workspace,
        paths: &[PathArg],
        found: &[Arc<str>],
        options: &LoadOptions,
    ) -> (ConfigSet, Vec<ConfigError>) {
        let mut set = ConfigSet::default();
        let mut errors = Vec::new();
        if options.isolated {
            return (set, errors);
        }
        let mut loader = Loader {
            workspace,
            known: options.known,
            prefix: None,
            whole_run: false,
            files: BTreeMap::new(),
            errors: &mut errors,
        };
        if let Some(file) = &options.explicit {
            loader.whole_run = true;
            set.fallback = loader.joined_file(file).unwrap_or_default();
            return (set, errors);
        }
        for (folder, path) in candidates(workspace, paths, found) {
            if let Some(joined) = loader.joined(&path) {
                set.folders.insert(folder, joined);
            }
        }
        if let Some(above) = &options.above {
            let mut loader = Loader {
                workspace: above.workspace,
                known: options.known,
                prefix: Some(above.prefix),
                whole_run: false,
                files: BTreeMap::new(),
                errors: &mut errors,
            };
            set.fallback = loader.nearest_above(above).unwrap_or_default();
        }
        errors.sort_by(|a, b| (&a.path, a.span).cmp(&(&b.path, b.span)));
        errors.dedup_by(|a, b| (&a.path, a.span, &a.message) == (&b.path, b.span, &b.message));
        (set, errors)
    }

    pub fn with_cli(mut self, cli: CliOverrides) -> ConfigSet {
        self.cli = cli;
        let joined = self
            .folders
            .values_mut()
            .chain(std::iter::once(&mut self.fallback));
        for joined in joined {
            joined.base = Arc::new(joined.base_settings(&self.cli));
        }
        self
    }

    /// The settings in force for a file (or, with `""`, for the root of the run).
    pub fn settings_for(&self, path: &str) -> Arc<Settings> {
        self.nearest(path).settings(path, &self.cli)
    }

    /// (included, excluded) of a path: for `discover::Found::filter`.
    pub fn chosen(&self, path: &str) -> (bool, bool) {
        self.nearest(path).chosen(path)
    }

    /// The size limits that the config of the root sets.
    pub fn limits(&self) -> Limits {
        let joined = self.nearest("");
        let set = joined.layers.iter().rev();
        let bytes = set.filter_map(|layer| layer.parsed.max_file_size).next();
        match bytes {
            Some(bytes) => Limits {
                text: bytes,
                rows: bytes,
            },
            None => Limits::default(),
        }
    }

    /// The config file that the settings of a path come from; `None`: built in.
    pub fn source_of(&self, path: &str) -> Option<String> {
        let layer = self.nearest(path).layers.last()?;
        Some(layer.path.to_string())
    }

    fn nearest(&self, path: &str) -> &Joined {
        let mut folder = path;
        loop {
            // The first step looks at the path itself, which may be a folder.
            if let Some(joined) = self.folders.get(folder) {
                return joined;
            }
            if folder.is_empty() {
                return &self.fallback;
            }
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }
}

/// (folder, config file) of every folder that has one: the walked ones, and those above the arguments.
fn candidates(ws: &dyn Workspace, paths: &[PathArg], found: &[Arc<str>]) -> Vec<(String, String)> {
    let mut folders: Vec<String> = found
        .iter()
        .map(|path| path.rsplit_once('/').map_or("", |(folder, _)| folder))
        .map(str::to_string)
        .collect();
    for argument in paths {
        let mut folder = argument.path.as_str();
        loop {
            folders.push(folder.to_string());
            if folder.is_empty() {
                break;
            }
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }
    folders.push(String::new());
    folders.sort();
    folders.dedup();
    folders
        .into_iter()
        .filter_map(|folder| {
            let file = config_in(ws, &folder)?;
            Some((folder, file))
        })
        .collect()
}

fn config_in(workspace: &dyn Workspace, folder: &str) -> Option<String> {
    FILE_NAMES.iter().find_map(|name| {
        let path = if folder.is_empty() {
            (*name).to_string()
        } else {
            format!("{folder}/{name}")
        };
        workspace.exists(&path).then_some(path)
    })
}

struct Loader<'a, 'e> {
    workspace: &'a dyn Workspace,
    known: Known<'a>,
    /// The path of the run's root, where the workspace is one above it.
    prefix: Option<&'a str>,
    /// Patterns of the first file are relative to the root of the run.
    whole_run: bool,
    /// Each file is read once; `None`: it has mistakes, which were reported.
    files: BTreeMap<String, Option<Arc<Parsed>>>,
    errors: &'e mut Vec<ConfigError>,
}

impl Loader<'_, '_> {
    fn nearest_above(&mut self, above: &Above) -> Option<Joined> {
        let mut folder = above.prefix;
        while !folder.is_empty() {
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
            if let Some(path) = config_in(above.workspace, folder) {
                if let Some(joined) = self.joined(&path) {
                    return Some(joined);
                }
            }
        }
        None
    }

    fn joined(&mut self, path: &str) -> Option<Joined> {
        match self.workspace.read(path) {
            Ok(file) => self.joined_file(&file),
            Err(error) => {
                let wrong = Wrong::new(Span::default(), format!("cannot be read: {error}"));
                self.report(path, None, wrong);
                None
            }
        }
    }

    fn joined_file(&mut self, file: &Arc<SourceFile>) -> Option<Joined> {
        let mut layers = Vec::new();
        let mut chain = Vec::new();
        if !self.collect(file, &mut chain, &mut layers) {
            return None;
        }
        let mut joined = Joined {
            layers,
            base: Arc::default(),
        };
        joined.base = Arc::new(joined.base_settings(&CliOverrides::default()));
        Some(joined)
    }

    /// Puts a file behind all it extends. False where one of them is invalid.
    fn collect(
        &mut self,
        file: &Arc<SourceFile>,
        chain: &mut Vec<Arc<str>>,
        layers: &mut Vec<Layer>,
    ) -> bool {
        let Some(parsed) = self.parsed(file) else {
            return false;
        };
        // What is extended twice over holds once, at its first place.
        if layers
            .iter()
            .any(|layer| Arc::ptr_eq(&layer.parsed, &parsed))
        {
            return true;
        }
        chain.push(file.path.clone());
        let mut valid = true;
        for (target, span) in &parsed.extend {
            match self.extended(file, target, *span, chain) {
                Ok(base) => {
                    if !self.collect(&base, chain, layers) {
                        let message = format!("the extended `{target}` is not valid");
                        self.report(&file.path, Some(file), Wrong::new(*span, message));
                        valid = false;
                    }
                }
                Err(wrong) => {
                    self.report(&file.path, Some(file), wrong);
                    valid = false;
                }
            }
        }
        chain.pop();
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let folder = match self.prefix {
            Some(prefix) => Folder::Above {
                folder: folder.to_string(),
                prefix: prefix.to_string(),
            },
            None if self.whole_run => Folder::Below(String::new()),
            None => Folder::Below(folder.to_string()),
        };
        layers.push(Layer {
            path: self.shown(&file.path).into(),
            folder,
            parsed,
        });
        valid
    }

    fn extended(
        &self,
        file: &SourceFile,
        target: &str,
        span: Span,
        chain: &[Arc<str>],
    ) -> Result<Arc<SourceFile>, Wrong> {
        let Some(path) = join(&file.path, target) else {
            let message = format!("`{target}` is outside the root of the run");
            return Err(Wrong::new(span, message)
                .with_help("`extend` takes paths relative to this file and inside the root"));
        };
        if let Some(at) = chain.iter().position(|other| **other == *path) {
            let mut names: Vec<&str> = chain[at..].iter().map(AsRef::as_ref).collect();
            names.push(&path);
            let message = format!("extends itself: {}", names.join(" -> "));
            return Err(Wrong::new(span, message).with_help("remove one of these `extend`"));
        }
        if chain.len() >= CHAIN {
            let message = format!("`extend` goes deeper than {CHAIN} files");
            return Err(Wrong::new(span, message));
        }
        self.workspace
            .read(&path)
            .map_err(|error| Wrong::new(span, format!("cannot read `{target}`: {error}")))
    }

    fn parsed(&mut self, file: &Arc<SourceFile>) -> Option<Arc<Parsed>> {
        if let Some(known) = self.files.get(&*file.path) {
            return known.clone();
        }
        let (parsed, wrong) = match parse(file) {
            Ok(root) => read(&root, self.known),
            Err(wrong) => (Parsed::default(), vec![wrong]),
        };
        let result = wrong.is_empty().then(|| Arc::new(parsed));
        for wrong in wrong {
            self.report(&file.path, Some(file), wrong);
        }
        self.files.insert(file.path.to_string(), result.clone());
        result
    }

    fn report(&mut self, path: &str, source: Option<&Arc<SourceFile>>, wrong: Wrong) {
        self.errors.push(ConfigError {
            path: self.shown(path).into(),
            span: wrong.span,
            message: wrong.message,
            help: wrong.help,
            source: source.cloned(),
        });
    }

    fn shown(&self, path: &str) -> String {
        let Some(prefix) = self.prefix.filter(|prefix| !prefix.is_empty()) else {
            return path.to_string();
        };
        let mut ups = "../".repeat(prefix.split('/').count());
        ups.push_str(path);
        ups
    }
}
