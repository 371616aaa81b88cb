//! Template languages: one tolerant lexer with a dialect table (`dialect.rs`), one tree (`tree.rs`).
//! All spans of a tree are source spans, taken through the map of the text that was parsed.

pub mod dialect;
pub mod tree;
