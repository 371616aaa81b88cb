//! From units and a landing to edits: what is cut, what is put in, and how both leave the lines around them. The moved
//! text is copied as its source has it.

use std::ops::Range;
use std::sync::OnceLock;

use regex::Regex;

use super::canvas::{Canvas, Frame, Hole};
use super::frames;
use super::landing::Landing;
use super::unit::{Unit, View};
use super::words::words;
use super::Refusal;
use crate::finding::{Edit, Fix};
use crate::frontend::code::language_of;
use crate::judge::Judged;
use crate::layout::{Kind, Segment};
use crate::prompt::Section;
use crate::source::{Place, Span};
use crate::volatility::{Class, Key};

/// The values of a step do not all stand in one text.
pub const SEVERAL: Refusal = Refusal("values of several texts");

/// What moves in one text.
pub struct Moved {
    pub units: Vec<Unit>,
    pub landing: Landing,
}

/// The fix that moves what a step moves within one text.
pub fn moved(judged: &Judged, members: &[&Segment], canvas: &Canvas) -> Result<Fix, Refusal> {
    let masked = canvas.masked();
    let view = View::new(canvas, &masked);
    let moved = choose(&view, members)?;
    let first = moved.units.first().map_or(0, |unit| unit.at.end);
    let passed = view.stable(&(first..moved.landing.at));
    if (passed as f64) < stranded(judged, members) * PASSED_PER_TOKEN {
        return Err(Refusal("most of what it strands stands elsewhere"));
    }
    let edits = edits(&view, &moved, members)?;
    let section = members
        .first()
        .map(|segment| &judged.layout.messages[segment.message].section);
    let section = section.map_or_else(|| "prompt".into(), spoken);
    Ok(Fix {
        title: title(
            canvas,
            &moved.units,
            &format!("to the end of the {section}"),
        ),
        safe: false,
        edits,
    })
}

/// Bytes of text, without white space, that must be passed for each token of text that is stranded in the message: a
/// token has about four, and a part of it may stay behind what cannot move.
const PASSED_PER_TOKEN: f64 = 1.5;

/// Tokens of stable text that stand behind the first member in its message.
fn stranded(judged: &Judged, members: &[&Segment]) -> f64 {
    let Some(first) = members.iter().min_by_key(|segment| segment.id) else {
        return 0.0;
    };
    let segments = judged.layout.segments.iter();
    let behind = segments.filter(|segment| {
        segment.id > first.id
            && segment.message == first.message
            && matches!(segment.kind, Kind::Text { .. })
    });
    behind.map(|segment| segment.tokens).sum()
}

/// The holes of a text that segments stand in.
pub fn holes_of<'a>(canvas: &'a Canvas, members: &[&Segment]) -> Result<Vec<&'a Hole>, Refusal> {
    let mut out: Vec<&Hole> = Vec::new();
    for member in members {
        let hole = canvas.hole_of(&member.place).ok_or(SEVERAL)?;
        if !out.iter().any(|known| known.at == hole.at) {
            out.push(hole);
        }
    }
    out.sort_by_key(|hole| hole.at.start);
    Ok(out)
}

/// What moves with the values of a step.
pub fn units(view: &View, members: &[&Segment]) -> Result<Vec<Unit>, Refusal> {
    let mut units: Vec<Unit> = Vec::new();
    for hole in holes_of(view.canvas, members)? {
        let unit = view.unit(hole)?;
        // A text of its own says what it is, and a clock is known to be one.
        if unit.bare && hole.stable == 0 && label(view, &unit, members).is_none() {
            return Err(Refusal("a value that no word says the meaning of"));
        }
        let Some(last) = units.last_mut().filter(|last| last.at.end > unit.at.start) else {
            units.push(unit);
            continue;
        };
        if unit.at.start <= last.at.start && unit.at.end >= last.at.end {
            *last = unit;
        } else if unit.at.end > last.at.end {
            return Err(Refusal("two values of one sentence"));
        }
    }
    view.with_labels(units)
}

