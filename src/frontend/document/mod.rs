//! Prompt documents: files whose format says that they are (or hold) requests.
//! Each format is one file that turns a value tree with spans into drafts; `resolve/` turns drafts into prompts.

pub mod draft;
pub mod value;
