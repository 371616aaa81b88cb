//! Files of a git tree behind the same trait as a folder: what is tracked counts, whatever `.gitignore` says, and
//! nothing is checked out. A working tree is a tree with changes: what did not change has the same text, and two
//! snapshots of one store hold it once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use rayon::prelude::*;

use super::git::{Blobs, Change, Content, Kind, Repository, TreeEntry};
use super::{normalize, slashed, Disk, Entry, Limits, ReadError, Walk, Walked, Workspace};
use crate::reads::Changed;
use crate::source::{stable_hash, SourceFile};

type Kept = Result<Arc<SourceFile>, ReadError>;

/// How many independent locks the kept texts are spread over.
const SHARDS: usize = 16;
/// Links that are followed for one path.
const MOST_LINKS: usize = 40;
/// Bytes that are held of blobs which were looked into, each and all together.
const HELD_BLOB: usize = 256 << 10;
const HELD: usize = 256 << 20;
/// Readers at a time that read ahead.
const READERS: usize = 4;

/// Texts by path and object name, shared by the snapshots of a run.
pub struct Store {
    blobs: Blobs,
    texts: [RwLock<HashMap<(String, String), Kept>>; SHARDS],
    /// Small blobs by object name: most files are looked into before they are read, and by both sides.
    held: [RwLock<HashMap<String, Arc<Vec<u8>>>>; SHARDS],
    bytes: AtomicUsize,
}

impl Store {
    pub fn new(repository: &Repository) -> Store {
        Store {
            blobs: repository.blobs(),
            texts: Default::default(),
            held: Default::default(),
            bytes: AtomicUsize::new(0),
        }
    }

    /// Reads ahead what several snapshots will ask for: small blobs, each once.
    pub fn read_ahead<'o>(&self, objects: impl Iterator<Item = &'o str>) {
        let mut known = HashSet::new();
        // In the order of their paths: git packs versions of a file by each other.
        let objects: Vec<&str> = objects.filter(|object| known.insert(*object)).collect();
        let share = objects
            .len()
            .div_ceil(rayon::current_num_threads().clamp(1, READERS));
        objects.par_chunks(share.max(1)).for_each(|objects| {
            let hold = |object: &str, bytes| self.hold(object, bytes);
            self.blobs.each(objects, HELD_BLOB as u64, hold);
        });
    }

    fn hold(&self, object: &str, bytes: Vec<u8>) {
        if self.bytes.fetch_add(bytes.len(), Ordering::Relaxed) < HELD {
            let shard = &self.held[stable_hash(&[object]) as usize % SHARDS];
            let mut held = shard.write().unwrap_or_else(PoisonError::into_inner);
            held.insert(object.to_string(), Arc::new(bytes));
        }
    }

    /// A blob as a file of a path.
    fn text(&self, path: &str, object: &str, limit: u64) -> Kept {
        let shard = &self.texts[stable_hash(&[object]) as usize % SHARDS];
        let key = (path.to_string(), object.to_string());
        let kept = shard.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get(&key) {
            return known.clone();
        }
        drop(kept);
        let loaded = self.load(path, object, limit);
        if matches!(loaded, Err(ReadError::TooLarge(..))) {
            return loaded;
        }
        // Two threads may have loaded it: the first one's text is everyone's.
        let mut kept = shard.write().unwrap_or_else(PoisonError::into_inner);
        kept.entry(key).or_insert(loaded).clone()
    }

    fn load(&self, path: &str, object: &str, limit: u64) -> Kept {
        let bytes = self.start(object, limit, limit)?;
        let file = SourceFile::from_bytes(path.into(), bytes);
        if file.binary {
            return Err(ReadError::Binary);
        }
        Ok(Arc::new(file))
    }

    /// At most `most` bytes of a blob that is no larger than `limit`.
    fn start(&self, object: &str, most: u64, limit: u64) -> Result<Vec<u8>, ReadError> {
        let shard = &self.held[stable_hash(&[object]) as usize % SHARDS];
        let held = shard.read().unwrap_or_else(PoisonError::into_inner);
        let cut = |bytes: &[u8]| {
            let end = usize::try_from(most).map_or(bytes.len(), |most| most.min(bytes.len()));
            bytes[..end].to_vec()
        };
        if let Some(known) = held.get(object) {
            return Ok(cut(known));
        }
        drop(held);
        let whole = (HELD_BLOB as u64).max(most.min(limit));
        let (bytes, size) = self.blobs.read(object, whole)?;
        if size > limit {
            return Err(ReadError::TooLarge(size, limit));
        }
        let out = cut(&bytes);
        if bytes.len() as u64 == size && bytes.len() <= HELD_BLOB {
            self.hold(object, bytes);
        }
        Ok(out)
    }
}

