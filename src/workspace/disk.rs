//! Files of a folder on disk. Reads are kept for the run; links that leave the root are refused.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ignore::{WalkBuilder, WalkState};

use super::{normalize, slashed, Entry, Limits, ReadError, Walk, Walked, Workspace};
use crate::source::{stable_hash, SourceFile};

type Kept = Result<Arc<SourceFile>, ReadError>;

/// How many independent locks the kept reads are spread over.
const SHARDS: usize = 16;

pub struct Disk {
    root: PathBuf,
    limits: Limits,
    kept: [RwLock<BTreeMap<String, Kept>>; SHARDS],
    /// Whether a folder, its links resolved, lies inside the root.
    folders: RwLock<BTreeMap<PathBuf, bool>>,
}

impl Disk {
    /// # Errors
    /// What the operating system says when the root is not a folder that can be opened.
    pub fn new(root: &Path, limits: Limits) -> Result<Disk, ReadError> {
        let root = root
            .canonicalize()
            .map_err(|error| ReadError::from(&error))?;
        if !root.is_dir() {
            return Err(ReadError::Io("not a folder".into()));
        }
        Ok(Disk {
            root,
            limits,
            kept: Default::default(),
            folders: RwLock::default(),
        })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether a file was read, or could not be, and is kept.
    pub(super) fn keeps(&self, path: &str) -> bool {
        let shard = &self.kept[stable_hash(&[path]) as usize % SHARDS];
        let kept = shard.read().unwrap_or_else(PoisonError::into_inner);
        kept.contains_key(path)
    }

    /// A file changed: the next read looks at the disk.
    pub(super) fn forget(&self, path: &str) {
        let shard = &self.kept[stable_hash(&[path]) as usize % SHARDS];
        let mut kept = shard.write().unwrap_or_else(PoisonError::into_inner);
        kept.remove(path);
    }

    /// The same for a folder and all below it.
    pub(super) fn forget_below(&self, folder: &str) {
        let prefix = format!("{folder}/");
        for shard in &self.kept {
            let mut kept = shard.write().unwrap_or_else(PoisonError::into_inner);
            kept.retain(|path, _| !folder.is_empty() && !path.starts_with(&prefix));
        }
        let mut folders = self.folders.write().unwrap_or_else(PoisonError::into_inner);
        folders.clear();
    }

    /// The size of a regular file inside the root and the path to open it by.
    fn locate(&self, path: &str) -> Result<(PathBuf, u64), ReadError> {
        let path = normalize(path).ok_or(ReadError::Outside)?;
        let full = self.root.join(&path);
        let meta = fs::symlink_metadata(&full).map_err(|error| ReadError::from(&error))?;
        let meta = if meta.is_symlink() {
            let target = full
                .canonicalize()
                .map_err(|error| ReadError::from(&error))?;
            if !target.starts_with(&self.root) {
                return Err(ReadError::Outside);
            }
            fs::metadata(&target).map_err(|error| ReadError::from(&error))?
        } else {
            meta
        };
        if !full.parent().is_some_and(|folder| self.is_inside(folder)) {
            return Err(ReadError::Outside);
        }
        if meta.is_dir() {
            return Err(ReadError::Io("is a folder".into()));
        }
        // A pipe or a device could block for ever.
        if !meta.is_file() {
            return Err(ReadError::Io("not a regular file".into()));
        }
        Ok((full, meta.len()))
    }

    fn is_inside(&self, folder: &Path) -> bool {
        let known = self.folders.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(inside) = known.get(folder) {
            return *inside;
        }
        drop(known);
        let inside = folder
            .canonicalize()
            .is_ok_and(|target| target.starts_with(&self.root));
        self.folders
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(folder.to_path_buf(), inside);
        inside
    }

    fn load(&self, path: &str) -> Kept {
        let (full, size) = self.locate(path)?;
        // Of files of rows, too, no more than this is held.
        let limit = self.limits.text;
        if size > limit {
            return Err(ReadError::TooLarge(size, limit));
        }
        // The file may grow between the two looks: never take more than the limit.
        let bytes = read_at_most(&full, size, limit + 1)?;
        if bytes.len() as u64 > limit {
            return Err(ReadError::TooLarge(bytes.len() as u64, limit));
        }
        let file = SourceFile::from_bytes(path.into(), bytes);
        if file.binary {
            return Err(ReadError::Binary);
        }
        Ok(Arc::new(file))
    }
}

/// `size` is what the file is expected to hold: bytes are read into one piece of memory of that size.
fn read_at_most(path: &Path, size: u64, most: u64) -> Result<Vec<u8>, ReadError> {
    let expected = usize::try_from(size.min(most)).unwrap_or(0);
    let mut bytes = Vec::with_capacity(expected + 1);
    let file = File::open(path).map_err(|error| ReadError::from(&error))?;
    file.take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| ReadError::from(&error))?;
    Ok(bytes)
}

