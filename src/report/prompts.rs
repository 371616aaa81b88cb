//! A resolved prompt as JSON: messages, blocks and pieces in wire order, tokens, boundary, cost. For
//! `--show-prompts` and `inspect --output-format json`.

use std::collections::BTreeSet;

use serde_json::{json, Map, Value};

use super::json::{number, place};
use super::position;
use super::style::one_line;
use crate::cost::Bill;
use crate::engine::Analysis;
use crate::judge::Judged;
use crate::layout::{Kind, Layout, Segment};
use crate::plan::{Edit, Step};
use crate::prompt::MarkerHow;
use crate::reads::Seen;

/// Values that a step names, and columns of each.
const NAMED_MEMBERS: usize = 3;
const NAME_COLUMNS: usize = 40;

/// What a segment is called in every report.
pub(crate) fn kind_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Framing => "framing",
        Kind::Text { .. } => "text",
        Kind::Value { .. } => "value",
        Kind::Fork { .. } => "branch",
        Kind::History { .. } => "history",
        Kind::Growth => "growth",
        Kind::Media => "media",
        Kind::Setting { .. } => "setting",
    }
}

/// The expression, condition or name of a segment, as written in the source.
pub(crate) fn expression(kind: &Kind) -> Option<&str> {
    match kind {
        Kind::Value { expr, .. } | Kind::History { expr, .. } => Some(expr),
        Kind::Fork { condition, .. } => Some(condition),
        Kind::Setting { name, .. } => Some(name),
        Kind::Framing | Kind::Text { .. } | Kind::Growth | Kind::Media => None,
    }
}

/// The name of the class that prices a segment.
pub(crate) fn class_name(segment: &Segment) -> &'static str {
    match segment.volatility() {
        Some(volatility) => volatility.priced().name(),
        None if matches!(segment.kind, Kind::History { .. } | Kind::Growth) => "session",
        None if segment.is_stable() => "constant",
        None => "request",
    }
}

/// The bill of the request once every edit of the plan is made.
pub(crate) fn bill_after(judged: &Judged) -> Bill {
    judged
        .plan
        .steps
        .last()
        .map_or(judged.plan.now, |step| step.bill_after)
}

pub(super) fn value(analysis: &Analysis, judged: &Judged) -> Value {
    let prompt = &judged.prompt;
    let line = position(analysis, &prompt.origin).map(|at| at.line);
    let mut out = Map::new();
    let mut set = |key: &str, value: Value| {
        out.insert(key.to_string(), value);
    };
    set("id", prompt.id.clone().into());
    set("path", (&*prompt.origin.path).into());
    set("line", line.into());
    set("format", prompt.format.into());
    set("fragment", prompt.fragment.into());
    set("reads", reads(judged));
    set("model", judged.model.id.clone().into());
    set("model_source", judged.model_source.name().into());
    set("messages", messages(analysis, &judged.layout));
    set("markers", markers(&judged.layout));
    let range = judged
        .range
        .map(|(low, high)| json!({ "low": number(low), "high": number(high) }));
    set(
        "tokens",
        json!({
            "total": number(judged.total),
            "minimum": judged.model.minimum,
            "boundary": number(judged.boundary),
            "best": number(judged.best),
            "counted": judged.counted.name(),
            "threshold": judged.threshold.name(),
            "range": range,
        }),
    );
    set("boundary", number(judged.boundary));
    set("cost", cost(judged));
    let steps = judged.plan.steps.iter().map(|step| {
        json!({
            "edit": edit_name(step),
            "text": step_text(judged, step),
            "stranded": number(step.stranded),
            "usd_per_1k_calls": judged.priced.then(|| number(step.gain)),
            "share": number(judged.share(step.gain)),
        })
    });
    set("plan", Value::Array(steps.collect()));
    Value::Object(out)
}

/// What a prompt was resolved from: files, its own and the configs in force among them, and what was looked for besides.
fn reads(judged: &Judged) -> Value {
    let prompt = &judged.prompt;
    let own = [&prompt.origin.path].into_iter().chain(&*judged.configs);
    let files: BTreeSet<&str> = prompt
        .reads
        .files()
        .chain(own)
        .map(|path| &**path)
        .collect();
    let others = prompt.reads.iter();
    let others = others.filter(|read| matches!(read.seen, Seen::Missing | Seen::Pattern));
    let sought: BTreeSet<&str> = others.map(|read| &*read.path).collect();
    json!({ "files": files, "sought": sought })
}

fn edit_name(step: &Step) -> &'static str {
    match step.edit {
        Edit::Move => "move",
        Edit::Lift => "lift",
        Edit::Order => "order",
        Edit::Settle => "settle",
        Edit::AppendOnly => "append-only",
        Edit::Mark => "mark",
        Edit::ShiftMark { .. } => "shift-mark",
        Edit::DropMark { .. } => "drop-mark",
        Edit::Explicit => "explicit",
        Edit::Key => "key",
    }
}