/// What moves where.
pub fn choose(view: &View, members: &[&Segment]) -> Result<Moved, Refusal> {
    let mut units = units(view, members)?;
    let key = members
        .iter()
        .fold(Key::constant(), |key, member| key.join(&member.key));
    loop {
        match view.landing(&units, &key) {
            Ok(landing) => {
                let moved = Moved { units, landing };
                in_scope(view.canvas, &moved)?;
                return Ok(moved);
            }
            // The last one stands where it would go already.
            Err(_) if units.len() > 1 => units.pop(),
            Err(refusal) => return Err(refusal),
        };
    }
}

/// Refuses where a name means something else at the landing, or a tag takes away the white space of its neighbours.
pub fn in_scope(canvas: &Canvas, moved: &Moved) -> Result<(), Refusal> {
    for unit in &moved.units {
        let reads: Vec<&String> = canvas
            .holes_in(&unit.at)
            .flat_map(|hole| &hole.reads)
            .collect();
        let passed = unit.at.end..moved.landing.at;
        let mut binds = canvas.holes_in(&passed).flat_map(|hole| &hole.binds);
        if binds.any(|name| reads.contains(&name)) {
            return Err(Refusal("a name is bound anew on the way"));
        }
        let stays = |(at, names): &(usize, Vec<String>)| {
            let passed = unit.at.start < *at && *at <= moved.landing.at;
            !passed || !names.iter().any(|name| reads.contains(&name))
        };
        if !canvas.bound.iter().all(stays) {
            return Err(Refusal("a name is bound anew on the way"));
        }
        let inner = canvas.holes_in(&unit.at).flat_map(|hole| &hole.binds);
        if inner.count() > 0 {
            return Err(Refusal("it binds a name"));
        }
        if counts(canvas, &unit.at) && counts(canvas, &passed) {
            return Err(Refusal(
                "a field that is filled by how many stand in front of it",
            ));
        }
        if unknown_tag(canvas, &unit.at) || unknown_tag(canvas, &passed) {
            return Err(Refusal("a tag that nobody knows"));
        }
        let text = canvas.as_str();
        let starts = |hole: &&Hole| text[unit.at.start..hole.at.start].trim().is_empty();
        let ends = |hole: &&Hole| text[hole.at.end..unit.at.end].trim().is_empty();
        let first = canvas.holes_in(&unit.at).next().filter(starts);
        let last = canvas.holes_in(&unit.at).last().filter(ends);
        if first.is_some_and(|hole| hole.trims.0) || last.is_some_and(|hole| hole.trims.1) {
            return Err(Refusal("a tag that takes white space away"));
        }
    }
    let at = moved.landing.at;
    let text = canvas.as_str();
    let beside = |hole: &Hole| {
        let in_front = hole.at.end <= at && text[hole.at.end..at].trim().is_empty();
        let behind = hole.at.start >= at && text[at..hole.at.start].trim().is_empty();
        (in_front && hole.trims.1) || (behind && hole.trims.0)
    };
    if canvas.holes.iter().any(beside) {
        return Err(Refusal("a tag that takes white space away"));
    }
    Ok(())
}

/// Whether a part holds a field that takes what is next: `{}`, `{:>8}`, `%s`.
fn counts(canvas: &Canvas, part: &Range<usize>) -> bool {
    static PERCENT: OnceLock<Option<Regex>> = OnceLock::new();
    let percent =
        PERCENT.get_or_init(|| Regex::new(r"%[-+ #0]*[\d*]*(?:\.[\d*]+)?[sdrifgxX]").ok());
    let text = canvas.as_str();
    let nameless = |hole: &Hole| {
        let inner = text[hole.at.clone()].trim_start_matches('{');
        hole.field && inner.trim_start().starts_with(['}', ':', '!'])
    };
    canvas.holes_in(part).any(nameless)
        || (language_of(&canvas.file.path).is_some()
            && outside(canvas, part).any(|text| {
                percent
                    .as_ref()
                    .is_some_and(|percent| percent.is_match(text))
            }))
}

