//! cache-option-unsupported: an option that this model rejects or ignores.

use super::{Remark, Weight};
use crate::finding::Severity;
use crate::judge::Judged;
use crate::prompt::{Piece, Setting};
use crate::source::Place;
use crate::volatility::Confidence;

pub fn check(judged: &Judged) -> Vec<Remark> {
    let model = &judged.model;
    // A provider named without a model may be any of its models.
    if judged.prompt.target.provider.is_none() && judged.prompt.target.model.is_none() {
        return Vec::new();
    }
    let mut out: Vec<Remark> = Vec::new();
    for (option, value, place) in used(judged) {
        let written = !judged.prompt.settings.iter().any(|setting| {
            setting.place == *place && setting.name == option && is_handed_on(setting)
        });
        let Some(what) = model.unsupported_option(option, value) else {
            continue;
        };
        // The parts of one option are one finding.
        let parent = option.split('.').next().unwrap_or(option);
        let cause_text = format!("option {parent}");
        if out.iter().any(|known| known.cause_text == cause_text) {
            continue;
        }
        let named = match value {
            Some(value)
                if model
                    .unsupported
                    .iter()
                    .any(|(name, _)| *name == format!("{option}={value}")) =>
            {
                format!("`{option}: {value}`")
            }
            _ => format!("`{parent}`"),
        };
        let rejected = what.contains("reject") || what.contains("400") || what.contains("error");
        out.push(Remark {
            rule: "cache-option-unsupported",
            confidence: if model.fallback || !written {
                Confidence::Possible
            } else {
                Confidence::Certain
            },
            message: format!("{named} on {}: {what}", model.id),
            help: "remove the option, or name a model that takes it".into(),
            place: place.clone(),
            cause: place.clone(),
            cause_text,
            labels: Vec::new(),
            trace: Vec::new(),
            class: None,
            saving: None,
            weight: match (written, rejected) {
                (false, _) => Weight::OnRequest,
                (true, true) => Weight::Fixed(Severity::Error),
                (true, false) => Weight::AtMostNote,
            },
            mend: None,
        });
    }
    out
}

/// Whether a wrapper only hands an option on: whether it is set at all, its caller says.
fn is_handed_on(setting: &Setting) -> bool {
    !setting.pieces.is_empty()
        && !setting
            .pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Text(_)))
}

/// Every option of the request with its value where that is literal, and the word that its markers are written with.
fn used(judged: &Judged) -> impl Iterator<Item = (&str, Option<&str>, &Place)> {
    let settings = judged.prompt.settings.iter();
    let settings = settings.map(|s| (s.name.as_str(), s.literal(), &s.place));
    let word = match judged.prompt.target.api {
        Some("messages") => Some("cache_control"),
        Some("converse") => Some("cachePoint"),
        // Through a gateway a model that knows marks of its own takes them as it does elsewhere.
        Some("chat" | "responses") if judged.model.max_breakpoints.is_none() => {
            Some("prompt_cache_breakpoint")
        }
        _ => None,
    };
    let mark = judged
        .layout
        .marks
        .iter()
        .find_map(|mark| mark.place.as_ref());
    let marks = word.zip(mark).map(|(word, place)| (word, None, place));
    settings.chain(marks)
}
