//! Bedrock Converse: `{modelId, system: [{text}], messages: [{role, content: [{text}]}], toolConfig}`, with
//! `{cachePoint}` items that mark the block in front of them.

use super::{media_key, minutes, Sheet, ANSWER_KEYS};
use crate::frontend::document::draft::DraftBlock;
use crate::frontend::document::value::{Entry, Value};
use crate::prompt::{Marker, MarkerHow, Section};

/// Converse's blocks have no `type`: the key says what they are.
const BLOCKS: [&str; 8] = [
    "text",
    "image",
    "document",
    "video",
    "toolUse",
    "toolResult",
    "cachePoint",
    "reasoningContent",
];

pub(super) fn matches(value: &Value) -> bool {
    let Some(messages) = value.get("messages") else {
        return false;
    };
    if ANSWER_KEYS.iter().any(|key| value.has(key)) || messages.items().is_empty() {
        return false;
    }
    let own_option = ["modelId", "inferenceConfig", "toolConfig"]
        .iter()
        .any(|key| value.has(key));
    let system = value.get("system").map(Value::items).unwrap_or_default();
    let own_system = !system.is_empty() && system.iter().all(is_block);
    let is_message = |item: &Value| {
        let content = item.get("content").map(Value::items).unwrap_or_default();
        matches!(item.get_str("role"), Some("user" | "assistant"))
            && !content.is_empty()
            && content.iter().all(is_block)
    };
    (own_option || own_system) && messages.items().iter().all(is_message)
}

fn is_block(block: &Value) -> bool {
    !block.has("type") && BLOCKS.iter().any(|key| block.has(key))
}

pub(super) fn read(value: &Value, sheet: &mut Sheet) -> &'static str {
    let consumed = ["modelId", "system", "messages", "toolConfig"];
    sheet.settings_but(value, &consumed);
    sheet.target(Some("bedrock"), "converse", value.get("modelId"));
    if let Some(config) = value.get("toolConfig") {
        for entry in config.entries() {
            if entry.key.as_str() == "tools" {
                let blocks = read_blocks(&entry.value, sheet);
                sheet.message(Section::Tools, entry.value.span, blocks);
            } else {
                sheet.setting(&format!("toolConfig.{}", entry.key.as_str()), &entry.value);
            }
        }
    }
    sheet.system_and_turns(value, read_blocks);
    "bedrock-converse"
}

fn read_blocks(list: &Value, sheet: &mut Sheet) -> Vec<DraftBlock> {
    let mut blocks: Vec<DraftBlock> = Vec::new();
    for block in list.items() {
        if let Some(point) = block.entry("cachePoint") {
            let marker = cache_point(point, sheet);
            if let Some(last) = blocks.last_mut() {
                last.marker = Some(marker);
            }
        } else if let Some(text) = block.get_text("text") {
            blocks.push(sheet.text_block(text, None));
        } else if let Some(media) = block.get_any(&["image", "document", "video"]) {
            blocks.push(sheet.media_block(block, media_key(&media.to_json()), None));
        } else {
            blocks.push(sheet.json_block(block, None));
        }
    }
    blocks
}

fn cache_point(point: &Entry, sheet: &Sheet) -> Marker {
    Marker::once(
        sheet.place(point.key_span.to(point.value.span)),
        point.value.get_str("ttl").and_then(minutes),
        MarkerHow::Literal,
    )
}
