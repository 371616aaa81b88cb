//! A bare list of `{role, content}`: the messages of a request whose target is set elsewhere.

use super::openai_chat::read_messages;
use super::{are_messages, ends_in_assistant, guess_dialect, Found, Sheet};
use crate::frontend::document::value::{Kind, Value};
use crate::frontend::template::dialect::Dialect;

const MESSAGE_KEYS: [&str; 9] = [
    "role",
    "content",
    "name",
    "tool_calls",
    "tool_call_id",
    "function_call",
    "refusal",
    "cache_control",
    "prompt_cache_breakpoint",
];

/// Items with other keys are records of a conversation (ids, dates), and a list that ends in an assistant turn is an
/// example or a log, as is one with such turns whose last message leaves nothing open. Rows of such lists are training
/// data.
pub(super) fn matches(value: &Value, found: Found) -> bool {
    let plain = |item: &Value| {
        let mut keys = item.entries().iter().map(|entry| entry.key.as_str());
        keys.all(|key| MESSAGE_KEYS.contains(&key))
    };
    found == Found::Document
        && are_messages(value)
        && value.items().iter().all(plain)
        && !ends_in_assistant(value)
        && !is_log(value)
}

fn is_log(messages: &Value) -> bool {
    let mut turns = messages.items().iter();
    let answered = turns.any(|message| message.get_str("role") == Some("assistant"));
    answered && messages.items().last().is_some_and(|last| !is_open(last))
}

/// Whether a string of a value is a template.
fn is_open(value: &Value) -> bool {
    match &value.kind {
        Kind::Scalar(scalar) => guess_dialect(scalar.text.as_str()) != Dialect::Plain,
        Kind::Seq(items) => items.iter().any(is_open),
        Kind::Map(entries) => entries.iter().any(|entry| is_open(&entry.value)),
    }
}

pub(super) fn read(value: &Value, sheet: &mut Sheet) -> &'static str {
    read_messages(value, sheet);
    sheet.target.api = None;
    "messages"
}
