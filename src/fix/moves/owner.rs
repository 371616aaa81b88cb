//! Which text of which file owns a value, read again by the frontend of its syntax: a template, a text of a document, a
//! literal of code.

use std::sync::Arc;

use super::canvas::{Canvas, Hole, HoleKind};
use super::{code, tags, Refusal};
use crate::frontend::code::language_of;
use crate::frontend::document::draft::Content;
use crate::frontend::document::{self, Document};
use crate::frontend::template::dialect::Dialect;
use crate::judge::Judged;
use crate::layout::{Kind, Segment};
use crate::plan::Step;
use crate::prompt::{Message, Piece};
use crate::source::{Place, SourceFile, Sources, Span, Text};
use crate::volatility::Key;

/// The text that the values of a step stand in.
pub fn canvas(judged: &Judged, step: &Step, sources: &Sources) -> Result<Canvas, Refusal> {
    let member = step.members.first().ok_or(Refusal("nothing moves"))?;
    let segment = &judged.layout.segments[*member];
    let place = &segment.place;
    let file = sources
        .get(&place.path)
        .ok_or(Refusal("a file that is not at hand"))?;
    let mut canvas = if language_of(&place.path).is_some() {
        code::canvas(judged, file, place)?
    } else {
        text_canvas(judged, file, place)?
    };
    narrow(&mut canvas, judged, segment)?;
    weigh(&mut canvas, judged, segment.message);
    Ok(canvas)
}

fn text_canvas(judged: &Judged, file: &Arc<SourceFile>, place: &Place) -> Result<Canvas, Refusal> {
    let document = document::read(file).map(|(_, _, document)| document);
    let (text, dialects) = match &document {
        Some(document) => {
            let (text, dialect) = owner_of(document, place.span)
                .ok_or(Refusal("a text of a document that is not found again"))?;
            (text.clone(), vec![dialect])
        }
        None => (file.content(), tags::candidates(judged.prompt.format)),
    };
    let spans = places(judged, &place.path);
    let holes = tags::holes(&text, &dialects, place.span, &spans)
        .ok_or(Refusal("a value that no tag is found for"))?;
    let default_break = match written(file, &text) {
        Written::Raw => "\n",
        Written::Escaped => "\\n",
        Written::OneLine => "",
    };
    let region = holes.1.unwrap_or(0..text.len());
    Ok(Canvas {
        file: file.clone(),
        holes: holes.0,
        region,
        text,
        default_break,
    })
}

enum Written {
    Raw,
    /// Between double quotes, where `\n` is a line break.
    Escaped,
    /// Where a line break cannot be written.
    OneLine,
}

fn written(file: &SourceFile, text: &Text) -> Written {
    let start = text.whole().span.start;
    let structured = [
        ".json", ".jsonc", ".jsonl", ".ndjson", ".yaml", ".yml", ".toml",
    ];
    if !structured.iter().any(|end| file.path.ends_with(end)) || text.as_str().contains('\n') {
        return Written::Raw;
    }
    let front = &file.text[..start];
    if front.ends_with('"') && !front.ends_with("\"\"\"") {
        Written::Escaped
    } else if front
        .trim_end_matches([' ', '\n', '\r'])
        .ends_with(['|', '-', '+'])
    {
        Written::Raw
    } else {
        Written::OneLine
    }
}

fn owner_of(document: &Document, span: Span) -> Option<(&Text, Dialect)> {
    let blocks = document
        .drafts
        .iter()
        .flat_map(|draft| &draft.messages)
        .flat_map(|message| &message.blocks);
    let texts = blocks.filter_map(|block| match &block.content {
        Content::Template(text, dialect) => Some((text, *dialect)),
        _ => None,
    });
    let holds = |text: &Text| {
        let whole = text.whole().span;
        whole.start <= span.start && span.end <= whole.end
    };
    texts
        .filter(|(text, _)| holds(text))
        .min_by_key(|(text, _)| text.whole().span.len())
}

/// Where values of a prompt stand in a file.
pub fn places(judged: &Judged, path: &str) -> Vec<Span> {
    let segments = judged.layout.segments.iter();
    let values = segments.filter(|segment| {
        matches!(segment.kind, Kind::Value { .. } | Kind::Fork { .. })
            && *segment.place.path == *path
    });
    values.map(|segment| segment.place.span).collect()
}

