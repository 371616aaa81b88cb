//! The language server, driven by a scripted editor over standard input and output.

#[path = "../project/mod.rs"]
mod project;

mod actions;
mod documents;
mod editor;
mod features;
mod hostile;
mod lifecycle;
mod pulled;
mod workspace;
