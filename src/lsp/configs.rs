//! The configs and the price table of one root. A config that cannot be used leaves the one in force that could.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::settings::Settings;
use crate::config::{Above, CliOverrides, ConfigError, ConfigSet, FILE_NAMES};
use crate::discover::PathArg;
use crate::providers::{Date, Table};
use crate::setup::{self, Sources};
use crate::source::SourceFile;
use crate::workspace::{Disk, Limits, Live, Overlay, Workspace};

/// Whether a file is a config by its name.
pub fn is_config(path: &str) -> bool {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    FILE_NAMES.contains(&name)
}

pub struct Configs {
    pub set: Arc<ConfigSet>,
    pub errors: Vec<ConfigError>,
    pub table: Arc<Table>,
    pub today: Date,
    pub warnings: Vec<String>,
    /// The repository above the root, and the root's path in it.
    above: Option<(PathBuf, String)>,
    folders_above: Vec<PathBuf>,
    /// The text of each config when it was last without mistakes.
    good: BTreeMap<String, Arc<SourceFile>>,
    /// What the settings in force were read from: by this one tells whether others are.
    basis: Option<Basis>,
    /// Files that others extend, whatever their names.
    extended: BTreeSet<String>,
}

type Basis = (BTreeMap<String, Arc<str>>, Option<String>, Date, Vec<Stamp>);

/// A file above the root, how long it is and when it was written.
type Stamp = (PathBuf, u64, Option<SystemTime>);

/// The folders above a root in which configs hold for it.
pub fn folders_above(root: &Path) -> Vec<PathBuf> {
    let Some((top, _)) = setup::repository(root) else {
        return Vec::new();
    };
    let above = root.ancestors().skip(1);
    let above = above.take_while(|folder| folder.starts_with(&top));
    above.map(Path::to_path_buf).collect()
}

impl Configs {
    pub fn new(root: &Path) -> Configs {
        Configs {
            set: Arc::default(),
            errors: Vec::new(),
            table: Arc::new(Table::fresh()),
            today: setup::today(),
            warnings: Vec::new(),
            above: setup::repository(root),
            folders_above: folders_above(root),
            good: BTreeMap::new(),
            basis: None,
            extended: BTreeSet::new(),
        }
    }

    /// Whether a change of a file can change the settings.
    pub fn concern(&self, path: &str) -> bool {
        is_config(path) || self.extended.contains(path)
    }

    /// Whether a config above the root is another one than when they were read: not every client watches those.
    pub fn are_outdated(&self) -> bool {
        let known = self.basis.as_ref().map(|(.., stamps)| stamps);
        known.is_some_and(|known| *known != self.stamps())
    }

    fn stamps(&self) -> Vec<Stamp> {
        let folders = self.folders_above.iter();
        let files = folders.flat_map(|folder| FILE_NAMES.iter().map(|name| folder.join(name)));
        let stamp = |path: PathBuf| {
            let known = path.metadata().ok()?;
            Some((path, known.len(), known.modified().ok()))
        };
        files.filter_map(stamp).collect()
    }

    /// Prices change with the date.
    pub fn are_of_another_day(&self) -> bool {
        self.today != setup::today()
    }

    /// Reads the configs anew. Whether other settings hold than before.
    pub fn load(&mut self, live: &Live, found: &[Arc<str>], settings: &Settings) -> bool {
        self.today = setup::today();
        // Before they are read: what is written meanwhile is seen the next time.
        let stamps = self.stamps();
        let mut found = found.to_vec();
        found.extend(
            live.texts()
                .keys()
                .filter(|path| is_config(path))
                .map(|path| path.as_str().into()),
        );
        let files = self.texts(live, &found);
        let (mut set, errors) = self.read(live, &found, settings);
        let wrong: BTreeSet<&str> = errors.iter().map(|error| &*error.path).collect();
        let stand_in: BTreeMap<String, String> = wrong
            .iter()
            .filter_map(|path| Some((path.to_string(), self.good.get(*path)?.text.to_string())))
            .collect();
        if !stand_in.is_empty() {
            let old = Overlay::new(live, stand_in);
            set = self.read(&old, &found, settings).0;
        }
        for (path, file) in &files {
            if !wrong.contains(path.as_str()) {
                self.good.insert(path.clone(), file.clone());
            }
        }
        self.good.retain(|path, _| files.contains_key(path));
        self.extended = found
            .iter()
            .map(|path| &**path)
            .chain([""])
            .flat_map(|path| set.settings_for(path).files.to_vec())
            .map(|path| path.to_string())
            .collect();
        let texts = |files: &BTreeMap<String, Arc<SourceFile>>| {
            let pairs = files.iter();
            pairs.map(|(p, f)| (p.clone(), f.text.clone())).collect()
        };
        let basis = (
            texts(&self.good),
            settings.model.clone(),
            self.today,
            stamps,
        );
        self.errors = errors;
        let changed = self.basis.as_ref() != Some(&basis);
        if changed {
            self.set_table(&set, settings);
            self.set = Arc::new(set);
        }
        self.basis = Some(basis);
        changed
    }

    /// Every config below the root and what they extend, as it reads now.
    fn texts(&self, live: &Live, found: &[Arc<str>]) -> BTreeMap<String, Arc<SourceFile>> {
        let mut paths: BTreeSet<String> = found.iter().map(|path| path.to_string()).collect();
        paths.extend(FILE_NAMES.iter().map(ToString::to_string));
        paths.extend(self.extended.iter().cloned());
        let read = paths.into_iter();
        read.filter_map(|path| {
            let file = live.read(&path).ok()?;
            Some((path, file))
        })
        .collect()
    }

    fn read(
        &self,
        workspace: &dyn Workspace,
        found: &[Arc<str>],
        settings: &Settings,
    ) -> (ConfigSet, Vec<ConfigError>) {
        let outer = self.above.as_ref().and_then(|(top, prefix)| {
            let disk = Disk::new(top, Limits::default()).ok()?;
            Some((disk, prefix))
        });
        let above = outer
            .as_ref()
            .map(|(workspace, prefix)| Above { workspace, prefix });
        let sources = Sources {
            overrides: CliOverrides {
                model: settings.model.clone(),
                ..CliOverrides::default()
            },
            ..Sources::default()
        };
        setup::configs(sources, workspace, above, &[PathArg::new("")], found)
    }

    fn set_table(&mut self, set: &ConfigSet, settings: &Settings) {
        self.warnings.clear();
        match setup::with_models(Table::fresh(), set) {
            Ok(table) => self.table = Arc::new(table),
            Err(error) => self.warnings.push(error.to_string()),
        }
        if let Some(model) = &settings.model {
            if !setup::knows_model(&self.table, model, self.today) {
                self.warnings.push(format!(
                    "the setting prefixlint.model names `{model}`, which is not in the price table"
                ));
            }
        }
    }
}
