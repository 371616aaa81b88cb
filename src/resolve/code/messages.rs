//! Values become messages: lists of role and content, pairs, forks of them and the turns of a loop.

use std::rc::Rc;

use crate::prompt::{Block, Branch, History, Marker, Message, Piece, Section, Stored};
use crate::sdk::{self, Part};
use crate::source::Place;
use crate::volatility::Given;

use super::super::history;
use super::super::roles::HISTORY_ROLE;
use super::blocks::{folded, repeat_piece};
use super::eval::Eval;
use super::heap::{Item, Round};
use super::landing::{attach, in_arm, in_loop};
use super::marks::root_of;
use super::value::{Condition, Unknown, Value};

impl Eval<'_, '_> {
    /// The messages of a list, a text, or something open.
    pub fn messages(&mut self, value: &Value, place: &Place) -> Vec<Message> {
        match value {
            Value::Cell(id) => match self.heap.list(*id).cloned() {
                Some(list) => {
                    let Some(_within) = self.heap.reading.begin(*id) else {
                        return Vec::new();
                    };
                    let items = self.begun(&list.items);
                    let mut out = self.message_items(&items);
                    if let Some(rewrite) = list.rewrite {
                        rewrite_history(&mut out, &rewrite);
                    }
                    out
                }
                None if self.made_kind(*id).is_some() => {
                    let Some(_within) = self.heap.reading.begin(*id) else {
                        return Vec::new();
                    };
                    let (parts, _) = self.made_parts(*id, place);
                    let kept = parts.iter();
                    let kept = kept.filter(|(part, _, _)| *part == Part::Messages);
                    kept.flat_map(|(_, value, _)| self.messages(value, place))
                        .collect()
                }
                None => self.message_of(value, place),
            },
            Value::Choice(choice) => {
                let choice = choice.clone();
                let arms: Vec<Vec<Message>> = choice
                    .arms
                    .iter()
                    .map(|arm| self.messages(arm, place))
                    .collect();
                forked(&choice.condition, arms)
            }
            Value::Unknown(unknown) => self.open_messages(&unknown.clone(), place),
            Value::Text(_) => self
                .message(Section::Role("user".into()), value, place)
                .into_iter()
                .collect(),
            _ => Vec::new(),
        }
    }

    fn message_items(&mut self, items: &[Item]) -> Vec<Message> {
        let mut out = Vec::new();
        for item in items {
            match item {
                Item::One(value, place) => out.extend(self.message_of(&value.clone(), place)),
                Item::Spread(value, place) => out.extend(self.messages(&value.clone(), place)),
                Item::Branch(condition, arms) => {
                    let arms = arms.iter().map(|arm| self.message_items(arm)).collect();
                    out.extend(forked(condition, arms));
                }
                Item::Repeat(round, body) if round.history => {
                    let marks = self.message_items(body).into_iter();
                    let marks = marks.flat_map(|message| message.blocks);
                    let mut marks: Vec<Marker> = marks.filter_map(|b| b.marker).collect();
                    marks.iter_mut().for_each(|mark| in_loop(mark, round));
                    let root = super::marks::turns_of(round);
                    marks.extend(self.landing_at(&root));
                    out.extend(self.marked_system(&root, &round.place));
                    let mut message = history_of(round);
                    if let Some(edit) = self.edited_turns(&root) {
                        rewrite_history(std::slice::from_mut(&mut message), &edit);
                    }
                    attach(&mut message.blocks, marks);
                    out.push(message);
                }
                Item::Repeat(round, body) => {
                    let messages = self.message_items(body);
                    out.extend(messages.into_iter().map(|message| repeated(round, message)));
                }
            }
        }
        out
    }

    /// One item of a message list.
    pub fn message_of(&mut self, value: &Value, place: &Place) -> Vec<Message> {
        match value {
            Value::Cell(id) => {
                if self.heap.list(*id).is_some() {
                    // A pair of role and text, or a list in a list.
                    return self.pair(*id);
                }
                let Some(object) = self.heap.object(*id).cloned() else {
                    return Vec::new();
                };
                if let Some(filled) = self.unfilled(value) {
                    return self.message_of(&filled, place);
                }
                let kind = object.get("type").and_then(Value::known_text);
                let role = object.get("role").and_then(Value::known_text).or_else(|| {
                    let kind = kind.as_deref()?;
                    let named = sdk::item_role(kind).map(str::to_string);
                    named.or_else(|| sdk::is_role(kind).then(|| kind.to_string()))
                });
                let section = match &role {
                    Some(role) => Section::from_role(role),
                    None => Section::Role("user".into()),
                };
                let content = ["content", "parts", "text", "output"]
                    .iter()
                    .find_map(|key| object.get(key).cloned())
                    .unwrap_or_else(|| match &role {
                        // A part that stands for a message: an image.
                        None => value.clone(),
                        Some(_) => Value::None,
                    });
                let mut message = self.message(section, &content, place);
                if let Some(marker) = self.marker(&object.entries, place) {
                    if let Some(block) = message.as_mut().and_then(|m| m.blocks.last_mut()) {
                        block.marker = Some(marker);
                    }
                }
                message.into_iter().collect()
            }
            Value::Choice(choice) => {
                let choice = choice.clone();
                let arms: Vec<Vec<Message>> = choice
                    .arms
                    .iter()
                    .map(|arm| self.message_of(arm, place))
                    .collect();
                forked(&choice.condition, arms)
            }
            Value::Unknown(unknown) if unknown.is_history() => {
                self.open_messages(&unknown.clone(), place)
            }
            Value::Text(_) | Value::Unknown(_) => self
                .message(Section::Role("user".into()), value, place)
                .into_iter()
                .collect(),
            _ => Vec::new(),
        }
    }

