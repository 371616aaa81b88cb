//! OpenAI chat completions: `{model, messages: [{role, content}], tools, response_format, ..}`. Many providers speak it.

use super::{are_messages, ends_in_assistant, media_key, Found, Sheet, ANSWER_KEYS};
use crate::frontend::document::draft::DraftBlock;
use crate::frontend::document::value::Value;
use crate::prompt::Section;

/// Options that only a request has; one of them stands for a missing model (Azure names it in the URL).
const REQUEST_KEYS: [&str; 13] = [
    "tools",
    "functions",
    "tool_choice",
    "response_format",
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "stream",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning_effort",
    "frequency_penalty",
];

/// `{"messages": [..]}` alone that ends in an assistant turn is training or log data, and so is any row without a
/// model: fine-tuning sets have `tools` too.
pub(super) fn matches(value: &Value, found: Found) -> bool {
    let Some(messages) = value.get("messages") else {
        return false;
    };
    if !are_messages(messages) || ANSWER_KEYS.iter().any(|key| value.has(key)) {
        return false;
    }
    let model = value.get("model").is_some_and(|m| m.as_str().is_some());
    match found {
        Found::Wrapped => true,
        Found::Row => model,
        Found::Document => {
            let option = REQUEST_KEYS.iter().any(|key| value.has(key));
            model || ((option || value.entries().len() == 1) && !ends_in_assistant(messages))
        }
    }
}

pub(super) fn read(value: &Value, sheet: &mut Sheet) -> &'static str {
    let consumed = ["model", "messages", "tools", "functions", "response_format"];
    sheet.settings_but(value, &consumed);
    let model = value.get("model");
    let provider = provider(model.and_then(Value::as_str), sheet);
    sheet.target(provider, "chat", model);
    for key in ["tools", "functions"] {
        if let Some(tools) = value.get(key) {
            sheet.tools(tools);
        }
    }
    if let Some(format) = value.get("response_format") {
        if let Some(kind) = format.get("type") {
            sheet.setting("response_format.type", kind);
        }
        if let Some(schema) = format.get("json_schema") {
            sheet.schema(schema);
        }
    }
    if let Some(messages) = value.get("messages") {
        read_messages(messages, sheet);
    }
    "openai-chat"
}

/// The shape is everyone's; OpenAI's own option or model names tell.
fn provider(model: Option<&str>, sheet: &Sheet) -> Option<&'static str> {
    let model = model.unwrap_or_default();
    let own_model = ["gpt-", "chatgpt-", "o1", "o3", "o4-", "ft:gpt-"]
        .iter()
        .any(|prefix| model.starts_with(prefix));
    let own_option = ["prompt_cache_retention", "prompt_cache_options"]
        .iter()
        .any(|name| sheet.has_setting(name));
    (own_model || (own_option && model.is_empty())).then_some("openai")
}

pub(super) fn read_messages(messages: &Value, sheet: &mut Sheet) {
    for message in messages.items() {
        let role = message.get_str("role").unwrap_or("user");
        let mut blocks = Vec::new();
        if let Some(content) = message.get("content") {
            read_content(content, sheet, &mut blocks);
        }
        for key in ["tool_calls", "function_call"] {
            if let Some(calls) = message.get(key).filter(|calls| !calls.is_null()) {
                blocks.push(sheet.json_block(calls, None));
            }
        }
        if let (Some(marker), Some(last)) = (sheet.marker(message), blocks.last_mut()) {
            last.marker.get_or_insert(marker);
        }
        sheet.message(Section::from_role(role), message.span, blocks);
    }
}

/// String content, or typed parts.
pub(super) fn read_content(content: &Value, sheet: &mut Sheet, blocks: &mut Vec<DraftBlock>) {
    if let Some(scalar) = content.as_scalar() {
        if !content.is_null() {
            blocks.push(sheet.text_block(&scalar.text, None));
        }
        return;
    }
    for part in content.items() {
        let marker = sheet.marker(part);
        if let Some(text) = part.as_text() {
            blocks.push(sheet.text_block(text, None));
        } else if let Some(text) = part.get_text("text").or(part.get_text("refusal")) {
            blocks.push(sheet.text_block(text, marker));
        } else if let Some(image) = part.get("image_url") {
            let url = image.get_str("url").or(image.as_str()).unwrap_or_default();
            // The detail changes how the image is cut into tokens, so it is part of its identity.
            let detail = image
                .get_str("detail")
                .or(part.get_str("detail"))
                .map_or(String::new(), |detail| format!("#detail={detail}"));
            let key = format!("{}{detail}", media_key(url));
            blocks.push(sheet.media_block(part, key, marker));
        } else if part.has("input_audio") || part.has("file") || part.has("file_id") {
            blocks.push(sheet.media_block(part, media_key(&part.to_json()), marker));
        } else {
            blocks.push(sheet.json_block(part, marker));
        }
    }
}