/// Whether a part of a template holds a tag that is no hole: what it does to the text around it nobody knows.
fn unknown_tag(canvas: &Canvas, part: &Range<usize>) -> bool {
    let code = language_of(&canvas.file.path).is_some();
    !code && outside(canvas, part).any(|text| text.contains("{%"))
}

/// The text between the holes of a part.
fn outside<'a>(canvas: &'a Canvas, part: &Range<usize>) -> impl Iterator<Item = &'a str> {
    let mut at = part.start;
    let mut out = Vec::new();
    for hole in canvas.holes_in(part) {
        out.push(at..hole.at.start.max(at));
        at = hole.at.end.max(at);
    }
    out.push(at..part.end.max(at));
    let text = canvas.as_str();
    out.into_iter().filter_map(move |part| text.get(part))
}

/// New text, or a part of the old one.
#[derive(Clone, Debug, PartialEq)]
pub enum Bit {
    New(String),
    Part(Range<usize>),
}

/// What is cut, and what is put in where.
pub struct Surgery {
    pub cuts: Vec<Range<usize>>,
    pub at: usize,
    pub bits: Vec<Bit>,
}

/// The edits of a move within one text.
pub fn edits(view: &View, moved: &Moved, members: &[&Segment]) -> Result<Vec<Edit>, Refusal> {
    edits_between(view, view, moved, moved.landing.at, members)
}

/// The edits of a move from one part of a text to another one. `limit`: nothing behind it is cut.
pub fn edits_between(
    from: &View,
    to: &View,
    moved: &Moved,
    limit: usize,
    members: &[&Segment],
) -> Result<Vec<Edit>, Refusal> {
    let units = moved.units.iter();
    let cuts: Vec<Range<usize>> = units.map(|unit| removal(from, unit, limit)).collect();
    let (at, bits) = inserted(to, moved, &cuts, members);
    operate(to.canvas, &Surgery { cuts, at, bits })
}

/// The edits of cuts, and of what is put in, as the text is put together. Without bits nothing is put in.
pub fn operate(canvas: &Canvas, surgery: &Surgery) -> Result<Vec<Edit>, Refusal> {
    match canvas.frame {
        Frame::One => written(canvas, surgery),
        Frame::Sum { joint } => frames::sum(canvas, surgery, joint),
        Frame::List => frames::list(canvas, surgery),
        Frame::Statements { apart } => frames::statements(canvas, surgery, apart),
    }
}

/// The edits of a text that can be cut anywhere.
fn written(canvas: &Canvas, surgery: &Surgery) -> Result<Vec<Edit>, Refusal> {
    let manner = canvas.manner();
    if manner.line_break.is_empty() && !surgery.bits.is_empty() {
        return Err(Refusal("a text that cannot hold another line"));
    }
    let mut text = String::new();
    let mut fresh = surgery.at == 0 || canvas.as_str()[..surgery.at].ends_with('\n');
    for bit in &surgery.bits {
        match bit {
            Bit::New(new) => {
                for part in new.split_inclusive('\n') {
                    let line = part.trim_end_matches('\n');
                    if fresh && !line.is_empty() {
                        text.push_str(&manner.indent);
                    }
                    text.push_str(line);
                    fresh = part.ends_with('\n');
                    if fresh {
                        text.push_str(&manner.line_break);
                    }
                }
            }
            Bit::Part(part) => {
                let line_start = part.start == 0 || canvas.as_str()[..part.start].ends_with('\n');
                if fresh && !line_start {
                    text.push_str(&manner.indent);
                }
                let source = canvas.source(part);
                let inner = source.strip_prefix(manner.indent.as_str());
                text.push_str(match (fresh, line_start) {
                    (false, true) => inner.unwrap_or(source),
                    _ => source,
                });
                fresh = false;
            }
        }
    }
    let mut spans: Vec<(Span, String)> = surgery
        .cuts
        .iter()
        .map(|cut| (canvas.source_span(cut), String::new()))
        .collect();
    let at = canvas.source_at(surgery.at);
    match spans.last_mut() {
        _ if text.is_empty() => {}
        Some((span, new)) if span.end == at => *new = text,
        _ => spans.push((Span::new(at, at), text)),
    }
    Ok(placed(canvas, spans))
}