/// Keeps of a text what is of the message that a segment stands in.
fn narrow(canvas: &mut Canvas, judged: &Judged, member: &Segment) -> Result<(), Refusal> {
    let mut own: Option<Span> = None;
    let mut others: Vec<Span> = Vec::new();
    for (index, message) in judged.layout.messages.iter().enumerate() {
        let spans = spans_of(judged, index, &canvas.file.path);
        let _ = message;
        if index == member.message {
            own = spans.into_iter().reduce(|a, b| a.to(b));
        } else {
            others.extend(spans);
        }
    }
    let own = own.ok_or(Refusal("a message that is not found again"))?;
    let region = canvas.region.clone();
    let limits = canvas.source_span(&region);
    let within = |at: usize| (limits.start..limits.end).contains(&at);
    let others: Vec<Span> = others
        .into_iter()
        .filter(|span| within(span.start))
        .collect();
    if others
        .iter()
        .any(|span| own.start < span.start && span.start < own.end)
    {
        return Err(Refusal("messages that stand in one another"));
    }
    let before = others.iter().any(|span| span.end <= own.start);
    let behind = others.iter().any(|span| span.start >= own.end);
    let start = if before {
        canvas.decoded_at(own.start)
    } else {
        None
    };
    let end = if behind {
        canvas.decoded_at(own.end)
    } else {
        None
    };
    let (start, end) = (start.unwrap_or(region.start), end.unwrap_or(region.end));
    canvas.region = start.max(region.start)..end.min(region.end).max(start);
    // A hole is of the message or not.
    for hole in &canvas.holes {
        if hole.at.contains(&canvas.region.end) && hole.at.start >= canvas.region.start {
            canvas.region.end = hole.at.end;
        }
        if hole.at.contains(&canvas.region.start) {
            canvas.region.start = hole.at.start;
        }
    }
    Ok(())
}

fn spans_of(judged: &Judged, message: usize, path: &str) -> Vec<Span> {
    let segments = judged.layout.segments.iter();
    let own = segments.filter(|segment| {
        segment.message == message
            && *segment.place.path == *path
            && matches!(
                segment.kind,
                Kind::Value { .. } | Kind::Fork { .. } | Kind::Text { .. }
            )
    });
    own.map(|segment| segment.place.span).collect()
}

/// Says of every hole what varies in it, and how much stable text it stands for.
fn weigh(canvas: &mut Canvas, judged: &Judged, message: usize) {
    let path = canvas.file.path.clone();
    let spans: Vec<Span> = canvas
        .holes
        .iter()
        .map(|hole| canvas.source_span(&hole.at))
        .collect();
    for segment in &judged.layout.segments {
        if segment.is_stable() || segment.place.path != path {
            continue;
        }
        let at = segment.place.span;
        let inside = spans
            .iter()
            .position(|span| span.start <= at.start && at.end <= span.end);
        if let Some(index) = inside {
            let hole = &mut canvas.holes[index];
            let known = hole.varies.take().unwrap_or_else(Key::constant);
            hole.varies = Some(known.join(&segment.key));
        }
    }
    let info = &judged.layout.messages[message];
    let own = |message: &&Message| message.place == info.place && message.section == info.section;
    let blocks = judged
        .prompt
        .messages
        .iter()
        .filter(own)
        .flat_map(|message| &message.blocks);
    let mut at = 0;
    for piece in blocks.flat_map(|block| &block.pieces) {
        match place_of(piece).filter(|place| place.path == path) {
            Some(place)
                if spans
                    .first()
                    .is_some_and(|_| canvas.decoded_at(place.span.start).is_some()) =>
            {
                let inside = spans
                    .iter()
                    .position(|span| span.start <= place.span.start && place.span.end <= span.end);
                match inside {
                    Some(index) => {
                        canvas.holes[index].stable += stable_of(piece);
                        at = canvas.holes[index].at.start;
                    }
                    None => at = canvas.decoded_at(place.span.end).unwrap_or(at),
                }
            }
            // Text of another place: the next hole stands for it.
            _ => {
                let next = canvas
                    .holes
                    .iter_mut()
                    .find(|hole| hole.at.start >= at && hole.kind == HoleKind::Value);
                if let Some(hole) = next {
                    hole.stable += stable_of(piece);
                }
            }
        }
    }
}

fn place_of(piece: &Piece) -> Option<Place> {
    match piece {
        Piece::Text(text) => Some(text.whole()),
        Piece::Slot(slot) => Some(slot.place.clone()),
        Piece::Branch(branch) => Some(branch.place.clone()),
        Piece::Repeat(repeat) => Some(repeat.place.clone()),
        Piece::History(history) => Some(history.place.clone()),
        Piece::Media(media) => Some(media.place.clone()),
    }
}

/// Bytes of stable text of a piece; a token is taken for four.
fn stable_of(piece: &Piece) -> usize {
    match piece {
        Piece::Text(text) => text.len(),
        Piece::Slot(slot) if slot.volatility.priced().is_stable() => slot.size.tokens as usize * 4,
        Piece::Branch(branch) => {
            let arms = branch.arms.iter();
            arms.map(|arm| arm.iter().map(stable_of).sum())
                .max()
                .unwrap_or(0)
        }
        Piece::Repeat(repeat) => {
            let body: usize = repeat.body.iter().map(stable_of).sum();
            body * repeat.rounds.max(1) as usize
        }
        _ => 0,
    }
}

/// A hole of a plain value.
pub fn value_hole(at: std::ops::Range<usize>, reads: Vec<String>) -> Hole {
    Hole {
        at,
        kind: HoleKind::Value,
        reads,
        binds: Vec::new(),
        trims: (false, false),
        varies: None,
        stable: 0,
    }
}
