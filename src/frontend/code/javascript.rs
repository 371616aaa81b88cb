//! JavaScript -> IR.

use super::ir::{Language, Module};
use crate::source::SourceFile;

/// Lowers a file of JavaScript.
pub fn lower(_file: &SourceFile) -> Module {
    Module::empty(Language::JavaScript)
}
