//! Edits that move, order or settle what stands in front of something more stable; no markers here.

use super::lift::lifted;
use super::{breadth, candidate, Candidate, Edit};
use crate::layout::{speaker, Barrier, Kind, Layout, Segment, Terms};
use crate::prompt::Section;
use crate::resolve::HISTORY_ROLE;
use crate::volatility::{Class, Confidence, Key, Lifetime, Origin, Scope, Volatility};

/// Edits of barriers and histories without any marker.
pub(super) fn moves(current: &Layout, barriers: &[Barrier], terms: &Terms) -> Vec<Candidate> {
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
            layout.segments[index].key = Key::of(Class::Session, 0);
            Some(candidate(Edit::AppendOnly, vec![segment.id], layout))
        });
    barriers
        .iter()
        .take(breadth(current))
        .filter(|barrier| strands_enough(current, barrier, terms))
        .filter_map(|barrier| edit_barrier(current, barrier))
        .chain(rewritten)
        .chain(lifted(current))
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
pub(super) fn joint_moves(current: &Layout, barriers: &[Barrier], terms: &Terms) -> Vec<Candidate> {
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

/// A window over the history and what stands in front of it together, where nothing says that the latter varies: as
/// long as either stays, the history is not read. Turns that are told within a text are most often but its material.
pub(super) fn windows(current: &Layout, barriers: &[Barrier]) -> Vec<Candidate> {
    let grown = Key::of(Class::Session, 0);
    let mut out = Vec::new();
    for (index, history) in current.segments.iter().enumerate() {
        let slides = matches!(&history.kind, Kind::History { rewritten: Some(rewrite), .. } if !rewrite.only_at_limit);
        let own_turns = current.messages[history.message].section.name() == HISTORY_ROLE;
        if !slides || !own_turns || history.key.scope != Scope::Call {
            continue;
        }
        let blocks = |barrier: &&Barrier| {
            let first = barrier.members.first();
            first.is_some_and(|first| *first < index) && grown.join(&barrier.key) != grown
        };
        let blocking: Vec<&Barrier> = barriers.iter().filter(blocks).collect();
        let doubtful = blocking.iter().all(|barrier| is_doubtful(current, barrier));
        let joined = blocking.iter().fold(None, |all: Option<Barrier>, next| {
            Some(all.map_or_else(|| (*next).clone(), |all| all.with(next)))
        });
        let (true, Some(joined)) = (doubtful, joined) else {
            continue;
        };
        let Some((mut layout, _)) = moved(current, &joined.members, &joined.key) else {
            continue;
        };
        let mut members = vec![history.id];
        members.extend(joined.members.iter().map(|at| current.segments[*at].id));
        for segment in &mut layout.segments {
            if segment.id == history.id {
                segment.key = grown.clone();
            }
        }
        out.push(candidate(Edit::AppendOnly, members, layout));
    }
    out
}

/// Whether a barrier is of the messages, and all of it may as well be the same on every call. A clock
/// does change: it is said by itself.
fn is_doubtful(current: &Layout, barrier: &Barrier) -> bool {
    let possible = |index: &usize| {
        let segment = &current.segments[*index];
        if segment.key.scope < Scope::Call {
            return segment.key.lifetime == Lifetime::FOREVER;
        }
        let doubted =
            |v: &Volatility| v.origin == Origin::Outside && v.confidence == Confidence::Possible;
        segment.volatility().is_some_and(doubted)
    };
    !barrier.setting
        && current.messages[barrier.message].section != Section::Tools
        && barrier.members.iter().all(possible)
}

/// Whether a value differs on the next call whatever the order of what stands beside it.
fn varies_anyway(segment: &Segment) -> bool {
    segment.volatility().is_some_and(|v| {
        let doubtful = v.confidence == Confidence::Possible;
        match v.origin {
            Origin::MadeUp => v.priced() != Class::Day,
            Origin::Outside => v.priced().scope() == Scope::Call && !doubtful,
            _ => false,
        }
    })
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
        .is_some_and(|v| v.origin == Origin::Order)
        && !members().any(varies_anyway);
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
    let (layout, _) = moved(current, &barrier.members, &barrier.key)?;
    Some(candidate(Edit::Move, ids, layout))
}

/// The layout with a barrier (segment indices and their key) behind the last piece it strands, and the index of its first
/// segment there.
pub(super) fn moved(current: &Layout, members: &[usize], key: &Key) -> Option<(Layout, usize)> {
    let mut carried_along = vec![false; current.segments.len()];
    for member in members {
        let covers = match current.segments[*member].kind {
            Kind::Fork { covers, .. } => covers,
            _ => 0,
        };
        let end = (*member + covers + 1).min(carried_along.len());
        carried_along[*member..end].fill(true);
    }
    let taken = |index: usize| carried_along[index];
    let first = *members.first()?;
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
        !taken(*index) && segment.tokens > 0.0 && (slides || !segment.key.at_least(key))
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
