//! Prompty: YAML front matter and a body with role lines, in version 1 (`model.configuration`, `model.parameters`,
//! `sample`) and version 2 (`model.id`, `model.provider`, `model.options`, lists of inputs). Splits no roles.

use std::sync::{Arc, OnceLock};

use regex::Regex;

use super::draft::Document;
use super::parts::{self, Bindings, Front};
use super::value::Value;
use super::words::words;
use crate::frontend::template::dialect::Dialect;
use crate::prompt::{Section, Setting, Target};
use crate::source::{SourceFile, Text};

/// By name alone: the extension belongs to this format.
pub fn recognise(path: &str, _text: &Text) -> Option<String> {
    parts::file_name(path)
        .ends_with(".prompty")
        .then(|| "by its name: .prompty".to_string())
}

pub fn parse(file: &SourceFile) -> Document {
    let Front {
        value,
        body,
        problems,
    } = parts::front_matter(&file.content());
    let mut draft = parts::draft(file, "prompty");
    let mut dialect = Dialect::Jinja;
    if let Some(front) = &value {
        if !is_text_api(front) {
            return Document {
                drafts: Vec::new(),
                problems,
                ..Document::default()
            };
        }
        dialect = dialect_of(front);
        draft.target = target_of(front);
        draft.settings = settings_of(front, &file.path);
        draft.bindings = bindings_of(front, &file.path);
        draft.threads = threads_of(front);
        draft
            .messages
            .extend(tools_of(front).and_then(|tools| parts::tools(tools, &file.path)));
    }
    if body.is_empty() {
        return Document {
            drafts: Vec::new(),
            problems,
            ..Document::default()
        };
    }
    // A body without role lines is the system message.
    let section = (!has_role_lines(body.as_str())).then_some(Section::System);
    draft
        .messages
        .push(parts::text_message(section, &body, dialect));
    parts::single(draft, problems)
}

fn has_role_lines(body: &str) -> bool {
    static ROLE: OnceLock<Option<Regex>> = OnceLock::new();
    ROLE.get_or_init(|| {
        Regex::new(
            r"(?im)^\s*#?\s*(system|user|assistant|developer|function|tool|\{\{[^}\n]*\}\})(\[[^\]\n]*\])?\s*:\s*$",
        )
        .ok()
    })
    .as_ref()
    .is_some_and(|role| role.is_match(body))
}

fn is_text_api(front: &Value) -> bool {
    let api = front
        .get("model")
        .and_then(|model| model.get_any(&["apiType", "api"]))
        .and_then(Value::as_str);
    !api.is_some_and(|api| words().has("other-apis", api))
}

/// The template language: a word under `template`, at one of the depths of the versions.
fn dialect_of(front: &Value) -> Dialect {
    let Some(template) = front.get("template") else {
        return Dialect::Jinja;
    };
    let word = template
        .as_str()
        .or_else(|| template.get_str("format"))
        .or_else(|| template.path(&["format", "kind"])?.as_str())
        .or_else(|| template.get_str("type"))
        .or_else(|| template.get_str("kind"));
    word.and_then(|word| words().dialect(word))
        .unwrap_or(Dialect::Jinja)
}

fn target_of(front: &Value) -> Target {
    let Some(model) = front.get("model") else {
        return Target::unknown();
    };
    if let Some(name) = model.as_text() {
        return parts::target(Some(name), None, None);
    }
    const NAMES: [&str; 5] = [
        "azure_deployment",
        "model",
        "model_name",
        "deployment_name",
        "name",
    ];
    let configuration = model.get("configuration");
    let parameters = model.get("parameters");
    let name = model.get_text("id").or_else(|| {
        [configuration, parameters]
            .into_iter()
            .flatten()
            .find_map(|place| place.get_any(&NAMES)?.as_text())
    });
    let provider = model.get_text("provider").or_else(|| {
        configuration?
            .get_any(&["type", "provider_name"])?
            .as_text()
    });
    let api = model.get_any(&["apiType", "api"]).and_then(Value::as_str);
    parts::target(name, provider, api)
}

fn settings_of(front: &Value, path: &Arc<str>) -> Vec<Setting> {
    let mut settings = Vec::new();
    for key in ["parameters", "options"] {
        if let Some(options) = front.path(&["model", key]) {
            settings.extend(parts::settings(options, path));
        }
    }
    // Version 2: declared outputs are sent as the response schema.
    let outputs = front
        .get("outputs")
        .filter(|outputs| outputs.is_seq() && front.path(&["model", "id"]).is_some());
    if let Some(outputs) = outputs {
        if !settings.iter().any(|known| known.name == "response_format") {
            settings.push(parts::setting("response_format", outputs, path));
        }
    }
    settings
}

fn tools_of(front: &Value) -> Option<&Value> {
    front
        .get("tools")
        .or_else(|| front.path(&["model", "parameters", "tools"]))
        .or_else(|| front.path(&["model", "options", "additionalProperties", "tools"]))
}

fn bindings_of(front: &Value, path: &Arc<str>) -> Vec<(String, Text, bool)> {
    let mut bindings = Bindings::default();
    if let Some(sample) = front.get("sample") {
        bindings.samples(sample, path);
    }
    let inputs = front.get("inputs");
    for entry in inputs.map(Value::entries).unwrap_or_default() {
        input(&mut bindings, entry.key.as_str(), &entry.value, path);
    }
    for item in inputs.map(Value::items).unwrap_or_default() {
        if let Some(name) = item.get_str("name") {
            input(&mut bindings, name, item, path);
        }
    }
    bindings.finish()
}

/// Inputs that are declared to be a conversation.
fn threads_of(front: &Value) -> Vec<String> {
    let is_thread = |input: &Value| {
        let kind = input.get_any(&["kind", "type"]).and_then(Value::as_str);
        kind.is_some_and(|kind| words().has("thread-kinds", kind))
    };
    let inputs = front.get("inputs");
    let named = inputs.map(Value::entries).unwrap_or_default().iter();
    let listed = inputs.map(Value::items).unwrap_or_default().iter();
    named
        .filter(|entry| is_thread(&entry.value))
        .map(|entry| entry.key.as_str().to_string())
        .chain(
            listed
                .filter(|item| is_thread(item))
                .filter_map(|item| Some(item.get_str("name")?.to_string())),
        )
        .collect()
}

/// One declared input: a scalar is its default; a map may hold a default, a sample or an example.
fn input(bindings: &mut Bindings, name: &str, input: &Value, path: &Arc<str>) {
    if !input.is_map() {
        return bindings.sample_value(name, input, path);
    }
    let kind = input.get_any(&["kind", "type"]).and_then(Value::as_str);
    if kind.is_some_and(|kind| words().has("thread-kinds", kind)) {
        return;
    }
    if let Some(value) = input.get_any(&["default", "sample", "example"]) {
        bindings.sample_value(name, value, path);
    }
}
