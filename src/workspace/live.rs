//! A folder on disk under the texts of open editors, for many runs: what was read, listed or looked for is kept until
//! someone says that it changed. An unchanged file is the same `Arc` in every run. Knows nothing of prompts.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{normalize, Disk, Entry, Limits, ReadError, Walk, Walked, Workspace};
use crate::source::{stable_hash, SourceFile};

/// How many independent locks the kept answers are spread over.
const SHARDS: usize = 16;
/// Bytes of looks into files that are kept in all; beyond, the disk is asked again.
const MOST_PEEKED: u64 = 128 << 20;

type Peeked = (u64, Result<Arc<[u8]>, ReadError>);

/// What is known of a path.
#[derive(Default)]
struct Seen {
    exists: Option<bool>,
    folder: Option<bool>,
    list: Option<Arc<[Entry]>>,
    peek: Option<Peeked>,
    link: Option<Option<String>>,
}

pub struct Live {
    disk: Disk,
    limits: Limits,
    texts: BTreeMap<String, Arc<SourceFile>>,
    seen: [RwLock<BTreeMap<String, Seen>>; SHARDS],
    peeked: AtomicU64,
}

impl Live {
    /// # Errors
    /// What the operating system says when the root is not a folder that can be opened.
    pub fn new(root: &Path, limits: Limits) -> Result<Live, ReadError> {
        Ok(Live {
            disk: Disk::new(root, limits)?,
            limits,
            texts: BTreeMap::new(),
            seen: Default::default(),
            peeked: AtomicU64::new(0),
        })
    }

    pub fn root(&self) -> &Path {
        self.disk.root()
    }

    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The text of an editor stands for a file from now on; `None`: the disk does again.
    pub fn show(&mut self, path: &str, text: Option<Arc<SourceFile>>) {
        match text {
            Some(text) => self.texts.insert(path.to_string(), text),
            None => self.texts.remove(path),
        };
    }

    /// Whether a file is on disk, whatever is open.
    pub fn is_saved(&self, path: &str) -> bool {
        self.kept(
            path,
            |seen| &mut seen.exists,
            |seen| &seen.exists,
            || self.disk.exists(path),
        )
    }

    /// Open texts by path.
    pub fn texts(&self) -> &BTreeMap<String, Arc<SourceFile>> {
        &self.texts
    }

    /// Whether a file was asked for, or its folder was listed: only then can a change of it matter.
    pub fn knows(&self, path: &str) -> bool {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let listed = self.shard(folder).get(folder).map(|s| s.list.is_some());
        listed == Some(true) || self.shard(path).contains_key(path) || self.disk.keeps(path)
    }

    /// A file on disk was written, made or removed.
    pub fn forget(&self, path: &str) {
        self.disk.forget(path);
        self.forget_seen(|shard| {
            shard.remove(path);
        });
        let mut folder = path;
        while let Some((above, _)) = folder.rsplit_once('/').or(match folder {
            "" => None,
            _ => Some(("", "")),
        }) {
            if let Some(seen) = self.shard_mut(above).get_mut(above) {
                (seen.list, seen.folder, seen.exists) = (None, None, None);
            }
            folder = above;
        }
    }

    /// A folder was made or removed: all that is known of it and of what lies below.
    pub fn forget_below(&self, folder: &str) {
        self.disk.forget_below(folder);
        let prefix = format!("{folder}/");
        self.forget_seen(|shard| {
            shard.retain(|path, _| !folder.is_empty() && !path.starts_with(&prefix));
        });
        self.forget(folder);
    }

    fn forget_seen(&self, act: impl Fn(&mut BTreeMap<String, Seen>)) {
        for shard in &self.seen {
            act(&mut shard.write().unwrap_or_else(PoisonError::into_inner));
        }
    }

    fn shard(&self, path: &str) -> RwLockReadGuard<'_, BTreeMap<String, Seen>> {
        let shard = &self.seen[stable_hash(&[path]) as usize % SHARDS];
        shard.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn shard_mut(&self, path: &str) -> RwLockWriteGuard<'_, BTreeMap<String, Seen>> {
        let shard = &self.seen[stable_hash(&[path]) as usize % SHARDS];
        shard.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The kept answer to a question, or the disk's, which is kept.
    fn kept<T: Clone>(
        &self,
        path: &str,
        slot: fn(&mut Seen) -> &mut Option<T>,
        known: fn(&Seen) -> &Option<T>,
        ask: impl FnOnce() -> T,
    ) -> T {
        let answer = self.shard(path).get(path).and_then(|s| known(s).clone());
        if let Some(answer) = answer {
            return answer;
        }
        let answer = ask();
        *slot(self.shard_mut(path).entry(path.to_string()).or_default()) = Some(answer.clone());
        answer
    }

