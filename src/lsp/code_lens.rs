//! `textDocument/codeLens`: tokens, cached tokens and cost above each prompt.

use serde_json::{json, Value};

use super::commands::INSPECT;
use super::message::Answer;
use super::waiting::Asked;
use crate::figures::{thousands, tokens, usd};
use crate::judge::Judged;

pub fn answer(asked: &Asked) -> Answer {
    if !asked.state.settings_of(asked.root.id).code_lens {
        return Ok(json!([]));
    }
    let prompts = asked.view.analysis.prompts.iter();
    let own = prompts.filter(|judged| *judged.prompt.origin.path == *asked.path);
    let lenses: Vec<Value> = own
        .map(|judged| {
            let start = asked.position(judged.prompt.origin.span.start);
            json!({
                "range": { "start": start, "end": start },
                "command": {
                    "title": title(judged),
                    "command": INSPECT,
                    "arguments": [{
                        "uri": asked.document.uri,
                        "prompt": judged.prompt.id,
                    }],
                },
            })
        })
        .collect();
    Ok(lenses.into())
}

/// `3,412 tokens, 2,176 cached, $1.23 per 1k calls`.
fn title(judged: &Judged) -> String {
    let estimated = judged.estimated();
    let mark = if estimated && judged.boundary > 0.0 {
        "~"
    } else {
        ""
    };
    let mut title = format!(
        "{}, {mark}{} cached",
        tokens(judged.total, estimated),
        thousands(judged.boundary)
    );
    if judged.priced {
        title += &format!(", {} per 1k calls", usd(judged.plan.now.usd_per_1k_calls));
    }
    title
}
