//! Texts that stand in front of another workspace (stdin, an editor's open files), and texts alone (tests).

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::Arc;

use super::{normalize, Entry, ReadError, Walk, Walked, Workspace};
use crate::source::SourceFile;

/// Files in memory.
#[derive(Default)]
pub struct Memory {
    files: BTreeMap<String, Arc<SourceFile>>,
}

impl Memory {
    pub fn new(files: &[(&str, &str)]) -> Memory {
        let mut memory = Memory::default();
        for (path, text) in files {
            memory.insert(path, text);
        }
        memory
    }

    pub fn insert(&mut self, path: &str, text: &str) {
        self.files
            .insert(path.to_string(), Arc::new(SourceFile::new(path, text)));
    }

    fn get(&self, path: &str) -> Result<&Arc<SourceFile>, ReadError> {
        let path = normalize(path).ok_or(ReadError::Outside)?;
        let file = self.files.get(&path).ok_or(ReadError::NotFound)?;
        if file.binary {
            return Err(ReadError::Binary);
        }
        Ok(file)
    }

    fn below<'a>(&'a self, folder: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let prefix = match normalize(folder) {
            Some(folder) if folder.is_empty() => String::new(),
            Some(folder) => format!("{folder}/"),
            None => "\0".to_string(),
        };
        self.files.keys().filter_map(move |path| {
            let rest = path.strip_prefix(prefix.as_str())?;
            Some((path.as_str(), rest))
        })
    }
}

impl Workspace for Memory {
    fn read(&self, path: &str) -> Result<Arc<SourceFile>, ReadError> {
        self.get(path).cloned()
    }

    fn open<'a>(&'a self, path: &str) -> Result<Box<dyn Read + 'a>, ReadError> {
        Ok(Box::new(self.get(path)?.text.as_bytes()))
    }

    fn exists(&self, path: &str) -> bool {
        normalize(path).is_some_and(|path| self.files.contains_key(&path))
    }

    fn peek(&self, path: &str, most: u64) -> Result<Vec<u8>, ReadError> {
        let bytes = self.get(path)?.text.as_bytes();
        let end = usize::try_from(most).map_or(bytes.len(), |most| most.min(bytes.len()));
        Ok(bytes[..end].to_vec())
    }

    fn list(&self, folder: &str) -> Vec<Entry> {
        let names: BTreeSet<Entry> = self
            .below(folder)
            .map(|(_, rest)| Entry::first_of(rest))
            .collect();
        names.into_iter().collect()
    }

    fn walk(&self, folder: &str, walk: &Walk) -> Walked {
        let files = self
            .below(folder)
            .filter(|(path, rest)| {
                let skipped = path.len() - rest.len();
                rest.match_indices('/')
                    .all(|(at, _)| (walk.enter)(&path[..skipped + at]))
            })
            .map(|(path, _)| path.to_string())
            .collect();
        Walked {
            files,
            errors: Vec::new(),
        }
    }

    fn is_folder(&self, path: &str) -> bool {
        self.below(path).next().is_some()
    }
}

/// A workspace with some texts replaced or added.
pub struct Overlay<'a> {
    base: &'a dyn Workspace,
    texts: Memory,
}

impl<'a> Overlay<'a> {
    pub fn new(base: &'a dyn Workspace, texts: BTreeMap<String, String>) -> Overlay<'a> {
        let mut memory = Memory::default();
        for (path, text) in &texts {
            memory.insert(path, text);
        }
        Overlay {
            base,
            texts: memory,
        }
    }

    fn shadows(&self, path: &str) -> bool {
        self.texts.exists(path)
    }
}

impl Workspace for Overlay<'_> {
    fn read(&self, path: &str) -> Result<Arc<SourceFile>, ReadError> {
        if self.shadows(path) {
            self.texts.read(path)
        } else {
            self.base.read(path)
        }
    }

    fn open<'b>(&'b self, path: &str) -> Result<Box<dyn Read + 'b>, ReadError> {
        if self.shadows(path) {
            self.texts.open(path)
        } else {
            self.base.open(path)
        }
    }

    fn exists(&self, path: &str) -> bool {
        self.shadows(path) || self.base.exists(path)
    }

    fn peek(&self, path: &str, most: u64) -> Result<Vec<u8>, ReadError> {
        if self.shadows(path) {
            self.texts.peek(path, most)
        } else {
            self.base.peek(path, most)
        }
    }

    fn list(&self, folder: &str) -> Vec<Entry> {
        let mut out = self.base.list(folder);
        out.extend(self.texts.list(folder));
        out.sort();
        out.dedup();
        out
    }

    fn walk(&self, folder: &str, walk: &Walk) -> Walked {
        let mut walked = self.base.walk(folder, walk);
        walked.files.extend(self.texts.walk(folder, walk).files);
        walked.files.sort();
        walked.files.dedup();
        walked
    }

    fn is_folder(&self, path: &str) -> bool {
        self.texts.is_folder(path) || self.base.is_folder(path)
    }

    fn behind_link(&self, path: &str) -> Option<String> {
        self.base.behind_link(path)
    }
}
