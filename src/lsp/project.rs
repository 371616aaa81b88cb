//! One root, kept between analyses: its files under open texts, its configs, its price table, the engine's memory.
//! Belongs to the thread that analyses; what it hands out does not change any more.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::client::Client;
use super::configs::{is_config, Configs};
use super::diagnostics::{Diagnosed, Diagnoser};
use super::settings::Settings;
use super::worker::{Happened, Home, Job, Open};
use crate::config::ConfigSet;
use crate::discover::{discover, is_walked, Candidate, Found, Options, PathArg};
use crate::engine::{self, Analysis, Filter, Memo, Request};
use crate::finding::{Finding, Fix};
use crate::fix::Why;
use crate::providers::{Date, Table};
use crate::reads::Changed;
use crate::workspace::{Limits, Live, Workspace};

/// What one analysis leaves for those who ask.
pub struct View {
    pub analysis: Analysis,
    pub configs: Arc<ConfigSet>,
    pub table: Arc<Table>,
    pub today: Date,
    /// By path; files without any are not in it.
    pub diagnostics: BTreeMap<Arc<str>, Arc<Diagnosed>>,
    /// What is wrong with the settings, for the user.
    pub warnings: Vec<String>,
    /// How long the engine took, of all.
    pub engine: Duration,
    /// Fixes that were asked for, by fingerprint.
    pub(super) fixes: Mutex<HashMap<String, Result<Fix, Why>>>,
}

impl View {
    /// The fix of a finding, written when it is first asked for.
    ///
    /// # Errors
    /// Why there is none.
    pub fn fix_of(&self, finding: &Finding) -> Result<Fix, Why> {
        let mut known = self.fixes.lock().unwrap_or_else(PoisonError::into_inner);
        let own = known.entry(finding.fingerprint.clone());
        own.or_insert_with(|| self.analysis.fix_of(finding)).clone()
    }
}

pub struct Project {
    home: Arc<Home>,
    pub(super) live: Live,
    /// What the last walk saw.
    walked: Found,
    /// The same with what is only open in an editor, as the configs choose.
    found: Found,
    configs: Configs,
    memo: Memo,
    settings: Arc<Settings>,
    diagnoser: Diagnoser,
    /// Whether there was an analysis.
    known: bool,
}

/// What a job asks for.
#[derive(Default)]
struct Work {
    changed: Changed,
    walk: bool,
    configs: bool,
    /// The files to look at are others.
    choose: bool,
    /// Nothing that is remembered holds.
    forget: bool,
}

impl Project {
    /// # Errors
    /// Why the folder cannot be opened.
    pub fn open(home: &Arc<Home>, client: Arc<Client>) -> Result<Project, String> {
        let live = Live::new(&home.folder, Limits::default())
            .map_err(|error| format!("{}: {error}", home.folder.display()))?;
        Ok(Project {
            home: home.clone(),
            configs: Configs::new(live.root()),
            live,
            walked: Found::default(),
            found: Found::default(),
            memo: Memo::default(),
            settings: Arc::default(),
            diagnoser: Diagnoser::new(client),
            known: false,
        })
    }

    /// Brings the project to the state of a job and analyses it; `None` where nothing that matters changed.
    pub fn analyse(&mut self, job: Job) -> Result<Option<Arc<View>>, String> {
        let first = !self.known;
        let mut work = Work {
            walk: first || job.afresh,
            configs: first || job.afresh || job.settings.model != self.settings.model,
            choose: first,
            forget: first || job.afresh || !job.settings.analyse_alike(&self.settings),
            ..Work::default()
        };
        if job.afresh {
            self.live.forget_below("");
        }
        self.settings = job.settings.clone();
        self.home = job.home.clone();
        self.show(&job.open, &mut work);
        for (path, happened) in &job.events {
            self.happened(path, *happened, &mut work);
        }
        work.configs |= self.configs.are_of_another_day() || self.configs.are_outdated();
        if work.walk {
            self.walk(&mut work);
        }
        if work.configs {
            self.load_configs(&mut work)?;
        }
        if work.choose || work.forget {
            self.choose();
        }
        if work.forget {
            self.memo = Memo::default();
        }
        if work.changed.is_empty() && !work.forget && !work.choose {
            return Ok(None);
        }
        let started = Instant::now();
        // Nobody may ever ask for a fix of what is being typed.
        let analysis = self.run(&work.changed, false);
        let engine = started.elapsed();
        self.known = true;
        let uris = super::diagnostics::Uris::new(&self.home, &job.open);
        let diagnostics = self
            .diagnoser
            .diagnose(&analysis, &self.configs.errors, &uris);
        Ok(Some(Arc::new(View {
            analysis,
            configs: self.configs.set.clone(),
            table: self.configs.table.clone(),
            today: self.configs.today,
            diagnostics,
            warnings: self.configs.warnings.clone(),
            engine,
            fixes: Mutex::default(),
        })))
    }

