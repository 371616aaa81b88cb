//! What the ordering and breakpoint rules share: which rule speaks of a step of the plan, and the parts of its message.

use std::collections::HashSet;

use super::doubt::{awaited, confidence, weight};
use super::{Remark, Saving};
use crate::figures::{percent, plural, tokens};
use crate::finding::{Hop, Label};
use crate::fix::Mend;
use crate::frontend::code::language_of;
use crate::judge::Judged;
use crate::layout::{speaker, Kind, Segment};
use crate::plan::{Edit, Step};
use crate::prompt::Section;
use crate::source::{Place, Span};
use crate::volatility::{Class, Confidence, Origin, Scope, Volatility};

/// The steps of the plan that a rule speaks of. Each step belongs to exactly one rule.
pub fn of<'a>(judged: &'a Judged, rule: &'static str) -> impl Iterator<Item = &'a Step> {
    judged
        .plan
        .steps
        .iter()
        .filter(move |step| rule_of(judged, step) == rule)
}

/// Precedence of DESIGN 5, read off the edit and what it moves.
pub fn rule_of(judged: &Judged, step: &Step) -> &'static str {
    let member = subject(judged, step);
    let in_tools = judged.layout.messages[member.message].section == Section::Tools;
    match &step.edit {
        Edit::AppendOnly => "history-rewrite",
        Edit::Lift => "variable-before-stable",
        Edit::Order | Edit::Settle if in_tools => "unstable-tools",
        Edit::Order => "unstable-order",
        Edit::Settle => match &member.kind {
            Kind::Setting { name, .. } if judged.model.cache_key.as_deref() == Some(name) => {
                "volatile-cache-key"
            }
            _ => "varying-setting",
        },
        Edit::Move => match &member.kind {
            Kind::Fork { .. } => "conditional-prefix",
            Kind::Value { volatility, .. } if volatility.origin == Origin::MadeUp => {
                "volatile-prefix"
            }
            _ => "variable-before-stable",
        },
        Edit::ShiftMark { .. } | Edit::DropMark { .. } => "volatile-breakpoint",
        Edit::Mark | Edit::Explicit if step.splits => "unsplit-message",
        Edit::Key => "missing-cache-key",
        Edit::Mark => "missing-breakpoint",
        Edit::Explicit => "unread-cache-write",
    }
}

/// The segments that a step edits, as written.
pub fn members<'a>(judged: &'a Judged, step: &'a Step) -> impl Iterator<Item = &'a Segment> {
    step.members.iter().map(|id| &judged.layout.segments[*id])
}

/// The member that speaks for a step: a value that the program makes up in sight of a cache's life goes first; where
/// the others are doubtful, state of the session that is none.
pub fn subject<'a>(judged: &'a Judged, step: &'a Step) -> &'a Segment {
    let made_up = members(judged, step).filter(|segment| {
        segment.volatility().is_some_and(|v| {
            v.origin == Origin::MadeUp
                && v.priced() != Class::Day
                && !matches!(segment.kind, Kind::Fork { .. })
        })
    });
    let first = &judged.layout.segments[step.members[0]];
    if step.edit == Edit::AppendOnly {
        return first;
    }
    if let Some(made_up) = speaker(made_up) {
        return made_up;
    }
    let doubtful = |v: &Volatility| v.confidence == Confidence::Possible;
    let all = speaker(members(judged, step)).unwrap_or(first);
    if !all.volatility().is_some_and(doubtful) {
        return all;
    }
    let state = members(judged, step).filter(|segment| {
        segment
            .volatility()
            .is_some_and(|v| v.priced() == Class::State && !doubtful(v))
    });
    speaker(state).unwrap_or(all)
}

/// How a value or a condition is named in a message.
pub fn name_of(segment: &Segment) -> String {
    match &segment.kind {
        Kind::Value { expr, .. } => format!("`{}`", short(expr)),
        Kind::Fork { condition, .. } => format!("`{}`", short(condition)),
        Kind::Setting { name, .. } => format!("`{name}`"),
        Kind::History { expr, .. } => format!("`{}`", short(expr)),
        _ => "a value".into(),
    }
}

/// One line of at most 48 characters.
pub fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= 48 {
        return line;
    }
    let cut: String = line.chars().take(45).collect();
    format!("{cut}...")
}

/// `reads 0 of 3,060 tokens from cache; the fix saves 87 % of the input cost`. What is read is said only where it does
/// not hang on what is doubtful.
pub fn effect(judged: &Judged, step: &Step) -> String {
    let saves = format!(
        "the fix saves {} of the input cost",
        percent(judged.share(step.gain))
    );
    if doubtful_front(judged, step) {
        return saves;
    }
    format!(
        "reads {} of {} from cache; {saves}",
        crate::figures::thousands(step.bill_before.read),
        tokens(judged.total, judged.estimated()),
    )
}

/// Whether something of which nothing is sure stands in front of the value that a step speaks of: with or without it
/// another part of the prompt is read.
fn doubtful_front(judged: &Judged, step: &Step) -> bool {
    if matches!(step.edit, Edit::Mark | Edit::Explicit | Edit::Key) {
        return false;
    }
    let front = &judged.layout.segments[..subject(judged, step).id];
    let varies = |v: &Volatility| !v.priced().is_stable();
    front.iter().any(|segment| {
        segment
            .volatility()
            .is_some_and(|v| v.confidence == Confidence::Possible && varies(v))
    })
}

