//! Where in the sources a number of tokens of a prompt is reached, and what of a file stands in front of it. Knows no
//! protocol.

use std::sync::Arc;

use crate::judge::Judged;
use crate::layout::{Kind, Segment};
use crate::prompt::Piece;
use crate::source::{Place, Span, Text};
use crate::tokens::Counter;

/// Longer texts are cut by their share of tokens alone.
const MOST_COUNTED: usize = 256 << 10;
/// Steps towards the byte at which a number of tokens is reached.
const STEPS: usize = 4;
/// Offsets nearer than this are the same, in tokens.
const NEAR: f64 = 0.5;

/// The place at which a prefix of so many tokens ends: without length.
pub fn end_of(judged: &Judged, tokens: f64) -> Option<Place> {
    let (segment, at) = segment_at(judged, tokens)?;
    let end = at + segment.tokens;
    if tokens >= end - NEAR || !matches!(segment.kind, Kind::Text { .. }) {
        let texts = texts_of(judged, segment);
        let place = texts.last().map(|text| text.whole());
        let place = place.unwrap_or_else(|| segment.place.clone());
        return Some(Place {
            span: Span::new(place.span.end, place.span.end),
            path: place.path,
        });
    }
    cut(judged, segment, tokens - at)
}

/// The segment in which a number of tokens is reached, and the tokens in front of it.
fn segment_at(judged: &Judged, tokens: f64) -> Option<(&Segment, f64)> {
    let mut at = 0.0;
    for segment in &judged.layout.segments {
        if segment.tokens > 0.0 && tokens <= at + segment.tokens + NEAR {
            return Some((segment, at));
        }
        at += segment.tokens;
    }
    None
}

/// The texts that a stable run is made of, in order.
fn texts_of<'a>(judged: &'a Judged, segment: &Segment) -> Vec<&'a Text> {
    let Kind::Text { .. } = segment.kind else {
        return Vec::new();
    };
    let own = &segment.place;
    let parts = judged.layout.parts.iter();
    let parts: Vec<&Place> = parts
        .filter(|part| part.segment == segment.id)
        .map(|part| &part.place)
        .collect();
    let within = |text: &Text| {
        let place = text.whole();
        let holds = |outer: &Place| {
            outer.path == place.path
                && outer.span.start <= place.span.start
                && place.span.end <= outer.span.end
        };
        holds(own) || parts.iter().any(|part| holds(part))
    };
    let blocks = judged.prompt.messages.iter().flat_map(|m| &m.blocks);
    blocks
        .flat_map(|block| &block.pieces)
        .filter_map(|piece| match piece {
            Piece::Text(text) if !text.is_empty() && within(text) => Some(text),
            _ => None,
        })
        .collect()
}

/// The place in a stable run at which so many of its tokens are reached.
fn cut(judged: &Judged, segment: &Segment, tokens: f64) -> Option<Place> {
    let texts = texts_of(judged, segment);
    let whole: String = texts.iter().map(|text| text.as_str()).collect();
    if whole.is_empty() {
        return None;
    }
    let at = byte_at(judged, &whole, tokens, segment.tokens);
    let mut start = 0;
    for text in texts {
        let end = start + text.len();
        if at <= end {
            let place = text.place(at - start, at - start);
            let offset = match at == end {
                true => text.whole().span.end,
                false => place.span.start,
            };
            return Some(Place {
                span: Span::new(offset, offset),
                ..place
            });
        }
        start = end;
    }
    None
}

/// The byte of a text at which so many of its tokens are reached.
fn byte_at(judged: &Judged, text: &str, tokens: f64, of: f64) -> usize {
    let floor = |at: f64| {
        let mut at = (at.max(0.0) as usize).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let per_token = text.len() as f64 / of.max(1.0);
    let mut at = floor(tokens * per_token);
    let tokenizer = &judged.model.tokenizer;
    let Some(counter) = Counter::new(&tokenizer.encoding).filter(|_| text.len() <= MOST_COUNTED)
    else {
        return at;
    };
    for _ in 0..STEPS {
        let counted = f64::from(counter.count(&text[..at])) * tokenizer.typical;
        if (counted - tokens).abs() < NEAR {
            break;
        }
        at = floor(at as f64 + (tokens - counted) * per_token);
    }
    at
}

/// What of a file stands in front of the end of the cached prefix, in order of the file.
pub fn shared(judged: &Judged, path: &Arc<str>) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut at = 0.0;
    let end = end_of(judged, judged.boundary).filter(|_| judged.boundary > 0.0);
    for segment in &judged.layout.segments {
        // What the chat format adds stands nowhere: its place is that of the whole message.
        let stands = !matches!(segment.kind, Kind::Framing) && segment.tokens > 0.0;
        if stands && at + NEAR < judged.boundary {
            let texts = texts_of(judged, segment);
            let places = match texts.is_empty() {
                true => vec![segment.place.clone()],
                false => texts.iter().map(|text| text.whole()).collect(),
            };
            let own = places.into_iter().filter(|place| place.path == *path);
            let partly = at + segment.tokens > judged.boundary + NEAR;
            spans.extend(own.map(|place| place.span).filter_map(|span| {
                match end.as_ref().filter(|end| partly && end.path == *path) {
                    Some(end) if span.start >= end.span.start => None,
                    Some(end) => Some(Span::new(span.start, span.end.min(end.span.start))),
                    None => Some(span),
                }
            }));
        }
        at += segment.tokens;
    }
    joined(spans)
}

fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|span| !span.is_empty());
    spans.sort();
    let mut out: Vec<Span> = Vec::new();
    for span in spans {
        match out.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => out.push(span),
        }
    }
    out
}
