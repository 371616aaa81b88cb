//! The only module that touches files: list, read, exists, over disk, disk with an overlay (editor, stdin),
//! a git tree (later) or memory. Paths are relative to the root, with `/`; nothing outside the root is read.

use std::sync::Arc;

use crate::source::SourceFile;

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

/// Files under one root.
pub trait Workspace: Sync {
    /// Reads a file. The same path gives the same text during one run.
    fn read(&self, path: &str) -> Result<Arc<SourceFile>, ReadError>;
    fn exists(&self, path: &str) -> bool;
}
