//! Bringing the text of a system message that stands behind the history in front of it: every new turn comes to stand
//! before that text, so none of it is read again.

use super::{candidate, Candidate, Edit};
use crate::layout::{Kind, Layout, MessageInfo, Segment};
use crate::prompt::Section;
use crate::resolve::HISTORY_ROLE;

/// A sentence or two is a reminder, which is put behind the turns on purpose.
const LEAST_TEXT: f64 = 48.0;

/// The edit, where the only instructions of a request stand behind its history. With instructions in front of it, what
/// stands behind is a reminder.
pub(super) fn lifted(current: &Layout) -> Option<Candidate> {
    let history = history_of(current)?;
    let instructs = |segment: &Segment| gives_instructions(&current.messages[segment.message]);
    if current.segments[..history].iter().any(instructs) {
        return None;
    }
    let from = history + current.segments[history..].iter().position(instructs)?;
    let message = current.segments[from].message;
    let text = current.segments[from..].iter().take_while(|segment| {
        segment.message == message
            && segment.is_stable()
            && matches!(segment.kind, Kind::Framing | Kind::Text { .. })
    });
    let until = from + text.count();
    let members: Vec<usize> = current.segments[from..until]
        .iter()
        .map(|segment| segment.id)
        .collect();
    let tokens: f64 = current.segments[from..until]
        .iter()
        .map(|segment| segment.tokens)
        .sum();
    if tokens < LEAST_TEXT {
        return None;
    }
    let turns = current.segments[history].message;
    let to = current.segments[..history]
        .iter()
        .rposition(|segment| segment.message != turns)
        .map_or(0, |last| last + 1);
    let mut layout = current.clone();
    let block = layout.segments[to].block.saturating_sub(1);
    for segment in &mut layout.segments[from..until] {
        segment.block = block;
    }
    layout.segments[to..until].rotate_right(until - from);
    Some(candidate(Edit::Lift, members, layout))
}

/// Offset of the history, and the tokens of the text that stands behind it, on the request as it is.
pub(super) fn as_written(layout: &Layout, members: &[usize]) -> (f64, f64) {
    let before = history_of(layout).map_or(0.0, |history| layout.offset(history));
    let texts = members.iter().map(|id| &layout.segments[*id]);
    let stranded = texts
        .filter(|segment| segment.kind != Kind::Framing)
        .map(|segment| segment.tokens)
        .sum();
    (before, stranded)
}

/// The first history that is turns of the request.
fn history_of(layout: &Layout) -> Option<usize> {
    layout.segments.iter().position(|segment| {
        matches!(segment.kind, Kind::History { .. })
            && layout.messages[segment.message].section.name() == HISTORY_ROLE
    })
}

fn gives_instructions(message: &MessageInfo) -> bool {
    message.section == Section::System || message.section.name() == "developer"
}