    /// Takes over what editors show.
    fn show(&mut self, open: &BTreeMap<String, Open>, work: &mut Work) {
        let shown: Vec<String> = self.live.texts().keys().cloned().collect();
        for path in shown.into_iter().filter(|path| !open.contains_key(path)) {
            self.live.show(&path, None);
            // What was saved meanwhile may not have been said.
            self.live.forget(&path);
            match self.live.is_saved(&path) {
                true => work.changed.add_file(&path),
                false => work.changed.add_gone(&path),
            }
            work.choose |= self.home.loose || !self.is_walked(&path);
            work.configs |= self.configs.concern(&path);
        }
        for (path, open) in open {
            let known = self.live.texts().get(path);
            if known.is_some_and(|known| Arc::ptr_eq(known, &open.file)) {
                continue;
            }
            let opened = known.is_none();
            let same = opened
                && self
                    .live
                    .read(path)
                    .is_ok_and(|disk| disk.text == open.file.text);
            self.live.show(path, Some(open.file.clone()));
            let unknown = opened && !self.is_walked(path);
            work.choose |= unknown || (opened && self.home.loose);
            // It may have been made since the walk, by someone who does not say so.
            work.walk |= unknown && same;
            work.configs |= !same && self.configs.concern(path);
            work.changed.add_file(path);
        }
    }

    fn is_walked(&self, path: &str) -> bool {
        let candidates = &self.walked.candidates;
        let at = candidates.binary_search_by(|candidate| (*candidate.path).cmp(path));
        at.is_ok()
    }

    /// A file changed on disk.
    fn happened(&mut self, path: &str, happened: Happened, work: &mut Work) {
        let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
        let concerns = self.configs.concern(path);
        let is_known = self.is_walked(path) || self.live.knows(path);
        if matches!(name, ".gitignore" | ".ignore") {
            self.live.forget(path);
            work.walk = true;
            return;
        }
        if !(is_known || concerns || is_config(path) || is_walked(path)) {
            return;
        }
        let below = format!("{path}/");
        let candidates = &self.walked.candidates;
        let at = candidates.partition_point(|candidate| *candidate.path < *below);
        let was_folder = candidates
            .get(at)
            .is_some_and(|c| c.path.starts_with(&below));
        self.live.forget(path);
        if was_folder || (happened == Happened::Made && self.live.is_folder(path)) {
            self.live.forget_below(path);
            work.changed.add_folder(path);
            work.walk = true;
            work.configs = true;
            return;
        }
        work.configs |= concerns || (is_config(path) && happened != Happened::Written);
        match happened {
            Happened::Gone => {
                work.changed.add_gone(path);
                work.walk = true;
            }
            Happened::Made => {
                work.changed.add_file(path);
                work.walk = true;
            }
            // Of a file that nobody asked for and no walk found there is nothing to say anew.
            Happened::Written if is_known => work.changed.add_file(path),
            Happened::Written => {}
        }
    }

    fn walk(&mut self, work: &mut Work) {
        if self.home.loose {
            return;
        }
        let walked = discover(&self.live, &[PathArg::new("")], &Options::default());
        let paths = |found: &Found| -> BTreeSet<Arc<str>> {
            found.candidates.iter().map(|c| c.path.clone()).collect()
        };
        let (old, new) = (paths(&self.walked), paths(&walked));
        for gone in old.difference(&new) {
            work.changed.add_gone(gone);
        }
        for made in new.difference(&old) {
            self.live.forget(made);
            work.changed.add_file(made);
        }
        work.choose |= old != new || self.walked.errors != walked.errors;
        work.configs |= self.walked.configs != walked.configs;
        self.walked = walked;
    }

    fn load_configs(&mut self, work: &mut Work) -> Result<(), String> {
        let changed = self
            .configs
            .load(&self.live, &self.walked.configs, &self.settings);
        work.forget |= changed;
        let limits = self.configs.set.limits();
        if limits != self.live.limits() {
            let mut live = Live::new(&self.home.folder, limits)
                .map_err(|error| format!("{}: {error}", self.home.folder.display()))?;
            for (path, text) in self.live.texts() {
                live.show(path, Some(text.clone()));
            }
            self.live = live;
            work.forget = true;
        }
        // Mistakes are shown even where the settings stay.
        work.choose = true;
        Ok(())
    }

    /// The files to look at: those of the walk and those that are only in an editor so far.
    fn choose(&mut self) {
        let mut found = self.walked.clone();
        for path in self.live.texts().keys() {
            let unsaved = || !self.is_walked(path) && !self.live.is_saved(path);
            if self.home.loose || unsaved() {
                found.candidates.extend(Candidate::walked(path));
            }
        }
        found.candidates.sort_by(|a, b| a.path.cmp(&b.path));
        let set = &self.configs.set;
        found.filter(false, &|path| set.chosen(path));
        self.found = found;
    }

    /// Analyses what changed. `fixes`: whether those of all findings are written.
    pub(super) fn run(&mut self, changed: &Changed, fixes: bool) -> Analysis {
        let (set, table, today) = (&self.configs.set, &self.configs.table, self.configs.today);
        let request = Request {
            workspace: &self.live,
            found: self.found.clone(),
            settings_for: &|path| set.settings_for(path),
            model_for: &|provider, model| table.resolve(provider, model, today),
            insists: &|_| false,
            filter: Filter {
                min_severity: self.settings.min_severity,
                pedantic: self.settings.pedantic,
                ..Filter::default()
            },
            list_files: false,
            prices_as_of: table.as_of().to_string(),
            notices: Vec::new(),
            accepted: None,
            fixes,
        };
        engine::analyse_again(&request, &mut self.memo, changed)
    }
}
