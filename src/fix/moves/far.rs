//! Moves out of the system prompt: behind the conversation, where a value that changes costs nothing of what is cached.
//! In code a message of its own is written behind the newest one of the user; in a template that holds all messages the
//! text goes to the end of the last one.

use std::ops::Range;

use super::canvas::{Canvas, Frame};
use super::code::holds;
use super::cut::{
    content, edits_between, in_scope, operate, removal, title, units, Bit, Moved, Surgery,
};
use super::frames::{new_items, operands};
use super::landing::Landing;
use super::owner;
use super::scope::in_sight;
use super::unit::{Unit, View};
use super::Refusal;
use crate::finding::{Edit, Fix};
use crate::fix::entries::insert_behind;
use crate::fix::written::{Kind as WrittenKind, Page, Written};
use crate::frontend::code::ir::Module;
use crate::frontend::code::{language_of, parse};
use crate::judge::Judged;
use crate::layout::{Kind, Segment};
use crate::plan::Step;
use crate::prompt::Message;
use crate::source::{Sources, Span};

/// Whether a step moves something from in front of the conversation behind it.
pub fn is_far(judged: &Judged, step: &Step) -> bool {
    let Some(first) = step.members.iter().min() else {
        return false;
    };
    let message = judged.layout.segments[*first].message;
    let behind = judged.layout.segments[*first..].iter();
    behind
        .clone()
        .any(|s| matches!(s.kind, Kind::History { .. }) && s.message != message)
        && judged.layout.messages[message].section.is_preamble()
}

/// The fix within one text that may own the values.
pub fn moved(
    judged: &Judged,
    members: &[&Segment],
    canvas: &Canvas,
    sources: &Sources,
) -> Result<Fix, Refusal> {
    let masked = canvas.masked();
    let view = View::new(canvas, &masked);
    let units = units(&view, members)?;
    let rest = view.stable(&canvas.region)
        - units
            .iter()
            .map(|unit| view.stable(&unit.at))
            .sum::<usize>();
    if rest == 0 {
        return Err(Refusal("all of the text"));
    }
    let last = judged
        .prompt
        .messages
        .last()
        .filter(|message| message.section.is_user());
    let last = last.ok_or(Refusal("no message of the user is seen behind it"))?;
    let whereto = "behind the conversation";
    let title = title(canvas, &units, whereto);
    let edits = if language_of(&canvas.file.path).is_some() {
        to_message(&view, &units, members, last, sources)?
    } else {
        to_end(judged, &view, units, members)?
    };
    Ok(Fix {
        title,
        safe: false,
        edits,
    })
}

/// To the end of the last message of the same template.
fn to_end(
    judged: &Judged,
    view: &View,
    units: Vec<Unit>,
    members: &[&Segment],
) -> Result<Vec<Edit>, Refusal> {
    let canvas = view.canvas;
    let message = judged.layout.messages.len().saturating_sub(1);
    let spans = owner::spans_of(judged, message, &canvas.file.path);
    let own = spans
        .into_iter()
        .filter(|span| canvas.text.whole().span.start <= span.start);
    let span = own.reduce(|a, b| a.to(b));
    let span = span.ok_or(Refusal("the last message is written elsewhere"))?;
    let end = canvas
        .decoded_end(span)
        .filter(|end| *end > canvas.region.end)
        .ok_or(Refusal("the last message is written elsewhere"))?;
    let start = canvas.decoded_at(span.start).unwrap_or(end);
    let end = canvas
        .holes
        .iter()
        .find(|hole| hole.at.contains(&end))
        .map_or(end, |hole| hole.at.end);
    let mut whole = canvas.clone();
    whole.region = start..end;
    let masked = whole.masked();
    let last = View::new(&whole, &masked);
    let moved = Moved {
        units,
        landing: Landing {
            at: end,
            heading: None,
            tail: false,
            apart: true,
        },
    };
    in_scope(canvas, &moved)?;
    edits_between(view, &last, &moved, canvas.region.end, members)
}

