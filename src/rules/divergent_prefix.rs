//! divergent-prefix: the same text of at least the minimum stands in two or more requests on one model at different
//! offsets. By hash; no text similarity.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Remark, Remarks, Saving, Weight};
use crate::cost::Rates;
use crate::figures::{percent, thousands, tokens};
use crate::finding::Label;
use crate::judge::Judged;
use crate::layout::{Kind, Part};
use crate::source::stable_hash;
use crate::volatility::{Confidence, Key};

/// A text with less than this many tokens in front of it (chat format) opens its request.
const OPENING: f64 = 16.0;

/// One standing of a text: prompt index, the part, offset, hash of all that stands in front.
struct Standing<'a> {
    prompt: usize,
    part: &'a Part,
    offset: f64,
    front: u64,
}

pub fn check(prompts: &[Arc<Judged>]) -> Remarks {
    let mut texts: BTreeMap<(&str, u64), Vec<Standing>> = BTreeMap::new();
    for (prompt, judged) in prompts.iter().enumerate() {
        let minimum = f64::from(judged.model.minimum);
        let (mut offset, mut front) = (0.0, 0u64);
        for (segment, piece) in judged.layout.segments.iter().enumerate() {
            if let Kind::Text { hash, .. } = piece.kind {
                let parts = judged.layout.parts.iter();
                let large = parts.filter(|part| part.segment == segment && part.tokens >= minimum);
                for part in large.filter(|_| judged.terms().caches()) {
                    let key = (judged.model.id.as_str(), part.hash);
                    texts.entry(key).or_default().push(Standing {
                        prompt,
                        part,
                        offset: offset + part.at,
                        front: stable_hash(&[&format!("{front:x}"), &format!("{:x}", part.front)]),
                    });
                }
                front = stable_hash(&[&format!("{front:x}"), &format!("{hash:x}")]);
            } else if piece.tokens > 0.0 && piece.kind != Kind::Framing {
                front = stable_hash(&[&format!("{front:x}"), &format!("{:?}", piece.place)]);
            }
            offset += piece.tokens;
        }
    }
    texts
        .values()
        .filter_map(|standings| remark(prompts, standings))
        .collect()
}

fn remark(prompts: &[Arc<Judged>], standings: &[Standing]) -> Option<(usize, Remark)> {
    let first = standings
        .iter()
        .min_by(|a, b| a.offset.total_cmp(&b.offset))?;
    let apart: Vec<&Standing> = standings
        .iter()
        .filter(|standing| standing.front != first.front && standing.prompt != first.prompt)
        .collect();
    let last = apart.iter().max_by(|a, b| a.offset.total_cmp(&b.offset))?;
    let judged = &prompts[last.prompt];
    let part = last.part;
    let other = &prompts[first.prompt];
    // What a value in front of the text costs is another finding: here the text is taken to open its own request
    // already, and the question is what the calls of the other requests add.
    let calls: f64 = standings
        .iter()
        .map(|standing| prompts[standing.prompt].rates.calls)
        .sum();
    let together = Rates {
        calls,
        ..judged.rates
    };
    let hit = |rates: &Rates| rates.hit(&Key::constant(), judged.ttl);
    let read = judged.prices.read?;
    let write = judged.prices.write.unwrap_or(judged.prices.input);
    let more = (hit(&together) - hit(&judged.rates)).max(0.0);
    let gain = more * (write - read) * part.tokens / 1000.0;
    let share = judged.share(gain);
    Some((
        last.prompt,
        Remark {
            rule: "divergent-prefix",
            confidence: Confidence::Likely,
            message: format!(
                "{} that also {} {} stand here behind {}, so the two share no cache; in front of both they save {} of the input cost",
                tokens(part.tokens, judged.estimated()),
                if first.offset < OPENING { "open" } else { "stand in" },
                other.prompt.id,
                tokens(last.offset, judged.estimated()),
                percent(share)
            ),
            help: match apart.len() {
                1 => "put the common text first in both requests".into(),
                more => format!("put the common text first in all {} requests", thousands(1.0 + more as f64)),
            },
            place: judged.prompt.origin.clone(),
            cause: judged.prompt.origin.clone(),
            cause_text: format!("text {:016x}", part.hash),
            labels: vec![Label {
                place: first.part.place.clone(),
                text: "the text".into(),
                behind: false,
            }],
            trace: Vec::new(),
            class: None,
            saving: Some(Saving {
                usd_per_1k_calls: gain,
                before: last.offset,
                stranded: part.tokens,
                cached_now: judged.plan.now.read,
                cached_after: judged.plan.now.read + more * part.tokens,
            }),
            weight: Weight::ByShare,
            mend: None,
        },
    ))
}
