//! history-rewrite: earlier turns are trimmed by a window that slides on every turn, edited, or inserted before.
//! A guard that acts only at the context limit is a note.

use super::doubt::seen;
use super::steps::{cause_text, effect, join, of, remark, short, subject};
use super::{Remark, Weight};
use crate::figures::tokens;
use crate::finding::Label;
use crate::judge::Judged;
use crate::layout::{Kind, Segment};
use crate::prompt::Section;
use crate::volatility::{Class, Confidence};

const HELP: &str = "append only; when the window is full, drop a large block of old turns at once instead of one per turn";

/// At the length that turns of a chat usually have, so many of them are less than the least that is cached.
const FEW_TURNS: u32 = 6;

pub fn check(judged: &Judged) -> Vec<Remark> {
    let priced = of(judged, "history-rewrite").map(|step| {
        let subject = subject(judged, step);
        let how = how(subject);
        let message = join(&[
            Some(format!(
                "`{}` drops or edits earlier turns as the conversation grows: {} of history are paid in full on every turn",
                short(&how),
                tokens(subject.tokens, true),
            )),
            Some(effect(judged, step)),
        ]);
        let mut help = HELP.to_string();
        if step.members.len() > 1 {
            help.push_str("; what varies in front of it has to move behind it as well");
        }
        let mut remark = remark(judged, step, "history-rewrite", message, help);
        remark.class = Some(Class::Request);
        remark.confidence = remark.confidence.min(Confidence::Likely);
        if asks_about(judged, subject) || keeps_few(judged, subject) || keeps_all(judged, subject) {
            remark.weight = Weight::AtMostNote;
        }
        if let Kind::History { rewritten: Some(rewrite), .. } = &subject.kind {
            if rewrite.place != remark.place {
                remark.labels.push(Label {
                    place: rewrite.place.clone(),
                    text: "earlier turns are dropped or edited here".into(),
                    behind: false,
                });
            }
        }
        remark
    });
    priced.chain(at_limit(judged)).collect()
}

/// Whether all that stands behind the turns is text of the program: a question about the conversation, asked aside of
/// it and now and then, no turn of it.
fn asks_about(judged: &Judged, history: &Segment) -> bool {
    let behind = &judged.layout.segments[history.id + 1..];
    let asked = |segment: &Segment| {
        matches!(segment.kind, Kind::Text { .. })
            && judged.layout.messages[segment.message].section.is_user()
    };
    let silent = |segment: &Segment| matches!(segment.kind, Kind::Framing | Kind::Growth);
    behind.iter().any(asked)
        && behind
            .iter()
            .all(|segment| asked(segment) || silent(segment))
}

/// Whether a window keeps so few turns that they are hardly a prefix worth caching, or nothing but the assumed size of
/// the turns says that there is one. Results of tools are long however few they are.
fn keeps_few(judged: &Judged, history: &Segment) -> bool {
    let tools = judged
        .prompt
        .messages
        .iter()
        .any(|message| message.section == Section::Tools);
    let kept = kept(history);
    let assumed = seen(&judged.layout.segments) < f64::from(judged.model.minimum) / 2.0;
    let few = kept.is_some_and(|turns| turns <= FEW_TURNS);
    match tools {
        true => assumed && few,
        false => assumed || few,
    }
}

/// Turns that a call of a session adds: what was asked and what was answered.
const TURNS_A_CALL: f64 = 2.0;

/// Whether a window keeps as many turns as a session has under the traffic in force: it begins to slide where the
/// session ends.
fn keeps_all(judged: &Judged, history: &Segment) -> bool {
    let session = judged.traffic.calls_per_session * TURNS_A_CALL;
    kept(history).is_some_and(|turns| f64::from(turns) >= session)
}

/// The turns that a window keeps, where the code says how many.
fn kept(history: &Segment) -> Option<u32> {
    match &history.kind {
        Kind::History {
            rewritten: Some(rewrite),
            ..
        } => rewrite.keeps,
        _ => None,
    }
}

fn how(segment: &Segment) -> String {
    match &segment.kind {
        Kind::History {
            rewritten: Some(rewrite),
            ..
        } => rewrite.how.clone(),
        _ => String::new(),
    }
}

fn at_limit(judged: &Judged) -> impl Iterator<Item = Remark> + '_ {
    judged.layout.segments.iter().filter_map(|segment| {
        let Kind::History { rewritten: Some(rewrite), .. } = &segment.kind else {
            return None;
        };
        rewrite.only_at_limit.then(|| Remark {
            rule: "history-rewrite",
            confidence: Confidence::Likely,
            message: format!(
                "`{}` trims earlier turns once the context is full: from there on the history is paid in full",
                short(&rewrite.how)
            ),
            help: HELP.into(),
            place: segment.place.clone(),
            cause: segment.place.clone(),
            cause_text: cause_text(segment),
            labels: Vec::new(),
            trace: Vec::new(),
            class: Some(Class::Request),
            saving: None,
            weight: Weight::AtMostNote,
            mend: None,
        })
    })
}