/// Edits of one file.
pub fn placed(canvas: &Canvas, spans: Vec<(Span, String)>) -> Vec<Edit> {
    let path = &canvas.file.path;
    let edit = |(span, text): (Span, String)| Edit {
        place: Place {
            path: path.clone(),
            span,
        },
        text,
    };
    spans.into_iter().map(edit).collect()
}

/// What is cut for a unit: with the blanks that would be left over.
pub fn removal(view: &View, unit: &Unit, landing: usize) -> Range<usize> {
    let prose = &view.prose;
    let text = prose.text;
    let mut at = unit.at.clone();
    if unit.lines {
        let first = prose.line_of(at.start);
        let open = first == 0 || prose.is_blank(first - 1);
        let mut next = prose.lines.partition_point(|line| line.at.start < at.end);
        while open && next < prose.lines.len() && prose.is_blank(next) {
            let end = prose.lines[next].next;
            if end > landing {
                break;
            }
            at.end = end;
            next += 1;
        }
        return at;
    }
    let line_end = text[at.end..].find('\n').map_or(text.len(), |n| at.end + n);
    let line_end = line_end.min(prose.region.end);
    let rest = &text[at.end..line_end];
    if rest.trim().is_empty() {
        let front = &text[..at.start];
        at.start = front.trim_end_matches([' ', '\t']).len();
    } else {
        at.end += rest.len() - rest.trim_start().len();
    }
    at
}

/// Where the new text goes and what it is.
fn inserted(
    view: &View,
    moved: &Moved,
    cuts: &[Range<usize>],
    members: &[&Segment],
) -> (usize, Vec<Bit>) {
    let prose = &view.prose;
    let lead = view.canvas.manner().lead;
    let heading = moved.landing.heading.as_ref();
    let airy = heading.is_some() || moved.landing.apart || is_airy(view);
    let at = resting(view, moved.landing.at);
    let whole_line = at == prose.region.start || prose.text[..at].ends_with('\n');
    let line_break = || Bit::New("\n".into());
    let mut out = Vec::new();
    if !whole_line {
        out.push(line_break());
    }
    if airy && !blank_in_front(view, at, cuts) {
        out.push(line_break());
    }
    if let Some((level, text)) = heading {
        out.push(Bit::New(format!("{lead}{} {text}\n", "#".repeat(*level))));
        // A section of its own has its own heading.
        if moved.units.iter().any(|unit| unit.own_section) || spaced_headings(view) {
            out.push(line_break());
        }
    }
    out.extend(content(view, &moved.units, &lead, airy, members));
    let behind = &prose.text[at..prose.region.end];
    if moved.landing.tail && whole_line {
        if airy
            && !behind
                .trim_start_matches([' ', '\t'])
                .starts_with(['\n', '\r'])
        {
            out.push(line_break());
        }
    } else if !whole_line && behind.is_empty() {
        out.pop();
    }
    (at, out)
}

/// Whether blank lines stand between the parts of a text.
fn is_airy(view: &View) -> bool {
    let prose = &view.prose;
    let lines = prose.lines.iter().enumerate().skip(1);
    let mut inner = lines.filter(|(_, line)| line.next < prose.region.end);
    inner.any(|(index, _)| prose.is_blank(index))
}

/// The units, each ending its line.
pub fn content(
    view: &View,
    units: &[Unit],
    lead: &str,
    airy: bool,
    members: &[&Segment],
) -> Vec<Bit> {
    let text = view.canvas.as_str();
    let mut out = Vec::new();
    let mut before: Option<&Unit> = None;
    for unit in units {
        let single = |unit: &Unit| {
            !unit.own_section && !view.prose.text[unit.at.clone()].trim().contains('\n')
        };
        if before.is_some_and(|before| airy && !(single(before) && single(unit))) {
            out.push(Bit::New("\n".into()));
        }
        before = Some(unit);
        let label = unit.bare.then(|| label(view, unit, members)).flatten();
        let end = unit.at.start + text[unit.at.clone()].trim_end().len();
        if unit.lines && label.is_none() {
            // Blank lines in front are not of it.
            let front = &text[unit.at.start..end];
            let blank = front.len() - front.trim_start().len();
            let start = front[..blank].rfind('\n').map_or(0, |at| at + 1);
            out.push(Bit::Part(unit.at.start + start..end));
        } else {
            let front = &text[unit.at.start..end];
            let start = unit.at.start + front.len() - front.trim_start().len();
            let label = label.unwrap_or_default();
            if !(lead.is_empty() && label.is_empty()) {
                out.push(Bit::New(format!("{lead}{label}")));
            }
            out.push(Bit::Part(start..end));
        }
        out.push(Bit::New("\n".into()));
    }
    out
}

