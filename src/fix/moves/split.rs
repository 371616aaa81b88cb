//! A message is split where it starts to vary: the stable text becomes a block of its own, with a breakpoint.

use std::ops::Range;

use super::canvas::{Canvas, Frame};
use super::cut::{content, named, removal, title, units, Bit};
use super::frames::operands;
use super::owner;
use super::unit::View;
use super::Refusal;
use crate::finding::{Edit, Fix};
use crate::fix::breakpoints::{self, Breakpoint, Hand};
use crate::fix::entries::{insert_behind, insert_pair, replace};
use crate::fix::kept;
use crate::fix::written::{Kind as Kinds, Notation, Page, Written};
use crate::frontend::code::language_of;
use crate::judge::Judged;
use crate::layout::{Kind, Segment};
use crate::plan::Step;
use crate::providers::Match;
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
    not_kept(judged, member, sources)?;
    let mut refused = Refusal("a value that is found in no text");
    for canvas in owner::canvases(judged, member, sources)? {
        match split(&canvas, member, breakpoint, sources) {
            Ok(mut fix) => {
                if step.explicit {
                    fix.edits.push(explicit(judged, member, sources)?);
                }
                return Ok(fix);
            }
            Err(refusal) => refused = refusal,
        }
    }
    Err(refused)
}

/// Refuses where the message of a value is sent with later calls as well, each time with its marker.
fn not_kept(judged: &Judged, member: &Segment, sources: &Sources) -> Result<(), Refusal> {
    let message = &judged.layout.messages[member.message];
    if message.section.is_preamble() {
        return Ok(());
    }
    let file = sources.get(&message.place.path);
    match file.and_then(|file| kept::reason(file, message.place.span)) {
        Some(why) => Err(Refusal(why)),
        None => Ok(()),
    }
}

/// What varies first behind a segment of the same message.
fn first_varying(judged: &Judged, marked: usize) -> Option<&Segment> {
    let message = judged.layout.segments.get(marked)?.message;
    let behind = judged.layout.segments[marked..].iter();
    let mut own = behind.take_while(|segment| segment.message == message);
    own.find(|s| !s.is_stable() && matches!(s.kind, Kind::Value { .. } | Kind::Fork { .. }))
}

/// The option by which only written breakpoints count, behind the messages of the request.
fn explicit(judged: &Judged, member: &Segment, sources: &Sources) -> Result<Edit, Refusal> {
    let refusal = Refusal("a request that is written elsewhere");
    if judged
        .prompt
        .settings
        .iter()
        .any(|s| s.name.starts_with(OPTION))
    {
        return Err(Refusal("an option that is set otherwise"));
    }
    let place = &judged.layout.messages[member.message].place;
    let page = sources
        .get(&place.path)
        .and_then(|file| Page::open(file))
        .ok_or(refusal)?;
    let map = page.at(place.span).filter(Written::is_map).ok_or(refusal)?;
    let first = map.pairs().first().ok_or(refusal)?;
    let (list, _) = page
        .holding(first.span)
        .and_then(|holder| holder.list)
        .ok_or(refusal)?;
    let holder = page.holding(list.span);
    let hand = Hand::near(&page, holder.as_ref().map(|holder| &holder.map), list.span);
    let wide = page.text(map.span).starts_with("{ ");
    let inner = if wide { " " } else { "" };
    let mode = format!(
        "{{{inner}{}{inner}}}",
        hand.pair("mode", &hand.text("explicit"))
    );
    match holder {
        Some(holder) => insert_pair(&page, &holder.map, &hand.pair(OPTION, &mode)).ok_or(refusal),
        // A named argument of a call.
        None if page.notation == Notation::Python && page.key_of(list.span).is_some() => {
            let at = Span::new(list.span.end, list.span.end);
            Ok(replace(page.file, at, format!(", {OPTION}={mode}")))
        }
        None => Err(refusal),
    }
}

/// The option that says which breakpoints count.
const OPTION: &str = "prompt_cache_options";

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
    let edit = blocks(&page, root, &front, &rest, breakpoint)?;
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

/// A text becomes two blocks, the first one with a breakpoint.
fn blocks(
    page: &Page,
    root: Span,
    front: &str,
    rest: &str,
    breakpoint: &Breakpoint,
) -> Result<Edit, Refusal> {
    let key = page
        .key_of(root)
        .ok_or(Refusal("a message that is written elsewhere"))?;
    let holder = page.holding(root);
    let map = holder.as_ref().map(|holder| &holder.map);
    let hand = Hand::near(page, map, root);
    match (key.as_str(), &holder) {
        ("text", Some(holder)) if holder.list.is_some() => {
            let first = block_with(page, &holder.map, front, Some((&hand, breakpoint)));
            let second = block_with(page, &holder.map, rest, None);
            Ok(replace(
                page.file,
                holder.map.span,
                format!("{first}, {second}"),
            ))
        }
        ("content" | "system", _) if !breakpoint.alone => {
            let blocks = [
                block(page, map, breakpoint, &hand, front, true),
                block(page, map, breakpoint, &hand, rest, false),
            ];
            Ok(replace(page.file, root, format!("[{}]", blocks.join(", "))))
        }
        _ => Err(Refusal("a message that takes one text only")),
    }
}