    fn text(&self, path: &str) -> Option<&Arc<SourceFile>> {
        match self.texts.get(path) {
            Some(text) => Some(text),
            // Paths of the engine are normal as a rule.
            None if path.contains("./") => self.texts.get(&normalize(path)?),
            None => None,
        }
    }

    /// An open text, under the limits that hold for files.
    fn open_text(&self, path: &str) -> Option<Result<&Arc<SourceFile>, ReadError>> {
        let text = self.text(path)?;
        let (size, limit) = (text.len() as u64, self.limits.of(path));
        Some(match text.binary {
            _ if size > limit => Err(ReadError::TooLarge(size, limit)),
            true => Err(ReadError::Binary),
            false => Ok(text),
        })
    }

    fn peek_disk(&self, path: &str, most: u64) -> Result<Vec<u8>, ReadError> {
        let known = self.shard(path).get(path).and_then(|s| s.peek.clone());
        if let Some((looked, bytes)) = known {
            let whole = bytes.as_ref().is_ok_and(|b| (b.len() as u64) < looked);
            if looked >= most || whole || bytes.is_err() {
                let bytes = bytes?;
                let end = usize::try_from(most).map_or(bytes.len(), |most| most.min(bytes.len()));
                return Ok(bytes[..end].to_vec());
            }
        }
        let bytes = self.disk.peek(path, most);
        let size = bytes.as_ref().map_or(0, |bytes| bytes.len() as u64);
        if self.peeked.fetch_add(size, Ordering::Relaxed) + size <= MOST_PEEKED {
            let kept = bytes.as_ref().map(|b| Arc::from(b.as_slice()));
            let kept = kept.map_err(Clone::clone);
            self.shard_mut(path)
                .entry(path.to_string())
                .or_default()
                .peek = Some((most, kept));
        } else {
            self.peeked.fetch_sub(size, Ordering::Relaxed);
        }
        bytes
    }
}

impl Workspace for Live {
    fn read(&self, path: &str) -> Result<Arc<SourceFile>, ReadError> {
        match self.open_text(path) {
            Some(text) => text.cloned(),
            None => self.disk.read(path),
        }
    }