/// What a clock without words is called.
fn label(view: &View, unit: &Unit, members: &[&Segment]) -> Option<String> {
    let member = members.iter().find(|member| {
        // What a name or a call stands for may well say what it is.
        let hole = view.canvas.hole_of(&member.place);
        let hole = hole.filter(|_| view.canvas.covers(&member.place));
        // So does one with words in it: `{f"Now: {now}"}`.
        let says = |hole: &Hole| {
            let source = view.canvas.source(&hole.at);
            let code = language_of(&view.canvas.file.path).is_some();
            code && source.contains(['"', '\'', '`']) && source.contains(": ")
        };
        hole.is_some_and(|hole| unit.at.contains(&hole.at.start) && !says(hole))
    })?;
    let class = member.volatility()?.class;
    let (day, finer) = &words().clocks;
    let text = member.volatility()?.why.as_str();
    match class {
        Class::Day => Some(format!("{day}: ")),
        Class::Hour | Class::Minute => Some(format!("{finer}: ")),
        Class::Unique if text.contains("clock") => Some(format!("{finer}: ")),
        _ => None,
    }
}

/// In front of the blank lines that end the text.
fn resting(view: &View, landing: usize) -> usize {
    let prose = &view.prose;
    if !prose.text[landing..prose.region.end].trim().is_empty() {
        return landing;
    }
    let last = (0..prose.lines.len())
        .rev()
        .find(|index| !prose.is_blank(*index) && prose.lines[*index].at.start < landing);
    last.map_or(landing, |index| prose.lines[index].next)
}

/// Whether a blank line stands in front of a byte, once the cuts are made.
fn blank_in_front(view: &View, at: usize, cuts: &[Range<usize>]) -> bool {
    let prose = &view.prose;
    let cut = |byte: usize| cuts.iter().any(|cut| cut.contains(&byte));
    let line = prose
        .lines
        .iter()
        .enumerate()
        .rev()
        .find(|(_, line)| line.next <= at && !cut(line.at.start));
    match line {
        Some((index, line)) => prose.is_blank(index) && prose.text[..line.next].ends_with('\n'),
        None => true,
    }
}

/// Whether blank lines stand behind the headings of a text.
fn spaced_headings(view: &View) -> bool {
    let prose = &view.prose;
    (0..prose.lines.len()).any(|line| {
        super::prose::heading(prose.content(line)).is_some()
            && line + 1 < prose.lines.len()
            && prose.is_blank(line + 1)
    })
}

/// `Move "Current time: {now}" to the end of the system prompt`
pub fn title(canvas: &Canvas, units: &[Unit], whereto: &str) -> String {
    let first = units
        .first()
        .map_or("", |unit| canvas.as_str()[unit.at.clone()].trim());
    let more = units.len().saturating_sub(1);
    let what = named(first);
    let more = match more {
        0 => String::new(),
        1 => " and another part".into(),
        more => format!(" and {more} other parts"),
    };
    format!("Move {what}{more} {whereto}")
}

/// What a message is called.
pub fn spoken(section: &Section) -> String {
    match section {
        Section::System => "system prompt".to_string(),
        section => format!("{} message", section.name()),
    }
}

/// The first line of a text, short, in quotes.
pub fn named(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    let line = line.unwrap_or_default();
    let short: String = line.chars().take(57).collect();
    let dots = if short.len() < line.len() { "..." } else { "" };
    format!("\"{short}{dots}\"")
}
