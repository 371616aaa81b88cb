//! What moved the end of the cached prefix of a prompt: the value that came in front, the text that grew, the marker,
//! the model. Says where it stands; the words are those of the reports.

use super::lines::{first_difference, Seen};
use super::matching::piece;
use super::SAME_TOKENS;
use crate::judge::Judged;
use crate::layout::{Kind, Mark, Segment};
use crate::source::Place;
use crate::volatility::Class;

/// Which side a place is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    Base,
    Head,
}

/// What it was.
#[derive(Clone, PartialEq, Debug)]
pub enum Why {
    /// A value or a branch that was not there before ends the prefix.
    Came,
    /// One that ended the prefix is not there any more.
    Went,
    /// One that ends the prefix stands elsewhere: tokens in front of it before and after.
    Moved(f64, f64),
    /// One is still there but stable or less stable than it was.
    Turned(Class),
    /// The text in front of the value, or of the end, is longer or shorter: tokens before and after.
    Text(f64, f64),
    /// A cache marker came, went or stands elsewhere.
    Marker,
    /// The model, with its own minimum and ways: the one before.
    Model(String),
}

impl Why {
    pub fn name(&self) -> &'static str {
        match self {
            Why::Came => "added",
            Why::Went => "removed",
            Why::Moved(..) => "moved",
            Why::Turned(_) => "class",
            Why::Text(..) => "text",
            Why::Marker => "marker",
            Why::Model(_) => "model",
        }
    }
}

/// The line that moved the end of the cached prefix.
#[derive(Clone, PartialEq, Debug)]
pub struct Cause {
    pub why: Why,
    pub side: Side,
    pub place: Place,
    /// The piece as written; the new model's name. Empty for text and markers.
    pub text: String,
}

/// The cause, where the end of the cached prefix moved.
pub fn cause(older: Seen, newer: Seen) -> Option<Cause> {
    let (base, head) = (older.judged, newer.judged);
    if (base.boundary - head.boundary).abs() < SAME_TOKENS {
        return None;
    }
    if base.model.id != head.model.id {
        let place = &head.prompt.target.place;
        return Some(Cause {
            why: Why::Model(base.model.id.clone()),
            side: Side::Head,
            place: place.as_ref().unwrap_or(&head.prompt.origin).clone(),
            text: head.model.id.clone(),
        });
    }
    let (before, after) = (Wall::of(base), Wall::of(head));
    let walls = if after.at < before.at - SAME_TOKENS {
        closer(older, newer, &before, &after)
    } else if after.at > before.at + SAME_TOKENS {
        farther(older, newer, &before, &after)
    } else {
        None
    };
    Some(
        walls
            .or_else(|| marker(base, head))
            .unwrap_or_else(|| text(older, newer, &before, &after)),
    )
}

/// Where the shared prefix ends, whatever the target can match: the first value that strands something or belongs to
/// the call; behind everything where there is none.
struct Wall<'a> {
    segment: Option<&'a Segment>,
    at: f64,
}

