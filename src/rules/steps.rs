//! What the ordering and breakpoint rules share: which rule speaks of a step of the plan, and the parts of its message.

use super::verdict::PEDANTIC_BELOW;
use super::{Remark, Saving, Weight};
use crate::figures::{percent, plural, tokens};
use crate::finding::{Hop, Label};
use crate::fix::Mend;
use crate::frontend::code::language_of;
use crate::judge::Judged;
use crate::layout::{speaker, Kind, Segment};
use crate::plan::{Edit, Step};
use crate::prompt::{Conversation, Piece, Section, TargetSource};
use crate::source::{Place, Span};
use crate::volatility::{Class, Confidence, Given, Origin, Scope, Volatility};

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
                note: hop.note.clone(),
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

/// Below this many bytes of its own a request is a wrapper around what it is given.
const MIN_OWN_TEXT: usize = 400;

/// So many variants of a prefix may well be what a deployment settles on once.
const FEW_VARIANTS: f64 = 8.0;

/// Whether the name of the value says nothing and neither does the request: nobody declares a model or states the
/// traffic, so whether two calls of it follow within the life of a cache entry is open. A condition on such a value
/// says nothing anywhere.
fn unproven(judged: &Judged, step: &Step, subject: &Segment) -> bool {
    let Some(volatility) = subject.volatility() else {
        return false;
    };
    if volatility.origin != Origin::Outside {
        return false;
    }
    let unnamed = volatility.given == Given::Caller;
    // What does not change within a session, a user or a tenant may be the same for all of them.
    let settled = volatility.class != Class::State && volatility.priced().scope() < Scope::Call;
    let open = volatility.given != Given::Known || settled;
    if open && matches!(subject.kind, Kind::Fork { .. }) {
        let variants: f64 = members(judged, step).map(|s| s.key.variants()).product();
        return variants <= FEW_VARIANTS;
    }
    let unseen =
        judged.model_source == TargetSource::Default && judged.traffic.calls_per_month.is_none();
    if unnamed && unseen {
        return true;
    }
    hangs_on_another(judged, step, subject)
}

/// Whether a value of the call stands behind or beside another that may be one: moving the one gains nothing where
/// the other stays, and of the other nothing is sure.
fn hangs_on_another(judged: &Judged, step: &Step, subject: &Segment) -> bool {
    let of_call = |s: &Segment| {
        matches!(s.kind, Kind::Value { .. })
            && s.volatility()
                .is_some_and(|v| v.origin == Origin::Outside && v.priced().scope() == Scope::Call)
    };
    let last = step.members.iter().max().copied().unwrap_or(subject.id);
    let doubtful = |s: &Segment| {
        s.volatility()
            .is_some_and(|v| v.confidence == Confidence::Possible)
    };
    of_call(subject)
        && !doubtful(subject)
        && judged.layout.segments[..=last]
            .iter()
            .any(|s| s.id != subject.id && of_call(s) && doubtful(s))
}

/// Whether what a value from outside strands is for the most part a conversation told within one message.
fn told_within(judged: &Judged, step: &Step, subject: &Segment) -> bool {
    let inline: f64 = judged
        .layout
        .segments
        .iter()
        .filter(|s| s.message == subject.message && matches!(s.kind, Kind::History { .. }))
        .map(|s| s.tokens)
        .sum();
    // A window over the history is judged by itself.
    let whole = matches!(subject.kind, Kind::History { .. });
    !whole && inline > 0.0 && step.stranded - inline < inline
}

/// Whether nothing at all is read, which state of a session alone does not bring about: it is another value of the step
/// that does, and of that one less is sure.
fn explains_little(step: &Step, subject: &Segment) -> bool {
    let state = subject
        .volatility()
        .is_some_and(|v| v.priced() == Class::State);
    state && step.members.len() > 1 && step.bill_before.read < 1.0
}

/// That of the member that speaks; at most likely where the gain rests on an assumed conversation, and possible where
/// it rests on a history that is text within the same message: whether that only grows, nothing here says.
pub fn confidence(judged: &Judged, step: &Step) -> Confidence {
    match waits_for_another(judged, step, subject(judged, step)) {
        true => Confidence::Possible,
        false => alone(judged, step),
    }
}

