//! What a document frontend yields: a request whose contents may still be templates or names of other files.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::promptfoo::Vars;
use crate::frontend::template::dialect::Dialect;
use crate::frontend::Problem;
use crate::prompt::{Marker, Piece, Section, Setting, Slot, Stored, Target};
use crate::source::{Place, Span, Text};

/// One request (or fragment) as a document states it.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Behind the path in the prompt's id: a document key (`prompts[2]`, `row`), empty for the only one.
    pub key: String,
    /// The format's name, as in `--show-files`: `openai-chat`, `prompty`, `promptfoo`, ...
    pub format: &'static str,
    /// The whole request in the file.
    pub span: Span,
    pub target: Target,
    pub settings: Vec<Setting>,
    /// In the order of the document; layout puts them in wire order.
    pub messages: Vec<DraftMessage>,
    /// Values that the document gives to names of its templates (`vars`, `sample`, `input` defaults), with
    /// `true` where the value is fixed for every call (a promptfoo default var) rather than a sample.
    pub bindings: Vec<(String, Text, bool)>,
    /// Names that stand for the conversation so far.
    pub threads: Vec<String>,
    /// Rows of a batch file this request stands for; 0 elsewhere.
    pub rows: usize,
    /// Whether the document is a request as sent (a recorded body, a batch row) and not a template.
    pub recorded: bool,
    /// Whether this may be only a part of a request (a system prompt alone).
    pub fragment: bool,
}

#[derive(Clone, Debug)]
pub struct DraftMessage {
    /// `None`: unknown, decided by role headers in the content (`# system:`), else the first section of a fragment.
    pub section: Option<Section>,
    pub span: Span,
    pub blocks: Vec<DraftBlock>,
    pub stored: Stored,
}

#[derive(Clone, Debug)]
pub struct DraftBlock {
    pub content: Content,
    pub marker: Option<Marker>,
}

#[derive(Clone, Debug)]
pub enum Content {
    /// Text in a template language (`Dialect::Plain` for literal text).
    Template(Text, Dialect),
    /// Another file named by the document (`file://prompts/a.j2`); the path is relative to the document.
    File {
        name: String,
        span: Span,
        dialect: Option<Dialect>,
    },
    /// A value whose text is not here.
    Slot(Slot),
    /// The conversation so far.
    History { place: Place, name: String },
    /// Image, audio, file.
    Media { place: Place, key: String },
    /// Already told apart: literal text and what differs between the rows of a batch.
    Pieces(Vec<Piece>),
}

/// A document as parsed: its drafts and what was wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Document {
    pub drafts: Vec<Draft>,
    pub problems: Vec<Problem>,
    /// Parts that are not checked, and why.
    pub limits: BTreeSet<String>,
    /// The bindings of all drafts, where some of them stand in other files.
    pub vars: Option<Arc<Vars>>,
}
