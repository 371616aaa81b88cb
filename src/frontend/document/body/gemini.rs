//! Gemini generateContent: `{systemInstruction, contents: [{role, parts}], tools, cachedContent, generationConfig}`.

use super::{media_key, Sheet, ANSWER_KEYS};
use crate::config::Assume;
use crate::frontend::document::draft::DraftBlock;
use crate::frontend::document::parts;
use crate::frontend::document::value::Value;
use crate::frontend::document::words::words;
use crate::prompt::Section;
use crate::volatility::Class;

pub(super) fn matches(value: &Value) -> bool {
    let Some(contents) = value.get("contents") else {
        return false;
    };
    if ANSWER_KEYS.iter().any(|key| value.has(key)) {
        return false;
    }
    let is_content = |item: &Value| {
        let role = item.get("role").map(|role| role.as_str().unwrap_or("?"));
        matches!(role, None | Some("user" | "model" | "function" | "tool"))
            && item.get("parts").is_some_and(are_parts)
    };
    let ends_in_answer = contents
        .items()
        .last()
        .is_some_and(|last| last.get_str("role") == Some("model"));
    if ends_in_answer && value.entries().len() == 1 {
        // A log or an example.
        return false;
    }
    match contents.items() {
        [] => is_content(contents),
        items => items.iter().all(is_content),
    }
}

fn are_parts(parts: &Value) -> bool {
    const PARTS: [&str; 9] = [
        "text",
        "inlineData",
        "inline_data",
        "fileData",
        "file_data",
        "functionCall",
        "function_call",
        "functionResponse",
        "function_response",
    ];
    let is_part = |part: &Value| PARTS.iter().any(|key| part.has(key));
    match parts.items() {
        [] => is_part(parts),
        items => items.iter().all(is_part),
    }
}

pub(super) fn read(value: &Value, sheet: &mut Sheet) -> &'static str {
    let consumed = [
        "model",
        "contents",
        "systemInstruction",
        "system_instruction",
        "tools",
        "generationConfig",
        "generation_config",
    ];
    sheet.settings_but(value, &consumed);
    sheet.target(Some("google"), "generate-content", value.get("model"));
    if let Some(tools) = value.get("tools") {
        read_tools(tools, sheet);
    }
    for entry in value.entries() {
        if !matches!(entry.key.as_str(), "generationConfig" | "generation_config") {
            continue;
        }
        for option in entry.value.entries() {
            let name = option.key.as_str();
            if matches!(
                name,
                "responseSchema" | "response_schema" | "responseJsonSchema"
            ) {
                sheet.schema(&option.value);
            } else {
                sheet.setting(&format!("generationConfig.{name}"), &option.value);
            }
        }
    }
    if let Some(cached) = value.get_any(&["cachedContent", "cached_content"]) {
        read_cached(cached, sheet);
    }
    if let Some(system) = value.get_any(&["systemInstruction", "system_instruction"]) {
        let blocks = match system.as_text() {
            Some(text) => vec![sheet.text_block(text, None)],
            None => read_parts(system, sheet),
        };
        sheet.message(Section::System, system.span, blocks);
    }
    if let Some(contents) = value.get("contents") {
        let items = match contents.items() {
            [] => std::slice::from_ref(contents),
            items => items,
        };
        for item in items {
            let role = item.get_str("role").unwrap_or("user");
            let blocks = read_parts(item, sheet);
            sheet.message(Section::from_role(role), item.span, blocks);
        }
    }
    "gemini"
}

/// An explicit cache: a stable prefix that was sent before and is only named here. Nothing says how large it is;
/// it cannot be smaller than the least that is cached.
fn read_cached(cached: &Value, sheet: &mut Sheet) {
    let Some(name) = cached.as_str().filter(|name| !name.is_empty()) else {
        return;
    };
    let least = words().of("sizes", "cached-content");
    let tokens = least.and_then(|least| least.parse().ok());
    let content = parts::unknown_slot(
        cached.place(sheet.path),
        name,
        Class::Deploy,
        tokens.unwrap_or(Assume::default().unknown_text_tokens),
        "content that was cached by an earlier request",
    );
    let block = DraftBlock {
        content,
        marker: None,
    };
    sheet.message(Section::System, cached.span, vec![block]);
}

/// One block per function declaration: they are the tools.
fn read_tools(tools: &Value, sheet: &mut Sheet) {
    let mut blocks = Vec::new();
    for tool in tools.items() {
        match tool.get_any(&["functionDeclarations", "function_declarations"]) {
            Some(functions) => {
                for function in functions.items() {
                    blocks.push(sheet.json_block(function, None));
                }
            }
            None => blocks.push(sheet.json_block(tool, None)),
        }
    }
    sheet.message(Section::Tools, tools.span, blocks);
}

fn read_parts(content: &Value, sheet: &mut Sheet) -> Vec<DraftBlock> {
    let Some(parts) = content.get("parts") else {
        return Vec::new();
    };
    let items = match parts.items() {
        [] => std::slice::from_ref(parts),
        items => items,
    };
    items
        .iter()
        .map(|part| {
            if let Some(text) = part.get_text("text") {
                return sheet.text_block(text, None);
            }
            let media = part.get_any(&["inlineData", "inline_data", "fileData", "file_data"]);
            match media {
                Some(media) => {
                    let key = media
                        .get_any(&["fileUri", "file_uri", "data"])
                        .and_then(Value::as_str)
                        .unwrap_or_default();
                    sheet.media_block(part, media_key(key), None)
                }
                None => sheet.json_block(part, None),
            }
        })
        .collect()
}
