//! Host languages: the text of one file of code -> the small language of `ir`. Each language is one lowering file over
//! a tolerant parser: what cannot be read is opaque, and the rest of the file stands. Pure.

use std::sync::Arc;

use crate::source::SourceFile;

mod edited;
pub mod ir;
mod javascript;
mod python;
mod statements;

pub use edited::{parse_edited, Syntax};
use ir::{Language, Module};
pub use statements::simple_statements;

/// Nesting beyond which an expression or a block is opaque: a stack overflow cannot be caught. One level takes up to
/// 8 KiB of stack without optimisation, so that this many fit into 2 MiB with a quarter to spare.
pub const MAX_NESTING: usize = 160;

/// Lowers a file, once however often it is asked for. Never fails: problems are in the result.
pub fn parse(file: &SourceFile, language: Language) -> Arc<Module> {
    edited::parse_once(file, language)
}

/// The syntax tree of a file, for those who write into it.
pub fn syntax(file: &SourceFile, language: Language) -> Option<tree_sitter::Tree> {
    if let Some(tree) = file
        .known::<edited::Reading>()
        .and_then(|known| known.tree.clone())
    {
        return Some(tree);
    }
    match language {
        Language::Python => python::syntax(file, None),
        Language::JavaScript => javascript::syntax(file, None).map(|(tree, _)| tree),
    }
}

/// The host language that a path's extension names.
pub fn language_of(path: &str) -> Option<Language> {
    let extension = path.rsplit_once('.')?.1;
    match extension {
        "py" | "pyi" => Some(Language::Python),
        "ts" | "tsx" | "mts" | "cts" | "js" | "jsx" | "mjs" | "cjs" => Some(Language::JavaScript),
        _ => None,
    }
}
