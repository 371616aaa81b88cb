//! What follows an analysis: diagnostics that are pushed, or the word to pull them; hints and lenses that are to be
//! asked for again; the progress of the first scan.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use serde_json::{json, Value};

use super::project::View;
use super::prompts::places;
use super::server::{Expected, Server};
use super::state::{Latest, Root};
use super::worker::{Outcome, ProjectId};

/// The token of the progress of the first scan.
pub const PROGRESS: &str = "prefixlint/scan";

/// What the client knows of a file.
pub struct Published {
    uri: String,
    result_id: String,
    /// Of the document, where it was open.
    version: Option<i32>,
}

/// By root and path.
pub type All = BTreeMap<(ProjectId, String), Published>;

/// What is told to a client of a file: nothing is an id without diagnostics.
const NOTHING: &str = "";

impl Server {
    /// An analysis is over.
    pub(super) fn analysed(&mut self, outcome: Outcome) {
        self.trace(&outcome);
        let Some(root) = self.state.root_mut(outcome.project) else {
            return;
        };
        let first = !root.scanned;
        root.scanned = true;
        let (mut old, mut failed) = (None, None);
        match outcome.view {
            Ok(Some(view)) => {
                root.failed = None;
                old = root.latest.replace(Latest {
                    version: outcome.version,
                    versions: outcome.versions,
                    view,
                    figures: BTreeMap::new(),
                });
            }
            Ok(None) => {
                root.failed = None;
                if let Some(latest) = &mut root.latest {
                    latest.version = outcome.version;
                    latest.versions = outcome.versions;
                }
            }
            Err(why) => {
                root.failed = Some((outcome.version, why.clone()));
                failed = Some(why);
            }
        }
        if let Some(why) = failed {
            self.log(&why);
            self.warn(&why);
        } else if self.state.settings.enable {
            self.publish(outcome.project, first, old);
        }
        self.answer_waiting();
        if first {
            self.end_progress();
        }
    }

    /// How long an analysis took, for those who look into it.
    fn trace(&self, outcome: &Outcome) {
        let Ok(Some(view)) = outcome.view.as_ref().map(Option::as_ref) else {
            return;
        };
        if self.traced {
            let ms = |time: std::time::Duration| time.as_secs_f64() * 1000.0;
            let message = format!(
                "analysed in {:.2} ms, of which the engine took {:.2} ms",
                ms(outcome.took),
                ms(view.engine)
            );
            self.notify("$/logTrace", json!({ "message": message }));
        }
    }

    /// Tells the client what is new of a root.
    fn publish(&mut self, id: ProjectId, first: bool, old: Option<Latest>) {
        let others = self.tell(id);
        let client = self.state.client.clone();
        if client.pulls_diagnostics && client.refreshes_diagnostics && (first || others) {
            self.ask(
                "workspace/diagnostic/refresh",
                Value::Null,
                Expected::Nothing,
            );
        }
        if client.refreshes_hints || client.refreshes_lenses {
            let otherwise = self.shows_otherwise(id, old);
            if first || otherwise {
                self.refresh_shown();
            }
        }
        let warnings = self.state.root(id).and_then(|root| root.latest.as_ref());
        let warnings = warnings.map_or_else(Vec::new, |latest| latest.view.warnings.clone());
        for warning in warnings {
            self.warn(&warning);
        }
    }

    /// Pushes what differs from what the client knows; whether that is so of documents that were not edited.
    fn tell(&mut self, id: ProjectId) -> bool {
        let Some(latest) = self.state.root(id).and_then(|root| root.latest.as_ref()) else {
            return false;
        };
        let view = latest.view.clone();
        let versions = latest.versions.clone();
        // What was typed since then has an analysis of its own to come.
        let open = self.state.open_in(id);
        let late = open.filter(|(path, document)| versions.get(*path) != Some(&document.version));
        let late: BTreeSet<String> = late.map(|(path, _)| path.to_string()).collect();
        let known = self
            .published
            .range((id, String::new())..(id + 1, String::new()));
        let known: Vec<String> = known.map(|((_, path), _)| path.clone()).collect();
        let mut paths: BTreeSet<&str> = view.diagnostics.keys().map(|path| &**path).collect();
        paths.extend(versions.keys().chain(&known).map(String::as_str));
        let mut others = false;
        for path in paths.into_iter().filter(|path| !late.contains(*path)) {
            let now = view.diagnostics.get(path);
            let result_id = now.map_or(NOTHING, |now| now.result_id.as_str());
            let key = (id, path.to_string());
            let known = self.published.get(&key);
            let same = known.map_or(NOTHING, |known| known.result_id.as_str()) == result_id;
            let version = versions.get(path).copied();
            let retyped = version.is_some() && known.and_then(|known| known.version) != version;
            if (same && !retyped) || !self.state.owns(id, path) {
                continue;
            }
            others |= !same && !retyped;
            let items = now.map_or_else(Vec::new, |now| now.items.clone());
            self.push(key, result_id, version, items);
        }
        others
    }

