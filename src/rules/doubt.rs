//! What speaks against a finding: how sure a step of the plan is, and how loud it may be told. One question each; a
//! finding is a warning where none of them is answered with yes.

use super::steps::{members, rule_of, subject};
use super::verdict::PEDANTIC_BELOW;
use super::Weight;
use crate::frontend::code::language_of;
use crate::judge::Judged;
use crate::layout::{Kind, Segment};
use crate::plan::{Edit, Step};
use crate::prompt::{Conversation, Piece, Section, TargetSource};
use crate::volatility::{Class, Confidence, Given, Origin, Scope, Volatility, ANSWER};

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
        || guards(judged, step, subject)
        || strands_own_turns(judged, step, subject)
        || forks_little(judged, subject)
        || forks_by_clock(subject)
        || forks_by_answer(subject)
        || rests_on_values(judged, step)
        || mostly_others(judged, step, subject);
    if doubtful {
        return Confidence::Possible;
    }
    if judged.prompt.fragment || judged.counted == crate::finding::Counted::Assumed {
        own.min(Confidence::Likely)
    } else {
        own
    }
}

/// Tokens of stable text in sight.
pub fn seen(segments: &[Segment]) -> f64 {
    let texts = segments.iter().filter(|segment| segment.is_seen_text());
    texts.map(|segment| segment.tokens).sum()
}

/// Whether less stable text is in sight than the least that is cached.
fn sees_little(judged: &Judged) -> bool {
    rests_on_assumed(judged, judged.layout.segments.len())
}

/// Whether what a value strands is next to nothing but turns, which may well be those of its own conversation: what that
/// was asked first stands in front of all of them, and whoever asks something else has other turns. A system text is
/// made anew for every turn.
fn strands_own_turns(judged: &Judged, step: &Step, subject: &Segment) -> bool {
    let varies = subject.volatility().is_some_and(|v| {
        v.origin == Origin::Outside
            && v.class != Class::State
            && v.priced().scope() >= Scope::Session
    });
    let handed = in_code(judged) && wraps(judged);
    let anew = judged.layout.messages[subject.message].section == Section::System && !handed;
    step.edit == Edit::Move
        && varies
        && !anew
        && matches!(subject.kind, Kind::Value { .. })
        && sees_little(judged)
}

/// Whether conditions fork a prefix of which less is in sight than the least that is cached.
fn forks_little(judged: &Judged, subject: &Segment) -> bool {
    matches!(subject.kind, Kind::Fork { .. }) && sees_little(judged)
}

/// Whether too little to be cached is in sight of a text without turns: the rest is the assumed size of its values.
fn rests_on_values(judged: &Judged, step: &Step) -> bool {
    let mut segments = judged.layout.segments.iter();
    let turns = segments.any(|segment| matches!(segment.kind, Kind::History { .. }));
    step.edit == Edit::Move && !turns && sees_little(judged)
}

/// Whether a condition asks a clock: it is met until a time has come, and then no longer, as where something that was
/// kept is fresh enough.
fn forks_by_clock(subject: &Segment) -> bool {
    matches!(subject.kind, Kind::Fork { .. }) && subject.volatility().is_some_and(is_clock)
}

/// Whether a condition asks what something made of the question is like: its kind, whether it is there. That is mostly the
/// same whatever was asked.
fn forks_by_answer(subject: &Segment) -> bool {
    let answer = |v: &Volatility| v.why == ANSWER;
    matches!(subject.kind, Kind::Fork { .. }) && subject.volatility().is_some_and(answer)
}

/// So many times the least that is cached, a text that is sent by itself is long.
const LONG: f64 = 2.0;

/// So many values from outside outweigh one that is made up.
const MANY: usize = 3;