    fn open<'a>(&'a self, path: &str) -> Result<Box<dyn Read + 'a>, ReadError> {
        match self.open_text(path) {
            Some(text) => Ok(Box::new(Cursor::new(text?.text.as_bytes()))),
            None => self.disk.open(path),
        }
    }

    fn exists(&self, path: &str) -> bool {
        self.text(path).is_some() || self.is_saved(path)
    }

    fn peek(&self, path: &str, most: u64) -> Result<Vec<u8>, ReadError> {
        match self.open_text(path) {
            Some(text) => {
                let bytes = text?.text.as_bytes();
                let end = usize::try_from(most).map_or(bytes.len(), |most| most.min(bytes.len()));
                Ok(bytes[..end].to_vec())
            }
            None => self.peek_disk(path, most),
        }
    }

    fn list(&self, folder: &str) -> Vec<Entry> {
        let listed = self.kept(
            folder,
            |s| &mut s.list,
            |s| &s.list,
            || self.disk.list(folder).into(),
        );
        let mut out = listed.to_vec();
        let folder = normalize(folder).unwrap_or_default();
        let below = self.texts.keys().filter_map(|path| match folder.as_str() {
            "" => Some(path.as_str()),
            folder => path.strip_prefix(folder)?.strip_prefix('/'),
        });
        out.extend(below.map(Entry::first_of));
        out.sort();
        out.dedup();
        out
    }

    /// Of the disk alone.
    fn walk(&self, folder: &str, walk: &Walk) -> Walked {
        self.disk.walk(folder, walk)
    }

    fn is_folder(&self, path: &str) -> bool {
        self.kept(
            path,
            |s| &mut s.folder,
            |s| &s.folder,
            || self.disk.is_folder(path),
        )
    }

    fn behind_link(&self, path: &str) -> Option<String> {
        self.kept(
            path,
            |s| &mut s.link,
            |s| &s.link,
            || self.disk.behind_link(path),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn live(files: &[(&str, &str)]) -> (tempfile::TempDir, Live) {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        let live = Live::new(folder.path(), Limits::default()).expect("it opens");
        (folder, live)
    }

    fn names(live: &Live, folder: &str) -> Vec<String> {
        live.list(folder).into_iter().map(|e| e.name).collect()
    }

    #[test]
    fn what_the_disk_said_holds_until_it_is_forgotten() {
        let (folder, live) = live(&[("a/b.txt", "one")]);
        let first = live.read("a/b.txt").expect("it is there");
        assert!(live.exists("a/b.txt") && !live.exists("a/c.txt"));
        assert_eq!(live.peek("a/b.txt", 2).as_deref(), Ok(&b"on"[..]));
        assert_eq!(names(&live, "a"), ["b.txt"]);
        fs::write(folder.path().join("a/b.txt"), "two").expect("written");
        fs::write(folder.path().join("a/c.txt"), "new").expect("written");
        assert!(Arc::ptr_eq(&first, &live.read("a/b.txt").expect("kept")));
        assert!(!live.exists("a/c.txt"));
        assert_eq!(live.peek("a/b.txt", 1).as_deref(), Ok(&b"o"[..]));
        assert_eq!(names(&live, "a"), ["b.txt"]);
        live.forget("a/b.txt");
        assert_eq!(&*live.read("a/b.txt").expect("anew").text, "two");
        assert_eq!(live.peek("a/b.txt", 9).as_deref(), Ok(&b"two"[..]));
        live.forget("a/c.txt");
        assert!(live.exists("a/c.txt"));
        assert_eq!(names(&live, "a"), ["b.txt", "c.txt"]);
    }

    #[test]
    fn a_folder_that_goes_takes_all_below_it() {
        let (folder, live) = live(&[("a/b/c.txt", "x"), ("ab.txt", "y")]);
        assert!(live.exists("a/b/c.txt") && live.exists("ab.txt") && live.is_folder("a/b"));
        assert!(live.read("a/b/c.txt").is_ok());
        fs::remove_dir_all(folder.path().join("a")).expect("removed");
        live.forget_below("a");
        assert!(live.read("a/b/c.txt").is_err() && !live.exists("a/b/c.txt"));
        assert!(!live.is_folder("a/b") && live.exists("ab.txt"));
    }

    #[test]
    fn an_open_text_stands_over_the_file_and_goes_again() {
        let (_folder, mut live) = live(&[("a.txt", "disk")]);
        assert_eq!(&*live.read("a.txt").expect("there").text, "disk");
        let text = Arc::new(SourceFile::new("a.txt", "editor"));
        live.show("a.txt", Some(text.clone()));
        live.show(
            "new/b.txt",
            Some(Arc::new(SourceFile::new("new/b.txt", ""))),
        );
        assert!(Arc::ptr_eq(&text, &live.read("./a.txt").expect("shown")));
        assert_eq!(live.peek("a.txt", 4).as_deref(), Ok(&b"edit"[..]));
        assert!(live.exists("new/b.txt"));
        assert_eq!(names(&live, ""), ["a.txt", "new"]);
        live.show("a.txt", None);
        assert_eq!(&*live.read("a.txt").expect("there").text, "disk");
    }

    #[test]
    fn an_open_text_is_under_the_limits_of_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let limits = Limits { text: 3, rows: 3 };
        let mut live = Live::new(folder.path(), limits).expect("it opens");
        live.show("a.j2", Some(Arc::new(SourceFile::new("a.j2", "four"))));
        assert_eq!(live.read("a.j2").err(), Some(ReadError::TooLarge(4, 3)));
        live.show("a.j2", Some(Arc::new(SourceFile::new("a.j2", "a\0"))));
        assert_eq!(live.peek("a.j2", 9).err(), Some(ReadError::Binary));
    }

    #[test]
    fn only_what_was_asked_for_is_known() {
        let (_folder, live) = live(&[("a/b.txt", "x"), ("c/d.txt", "y")]);
        assert!(!live.knows("a/b.txt"));
        assert!(live.read("a/b.txt").is_ok() && !live.exists("a/missing.txt"));
        assert!(live.knows("a/b.txt") && live.knows("a/missing.txt"));
        assert!(!live.knows("c/d.txt"));
        let _ = live.list("c");
        assert!(live.knows("c/other.txt"));
    }
}
