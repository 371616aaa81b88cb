//! Open documents: their text, kept in step with the editor by whole texts or by edits. Knows no workspace.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::message::Refusal;
use super::position::{Encoding, Position, Text};
use crate::source::SourceFile;

pub struct Document {
    /// As the client spells it.
    pub uri: String,
    pub version: i32,
    pub text: Text,
    /// The text as the engine reads it, made when it is first asked for.
    file: RefCell<Option<Arc<SourceFile>>>,
}

impl Document {
    fn new(uri: &str, version: i32, text: String) -> Document {
        Document {
            uri: uri.to_string(),
            version,
            text: Text::new(text),
            file: RefCell::default(),
        }
    }

    /// The text under its path from the root that it belongs to; the same `Arc` until one of the two changes.
    pub fn file(&self, path: &str) -> Arc<SourceFile> {
        let mut kept = self.file.borrow_mut();
        match &*kept {
            Some(known) if *known.path == *path => known.clone(),
            _ => {
                let made = Arc::new(SourceFile::new(path, self.text.as_str()));
                *kept = Some(made.clone());
                made
            }
        }
    }

    /// One change: a range with its new text, or a whole text.
    fn apply(&mut self, change: &Value, encoding: Encoding) -> Result<(), Refusal> {
        let wrong = || Refusal::params("a change is a text, and maybe a range");
        let new = change["text"].as_str().ok_or_else(wrong)?;
        self.file = RefCell::default();
        let Some(range) = change.get("range").filter(|range| !range.is_null()) else {
            self.text = Text::new(new.to_string());
            return Ok(());
        };
        let position = |key: &str| Position::parse(&range[key]).ok_or_else(wrong);
        let (start, end) = (position("start")?, position("end")?);
        let (start, end) = (start.min(end), start.max(end));
        let start = self.text.offset(start, encoding);
        let end = self.text.offset(end, encoding);
        self.text.replace(start..end.max(start), new);
        Ok(())
    }
}

/// By URI.
#[derive(Default)]
pub struct Documents {
    open: BTreeMap<String, Document>,
}

impl Documents {
    pub fn get(&self, uri: &str) -> Option<&Document> {
        self.open.get(uri)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Document> {
        self.open.values()
    }

    /// `textDocument/didOpen`: the URI of what is open now.
    pub fn open(&mut self, params: &Value) -> Result<String, Refusal> {
        let item = &params["textDocument"];
        let text = |key: &str| {
            let text = item[key].as_str();
            text.ok_or_else(|| Refusal::params(format!("textDocument.{key} is missing")))
        };
        let (uri, content) = (text("uri")?, text("text")?);
        let document = Document::new(uri, version(item), content.to_string());
        self.open.insert(uri.to_string(), document);
        Ok(uri.to_string())
    }

    /// `textDocument/didChange`: the changes in their order, each on the text that the one before left.
    pub fn change(&mut self, params: &Value, encoding: Encoding) -> Result<String, Refusal> {
        let uri = uri_of(params)?;
        let changes = params["contentChanges"]
            .as_array()
            .ok_or_else(|| Refusal::params("contentChanges is missing"))?;
        let document = self
            .open
            .get_mut(uri)
            .ok_or_else(|| Refusal::params(format!("{uri} is not open")))?;
        document.version = version(&params["textDocument"]);
        for change in changes {
            document.apply(change, encoding)?;
        }
        Ok(uri.to_string())
    }

    /// `textDocument/didClose`.
    pub fn close(&mut self, params: &Value) -> Result<Document, Refusal> {
        let uri = uri_of(params)?;
        let document = self.open.remove(uri);
        document.ok_or_else(|| Refusal::params(format!("{uri} is not open")))
    }
}

/// The URI of the document that parameters are about.
pub fn uri_of(params: &Value) -> Result<&str, Refusal> {
    let uri = params["textDocument"]["uri"].as_str();
    uri.ok_or_else(|| Refusal::params("textDocument.uri is missing"))
}

fn version(item: &Value) -> i32 {
    let version = item["version"].as_i64().unwrap_or(0);
    i32::try_from(version).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const URI: &str = "file:///a.j2";

    fn opened(text: &str) -> Documents {
        let mut documents = Documents::default();
        let item = json!({"uri": URI, "languageId": "jinja", "version": 1, "text": text});
        documents
            .open(&json!({ "textDocument": item }))
            .expect("it is valid");
        documents
    }

    fn changed(text: &str, changes: Value) -> String {
        let mut documents = opened(text);
        let params = json!({
            "textDocument": {"uri": URI, "version": 2},
            "contentChanges": changes,
        });
        documents
            .change(&params, Encoding::Utf16)
            .expect("it is valid");
        let document = documents.get(URI).expect("it is open");
        assert_eq!(document.version, 2);
        document.text.as_str().to_string()
    }

    fn range(from: (u32, u32), to: (u32, u32)) -> Value {
        json!({
            "start": {"line": from.0, "character": from.1},
            "end": {"line": to.0, "character": to.1},
        })
    }

    #[test]
    fn changes_apply_one_after_the_other() {
        let changes = json!([
            {"range": range((0, 1), (0, 3)), "text": "x"},
            {"range": range((0, 2), (0, 2)), "text": "\nnew "},
            {"range": range((1, 4), (1, 5)), "text": "漢"},
        ]);
        assert_eq!(changed("a😀b\r\nc", changes), "ax\nnew 漢\r\nc");
    }

    #[test]
    fn a_change_without_a_range_is_the_whole_text() {
        let changes = json!([{"text": "b"}, {"range": range((0, 1), (9, 9)), "text": "c"}]);
        assert_eq!(changed("a", changes), "bc");
    }

    #[test]
    fn ranges_out_of_bounds_or_backwards_do_no_harm() {
        let changes = json!([
            {"range": range((7, 7), (0, 1)), "text": "!"},
            {"range": range((0, 99), (0, 99)), "text": "?"},
        ]);
        assert_eq!(changed("abc\nd", changes), "a!?");
    }

    #[test]
    fn what_is_not_open_or_not_valid_is_refused() {
        let mut documents = opened("a");
        let other =
            json!({"textDocument": {"uri": "file:///b", "version": 1}, "contentChanges": []});
        assert!(documents.change(&other, Encoding::Utf8).is_err());
        assert!(documents.close(&other).is_err());
        let odd = json!({"textDocument": {"uri": URI, "version": 1}, "contentChanges": [{}]});
        assert!(documents.change(&odd, Encoding::Utf8).is_err());
        assert!(documents.open(&json!({})).is_err());
    }
}
