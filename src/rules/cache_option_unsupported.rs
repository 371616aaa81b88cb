//! cache-option-unsupported: an option that this model rejects or ignores.

use super::{Remark, Weight};
use crate::finding::Severity;
use crate::judge::Judged;
use crate::source::Place;
use crate::volatility::Confidence;

pub fn check(judged: &Judged) -> Vec<Remark> {
    let model = &judged.model;
    // A provider named without a model may be any of its models.
    if judged.prompt.target.provider.is_none() && judged.prompt.target.model.is_none() {
        return Vec::new();
    }
    let mut out: Vec<Remark> = Vec::new();
    for (option, what) in &model.unsupported {
        let place = used(judged, option);
        let Some(place) = place else { continue };
        // The parent option says it all.
        if out.iter().any(|known| known.place == place) {
            continue;
        }
        let rejected = what.contains("reject") || what.contains("400") || what.contains("error");
        out.push(Remark {
            rule: "cache-option-unsupported",
            confidence: if model.fallback {
                Confidence::Possible
            } else {
                Confidence::Certain
            },
            message: format!("`{option}` on {}: {what}", model.id),
            help: "remove the option, or name a model that takes it".into(),
            place: place.clone(),
            cause: place,
            cause_text: format!("option {option}"),
            labels: Vec::new(),
            trace: Vec::new(),
            class: None,
            saving: None,
            weight: if rejected {
                Weight::Fixed(Severity::Error)
            } else {
                Weight::AtMostNote
            },
        });
    }
    out
}

/// Where an option, or an option below it, is set. Block markers count as the option they are written with.
fn used(judged: &Judged, option: &str) -> Option<Place> {
    let setting =
        judged.prompt.settings.iter().find(|setting| {
            setting.name == option || setting.name.starts_with(&format!("{option}."))
        });
    if let Some(setting) = setting {
        return Some(setting.place.clone());
    }
    if !matches!(
        option,
        "cache_control" | "cachePoint" | "prompt_cache_breakpoint"
    ) {
        return None;
    }
    // Which word a marker is written with follows from the body that holds it.
    let word = match judged.prompt.target.api {
        Some("messages") => "cache_control",
        Some("converse") => "cachePoint",
        Some("chat" | "responses") => "prompt_cache_breakpoint",
        _ => return None,
    };
    if word != option {
        return None;
    }
    judged
        .layout
        .marks
        .iter()
        .find_map(|mark| mark.place.clone())
}
