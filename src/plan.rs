//! The plan: which edits of a request save money, one after the other, each with its gain at its turn (DESIGN 4).
//! Knows nothing of rules: a step says what is edited, a rule says how to speak of it.

use crate::cost::Bill;
use crate::layout::{speaker, Barrier, Kind, Layout, Mark, Segment, Terms};
use crate::prompt::{MarkerHow, Section};
use crate::providers::Match;
use crate::volatility::{Key, Origin, Scope};

/// Most edits of one plan, and most barriers looked at for one edit.
const MOST_STEPS: usize = 32;
/// Segments that all candidates of one edit may hold together: of a request with tens of thousands of segments fewer
/// edits are looked at, so that its plan takes no more time.
const BUDGET: usize = 1 << 18;
/// Places of a marker looked at, per barrier looked at.
const MARKS_PER_BARRIER: usize = 8;

/// Edits, and barriers per edit, that are looked at.
fn breadth(layout: &Layout) -> usize {
    (BUDGET / layout.segments.len().max(1)).clamp(2, MOST_STEPS)
}
/// Gains below this (USD per 1,000 calls) are rounding.
const ROUNDING: f64 = 1e-9;

/// What an edit does to the request.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// A barrier goes behind the last piece it strands.
    Move,
    /// Unordered content is put in a fixed order.
    Order,
    /// A tool list, or an option, is the same on every call.
    Settle,
    /// The history is only appended to.
    AppendOnly,
    /// A marker is added.
    Mark,
    /// A marker that the author wrote moves.
    ShiftMark { from: Mark },
    /// A marker that the author wrote goes.
    DropMark { mark: Mark },
    /// Only explicit marks are written.
    Explicit,
    /// A routing key is sent, without which nothing is cached.
    Key,
}

/// One edit of the plan with what it saves at its turn.
#[derive(Clone, Debug)]
pub struct Step {
    pub edit: Edit,
    /// Ids of the segments that are edited (the barrier; the segment a marker goes behind).
    pub members: Vec<usize>,
    /// Segment id that a new or shifted marker goes behind.
    pub mark_behind: Option<usize>,
    /// The new marker splits a block (and on most APIs a message).
    pub splits: bool,
    /// Explicit mode is part of the edit.
    pub explicit: bool,
    /// USD per 1,000 calls.
    pub gain: f64,
    /// Tokens stranded on the request as it is, and in front of the barrier there.
    pub stranded: f64,
    pub before: f64,
    pub bill_before: Bill,
    pub bill_after: Bill,
}

/// The edits in the order of their gain, and the request behind them.
#[derive(Clone, Debug)]
pub struct Plan {
    pub steps: Vec<Step>,
    pub now: Bill,
    pub after: Layout,
}

struct Candidate {
    edit: Edit,
    members: Vec<usize>,
    mark_behind: Option<usize>,
    splits: bool,
    explicit: bool,
    layout: Layout,
}

/// Makes the plan of a request. `conversation`: later calls of a session repeat what is sent now.
pub fn plan(layout: &Layout, terms: &Terms, conversation: bool) -> Plan {
    let mut current = layout.clone();
    let now = current.bill(terms);
    let mut bill = now;
    let mut steps = Vec::new();
    if current.unkeyed && terms.caches() {
        current.unkeyed = false;
        let after = current.bill(terms);
        steps.extend(key_step(&current, &now, &after));
        bill = after;
    }
    while steps.len() < breadth(layout) && terms.caches() {
        let Some((candidate, gain, after)) = best(&current, terms, conversation, &bill) else {
            break;
        };
        let (before, stranded) = as_written(layout, &candidate.members);
        steps.push(Step {
            edit: candidate.edit,
            members: candidate.members,
            mark_behind: candidate.mark_behind,
            splits: candidate.splits,
            explicit: candidate.explicit,
            gain,
            stranded,
            before,
            bill_before: bill,
            bill_after: after,
        });
        current = candidate.layout;
        bill = after;
    }
    Plan {
        steps,
        now,
        after: current,
    }
}

/// Sending the key that caching needs. Worth nothing by itself where a value stands in front of everything: the edits
/// that follow are then priced as with a key.
fn key_step(keyed: &Layout, before: &Bill, after: &Bill) -> Option<Step> {
    let first = keyed.segments.first()?;
    let gain = before.usd_per_1k_calls - after.usd_per_1k_calls;
    (gain > ROUNDING).then(|| Step {
        edit: Edit::Key,
        members: vec![first.id],
        mark_behind: None,
        splits: false,
        explicit: false,
        gain,
        stranded: 0.0,
        before: 0.0,
        bill_before: *before,
        bill_after: *after,
    })
}

