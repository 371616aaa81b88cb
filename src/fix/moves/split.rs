//! A message is split where it starts to vary: the stable text becomes a block of its own, with a breakpoint.

use std::ops::Range;

use super::canvas::{Canvas, Frame};
use super::cut::{named, Bit};
use super::frames::operands;
use super::owner;
use super::unit::View;
use super::Refusal;
use crate::finding::Fix;
use crate::fix::breakpoints::{self, Breakpoint, Hand};
use crate::fix::entries::replace;
use crate::fix::written::{Notation, Page, Written};
use crate::frontend::code::language_of;
use crate::judge::Judged;
use crate::layout::{Kind, Segment};
use crate::plan::Step;
use crate::source::{Sources, Span};

/// The fix that splits the message of a step.
pub fn write(judged: &Judged, step: &Step, sources: &Sources) -> Result<Fix, Refusal> {
    let marked = step
        .mark_behind
        .ok_or(Refusal("no place for a breakpoint"))?;
    let breakpoint =
        breakpoints::of(judged).ok_or(Refusal("how its breakpoints are written is not known"))?;
    let member =
        first_varying(judged, marked).ok_or(Refusal("nothing varies behind the breakpoint"))?;
    let mut refused = Refusal("a value that is found in no text");
    for canvas in owner::canvases(judged, member, sources)? {
        match split(&canvas, member, breakpoint, sources) {
            Ok(fix) => return Ok(fix),
            Err(refusal) => refused = refusal,
        }
    }
    Err(refused)
}

/// What varies first behind a segment of the same message.
fn first_varying(judged: &Judged, marked: usize) -> Option<&Segment> {
    let message = judged.layout.segments.get(marked)?.message;
    let behind = judged.layout.segments[marked..].iter();
    let mut own = behind.take_while(|segment| segment.message == message);
    own.find(|s| !s.is_stable() && matches!(s.kind, Kind::Value { .. } | Kind::Fork { .. }))
}

fn split(
    canvas: &Canvas,
    member: &Segment,
    breakpoint: &Breakpoint,
    sources: &Sources,
) -> Result<Fix, Refusal> {
    let masked = canvas.masked();
    let view = View::new(canvas, &masked);
    let hole = canvas
        .hole_of(&member.place)
        .ok_or(Refusal("a value that is found in no text"))?;
    let line = view.prose.line_of(hole.at.start);
    let line = view
        .prose
        .lines
        .get(line)
        .map_or(hole.at.start, |line| line.at.start);
    let at = match view.unit(hole) {
        Ok(unit) if unit.at.start > canvas.region.start => unit.at.start,
        _ if line > canvas.region.start => line,
        _ => hole.at.start,
    };
    if view.stable(&(canvas.region.start..at)) == 0 {
        return Err(Refusal("nothing stable stands in front"));
    }
    let refusal = Refusal("a message that is written elsewhere");
    let file = sources.get(&canvas.file.path).ok_or(refusal)?;
    let page = Page::open(file).ok_or(refusal)?;
    let (root, front, rest) = halves(&page, canvas, at).ok_or(refusal)?;
    let key = page.key_of(root).ok_or(refusal)?;
    let holder = page.holding(root);
    let map = holder.as_ref().map(|holder| &holder.map);
    let hand = Hand::near(&page, map, root);
    let edit = match (key.as_str(), &holder) {
        ("text", Some(holder)) if holder.list.is_some() => {
            let first = block_with(&page, &holder.map, &front, Some((&hand, breakpoint)));
            let second = block_with(&page, &holder.map, &rest, None);
            replace(file, holder.map.span, format!("{first}, {second}"))
        }
        ("content" | "system", _) if !breakpoint.alone => {
            let blocks = [
                block(&page, map, breakpoint, &hand, &front, true),
                block(&page, map, breakpoint, &hand, &rest, false),
            ];
            replace(file, root, format!("[{}]", blocks.join(", ")))
        }
        _ => return Err(Refusal("a message that takes one text only")),
    };
    let title = format!(
        "Split the message in front of {} and mark the stable part",
        named(&canvas.as_str()[at..canvas.region.end])
    );
    Ok(Fix {
        title,
        safe: false,
        edits: vec![edit],
    })
}

/// The whole text in the source, and its two parts as expressions.
fn halves(page: &Page, canvas: &Canvas, at: usize) -> Option<(Span, String, String)> {
    let (first, second) = (0..at, at..canvas.text.len());
    if language_of(&canvas.file.path).is_some() {
        if !matches!(canvas.frame, Frame::One | Frame::Sum { .. }) {
            return None;
        }
        let (from, to) = (canvas.segs.first()?, canvas.segs.last()?);
        let root = Span::new(from.outer.start, to.outer.end);
        let part = |part: &Range<usize>| {
            let all = operands(canvas, &[Bit::Part(part.clone())]);
            all.into_iter().map(plain).collect::<Vec<_>>().join(" + ")
        };
        return Some((root, part(&first), part(&second)));
    }
    if page.notation != Notation::Json {
        return None;
    }
    let whole = canvas.text.whole().span;
    let root = Span::new(whole.start.checked_sub(1)?, whole.end + 1);
    let part = |part: &Range<usize>| format!("\"{}\"", canvas.source(part));
    Some((root, part(&first), part(&second)))
}

/// An f-string without values is a string.
fn plain(operand: String) -> String {
    match operand.strip_prefix(['f', 'F']) {
        Some(rest) if rest.starts_with(['"', '\'']) && !rest.contains(['{', '}']) => {
            rest.to_string()
        }
        _ => operand,
    }
}

/// A block of text, with a breakpoint or without.
fn block(
    page: &Page,
    map: Option<&Written>,
    breakpoint: &Breakpoint,
    hand: &Hand,
    text: &str,
    marked: bool,
) -> String {
    let mut pairs: Vec<String> = breakpoint.block_pairs(hand);
    pairs.push(hand.pair("text", text));
    if marked {
        pairs.push(hand.mark(breakpoint, None));
    }
    let wide = map.map_or(page.notation == Notation::JavaScript, |map| {
        page.text(map.span).starts_with("{ ")
    });
    let inner = if wide { " " } else { "" };
    format!("{{{inner}{}{inner}}}", pairs.join(", "))
}

/// A block like another one with another text. With a breakpoint, that of the other one or a new one; else without.
fn block_with(
    page: &Page,
    map: &Written,
    text: &str,
    mark: Option<(&Hand, &Breakpoint)>,
) -> String {
    let wide = page.text(map.span).starts_with("{ ");
    let inner = if wide { " " } else { "" };
    let key = |pair: &crate::fix::written::Pair| page.text(pair.key_span).to_string();
    let mut known = false;
    let mut pairs: Vec<String> = Vec::new();
    for pair in map.pairs() {
        let is_mark = mark.is_some_and(|(_, breakpoint)| pair.key == breakpoint.key);
        known |= is_mark;
        match pair.key.as_str() {
            "text" => pairs.push(format!("{}: {text}", key(pair))),
            "type" => pairs.push(page.text(pair.span).to_string()),
            _ if is_mark => pairs.push(page.text(pair.span).to_string()),
            _ => {}
        }
    }
    let mut lone = String::new();
    if let Some((hand, breakpoint)) = mark.filter(|_| !known) {
        if breakpoint.alone {
            lone = format!(", {}", hand.lone_mark(breakpoint, None));
        } else {
            pairs.push(hand.mark(breakpoint, None));
        }
    }
    format!("{{{inner}{}{inner}}}{lone}", pairs.join(", "))
}