    /// `("system", text)`
    pub fn pair(&mut self, id: usize) -> Vec<Message> {
        let Some(list) = self.heap.list(id).cloned() else {
            return Vec::new();
        };
        let Some(_within) = self.heap.reading.begin(id) else {
            return Vec::new();
        };
        if let [Item::One(role, _), Item::One(content, at)] = list.items.as_slice() {
            if let Some(role) = role.known_text().filter(|role| sdk::is_role(role)) {
                return self
                    .message(Section::from_role(&role), &content.clone(), at)
                    .into_iter()
                    .collect();
            }
        }
        self.message_items(&list.items)
    }

    /// An open conversation, behind the system text in it that was marked.
    fn open_messages(&mut self, unknown: &Unknown, place: &Place) -> Vec<Message> {
        let system = self.marked_system(&root_of(unknown), place);
        let turns = self.history_message(unknown, place);
        system.into_iter().chain([turns]).collect()
    }

    pub fn history_message(&mut self, unknown: &Unknown, place: &Place) -> Message {
        self.trail.mentions_history = true;
        self.note_turns(unknown, place);
        let section = Section::Role(HISTORY_ROLE.into());
        let piece = Piece::History(History {
            expr: unknown.expr.to_string(),
            place: place.clone(),
            rewritten: unknown
                .rewrite
                .clone()
                .or_else(|| self.edited_turns(&root_of(unknown))),
        });
        let mut blocks = vec![Block {
            pieces: vec![piece],
            marker: None,
        }];
        attach(&mut blocks, self.landing(unknown));
        Message {
            section,
            blocks,
            place: place.clone(),
            stored: Stored::AsSent,
        }
    }

    /// A message with this content: text, parts, or something open.
    pub fn message(&mut self, section: Section, content: &Value, place: &Place) -> Option<Message> {
        let blocks = folded(self.blocks(content, place));
        if blocks.is_empty() {
            return None;
        }
        Some(Message {
            section,
            blocks,
            place: place.clone(),
            stored: Stored::Unknown,
        })
    }
}

/// The arm of a conversation whose turns are marked, where the others send nothing but the turns as they are: for models
/// that take no markers.
fn marked_turns(arms: &[Vec<Message>]) -> Option<usize> {
    let turns = |message: &&Message| {
        let mut blocks = message.blocks.iter();
        blocks.any(|block| history::holds_history(&block.pieces))
    };
    let marked = |arm: &Vec<Message>| {
        let mut turns = arm.iter().filter(turns);
        turns.any(|message| message.blocks.iter().any(super::blocks::is_marked))
    };
    let at = arms.iter().position(marked)?;
    let mut others = arms.iter().enumerate().filter(|(arm, _)| *arm != at);
    let plain = others.all(|(_, arm)| {
        !arm.is_empty() && !marked(arm) && arm.iter().all(|message| turns(&message))
    });
    plain.then_some(at)
}

