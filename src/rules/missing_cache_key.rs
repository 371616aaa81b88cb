//! missing-cache-key: a routing key is missing where the model uses one and the rate needs it.

use super::{Remark, Weight};
use crate::figures::thousands;
use crate::judge::Judged;
use crate::volatility::Confidence;

pub fn check(judged: &Judged) -> Vec<Remark> {
    let (Some(key), Some(rate)) = (&judged.model.cache_key, judged.model.rate_per_key) else {
        return Vec::new();
    };
    // Only a whole request shows its options; only configured traffic says how fast it is.
    let calls = judged.rates.calls;
    let whole = !judged.prompt.fragment && judged.prompt.target.api.is_some();
    if !whole
        || judged.traffic.calls_per_month.is_none()
        || calls <= rate
        || judged.best < f64::from(judged.model.minimum)
    {
        return Vec::new();
    }
    if judged
        .prompt
        .settings
        .iter()
        .any(|setting| setting.name == *key)
    {
        return Vec::new();
    }
    vec![Remark {
        rule: "missing-cache-key",
        confidence: Confidence::Likely,
        message: format!(
            "{} calls a minute and no `{key}`: above {} a minute requests with one prefix overflow to machines with a cold cache",
            thousands(calls),
            thousands(rate)
        ),
        help: format!("set `{key}` to a value that about {} requests a minute share", thousands(rate)),
        place: judged.prompt.origin.clone(),
        cause: judged.prompt.origin.clone(),
        cause_text: format!("no {key}"),
        labels: Vec::new(),
        trace: Vec::new(),
        class: None,
        saving: None,
        weight: Weight::AtMostNote,
    }]
}