impl Workspace for Disk {
    fn read(&self, path: &str) -> Kept {
        let shard = &self.kept[stable_hash(&[path]) as usize % SHARDS];
        let kept = shard.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get(path) {
            return known.clone();
        }
        drop(kept);
        let loaded = self.load(path);
        // Two threads may have loaded it: the first one's text is everyone's.
        shard
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(path.to_string())
            .or_insert(loaded)
            .clone()
    }

    fn open<'a>(&'a self, path: &str) -> Result<Box<dyn Read + 'a>, ReadError> {
        let (full, size) = self.locate(path)?;
        let limit = self.limits.of(path);
        if size > limit {
            return Err(ReadError::TooLarge(size, limit));
        }
        let file = File::open(full).map_err(|error| ReadError::from(&error))?;
        // What is written behind its end from now on is not read.
        Ok(Box::new(file.take(size)))
    }

    fn exists(&self, path: &str) -> bool {
        let shard = &self.kept[stable_hash(&[path]) as usize % SHARDS];
        let kept = shard.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get(path) {
            match known {
                Ok(_) => return true,
                Err(ReadError::NotFound | ReadError::Outside) => return false,
                Err(_) => {}
            }
        }
        drop(kept);
        self.locate(path).is_ok()
    }

    fn peek(&self, path: &str, most: u64) -> Result<Vec<u8>, ReadError> {
        let (full, size) = self.locate(path)?;
        let limit = self.limits.of(path);
        if size > limit {
            return Err(ReadError::TooLarge(size, limit));
        }
        read_at_most(&full, size, most.min(limit))
    }

    fn list(&self, folder: &str) -> Vec<Entry> {
        let Some(path) = normalize(folder) else {
            return Vec::new();
        };
        let full = self.root.join(path);
        if !self.is_inside(&full) {
            return Vec::new();
        }
        let Ok(entries) = fs::read_dir(&full) else {
            return Vec::new();
        };
        let mut out: Vec<Entry> = entries
            .filter_map(Result::ok)
            .filter_map(|entry| {
                Some(Entry {
                    name: entry.file_name().to_str()?.to_string(),
                    folder: entry.file_type().ok()?.is_dir(),
                })
            })
            .collect();
        out.sort();
        out
    }

    fn walk(&self, folder: &str, walk: &Walk) -> Walked {
        let Some(folder) = normalize(folder) else {
            return Walked {
                files: Vec::new(),
                errors: vec![(folder.to_string(), ReadError::Outside.to_string())],
            };
        };
        let start = self.root.join(&folder);
        if !self.is_inside(&start) {
            let reason = if start.exists() {
                ReadError::Outside
            } else {
                ReadError::NotFound
            };
            return Walked {
                files: Vec::new(),
                errors: vec![(folder, reason.to_string())],
            };
        }
        let mut walked = if walk.ignore_files {
            self.walk_ignoring(&start, walk)
        } else {
            self.walk_all(&start, walk)
        };
        walked.files.sort();
        walked.errors.sort();
        walked
    }

    fn is_folder(&self, path: &str) -> bool {
        normalize(path).is_some_and(|path| {
            let full = self.root.join(path);
            full.is_dir() && self.is_inside(&full)
        })
    }

    fn behind_link(&self, path: &str) -> Option<String> {
        let path = normalize(path)?;
        let target = behind(&self.root.join(&path))?;
        let kept = slashed(target.strip_prefix(&self.root).ok()?);
        (kept != path).then_some(kept)
    }
}