/// Messages of several arms: what all have stands once, the rest is sent or not.
fn forked(condition: &Rc<Condition>, mut arms: Vec<Vec<Message>>) -> Vec<Message> {
    if let Some(history) = super::windows::one_history(condition, &arms) {
        return history;
    }
    if let Some(arm) = marked_turns(&arms) {
        let mut own = arms.swap_remove(arm);
        let blocks = own.iter_mut().flat_map(|message| &mut message.blocks);
        let marks = blocks.filter_map(|block| block.marker.as_mut());
        marks.for_each(|mark| in_arm(mark, condition, arm));
        return own;
    }
    let mut out = Vec::new();
    while let Some(first) = common_front(condition, &arms) {
        arms.iter_mut().for_each(|arm| {
            arm.remove(0);
        });
        out.extend(first);
    }
    let same_shape = arms.windows(2).all(|pair| {
        pair[0].len() == pair[1].len()
            && pair[0]
                .iter()
                .zip(&pair[1])
                .all(|(a, b)| a.section == b.section && a.blocks.len() == 1 && b.blocks.len() == 1)
    });
    if same_shape {
        let count = arms.first().map_or(0, Vec::len);
        for index in 0..count {
            let alone: Vec<Vec<Message>> = arms.iter().map(|a| vec![a[index].clone()]).collect();
            if let Some(history) = super::windows::one_history(condition, &alone) {
                out.extend(history);
                continue;
            }
            let pieces = arms
                .iter()
                .map(|arm| arm[index].blocks[0].pieces.clone())
                .collect();
            let mut message = arms[0][index].clone();
            let mut marks = arms.iter().map(|arm| &arm[index].blocks[0].marker);
            if !marks.all(Option::is_some) {
                let marks = arms.iter().map(|arm| arm[index].blocks[0].marker.clone());
                let found = marks.enumerate().find_map(|(arm, m)| Some((arm, m?)));
                message.blocks[0].marker = found.map(|(arm, mut mark)| {
                    in_arm(&mut mark, condition, arm);
                    mark
                });
            }
            message.blocks[0].pieces = super::arms::join_texts(condition, pieces);
            out.push(message);
        }
        return out;
    }
    let total = arms.len();
    for (index, arm) in arms.into_iter().enumerate() {
        for mut message in arm {
            let marks = message.blocks.iter_mut().filter_map(|b| b.marker.as_mut());
            marks.for_each(|mark| in_arm(mark, condition, index));
            let history = message
                .blocks
                .iter()
                .any(|block| history::holds_history(&block.pieces));
            if !history {
                for block in &mut message.blocks {
                    let mut all = vec![Vec::new(); total];
                    all[index] = std::mem::take(&mut block.pieces);
                    block.pieces = vec![Piece::Branch(Branch {
                        condition: condition.expr.clone(),
                        id: condition.id,
                        place: condition.place.clone(),
                        volatility: condition.volatility.clone(),
                        arms: all.into(),
                    })];
                }
            }
            out.push(message);
        }
    }
    out
}

/// What all arms begin with: the same message, or one conversation in several states.
fn common_front(condition: &Condition, arms: &[Vec<Message>]) -> Option<Vec<Message>> {
    let fronts = arms.iter().map(|arm| arm.first());
    let fronts: Vec<&Message> = fronts.collect::<Option<_>>()?;
    let first = *fronts.first()?;
    if fronts.iter().all(|front| *front == first) {
        return Some(vec![first.clone()]);
    }
    let alone: Vec<Vec<Message>> = fronts
        .into_iter()
        .map(|front| vec![front.clone()])
        .collect();
    super::windows::one_history(condition, &alone)
}

fn repeated(round: &Round, mut message: Message) -> Message {
    let history = message
        .blocks
        .iter()
        .any(|block| history::holds_history(&block.pieces));
    if history {
        one_history(&mut message);
        return message;
    }
    for block in &mut message.blocks {
        let body = std::mem::take(&mut block.pieces);
        if !body.is_empty() {
            block.pieces = vec![repeat_piece(round, body)];
        }
        if let Some(marker) = &mut block.marker {
            in_loop(marker, round);
        }
    }
    message
}

/// A turn that is written out part by part is one turn of the conversation: its parts are no texts of their own.
fn one_history(message: &mut Message) {
    let mut seen = false;
    for block in &mut message.blocks {
        block.pieces.retain(|piece| match piece {
            Piece::History(_) => !std::mem::replace(&mut seen, true),
            Piece::Slot(slot) => slot.volatility.given != Given::Conversation,
            Piece::Branch(branch) => branch.volatility.given != Given::Conversation,
            _ => true,
        });
    }
    message
        .blocks
        .retain(|block| !block.pieces.is_empty() || block.marker.is_some());
}

fn history_of(round: &Round) -> Message {
    Message {
        section: Section::Role(HISTORY_ROLE.into()),
        blocks: vec![Block {
            pieces: vec![Piece::History(History {
                expr: round.over.clone(),
                place: round.place.clone(),
                rewritten: round.rewrite.clone(),
            })],
            marker: None,
        }],
        place: round.place.clone(),
        stored: Stored::AsSent,
    }
}

fn rewrite_history(messages: &mut [Message], rewrite: &crate::prompt::Rewrite) {
    for message in messages {
        for block in &mut message.blocks {
            for piece in &mut block.pieces {
                if let Piece::History(history) = piece {
                    history.rewritten.get_or_insert_with(|| rewrite.clone());
                }
            }
        }
    }
}