/// Whether a made-up value has so many others in front that may be another in each call that the one hardly matters:
/// in a text of next to no words of its own, and in a template, whose values all go to the end at once.
fn mostly_others(judged: &Judged, step: &Step, subject: &Segment) -> bool {
    let front = &judged.layout.segments[..subject.id];
    let of_call = |s: &&Segment| {
        s.key.scope == Scope::Call
            && matches!(s.kind, Kind::Value { .. } | Kind::Fork { .. })
            && s.volatility().is_some_and(|v| v.origin == Origin::Outside)
    };
    let template = !in_code(judged) && subject.volatility().is_some_and(is_clock);
    step.edit == Edit::Move
        && (wraps(judged) || template)
        && front.iter().filter(of_call).count() >= MANY
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

/// Whether a value of code is a clock, an id, or made of the conversation only by what it was computed from: nothing shows
/// where one is read.
fn unread(judged: &Judged, subject: &Segment) -> bool {
    let Kind::Value {
        volatility, trace, ..
    } = &subject.kind
    else {
        return false;
    };
    let told = volatility.given == Given::Conversation;
    in_code(judged) && (volatility.origin == Origin::MadeUp || told) && trace.is_empty()
}

/// Whether a value of the session stands in a text of code whose requests are not in sight: within a session it changes
/// nothing, and whether another one follows within the life of a cache, nothing says. An id that is made up is mostly
/// that of a session.
fn of_session(judged: &Judged, subject: &Segment) -> bool {
    let turns = judged.prompt.conversation != Conversation::None;
    let of_session = |v: &Volatility| {
        let id = v.class == Class::Unique && !is_clock(v) && turns;
        let own = v.origin == Origin::MadeUp && (v.class == Class::Session || id);
        own || v.origin == Origin::Outside && v.priced() == Class::Session
    };
    in_code(judged) && judged.prompt.fragment && subject.volatility().is_some_and(of_session)
}

fn in_code(judged: &Judged) -> bool {
    language_of(&judged.prompt.origin.path).is_some()
}

/// Whether what code puts there changes rarely: a value of the session costs the first call of each; a condition on what
/// the code looks up itself has mostly one answer in a deployment.
fn changes_rarely(judged: &Judged, step: &Step, subject: &Segment) -> bool {
    let rarely = |v: &Volatility| match subject.kind {
        Kind::Fork { .. } => v.given == Given::Known && v.priced().scope() == Scope::Call,
        _ => v.priced() == Class::Session,
    };
    let outside = |v: &&Volatility| v.origin == Origin::Outside;
    let known = subject.volatility().filter(outside);
    step.edit == Edit::Move && in_code(judged) && known.is_some_and(rarely)
}

/// Whether a value from outside stands in front of a text that code sends by itself and that is not long.
fn sent_alone(judged: &Judged, step: &Step) -> bool {
    let subject = subject(judged, step);
    let outside = subject
        .volatility()
        .is_some_and(|v| v.origin == Origin::Outside);
    let value = matches!(subject.kind, Kind::Value { .. });
    step.edit == Edit::Move
        && value
        && outside
        && in_code(judged)
        && alone_and_short(judged, step.stranded)
}

/// Whether a request is sent by itself, once in a while: no turns, no loop over rows, nobody states how often. Only where
/// it holds a long stable text is that worth another order, or a marker. `tokens`: of what could be cached.
pub fn alone_and_short(judged: &Judged, tokens: f64) -> bool {
    let prompt = &judged.prompt;
    let mut segments = judged.layout.segments.iter();
    let turns = segments.any(|segment| matches!(segment.kind, Kind::History { .. }));
    let repeated = turns || prompt.looped.is_some() || prompt.rows > 0;
    let stated = judged.traffic.calls_per_month.is_some();
    !repeated && !stated && tokens < LONG * f64::from(judged.model.minimum)
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
    outside
        && moved_before(judged, step)
            .filter(|known| {
                members(judged, known).any(|s| s.id < subject.id && s.key.scope == Scope::Call)
            })
            .any(|known| alone(judged, known) == Confidence::Possible)
}

/// Whether a text alone is too short to be cached, and what could be is a conversation that only its name speaks of.
/// A clock in front of it is one all the same, unless only a name in a file calls it one.
fn rests_on_turns(judged: &Judged, subject: &Segment) -> bool {
    if !matches!(judged.prompt.conversation, Conversation::Evidence(_)) {
        return false;
    }
    let outside = subject
        .volatility()
        .is_some_and(|v| v.origin == Origin::Outside);
    let by_name =
        !in_code(judged) && matches!(&subject.kind, Kind::Value { trace, .. } if trace.is_empty());
    (outside || by_name) && sees_little(judged)
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
pub fn weight(judged: &Judged, step: &Step, rule: &str) -> Weight {
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
    let little = frees_little(judged, step)
        || waits_its_turn(judged, step)
        || sent_alone(judged, step)
        || changes_rarely(judged, step, subject);
    if little && judged.share(step.gain) >= PEDANTIC_BELOW {
        return Weight::AtMostNote;
    }
    Weight::ByShare
}

/// Whether an edit alone earns next to nothing: it waits for another one, which is told first. One that waits for made-up
/// values alone is told with them: whoever moves a clock moves them all.
fn waits_its_turn(judged: &Judged, step: &Step) -> bool {
    let surely_made_up = |known: &Step| {
        let volatility = subject(judged, known).volatility();
        volatility.is_some_and(|v| v.origin == Origin::MadeUp)
            && alone(judged, known) >= Confidence::Likely
    };
    // A template shows all of its order at once: there its edits are made together.
    let mut before = moved_before(judged, step).peekable();
    let with_others = before.peek().is_some() && before.all(surely_made_up);
    in_code(judged) && waits(judged, step) && !with_others
}

/// Whether an edit pays only behind others of the plan.
fn waits(judged: &Judged, step: &Step) -> bool {
    let warn_at = judged.settings.warn_at;
    judged.share(step.gain) >= warn_at && judged.share(step.alone) < warn_at
}

/// The edits of the plan before this one that move values from in front of what it moves.
fn moved_before<'a>(judged: &'a Judged, step: &'a Step) -> impl Iterator<Item = &'a Step> {
    let at = subject(judged, step).id;
    let earlier = judged.plan.steps.iter();
    earlier
        .take_while(move |known| !std::ptr::eq(*known, step))
        .filter(|known| known.edit == Edit::Move)
        .filter(move |known| known.members.iter().any(|id| *id < at))
}

/// What has to move as well for an edit to pay.
pub fn awaited<'a>(judged: &'a Judged, step: &'a Step) -> impl Iterator<Item = &'a Segment> {
    let waits = step.edit == Edit::Move && waits(judged, step);
    let before = waits.then(|| moved_before(judged, step));
    before
        .into_iter()
        .flatten()
        .map(|known| subject(judged, known))
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

/// Whether the stable text in sight among the first segments is below the minimum: that it is cached at all is then an
/// assumption on the size of what is not seen, such as tools.
pub fn rests_on_assumed(judged: &Judged, first: usize) -> bool {
    let front = judged.layout.segments.get(..first).unwrap_or_default();
    seen(front) < f64::from(judged.model.minimum)
}
