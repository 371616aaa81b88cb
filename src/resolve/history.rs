//! Whether turns accumulate: evidence in the request, in names and in paths.
//! Knows nothing of templates.

use crate::prompt::{Conversation, Message, Piece, Slot};
use crate::volatility::{Class, Origin};

use super::words::words;

/// The evidence for a conversation. `soft`: roles that may only be examples in text.
pub fn conversation(
    messages: &[Message],
    fragment: bool,
    mentions_history: bool,
    soft: bool,
    names: &[&str],
) -> Conversation {
    let has_history = messages
        .iter()
        .flat_map(|message| &message.blocks)
        .any(|block| holds_history(&block.pieces));
    if has_history || (!soft && answered(messages)) {
        return Conversation::InRequest;
    }
    // A text that takes the newest turn in is the whole request: no turns follow it.
    if !fragment || messages.iter().any(takes_turn) {
        return Conversation::None;
    }
    if mentions_history {
        return Conversation::Evidence("it reads a conversation".into());
    }
    match names.iter().find_map(|name| telling_word(name)) {
        Some(word) => Conversation::Evidence(format!("its name says `{word}`")),
        None => Conversation::None,
    }
}

pub fn holds_history(pieces: &[Piece]) -> bool {
    pieces.iter().any(|piece| match piece {
        Piece::History(_) => true,
        Piece::Branch(branch) => branch.arms.iter().any(|arm| holds_history(arm)),
        Piece::Repeat(repeat) => holds_history(&repeat.body),
        Piece::Text(_) | Piece::Slot(_) | Piece::Media(_) => false,
    })
}

fn takes_turn(message: &Message) -> bool {
    let mut pieces = message.blocks.iter().flat_map(|block| &block.pieces);
    pieces.any(|piece| matches!(piece, Piece::Slot(slot) if is_turn(slot)))
}

/// Whether a value is named like what the user says now.
fn is_turn(slot: &Slot) -> bool {
    let volatility = &slot.volatility;
    if volatility.class != Class::Request || volatility.origin != Origin::Outside {
        return false;
    }
    let path = slot.expr.split('|').next().unwrap_or_default().trim();
    let name = path.rsplit('.').next().unwrap_or(path);
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    let name: String = letters.flat_map(char::to_lowercase).collect();
    words().turn_names.contains(&name)
}

/// Whether an assistant's message stands behind a user's.
fn answered(messages: &[Message]) -> bool {
    let user = messages
        .iter()
        .position(|message| message.section.is_user());
    user.is_some_and(|at| {
        messages[at..]
            .iter()
            .any(|message| message.section.is_assistant())
    })
}

/// A whole word of a path or a name that says conversation.
fn telling_word(name: &str) -> Option<String> {
    let mut word = String::new();
    let mut before = ' ';
    for c in name.chars().chain([' ']) {
        let ends = !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase());
        if ends {
            if words().conversation_words.contains(&word) {
                return Some(word);
            }
            word.clear();
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::telling_word;

    #[test]
    fn only_whole_words_of_a_path_tell() {
        assert_eq!(telling_word("src/chatFlow/a.j2").as_deref(), Some("chat"));
        assert_eq!(telling_word("my_agent.j2").as_deref(), Some("agent"));
        assert_eq!(telling_word("reagent/chatter.j2"), None);
    }
}
