//! The plan: which edits of a request save money, one after the other, each with its gain at its turn (DESIGN 4).
//! Knows nothing of rules: a step says what is edited, a rule says how to speak of it.

use crate::cost::Bill;
use crate::layout::{Kind, Layout, Mark, Terms};
use crate::volatility::{Class, Key, Origin};

mod alone;
mod lift;
mod marks;
mod moves;
use marks::{bundles, mark_edits};
use moves::{joint_moves, moves, windows};

/// Most edits of one plan, and most barriers looked at for one edit.
const MOST_STEPS: usize = 32;
/// Segments that all candidates of one edit may hold together: of a request with tens of thousands of segments fewer
/// edits are looked at, so that its plan takes no more time.
const BUDGET: usize = 1 << 18;

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
    /// The text of a system message goes in front of the history.
    Lift,
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
    /// USD per 1,000 calls where this is the only edit: less than `gain` where it waits for the edits before it.
    pub alone: f64,
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

impl Plan {
    /// Takes from the plan of the same request under trust what it says of values that the program makes up (what a
    /// clock costs is not made small by its neighbours, of which nothing is sure) and of markers behind the history.
    pub fn trust(&mut self, layout: &Layout, trusting: &Plan) {
        // A date alone: in company it is not what costs.
        let made_up = |step: &Step| {
            let members = step.members.iter();
            let mut made_up = members.map(|id| match layout.segments[*id].volatility() {
                Some(v) if v.origin == Origin::MadeUp => Some(v.priced().lifetime()),
                _ => None,
            });
            step.edit == Edit::Move
                && (made_up
                    .clone()
                    .flatten()
                    .any(|life| life < Class::Hour.lifetime())
                    || made_up.all(|life| life.is_some()))
        };
        let marks_turns = |step: &Step| {
            let behind = step.mark_behind.map(|id| &layout.segments[id].kind);
            step.edit == Edit::Mark && matches!(behind, Some(Kind::History { .. }))
        };
        let told = |step: &&Step| made_up(step) || marks_turns(step);
        for step in trusting.steps.iter().filter(told) {
            let same = |known: &Step| {
                known.edit == step.edit && known.members.iter().any(|id| step.members.contains(id))
            };
            match self.steps.iter_mut().find(|known| same(known)) {
                // All figures of one step rest on the same assumption.
                Some(known) if known.gain < step.gain => {
                    let members = std::mem::take(&mut known.members);
                    *known = Step {
                        members,
                        ..step.clone()
                    };
                }
                Some(known) => known.alone = known.alone.max(step.alone),
                None => self.steps.push(step.clone()),
            }
        }
    }
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
        let (before, stranded) = match candidate.edit {
            Edit::Lift => lift::as_written(layout, &candidate.members),
            _ => as_written(layout, &candidate.members),
        };
        steps.push(Step {
            edit: candidate.edit,
            members: candidate.members,
            mark_behind: candidate.mark_behind,
            splits: candidate.splits,
            explicit: candidate.explicit,
            gain,
            alone: gain,
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
        alone: gain,
        stranded: 0.0,
        before: 0.0,
        bill_before: *before,
        bill_after: *after,
    })
}

/// Offset of the first member and what the members strand together, on the request as it is.
pub fn as_written(layout: &Layout, members: &[usize]) -> (f64, f64) {
    // Members stand in the order in which they were taken.
    let (Some(first), Some(last)) = (members.iter().min(), members.iter().max()) else {
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
        let mut joint = joint_moves(current, &barriers, terms);
        joint.extend(windows(current, &barriers));
        largest(joint)
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
