//! Edits of markers: new ones, alone or bundled with a move, and those that the author set where no call can share.

use super::moves::moved;
use super::{breadth, candidate, Candidate, Edit};
use crate::layout::{Barrier, Kind, Layout, Mark, Terms};
use crate::prompt::MarkerHow;
use crate::providers::Match;
use crate::volatility::Scope;

/// Places of a marker looked at, per barrier looked at.
const MARKS_PER_BARRIER: usize = 8;

/// Whether a marker can be added on this target, in this source.
fn takes_marks(current: &Layout, terms: &Terms) -> bool {
    let Some(most) = terms.model.max_breakpoints else {
        return false;
    };
    matches!(terms.model.matching, Match::Marks | Match::Ends)
        && !current.assumed_marks
        && current.marks.len() < most as usize
}

/// The layout with a marker behind a segment; says whether that splits a block.
pub(super) fn with_mark(current: &Layout, index: usize) -> (Layout, bool) {
    let mut layout = current.clone();
    let block = layout.segments[index].block;
    let goes_on = layout
        .segments
        .get(index + 1)
        .is_some_and(|next| next.block == block);
    let splits = goes_on && !ends_turns(current, index);
    if goes_on {
        for segment in layout.segments[index + 1..]
            .iter_mut()
            .filter(|s| s.block == block)
        {
            segment.block += 1;
        }
        // A marker of the split block stands behind its second half.
        for mark in layout.marks.iter_mut().filter(|mark| mark.block == block) {
            mark.block += 1;
        }
    }
    layout.marks.push(Mark {
        block,
        ttl: None,
        place: None,
        how: MarkerHow::Literal,
    });
    (layout, splits)
}

/// Whether a segment is turns that are messages of their own: the end of the newest is the end of a block already.
fn ends_turns(current: &Layout, index: usize) -> bool {
    let block = current.segments[index].block;
    let mut same = current.segments.iter().filter(|s| s.block == block);
    matches!(current.segments[index].kind, Kind::History { .. })
        && same.all(|s| matches!(s.kind, Kind::History { .. } | Kind::Growth | Kind::Framing))
}

/// Of the minimum, the share of a message that is worth a block of its own.
const WORTH_A_BLOCK: f64 = 1.0 / 8.0;

/// A heading in front of the value is not worth a block of its own where what stands before its message is long enough
/// by itself: the marker goes there.
fn without_heading(current: &Layout, terms: &Terms, index: usize) -> usize {
    let block = current.segments[index].block;
    let first = current.segments.iter().position(|s| s.block == block);
    let goes_on = current
        .segments
        .get(index + 1)
        .is_some_and(|next| next.block == block);
    let Some(first) = first.filter(|_| goes_on && !ends_turns(current, index)) else {
        return index;
    };
    let minimum = f64::from(terms.model.minimum);
    let own = current.offset(index + 1) - current.offset(first);
    let before = current.segments[..first]
        .iter()
        .rposition(|s| s.tokens > 0.0 && s.kind != Kind::Framing);
    match before {
        Some(at)
            if own < terms.granularity().max(minimum * WORTH_A_BLOCK)
                && current.offset(at + 1) >= minimum =>
        {
            at
        }
        _ => index,
    }
}

/// Segment indices behind which a marker may earn something: before each change of the key, and behind a history.
/// No marker stands behind the frame of a message.
fn boundaries(current: &Layout, terms: &Terms) -> Vec<usize> {
    let mut out = Vec::new();
    for index in 0..current.segments.len() {
        let segment = &current.segments[index];
        if segment.key.scope == Scope::Call {
            break;
        }
        let change = current.segments[index + 1..]
            .iter()
            // A word right in front of a value counts as a part of it.
            .find(|next| {
                next.kind != Kind::Framing && (next.tokens > 0.0 || !next.key.is_constant())
            })
            .is_none_or(|next| !next.key.is_constant() && !segment.key.at_least(&next.key));
        let content = segment.tokens > 0.0 && segment.kind != Kind::Framing;
        let history = matches!(segment.kind, Kind::History { .. });
        if content && (change || history) {
            out.push(without_heading(current, terms, index));
        }
    }
    out.dedup();
    // Markers at the front and right before the first value of a call matter most.
    let most = MARKS_PER_BARRIER * breadth(current);
    if out.len() > most {
        out.drain(most / 2..out.len() - most / 2);
    }
    out
}

/// Whether the request can match so close in front of the place behind a segment that a marker there is not worth its
/// line: a lead such as `Question:` in front of the value is no prefix of its own.
fn covered(layout: &Layout, terms: &Terms, index: usize) -> bool {
    let at = layout.offset(index + 1);
    layout
        .ends(terms)
        .iter()
        .any(|end| end.at <= at && at - end.at < terms.granularity())
}