/// An edit of the plan in words: "move `now()`, `user` behind the stable text".
pub(super) fn step_text(judged: &Judged, step: &Step) -> String {
    let names: Vec<String> = step
        .members
        .iter()
        .filter_map(|id| judged.layout.segments.get(*id))
        .filter_map(|segment| expression(&segment.kind))
        .map(|name| format!("`{}`", one_line(name, NAME_COLUMNS)))
        .collect();
    let mut named = names.join(", ");
    if names.len() > NAMED_MEMBERS {
        named = format!(
            "{} and {} more",
            names[..NAMED_MEMBERS].join(", "),
            names.len() - NAMED_MEMBERS
        );
    }
    let text = match step.edit {
        Edit::Move => format!("move {named} behind the stable text"),
        Edit::Lift => "put the system message in front of the history".to_string(),
        Edit::Order => format!("put {named} in a fixed order"),
        Edit::Settle => format!("send the same {named} on every call"),
        Edit::AppendOnly => "only append to the history".to_string(),
        Edit::Mark if step.splits => {
            "end a block behind the stable text and mark it for the cache".to_string()
        }
        Edit::Mark => "set a cache marker behind the stable text".to_string(),
        Edit::ShiftMark { .. } => "move a cache marker to the end of the stable text".to_string(),
        Edit::DropMark { .. } => "drop a cache marker that no call can use".to_string(),
        Edit::Explicit => "write to the cache at explicit markers only".to_string(),
        Edit::Key => "send a cache key".to_string(),
    };
    match (&step.edit, step.mark_behind) {
        (Edit::Move | Edit::Order | Edit::Settle, Some(_)) => {
            format!("{text}, and set a cache marker there")
        }
        _ => text,
    }
}

fn cost(judged: &Judged) -> Value {
    let (now, after) = (judged.plan.now, bill_after(judged));
    let usd = |bill: Bill| judged.priced.then(|| number(bill.usd_per_1k_calls));
    let saved = now.usd_per_1k_calls - after.usd_per_1k_calls;
    json!({
        "cached_now": number(now.read),
        "cached_after": number(after.read),
        "usd_per_1k_calls": {
            "uncached": usd(judged.uncached),
            "now": usd(now),
            "after": usd(after),
        },
        "share_saved": number(judged.share(saved)),
        "basis": judged.traffic.basis.name(),
    })
}

fn messages(analysis: &Analysis, layout: &Layout) -> Value {
    let mut out = Vec::new();
    let mut rest = layout.segments.as_slice();
    while let Some(first) = rest.first() {
        let same = |segment: &&Segment| segment.message == first.message;
        let (own, behind) = rest.split_at(rest.iter().take_while(same).count());
        rest = behind;
        let section = layout
            .messages
            .get(first.message)
            .map_or("settings", |message| message.section.name());
        out.push(json!({ "section": section, "blocks": blocks(analysis, own) }));
    }
    Value::Array(out)
}

fn blocks(analysis: &Analysis, segments: &[Segment]) -> Value {
    let mut out: Vec<Value> = Vec::new();
    let mut rest = segments;
    while let Some(first) = rest.first() {
        let same = |segment: &&Segment| segment.block == first.block;
        let (own, behind) = rest.split_at(rest.iter().take_while(same).count());
        rest = behind;
        let pieces: Vec<Value> = own.iter().map(|one| piece(analysis, one)).collect();
        out.push(json!({ "pieces": pieces }));
    }
    Value::Array(out)
}

fn piece(analysis: &Analysis, segment: &Segment) -> Value {
    let mut out = Map::new();
    out.insert("kind".into(), kind_name(&segment.kind).into());
    out.insert("expression".into(), expression(&segment.kind).into());
    out.insert("class".into(), class_name(segment).into());
    let confidence = segment.volatility().map(|known| known.confidence.name());
    out.insert("confidence".into(), confidence.into());
    out.insert("tokens".into(), number(segment.tokens));
    out.extend(place(analysis, &segment.place));
    Value::Object(out)
}

fn markers(layout: &Layout) -> Value {
    let markers = layout.marks.iter().map(|mark| {
        json!({
            "offset": number(layout.mark_offset(mark)),
            "ttl_minutes": mark.ttl,
            "how": marker_name(mark.how),
        })
    });
    Value::Array(markers.collect())
}

pub(super) fn marker_name(how: MarkerHow) -> &'static str {
    match how {
        MarkerHow::Literal => "literal",
        MarkerHow::Loop => "loop",
        MarkerHow::Automatic => "automatic",
        MarkerHow::Implicit => "implicit",
    }
}
