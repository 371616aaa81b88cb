//! Splits a sequence of pieces into messages by the role headers in its text. The forms are data
//! (`rules/roles.yaml`). Knows nothing of files or names.
//!
//! Headers inside a branch: messages of the arms are aligned by their sections, the arm with most messages first;
//! each message holds a branch with what each arm says in it, and the text behind the branch belongs to the last.

use std::sync::Arc;

use crate::prompt::{Block, Branch, Message, Piece, Repeat, Section, Stored};
use crate::source::{Place, Text};

use super::value::push_piece;

mod headers;
use headers::{choose, has_headers, headers, starts_line_behind, Reading};

/// The section of the conversation so far among messages with headers.
pub const HISTORY_ROLE: &str = "history";

/// A message in the making; without a section it continues the one before it.
#[derive(Clone, Debug)]
struct Part {
    section: Option<Section>,
    place: Option<Place>,
    pieces: Vec<Piece>,
}

/// What splitting found.
pub struct Split {
    pub messages: Vec<Message>,
    /// The form of the headers; `None` where there are none and everything is one message.
    pub form: Option<&'static str>,
}

/// Splits at role headers. Text in front of the first header is of the system message. Without headers everything
/// is one message of the section given.
pub fn split(pieces: Vec<Piece>, alone: &dyn Fn(&[Piece]) -> Section, place: &Place) -> Split {
    let Some(reading) = choose(&pieces) else {
        let section = alone(&pieces);
        let pieces = drop_blank_behind_history(pieces);
        let messages = message(section, pieces, place).into_iter().collect();
        return Split {
            messages,
            form: None,
        };
    };
    let mut messages = Vec::new();
    for part in parts(pieces, &reading) {
        let section = part.section.unwrap_or(Section::System);
        let pieces = trim(drop_blank_behind_history(part.pieces));
        let place = part.place.unwrap_or_else(|| place.clone());
        messages.extend(message(section, pieces, &place));
    }
    Split {
        messages,
        form: Some(reading.form.name.as_str()),
    }
}

fn message(section: Section, pieces: Vec<Piece>, place: &Place) -> Option<Message> {
    if pieces.iter().all(is_blank) {
        return None;
    }
    Some(Message {
        section,
        place: place.clone(),
        blocks: vec![Block {
            pieces,
            marker: None,
        }],
        stored: Stored::Unknown,
    })
}

fn parts(pieces: Vec<Piece>, form: &Reading) -> Vec<Part> {
    let mut out = vec![Part {
        section: None,
        place: None,
        pieces: Vec::new(),
    }];
    let mut line_start = true;
    let mut fenced = false;
    let mut behind_history = None;
    let own_message = histories(&pieces, form);
    let next_is_slot: Vec<bool> = pieces
        .iter()
        .skip(1)
        .map(|piece| matches!(piece, Piece::Slot(_)))
        .chain([false])
        .collect();
    for ((piece, next_is_slot), own_message) in
        pieces.into_iter().zip(next_is_slot).zip(own_message)
    {
        let starts = starts_line_behind(&piece);
        match piece {
            Piece::Text(text) => {
                if behind_history.is_some() && text.as_str().trim().is_empty() {
                    continue;
                }
                reopen(&mut out, &mut behind_history, &text, form, line_start);
                split_text(&text, form, (line_start, !next_is_slot, fenced), &mut out);
                fenced = form.fenced_behind(&text, fenced);
            }
            Piece::History(history) if own_message => {
                let section = out.iter().rev().find_map(|part| part.section.clone());
                behind_history.get_or_insert(section);
                out.push(Part {
                    section: Some(Section::Role(HISTORY_ROLE.into())),
                    place: Some(history.place.clone()),
                    pieces: vec![Piece::History(history)],
                });
            }
            Piece::Branch(branch) => split_branch(branch, form, &mut out),
            Piece::Repeat(repeat) => split_repeat(repeat, form, &mut out),
            other => {
                if let Some(section) = behind_history.take() {
                    continue_section(&mut out, section);
                }
                if let Some(part) = out.last_mut() {
                    part.pieces.push(other);
                }
            }
        }
        line_start = starts;
    }
    out
}

/// Which pieces are a conversation in messages of its own: one that a header or the end follows. A conversation in
/// the middle of a message is text of that message.
fn histories(pieces: &[Piece], form: &Reading) -> Vec<bool> {
    let ends_message = |behind: &[Piece]| {
        let next = behind.iter().find(|piece| !is_blank(piece));
        match next {
            None | Some(Piece::History(_)) => true,
            Some(Piece::Text(text)) => {
                let found = headers(text.as_str(), form, true, true, false);
                let first = found.first().map_or(text.len(), |header| header.span.start);
                text.as_str()[..first].trim().is_empty()
            }
            Some(Piece::Branch(branch)) => branch.arms.iter().any(|arm| has_headers(arm, form)),
            Some(Piece::Repeat(repeat)) => has_headers(&repeat.body, form),
            Some(Piece::Slot(_) | Piece::Media(_)) => false,
        }
    };
    let is_history = |at: usize| matches!(pieces[at], Piece::History(_));
    (0..pieces.len())
        .map(|at| is_history(at) && ends_message(&pieces[at + 1..]))
        .collect()
}

/// Behind a history text that is not under a header of its own continues the message in front of it.
fn reopen(
    out: &mut Vec<Part>,
    behind: &mut Option<Option<Section>>,
    text: &Text,
    form: &Reading,
    line_start: bool,
) {
    let Some(section) = behind.take() else { return };
    let first = headers(text.as_str(), form, line_start, true, false)
        .first()
        .map_or(text.len(), |header| header.span.start);
    if !text.as_str()[..first].trim().is_empty() {
        continue_section(out, section);
    }
}

