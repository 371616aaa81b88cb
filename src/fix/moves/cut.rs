//! From units and a landing to edits: what is cut, what is put in, and how both leave the lines around them. The moved
//! text is copied as its source has it.

use std::ops::Range;

use super::canvas::{Canvas, Hole, Manner};
use super::landing::Landing;
use super::unit::{Unit, View};
use super::words::words;
use super::Refusal;
use crate::finding::{Edit, Fix};
use crate::judge::Judged;
use crate::layout::Segment;
use crate::plan::Step;
use crate::prompt::Section;
use crate::source::{Place, Span};
use crate::volatility::{Class, Key};

/// What moves in one text.
pub struct Moved {
    pub units: Vec<Unit>,
    pub landing: Landing,
}

/// The fix that moves what a step moves within one text.
pub fn moved(judged: &Judged, step: &Step, canvas: &Canvas) -> Result<Fix, Refusal> {
    let masked = canvas.masked();
    let view = View::new(canvas, &masked);
    let members: Vec<&Segment> = step
        .members
        .iter()
        .map(|id| &judged.layout.segments[*id])
        .collect();
    let moved = choose(&view, &members)?;
    let edits = edits(&view, &moved, &members)?;
    let section = members
        .first()
        .map(|segment| &judged.layout.messages[segment.message].section);
    Ok(Fix {
        title: title(canvas, &moved, section),
        safe: false,
        edits,
    })
}

/// The holes of a text that segments stand in.
pub fn holes_of<'a>(canvas: &'a Canvas, members: &[&Segment]) -> Result<Vec<&'a Hole>, Refusal> {
    let mut out: Vec<&Hole> = Vec::new();
    for member in members {
        let same = member.place.path == canvas.file.path;
        let at = canvas.decoded_at(member.place.span.start);
        let hole = at.filter(|_| same).and_then(|at| canvas.hole_at(at));
        let hole = hole.ok_or(Refusal("values of several texts"))?;
        if !out.iter().any(|known| known.at == hole.at) {
            out.push(hole);
        }
    }
    out.sort_by_key(|hole| hole.at.start);
    Ok(out)
}

