//! What follows an analysis: diagnostics that are pushed, or the word to pull them; hints and lenses that are to be
//! asked for again; the progress of the first scan.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{json, Value};

use super::prompts::touching;
use super::server::{Expected, Server};
use super::state::{Latest, Root};
use super::worker::{Outcome, ProjectId};

/// The token of the progress of the first scan.
pub const PROGRESS: &str = "prefixlint/scan";

/// What the client knows of a file.
pub struct Published {
    root: ProjectId,
    path: String,
    result_id: String,
    /// Of the document, where it was open.
    version: Option<i32>,
}

/// What is told to a client of a file: nothing is an id without diagnostics.
const NOTHING: &str = "";

impl Server {
    /// An analysis is over.
    pub(super) fn analysed(&mut self, outcome: Outcome) {
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
            self.publish(outcome.project, first, old.as_ref());
        }
        self.answer_waiting();
        if first {
            self.end_progress();
        }
    }

    /// Tells the client what is new of a root.
    fn publish(&mut self, id: ProjectId, first: bool, old: Option<&Latest>) {
        let others = self.tell(id);
        let client = self.state.client.clone();
        if client.pulls_diagnostics && client.refreshes_diagnostics && (first || others) {
            self.ask(
                "workspace/diagnostic/refresh",
                Value::Null,
                Expected::Nothing,
            );
        }
        if (client.refreshes_hints || client.refreshes_lenses)
            && (first || self.shows_otherwise(id, old))
        {
            self.refresh_shown();
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
        let edited: BTreeSet<String> = {
            let open = self.state.open_in(id);
            open.filter(|(path, document)| versions.get(*path) != Some(&document.version))
                .map(|(path, _)| path.to_string())
                .collect()
        };
        let mut paths: BTreeSet<String> = view.diagnostics.keys().map(|p| p.to_string()).collect();
        paths.extend(versions.keys().cloned());
        let known = self.published.values().filter(|known| known.root == id);
        paths.extend(known.map(|known| known.path.clone()));
        let mut others = false;
        // What was typed since then has an analysis of its own to come.
        for path in paths.difference(&edited) {
            if !self.state.owns(id, path) {
                continue;
            }
            let uri = self.state.uri_of(id, path);
            let version = versions.get(path).copied();
            let known = self.published.get(&uri);
            let now = view.diagnostics.get(path.as_str());
            let result_id = now.map_or(NOTHING, |now| now.result_id.as_str());
            let same = known.map_or(NOTHING, |known| known.result_id.as_str()) == result_id;
            let retyped = version.is_some() && known.and_then(|known| known.version) != version;
            if same && !retyped {
                continue;
            }
            others |= !same && !retyped;
            if !self.state.client.pulls_diagnostics {
                let mut params = json!({ "uri": uri });
                if let Some(version) = version {
                    params["version"] = version.into();
                }
                params["diagnostics"] =
                    now.map_or_else(|| json!([]), |now| now.items.clone().into());
                self.notify("textDocument/publishDiagnostics", params);
            }
            let result_id = result_id.to_string();
            if version.is_none() && result_id == NOTHING {
                self.published.remove(&uri);
            } else {
                let path = path.clone();
                self.published.insert(
                    uri,
                    Published {
                        root: id,
                        path,
                        result_id,
                        version,
                    },
                );
            }
        }
        others
    }

    /// Whether hints or lenses of an open document that was not edited changed.
    fn shows_otherwise(&self, id: ProjectId, old: Option<&Latest>) -> bool {
        let Some(now) = self.state.root(id).and_then(|root| root.latest.as_ref()) else {
            return false;
        };
        let Some(old) = old else { return true };
        let unedited = now
            .versions
            .iter()
            .filter(|(path, version)| old.versions.get(*path) == Some(version));
        let mut unedited = unedited.map(|(path, _)| path.as_str());
        unedited.any(|path| figures(old, path) != figures(now, path))
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
        let (gone, kept) = all.into_iter().partition(|(_, known)| known.root == id);
        self.published = kept;
        self.unsay(gone);
    }

    pub(super) fn clear_all(&mut self) {
        let all = std::mem::take(&mut self.published);
        self.unsay(all);
        if self.state.client.pulls_diagnostics && self.state.client.refreshes_diagnostics {
            self.ask(
                "workspace/diagnostic/refresh",
                Value::Null,
                Expected::Nothing,
            );
        }
    }

    fn unsay(&self, gone: std::collections::BTreeMap<String, Published>) {
        if self.state.client.pulls_diagnostics {
            return;
        }
        let said = gone
            .into_iter()
            .filter(|(_, known)| known.result_id != NOTHING);
        for (uri, _) in said {
            let params = json!({ "uri": uri, "diagnostics": [] });
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

/// What hints and lenses of a document show, in one number.
fn figures(latest: &Latest, path: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    for judged in touching(&latest.view, path) {
        judged.prompt.id.hash(&mut hasher);
        for figure in [
            judged.total,
            judged.boundary,
            judged.plan.now.read,
            judged.plan.now.usd_per_1k_calls,
        ] {
            figure.to_bits().hash(&mut hasher);
        }
    }
    hasher.finish()
}
