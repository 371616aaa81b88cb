//! conditional-prefix: branches before stable tokens fork or flip the prefix.

use super::steps::{
    effect, front, inheritance, join, landing, members, name_of, of, remark, subject,
};
use super::Remark;
use crate::figures::tokens;
use crate::judge::Judged;
use crate::layout::Kind;

pub fn check(judged: &Judged) -> Vec<Remark> {
    of(judged, "conditional-prefix")
        .map(|step| {
            let subject = subject(judged, step);
            let flips = subject.key.flips.len();
            let forks = members(judged, step)
                .filter(|s| matches!(s.kind, Kind::Fork { .. }))
                .count();
            let variants: f64 = members(judged, step).fold(1.0, |n, s| n * s.key.variants());
            let stranded = tokens(step.stranded, judged.estimated());
            let what = if flips > 0 {
                format!(
                    "{} flips within a session: each flip pays {stranded} behind it again",
                    name_of(subject)
                )
            } else if forks > 1 {
                format!("{forks} conditions fork the prefix into {} variants before {stranded} that all of them share", count(variants))
            } else {
                format!(
                    "{} forks the prefix into {} variants before {stranded} that all of them share",
                    name_of(subject),
                    count(variants)
                )
            };
            let message = join(&[
                Some(what),
                Some(effect(judged, step)),
                front(judged, step),
                inheritance(judged),
            ]);
            remark(judged, step, "conditional-prefix", message, landing(judged, step))
        })
        .collect()
}

/// Above a million the number says nothing more.
fn count(variants: f64) -> String {
    match variants > 1e6 {
        true => "over a million".into(),
        false => format!("{variants:.0}"),
    }
}
