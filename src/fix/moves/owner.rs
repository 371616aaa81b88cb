//! Which text of which file owns a value, read again by the frontend of its syntax: a template, a text of a document, a
//! literal of code.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::canvas::{Canvas, Frame, Hole, HoleKind};
use super::reach::reaches;
use super::{code, tags, Refusal};
use crate::frontend::code::language_of;
use crate::frontend::document::draft::Content;
use crate::frontend::document::value::{self, Scalar, Style};
use crate::frontend::document::{self, Document};
use crate::frontend::template::dialect::Dialect;
use crate::judge::Judged;
use crate::layout::{Kind, Segment};
use crate::prompt::{visit_pieces, Message, Piece};
use crate::source::{Place, SourceFile, Sources, Span, Text};
use crate::volatility::Key;

/// The texts that may own a value, likeliest first.
pub fn canvases(
    judged: &Judged,
    segment: &Segment,
    sources: &Sources,
) -> Result<Vec<Canvas>, Refusal> {
    let place = &segment.place;
    let file = sources
        .get(&place.path)
        .ok_or(Refusal("a file that is not at hand"))?;
    let mut out = if language_of(&place.path).is_some() {
        Vec::new()
    } else {
        vec![text_canvas(judged, file, place)?]
    };
    out.extend(code::canvases(judged, segment, sources));
    out.extend(templates(judged, segment, sources));
    out.retain_mut(|canvas| canvas.is_sound() && narrow(canvas, judged, segment).is_ok());
    for canvas in &mut out {
        weigh(canvas, judged, segment.message);
    }
    out.retain(|canvas| canvas.hole_of(place).is_some());
    if out.is_empty() {
        return Err(Refusal("a value that is found in no text"));
    }
    Ok(out)
}

/// The templates that the message of a value of code is rendered from.
fn templates(judged: &Judged, segment: &Segment, sources: &Sources) -> Vec<Canvas> {
    if language_of(&segment.place.path).is_none() {
        return Vec::new();
    }
    let info = &judged.layout.messages[segment.message];
    let messages = judged
        .prompt
        .messages
        .iter()
        .filter(|message| message.place == info.place);
    let pieces = messages
        .flat_map(|message| &message.blocks)
        .flat_map(|block| &block.pieces);
    let paths: BTreeSet<Arc<str>> = pieces
        .filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.path.clone()),
            _ => None,
        })
        .filter(|path| language_of(path).is_none() && !is_structured(path))
        .collect();
    let canvas = |path: &Arc<str>| -> Option<Canvas> {
        let file = sources.get(path)?;
        if document::read(file).is_some() {
            return None;
        }
        let text = file.content();
        let dialect = tags::by_content(path, text.as_str())?;
        let (holes, region) = tags::all_holes(&text, dialect);
        Some(Canvas {
            region: region.unwrap_or(0..text.len()),
            file: file.clone(),
            holes,
            text,
            default_break: "\n",
            frame: Frame::One,
            segs: Vec::new(),
            items: Vec::new(),
            bound: Vec::new(),
        })
    };
    paths.iter().filter_map(canvas).collect()
}

fn text_canvas(judged: &Judged, file: &Arc<SourceFile>, place: &Place) -> Result<Canvas, Refusal> {
    let document = document::read(file).map(|(_, _, document)| document);
    let owned = document
        .as_ref()
        .and_then(|document| owner_of(document, place.span));
    let scalar = scalar_of(file, place.span);
    let (text, dialects) = match (owned, &scalar) {
        (Some((text, dialect)), _) => (text.clone(), vec![dialect]),
        (None, Some(scalar)) => (scalar.text.clone(), tags::candidates("braces")),
        (None, None) if document.is_some() || is_structured(&file.path) => {
            return Err(Refusal("a text of a document that is not found again"));
        }
        (None, None) => (file.content(), tags::candidates(judged.prompt.format)),
    };
    let default_break = match scalar.as_ref().map(|scalar| scalar.style) {
        None | Some(Style::Literal) => "\n",
        Some(Style::Json | Style::Double) => "\\n",
        Some(Style::Folded) => return Err(Refusal("a folded text")),
        // A line break cannot be written there.
        Some(Style::Plain | Style::Single) if text.as_str().contains('\n') => {
            return Err(Refusal("a folded text"));
        }
        Some(Style::Plain | Style::Single) => "",
    };
    let spans = places(judged, &place.path);
    let holes = tags::holes(&text, &dialects, place.span, &spans)
        .ok_or(Refusal("a value that no tag is found for"))?;
    let region = holes.1.unwrap_or(0..text.len());
    Ok(Canvas {
        file: file.clone(),
        holes: holes.0,
        region,
        text,
        default_break,
        frame: Frame::One,
        segs: Vec::new(),
        items: Vec::new(),
        bound: Vec::new(),
    })
}

