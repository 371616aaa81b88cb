//! unstable-order: the order of something sent differs between runs.

use super::steps::{effect, front, join, name_of, of, remark, subject};
use super::Remark;
use crate::figures::tokens;
use crate::judge::Judged;

pub fn check(judged: &Judged) -> Vec<Remark> {
    of(judged, "unstable-order")
        .map(|step| {
            let subject = subject(judged, step);
            let message = join(&[
                Some(format!(
                    "{} comes in another order on every run: {} from there on that could be cached",
                    name_of(subject),
                    tokens(step.stranded + subject.tokens, judged.estimated()),
                )),
                Some(effect(judged, step)),
                front(judged, step),
            ]);
            let help = "sort it before it is rendered".to_string();
            remark(judged, step, "unstable-order", message, help)
        })
        .collect()
}
