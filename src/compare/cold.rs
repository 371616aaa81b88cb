//! What a change of cached text costs: the cache is filled anew, once. Not a loss, for every later call reads it.

use super::lines::{first_difference, Seen};
use super::matching::piece;
use super::SAME_TOKENS;
use crate::cost::End;
use crate::judge::Judged;
use crate::source::Place;

/// One filling of the cache.
#[derive(Clone, PartialEq, Debug)]
pub struct ColdStart {
    /// Tokens that are written again, at most: from the start of the text that changed.
    pub tokens: f64,
    /// USD, once; `None` where the model has no prices.
    pub usd: Option<f64>,
    /// Where the text begins to differ, on the newer side.
    pub place: Place,
}

/// What the first call behind a change pays for the text that all calls share, where that text changed.
pub fn cold_start(older: Seen, newer: Seen) -> Option<ColdStart> {
    let (base, head) = (older.judged, newer.judged);
    if base.model.id != head.model.id || shared(base) <= 0.0 {
        return None;
    }
    let until = shared(head);
    let same = in_common(base, head);
    if until <= same + SAME_TOKENS {
        return None;
    }
    let ends = head.layout.ends(&head.terms());
    let still_read = last_end(&ends, same);
    let (mut usd, mut from) = (0.0, still_read);
    for end in ends
        .iter()
        .filter(|end| end.at > still_read && end.at <= until)
    {
        usd += (end.at - from) * end.write / 1e6;
        from = end.at;
    }
    Some(ColdStart {
        tokens: until - still_read,
        usd: head.priced.then_some(usd),
        place: first_difference(older, newer).unwrap_or_else(|| head.prompt.origin.clone()),
    })
}

/// Tokens of the prefix that all calls share.
fn shared(judged: &Judged) -> f64 {
    let layout = &judged.layout;
    let mut at = 0.0;
    for segment in &layout.segments {
        if !segment.is_stable() {
            break;
        }
        at += segment.tokens;
    }
    last_end(&layout.ends(&judged.terms()), at.min(judged.boundary))
}

fn last_end(ends: &[End], limit: f64) -> f64 {
    let within = ends
        .iter()
        .map(|end| end.at)
        .filter(|at| *at <= limit + 1e-9);
    within.fold(0.0, f64::max)
}

/// Tokens of the leading pieces that are the same on both sides.
fn in_common(base: &Judged, head: &Judged) -> f64 {
    let pairs = base.layout.segments.iter().zip(&head.layout.segments);
    pairs
        .take_while(|(a, b)| {
            piece(&a.kind) == piece(&b.kind) && (a.tokens - b.tokens).abs() < SAME_TOKENS
        })
        .map(|(_, b)| b.tokens)
        .sum()
}
