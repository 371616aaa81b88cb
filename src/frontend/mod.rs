//! The text of one file -> a tree (templates), drafts of prompts (documents), later IR (code).
//! Pure: reads no other file, never fails: what cannot be parsed is text plus a problem.

pub mod code;
pub mod document;
pub mod template;

use crate::source::Span;

/// How a comment that speaks to the linter begins. Comments of code are kept only in files that hold it.
pub const DIRECTIVE: &str = "prefixlint:";

/// Something a frontend could not make sense of. The rest of the file is still used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    pub span: Span,
    pub message: String,
    pub help: Option<String>,
}

impl Problem {
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Problem {
            span,
            message: message.into(),
            help: None,
        }
    }
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
