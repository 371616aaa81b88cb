//! volatile-cache-key: a routing key that is new on every request sends every request to a cold cache.

use super::steps::{effect, join, name_of, of, remark, subject};
use super::Remark;
use crate::judge::Judged;
use crate::volatility::{Class, Scope};

pub fn check(judged: &Judged) -> Vec<Remark> {
    of(judged, "volatile-cache-key")
        .map(|step| {
            let subject = subject(judged, step);
            let class = subject.volatility().map_or(Class::Request, |v| v.priced());
            let how = match class.scope() {
                Scope::Call => "new on every call".to_string(),
                Scope::Shared => format!("new every {class}"),
                Scope::Tenant => "another one for each tenant".to_string(),
                Scope::User => "another one for each user".to_string(),
                Scope::Session => "another one for each session".to_string(),
            };
            let message = join(&[
                Some(format!(
                    "{} is {how}: requests with different keys are routed apart and share no cache",
                    name_of(subject),
                )),
                Some(effect(judged, step)),
            ]);
            let help = "use a key that the requests of one prompt share, such as the prompt's name and version".to_string();
            remark(judged, step, "volatile-cache-key", message, help)
        })
        .collect()
}