/// Where the text of a path is.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Node {
    /// In the object database.
    Blob(String),
    /// In the working tree; the blob it replaces.
    Disk(Option<String>),
    /// Elsewhere: what the link says.
    Link(String),
}

/// The files of one revision, or of the working tree, below the root of a run.
pub struct Snapshot<'s> {
    store: &'s Store,
    /// The root of the run in the working tree, where there is one.
    disk: Option<&'s Disk>,
    limits: Limits,
    nodes: BTreeMap<String, Node>,
    /// By folder (`""` = the root), sorted.
    folders: BTreeMap<String, Vec<Entry>>,
    links: bool,
    submodules: Vec<String>,
}

impl<'s> Snapshot<'s> {
    /// A tree below a folder of the repository (`""`: all of it).
    pub fn of_tree(store: &'s Store, root: &str, entries: &[TreeEntry], limits: Limits) -> Self {
        let mut snapshot = Snapshot {
            store,
            disk: None,
            limits,
            nodes: BTreeMap::new(),
            folders: BTreeMap::new(),
            links: false,
            submodules: Vec::new(),
        };
        for entry in entries {
            let Some(path) = below(root, &entry.path) else {
                continue;
            };
            snapshot.put(path, entry.kind, || Some(entry.object.clone()));
        }
        snapshot.index();
        snapshot
    }

    /// A tree with changes, whose newer texts are on disk.
    pub fn of_changes(mut self, disk: &'s Disk, root: &str, changes: &[Change]) -> Self {
        self.disk = Some(disk);
        for change in changes {
            let Some(path) = below(root, &change.path) else {
                continue;
            };
            self.nodes.remove(path);
            match (&change.content, change.kind) {
                (Content::Gone, _) => {}
                (Content::Object(name), kind) => self.put(path, kind, || Some(name.clone())),
                (Content::Disk, Kind::File) => {
                    let node = Node::Disk(change.before.clone());
                    self.nodes.insert(path.to_string(), node);
                }
                (Content::Disk, kind) => {
                    if let Ok(target) = fs::read_link(disk.root().join(path)) {
                        self.nodes
                            .insert(path.to_string(), Node::Link(slashed(&target)));
                        self.links = true;
                    } else {
                        self.put(path, kind, || None);
                    }
                }
            }
        }
        self.index();
        self
    }

    /// The blob that a path stands for, where it is one.
    pub fn object(&self, path: &str) -> Option<&str> {
        match self.nodes.get(path)? {
            Node::Blob(object) => Some(object),
            Node::Disk(_) | Node::Link(_) => None,
        }
    }

    /// The same files under other limits.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Folders that belong to another repository: nothing of them is read.
    pub fn submodules(&self) -> &[String] {
        &self.submodules
    }

    /// The files that differ from an older snapshot, with links that lead to one of them.
    pub fn changed_since(&self, older: &Snapshot) -> Changed {
        let mut out = Changed::default();
        for (path, node) in &self.nodes {
            match older.nodes.get(path) {
                Some(before) if before == node => {}
                Some(_) => out.add_file(path),
                None => out.add_made(path),
            }
        }
        let gone = older.nodes.keys();
        let gone = gone.filter(|path| !self.nodes.contains_key(*path));
        gone.for_each(|path| out.add_gone(path));
        for side in [self, older] {
            side.add_links(&mut out);
        }
        out
    }