/// The confidence of a step whatever the others are worth.
fn alone(judged: &Judged, step: &Step) -> Confidence {
    let subject = subject(judged, step);
    let own = subject
        .volatility()
        .map_or(Confidence::Certain, |v| v.confidence);
    let doubtful = told_within(judged, step, subject)
        || unproven(judged, step, subject)
        || rests_on_turns(judged, subject)
        || explains_little(step, subject)
        || unread(judged, subject)
        || of_session(judged, subject)
        || mostly_doubtful(judged, step, subject)
        || forks_turns(judged, step, subject)
        || guards(judged, step, subject);
    if doubtful {
        return Confidence::Possible;
    }
    if judged.prompt.fragment || judged.counted == crate::finding::Counted::Assumed {
        own.min(Confidence::Likely)
    } else {
        own
    }
}

/// A made-up value that stands so often in one message, in front of what it strands and behind it, fences it in: nobody
/// can write it only behind.
const FENCE: usize = 3;

/// Whether a made-up id that is no clock is a fence around most of what it strands.
fn guards(judged: &Judged, step: &Step, subject: &Segment) -> bool {
    let Kind::Value {
        volatility, trace, ..
    } = &subject.kind
    else {
        return false;
    };
    let made_up = volatility.origin == Origin::MadeUp && volatility.class == Class::Unique;
    let Some(birth) = trace.first().filter(|_| made_up && !is_clock(volatility)) else {
        return false;
    };
    let same = |s: &&Segment| {
        s.message == subject.message
            && matches!(&s.kind, Kind::Value { trace, .. } if trace.first().is_some_and(|hop| hop.place == birth.place))
    };
    let places: Vec<usize> = judged
        .layout
        .segments
        .iter()
        .filter(same)
        .map(|s| s.id)
        .collect();
    let Some(last) = places.last().filter(|_| places.len() >= FENCE) else {
        return false;
    };
    let behind = judged.layout.segments[*last..].iter().map(|s| s.tokens);
    behind.sum::<f64>() * 2.0 <= step.stranded
}

/// Whether a value is a clock, which can be cut to the day.
pub fn is_clock(volatility: &Volatility) -> bool {
    volatility.why.contains("clock")
}

/// Whether a value of code is a clock, or an id, only by what it was computed from: nothing shows where one is read.
fn unread(judged: &Judged, subject: &Segment) -> bool {
    let Kind::Value {
        volatility, trace, ..
    } = &subject.kind
    else {
        return false;
    };
    let code = language_of(&judged.prompt.origin.path).is_some();
    code && volatility.origin == Origin::MadeUp && trace.is_empty()
}

/// Whether a value of the session stands in a text of code whose requests are not in sight: within a session it changes
/// nothing, and whether another one follows within the life of a cache, nothing says.
fn of_session(judged: &Judged, subject: &Segment) -> bool {
    let of_session = |v: &Volatility| {
        let own = v.origin == Origin::MadeUp && v.class == Class::Session;
        own || v.origin == Origin::Outside && v.priced() == Class::Session
    };
    let code = language_of(&judged.prompt.origin.path).is_some();
    code && judged.prompt.fragment && subject.volatility().is_some_and(of_session)
}

/// Whether conditions fork the prefix of most of which nothing is sure.
fn mostly_doubtful(judged: &Judged, step: &Step, subject: &Segment) -> bool {
    // A section of the text that is known to flip is one whatever stands beside it.
    let flips = step.edit == Edit::Move && !subject.key.flips.is_empty();
    if flips || !matches!(subject.kind, Kind::Fork { .. }) {
        return false;
    }
    let all = members(judged, step).count();
    let doubtful = members(judged, step)
        .filter(|s| {
            s.volatility()
                .is_some_and(|v| v.confidence == Confidence::Possible)
        })
        .count();
    doubtful * 2 > all
}

/// Whether conditions that nothing says to flip stand before little more than turns: they are met or not for a
/// conversation as a whole, and no other one has its turns.
fn forks_turns(judged: &Judged, step: &Step, subject: &Segment) -> bool {
    if step.edit != Edit::Move
        || !matches!(subject.kind, Kind::Fork { .. })
        || !subject.key.flips.is_empty()
    {
        return false;
    }
    let behind = judged.layout.segments.get(subject.id..).unwrap_or_default();
    let turns: f64 = behind
        .iter()
        .filter(|segment| matches!(segment.kind, Kind::History { .. }))
        .map(|segment| segment.tokens)
        .sum();
    turns > 0.0 && step.stranded - turns < f64::from(judged.model.minimum)
}

/// Whether moving what comes from outside gains something only once another value in front of it is gone, and of that
/// one nothing is sure: an edit before this one moves it.
fn waits_for_another(judged: &Judged, step: &Step, subject: &Segment) -> bool {
    let outside = subject
        .volatility()
        .is_some_and(|v| v.origin == Origin::Outside);
    let earlier = judged.plan.steps.iter();
    outside
        && earlier
            .take_while(|known| !std::ptr::eq(*known, step))
            .filter(|known| known.edit == Edit::Move)
            .filter(|known| {
                members(judged, known).any(|s| s.id < subject.id && s.key.scope == Scope::Call)
            })
            .any(|known| alone(judged, known) == Confidence::Possible)
}

