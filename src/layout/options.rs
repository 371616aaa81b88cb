//! What the options of a request and the ways of its provider say on the layout: wire order, routing key, the
//! automatic breakpoint, whether markers show in the source.

use crate::frontend::code::language_of;
use crate::prompt::{Message, Prompt, Section, Setting, TargetSource};
use crate::providers::Model;

/// Whether the model caches only what is sent with a key, and this request shows that it has none.
pub(super) fn unkeyed(prompt: &Prompt, model: &Model) -> bool {
    let (Some(key), Some(0.0)) = (&model.cache_key, model.rate_per_key) else {
        return false;
    };
    let whole = !prompt.fragment && prompt.target.api.is_some();
    whole && !prompt.open_options && !prompt.settings.iter().any(|setting| setting.name == *key)
}

/// The option that asks for a breakpoint behind the last block.
pub(super) fn automatic(prompt: &Prompt) -> Option<&Setting> {
    prompt
        .settings
        .iter()
        .find(|setting| setting.name == "cache_control" || setting.name == "cache_control.type")
}

/// Minutes of the automatic breakpoint's TTL, where the option states one.
pub(super) fn automatic_ttl(prompt: &Prompt) -> Option<u32> {
    let setting = prompt
        .settings
        .iter()
        .find(|setting| setting.name == "cache_control.ttl")?;
    let text = setting.literal()?.trim();
    let hours = text.strip_suffix('h').and_then(|n| n.parse::<u32>().ok());
    let minutes = text.strip_suffix('m').and_then(|n| n.parse().ok());
    hours.and_then(|n| n.checked_mul(60)).or(minutes)
}

/// Whether the source is one that shows its cache markers: a request body, or anything that holds one.
pub(super) fn states_markers(prompt: &Prompt) -> bool {
    let body = matches!(
        prompt.target.api,
        Some("messages" | "converse" | "chat" | "responses" | "generate-content")
    );
    let marked = prompt
        .messages
        .iter()
        .any(|message| message.blocks.iter().any(|block| block.marker.is_some()));
    // A body that is written by hand shows that it has none where no code writes one for it.
    let by_hand = prompt.surely_unmarked
        && prompt.target.source == TargetSource::Declared
        && language_of(&prompt.origin.path).is_some();
    marked || (body && !prompt.fragment) || (by_hand && (prompt.agent || !prompt.fragment))
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    Tools,
    System,
    Messages,
}

impl Tier {
    pub(super) fn of(section: &Section) -> Tier {
        match section {
            Section::Tools => Tier::Tools,
            section if section.is_preamble() => Tier::System,
            _ => Tier::Messages,
        }
    }
}

/// Tools first; then, where the provider takes the system prompt apart from the turns, the system prompt. Elsewhere a
/// system message among the turns stays where it is.
pub(super) fn wire_order<'a>(messages: &'a [Message], model: &Model) -> Vec<&'a Message> {
    let rank = |message: &Message| match message.section {
        Section::Tools => 0,
        Section::Schema => 1,
        Section::System if model.system_apart => 2,
        _ => 3,
    };
    let mut order: Vec<&Message> = messages.iter().collect();
    order.sort_by_key(|message| rank(message));
    order
}
