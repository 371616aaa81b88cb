//! OpenAI Responses: `{model, instructions, input: text | [items], tools, text.format, reasoning, ..}`.

use super::openai_chat::read_content;
use super::{Sheet, ANSWER_KEYS};
use crate::frontend::document::value::Value;
use crate::prompt::Section;

/// `{model, input: "text"}` is also an embedding or a speech request: a text input needs an option of this API.
const OWN_KEYS: [&str; 8] = [
    "instructions",
    "max_output_tokens",
    "previous_response_id",
    "reasoning",
    "text",
    "prompt_cache_key",
    "prompt_cache_retention",
    "prompt_cache_options",
];

pub(super) fn matches(value: &Value, url: &str) -> bool {
    let Some(input) = value.get("input") else {
        return false;
    };
    let other_api = ANSWER_KEYS.iter().any(|key| value.has(key))
        || value.has("voice")
        || value.has("object")
        || value.has("messages");
    let model =
        value.get_str("model").is_some() || value.get("prompt").is_some_and(|p| p.has("id"));
    if other_api || !(model || url.ends_with("/responses")) {
        return false;
    }
    if input.as_str().is_some() {
        return url.ends_with("/responses") || OWN_KEYS.iter().any(|key| value.has(key));
    }
    let is_item = |item: &Value| {
        let message = item.get_str("role").is_some() && item.has("content");
        let typed = item.get_str("type").is_some_and(|kind| {
            matches!(kind, "message" | "reasoning" | "item_reference")
                || kind.ends_with("_call")
                || kind.ends_with("_call_output")
        });
        message || typed
    };
    !input.items().is_empty() && input.items().iter().all(is_item)
}

pub(super) fn read(value: &Value, sheet: &mut Sheet) -> &'static str {
    let consumed = ["model", "instructions", "input", "tools", "text"];
    sheet.settings_but(value, &consumed);
    sheet.target(Some("openai"), "responses", value.get("model"));
    if let Some(tools) = value.get("tools") {
        sheet.tools(tools);
    }
    for entry in value.get("text").map(Value::entries).unwrap_or_default() {
        let name = entry.key.as_str();
        if name != "format" {
            sheet.setting(&format!("text.{name}"), &entry.value);
            continue;
        }
        if let Some(kind) = entry.value.get("type") {
            sheet.setting("text.format.type", kind);
        }
        if entry.value.has("schema") {
            sheet.schema(&entry.value);
        }
    }
    if let Some(instructions) = value.get("instructions") {
        if let Some(text) = instructions.as_text() {
            let block = sheet.text_block(text, None);
            sheet.message(Section::System, instructions.span, vec![block]);
        }
    }
    let Some(input) = value.get("input") else {
        return "openai-responses";
    };
    if let Some(text) = input.as_text() {
        let block = sheet.text_block(text, None);
        sheet.message(Section::Role("user".into()), input.span, vec![block]);
    }
    for item in input.items() {
        read_item(item, sheet);
    }
    "openai-responses"
}

fn read_item(item: &Value, sheet: &mut Sheet) {
    let mut blocks = Vec::new();
    if let (Some(role), Some(content)) = (item.get_str("role"), item.get("content")) {
        read_content(content, sheet, &mut blocks);
        if let (Some(marker), Some(last)) = (sheet.marker(item), blocks.last_mut()) {
            last.marker.get_or_insert(marker);
        }
        sheet.message(Section::from_role(role), item.span, blocks);
        return;
    }
    let kind = item.get_str("type").unwrap_or_default();
    if kind.ends_with("_call_output") {
        match item.get_text("output") {
            Some(text) => blocks.push(sheet.text_block(text, sheet.marker(item))),
            None => blocks.push(sheet.json_block(item, None)),
        }
        sheet.message(Section::Role("tool".into()), item.span, blocks);
    } else {
        blocks.push(sheet.json_block(item, None));
        sheet.message(Section::Role("assistant".into()), item.span, blocks);
    }
}
