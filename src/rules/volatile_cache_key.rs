//! volatile-cache-key: a routing key that is new on every request sends every request to a cold cache.

use super::steps::{effect, join, name_of, of, remark, subject};
use super::Remark;
use crate::judge::Judged;

pub fn check(judged: &Judged) -> Vec<Remark> {
    of(judged, "volatile-cache-key")
        .map(|step| {
            let subject = subject(judged, step);
            let value = subject.volatility().map_or("value", |v| v.class.name());
            let message = join(&[
                Some(format!(
                    "{} is a {value} value: requests with different keys are routed apart and share no cache",
                    name_of(subject),
                )),
                Some(effect(judged, step)),
            ]);
            let help = "use a key that the requests of one prompt share, such as the prompt's name and version".to_string();
            remark(judged, step, "volatile-cache-key", message, help)
        })
        .collect()
}