    fn add_links(&self, changed: &mut Changed) {
        for (path, node) in &self.nodes {
            let (Node::Link(_), Ok(target)) = (node, self.resolved(path)) else {
                continue;
            };
            let below = |file: &str| below(&target, file).is_some();
            if changed.holds(&target) {
                changed.add_file(path);
            } else if self.folders.contains_key(&target) && changed.files().any(below) {
                // Any file below may have been read by another path.
                changed.add_all();
            }
        }
    }

    fn put(&mut self, path: &str, kind: Kind, object: impl FnOnce() -> Option<String>) {
        let node = match (kind, object()) {
            (Kind::File, Some(object)) => Node::Blob(object),
            (Kind::Link, Some(object)) => {
                let target = self.store.start(&object, 4096, 4096).unwrap_or_default();
                self.links = true;
                Node::Link(String::from_utf8_lossy(&target).into_owned())
            }
            (Kind::Submodule, _) => {
                self.submodules.push(path.to_string());
                return;
            }
            _ => return,
        };
        self.nodes.insert(path.to_string(), node);
    }

    fn index(&mut self) {
        let mut folders: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        folders.insert(String::new(), Vec::new());
        for path in self.nodes.keys() {
            let (mut folder, mut name) = path.rsplit_once('/').unwrap_or(("", path));
            let mut is_folder = false;
            loop {
                let known = folders.contains_key(folder);
                folders.entry(folder.to_string()).or_default().push(Entry {
                    name: name.to_string(),
                    folder: is_folder,
                });
                if folder.is_empty() || known {
                    break;
                }
                (folder, name) = folder.rsplit_once('/').unwrap_or(("", folder));
                is_folder = true;
            }
        }
        for entries in folders.values_mut() {
            entries.sort();
        }
        self.folders = folders;
    }

    /// The path that a path leads to, its links resolved.
    fn resolved(&self, path: &str) -> Result<String, ReadError> {
        let mut path = normalize(path).ok_or(ReadError::Outside)?;
        let mut followed = 0;
        while let Some((at, target)) = self.first_link(&path) {
            followed += 1;
            if followed > MOST_LINKS {
                return Err(ReadError::Io("too many levels of links".into()));
            }
            if target.starts_with('/') {
                return Err(ReadError::Outside);
            }
            let folder = path[..at].rsplit_once('/').map_or("", |(folder, _)| folder);
            let joined = format!("{folder}/{target}{}", &path[at..]);
            let joined = joined.trim_start_matches('/');
            path = normalize(joined).ok_or(ReadError::Outside)?;
        }
        Ok(path)
    }

