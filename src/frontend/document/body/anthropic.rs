//! Anthropic Messages: `{model, system, messages, tools, max_tokens, cache_control, thinking, ..}`, also as sent to
//! Bedrock (`anthropic_version: bedrock-..`).

use super::{are_messages, media_key, Found, Sheet, ANSWER_KEYS};
use crate::frontend::document::draft::DraftBlock;
use crate::frontend::document::value::Value;
use crate::prompt::MarkerHow;

/// The shape is close to OpenAI's chat: something of Anthropic's own must be there.
pub(super) fn matches(value: &Value, url: &str, found: Found) -> bool {
    let Some(messages) = value.get("messages") else {
        return false;
    };
    if !are_messages(messages) || ANSWER_KEYS.iter().any(|key| value.has(key)) {
        return false;
    }
    let model = value.get_str("model").unwrap_or_default();
    if model.is_empty() && found == Found::Row {
        return false;
    }
    if url.ends_with("/messages") || value.has("anthropic_version") {
        return true;
    }
    let roles = |wanted: &str| {
        let mut items = messages.items().iter();
        items.any(|message| message.get_str("role") == Some(wanted))
    };
    if roles("system") || roles("developer") || roles("tool") {
        return false;
    }
    let own_tools = value
        .get("tools")
        .is_some_and(|tools| tools.items().iter().any(|tool| tool.has("input_schema")));
    // `anthropic/claude-..` is a router's name, and routers speak OpenAI's dialect.
    let own_model = model.starts_with("claude") || model.contains("anthropic.claude");
    let own_system = value.has("system") && (!model.is_empty() || value.has("max_tokens"));
    own_tools || own_model || own_system || own_blocks(messages)
}

fn own_blocks(messages: &Value) -> bool {
    let mut parts = messages
        .items()
        .iter()
        .filter_map(|message| message.get("content"))
        .flat_map(Value::items);
    parts.any(|part| {
        matches!(part.get_str("type"), Some("tool_use" | "tool_result"))
            || (part.get_str("type") == Some("image") && part.has("source"))
    })
}

pub(super) fn read(value: &Value, sheet: &mut Sheet) -> &'static str {
    // The automatic breakpoint is read below, as the mark that it sets.
    let consumed = ["model", "system", "messages", "tools", "cache_control"];
    sheet.settings_but(value, &consumed);
    let version = value.get_str("anthropic_version").unwrap_or_default();
    let model = value.get_str("model").unwrap_or_default();
    let provider = if version.starts_with("bedrock") || model.contains("anthropic.claude") {
        "bedrock"
    } else {
        "anthropic"
    };
    sheet.target(Some(provider), "messages", value.get("model"));
    if let Some(tools) = value.get("tools") {
        sheet.tools(tools);
    }
    sheet.system_and_turns(value, read_blocks);
    // The automatic breakpoint stands behind the last block of the request.
    if let Some(entry) = value.entry("cache_control").filter(|e| e.value.is_map()) {
        let marker = sheet.marker_at(entry, MarkerHow::Automatic);
        let last = sheet.messages.last_mut().and_then(|m| m.blocks.last_mut());
        if let Some(block) = last {
            block.marker.get_or_insert(marker);
        }
    }
    "anthropic-messages"
}

fn read_blocks(content: &Value, sheet: &mut Sheet) -> Vec<DraftBlock> {
    if let Some(text) = content.as_text() {
        return vec![sheet.text_block(text, None)];
    }
    content
        .items()
        .iter()
        .map(|block| read_block(block, sheet))
        .collect()
}

fn read_block(block: &Value, sheet: &mut Sheet) -> DraftBlock {
    let marker = sheet.marker(block);
    match block.get_str("type") {
        Some("text") | None => {
            if let Some(text) = block.get_text("text").or(block.as_text()) {
                return sheet.text_block(text, marker);
            }
        }
        Some("tool_result") => {
            if let Some(text) = block.get_text("content") {
                return sheet.text_block(text, marker);
            }
        }
        Some("image" | "document") => {
            if let Some(source) = block.get("source") {
                if let Some(text) = source
                    .get_text("data")
                    .filter(|_| source.get_str("type") == Some("text"))
                {
                    return sheet.text_block(text, marker);
                }
                let key = source
                    .get_any(&["url", "data", "file_id"])
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                return sheet.media_block(block, media_key(key), marker);
            }
        }
        _ => {}
    }
    sheet.json_block(block, marker)
}
