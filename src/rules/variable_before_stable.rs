//! variable-before-stable: a value that comes from outside stands before stable tokens.

use super::steps::{effect, front, inheritance, join, landing, name_of, of, remark, subject};
use super::Remark;
use crate::figures::tokens;
use crate::judge::Judged;
use crate::volatility::Class;

pub fn check(judged: &Judged) -> Vec<Remark> {
    of(judged, "variable-before-stable")
        .map(|step| {
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