pub(super) fn bundles(current: &Layout, barriers: &[Barrier], terms: &Terms) -> Vec<Candidate> {
    if !takes_marks(current, terms) {
        return Vec::new();
    }
    let movable = barriers
        .iter()
        .take(breadth(current))
        .filter(|barrier| !barrier.setting);
    movable
        .filter_map(|barrier| {
            let (moved_layout, at) = moved(current, &barrier.members, &barrier.key)?;
            let (layout, splits) = with_mark(&moved_layout, at.checked_sub(1)?);
            let members = barrier
                .members
                .iter()
                .map(|index| current.segments[*index].id)
                .collect();
            Some(Candidate {
                mark_behind: Some(moved_layout.segments[at - 1].id),
                splits,
                ..candidate(Edit::Move, members, layout)
            })
        })
        .collect()
}

pub(super) fn mark_edits(current: &Layout, terms: &Terms, conversation: bool) -> Vec<Candidate> {
    let mut out = Vec::new();
    if takes_marks(current, terms) {
        for index in boundaries(current, terms) {
            let id = current.segments[index].id;
            let (layout, splits) = with_mark(current, index);
            let marked = Candidate {
                mark_behind: Some(id),
                splits,
                ..candidate(Edit::Mark, vec![id], layout)
            };
            // Explicit mode stops the write of a tail that no later call reads; in a conversation the next turn reads it.
            let explicit =
                (terms.model.matching == Match::Ends && !current.explicit_only && !conversation)
                    .then(|| Layout {
                        explicit_only: true,
                        ..marked.layout.clone()
                    });
            out.push(marked);
            let Some(layout) = explicit else { continue };
            let bare = Layout {
                explicit_only: true,
                ..current.clone()
            };
            if !covered(&bare, terms, index) {
                out.push(Candidate {
                    mark_behind: Some(id),
                    splits,
                    explicit: true,
                    ..candidate(Edit::Explicit, vec![id], layout)
                });
            }
        }
    }
    let explicit_alone = terms.model.matching == Match::Ends
        && terms.model.max_breakpoints.is_some_and(|most| most > 0)
        && !current.explicit_only
        && !current.assumed_marks
        && !conversation;
    if explicit_alone {
        let layout = Layout {
            explicit_only: true,
            ..current.clone()
        };
        let last = layout.segments.last().map_or(0, |segment| segment.id);
        out.push(Candidate {
            explicit: true,
            ..candidate(Edit::Explicit, vec![last], layout)
        });
    }
    out.extend(misplaced(current, terms, conversation));
    out
}

/// Moves and removals of markers behind which no later call can share.
fn misplaced(current: &Layout, terms: &Terms, conversation: bool) -> Vec<Candidate> {
    let Some(from) = misplaced_from(current, conversation) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    let places = boundaries(current, terms);
    let wrong = current
        .marks
        .iter()
        .enumerate()
        .filter(|(_, mark)| mark.place.is_some() && mark.block >= from)
        .take(breadth(current));
    for (number, mark) in wrong {
        let marked = current
            .segments
            .iter()
            .rposition(|segment| segment.block <= mark.block);
        let Some(members) = marked.map(|index| vec![current.segments[index].id]) else {
            continue;
        };
        let mut dropped = current.clone();
        dropped.marks.remove(number);
        for index in &places {
            if covered(&dropped, terms, *index) {
                continue;
            }
            let (layout, splits) = with_mark(&dropped, *index);
            out.push(Candidate {
                mark_behind: Some(current.segments[*index].id),
                splits,
                ..candidate(
                    Edit::ShiftMark { from: mark.clone() },
                    members.clone(),
                    layout,
                )
            });
        }
        out.push(candidate(
            Edit::DropMark { mark: mark.clone() },
            members,
            dropped,
        ));
    }
    out
}

/// The block from which on a marker is misplaced: a `call` piece stands before it in tools, system or before the
/// history, or in the last message of a request without conversation. A rolling marker on the newest message of a
/// chat is right.
fn misplaced_from(current: &Layout, conversation: bool) -> Option<usize> {
    let first = current
        .segments
        .iter()
        .position(|segment| segment.key.scope == Scope::Call)?;
    let before = &current.segments[..=first];
    let history = before.iter().any(|segment| {
        matches!(
            segment.kind,
            Kind::History {
                rewritten: None,
                ..
            }
        )
    });
    let section = &current.messages[current.segments[first].message].section;
    let wrong = section.is_preamble() || !(history || conversation && !current.has_history());
    let block = before.iter().map(|segment| segment.block).max();
    block.filter(|_| wrong)
}
