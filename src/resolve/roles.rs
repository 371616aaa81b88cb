//! Splits a sequence of pieces into messages by the role headers in its text. The forms are data
//! (`rules/roles.yaml`). Knows nothing of files or names.
//!
//! Headers inside a branch: messages of the arms are aligned by their sections, the arm with most messages first;
//! each message holds a branch with what each arm says in it, and the text behind the branch belongs to the last.

use regex::Regex;

use crate::prompt::{Block, Branch, Message, Piece, Repeat, Section, Stored};
use crate::source::{Place, Span, Text};

use super::value::push_piece;
use super::words::{words, HeaderForm};

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

/// How the text of one prompt is read for headers.
struct Reading {
    form: &'static HeaderForm,
    /// Whether text in fenced code blocks is skipped: not where a fence is left open.
    fences: bool,
    /// Whether indented headers count: not where others stand at the line's start.
    indented: bool,
}

impl Reading {
    /// Whether a header at this place of a text is text.
    fn skips(&self, text: &str, at: usize, fenced: bool) -> bool {
        if !self.form.whole_line {
            return false;
        }
        if !self.indented && text[at..].starts_with([' ', '\t']) {
            return true;
        }
        self.fences && (fences(&text[..at]) % 2 == 1) != fenced
    }

    /// Inside of a branch or a loop templates are indented.
    fn inside(&self) -> Reading {
        Reading {
            form: self.form,
            fences: self.fences,
            indented: true,
        }
    }

    /// Whether text behind a text stands in a fenced code block.
    fn fenced_behind(&self, text: &Text, fenced: bool) -> bool {
        (fences(text.as_str()) % 2 == 1) != fenced
    }
}

/// Lines that open or close a fenced code block.
fn fences(text: &str) -> usize {
    let is_fence = |line: &&str| line.trim_start().starts_with("```");
    text.lines().filter(is_fence).count()
}

/// The first form whose headers are there, and how it is read.
fn choose(pieces: &[Piece]) -> Option<Reading> {
    let fence_lines: usize = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => fences(text.as_str()),
            _ => 0,
        })
        .sum();
    words().forms.iter().find_map(|form| {
        let mut reading = Reading {
            form,
            fences: fence_lines.is_multiple_of(2),
            indented: false,
        };
        let mut seen = Seen::default();
        collect_roles(pieces, &reading, true, &mut seen);
        if seen.roles.is_empty() {
            reading.indented = true;
            collect_roles(pieces, &reading, true, &mut seen);
        }
        seen.roles.sort();
        seen.roles.dedup();
        let enough = seen.roles.len() >= form.roles
            || seen.roles.iter().any(|role| form.or_role.contains(role));
        let placed = (seen.before_value || !form.before_value)
            && (ends_in_answer(pieces, &reading) || !form.to_continue);
        let holds = !seen.roles.is_empty() && enough && placed;
        holds.then_some(reading)
    })
}

/// Headers that were seen.
#[derive(Default)]
struct Seen {
    roles: Vec<String>,
    /// Whether one of them stands directly before a value or at the end.
    before_value: bool,
}

fn collect_roles(pieces: &[Piece], form: &Reading, mut line_start: bool, out: &mut Seen) {
    let mut fenced = false;
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Text(text) => {
                let next = pieces.get(index + 1);
                let open_end = !matches!(next, Some(Piece::Slot(_)));
                let value = !matches!(next, Some(Piece::Text(_) | Piece::Branch(_)));
                for found in headers(text.as_str(), form, line_start, open_end, fenced) {
                    out.before_value |= value && text.as_str()[found.span.end..].trim().is_empty();
                    out.roles.extend(found.role);
                }
                fenced = form.fenced_behind(text, fenced);
            }
            Piece::Branch(branch) => {
                for arm in &branch.arms {
                    collect_roles(arm, &form.inside(), line_start, out);
                }
            }
            Piece::Repeat(repeat) => collect_roles(&repeat.body, &form.inside(), line_start, out),
            _ => {}
        }
        line_start = starts_line_behind(piece);
    }
}

/// Whether the last that is sent is the header of an assistant: the model writes what stands behind it.
fn ends_in_answer(pieces: &[Piece], form: &Reading) -> bool {
    let Some(Piece::Text(text)) = pieces.last() else {
        return false;
    };
    let before = pieces.len().checked_sub(2).and_then(|at| pieces.get(at));
    let line_start = before.is_none_or(starts_line_behind);
    let found = headers(text.as_str(), form, line_start, true, false);
    found.last().is_some_and(|header| {
        let role = header.role.as_deref().map(Section::from_role);
        role.is_some_and(|role| role.is_assistant())
            && text.as_str()[header.span.end..].trim().is_empty()
    })
}

/// Whether text behind a piece may start with a header: not on the line of a value.
fn starts_line_behind(piece: &Piece) -> bool {
    match piece {
        Piece::Text(text) => text.as_str().ends_with('\n'),
        Piece::Slot(_) | Piece::Media(_) => false,
        Piece::Branch(_) | Piece::Repeat(_) | Piece::History(_) => true,
    }
}

/// A header or an end mark in text.
struct Header {
    span: Span,
    /// `None`: an end mark.
    role: Option<String>,
}

/// Headers and end marks in a run of text, in order, not overlapping.
fn headers(
    text: &str,
    reading: &Reading,
    line_start: bool,
    open_end: bool,
    fenced: bool,
) -> Vec<Header> {
    let form = reading.form;
    let mut out: Vec<Header> = Vec::new();
    let mut add = |regex: &Regex, role: &dyn Fn(&regex::Captures<'_>) -> Option<String>| {
        for found in regex.captures_iter(text) {
            let Some(whole) = found.get(0) else { continue };
            if form.whole_line {
                let at_start = whole.start() == 0 && !line_start;
                let at_end =
                    whole.end() == text.len() && !open_end && !whole.as_str().ends_with('\n');
                if at_start || at_end || reading.skips(text, whole.start(), fenced) {
                    continue;
                }
            }
            out.push(Header {
                span: Span::new(whole.start(), whole.end()),
                role: role(&found),
            });
        }
    };
    for (regex, fixed) in &form.headers {
        add(regex, &|found| {
            let named = found
                .name("role")
                .map(|role| role.as_str().to_ascii_lowercase());
            fixed.clone().or(named)
        });
    }
    for regex in &form.ends {
        add(regex, &|_| None);
    }
    out.sort_by_key(|header| (header.span.start, std::cmp::Reverse(header.span.end)));
    let mut end = 0;
    out.retain(|header| {
        let keeps = header.span.start >= end;
        if keeps {
            end = header.span.end;
        }
        keeps
    });
    out
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

fn has_headers(pieces: &[Piece], form: &Reading) -> bool {
    let mut seen = Seen::default();
    collect_roles(pieces, form, true, &mut seen);
    !seen.roles.is_empty()
        || pieces.iter().any(|piece| match piece {
            Piece::History(_) => true,
            Piece::Branch(branch) => branch.arms.iter().any(|arm| has_headers(arm, form)),
            _ => false,
        })
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
    let arms = arms.into_iter().map(trim).collect();
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
