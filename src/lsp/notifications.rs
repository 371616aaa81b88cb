//! Notifications of the client: documents, files on disk, folders, settings.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{json, Value};

use super::configs::{folders_above, is_config};
use super::documents::uri_of;
use super::message::Refusal;
use super::server::{Expected, Server};
use super::settings::Settings;
use super::state::{folder_uri, Root};
use super::uri;
use super::worker::{Happened, ProjectId};
use crate::config::FILE_NAMES;

impl Server {
    pub(super) fn handle_notification(
        &mut self,
        method: &str,
        params: &Value,
    ) -> Result<(), Refusal> {
        match method {
            "initialized" => self.initialized(),
            "$/setTrace" => self.set_trace(&params["value"]),
            "$/cancelRequest" => self.cancel(&params["id"]),
            "textDocument/didOpen" => self.did_open(params)?,
            "textDocument/didChange" => self.did_change(params)?,
            "textDocument/didClose" => self.did_close(params)?,
            "textDocument/didSave" => self.did_save(params)?,
            "workspace/didChangeWatchedFiles" => self.files_changed(params),
            "workspace/didChangeConfiguration" => self.settings_changed(params),
            "workspace/didChangeWorkspaceFolders" => self.folders_changed(params),
            // What is not known is not for us.
            _ => {}
        }
        Ok(())
    }

    pub(super) fn set_trace(&mut self, value: &Value) {
        self.traced = matches!(value.as_str(), Some("messages" | "verbose"));
    }

    fn initialized(&mut self) {
        let client = self.state.client.clone();
        let mut registrations = Vec::new();
        if client.registers_watchers {
            // A prompt may load any file.
            let mut watchers = vec![json!({ "globPattern": "**/*" })];
            watchers.extend(self.watched_above());
            registrations.push(json!({
                "id": "watched-files",
                "method": "workspace/didChangeWatchedFiles",
                "registerOptions": { "watchers": watchers },
            }));
        }
        if client.registers_configuration {
            registrations.push(json!({
                "id": "settings",
                "method": "workspace/didChangeConfiguration",
                "registerOptions": { "section": "prefixlint" },
            }));
        }
        if !registrations.is_empty() {
            let params = json!({ "registrations": registrations });
            self.ask("client/registerCapability", params, Expected::Nothing);
        }
        if client.configuration {
            self.ask_settings();
        }
        if client.progress && self.is_scanning() {
            let params = json!({ "token": super::publish::PROGRESS });
            self.ask("window/workDoneProgress/create", params, Expected::Progress);
        }
    }

    /// Configs above the workspace hold in it: to watch them, a client must know folders of its own.
    fn watched_above(&self) -> Vec<Value> {
        let roots = self.state.roots.iter();
        let roots = roots.filter(|root| self.state.client.relative_patterns && !root.home.loose);
        let mut folders: Vec<_> = roots
            .flat_map(|root| folders_above(&root.home.folder))
            .collect();
        folders.sort();
        folders.dedup();
        let names = FILE_NAMES.join(",");
        let watcher = |folder: &PathBuf| {
            let base = uri::of_path(folder);
            json!({ "globPattern": { "baseUri": base, "pattern": format!("{{{names}}}") } })
        };
        folders.iter().map(watcher).collect()
    }

    fn ask_settings(&mut self) {
        let folders = self.state.roots.iter().filter(|root| !root.home.loose);
        let folders: Vec<_> = folders
            .map(|root| (root.id, root.home.uri.clone()))
            .collect();
        let mut items = vec![json!({ "section": "prefixlint" })];
        // One folder has the settings of the editor.
        let several = folders.iter().filter(|_| folders.len() > 1);
        items.extend(
            several
                .clone()
                .map(|(_, uri)| json!({ "scopeUri": uri, "section": "prefixlint" })),
        );
        let roots = several.map(|(id, _)| *id).collect();
        let params = json!({ "items": items });
        self.ask("workspace/configuration", params, Expected::Settings(roots));
    }

    fn did_open(&mut self, params: &Value) -> Result<(), Refusal> {
        let uri = self.state.documents.open(params)?;
        self.state.place(&uri);
        self.touch(&uri);
        Ok(())
    }

    fn did_change(&mut self, params: &Value) -> Result<(), Refusal> {
        let encoding = self.state.client.encoding;
        let uri = self.state.documents.change(params, encoding)?;
        self.outdate(&uri);
        self.touch(&uri);
        Ok(())
    }

    fn did_close(&mut self, params: &Value) -> Result<(), Refusal> {
        let document = self.state.documents.close(params)?;
        self.outdate(&document.uri);
        let (placed, gone) = self.state.unplace(&document.uri);
        if let Some(root) = placed.and_then(|(id, _)| self.state.root_mut(id)) {
            root.touch();
        }
        self.forget_roots(gone);
        Ok(())
    }