    /// Tells of one file.
    fn push(
        &mut self,
        key: (ProjectId, String),
        result_id: &str,
        version: Option<i32>,
        items: Vec<Value>,
    ) {
        let uri = self.state.uri_of(key.0, &key.1);
        let before = self.published.remove(&key);
        if !self.state.client.pulls_diagnostics {
            // The client names the file otherwise than before.
            if let Some(before) = before.filter(|before| before.uri != uri) {
                self.unsay(before);
            }
            let mut params = json!({ "uri": uri });
            if let Some(version) = version {
                params["version"] = version.into();
            }
            params["diagnostics"] = items.into();
            self.notify("textDocument/publishDiagnostics", params);
        }
        if version.is_some() || result_id != NOTHING {
            let published = Published {
                uri,
                result_id: result_id.to_string(),
                version,
            };
            self.published.insert(key, published);
        }
    }

    /// Whether hints or lenses of an open document that was not edited changed.
    fn shows_otherwise(&mut self, id: ProjectId, old: Option<Latest>) -> bool {
        let Some(now) = self
            .state
            .root_mut(id)
            .and_then(|root| root.latest.as_mut())
        else {
            return false;
        };
        // Where nothing was analysed the figures are still there.
        let Some(old) = old else { return false };
        now.figures = figures(&now.view, &now.versions);
        let versions = now.versions.iter();
        let mut unedited = versions.filter(|(path, v)| old.versions.get(*path) == Some(v));
        unedited.any(|(path, _)| old.figures.get(path) != now.figures.get(path))
    }

    /// Hints and lenses are to be asked for again.
    pub(super) fn refresh_shown(&mut self) {
        let client = self.state.client.clone();
        if client.refreshes_hints {
            self.ask(
                "workspace/inlayHint/refresh",
                Value::Null,
                Expected::Nothing,
            );
        }
        if client.refreshes_lenses {
            self.ask("workspace/codeLens/refresh", Value::Null, Expected::Nothing);
        }
    }

    /// Nothing is said of a root any more.
    pub(super) fn clear(&mut self, id: ProjectId) {
        let all = std::mem::take(&mut self.published);
        let (gone, kept): (All, All) = all.into_iter().partition(|((root, _), _)| *root == id);
        self.published = kept;
        gone.into_values().for_each(|known| self.unsay(known));
    }

    /// Of files that another root speaks of by now nothing is said in the name of the old one.
    pub(super) fn clear_disowned(&mut self) {
        let all = std::mem::take(&mut self.published);
        let (kept, gone): (All, All) = all
            .into_iter()
            .partition(|((root, path), _)| self.state.owns(*root, path));
        self.published = kept;
        gone.into_values().for_each(|known| self.unsay(known));
    }

    pub(super) fn clear_all(&mut self) {
        let all = std::mem::take(&mut self.published);
        all.into_values().for_each(|known| self.unsay(known));
        if self.state.client.pulls_diagnostics && self.state.client.refreshes_diagnostics {
            self.ask(
                "workspace/diagnostic/refresh",
                Value::Null,
                Expected::Nothing,
            );
        }
    }

    fn unsay(&self, known: Published) {
        if !self.state.client.pulls_diagnostics && known.result_id != NOTHING {
            let mut params = json!({ "uri": known.uri, "diagnostics": [] });
            if let Some(version) = known.version {
                params["version"] = version.into();
            }
            self.notify("textDocument/publishDiagnostics", params);
        }
    }

    /// Whether a first analysis is still to come.
    pub(super) fn is_scanning(&self) -> bool {
        self.state.settings.enable && self.state.roots.iter().any(|root| !root.scanned)
    }

    /// The client is ready to show the progress.
    pub(super) fn begin_progress(&mut self) {
        if self.is_scanning() {
            self.progress = true;
            let value = json!({
                "kind": "begin",
                "title": "prefixlint",
                "message": "reading prompts",
                "cancellable": false,
            });
            self.notify("$/progress", json!({ "token": PROGRESS, "value": value }));
        }
    }

    fn end_progress(&mut self) {
        if self.progress && !self.is_scanning() {
            self.progress = false;
            let prompts: usize = self.state.roots.iter().map(prompts_of).sum();
            let text = crate::report::counted(prompts, "prompt");
            let value = json!({ "kind": "end", "message": text });
            self.notify("$/progress", json!({ "token": PROGRESS, "value": value }));
        }
    }
}

fn prompts_of(root: &Root) -> usize {
    let latest = root.latest.as_ref();
    latest.map_or(0, |latest| latest.view.analysis.prompts.len())
}

/// What hints and lenses of each open document show, in one number.
fn figures(view: &View, versions: &BTreeMap<String, i32>) -> BTreeMap<String, u64> {
    let mut out: BTreeMap<&str, DefaultHasher> = BTreeMap::new();
    for judged in &view.analysis.prompts {
        let mut last: Option<&Arc<str>> = None;
        let mut paths: BTreeSet<&str> = BTreeSet::new();
        for place in places(judged) {
            // Most pieces of a prompt stand in one file.
            if last.is_some_and(|last| Arc::ptr_eq(last, &place.path)) {
                continue;
            }
            last = Some(&place.path);
            if versions.contains_key(&*place.path) {
                paths.insert(&place.path);
            }
        }
        for path in paths {
            let hasher = out.entry(path).or_default();
            judged.prompt.id.hash(hasher);
            for figure in [
                judged.total,
                judged.boundary,
                judged.plan.now.read,
                judged.plan.now.usd_per_1k_calls,
            ] {
                figure.to_bits().hash(hasher);
            }
        }
    }
    let numbers = out.into_iter();
    numbers
        .map(|(path, hasher)| (path.to_string(), hasher.finish()))
        .collect()
}
