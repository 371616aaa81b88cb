//! `textDocument/inlayHint`: where the cached prefix ends, and the tokens of each message.

use std::collections::BTreeMap;

use serde_json::{json, Value};

use super::extent::end_of;
use super::message::Answer;
use super::prompts::touching;
use super::waiting::Asked;
use crate::figures;
use crate::judge::Judged;
use crate::report::inspect::first_barrier;

/// Prompts whose names a tooltip lists.
const NAMED: usize = 5;

/// Hints by byte and text: a text that several requests send has one hint where they agree.
type Hints<'a> = BTreeMap<(usize, String), Vec<&'a Judged>>;

pub fn answer(asked: &Asked) -> Answer {
    let range = asked.params_range().unwrap_or(0..usize::MAX);
    let settings = asked.state.settings_of(asked.root.id);
    let mut hints = Hints::new();
    for judged in touching(asked.view, asked.path) {
        if settings.boundary_hints {
            boundary(asked, judged, &mut hints);
        }
        if settings.token_hints {
            messages(asked, judged, &mut hints);
        }
    }
    let shown = hints
        .into_iter()
        .filter(|((at, _), _)| range.start <= *at && *at <= range.end);
    let values: Vec<Value> = shown
        .map(|((at, label), of)| {
            json!({
                "position": asked.position(at),
                "label": label,
                "tooltip": tooltip(&of),
                "paddingLeft": true,
                "paddingRight": true,
            })
        })
        .collect();
    Ok(values.into())
}

fn tooltip(of: &[&Judged]) -> String {
    let names = of.iter().take(NAMED).map(|judged| {
        let model = &judged.model.id;
        format!("{} ({model})", judged.prompt.id)
    });
    let mut text = names.collect::<Vec<_>>().join("\n");
    if of.len() > NAMED {
        text += &format!("\nand {} more", of.len() - NAMED);
    }
    text
}

fn boundary<'a>(asked: &Asked, judged: &'a Judged, hints: &mut Hints<'a>) {
    let estimated = judged.estimated();
    let (at, label) = if judged.boundary > 0.0 {
        let tokens = figures::tokens(judged.boundary, estimated);
        (judged.boundary, format!("cached up to here: {tokens}"))
    } else if let Some(offset) = first_barrier(judged) {
        let minimum = figures::thousands(f64::from(judged.model.minimum));
        let tokens = figures::tokens(offset, estimated);
        let label = format!("the shared prefix ends here: {tokens}, {minimum} are needed");
        (offset, label)
    } else {
        return;
    };
    let Some(end) = end_of(judged, at).filter(|end| *end.path == *asked.path) else {
        return;
    };
    let hint = hints.entry((end.span.start, label)).or_default();
    hint.push(judged);
}

fn messages<'a>(asked: &Asked, judged: &'a Judged, hints: &mut Hints<'a>) {
    for (index, message) in judged.layout.messages.iter().enumerate() {
        if *message.place.path != *asked.path {
            continue;
        }
        let own = judged.layout.segments.iter();
        let own = own.filter(|segment| segment.message == index);
        let tokens: f64 = own.map(|segment| segment.tokens).sum();
        if tokens < 0.5 {
            continue;
        }
        let tokens = figures::tokens(tokens, judged.estimated());
        let label = format!("{}: {tokens}", message.section.name());
        let hint = hints.entry((message.place.span.start, label)).or_default();
        hint.push(judged);
    }
}
