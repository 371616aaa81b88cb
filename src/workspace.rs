//! The only module that touches files: list, read, exists over disk, disk with an overlay (editor, stdin) or memory;
//! a git tree stands behind the same trait. Paths are relative to the root, with `/`; nothing outside the root is read.
//! Knows nothing of prompts or of configuration.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::source::SourceFile;

mod disk;
pub mod git;
mod live;
mod overlay;
mod snapshot;
#[cfg(test)]
mod tests;
mod vantage;

pub use disk::Disk;
pub use live::Live;
pub use overlay::{Memory, Overlay};
pub use snapshot::{Snapshot, Store};
pub use vantage::Vantage;

/// Why a file could not be had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReadError {
    NotFound,
    /// Outside the root, or a symbolic link that leaves it.
    Outside,
    /// Larger than the limit, in bytes: (size, limit).
    TooLarge(u64, u64),
    /// Not text: holds NUL bytes or is UTF-16.
    Binary,
    /// What the operating system said.
    Io(String),
}

impl From<&io::Error> for ReadError {
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadError::NotFound,
            _ => ReadError::Io(error.to_string()),
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::NotFound => f.write_str("no such file"),
            ReadError::Outside => f.write_str("outside the root of the run"),
            ReadError::TooLarge(size, limit) => write!(
                f,
                "{} is above the limit of {} (`max-file-size`)",
                Bytes(*size),
                Bytes(*limit)
            ),
            ReadError::Binary => f.write_str("not text (NUL bytes or UTF-16)"),
            ReadError::Io(message) => f.write_str(message),
        }
    }
}

/// A size for people: `4 MiB`, `17 bytes`.
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
        for (unit, name) in units {
            if self.0 >= unit {
                let tenths = self.0 * 10 / unit;
                return if tenths.is_multiple_of(10) {
                    write!(f, "{} {name}", tenths / 10)
                } else {
                    write!(f, "{}.{} {name}", tenths / 10, tenths % 10)
                };
            }
        }
        write!(f, "{} bytes", self.0)
    }
}

/// Largest files that are read, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Prompts, code, documents.
    pub text: u64,
    /// Files of one JSON value a line, which are not held: what bounds them is time. Providers take no larger batch.
    pub rows: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            text: 4 << 20,
            rows: 256 << 20,
        }
    }
}

impl Limits {
    pub fn of(&self, path: &str) -> u64 {
        if holds_rows(path) {
            self.rows
        } else {
            self.text
        }
    }
}

/// Whether a file is one of rows by its name: read with [`Workspace::open`].
pub fn holds_rows(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    ["jsonl", "ndjson"]
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}

/// One entry of a folder.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Entry {
    pub name: String,
    pub folder: bool,
}

impl Entry {
    /// The entry of a folder that a path below it stands in, or is.
    fn first_of(below: &str) -> Entry {
        let (name, folder) = match below.split_once('/') {
            Some((name, _)) => (name, true),
            None => (below, false),
        };
        Entry {
            name: name.to_string(),
            folder,
        }
    }
}

/// How a tree is walked.
pub struct Walk<'a> {
    /// Whether `.gitignore` and `.ignore` files are honoured.
    pub ignore_files: bool,
    /// Which folders are entered, by path relative to the root.
    pub enter: &'a (dyn Fn(&str) -> bool + Sync),
    /// Threads for the walk; 0 = as many as the machine has.
    pub threads: usize,
}

/// What a walk found: paths relative to the root, sorted, and what could not be listed, sorted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Walked {
    pub files: Vec<String>,
    pub errors: Vec<(String, String)>,
}

/// Files under one root.
pub trait Workspace: Sync {
    /// Reads a file and keeps it. The same path gives the same text during one run.
    fn read(&self, path: &str) -> Result<Arc<SourceFile>, ReadError>;
    /// Opens a file that is too large to be held, to be read once from its start to its end.
    fn open<'a>(&'a self, path: &str) -> Result<Box<dyn io::Read + 'a>, ReadError>;
    /// Whether a file (not a folder) is there and inside the root.
    fn exists(&self, path: &str) -> bool;
    /// The bytes of a file without keeping them, at most `most`: to look whether a file is worth reading.
    fn peek(&self, path: &str, most: u64) -> Result<Vec<u8>, ReadError>;
    /// The entries of a folder, by name; empty where there is none.
    fn list(&self, folder: &str) -> Vec<Entry>;
    /// Every regular file below a folder (`""` = the root). Symbolic links are not followed.
    fn walk(&self, folder: &str, walk: &Walk) -> Walked;
    /// Whether a folder is there and inside the root.
    fn is_folder(&self, path: &str) -> bool;
    /// Where a file is kept that is reached by a symbolic link; `None` for any other.
    fn behind_link(&self, _path: &str) -> Option<String> {
        None
    }
}

/// Resolves `.` and `..` in a path with `/`; `None` where it leaves the root or is absolute.
pub fn normalize(path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains('\0') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The path of `target` as seen from the folder of the file `from`, relative to the root.
pub fn join(from: &str, target: &str) -> Option<String> {
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    if target.starts_with('/') {
        return None;
    }
    normalize(&format!("./{folder}/{target}"))
}

/// The root of a run and its arguments relative to it: the working folder when all arguments lie in it, else the
/// nearest folder that holds all of them.
pub fn root_of(working: &Path, arguments: &[PathBuf]) -> (PathBuf, Vec<String>) {
    let working = working
        .canonicalize()
        .unwrap_or_else(|_| working.to_path_buf());
    let absolute: Vec<PathBuf> = arguments
        .iter()
        .map(|argument| absolute(&working, argument))
        .collect();
    let inside = absolute.iter().all(|path| path.starts_with(&working));
    let root = if inside {
        working
    } else {
        common_folder(&absolute).unwrap_or(working)
    };
    let relative = absolute
        .iter()
        .map(|path| slashed(path.strip_prefix(&root).unwrap_or(path)))
        .collect();
    (root, relative)
}

/// Absolute, with links in the folders resolved but the last component as it is.
fn absolute(working: &Path, argument: &Path) -> PathBuf {
    let joined = working.join(argument);
    if let (Some(folder), Some(name)) = (joined.parent(), joined.file_name()) {
        let is_link = joined.is_symlink() && !joined.is_dir();
        if is_link {
            if let Ok(folder) = folder.canonicalize() {
                return folder.join(name);
            }
        }
    }
    joined.canonicalize().unwrap_or_else(|_| {
        let folder = joined
            .parent()
            .and_then(|folder| folder.canonicalize().ok());
        match (folder, joined.file_name()) {
            (Some(folder), Some(name)) => folder.join(name),
            _ => joined,
        }
    })
}

fn common_folder(paths: &[PathBuf]) -> Option<PathBuf> {
    let mut folders = paths.iter().map(|path| {
        if path.is_dir() {
            path.clone()
        } else {
            path.parent().map_or_else(PathBuf::new, Path::to_path_buf)
        }
    });
    let mut common = folders.next()?;
    for folder in folders {
        while !folder.starts_with(&common) {
            common = common.parent()?.to_path_buf();
        }
    }
    Some(common)
}

/// A relative path with `/`; parts that are not Unicode are replaced.
pub(crate) fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .filter(|part| part != ".")
        .collect();
    parts.join("/")
}
