//! Semantic Kernel prompts: a YAML document with `template`, and the `config.json` beside a `skprompt.txt`.
//! `<message role="..">` tags in a template are left to the splitting of roles.

use std::sync::Arc;

use super::draft::{Content, Document, Draft, DraftMessage};
use super::parts::{self, Bindings};
use super::value::{parse_json, parse_yaml, Value};
use super::words::words;
use crate::frontend::template::dialect::Dialect;
use crate::prompt::{Section, Target};
use crate::source::{SourceFile, Text};

/// The prompt that a `config.json` configures.
const PROMPT_FILE: &str = "skprompt.txt";

/// By content: a `template` with inputs or execution settings in the way of this format, or (by name too) a
/// `config.json` with the keys of one.
pub fn recognise(path: &str, text: &Text) -> Option<String> {
    let name = parts::file_name(path);
    if name == "config.json" {
        let source = text.as_str();
        let sign = [
            "\"execution_settings\"",
            "\"input_variables\"",
            "\"completion\"",
            "\"template_format\"",
        ];
        if !sign.iter().any(|key| source.contains(key)) {
            return None;
        }
        let parsed = parse_json(text);
        return is_config(parsed.value()?).then(|| format!("configures {PROMPT_FILE}"));
    }
    if !name.ends_with(".yaml") && !name.ends_with(".yml") {
        return None;
    }
    let keyed = |key: &str| text.as_str().lines().any(|line| line.starts_with(key));
    let sign =
        keyed("template_format:") || keyed("input_variables:") || keyed("execution_settings:");
    if !keyed("template:") || !sign {
        return None;
    }
    is_prompt(parse_yaml(text).value()?).then(|| "Semantic Kernel prompt".to_string())
}

/// Inputs are objects with a name (LangChain has plain names).
fn has_inputs(value: Option<&Value>) -> bool {
    value
        .map(Value::items)
        .unwrap_or_default()
        .iter()
        .any(|input| input.has("name"))
}

fn is_prompt(root: &Value) -> bool {
    let format = root.get_str("template_format");
    root.get("template").is_some_and(|t| t.as_str().is_some())
        && !root.has("_type")
        && (has_inputs(root.get("input_variables"))
            || root.get("execution_settings").is_some_and(Value::is_map)
            || format.is_some_and(|word| words().dialect(word) == Some(Dialect::SemanticKernel)))
}

fn is_config(root: &Value) -> bool {
    has_inputs(root.get("input_variables"))
        || has_inputs(root.path(&["input", "parameters"]))
        || (root.has("schema")
            && (root.has("execution_settings") || root.has("completion") || root.has("type")))
}

pub fn parse(file: &SourceFile) -> Document {
    let beside = parts::file_name(&file.path).ends_with(".json");
    let content = file.content();
    let parsed = parts::with_help(
        if beside {
            parse_json(&content)
        } else {
            parse_yaml(&content)
        },
        "mend the document; what stands in front of the error is still checked",
    );
    let mut draft = parts::draft(file, "semantic-kernel");
    if let Some(root) = parsed.value() {
        let dialect = root
            .get_str("template_format")
            .and_then(|word| words().dialect(word))
            .unwrap_or(Dialect::SemanticKernel);
        draft.messages.extend(if beside {
            Some(beside_message(root, dialect))
        } else {
            template_message(root, dialect)
        });
        execution(root, &file.path, &mut draft);
        draft.bindings = bindings_of(root, &file.path);
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

fn beside_message(root: &Value, dialect: Dialect) -> DraftMessage {
    let content = Content::File {
        name: PROMPT_FILE.to_string(),
        span: root.span,
        dialect: Some(dialect),
    };
    parts::message(None, root.span, vec![content])
}

fn template_message(root: &Value, dialect: Dialect) -> Option<DraftMessage> {
    let text = root.get_text("template").filter(|text| !text.is_empty())?;
    // Without message tags the whole text is sent as the user's.
    let tagged = text.as_str().contains("<message");
    let section = (!tagged).then(|| Section::Role("user".into()));
    Some(parts::text_message(section, text, dialect))
}

/// Execution settings by service: those of `default`, else the first.
fn execution(root: &Value, path: &Arc<str>, draft: &mut Draft) {
    let Some(value) = root.get_any(&["execution_settings", "completion"]) else {
        return;
    };
    let is_service = |value: &Value| value.is_map();
    let settings = if value.is_seq() {
        value.items().first()
    } else if value.entries().iter().all(|entry| is_service(&entry.value)) {
        value
            .get("default")
            .or_else(|| value.entries().first().map(|entry| &entry.value))
    } else {
        Some(value)
    };
    let Some(settings) = settings else {
        return;
    };
    let model = settings
        .get_any(&["model_id", "ai_model_id"])
        .and_then(Value::as_text);
    draft.target = match model {
        Some(model) => parts::target(Some(model), None, None),
        None => Target::unknown(),
    };
    draft.settings = parts::settings(settings, path);
}

fn bindings_of(root: &Value, path: &Arc<str>) -> Vec<(String, Text, bool)> {
    let mut bindings = Bindings::default();
    let inputs = root
        .get("input_variables")
        .or_else(|| root.path(&["input", "parameters"]));
    for input in inputs.map(Value::items).unwrap_or_default() {
        let default = input.get_any(&["default", "defaultValue"]);
        let (Some(name), Some(value)) = (input.get_str("name"), default) else {
            continue;
        };
        if value.as_str() != Some("") {
            bindings.sample_value(name, value, path);
        }
    }
    bindings.finish()
}
