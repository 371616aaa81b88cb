//! What the server knows of the client: its folders, open documents and settings, and the latest analysis of each root.
//! Sends nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::client::Client;
use super::documents::{Document, Documents};
use super::project::View;
use super::settings::Settings;
use super::uri;
use super::worker::{Happened, Home, Job, Open, ProjectId};
use crate::workspace::slashed;

/// A workspace folder, or the folder of files that lie outside of them.
pub struct Root {
    pub id: ProjectId,
    pub home: Arc<Home>,
    /// The folder with its links resolved.
    canonical: PathBuf,
    /// Goes up with every change.
    pub version: u64,
    /// What waits to be analysed.
    pub events: BTreeMap<String, Happened>,
    pub afresh: bool,
    pub dirty: bool,
    pub latest: Option<Latest>,
    /// Whether the first analysis is over, whatever came of it.
    pub scanned: bool,
    /// The state whose analysis failed, and why.
    pub failed: Option<(u64, String)>,
    /// Where the folder has settings of its own.
    pub settings: Option<Arc<Settings>>,
}

/// The last analysis that is known here.
pub struct Latest {
    pub version: u64,
    pub versions: BTreeMap<String, i32>,
    pub view: Arc<View>,
    /// What is shown of each open document beside diagnostics, in one number; where the client can be told.
    pub figures: BTreeMap<String, u64>,
}

impl Root {
    pub fn touch(&mut self) {
        self.version += 1;
        self.dirty = true;
    }

    /// The analysis of the present state, if it is there.
    pub fn current(&self) -> Option<&Latest> {
        let latest = self.latest.as_ref()?;
        (latest.version == self.version).then_some(latest)
    }

    /// Something happened to a file on disk.
    pub fn happened(&mut self, path: String, happened: Happened) {
        let known = self.events.remove(&path);
        self.events.insert(path, happened.behind(known));
        self.touch();
    }

    /// Whether the analysis of the present state is still to come. The first one is not waited for.
    pub fn is_late(&self) -> bool {
        self.scanned && self.current().is_none() && self.failure().is_none()
    }

    /// Why there is no analysis of the present state.
    pub fn failure(&self) -> Option<&str> {
        let (version, why) = self.failed.as_ref()?;
        (*version == self.version).then_some(why)
    }

    /// The path below the root of a path of this machine.
    pub fn below(&self, path: &Path) -> Option<String> {
        let below = path.strip_prefix(&self.home.folder);
        let below = below.or_else(|_| path.strip_prefix(&self.canonical));
        below.ok().map(slashed).filter(|path| !path.is_empty())
    }
}

/// A document's root and its path there.
pub type Placed = (ProjectId, String);

#[derive(Default)]
pub struct State {
    pub client: Arc<Client>,
    pub settings: Arc<Settings>,
    pub documents: Documents,
    pub roots: Vec<Root>,
    /// Of open documents.
    placed: BTreeMap<String, Placed>,
    next: ProjectId,
}

impl State {
    /// Takes over the folders of `initialize`.
    pub fn set_folders(&mut self, params: &Value) {
        let folders = params["workspaceFolders"].as_array().cloned();
        let folders = folders.unwrap_or_default();
        let mut uris: Vec<String> = folders.iter().filter_map(folder_uri).collect();
        if uris.is_empty() {
            uris.extend(params["rootUri"].as_str().map(str::to_string));
        }
        if uris.is_empty() {
            let path = params["rootPath"].as_str();
            uris.extend(path.map(|path| uri::of_path(Path::new(path))));
        }
        for uri in uris {
            self.add_folder(&uri);
        }
    }

    /// A folder of the workspace; one that is known already, or is none, is left alone.
    pub fn add_folder(&mut self, uri: &str) {
        let Some(folder) = uri::to_path(uri) else {
            return;
        };
        let known = self
            .roots
            .iter()
            .any(|root| !root.home.loose && root.home.folder == folder);
        if !known {
            self.add_root(folder, uri.trim_end_matches('/'), false);
        }
    }

