//! Edits of files as the client takes them: with versions where it can, and files that are not there yet.

use std::collections::BTreeMap;

use serde_json::{json, Map, Value};

use super::position::{Encoding, Lines};
use super::state::State;
use super::worker::ProjectId;
use crate::source::{SourceFile, Span};

/// Texts in place of spans, by path below the root.
#[derive(Default)]
pub struct Edits {
    files: BTreeMap<String, (Vec<Value>, bool)>,
}

impl Edits {
    /// An edit of a file as it reads.
    pub fn push(&mut self, file: &SourceFile, span: Span, text: &str, encoding: Encoding) {
        let lines = Lines::of(&file.text);
        let at = |offset| lines.position(&file.text, offset, encoding).to_value();
        let edit = json!({
            "range": { "start": at(span.start), "end": at(span.end) },
            "newText": text,
        });
        let own = self.files.entry(file.path.to_string()).or_default();
        own.0.push(edit);
    }

    /// The file is to be made first.
    pub fn create(&mut self, path: &str) {
        self.files.entry(path.to_string()).or_default().1 = true;
    }

    /// As a `WorkspaceEdit`.
    pub fn to_value(&self, state: &State, root: ProjectId) -> Value {
        let client = &state.client;
        if !client.document_changes {
            let changes: Map<String, Value> = self
                .files
                .iter()
                .map(|(path, (edits, _))| (state.uri_of(root, path), edits.clone().into()))
                .collect();
            return json!({ "changes": changes });
        }
        let mut changes = Vec::new();
        for (path, (edits, create)) in &self.files {
            let uri = state.uri_of(root, path);
            if *create && client.creates_files {
                changes.push(json!({
                    "kind": "create",
                    "uri": uri,
                    "options": { "ignoreIfExists": true },
                }));
            }
            let version = state.documents.get(&uri).map(|document| document.version);
            changes.push(json!({
                "textDocument": { "uri": uri, "version": version },
                "edits": edits,
            }));
        }
        json!({ "documentChanges": changes })
    }
}
