//! Dotprompt: YAML front matter and a Handlebars body with role, history and media helpers. Files whose name opens
//! with `_` are partials. Reads no partial.

use std::sync::{Arc, OnceLock};

use regex::Regex;

use super::draft::Document;
use super::parts::{self, Bindings, Front};
use super::value::Value;
use super::words::words;
use crate::frontend::template::dialect::Dialect;
use crate::prompt::{Section, Setting, Target};
use crate::source::{SourceFile, Text};

/// By name and content: a `.prompt` is one of these if its front matter has a key of the format, or if its body
/// switches roles.
pub fn recognise(path: &str, text: &Text) -> Option<String> {
    if !parts::file_name(path).ends_with(".prompt") {
        return None;
    }
    let front = parts::front_matter(text);
    if let Some(tag) = helper().and_then(|helper| helper.find(front.body.as_str())) {
        return Some(format!("dotprompt tag `{}`", tag.as_str()));
    }
    if let Some(value) = &front.value {
        let entry = value
            .entries()
            .iter()
            .find(|entry| words().has("dotprompt-keys", entry.key.as_str()))?;
        return Some(format!("front matter with `{}`", entry.key.as_str()));
    }
    // A front matter that cannot be read is still one.
    let opened = text.as_str().trim_start().starts_with("---");
    (opened && !front.problems.is_empty()).then(|| "front matter".to_string())
}

/// A tag that only this format has.
fn helper() -> Option<&'static Regex> {
    static HELPER: OnceLock<Option<Regex>> = OnceLock::new();
    HELPER
        .get_or_init(|| {
            Regex::new(
                r#"\{\{~?\s*(role\s+["'][a-z]+["']|history|media\s+url\s*=[^{}\n]*)\s*~?\}\}"#,
            )
            .ok()
        })
        .as_ref()
}

pub fn parse(file: &SourceFile) -> Document {
    let Front {
        value,
        body,
        problems,
    } = parts::front_matter(&file.content());
    let mut draft = parts::draft(file, "dotprompt");
    draft.fragment = parts::file_name(&file.path).starts_with('_');
    if let Some(front) = &value {
        draft.target = target_of(front);
        draft.settings = settings_of(front, &file.path);
        draft.bindings = bindings_of(front, &file.path);
        draft.messages.extend(
            front
                .get("tools")
                .and_then(|tools| parts::tools(tools, &file.path)),
        );
    }
    if body.is_empty() {
        return Document {
            drafts: Vec::new(),
            problems,
            ..Document::default()
        };
    }
    // A partial may switch roles too.
    let switches = helper().is_some_and(|helper| helper.is_match(body.as_str()))
        || body.as_str().contains("{{>")
        || body.as_str().contains("{{role");
    let section = (!switches && !draft.fragment).then(|| Section::Role("user".into()));
    draft
        .messages
        .push(parts::text_message(section, &body, Dialect::Dotprompt));
    parts::single(draft, problems)
}

fn target_of(front: &Value) -> Target {
    let model = front
        .get_any(&["model", "modelName"])
        .and_then(Value::as_text);
    parts::target(model, front.get_text("modelProvider"), None)
}

fn settings_of(front: &Value, path: &Arc<str>) -> Vec<Setting> {
    let mut settings = front
        .get("config")
        .map(|config| parts::settings(config, path))
        .unwrap_or_default();
    if let Some(choice) = front.get("toolChoice") {
        settings.push(parts::setting("tool_choice", choice, path));
    }
    if let Some(schema) = front.path(&["output", "schema"]) {
        settings.push(parts::setting("response_format", schema, path));
    }
    settings
}

fn bindings_of(front: &Value, path: &Arc<str>) -> Vec<(String, Text, bool)> {
    let mut bindings = Bindings::default();
    if let Some(defaults) = front.path(&["input", "default"]) {
        bindings.samples(defaults, path);
    }
    bindings.finish()
}
