//! Prompt documents: files whose format says that they are (or hold) requests.
//! Each format is one file that turns a value tree with spans into drafts; `resolve/` turns drafts into prompts.

pub mod body;
mod comments;
pub mod dotprompt;
pub mod draft;
mod formats;
pub mod gemini_toml;
pub mod github_models;
pub mod jsonl;
pub mod langchain;
pub mod parts;
pub mod promptfoo;
pub mod prompty;
pub mod semantic_kernel;
pub mod task_prompts;
pub mod value;
mod words;

pub use comments::{comments, Spoken};
pub use formats::{by_name, extensions, read, read_rows, Read};

use body::Found;
pub use draft::Document;

use crate::source::SourceFile;

/// Reads a `.json`, `.jsonl`, `.ndjson`, `.yaml` or `.yml` file as request bodies, told by their shape.
/// `None`: it holds no request. Formats that name themselves (Prompty, promptfoo, ...) are asked before.
pub fn parse_json_like(file: &SourceFile) -> Option<Document> {
    let extension = file.path.rsplit_once('.').map_or("", |(_, end)| end);
    if file.binary || !may_hold_request(&file.text) {
        return None;
    }
    let document = match extension.to_ascii_lowercase().as_str() {
        "jsonl" | "ndjson" => jsonl::parse_jsonl(file),
        "json" | "jsonc" => {
            let parsed = value::parse_json(&file.content());
            // Some tools name their row files `.json`.
            let rows = parsed
                .value()
                .is_some_and(|first| first.span.end < file.text.len())
                && !parsed.problems.is_empty();
            let document = read_documents(file, parsed);
            if document.drafts.len() < 2 && rows {
                let rows = jsonl::parse_jsonl(file);
                if rows.drafts.is_empty() {
                    document
                } else {
                    rows
                }
            } else {
                document
            }
        }
        "yaml" | "yml" if may_root_hold(&file.text, &BODY_KEYS) => {
            read_documents(file, value::parse_yaml(&file.content()))
        }
        _ => return None,
    };
    (!document.drafts.is_empty()).then_some(document)
}

/// A look at the bytes before the parser's work: every body has one of these pairs of keys.
fn may_hold_request(text: &str) -> bool {
    let has = |word: &str| text.contains(word);
    (has("role") && has("content"))
        || (has("contents") && has("parts"))
        || (has("model")
            && has("input")
            && (has("instructions") || has("_tokens") || has("prompt_cache") || has("responses")))
}

/// A body, or a wrapper around one or more, has one of these keys.
const BODY_KEYS: [&str; 7] = [
    "messages", "contents", "input", "requests", "request", "body", "params",
];

/// Whether a YAML document whose root is a block mapping may have one of these keys at its root: recordings of
/// megabytes are told apart from bodies without parsing them. Any other root may hold anything.
fn may_root_hold(text: &str, keys: &[&str]) -> bool {
    let mut root = None;
    for line in text.trim_start_matches('\u{feff}').lines() {
        let content = line.trim_start_matches(' ');
        if content.trim().is_empty() || content.starts_with(['#', '%']) {
            continue;
        }
        if content.starts_with("---") && content.trim_end() == "---" {
            root = None;
            continue;
        }
        let depth = line.len() - content.len();
        let quoted = content.starts_with(['"', '\'']);
        // A list under a key of the root may stand at the same depth.
        let first = root.is_none();
        if *root.get_or_insert(depth) < depth || (!first && content.starts_with("- ")) {
            continue;
        }
        let key = content.trim_start_matches(['"', '\'']);
        // Sequences, flow collections, anchors, tags, merged and complex keys: not decided here.
        let plain = key.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let escaped = quoted && content.contains('\\');
        if !plain || escaped || keys.iter().any(|wanted| key.starts_with(wanted)) {
            return true;
        }
    }
    false
}

fn read_documents(file: &SourceFile, parsed: value::Parsed) -> Document {
    let mut drafts = Vec::new();
    let several = parsed.documents.len() > 1;
    for (at, value) in parsed.documents.iter().enumerate() {
        let found = match body::rows_of(value) {
            Some(items) => jsonl::read_rows(items, &file.path),
            None => body::read_request(value, &file.path, Found::Document)
                .into_iter()
                .collect(),
        };
        for mut draft in found {
            if several {
                let key = format!("document[{}]", at + 1);
                draft.key = if draft.key.is_empty() {
                    key
                } else {
                    format!("{key}.{}", draft.key)
                };
            }
            drafts.push(draft);
        }
    }
    Document {
        drafts,
        problems: parsed.problems,
        ..Document::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_mapping_is_told_by_its_root_keys() {
        let may = |text: &str| may_root_hold(text, &BODY_KEYS);
        assert!(!may(
            "# a recording\ninteractions:\n- request:\n    messages: []\nversion: 1\n"
        ));
        assert!(!may("---\nname: a\n---\nother:\n  messages: []\n"));
        assert!(may("name: a\n---\nmessages: []\n"));
        assert!(may("model: m\n'messages': []\n"));
        assert!(may("\u{feff}model: m\nmessages : []\n"));
        assert!(may("  model: m\n  messages: []\n"));
        assert!(may("\"mess\\x61ges\": []\n"));
        for undecided in [
            "- role: user\n",
            "{messages: []}\n",
            "--- {messages: []}\n",
            "a: &a {messages: []}\n<<: *a\n",
            "&root\nmessages: []\n",
            "? messages\n: []\n",
        ] {
            assert!(may(undecided), "{undecided}");
        }
    }
}