fn continue_section(out: &mut Vec<Part>, section: Option<Section>) {
    out.push(Part {
        section: Some(section.unwrap_or_else(|| Section::Role("user".into()))),
        place: None,
        pieces: Vec::new(),
    });
}

fn split_text(
    text: &Text,
    form: &Reading,
    (line_start, open_end, fenced): (bool, bool, bool),
    out: &mut Vec<Part>,
) {
    let mut at = 0;
    for header in headers(text.as_str(), form, line_start, open_end, fenced) {
        if let Some(part) = out.last_mut() {
            push_piece(
                &mut part.pieces,
                Piece::Text(text.slice(at, header.span.start)),
            );
        }
        at = header.span.end;
        if let Some(role) = header.role {
            out.push(Part {
                section: Some(Section::from_role(&role)),
                place: Some(text.place(header.span.start, header.span.end)),
                pieces: Vec::new(),
            });
        }
    }
    if let Some(part) = out.last_mut() {
        push_piece(&mut part.pieces, Piece::Text(text.slice(at, text.len())));
    }
}

/// Messages of a branch: what each arm says in each.
struct Aligned {
    section: Option<Section>,
    place: Option<Place>,
    arms: Vec<Vec<Piece>>,
}

fn split_branch(branch: Branch, form: &Reading, out: &mut Vec<Part>) {
    if !branch.arms.iter().any(|arm| has_headers(arm, form)) {
        if let Some(part) = out.last_mut() {
            part.pieces.push(Piece::Branch(branch));
        }
        return;
    }
    let count = branch.arms.len();
    let arms: Vec<Vec<Part>> = branch
        .arms
        .iter()
        .map(|arm| parts(arm.clone(), &form.inside()))
        .collect();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|arm| (std::cmp::Reverse(arms[*arm].len()), *arm));
    let mut aligned: Vec<Aligned> = Vec::new();
    for arm in order {
        let mut cursor = 0;
        for part in &arms[arm] {
            let same = aligned[cursor..]
                .iter()
                .position(|known| known.section == part.section);
            let at = match same {
                Some(offset) => cursor + offset,
                None => {
                    let new = Aligned {
                        section: part.section.clone(),
                        place: part.place.clone(),
                        arms: vec![Vec::new(); count],
                    };
                    aligned.insert(cursor, new);
                    cursor
                }
            };
            aligned[at].arms[arm] = part.pieces.clone();
            cursor = at + 1;
        }
    }
    for message in aligned {
        let pieces = fork(&branch, message.arms);
        match (message.section, out.last_mut()) {
            (None, Some(part)) => part.pieces.extend(pieces),
            (section, _) => out.push(Part {
                section,
                place: message.place,
                pieces,
            }),
        }
    }
}

/// The branch over the parts of its arms in one message; a history is one whichever arm it stands in.
fn fork(branch: &Branch, arms: Vec<Vec<Piece>>) -> Vec<Piece> {
    if arms.iter().all(|arm| arm.iter().all(is_blank)) {
        return Vec::new();
    }
    let only_history = |arm: &Vec<Piece>| arm.iter().all(|p| matches!(p, Piece::History(_)));
    if let (true, Some(arm)) = (
        arms.iter().all(only_history),
        arms.iter().find(|arm| !arm.is_empty()),
    ) {
        return arm.clone();
    }
    let arms = Arc::new(arms.into_iter().map(trim).collect());
    vec![Piece::Branch(Branch {
        arms,
        ..branch.clone()
    })]
}

fn split_repeat(repeat: Repeat, form: &Reading, out: &mut Vec<Part>) {
    if !has_headers(&repeat.body, form) {
        if let Some(part) = out.last_mut() {
            part.pieces.push(Piece::Repeat(repeat));
        }
        return;
    }
    for part in parts(repeat.body.clone(), &form.inside()) {
        if part.pieces.iter().all(is_blank) && part.section.is_none() {
            continue;
        }
        let pieces = vec![Piece::Repeat(Repeat {
            body: trim(part.pieces),
            ..repeat.clone()
        })];
        match (part.section, out.last_mut()) {
            (None, Some(last)) => last.pieces.extend(pieces),
            (section, _) => out.push(Part {
                section,
                place: part.place,
                pieces,
            }),
        }
    }
}

fn is_blank(piece: &Piece) -> bool {
    matches!(piece, Piece::Text(text) if text.as_str().trim().is_empty())
}

/// Blank text behind a history is not content that could be cached.
pub fn drop_blank_behind_history(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    for piece in pieces {
        if is_blank(&piece) && matches!(out.last(), Some(Piece::History(_))) {
            continue;
        }
        out.push(piece);
    }
    out
}

/// Without the blanks at both ends, as clients send messages.
fn trim(mut pieces: Vec<Piece>) -> Vec<Piece> {
    while pieces.first().is_some_and(is_blank) {
        pieces.remove(0);
    }
    while pieces.last().is_some_and(is_blank) {
        pieces.pop();
    }
    if let Some(Piece::Text(text)) = pieces.first_mut() {
        let start = text.len() - text.as_str().trim_start().len();
        *text = text.slice(start, text.len());
    }
    if let Some(Piece::Text(text)) = pieces.last_mut() {
        let end = text.as_str().trim_end().len();
        *text = text.slice(0, end);
    }
    pieces
}
