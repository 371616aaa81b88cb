//! `prefixlint/prompts`: the requests that a document takes part in, with figures and extents, for editors that draw
//! them. Not part of the protocol.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{json, Value};

use super::extent::{end_of, shared};
use super::message::Answer;
use super::project::View;
use super::waiting::Asked;
use crate::judge::Judged;
use crate::report::prompts::bill_after;
use crate::source::{Place, Span};

/// The prompts that stand in a file or that something of it is sent with, by id.
pub fn touching<'a>(view: &'a View, path: &str) -> Vec<&'a Judged> {
    let prompts = view.analysis.prompts.iter().map(AsRef::as_ref);
    prompts.filter(|judged| reaches(judged, path)).collect()
}

fn reaches(judged: &Judged, path: &str) -> bool {
    places(judged).any(|place| *place.path == *path)
}

/// Every place that the request is made of.
pub fn places(judged: &Judged) -> impl Iterator<Item = &Place> {
    let layout = &judged.layout;
    let segments = layout.segments.iter().map(|segment| &segment.place);
    let messages = layout.messages.iter().map(|message| &message.place);
    let parts = layout.parts.iter().map(|part| &part.place);
    let origin = std::iter::once(&judged.prompt.origin);
    origin.chain(segments).chain(messages).chain(parts)
}

/// The part of a file that a prompt takes; its own place where it is written there.
pub fn span_in(judged: &Judged, path: &str) -> Span {
    let origin = &judged.prompt.origin;
    if *origin.path == *path {
        return origin.span;
    }
    let own = places(judged).filter(|place| *place.path == *path);
    let spans = own.map(|place| place.span);
    spans.reduce(Span::to).unwrap_or_default()
}

pub fn answer(asked: &Asked) -> Answer {
    let path: Arc<str> = asked.path.into();
    let all = touching(asked.view, asked.path);
    let mut seen = BTreeSet::new();
    let prompts: Vec<Value> = all
        .into_iter()
        .filter(|judged| seen.insert(judged.prompt.id.as_str()))
        .map(|judged| view(asked, judged, &path))
        .collect();
    Ok(json!({ "prompts": prompts }))
}

fn view(asked: &Asked, judged: &Judged, path: &Arc<str>) -> Value {
    let (now, after) = (judged.plan.now, bill_after(judged));
    let cost = judged.priced.then(|| {
        json!({
            "now": now.usd_per_1k_calls,
            "after": after.usd_per_1k_calls,
        })
    });
    let end = end_of(judged, judged.boundary).filter(|_| judged.boundary > 0.0);
    let end = end.filter(|end| end.path == *path);
    let shared: Vec<Value> = shared(judged, path)
        .into_iter()
        .map(|span| asked.range(span))
        .collect();
    json!({
        "id": judged.prompt.id,
        "range": asked.range(span_in(judged, path)),
        "own": judged.prompt.origin.path == *path,
        "model": judged.model.id,
        "tokens": judged.total.round(),
        "boundary": judged.boundary.round(),
        "cached": now.read.round(),
        "cachedAfter": after.read.round(),
        "exact": !judged.estimated(),
        "cost": cost,
        "end": end.map(|end| asked.position(end.span.start)),
        "shared": shared,
    })
}