/// As a message, or a block, of its own behind the last message of the user.
fn to_message(
    view: &View,
    units: &[Unit],
    members: &[&Segment],
    last: &Message,
    sources: &Sources,
) -> Result<Vec<Edit>, Refusal> {
    let canvas = view.canvas;
    let elsewhere = Refusal("the newest message is written elsewhere");
    if last.place.path != canvas.file.path {
        return Err(elsewhere);
    }
    let file = sources.get(&last.place.path).ok_or(elsewhere)?;
    let page = Page::open(file).ok_or(elsewhere)?;
    let map = page
        .at(last.place.span)
        .filter(Written::is_map)
        .ok_or(elsewhere)?;
    let language = language_of(&file.path).ok_or(elsewhere)?;
    let module = parse(file, language);
    for unit in units {
        if canvas.holes_in(&unit.at).any(|hole| hole.field) {
            return Err(Refusal("a field that is filled elsewhere"));
        }
        let from = canvas.source_span(&unit.at);
        let reads = canvas.holes_in(&unit.at).flat_map(|hole| &hole.reads);
        in_sight(&module, reads, from, last.place.span)?;
        waits(
            &module,
            file.text.get(from.start..from.end),
            from,
            last.place.span,
        )?;
    }
    let cuts: Vec<Range<usize>> = units
        .iter()
        .map(|unit| removal(view, unit, canvas.region.end))
        .collect();
    let surgery = Surgery {
        cuts,
        at: canvas.region.end,
        bits: Vec::new(),
    };
    let mut out = operate(canvas, &surgery)?;
    let text = expression(view, units, members)?;
    out.push(added(&page, &map, &text).ok_or(elsewhere)?);
    let overlap = |a: &Edit, b: &Edit| {
        a.place.span.start < b.place.span.end && b.place.span.start < a.place.span.end
    };
    let (new, cut) = out.split_last().ok_or(elsewhere)?;
    if cut.iter().any(|cut| overlap(cut, new)) {
        return Err(elsewhere);
    }
    Ok(out)
}

/// The units as one expression.
fn expression(view: &View, units: &[Unit], members: &[&Segment]) -> Result<String, Refusal> {
    let canvas = view.canvas;
    let mut bits = content(view, units, "", false, members);
    bits.pop();
    let bits: Vec<Bit> = bits;
    let parts = match canvas.frame {
        Frame::One | Frame::Sum { .. } => operands(canvas, &bits),
        Frame::List => {
            let items = new_items(canvas, &bits);
            if items.len() > 1 {
                return Err(Refusal("several items of a list"));
            }
            items
        }
        Frame::Statements { .. } => return Err(Refusal("a statement among others")),
    };
    match parts.as_slice() {
        [] => Err(Refusal("nothing moves")),
        parts => Ok(parts.join(" + ")),
    }
}

/// A block behind those of a message, or a message behind it.
fn added(page: &Page, map: &Written, text: &str) -> Option<Edit> {
    let content = ["content", "parts"].iter().find_map(|key| map.pair(key))?;
    if let WrittenKind::List { items, .. } = &content.value.kind {
        let block = items
            .iter()
            .rev()
            .find(|item| item.pair("text").is_some())?;
        let last = items.last()?;
        let new = with_value(page, block, "text", text, &["type"])?;
        let spans: Vec<Span> = items.iter().map(|item| item.span).collect();
        let index = items.iter().position(|item| item.span == last.span)?;
        return Some(insert_behind(page, content.value.span, &spans, index, &new));
    }
    let (list, index) = page.holding(content.value.span)?.list?;
    let WrittenKind::List { items, .. } = &list.kind else {
        return None;
    };
    let new = with_value(page, map, &content.key, text, &["role"])?;
    let spans: Vec<Span> = items.iter().map(|item| item.span).collect();
    Some(insert_behind(page, list.span, &spans, index, &new))
}

/// A map like another one, with some of its entries and another value for one of them.
fn with_value(
    page: &Page,
    map: &Written,
    key: &str,
    value: &str,
    others: &[&str],
) -> Option<String> {
    let pairs = map.pairs();
    let kept =
        |pair: &&crate::fix::written::Pair| pair.key == key || others.contains(&pair.key.as_str());
    let own = page.text(map.span);
    let wide = own.starts_with("{ ");
    let entries: Vec<String> = pairs
        .iter()
        .filter(kept)
        .map(|pair| {
            if pair.key == key {
                format!("{}: {value}", page.text(pair.key_span))
            } else {
                page.text(pair.span).to_string()
            }
        })
        .collect();
    let inner = if wide { " " } else { "" };
    (!entries.is_empty()).then(|| format!("{{{inner}{}{inner}}}", entries.join(", ")))
}

/// Refuses where something is awaited that another function cannot await.
fn waits(module: &Module, text: Option<&str>, from: Span, to: Span) -> Result<(), Refusal> {
    let innermost = |place: Span| {
        let around = module.functions.iter();
        let around = around.filter(|function| holds(function.span, place));
        around.min_by_key(|function| function.span.len())
    };
    let can = |place| innermost(place).is_some_and(|function| function.is_async);
    let awaited = text.is_none_or(|text| text.contains("await"));
    match awaited && can(from) && !can(to) {
        true => Err(Refusal("what is awaited cannot be awaited there")),
        false => Ok(()),
    }
}
