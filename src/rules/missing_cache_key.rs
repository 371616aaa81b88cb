//! missing-cache-key: a routing key is missing where the model uses one and the rate needs it, or where nothing is
//! cached without one.

use super::doubt::seen;
use super::steps::{effect, join, of, saving};
use super::{Remark, Weight};
use crate::figures::thousands;
use crate::finding::Threshold;
use crate::judge::Judged;
use crate::plan::Step;
use crate::prompt::TargetSource;
use crate::source::Place;
use crate::volatility::Confidence;

/// Tokens from which providers cache that publish their minimum.
const SHORT: f64 = 1024.0;

pub fn check(judged: &Judged) -> Vec<Remark> {
    let Some(key) = &judged.model.cache_key else {
        return Vec::new();
    };
    let needed = of(judged, "missing-cache-key").map(|step| needed(judged, key, step));
    needed.chain(overflow(judged, key)).collect()
}

/// Nothing is cached without a key.
fn needed(judged: &Judged, key: &str, step: &Step) -> Remark {
    let message = join(&[
        Some(format!(
            "no `{key}`: {} caches nothing without one",
            judged.model.id
        )),
        Some(effect(judged, step)),
    ]);
    Remark {
        saving: Some(saving(step)),
        // Where the minimum is not published, a short prompt may stay below it.
        weight: match judged.threshold {
            Threshold::Below => Weight::OnRequest,
            _ if judged.best < SHORT || seen(&judged.layout.segments) < SHORT => Weight::OnRequest,
            _ => Weight::ByShare,
        },
        // Which of a provider's models it is decides whether anything is cached at all.
        confidence: match (judged.threshold, names_model(judged)) {
            (Threshold::Above, true) => Confidence::Likely,
            _ => Confidence::Possible,
        },
        ..remark(
            judged,
            key,
            message,
            format!("set `{key}` to a name that all requests of this prompt share"),
        )
    }
}

/// Whether the code or a config names the model, not only who serves it.
fn names_model(judged: &Judged) -> bool {
    judged.prompt.target.model.is_some() || judged.model_source == TargetSource::Config
}

/// The rate is more than one machine takes. Only a whole request shows its options; only configured traffic says how
/// fast it is.
fn overflow(judged: &Judged, key: &str) -> Option<Remark> {
    let rate = judged.model.rate_per_key.filter(|rate| *rate > 0.0)?;
    let calls = judged.rates.calls;
    let whole = !judged.prompt.fragment
        && !judged.prompt.open_options
        && judged.prompt.target.api.is_some();
    let set = judged
        .prompt
        .settings
        .iter()
        .any(|setting| setting.name == key);
    let cached = judged.best >= f64::from(judged.model.minimum);
    if !whole || set || !cached || judged.traffic.calls_per_month.is_none() || calls <= rate {
        return None;
    }
    let message = format!(
        "{} calls a minute and no `{key}`: above about {} a minute, requests of one prefix overflow to machines whose cache is cold",
        thousands(calls),
        thousands(rate)
    );
    let help = format!(
        "set `{key}` to a value that about {} requests a minute share",
        thousands(rate)
    );
    Some(remark(judged, key, message, help))
}

fn remark(judged: &Judged, key: &str, message: String, help: String) -> Remark {
    let place = judged
        .prompt
        .target
        .place
        .as_ref()
        .unwrap_or(&judged.prompt.origin);
    Remark {
        rule: "missing-cache-key",
        confidence: Confidence::Likely,
        message,
        help,
        place: place.clone(),
        // The calls of one file lack it for one reason.
        cause: Place::new(&place.path, 0, 0),
        cause_text: format!("no {key}"),
        labels: Vec::new(),
        trace: Vec::new(),
        class: None,
        saving: None,
        weight: Weight::AtMostNote,
        mend: None,
    }
}