    /// The first part of a path that is a link: where it ends, and what it says.
    fn first_link<'p>(&'p self, path: &str) -> Option<(usize, &'p str)> {
        if !self.links {
            return None;
        }
        let ends = path.match_indices('/').map(|(at, _)| at);
        ends.chain([path.len()])
            .find_map(|at| match self.nodes.get(&path[..at]) {
                Some(Node::Link(target)) => Some((at, target.as_str())),
                _ => None,
            })
    }

    fn node(&self, path: &str) -> Result<(String, &Node), ReadError> {
        let path = self.resolved(path)?;
        match self.nodes.get(&path) {
            Some(node) => Ok((path, node)),
            None if self.folders.contains_key(&path) => Err(ReadError::Io("is a folder".into())),
            None => Err(ReadError::NotFound),
        }
    }

    fn disk(&self) -> Result<&'s Disk, ReadError> {
        self.disk.ok_or(ReadError::NotFound)
    }

    /// A file of the working tree. Where a checkout has put in `\r` that the repository does not hold, they are left
    /// out: the text that is compared is the one that would be committed.
    fn changed_file(&self, path: &str, before: Option<&str>) -> Kept {
        let file = self.disk()?.read(path)?;
        let Some(before) = before.filter(|_| file.text.contains("\r\n")) else {
            return Ok(file);
        };
        let limit = self.limits.text;
        let older = self.store.start(before, limit, limit).unwrap_or_default();
        if older.is_empty() || older.windows(2).any(|pair| pair == b"\r\n") {
            return Ok(file);
        }
        Ok(Arc::new(SourceFile::new(
            path,
            &file.text.replace("\r\n", "\n"),
        )))
    }

    fn gather(&self, folder: &str, walk: &Walk, files: &mut Vec<String>) {
        let Some(entries) = self.folders.get(folder) else {
            return;
        };
        for entry in entries {
            let path = match folder {
                "" => entry.name.clone(),
                folder => format!("{folder}/{}", entry.name),
            };
            if !entry.folder {
                if !matches!(self.nodes.get(&path), Some(Node::Link(_))) {
                    files.push(path);
                }
            } else if (walk.enter)(&path) {
                self.gather(&path, walk, files);
            }
        }
    }
}

/// A path of the repository as one below a folder of it.
fn below<'p>(root: &str, path: &'p str) -> Option<&'p str> {
    if root.is_empty() {
        return Some(path);
    }
    path.strip_prefix(root)?.strip_prefix('/')
}

impl Workspace for Snapshot<'_> {
    fn read(&self, path: &str) -> Kept {
        let (found, node) = self.node(path)?;
        match node {
            // What is reached by a link bears the name it was asked for.
            Node::Blob(object) => self.store.text(path, object, self.limits.text),
            Node::Disk(before) => self.changed_file(&found, before.as_deref()),
            Node::Link(_) => Err(ReadError::NotFound),
        }
    }

    fn open<'a>(&'a self, path: &str) -> Result<Box<dyn Read + 'a>, ReadError> {
        let (found, node) = self.node(path)?;
        match node {
            Node::Blob(object) => {
                let (limit, size) = (self.limits.of(path), self.store.blobs.size(object)?);
                if size > limit {
                    return Err(ReadError::TooLarge(size, limit));
                }
                Ok(Box::new(self.store.blobs.stream(object)?))
            }
            Node::Disk(_) => self.disk()?.open(&found),
            Node::Link(_) => Err(ReadError::NotFound),
        }
    }

    fn exists(&self, path: &str) -> bool {
        self.node(path).is_ok()
    }

    fn peek(&self, path: &str, most: u64) -> Result<Vec<u8>, ReadError> {
        let (found, node) = self.node(path)?;
        match node {
            Node::Blob(object) => {
                let limit = self.limits.of(path);
                self.store.start(object, most.min(limit), limit)
            }
            Node::Disk(_) => self.disk()?.peek(&found, most),
            Node::Link(_) => Err(ReadError::NotFound),
        }
    }

    fn list(&self, folder: &str) -> Vec<Entry> {
        let resolved = self.resolved(folder).ok();
        let entries = resolved.and_then(|folder| self.folders.get(&folder));
        entries.cloned().unwrap_or_default()
    }

    /// Ignore files do not count: what is tracked was meant to be.
    fn walk(&self, folder: &str, walk: &Walk) -> Walked {
        let start = match self.resolved(folder) {
            Ok(start) if self.folders.contains_key(&start) => start,
            found => {
                let error = found.err().unwrap_or(ReadError::NotFound);
                return Walked {
                    files: Vec::new(),
                    errors: vec![(folder.to_string(), error.to_string())],
                };
            }
        };
        let mut walked = Walked::default();
        self.gather(&start, walk, &mut walked.files);
        walked.files.sort();
        walked
    }

    fn is_folder(&self, path: &str) -> bool {
        self.resolved(path)
            .is_ok_and(|path| self.folders.contains_key(&path))
    }
}
