//! GitHub Models prompt files (`.prompt.yml`): messages with `{{x}}` placeholders, a model, test rows.

use std::sync::Arc;

use super::draft::Document;
use super::parts::{self, Bindings};
use super::value::{parse_yaml, Value};
use crate::frontend::template::dialect::Dialect;
use crate::prompt::{Section, Setting};
use crate::source::{SourceFile, Text};

/// By name and content: the double extension and a `messages` key.
pub fn recognise(path: &str, text: &Text) -> Option<String> {
    let name = parts::file_name(path);
    let named = name.ends_with(".prompt.yml") || name.ends_with(".prompt.yaml");
    let keyed = text
        .as_str()
        .lines()
        .any(|line| line.trim_end().starts_with("messages:"));
    (named && keyed).then(|| "prompt file of GitHub Models".to_string())
}

pub fn parse(file: &SourceFile) -> Document {
    let parsed = parts::with_help(
        parse_yaml(&file.content()),
        "mend the YAML; what stands in front of the error is still checked",
    );
    let mut draft = parts::draft(file, "github-models");
    let Some(root) = parsed.value() else {
        return Document {
            drafts: Vec::new(),
            problems: parsed.problems,
            ..Document::default()
        };
    };
    draft.target = parts::target(root.get_text("model"), None, Some("chat"));
    draft.settings = settings_of(root, &file.path);
    draft.bindings = bindings_of(root, &file.path);
    for item in root.get("messages").map(Value::items).unwrap_or_default() {
        let (Some(role), Some(content)) = (item.get_str("role"), item.get_text("content")) else {
            continue;
        };
        let mut message =
            parts::text_message(Some(Section::from_role(role)), content, Dialect::Mustache);
        message.span = item.span;
        draft.messages.push(message);
    }
    if draft.messages.is_empty() {
        return Document {
            drafts: Vec::new(),
            problems: parsed.problems,
            ..Document::default()
        };
    }
    parts::single(draft, parsed.problems)
}

fn settings_of(root: &Value, path: &Arc<str>) -> Vec<Setting> {
    let mut settings = root
        .get("modelParameters")
        .map(|options| parts::settings(options, path))
        .unwrap_or_default();
    if let Some(format) = root.get_any(&["jsonSchema", "responseFormat"]) {
        settings.push(parts::setting("response_format", format, path));
    }
    settings
}

fn bindings_of(root: &Value, path: &Arc<str>) -> Vec<(String, Text, bool)> {
    let mut bindings = Bindings::default();
    for row in root.get("testData").map(Value::items).unwrap_or_default() {
        bindings.samples(row, path);
    }
    bindings.finish()
}
