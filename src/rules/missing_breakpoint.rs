//! missing-breakpoint: explicit-cache provider, cacheable stable run or history, no marker in force behind it.

use super::doubt::{alone_and_short, rests_on_assumed, wraps};
use super::steps::{at_message, effect, join, of, remark};
use super::{Remark, Weight};
use crate::figures::tokens;
use crate::finding::Label;
use crate::frontend::code::language_of;
use crate::judge::Judged;
use crate::layout::Kind;
use crate::plan::Step;
use crate::prompt::Section;
use crate::source::Place;
use crate::volatility::Confidence;

/// What a label says of the call that sends a request.
pub const SENT_HERE: &str = "the request is sent here";

pub fn check(judged: &Judged) -> Vec<Remark> {
    steps(judged)
        .map(|step| {
            let marked = step.mark_behind.unwrap_or_default();
            let history = is_history(judged, step);
            let marked_tokens = judged.layout.offset(marked + 1);
            let what = if history { "the history" } else { "stable text" };
            let message = join(&[
                Some(format!(
                    "no cache breakpoint behind {what}: {} could be cached on {}",
                    tokens(marked_tokens, judged.estimated()),
                    judged.model.id,
                )),
                Some(effect(judged, step)),
            ]);
            let help = if history {
                "mark the last block of the newest message, so that each turn reads the turns before it"
            } else {
                "put a cache marker on the last stable block"
            };
            let mut remark = remark(judged, step, "missing-breakpoint", message, help.to_string());
            // What a wrapper is given may bring its markers along, and markers written elsewhere may land here.
            let open = (judged.prompt.fragment && !shows_agent(judged))
                || (history && judged.prompt.one_off)
                || judged.prompt.marks_elsewhere
                || (wraps(judged) && !shows_all(judged, history))
                || (!history && rests_on_assumed(judged, marked + 1));
            // The one behind the history makes each turn read the text in front of it too, be it there or be it missing.
            let short = alone_and_short(judged, marked_tokens);
            if !history && (short || says_the_same(judged) || is_marked_behind(judged, marked) || steps(judged).any(|other| is_history(judged, other))) {
                remark.weight = Weight::AtMostNote;
            }
            // Where the markers may come from elsewhere, another one could be one too many.
            if open {
                remark.mend = None;
            }
            remark.confidence = if open {
                Confidence::Possible
            } else {
                Confidence::Certain
            };
            let remark = at_message(judged, step, remark);
            match history {
                true => at_request(judged, remark),
                false => sent_from(judged, remark),
            }
        })
        .collect()
}

/// Where the request is sent from, unless the remark stands there.
fn sent_from(judged: &Judged, mut remark: Remark) -> Remark {
    if let Some(sent) = sent_elsewhere(judged, &remark) {
        remark.labels.push(Label {
            place: sent,
            text: SENT_HERE.into(),
            behind: false,
        });
    }
    remark
}

/// A marker that follows the turns is set where they are sent: where they are kept is only named.
fn at_request(judged: &Judged, mut remark: Remark) -> Remark {
    if let Some(sent) = sent_elsewhere(judged, &remark) {
        remark.labels.push(Label {
            place: std::mem::replace(&mut remark.place, sent),
            text: "the conversation".into(),
            behind: false,
        });
    }
    remark
}

/// The start of the call that sends the request, where the remark stands outside of it.
fn sent_elsewhere(judged: &Judged, remark: &Remark) -> Option<Place> {
    let sent = &judged.prompt.origin;
    let within = remark.place.path == sent.path
        && sent.span.start <= remark.place.span.start
        && remark.place.span.end <= sent.span.end;
    let start = sent.span.start;
    (!within && language_of(&sent.path).is_some()).then(|| Place::new(&sent.path, start, start + 1))
}

/// Whether a script says the same whenever it is run: its body sends one request, and none behind it that could read.
fn says_the_same(judged: &Judged) -> bool {
    let mut segments = judged.layout.segments.iter();
    judged.prompt.of_module() && segments.all(|segment| segment.key.is_constant())
}

/// Whether what a wrapper is given brings no marker along: no code writes one, or those that are written are all its
/// own. Of its turns that says something only where it is seen to send them.
fn shows_all(judged: &Judged, history: bool) -> bool {
    match history {
        true => (judged.prompt.never_marked || judged.prompt.marked_whole) && takes_turns(judged),
        false => judged.prompt.never_marked,
    }
}

/// Whether what an agent says is known to go unmarked, and is by itself enough to be cached.
fn shows_agent(judged: &Judged) -> bool {
    let whole = judged.layout.segments.len();
    judged.prompt.agent && judged.prompt.surely_unmarked && !rests_on_assumed(judged, whole)
}

/// Whether a wrapper is seen to send a conversation that grows: its code speaks of turns, and it offers tools, whose
/// calls and results are further turns. A list that is only passed on may be made anew for each request.
fn takes_turns(judged: &Judged) -> bool {
    let mut messages = judged.prompt.messages.iter();
    judged.prompt.speaks_of_turns && messages.any(|message| message.section == Section::Tools)
}

fn steps(judged: &Judged) -> impl Iterator<Item = &Step> {
    of(judged, "missing-breakpoint")
}

/// Whether a marker stands behind turns that follow: within a session each call reads what the last one wrote there.
fn is_marked_behind(judged: &Judged, marked: usize) -> bool {
    let mut behind = judged.layout.segments.iter().skip(marked + 1);
    let turns = behind.find(|segment| matches!(segment.kind, Kind::History { .. }));
    turns.is_some_and(|turns| {
        let mut marks = judged.layout.marks.iter();
        marks.any(|mark| mark.block >= turns.block)
    })
}

fn is_history(judged: &Judged, step: &Step) -> bool {
    let marked = step.mark_behind.unwrap_or_default();
    matches!(judged.layout.segments[marked].kind, Kind::History { .. })
}