/// Where a path leads, links resolved, also where nothing stands at their end any more.
fn behind(path: &Path) -> Option<PathBuf> {
    if let Ok(there) = path.canonicalize() {
        return Some(there);
    }
    let folder = behind(path.parent()?)?;
    let here = folder.join(path.file_name()?);
    let Ok(target) = fs::read_link(&here) else {
        return Some(here);
    };
    let target = folder.join(target);
    let ends = target.parent()?.canonicalize().ok()?;
    Some(ends.join(target.file_name()?))
}

impl Disk {
    fn relative(&self, path: &Path) -> String {
        slashed(path.strip_prefix(&self.root).unwrap_or(path))
    }

    fn walk_ignoring(&self, start: &Path, walk: &Walk) -> Walked {
        let found = Mutex::new(Walked::default());
        let enter = walk.enter;
        // The user's own global ignore file is left out: a run gives the same result on every machine.
        let walker = WalkBuilder::new(start)
            .hidden(false)
            .git_global(false)
            .require_git(false)
            .threads(walk.threads)
            .build_parallel();
        walker.run(|| {
            let mut batch = Batch {
                found: &found,
                files: Vec::new(),
            };
            Box::new(move |entry| {
                let entry = match entry {
                    Ok(entry) => entry,
                    Err(error) => {
                        batch.error(self.relative(&error_path(&error)), error_text(&error));
                        return WalkState::Continue;
                    }
                };
                let path = self.relative(entry.path());
                match entry.file_type() {
                    Some(kind) if kind.is_dir() && entry.depth() > 0 && !enter(&path) => {
                        return WalkState::Skip;
                    }
                    Some(kind) if kind.is_file() => batch.files.push(path),
                    _ => {}
                }
                WalkState::Continue
            })
        });
        found.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn walk_all(&self, start: &Path, walk: &Walk) -> Walked {
        let mut found = Walked::default();
        let entries = walkdir::WalkDir::new(start).into_iter().filter_entry(|e| {
            e.depth() == 0 || !e.file_type().is_dir() || (walk.enter)(&self.relative(e.path()))
        });
        for entry in entries {
            match entry {
                Ok(entry) if entry.file_type().is_file() => {
                    found.files.push(self.relative(entry.path()));
                }
                Ok(_) => {}
                Err(error) => {
                    let path = error.path().map_or_else(String::new, |p| self.relative(p));
                    let text = error
                        .io_error()
                        .map_or_else(|| error.to_string(), ToString::to_string);
                    found.errors.push((path, text));
                }
            }
        }
        found
    }
}

/// What one walking thread found; handed over when the thread is done.
struct Batch<'a> {
    found: &'a Mutex<Walked>,
    files: Vec<String>,
}

impl Batch<'_> {
    fn error(&self, path: String, text: String) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.errors.push((path, text));
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.files.append(&mut self.files);
    }
}

fn error_path(error: &ignore::Error) -> PathBuf {
    match error {
        ignore::Error::WithPath { path, .. } => path.clone(),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            error_path(err)
        }
        _ => PathBuf::new(),
    }
}

fn error_text(error: &ignore::Error) -> String {
    error
        .io_error()
        .map_or_else(|| error.to_string(), ToString::to_string)
}