/// Whether a model reads at markers only, so that what moves needs a block of its own.
pub fn by_marks(judged: &Judged) -> bool {
    judged.model.matching == Match::Marks && !judged.layout.assumed_marks
}

/// The fix that moves values into a block of their own, behind the breakpoint of the stable text.
pub fn moved(
    judged: &Judged,
    members: &[&Segment],
    canvas: &Canvas,
    sources: &Sources,
) -> Result<Fix, Refusal> {
    for member in members {
        not_kept(judged, member, sources)?;
    }
    let masked = canvas.masked();
    let view = View::new(canvas, &masked);
    let units = units(&view, members)?;
    let cuts: Vec<Range<usize>> = units
        .iter()
        .map(|unit| removal(&view, unit, canvas.region.end))
        .collect();
    let rest = complement(canvas, &cuts);
    let stable: usize = rest.iter().map(|part| view.stable(part)).sum();
    if stable == 0
        || units.iter().any(|unit| {
            view.unspoken(unit, &(unit.at.end..canvas.region.end))
                .is_err()
        })
    {
        return Err(Refusal("all of the text"));
    }
    let refusal = Refusal("a message that is written elsewhere");
    let file = sources.get(&canvas.file.path).ok_or(refusal)?;
    let page = Page::open(file).ok_or(refusal)?;
    let front: Vec<Bit> = rest.into_iter().map(Bit::Part).collect();
    let mut behind = content(&view, &units, "", false, members);
    behind.pop();
    let (root, front, behind) = parts(&page, canvas, &front, &behind).ok_or(refusal)?;
    let holder = page.holding(root);
    let list = holder.as_ref().and_then(|holder| holder.list.as_ref());
    let marked = has_marks(judged, members);
    let edits = match (&holder, list) {
        (Some(holder), Some((list, _))) if marked => {
            let Kinds::List { items, .. } = &list.kind else {
                return Err(refusal);
            };
            let new = block_with(&page, &holder.map, &behind, None);
            let spans: Vec<Span> = items.iter().map(|item| item.span).collect();
            let last = spans.len().checked_sub(1).ok_or(refusal)?;
            vec![
                replace(file, root, front),
                insert_behind(&page, list.span, &spans, last, &new),
            ]
        }
        _ if marked => return Err(Refusal("a breakpoint that is written elsewhere")),
        _ => {
            let breakpoint = breakpoints::of(judged).ok_or(refusal)?;
            vec![blocks(&page, root, &front, &behind, breakpoint)?]
        }
    };
    let whereto = "into a block behind the cache breakpoint";
    Ok(Fix {
        title: title(canvas, &units, whereto),
        safe: false,
        edits,
    })
}

/// What is left of a text.
fn complement(canvas: &Canvas, cuts: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut at = 0;
    for cut in cuts {
        out.push(at..cut.start.max(at));
        at = cut.end.max(at);
    }
    out.push(at..canvas.text.len());
    out.retain(|part| !part.is_empty());
    out
}

/// Whether a breakpoint that the author wrote stands in the message of a value, behind it.
fn has_marks(judged: &Judged, members: &[&Segment]) -> bool {
    let Some(first) = members.first() else {
        return false;
    };
    let segments = judged.layout.segments.iter();
    let last = segments
        .filter(|s| s.message == first.message)
        .map(|s| s.block)
        .max();
    let written = judged
        .layout
        .marks
        .iter()
        .filter(|mark| mark.place.is_some());
    let mut blocks = written.map(|mark| mark.block);
    blocks.any(|block| block >= first.block && last.is_some_and(|last| block <= last))
}

/// The whole text in the source, and its two parts as expressions.
fn halves(page: &Page, canvas: &Canvas, at: usize) -> Option<(Span, String, String)> {
    let (first, second) = (0..at, at..canvas.text.len());
    parts(page, canvas, &[Bit::Part(first)], &[Bit::Part(second)])
}

fn parts(
    page: &Page,
    canvas: &Canvas,
    first: &[Bit],
    second: &[Bit],
) -> Option<(Span, String, String)> {
    if language_of(&canvas.file.path).is_some() {
        if !matches!(canvas.frame, Frame::One | Frame::Sum { .. }) {
            return None;
        }
        let (from, to) = (canvas.segs.first()?, canvas.segs.last()?);
        let root = Span::new(from.outer.start, to.outer.end);
        let part = |bits: &[Bit]| {
            let all = operands(canvas, bits);
            all.into_iter().map(plain).collect::<Vec<_>>().join(" + ")
        };
        return Some((root, part(first), part(second)));
    }
    if page.notation != Notation::Json {
        return None;
    }
    let whole = canvas.text.whole().span;
    let root = Span::new(whole.start.checked_sub(1)?, whole.end + 1);
    let manner = canvas.manner();
    let part = |bits: &[Bit]| {
        let text = bits.iter().map(|bit| match bit {
            Bit::New(text) => text.replace('\n', &manner.line_break),
            Bit::Part(part) => canvas.source(part).to_string(),
        });
        format!("\"{}\"", text.collect::<String>())
    };
    Some((root, part(first), part(second)))
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