/// Whether a text alone is too short to be cached, and what could be is a conversation that only its name speaks of.
/// A clock in front of it is one all the same.
fn rests_on_turns(judged: &Judged, subject: &Segment) -> bool {
    if !matches!(judged.prompt.conversation, Conversation::Evidence(_)) {
        return false;
    }
    let outside = subject
        .volatility()
        .is_some_and(|v| v.origin == Origin::Outside);
    let texts = judged.layout.segments.iter();
    let seen: f64 = texts
        .filter(|segment| segment.is_seen_text())
        .map(|segment| segment.tokens)
        .sum();
    outside && seen < f64::from(judged.model.minimum)
}

/// Fewer stranded tokens than these are the end of a sentence behind a value: nobody rewrites it for them.
const CRUMBS: f64 = 16.0;

/// Whether a value is told, as a warning, by an edit that moves it.
pub fn moved_aloud(judged: &Judged, value: &Segment) -> bool {
    let moves = judged.plan.steps.iter();
    moves
        .filter(|step| step.edit == Edit::Move && step.members.contains(&value.id))
        .any(|step| {
            let weight = weight(judged, step, rule_of(judged, step));
            matches!(weight, Weight::ByShare | Weight::AtLeastNote)
                && confidence(judged, step) >= Confidence::Likely
                && judged.share(step.gain) >= judged.settings.warn_at
        })
}

/// A `day` clock is always worth a note; what nobody can act on is shown on request.
fn weight(judged: &Judged, step: &Step, rule: &str) -> Weight {
    let subject = subject(judged, step);
    let volatility = subject.volatility();
    if volatility.is_some_and(|v| v.priced() == Class::Day) {
        return Weight::AtLeastNote;
    }
    let telling = volatility.is_some_and(|v| {
        v.origin != Origin::Outside
            || (v.given == Given::Known && v.confidence > Confidence::Possible)
    });
    let given = step.edit != Edit::Lift && !LACKS.contains(&rule);
    let of_wrapper = !telling && given && wraps(judged);
    let told = !telling && told_within(judged, step, subject);
    let crumbs = step.edit == Edit::Move && step.stranded < CRUMBS;
    if of_wrapper || told || crumbs || hangs_on_another(judged, step, subject) {
        return Weight::OnRequest;
    }
    if runs_for_free(judged) {
        return Weight::AtMostNote;
    }
    if frees_little(judged, step) && judged.share(step.gain) >= PEDANTIC_BELOW {
        return Weight::AtMostNote;
    }
    Weight::ByShare
}

/// Whether code sends it to a model of its own machine, which nobody bills. Where a config names the model, someone asked.
fn runs_for_free(judged: &Judged) -> bool {
    judged.model.prices.is_none() && judged.model_source == TargetSource::Declared
}

/// Whether less than the least that is cached stands behind what is moved: it pays where all of it is just enough, and
/// with a sentence more or less it does not.
fn frees_little(judged: &Judged, step: &Step) -> bool {
    matches!(step.edit, Edit::Move | Edit::Lift) && step.stranded < f64::from(judged.model.minimum)
}

/// Rules on what a request lacks or does to its history, whoever wrote its text (where its system message stands is the
/// request's own doing as well).
const LACKS: [&str; 4] = [
    "history-rewrite",
    "missing-breakpoint",
    "missing-cache-key",
    "volatile-cache-key",
];

/// Whether the code brings next to no text of its own: what it sends is its caller's, and so are the order, the tools
/// and the settings.
pub fn wraps(judged: &Judged) -> bool {
    own_text(judged) < MIN_OWN_TEXT
}

/// Bytes of text that the code itself brings, where a request is put together of what it is given.
fn own_text(judged: &Judged) -> usize {
    fn of(pieces: &[Piece]) -> usize {
        pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.as_str().trim().len(),
                Piece::Branch(branch) => branch.arms.iter().map(|arm| of(arm)).sum(),
                Piece::Repeat(repeat) => of(&repeat.body),
                _ => 0,
            })
            .sum()
    }
    // A schema put together of what is given is no text of its own.
    let messages = judged.prompt.messages.iter();
    let spoken = messages.filter(|message| message.section != Section::Schema);
    let blocks = spoken.flat_map(|message| &message.blocks);
    blocks.map(|block| of(&block.pieces)).sum()
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
