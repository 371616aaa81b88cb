//! Prompt documents: files whose format says that they are (or hold) requests.
//! Each format is one file that turns a value tree with spans into drafts; `resolve/` turns drafts into prompts.

pub mod dotprompt;
pub mod draft;
mod formats;
pub mod gemini_toml;
pub mod github_models;
pub mod langchain;
pub mod parts;
pub mod promptfoo;
pub mod prompty;
pub mod semantic_kernel;
pub mod value;
mod words;

pub use formats::{by_name, extensions, format_of, parse};