impl<'a> Wall<'a> {
    fn of(judged: &'a Judged) -> Wall<'a> {
        let index = judged.layout.blocker();
        Wall {
            segment: index.map(|index| &judged.layout.segments[index]),
            at: index.map_or(judged.total, |index| judged.layout.offset(index)),
        }
    }
}

/// A value stands nearer to the start than what ended the prefix before.
fn closer(older: Seen, newer: Seen, before: &Wall, after: &Wall) -> Option<Cause> {
    let (base, head) = (older.judged, newer.judged);
    let segment = after.segment?;
    let here = |why| of_segment(why, Side::Head, segment);
    if count(head, segment) > count(base, segment) {
        return Some(here(Why::Came));
    }
    if same_text_change(base, head, before, after) {
        return Some(text(older, newer, before, after));
    }
    let (from, known) = find(base, segment)?;
    if (from - after.at).abs() < SAME_TOKENS {
        return Some(here(Why::Turned(class(known))));
    }
    Some(here(Why::Moved(from, after.at)))
}

/// What ended the prefix before does so no longer, or farther behind.
fn farther(older: Seen, newer: Seen, before: &Wall, after: &Wall) -> Option<Cause> {
    let (base, head) = (older.judged, newer.judged);
    let segment = before.segment?;
    if count(head, segment) < count(base, segment) {
        return Some(of_segment(Why::Went, Side::Base, segment));
    }
    if same_text_change(base, head, before, after) {
        return Some(text(older, newer, before, after));
    }
    let (to, now) = find(head, segment)?;
    if (to - before.at).abs() < SAME_TOKENS {
        return Some(of_segment(Why::Turned(class(segment)), Side::Head, now));
    }
    Some(of_segment(Why::Moved(before.at, to), Side::Head, now))
}

fn of_segment(why: Why, side: Side, segment: &Segment) -> Cause {
    let text = match &segment.kind {
        Kind::Value { expr, .. } | Kind::History { expr, .. } => expr,
        Kind::Fork { condition, .. } => condition,
        Kind::Setting { name, .. } => name,
        Kind::Framing | Kind::Text { .. } | Kind::Growth | Kind::Media => "",
    };
    Cause {
        why,
        side,
        place: segment.place.clone(),
        text: text.to_string(),
    }
}

fn class(segment: &Segment) -> Class {
    let volatility = segment.volatility();
    volatility.map_or(Class::Constant, |volatility| volatility.priced())
}

/// How often a piece stands in a prompt.
fn count(judged: &Judged, segment: &Segment) -> usize {
    let name = piece(&segment.kind);
    let segments = judged.layout.segments.iter();
    segments.filter(|other| piece(&other.kind) == name).count()
}

/// The first place of a piece: tokens in front of it.
fn find<'a>(judged: &'a Judged, segment: &Segment) -> Option<(f64, &'a Segment)> {
    let name = piece(&segment.kind);
    let segments = &judged.layout.segments;
    let index = segments
        .iter()
        .position(|other| piece(&other.kind) == name)?;
    Some((judged.layout.offset(index), &segments[index]))
}

/// Whether the same piece ends the prefix, and the stable text of the whole prompt changed as much as what stands in
/// front of it: nothing moved, a text is longer or shorter.
fn same_text_change(base: &Judged, head: &Judged, before: &Wall, after: &Wall) -> bool {
    let name = |wall: &Wall| wall.segment.map(|segment| piece(&segment.kind));
    let stable = |judged: &Judged| -> f64 {
        let segments = judged.layout.segments.iter();
        segments
            .filter(|segment| segment.is_stable())
            .map(|segment| segment.tokens)
            .sum()
    };
    let front = after.at - before.at;
    let whole = stable(head) - stable(base);
    name(before) == name(after) && (front - whole).abs() <= front.abs() / 2.0
}

/// The marker that came, went or moved.
fn marker(base: &Judged, head: &Judged) -> Option<Cause> {
    let places = |judged: &Judged| -> Vec<(f64, Mark)> {
        let marks = judged.layout.marks.iter();
        marks
            .map(|mark| (judged.layout.mark_offset(mark), mark.clone()))
            .collect()
    };
    let (before, after) = (places(base), places(head));
    let missing = |from: &[(f64, Mark)], other: &[(f64, Mark)]| -> Option<Place> {
        let lone = from.iter().find(|(at, _)| {
            let same = |(known, _): &(f64, Mark)| (known - at).abs() < SAME_TOKENS;
            !other.iter().any(same)
        });
        lone.and_then(|(_, mark)| mark.place.clone())
    };
    if before.len() == after.len() {
        return None;
    }
    let (side, place) = if after.len() > before.len() {
        (Side::Head, missing(&after, &before)?)
    } else {
        (Side::Base, missing(&before, &after)?)
    };
    Some(Cause {
        why: Why::Marker,
        side,
        place,
        text: String::new(),
    })
}

/// The first text that differs, at its place now.
fn text(older: Seen, newer: Seen, before: &Wall, after: &Wall) -> Cause {
    let origin = || newer.judged.prompt.origin.clone();
    Cause {
        why: Why::Text(before.at, after.at),
        side: Side::Head,
        place: first_difference(older, newer).unwrap_or_else(origin),
        text: String::new(),
    }
}
