//! Role headers in text: which form a prompt uses, and where its headers and end marks stand.
//! Knows nothing of messages.

use regex::Regex;

use crate::prompt::{Piece, Section};
use crate::source::{Span, Text};

use super::super::words::{words, HeaderForm};

/// How the text of one prompt is read for headers.
pub(super) struct Reading {
    pub(super) form: &'static HeaderForm,
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
    pub(super) fn inside(&self) -> Reading {
        Reading {
            form: self.form,
            fences: self.fences,
            indented: true,
        }
    }

    /// Whether text behind a text stands in a fenced code block.
    pub(super) fn fenced_behind(&self, text: &Text, fenced: bool) -> bool {
        (fences(text.as_str()) % 2 == 1) != fenced
    }
}

/// Lines that open or close a fenced code block.
fn fences(text: &str) -> usize {
    let is_fence = |line: &&str| line.trim_start().starts_with("```");
    text.lines().filter(is_fence).count()
}

/// The first form whose headers are there, and how it is read.
pub(super) fn choose(pieces: &[Piece]) -> Option<Reading> {
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
                for arm in branch.arms.iter() {
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
pub(super) fn starts_line_behind(piece: &Piece) -> bool {
    match piece {
        Piece::Text(text) => text.as_str().ends_with('\n'),
        Piece::Slot(_) | Piece::Media(_) => false,
        Piece::Branch(_) | Piece::Repeat(_) | Piece::History(_) => true,
    }
}

/// A header or an end mark in text.
pub(super) struct Header {
    pub(super) span: Span,
    /// `None`: an end mark.
    pub(super) role: Option<String>,
}

/// Headers and end marks in a run of text, in order, not overlapping.
pub(super) fn headers(
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

pub(super) fn has_headers(pieces: &[Piece], form: &Reading) -> bool {
    let mut seen = Seen::default();
    collect_roles(pieces, form, true, &mut seen);
    !seen.roles.is_empty()
        || pieces.iter().any(|piece| match piece {
            Piece::History(_) => true,
            Piece::Branch(branch) => branch.arms.iter().any(|arm| has_headers(arm, form)),
            _ => false,
        })
}
