//! Whether turns accumulate: evidence in the request, in names and in paths.
//! Knows nothing of templates.

use crate::config::Assume;
use crate::prompt::{visit_pieces, Conversation, History, Message, Piece, Section, Size, Slot};
use crate::volatility::{Class, Confidence, Origin, Volatility};
use crate::words::name_words;

use super::roles::HISTORY_ROLE;
use super::words::words;

/// Characters behind a conversation that only close it: `Answer:`, a question that is asked in a sentence.
const CLOSING_TEXT: usize = 400;
const TRANSCRIPT: &str = "a conversation as text, longer on every turn";

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
    words().turn_names.contains(&letters_of(&slot.expr))
}

/// The last name of a path in small letters and digits.
fn letters_of(expr: &str) -> String {
    let path = expr.split('|').next().unwrap_or_default().trim();
    let name = path.rsplit('.').next().unwrap_or(path);
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Where the only conversation is what an agent has done for one question, that question is the session: what a call
/// is given stays the same until it is answered. Beside another conversation the scratchpad is of the call.
pub fn settle_scratchpads(messages: &mut [Message]) {
    let (mut pads, mut others) = (false, false);
    visit(messages, &mut |piece| {
        if let Piece::History(history) = piece {
            let pad = words().scratchpads.contains(&letters_of(&history.expr));
            pads |= pad;
            others |= !pad;
        }
    });
    if !pads {
        return;
    }
    visit(messages, &mut |piece| match piece {
        Piece::History(history)
            if others && words().scratchpads.contains(&letters_of(&history.expr)) =>
        {
            *piece = of_call(history);
        }
        Piece::Slot(slot) if !others => settle(&mut slot.volatility),
        Piece::Repeat(repeat) if !others => settle(&mut repeat.volatility),
        Piece::Branch(branch) if !others => settle(&mut branch.volatility),
        _ => {}
    });
}

/// A conversation that is written into a text is longer on every turn, so that what the text goes on with stands at
/// another place each time: there it is a value of the request, and no turns that a later call reads again.
pub fn settle_transcripts(messages: &mut [Message]) {
    for message in messages {
        let turns = matches!(&message.section, Section::Role(role) if role == HISTORY_ROLE);
        if turns {
            continue;
        }
        for block in &mut message.blocks {
            settle_transcript(&mut block.pieces);
        }
    }
}

fn settle_transcript(pieces: &mut [Piece]) {
    for at in 0..pieces.len() {
        let (front, behind) = pieces.split_at_mut(at + 1);
        let text = behind.iter().map(|piece| match piece {
            Piece::Text(text) => text.as_str().trim().len(),
            _ => 0,
        });
        if text.sum::<usize>() < CLOSING_TEXT {
            break;
        }
        visit_pieces(&mut front[at..], &mut |piece| {
            if let Piece::History(history) = piece {
                *piece = shown_as(history, TRANSCRIPT, Assume::default().history_tokens);
            }
        });
    }
}

fn settle(volatility: &mut Volatility) {
    let given = matches!(volatility.class, Class::Request | Class::State)
        && volatility.origin == Origin::Outside;
    if given && volatility.confidence != Confidence::Certain {
        let why = "the same while one question is answered";
        *volatility = Volatility::new(Class::Session, Origin::Outside, volatility.confidence, why);
    }
}

fn of_call(history: &History) -> Piece {
    let why = "what an agent has done for this question";
    shown_as(history, why, Assume::default().unknown_text_tokens)
}

/// A conversation as a value of the call.
fn shown_as(history: &History, why: &'static str, tokens: u32) -> Piece {
    Piece::Slot(Slot {
        expr: history.expr.clone().into(),
        place: history.place.clone(),
        volatility: Volatility::new(Class::Request, Origin::Outside, Confidence::Likely, why),
        trace: Vec::new(),
        size: Size {
            tokens,
            assumed: true,
        },
    })
}

fn visit(messages: &mut [Message], act: &mut dyn FnMut(&mut Piece)) {
    for message in messages {
        for block in &mut message.blocks {
            visit_pieces(&mut block.pieces, act);
        }
    }
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
    let mut own = name_words(name).into_iter();
    own.find(|word| words().conversation_words.contains(word))
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
