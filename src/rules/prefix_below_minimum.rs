//! prefix-below-minimum: even the best order of the request stays below the minimum.

use super::{Remark, Saving, Weight};
use crate::figures::{percent, thousands, tokens};
use crate::finding::{Counted, Threshold};
use crate::judge::Judged;
use crate::volatility::{Confidence, Key};

pub fn check(judged: &Judged) -> Vec<Remark> {
    let minimum = f64::from(judged.model.minimum);
    if !judged.terms().caches() || judged.best >= minimum {
        return Vec::new();
    }
    let short = minimum - judged.best;
    let estimated = judged.estimated();
    let place = judged.prompt.origin.clone();
    let (message, help) = if judged.prompt.fragment {
        (
            format!(
                "alone {}, {} short of {} unless tools or history join it",
                tokens(judged.best, estimated),
                thousands(short),
                thousands(minimum)
            ),
            "nothing to do if more stable text stands in front of it in the request".to_string(),
        )
    } else {
        (
            format!(
                "the stable part is {}, {} short of the {} that {} caches from",
                tokens(judged.best, estimated),
                thousands(short),
                thousands(minimum),
                judged.model.id
            ),
            break_even(judged),
        )
    };
    let near = short <= minimum / 4.0 && judged.threshold != Threshold::Near;
    let grown = growth(judged);
    let pays = grown.is_some_and(|gain| judged.share(gain) >= judged.settings.warn_at);
    let loud = near && pays && !judged.prompt.fragment && judged.traffic.calls_per_month.is_some();
    vec![Remark {
        rule: "prefix-below-minimum",
        confidence: match judged.counted {
            Counted::Assumed => Confidence::Possible,
            _ => Confidence::Certain,
        },
        message: match grown.filter(|_| loud) {
            Some(gain) => format!(
                "{message}; growing it to the minimum saves {} of the input cost",
                percent(judged.share(gain))
            ),
            None => message,
        },
        help,
        place: place.clone(),
        cause: place,
        cause_text: "below minimum".into(),
        labels: Vec::new(),
        trace: Vec::new(),
        class: None,
        saving: grown.filter(|_| loud).map(|gain| Saving {
            usd_per_1k_calls: gain,
            before: judged.best,
            stranded: 0.0,
            cached_now: 0.0,
            cached_after: minimum,
        }),
        // The summary counts all of them; a note of its own is for one that little text lifts above the minimum.
        weight: if loud {
            Weight::ByShare
        } else if short <= minimum / 4.0 || judged.traffic.calls_per_month.is_some() {
            Weight::AtMostNote
        } else {
            Weight::OnRequest
        },
        mend: None,
    }]
}

/// Probability that a later call reads the best prefix.
fn shared(judged: &Judged) -> f64 {
    let key = judged
        .layout
        .segments
        .iter()
        .filter(|segment| segment.key.scope < crate::volatility::Scope::Call)
        .fold(Key::constant(), |key, segment| key.join(&segment.key));
    judged.rates.hit(&key, judged.ttl)
}

/// What growing the stable part to the minimum saves, USD per 1,000 calls.
fn growth(judged: &Judged) -> Option<f64> {
    let prices = judged.prices;
    let read = prices.read?;
    let hit = shared(judged);
    let write = prices.write.unwrap_or(prices.input);
    let minimum = f64::from(judged.model.minimum);
    let grown = minimum * (hit * read + (1.0 - hit) * write) / 1000.0;
    let now = judged.best * prices.input / 1000.0;
    (now > grown).then_some(now - grown)
}

/// Growing pays when L > M*(P*r + (1-P)*w), prices as multiples of input.
fn break_even(judged: &Judged) -> String {
    let prices = judged.prices;
    let hit = shared(judged);
    let write = prices.write.unwrap_or(prices.input);
    let per = (hit * prices.read.unwrap_or(prices.input) + (1.0 - hit) * write) / prices.input;
    let from = f64::from(judged.model.minimum) * per;
    if judged.best > from {
        format!(
            "growing it to {} (examples, tools, rules) pays from {} on, at the traffic in force",
            thousands(f64::from(judged.model.minimum)),
            tokens(from, false)
        )
    } else {
        format!(
            "growing it does not pay below {}: leave it",
            tokens(from, false)
        )
    }
}
