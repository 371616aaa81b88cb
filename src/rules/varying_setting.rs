//! varying-setting: a setting that is part of the cache key varies per call.

use super::steps::{effect, join, name_of, of, remark, subject};
use super::Remark;
use crate::figures::tokens;
use crate::judge::Judged;

pub fn check(judged: &Judged) -> Vec<Remark> {
    of(judged, "varying-setting")
        .map(|step| {
            let subject = subject(judged, step);
            let message = join(&[
                Some(format!(
                    "{} is part of the cache key and varies between calls: {} behind it are cached once per value",
                    name_of(subject),
                    tokens(step.stranded, judged.estimated()),
                )),
                Some(effect(judged, step)),
            ]);
            let help = "keep it fixed for this prompt, or send the variants as prompts of their own".to_string();
            remark(judged, step, "varying-setting", message, help)
        })
        .collect()
}