/// Offset of the first member and what the members strand together, on the request as it is.
pub fn as_written(layout: &Layout, members: &[usize]) -> (f64, f64) {
    let (Some(first), Some(last)) = (members.first(), members.last()) else {
        return (0.0, 0.0);
    };
    let key = members.iter().fold(Key::constant(), |key, id| {
        key.join(&layout.segments[*id].key)
    });
    let between: f64 = layout.segments[*first..*last]
        .iter()
        .filter(|segment| segment.is_stable())
        .map(|segment| segment.tokens)
        .sum();
    // Text between neighbours is next to nothing; between values that are moved together it is stranded too.
    const NEIGHBOURS: f64 = 128.0;
    let between = if between < NEIGHBOURS { 0.0 } else { between };
    (
        layout.offset(*first),
        between + layout.stranded(*last, &key),
    )
}

/// The candidate with the largest gain; the simplest, then the first in wire order, where gains tie.
fn best(
    current: &Layout,
    terms: &Terms,
    conversation: bool,
    bill: &Bill,
) -> Option<(Candidate, f64, Bill)> {
    let price = |candidate: Candidate| {
        let after = candidate.layout.bill(terms);
        let gain = bill.usd_per_1k_calls - after.usd_per_1k_calls;
        (candidate, gain, after)
    };
    let largest = |candidates: Vec<Candidate>| {
        candidates
            .into_iter()
            .map(price)
            // A marker is worth its place only where it brings more than a few tokens into the cache.
            .filter(|(candidate, _, after)| {
                candidate.edit != Edit::Mark || after.read - bill.read >= terms.granularity()
            })
            .fold(None, |best, next| match best {
                Some((_, gain, _)) if next.1 <= gain + ROUNDING => best,
                _ if next.1 <= ROUNDING => best,
                _ => Some(next),
            })
    };
    let barriers = current.barriers(terms.granularity());
    let alone = largest(moves(current, &barriers, terms));
    let marked = largest(mark_edits(current, terms, conversation));
    let bundled = largest(bundles(current, &barriers, terms));
    // A marker that earns most of what a bundle would is its own edit: the move behind it earns the rest.
    let bundled = bundled.filter(|(_, gain, _)| {
        let marker_alone = marked.as_ref().map_or(0.0, |(_, gain, _)| *gain);
        let move_alone = alone.as_ref().map_or(0.0, |(_, gain, _)| *gain);
        *gain > 2.0 * marker_alone && *gain > move_alone + ROUNDING
    });
    // Where no edit gains anything by itself, several values may stand in front of one prefix that is long enough.
    let together = if alone.is_none() && bundled.is_none() && marked.is_none() {
        largest(joint_moves(current, &barriers, terms))
    } else {
        None
    };
    [alone, bundled, marked, together]
        .into_iter()
        .flatten()
        .fold(None, |best, next| match best {
            Some((_, gain, _)) if next.1 <= gain + ROUNDING => best,
            _ => Some(next),
        })
}

/// Edits of barriers and histories without any marker.
fn moves(current: &Layout, barriers: &[Barrier], terms: &Terms) -> Vec<Candidate> {
    let rewritten = current
        .segments
        .iter()
        .enumerate()
        .filter_map(|(index, segment)| {
            let Kind::History {
                rewritten: Some(_), ..
            } = &segment.kind
            else {
                return None;
            };
            if segment.key.scope != Scope::Call {
                return None;
            }
            let mut layout = current.clone();
            layout.segments[index].key = Key::of(crate::volatility::Class::Session, 0);
            Some(candidate(Edit::AppendOnly, vec![segment.id], layout))
        });
    barriers
        .iter()
        .take(breadth(current))
        .filter(|barrier| strands_enough(current, barrier, terms))
        .filter_map(|barrier| edit_barrier(current, barrier))
        .chain(rewritten)
        .collect()
}

/// Where the target matches in steps, a few tokens can tip a whole step over its edge; where it matches at markers, a
/// value just in front of one is a matter of the marker. Neither is a gain of the move: what is stranded must be more
/// than what parts two values of one barrier.
fn strands_enough(current: &Layout, barrier: &Barrier, terms: &Terms) -> bool {
    let last = barrier.members.last().copied().unwrap_or_default();
    let members = barrier
        .members
        .iter()
        .map(|index| &current.segments[*index]);
    let ordered = members
        .filter_map(Segment::volatility)
        .any(|v| v.origin == Origin::Order);
    barrier.setting || ordered || current.stranded(last, &barrier.key) >= terms.granularity()
}

/// The first barriers moved together: two, three, ... of them.
fn joint_moves(current: &Layout, barriers: &[Barrier], terms: &Terms) -> Vec<Candidate> {
    const MOST_TOGETHER: usize = 8;
    let in_tools = |barrier: &Barrier| current.messages[barrier.message].section == Section::Tools;
    let movable = barriers
        .iter()
        .filter(|barrier| !barrier.setting && !in_tools(barrier));
    let mut joined: Option<Barrier> = None;
    let mut out = Vec::new();
    for barrier in movable.take(MOST_TOGETHER) {
        let all = match &joined {
            Some(known) => known.with(barrier),
            None => barrier.clone(),
        };
        if joined.is_some() && strands_enough(current, &all, terms) {
            out.extend(edit_barrier(current, &all));
        }
        joined = Some(all);
    }
    out
}

