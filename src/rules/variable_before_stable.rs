//! variable-before-stable: a value that comes from outside stands before stable tokens.

use super::steps::{effect, front, inheritance, join, landing, name_of, of, remark, subject};
use super::Remark;
use crate::figures::tokens;
use crate::finding::Label;
use crate::judge::Judged;
use crate::layout::{Kind, Segment};
use crate::plan::{Edit, Step};
use crate::prompt::TargetSource;
use crate::volatility::{Class, Confidence};

pub fn check(judged: &Judged) -> Vec<Remark> {
    of(judged, "variable-before-stable")
        .map(|step| {
            if step.edit == Edit::Lift {
                return behind_history(judged, step);
            }
            let subject = subject(judged, step);
            let class = subject.volatility().map_or(Class::Request, |v| v.class);
            let scope = match class {
                Class::Tenant => "changes with the tenant",
                Class::User => "changes with the user",
                Class::Session => "changes with the session",
                Class::State => "changes within a session",
                _ => "changes on every call",
            };
            let message = join(&[
                Some(format!(
                    "{} ({class}: {scope}) stands before {} that could be cached",
                    name_of(subject),
                    tokens(step.stranded, judged.estimated()),
                )),
                Some(effect(judged, step)),
                front(judged, step),
                inheritance(judged),
            ]);
            remark(
                judged,
                step,
                "variable-before-stable",
                message,
                landing(judged, step),
            )
        })
        .collect()
}

/// The instructions of a request behind its history.
fn behind_history(judged: &Judged, step: &Step) -> Remark {
    let message = &judged.layout.messages[subject(judged, step).message];
    let section = message.section.name();
    let whole = |segment: &&Segment| matches!(segment.kind, Kind::History { .. });
    let history = judged.layout.segments.iter().find(whole);
    let named = history.map_or_else(|| "the history".into(), name_of);
    let text = join(&[
        Some(format!(
            "{named} stands before the {section} message: every new turn moves {} that could be cached",
            tokens(step.stranded, judged.estimated()),
        )),
        Some(effect(judged, step)),
        inheritance(judged),
    ]);
    let help = format!(
        "put the {section} message first, and what varies on every call behind the history"
    );
    let told = remark(judged, step, "variable-before-stable", text, help);
    // Who serves an unnamed model may take the system message apart and send it first.
    let surest = if judged.model_source == TargetSource::Default {
        Confidence::Possible
    } else {
        Confidence::Likely
    };
    Remark {
        confidence: told.confidence.min(surest),
        place: message.place.clone(),
        cause: message.place.clone(),
        cause_text: format!("{section} message behind {named}"),
        class: Some(Class::Request),
        labels: history
            .map(|history| Label {
                place: history.place.clone(),
                text: format!("{named} grows with every turn"),
                behind: false,
            })
            .into_iter()
            .collect(),
        ..told
    }
}