/// Whether the texts of a file are values of it.
fn is_structured(path: &str) -> bool {
    let ends = [
        ".json", ".jsonc", ".jsonl", ".ndjson", ".yaml", ".yml", ".toml",
    ];
    ends.iter().any(|end| path.ends_with(end))
}

/// The scalar of a structured file that a place is in.
fn scalar_of(file: &SourceFile, span: Span) -> Option<Scalar> {
    let (_, extension) = file.path.rsplit_once('.')?;
    let parsed = match extension {
        "json" | "jsonc" => value::parse_json(&file.content()),
        "yaml" | "yml" => value::parse_yaml(&file.content()),
        "toml" => value::parse_toml(&file.content()),
        _ => return None,
    };
    let mut found = None;
    for document in &parsed.documents {
        scalars(document, span, &mut found);
    }
    found
}

fn scalars(value: &value::Value, span: Span, found: &mut Option<Scalar>) {
    if span.start < value.span.start || value.span.end < span.end {
        return;
    }
    match &value.kind {
        value::Kind::Scalar(scalar) => *found = Some(scalar.clone()),
        value::Kind::Seq(items) => items.iter().for_each(|item| scalars(item, span, found)),
        value::Kind::Map(entries) => entries
            .iter()
            .for_each(|entry| scalars(&entry.value, span, found)),
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
    if canvas.frame != Frame::One || language_of(&canvas.file.path).is_some() {
        return Ok(());
    }
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
    // A text that another file begins is told under that file, and goes on in this one.
    let own = stretches(judged, member.message, &canvas.file.path)
        .into_iter()
        .fold(own, |own, stretch| own.to(stretch));
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
    let behind = others.iter().any(|span| span.start >= own.end);
    let start = canvas.decoded_at(own.start);
    let end = if behind {
        canvas.decoded_at(own.end)
    } else {
        None
    };
    let (start, end) = (start.unwrap_or(region.start), end.unwrap_or(region.end));
    canvas.region = start.max(region.start)..end.min(region.end).max(start);
    // Blanks that end a line are not sent where a message ends, and stay on their line all the same.
    let rest = &canvas.as_str()[canvas.region.end..region.end.max(canvas.region.end)];
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    if rest[blanks..].starts_with(['\n', '\r']) {
        canvas.region.end += blanks;
    }
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

/// What of a file the texts of a message are.
fn stretches(judged: &Judged, message: usize, path: &str) -> Vec<Span> {
    let info = &judged.layout.messages[message];
    let own = |message: &&Message| message.place == info.place && message.section == info.section;
    let mut out = Vec::new();
    for message in judged.prompt.messages.iter().filter(own) {
        for block in &message.blocks {
            visit_pieces(&mut block.pieces.clone(), &mut |piece| {
                if let Piece::Text(text) = piece {
                    let own = text.stretches().filter(|_| *text.path == *path);
                    out.extend(own.map(|(_, span)| span));
                }
            });
        }
    }
    out
}

pub fn spans_of(judged: &Judged, message: usize, path: &str) -> Vec<Span> {
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
    for segment in judged
        .layout
        .segments
        .iter()
        .filter(|segment| !segment.is_stable())
    {
        let Some(hole) = canvas.hole_of(&segment.place).map(|hole| hole.at.clone()) else {
            continue;
        };
        vary(canvas, &hole, &segment.key);
    }
    let info = &judged.layout.messages[message];
    let own = |message: &&Message| message.place == info.place && message.section == info.section;
    let messages = judged.prompt.messages.iter().filter(own);
    let pieces = messages
        .flat_map(|message| &message.blocks)
        .flat_map(|block| &block.pieces);
    let mut walk = Walk {
        canvas,
        judged,
        at: 0,
        began: false,
    };
    for piece in pieces {
        walk.piece(piece);
    }
}

fn vary(canvas: &mut Canvas, hole: &std::ops::Range<usize>, key: &Key) {
    if let Some(hole) = canvas.holes.iter_mut().find(|known| known.at == *hole) {
        let known = hole.varies.take().unwrap_or_else(Key::constant);
        hole.varies = Some(known.join(key));
    }
}

/// Goes along the pieces of a message: what is written elsewhere between two texts of the canvas is what the hole
/// between them stands for.
struct Walk<'a> {
    canvas: &'a mut Canvas,
    judged: &'a Judged,
    /// The decoded byte behind the last piece of the canvas.
    at: usize,
    /// A piece of the canvas was met.
    began: bool,
}

impl Walk<'_> {
    fn piece(&mut self, piece: &Piece) {
        if let Piece::Text(text) = piece {
            let path = text.path.clone();
            for (part, span) in text.stretches() {
                let place = Place {
                    path: path.clone(),
                    span,
                };
                self.text(part, &place);
            }
            return;
        }
        let Some(place) = place_of(piece) else {
            return;
        };
        let mut inside = vec![place.clone()];
        places_in(piece, &mut inside);
        let known = self.canvas.hole_of(&place).map(|hole| hole.at.clone());
        let covered = known.is_some();
        let Some(hole) = known.or_else(|| self.elsewhere(&place)) else {
            return;
        };
        if covered {
            self.at = hole.end;
        }
        self.add(&hole, stable_of(piece));
        for place in inside {
            let segments = self.judged.layout.segments.iter();
            let varying = segments.filter(|s| !s.is_stable() && s.place == place);
            for segment in varying {
                vary(self.canvas, &hole, &segment.key);
            }
            let known = self.canvas.holes.iter_mut().find(|known| known.at == hole);
            if let Some(hole) = known.filter(|_| !covered) {
                hole.stands_for.push(place);
            }
        }
    }

    fn text(&mut self, part: &str, place: &Place) {
        if self.canvas.covers(place) {
            self.began = true;
            if let Some(at) = self.canvas.decoded_end(place.span) {
                self.at = at;
            }
            let hole = self.canvas.hole_of(place);
            let hole = hole.map(|hole| (hole.at.clone(), hole.kind));
            if let Some((hole, HoleKind::Value)) = hole {
                self.add(&hole, part.len());
            }
        } else if let Some(hole) = self.elsewhere(place) {
            self.add(&hole, part.len());
        }
    }

    fn add(&mut self, hole: &std::ops::Range<usize>, stable: usize) {
        if let Some(hole) = self.canvas.holes.iter_mut().find(|known| known.at == *hole) {
            hole.stable += stable;
        }
    }

    /// The hole that stands for what is written elsewhere: the one whose names lead there; else, between two texts of the
    /// canvas, the one between them.
    fn elsewhere(&self, place: &Place) -> Option<std::ops::Range<usize>> {
        let holes = self.canvas.holes.iter();
        let mut leading = holes.filter(|hole| reaches(&hole.reach, place));
        if let Some(hole) = leading.next() {
            let only = leading.next().is_none();
            return only.then(|| hole.at.clone());
        }
        self.began.then(|| self.next_hole()).flatten()
    }

    /// The next hole of the canvas, if only it can stand for what comes from elsewhere.
    fn next_hole(&self) -> Option<std::ops::Range<usize>> {
        let holes = self.canvas.holes.iter();
        let mut values = holes.filter(|hole| {
            matches!(hole.kind, HoleKind::Value | HoleKind::Block) && hole.at.start >= self.at
        });
        let hole = values.next()?;
        // Text in front of it that was not met yet: what comes now stands in front of the canvas.
        let between = &self.canvas.as_str()[self.at..hole.at.start];
        let met = between.trim().is_empty();
        met.then(|| hole.at.clone())
    }
}

fn places_in(piece: &Piece, out: &mut Vec<Place>) {
    let mut inner: Vec<&Piece> = Vec::new();
    match piece {
        Piece::Branch(branch) => inner.extend(branch.arms.iter().flatten()),
        Piece::Repeat(repeat) => inner.extend(&repeat.body),
        _ => {}
    }
    for piece in inner {
        out.extend(place_of(piece));
        places_in(piece, out);
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
        reach: Vec::new(),
        binds: Vec::new(),
        trims: (false, false),
        varies: None,
        stable: 0,
        field: false,
        stands_for: Vec::new(),
    }
}
