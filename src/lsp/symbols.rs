//! `textDocument/documentSymbol` and `workspace/symbol`: prompts with their messages.

use serde_json::{json, Value};

use super::message::Answer;
use super::state::State;
use super::waiting::Asked;
use crate::figures::tokens;
use crate::judge::Judged;
use crate::source::Span;

/// As the protocol numbers them: a text, and a field of it.
const STRING: u32 = 15;
const FIELD: u32 = 8;
/// Symbols that a search hands out.
const MOST: usize = 500;

pub fn of_document(asked: &Asked) -> Answer {
    let prompts = asked.view.analysis.prompts.iter();
    let own = prompts.filter(|judged| *judged.prompt.origin.path == *asked.path);
    let symbols: Vec<Value> = match asked.state.client.hierarchical_symbols {
        true => own.map(|judged| tree(asked, judged)).collect(),
        false => own
            .map(|judged| {
                let range = asked.range(judged.prompt.origin.span);
                let location = json!({ "uri": asked.document.uri, "range": range });
                json!({ "name": name(judged), "kind": STRING, "location": location })
            })
            .collect(),
    };
    Ok(symbols.into())
}

fn tree(asked: &Asked, judged: &Judged) -> Value {
    let origin = judged.prompt.origin.span;
    let layout = &judged.layout;
    let messages = layout.messages.iter().enumerate();
    let own: Vec<(usize, Span)> = messages
        .filter(|(_, message)| *message.place.path == *asked.path)
        .map(|(index, message)| (index, message.place.span))
        .collect();
    // A symbol holds its children.
    let whole = own.iter().fold(origin, |whole, (_, span)| whole.to(*span));
    let children: Vec<Value> = own
        .iter()
        .map(|(index, span)| {
            let segments = layout.segments.iter();
            let count = segments
                .filter(|segment| segment.message == *index)
                .map(|segment| segment.tokens)
                .sum();
            let range = asked.range(*span);
            json!({
                "name": layout.messages[*index].section.name(),
                "detail": tokens(count, judged.estimated()),
                "kind": FIELD,
                "range": range,
                "selectionRange": range,
            })
        })
        .collect();
    json!({
        "name": name(judged),
        "detail": format!("{}, {}", judged.model.id, tokens(judged.total, judged.estimated())),
        "kind": STRING,
        "range": asked.range(whole),
        "selectionRange": asked.range(origin),
        "children": children,
    })
}

/// Without the path, which the place says.
fn name(judged: &Judged) -> &str {
    let id = &judged.prompt.id;
    let path = &*judged.prompt.origin.path;
    let rest = id.strip_prefix(path).unwrap_or(id);
    match rest.trim_start_matches('#') {
        "" => path.rsplit_once('/').map_or(path, |(_, name)| name),
        name => name,
    }
}

pub fn of_workspace(state: &State, params: &Value) -> Value {
    let wanted = params["query"].as_str().unwrap_or_default().to_lowercase();
    let encoding = state.client.encoding;
    let mut out = Vec::new();
    for root in &state.roots {
        let Some(latest) = &root.latest else { continue };
        let analysis = &latest.view.analysis;
        for judged in &analysis.prompts {
            let origin = &judged.prompt.origin;
            let fits = judged.prompt.id.to_lowercase().contains(&wanted);
            if !fits || out.len() >= MOST || !state.owns(root.id, &origin.path) {
                continue;
            }
            let Some(file) = analysis.sources.get(&origin.path) else {
                continue;
            };
            let lines = super::position::Lines::of(&file.text);
            let at = |offset| super::position::in_file(file, &lines, offset, encoding).to_value();
            let range = json!({ "start": at(origin.span.start), "end": at(origin.span.end) });
            out.push(json!({
                "name": name(judged),
                "kind": STRING,
                "containerName": &*origin.path,
                "location": { "uri": state.uri_of(root.id, &origin.path), "range": range },
            }));
        }
    }
    out.into()
}
