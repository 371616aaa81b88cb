//! Python -> IR.

use super::ir::{Language, Module};
use crate::source::SourceFile;

/// Lowers a file of Python.
pub fn lower(_file: &SourceFile) -> Module {
    Module::empty(Language::Python)
}