    /// The text is what the editor showed before; but the file may be new on disk.
    fn did_save(&mut self, params: &Value) -> Result<(), Refusal> {
        let uri = uri_of(params)?;
        if let Some((id, path)) = self.state.placed(uri).cloned() {
            self.happened(id, path, Happened::Written);
        }
        if let Some(path) = uri::to_path(uri) {
            self.touch_below(&path);
        }
        Ok(())
    }

    /// A config that lies above a root holds in it.
    fn touch_below(&mut self, path: &Path) {
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(folder) = path.parent().filter(|_| name.is_some_and(is_config)) else {
            return;
        };
        let roots = self.state.roots.iter_mut();
        let below =
            roots.filter(|root| root.home.folder != folder && root.home.folder.starts_with(folder));
        below.for_each(Root::touch);
    }

    /// The root of a document is to be analysed.
    fn touch(&mut self, uri: &str) {
        let placed = self.state.placed(uri).cloned();
        if let Some(root) = placed.and_then(|(id, _)| self.state.root_mut(id)) {
            root.touch();
        }
    }

    fn files_changed(&mut self, params: &Value) {
        let changes = params["changes"].as_array();
        for change in changes.into_iter().flatten() {
            let Some(path) = change["uri"].as_str().and_then(uri::to_path) else {
                continue;
            };
            let happened = match change["type"].as_u64() {
                Some(1) => Happened::Made,
                Some(3) => Happened::Gone,
                _ => Happened::Written,
            };
            self.touch_below(&path);
            // A file may lie in several roots, one within the other.
            let ids: Vec<_> = self.state.roots.iter().map(|root| root.id).collect();
            for id in ids {
                let below = self.state.root(id).and_then(|root| root.below(&path));
                if let Some(below) = below {
                    self.happened(id, below, happened);
                }
            }
        }
    }

    fn happened(&mut self, id: u32, path: String, happened: Happened) {
        if let Some(root) = self.state.root_mut(id) {
            root.happened(path, happened);
        }
    }

    fn settings_changed(&mut self, params: &Value) {
        let settings = &params["settings"];
        if self.state.client.configuration {
            self.ask_settings();
        } else if settings.is_object() {
            self.take_settings(&settings.clone());
        }
    }

    fn parsed_settings(&mut self, value: &Value) -> Settings {
        let (settings, wrong) = Settings::parse(value);
        for wrong in wrong {
            self.warn(&format!("setting prefixlint.{wrong}"));
        }
        settings
    }

    /// New settings of one root; `null`: it has none of its own. Whether the server is on is not for a folder to say.
    pub(super) fn take_settings_of(&mut self, id: ProjectId, value: &Value) {
        let own = (!value.is_null()).then(|| Arc::new(self.parsed_settings(value)));
        let old = self.state.settings_of(id).clone();
        let Some(root) = self.state.root_mut(id) else {
            return;
        };
        root.settings = own;
        let new = self.state.settings_of(id).clone();
        if !old.analyse_alike(&new) {
            self.state.root_mut(id).into_iter().for_each(Root::touch);
        }
        if old != new && self.state.roots.iter().any(|root| root.scanned) {
            self.refresh_shown();
        }
    }

    /// New settings: what they change is analysed or shown anew.
    pub(super) fn take_settings(&mut self, value: &Value) {
        let settings = self.parsed_settings(value);
        let old = self.state.settings.clone();
        if *old == settings {
            return;
        }
        let alike = old.analyse_alike(&settings);
        let toggled = old.enable != settings.enable;
        self.state.settings = settings.into();
        if !alike || (toggled && self.state.settings.enable) {
            self.state.roots.iter_mut().for_each(Root::touch);
        }
        if toggled && !self.state.settings.enable {
            self.clear_all();
            self.refuse_all();
        }
        if self.state.roots.iter().any(|root| root.scanned) {
            self.refresh_shown();
        }
    }

    fn folders_changed(&mut self, params: &Value) {
        let list = |key: &str| -> Vec<String> {
            let folders = params["event"][key].as_array();
            folders
                .into_iter()
                .flatten()
                .filter_map(folder_uri)
                .collect()
        };
        let removed = list("removed");
        let mut gone: Vec<Root> = removed
            .iter()
            .filter_map(|uri| self.state.remove_folder(uri))
            .collect();
        for uri in list("added") {
            self.state.add_folder(&uri);
        }
        gone.extend(self.state.place_all());
        self.forget_roots(gone);
        self.clear_disowned();
        if self.state.client.configuration {
            self.ask_settings();
        }
    }

    fn forget_roots(&mut self, gone: Vec<Root>) {
        for root in gone {
            if let Some(worker) = &self.worker {
                worker.close(root.id);
            }
            self.clear(root.id);
        }
        self.answer_waiting();
    }
}