    fn add_root(&mut self, folder: PathBuf, uri: &str, loose: bool) -> ProjectId {
        let id = self.next;
        self.next += 1;
        self.roots.push(Root {
            id,
            canonical: folder.canonicalize().unwrap_or_else(|_| folder.clone()),
            home: Arc::new(Home {
                folder,
                uri: uri.to_string(),
                loose,
            }),
            version: 1,
            events: BTreeMap::new(),
            afresh: false,
            dirty: true,
            latest: None,
            scanned: false,
            failed: None,
            settings: None,
        });
        id
    }

    /// The root that is gone, if it was one.
    pub fn remove_folder(&mut self, uri: &str) -> Option<Root> {
        let folder = uri::to_path(uri)?;
        let own = |root: &Root| !root.home.loose && root.home.folder == folder;
        let at = self.roots.iter().position(own)?;
        Some(self.roots.remove(at))
    }

    pub fn root(&self, id: ProjectId) -> Option<&Root> {
        self.roots.iter().find(|root| root.id == id)
    }

    pub fn root_mut(&mut self, id: ProjectId) -> Option<&mut Root> {
        self.roots.iter_mut().find(|root| root.id == id)
    }

    /// The innermost folder of the workspace that holds a file, and the file's path there.
    pub fn find(&self, path: &Path) -> Option<Placed> {
        let within = |path: &Path| {
            let roots = self.roots.iter().filter(|root| !root.home.loose);
            roots
                .filter_map(|root| Some((root, root.below(path)?)))
                .max_by_key(|(root, _)| root.home.folder.components().count())
                .map(|(root, below)| (root.id, below))
        };
        within(path).or_else(|| {
            let folder = path.parent()?.canonicalize().ok()?;
            within(&folder.join(path.file_name()?))
        })
    }

    /// Finds the root of an open document; a file that lies in none gets one of its own.
    pub fn place(&mut self, uri: &str) -> Option<Placed> {
        let path = uri::to_path(uri)?;
        let placed = self.find(&path).or_else(|| {
            let folder = path.parent().filter(|folder| folder.is_dir())?;
            let name = path.file_name()?.to_string_lossy().into_owned();
            let own = |root: &&Root| root.home.loose && root.home.folder == folder;
            let known = self.roots.iter().find(own).map(|root| root.id);
            let id = known.unwrap_or_else(|| {
                let uri = uri::of_path(folder);
                self.add_root(folder.to_path_buf(), uri.trim_end_matches('/'), true)
            });
            Some((id, name))
        })?;
        self.placed.insert(uri.to_string(), placed.clone());
        Some(placed)
    }

    /// All open documents are placed anew: the folders changed. Roots without documents that had some are handed out.
    pub fn place_all(&mut self) -> Vec<Root> {
        self.placed.clear();
        let uris: Vec<String> = self.documents.iter().map(|d| d.uri.clone()).collect();
        for uri in uris {
            self.place(&uri);
        }
        for root in &mut self.roots {
            root.touch();
        }
        self.drop_empty()
    }

    /// A document was closed: its root, and the one that nothing is open in any more.
    pub fn unplace(&mut self, uri: &str) -> (Option<Placed>, Vec<Root>) {
        let placed = self.placed.remove(uri);
        (placed, self.drop_empty())
    }

    fn drop_empty(&mut self) -> Vec<Root> {
        let used: Vec<ProjectId> = self.placed.values().map(|(id, _)| *id).collect();
        let all = std::mem::take(&mut self.roots);
        let (kept, gone) = all
            .into_iter()
            .partition(|root| !root.home.loose || used.contains(&root.id));
        self.roots = kept;
        gone
    }

    pub fn placed(&self, uri: &str) -> Option<&Placed> {
        self.placed.get(uri)
    }

    /// The open documents of a root, with their paths there.
    pub fn open_in(&self, id: ProjectId) -> impl Iterator<Item = (&str, &Document)> {
        let own = self.placed.iter().filter(move |(_, placed)| placed.0 == id);
        own.filter_map(|(uri, (_, path))| Some((path.as_str(), self.documents.get(uri)?)))
    }

