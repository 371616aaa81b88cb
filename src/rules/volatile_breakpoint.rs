//! volatile-breakpoint: no later call can share what is marked. A rolling marker on the newest message of a chat is right.

use super::doubt::moved_aloud;
use super::steps::{effect, join, name_of, of, remark};
use super::{Remark, Weight};
use crate::finding::Severity;
use crate::judge::Judged;
use crate::layout::{Kind, Mark, Segment};
use crate::plan::{Edit, Step};
use crate::prompt::{Section, PARAMETER};
use crate::volatility::{Class, Confidence, Origin, Scope};

pub fn check(judged: &Judged) -> Vec<Remark> {
    of(judged, "volatile-breakpoint")
        .filter_map(|step| {
            let mark = match &step.edit {
                Edit::ShiftMark { from } => from,
                Edit::DropMark { mark } => mark,
                _ => return None,
            };
            // Once the value is gone from what is marked, the breakpoint is right where it is.
            if first_culprit(judged, mark).is_some_and(|value| moved_aloud(judged, value)) {
                return None;
            }
            let message = join(&[
                Some(format!(
                    "{} what this breakpoint marks: it is written on every call and never read",
                    culprit(judged, mark)
                )),
                Some(effect(judged, step)),
            ]);
            let help = match step.mark_behind {
                Some(_) => "move the breakpoint to the end of the stable part",
                None => "remove the breakpoint: nothing in front of it is shared",
            };
            let mut remark = remark(
                judged,
                step,
                "volatile-breakpoint",
                message,
                help.to_string(),
            );
            if let Some(place) = &mark.place {
                remark.place = place.clone();
                remark.cause = place.clone();
            }
            remark.cause_text = "marker".into();
            remark.class = Some(Class::Request);
            if matches!(remark.weight, Weight::OnRequest) {
                return Some(remark);
            }
            if handed_on(judged, mark) || now_and_then(judged, mark) || asked_of(judged, mark, step)
            {
                remark.confidence = Confidence::Possible;
                return Some(remark);
            }
            remark.confidence = remark.confidence.max(Confidence::Likely);
            // With the author's markers the request is dearer than with caching off.
            if judged.plan.now.usd_per_1k_calls > judged.uncached.usd_per_1k_calls + 1e-9 {
                remark.weight = Weight::Fixed(Severity::Error);
            }
            Some(remark)
        })
        .collect()
}

/// What stands in front of the marker and is new on every call.
fn culprits<'a>(judged: &'a Judged, mark: &'a Mark) -> impl Iterator<Item = &'a Segment> {
    let before = judged
        .layout
        .segments
        .iter()
        .take_while(|segment| segment.block <= mark.block);
    before.filter(|segment| segment.key.scope == Scope::Call)
}

/// Whether of nothing in front it is known that it changes: the tools, the schema and the options that a
/// wrapper hands on are as a rule set once by whoever calls it.
fn handed_on(judged: &Judged, mark: &Mark) -> bool {
    let mut any = false;
    let all = culprits(judged, mark).all(|segment| {
        any = true;
        let section = &judged.layout.messages[segment.message].section;
        let set = matches!(section, Section::Tools | Section::Schema)
            || matches!(segment.kind, Kind::Setting { .. });
        segment.volatility().is_some_and(|v| {
            let handed = set && v.origin == Origin::Outside;
            v.confidence == Confidence::Possible || (handed && v.confidence < Confidence::Certain)
        })
    });
    any && all
}

/// Whether the marker parts one message in what a caller gives to ask about and what is asked of it: `ask(document, question)`
/// may be called with one document and many questions. Where stable text shares the block of the former, it is written
/// anew with it all the same.
fn asked_of(judged: &Judged, mark: &Mark, step: &Step) -> bool {
    let segments = &judged.layout.segments;
    let given = |segment: &Segment| match &segment.kind {
        Kind::Value {
            volatility, trace, ..
        } => {
            let born = trace.first().is_some_and(|hop| hop.note == PARAMETER);
            born && volatility.class == Class::Request
        }
        _ => false,
    };
    let mut before = culprits(judged, mark).peekable();
    let Some((block, message)) = before.peek().map(|first| (first.block, first.message)) else {
        return false;
    };
    let mut behind = segments.iter().filter(|segment| segment.block > mark.block);
    let asked = behind.any(|s| s.message == message && s.key.scope == Scope::Call);
    let marked = step.mark_behind.map(|at| segments[at].block);
    asked && Some(block) > marked && before.all(given)
}

/// Whether all that is known to change in front of the marker stands there only where a condition is met: what is
/// looked up for some questions, and what the others share is read.
fn now_and_then(judged: &Judged, mark: &Mark) -> bool {
    let segments = &judged.layout.segments;
    let within_fork = |at: usize| {
        let forks = segments[..at].iter().enumerate();
        forks
            .filter_map(|(fork, segment)| match &segment.kind {
                Kind::Fork { covers, .. } => Some(fork + covers),
                _ => None,
            })
            .any(|end| end >= at)
    };
    let sure = |segment: &Segment| {
        let known = segment.volatility();
        known.is_some_and(|v| v.confidence > Confidence::Possible)
    };
    let mut known = culprits(judged, mark)
        .filter(|segment| sure(segment))
        .peekable();
    known.peek().is_some() && known.all(|segment| within_fork(segment.id))
}

/// The value in front of the marker that is new on every call: the first of those that are surest to be.
fn first_culprit<'a>(judged: &'a Judged, mark: &'a Mark) -> Option<&'a Segment> {
    let sure = |segment: &Segment| segment.volatility().map(|v| v.confidence);
    let known: Vec<&Segment> = culprits(judged, mark)
        .filter(|s| sure(s).is_some())
        .collect();
    let surest = known.iter().filter_map(|s| sure(s)).max()?;
    known.into_iter().find(|s| sure(s) == Some(surest))
}

fn culprit(judged: &Judged, mark: &Mark) -> String {
    let first = first_culprit(judged, mark);
    match first.and_then(|segment| Some((name_of(segment), segment.volatility()?.class))) {
        Some((name, class)) => format!("{name} ({class}) stands in"),
        None => "no later call repeats".to_string(),
    }
}