/// The usual remark on a step: subject first, the other members as labels, the stranded text as a label.
pub fn remark(
    judged: &Judged,
    step: &Step,
    rule: &'static str,
    message: String,
    help: String,
) -> Remark {
    let subject = subject(judged, step);
    let mut labels: Vec<Label> = members(judged, step)
        .filter(|segment| segment.id != subject.id)
        .filter_map(|segment| {
            let class = segment.volatility()?.class;
            Some(Label {
                place: segment.place.clone(),
                text: format!("{} ({class}) stands here too", name_of(segment)),
                behind: false,
            })
        })
        .collect();
    labels.extend(awaited(judged, step).map(|segment| Label {
        place: segment.place.clone(),
        text: format!("{} has to move as well", name_of(segment)),
        behind: false,
    }));
    // One condition in front of many parts is said once.
    let mut said = HashSet::new();
    labels.retain(|label| said.insert((label.place.clone(), label.text.clone())));
    if let Some((place, stranded)) = stranded_text(judged, step) {
        labels.push(Label {
            place,
            text: format!(
                "{} behind it cannot be shared",
                tokens(stranded, judged.estimated())
            ),
            behind: true,
        });
    }
    let (volatility, trace) = (subject.volatility().cloned(), trace_of(subject));
    Remark {
        rule,
        confidence: confidence(judged, step),
        message,
        help,
        place: subject.place.clone(),
        cause: subject.place.clone(),
        cause_text: cause_text(subject),
        labels,
        trace,
        class: volatility.map(|v| v.class),
        saving: Some(saving(step)),
        weight: weight(judged, step, rule),
        mend: mend(judged, step),
    }
}

/// An edit that does what a step of the plan says.
pub fn mend(judged: &Judged, step: &Step) -> Option<Mend> {
    let mut steps = judged.plan.steps.iter();
    let index = steps.position(|known| std::ptr::eq(known, step))?;
    Some(Mend::Step(index))
}

/// What a message lacks is mended where code makes the message: a file of text that it loads is only named.
pub fn at_message(judged: &Judged, step: &Step, remark: Remark) -> Remark {
    let message = &judged.layout.messages[subject(judged, step).message].place;
    let is_code = |place: &Place| language_of(&place.path).is_some();
    if is_code(&remark.place) || !is_code(message) {
        return remark;
    }
    let mut labels = remark.labels;
    labels.push(Label {
        place: remark.place,
        text: "the text".into(),
        behind: false,
    });
    Remark {
        place: message.clone(),
        labels,
        ..remark
    }
}

pub fn saving(step: &Step) -> Saving {
    Saving {
        usd_per_1k_calls: step.gain,
        before: step.before,
        stranded: step.stranded,
        cached_now: step.bill_before.read,
        cached_after: step.bill_after.read,
    }
}

fn trace_of(segment: &Segment) -> Vec<Hop> {
    match &segment.kind {
        Kind::Value { trace, .. } => trace
            .iter()
            .map(|hop| Hop {
                place: hop.place.clone(),
                note: hop.note.to_string(),
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Normalised text of a cause, for the fingerprint: no places, no figures.
pub fn cause_text(segment: &Segment) -> String {
    match &segment.kind {
        Kind::Value { expr, .. } => expr.split_whitespace().collect::<Vec<_>>().join(" "),
        Kind::Fork { condition, .. } => format!(
            "if {}",
            condition.split_whitespace().collect::<Vec<_>>().join(" ")
        ),
        Kind::Setting { name, .. } => format!("setting {name}"),
        Kind::History { expr, .. } => format!("history {expr}"),
        Kind::Text { hash, .. } => format!("text {hash:016x}"),
        _ => "piece".into(),
    }
}

/// Where the largest stretch of stranded text starts (its first line), and the tokens stranded in all.
fn stranded_text(judged: &Judged, step: &Step) -> Option<(Place, f64)> {
    let last = *step.members.last()?;
    let segments = judged.layout.segments.get(last + 1..)?;
    let text = segments
        .iter()
        .take_while(|segment| segment.key.scope < Scope::Call)
        .filter(|segment| matches!(segment.kind, Kind::Text { .. } | Kind::History { .. }))
        .max_by(|a, b| a.tokens.total_cmp(&b.tokens))?;
    let at = text.place.span.start;
    let place = Place {
        path: text.place.path.clone(),
        span: Span::new(at, at.max(text.place.span.end.min(at + 1))),
    };
    (step.stranded >= 1.0).then_some((place, step.stranded))
}

/// Says where what stands in front is too short to be cached by itself.
pub fn front(judged: &Judged, step: &Step) -> Option<String> {
    let minimum = f64::from(judged.model.minimum);
    (step.before < minimum && step.bill_before.read < 1.0 && !doubtful_front(judged, step))
        .then(|| "nothing of this prompt is cached today".to_string())
}

/// How many templates inherit the prompt, if any.
pub fn inheritance(judged: &Judged) -> Option<String> {
    let count = judged.prompt.inherited_by.len();
    (count > 0).then(|| {
        format!(
            "{count} {} inherit this order",
            plural(count, "template", "templates")
        )
    })
}

/// The parts of a message that are there, joined by `; `.
pub fn join(parts: &[Option<String>]) -> String {
    parts
        .iter()
        .flatten()
        .cloned()
        .collect::<Vec<_>>()
        .join("; ")
}

/// Where a moved value goes, in words.
pub fn landing(judged: &Judged, step: &Step) -> String {
    let subject = subject(judged, step);
    let section = judged.layout.messages[subject.message].section.clone();
    let crosses = judged
        .plan
        .after
        .segments
        .iter()
        .find(|segment| segment.id == subject.id)
        .is_some_and(|segment| segment.message != subject.message);
    let mut text = if crosses && section.is_preamble() {
        "send it in a block of its own behind the user's text (and behind the last cache marker)"
            .to_string()
    } else {
        format!(
            "move it behind the stable text of the {} message",
            section.name()
        )
    };
    if step.mark_behind.is_some() {
        text.push_str(", and end the stable part with a cache breakpoint");
    }
    text
}