    /// The settings in force for a root: its own, else those of the editor.
    pub fn settings_of(&self, id: ProjectId) -> &Arc<Settings> {
        let own = self.root(id).and_then(|root| root.settings.as_ref());
        own.unwrap_or(&self.settings)
    }

    /// What is to be analysed of a root.
    pub fn job(&mut self, id: ProjectId) -> Option<Job> {
        let open = self
            .open_in(id)
            .map(|(path, document)| {
                let open = Open {
                    file: document.file(path),
                    version: document.version,
                    uri: document.uri.as_str().into(),
                };
                (path.to_string(), open)
            })
            .collect();
        let settings = self.settings_of(id).clone();
        let root = self.root_mut(id)?;
        root.dirty = false;
        Some(Job {
            project: id,
            version: root.version,
            home: root.home.clone(),
            settings,
            open,
            events: std::mem::take(&mut root.events),
            afresh: std::mem::take(&mut root.afresh),
        })
    }

    /// The URI of a file of a root: the client's own where it is open.
    pub fn uri_of(&self, id: ProjectId, path: &str) -> String {
        let mut open = self.open_in(id);
        match open.find(|(open, _)| *open == path) {
            Some((_, document)) => document.uri.clone(),
            None => self.root(id).map_or_else(String::new, |root| {
                super::diagnostics::uri_below(&root.home, path)
            }),
        }
    }

    /// Whether diagnostics of a path are this root's to give: not where a folder within it is a root as well.
    pub fn owns(&self, id: ProjectId, path: &str) -> bool {
        let Some(root) = self.root(id) else {
            return false;
        };
        let full = root.home.folder.join(path);
        let inner = self.roots.iter().filter(|other| {
            other.id != id && !other.home.loose && other.home.folder.starts_with(&root.home.folder)
        });
        let mut inner = inner.filter(|other| other.home.folder != root.home.folder);
        !inner.any(|other| full.starts_with(&other.home.folder))
    }
}

/// The URI of a workspace folder.
pub fn folder_uri(folder: &Value) -> Option<String> {
    folder["uri"].as_str().map(str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn state(folders: &[&Path]) -> State {
        let list: Vec<Value> = folders
            .iter()
            .map(|folder| json!({ "uri": uri::of_path(folder), "name": "x" }))
            .collect();
        let mut state = State::default();
        state.set_folders(&json!({ "workspaceFolders": list }));
        state
    }

    #[test]
    fn a_file_belongs_to_the_innermost_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("a/b");
        std::fs::create_dir_all(&inner).expect("a folder");
        let state = state(&[folder.path(), &inner]);
        assert_eq!(
            state.find(&inner.join("c.j2")),
            Some((1, "c.j2".to_string()))
        );
        assert_eq!(
            state.find(&folder.path().join("a/x.j2")),
            Some((0, "a/x.j2".to_string()))
        );
        assert_eq!(state.find(Path::new("/elsewhere/c.j2")), None);
        assert!(state.owns(0, "a/x.j2") && state.owns(1, "c.j2"));
        assert!(!state.owns(0, "a/b/c.j2"));
    }

    #[test]
    fn a_file_outside_of_all_folders_has_a_root_of_its_own_while_it_is_open() {
        let folder = tempfile::tempdir().expect("a folder");
        let other = tempfile::tempdir().expect("a folder");
        let mut state = state(&[folder.path()]);
        let uri = uri::of_path(&other.path().join("a.j2"));
        let placed = state.place(&uri).expect("its folder is there");
        assert_eq!(placed, (1, "a.j2".to_string()));
        assert!(state.root(1).expect("a root").home.loose);
        let (gone, empty) = state.unplace(&uri);
        assert_eq!((gone, empty.len()), (Some(placed), 1));
        assert_eq!(state.place("untitled:x"), None);
        assert_eq!(state.place("file:///no/such/folder/a.j2"), None);
    }
}