/// What moves where.
pub fn choose(view: &View, members: &[&Segment]) -> Result<Moved, Refusal> {
    let holes = holes_of(view.canvas, members)?;
    let mut units: Vec<Unit> = Vec::new();
    for hole in holes {
        let unit = view.unit(hole)?;
        match units.last_mut() {
            Some(last) if last.at.contains(&unit.at.start) || last.at.end > unit.at.start => {
                if unit.at.start <= last.at.start && unit.at.end >= last.at.end {
                    *last = unit;
                } else if unit.at.end > last.at.end {
                    return Err(Refusal("two values of one sentence"));
                }
            }
            _ => units.push(unit),
        }
    }
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
fn in_scope(canvas: &Canvas, moved: &Moved) -> Result<(), Refusal> {
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
        let inner = canvas.holes_in(&unit.at).flat_map(|hole| &hole.binds);
        if inner.count() > 0 {
            return Err(Refusal("it binds a name"));
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

/// The edits of a move within one text.
fn edits(view: &View, moved: &Moved, members: &[&Segment]) -> Result<Vec<Edit>, Refusal> {
    let canvas = view.canvas;
    let cuts: Vec<Range<usize>> = moved
        .units
        .iter()
        .map(|unit| removal(view, unit, moved.landing.at))
        .collect();
    let text = inserted(view, moved, &cuts, members)?;
    let (at, text) = text;
    let mut spans: Vec<(Span, String)> = cuts
        .iter()
        .map(|cut| (canvas.source_span(cut), String::new()))
        .collect();
    let at = canvas.source_at(at);
    match spans.last_mut() {
        Some((span, new)) if span.end == at => *new = text,
        _ => spans.push((Span::new(at, at), text)),
    }
    let path = &canvas.file.path;
    let edit = |(span, text): (Span, String)| Edit {
        place: Place {
            path: path.clone(),
            span,
        },
        text,
    };
    Ok(spans.into_iter().map(edit).collect())
}

/// What is cut for a unit: with the blanks that would be left over.
fn removal(view: &View, unit: &Unit, landing: usize) -> Range<usize> {
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
) -> Result<(usize, String), Refusal> {
    let prose = &view.prose;
    let canvas = view.canvas;
    let manner = canvas.manner();
    let airy = prose
        .lines
        .iter()
        .enumerate()
        .skip(1)
        .any(|(index, line)| prose.is_blank(index) && line.next < prose.region.end);
    let heading = moved.landing.heading.as_ref();
    let airy = airy || heading.is_some();
    let at = resting(view, moved.landing.at);
    let whole_line = at == prose.region.start || prose.text[..at].ends_with('\n');
    if manner.line_break.is_empty() {
        return Err(Refusal("a text that cannot hold another line"));
    }
    let mut out = String::new();
    if !whole_line {
        out.push_str(&manner.line_break);
    }
    if airy && !blank_in_front(view, at, cuts) {
        out.push_str(&manner.line_break);
    }
    if let Some((level, text)) = heading {
        out.push_str(&format!(
            "{}{}{} {text}",
            manner.indent,
            manner.lead,
            "#".repeat(*level)
        ));
        out.push_str(&manner.line_break);
        // A section of its own has its own heading.
        if moved.units.iter().any(|unit| unit.own_section) || spaced_headings(view) {
            out.push_str(&manner.line_break);
        }
    }
    out.push_str(&content(view, moved, &manner, airy, members));
    let follows = prose.text[at..prose.region.end].chars().next();
    if moved.landing.tail && whole_line {
        if airy
            && !prose.text[at..]
                .trim_start_matches([' ', '\t'])
                .starts_with(['\n', '\r'])
        {
            out.push_str(&manner.line_break);
        }
    } else if !whole_line && follows.is_none() {
        let end = out.len() - manner.line_break.len();
        out.truncate(end);
    }
    Ok((at, out))
}

/// The units as their source has them, each ending its line.
fn content(
    view: &View,
    moved: &Moved,
    manner: &Manner,
    airy: bool,
    members: &[&Segment],
) -> String {
    let canvas = view.canvas;
    let mut out = String::new();
    let mut before: Option<&Unit> = None;
    for unit in &moved.units {
        let single = |unit: &Unit| {
            !unit.own_section && !canvas.as_str()[unit.at.clone()].trim().contains('\n')
        };
        if let Some(before) = before {
            if airy && !(single(before) && single(unit)) {
                out.push_str(&manner.line_break);
            }
        }
        before = Some(unit);
        let source = canvas.source(&unit.at);
        let label = unit.bare.then(|| label(view, unit, members)).flatten();
        if !unit.lines || label.is_some() {
            out.push_str(&manner.indent);
            out.push_str(&manner.lead);
            out.extend(label);
            out.push_str(trimmed(source, &manner.line_break));
            out.push_str(&manner.line_break);
            continue;
        }
        let body = trimmed_end(source, &manner.line_break);
        out.push_str(body);
        out.push_str(&manner.line_break);
    }
    out
}

/// Without the line breaks and blanks around it, as the source writes them.
fn trimmed<'a>(source: &'a str, line_break: &str) -> &'a str {
    let mut text = trimmed_end(source, line_break);
    loop {
        let rest = text.trim_start_matches([' ', '\t']);
        let rest = rest.strip_prefix(line_break).unwrap_or(rest);
        if rest.len() == text.len() {
            return text;
        }
        text = rest;
    }
}

fn trimmed_end<'a>(source: &'a str, line_break: &str) -> &'a str {
    let mut text = source;
    loop {
        let rest = text.trim_end_matches([' ', '\t']);
        let rest = rest.strip_suffix(line_break).unwrap_or(rest);
        if rest.len() == text.len() {
            return text;
        }
        text = rest;
    }
}

/// What a clock without words is called.
fn label(view: &View, unit: &Unit, members: &[&Segment]) -> Option<String> {
    let member = members.iter().find(|member| {
        let at = view.canvas.decoded_at(member.place.span.start);
        at.is_some_and(|at| unit.at.contains(&at))
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
fn title(canvas: &Canvas, moved: &Moved, section: Option<&Section>) -> String {
    let first = moved
        .units
        .first()
        .map_or("", |unit| canvas.as_str()[unit.at.clone()].trim());
    let more = moved.units.len().saturating_sub(1);
    let what = named(first);
    let more = match more {
        0 => String::new(),
        1 => " and another part".into(),
        more => format!(" and {more} other parts"),
    };
    let section = match section {
        Some(Section::System) | None => "system prompt".to_string(),
        Some(section) => format!("{} message", section.name()),
    };
    format!("Move {what}{more} to the end of the {section}")
}

/// The first line of a text, short, in quotes.
pub fn named(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    let line = line.unwrap_or_default();
    let short: String = line.chars().take(57).collect();
    let dots = if short.len() < line.len() { "..." } else { "" };
    format!("\"{short}{dots}\"")
}