fn candidate(edit: Edit, members: Vec<usize>, layout: Layout) -> Candidate {
    Candidate {
        edit,
        members,
        mark_behind: None,
        splits: false,
        explicit: false,
        layout,
    }
}

fn edit_barrier(current: &Layout, barrier: &Barrier) -> Option<Candidate> {
    let members = || {
        barrier
            .members
            .iter()
            .map(|index| &current.segments[*index])
    };
    let ids: Vec<usize> = members().map(|segment| segment.id).collect();
    let ordered = speaker(members())
        .and_then(Segment::volatility)
        .is_some_and(|v| v.origin == Origin::Order);
    // What stands in a tool list or a schema cannot be sent anywhere else.
    let section = &current.messages[barrier.message].section;
    let fixed = matches!(section, Section::Tools | Section::Schema);
    if barrier.setting || ordered || fixed {
        let mut layout = current.clone();
        for index in &barrier.members {
            layout.segments[*index].key = Key::constant();
        }
        let edit = if ordered && !barrier.setting {
            Edit::Order
        } else {
            Edit::Settle
        };
        return Some(candidate(edit, ids, layout));
    }
    let (layout, _) = moved(current, barrier)?;
    Some(candidate(Edit::Move, ids, layout))
}

/// The layout with a barrier behind the last piece it strands, and the index of its first segment there.
fn moved(current: &Layout, barrier: &Barrier) -> Option<(Layout, usize)> {
    let mut carried_along = vec![false; current.segments.len()];
    for member in &barrier.members {
        let covers = match current.segments[*member].kind {
            Kind::Fork { covers, .. } => covers,
            _ => 0,
        };
        let end = (*member + covers + 1).min(carried_along.len());
        carried_along[*member..end].fill(true);
    }
    let taken = |index: usize| carried_along[index];
    let first = *barrier.members.first()?;
    // A history that slides today is one that could be read once it only grows: the value goes behind it at once.
    let mut landing = (first + 1..current.segments.len()).rev().find(|index| {
        let segment = &current.segments[*index];
        let slides = matches!(
            segment.kind,
            Kind::History {
                rewritten: Some(_),
                ..
            }
        );
        !taken(*index) && segment.tokens > 0.0 && (slides || !segment.key.at_least(&barrier.key))
    })?;
    if matches!(current.segments.get(landing + 1), Some(next) if next.kind == Kind::Growth) {
        landing += 1;
    }
    let place = &current.segments[landing];
    let message = match current.segments.get(landing + 1) {
        Some(next) if next.message != place.message => next.message,
        _ => place.message,
    };
    let block = place.block + 1;
    let (mut kept, mut carried, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    for (index, segment) in current.segments.iter().enumerate() {
        if taken(index) {
            carried.push(Segment {
                message,
                block,
                ..segment.clone()
            });
        } else if index <= landing {
            kept.push(segment.clone());
        } else {
            rest.push(segment.clone());
        }
    }
    let at = kept.len();
    kept.append(&mut carried);
    kept.append(&mut rest);
    let layout = Layout {
        segments: kept,
        ..current.clone()
    };
    Some((layout, at))
}

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
fn with_mark(current: &Layout, index: usize) -> (Layout, bool) {
    let mut layout = current.clone();
    let block = layout.segments[index].block;
    let splits = layout
        .segments
        .get(index + 1)
        .is_some_and(|next| next.block == block);
    if splits {
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

/// Segment indices behind which a marker may earn something: before each change of the key, and behind a history.
/// No marker stands behind the frame of a message.
fn boundaries(current: &Layout) -> Vec<usize> {
    let mut out = Vec::new();
    for index in 0..current.segments.len() {
        let segment = &current.segments[index];
        if segment.key.scope == Scope::Call {
            break;
        }
        let change = current.segments[index + 1..]
            .iter()
            .find(|next| next.kind != Kind::Framing)
            .is_none_or(|next| !next.key.is_constant() && !segment.key.at_least(&next.key));
        let content = segment.tokens > 0.0 && segment.kind != Kind::Framing;
        let history = matches!(segment.kind, Kind::History { .. });
        if content && (change || history) {
            out.push(index);
        }
    }
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

fn bundles(current: &Layout, barriers: &[Barrier], terms: &Terms) -> Vec<Candidate> {
    if !takes_marks(current, terms) {
        return Vec::new();
    }
    let movable = barriers
        .iter()
        .take(breadth(current))
        .filter(|barrier| !barrier.setting);
    movable
        .filter_map(|barrier| {
            let (moved_layout, at) = moved(current, barrier)?;
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

fn mark_edits(current: &Layout, terms: &Terms, conversation: bool) -> Vec<Candidate> {
    let mut out = Vec::new();
    if takes_marks(current, terms) {
        for index in boundaries(current) {
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
    let places = boundaries(current);
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
