//! divergent-prefix: the same text of at least the minimum stands in two or more requests on one model at different
//! offsets. By hash; no text similarity.

use std::collections::BTreeMap;

use super::{Remark, Saving, Weight};
use crate::cost::Rates;
use crate::figures::{percent, thousands, tokens};
use crate::finding::Label;
use crate::judge::Judged;
use crate::layout::Kind;
use crate::source::stable_hash;
use crate::volatility::{Confidence, Key};

/// One standing of a text: prompt index, segment index, offset, hash of all that stands in front.
struct Standing {
    prompt: usize,
    segment: usize,
    offset: f64,
    front: u64,
}

pub fn check(prompts: &[Judged]) -> Vec<(usize, Remark)> {
    let mut texts: BTreeMap<(String, u64), Vec<Standing>> = BTreeMap::new();
    for (prompt, judged) in prompts.iter().enumerate() {
        let minimum = f64::from(judged.model.minimum);
        let (mut offset, mut front) = (0.0, 0u64);
        for (segment, piece) in judged.layout.segments.iter().enumerate() {
            if let Kind::Text { hash } = piece.kind {
                if piece.tokens >= minimum && judged.terms().caches() {
                    texts
                        .entry((judged.model.id.clone(), hash))
                        .or_default()
                        .push(Standing {
                            prompt,
                            segment,
                            offset,
                            front,
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

fn remark(prompts: &[Judged], standings: &[Standing]) -> Option<(usize, Remark)> {
    let first = standings
        .iter()
        .min_by(|a, b| a.offset.total_cmp(&b.offset))?;
    let apart: Vec<&Standing> = standings
        .iter()
        .filter(|standing| standing.front != first.front && standing.prompt != first.prompt)
        .collect();
    let last = apart.iter().max_by(|a, b| a.offset.total_cmp(&b.offset))?;
    let judged = &prompts[last.prompt];
    let segment = &judged.layout.segments[last.segment];
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
    let gain = more * (write - read) * segment.tokens / 1000.0;
    let share = judged.share(gain);
    Some((
        last.prompt,
        Remark {
            rule: "divergent-prefix",
            confidence: Confidence::Likely,
            message: format!(
                "{} that also open {} stand here behind {}: the two share no cache; in front of both it saves {} of the input cost",
                tokens(segment.tokens, judged.estimated()),
                other.prompt.id,
                tokens(last.offset, judged.estimated()),
                percent(share)
            ),
            help: format!("put the common text first in all {} requests", thousands(1.0 + apart.len() as f64)),
            place: segment.place.clone(),
            cause: segment.place.clone(),
            cause_text: match segment.kind {
                Kind::Text { hash } => format!("text {hash:016x}"),
                _ => String::new(),
            },
            labels: vec![Label {
                place: other.layout.segments[first.segment].place.clone(),
                text: format!("the same text at {}", tokens(first.offset, other.estimated())),
            }],
            trace: Vec::new(),
            class: None,
            saving: Some(Saving {
                usd_per_1k_calls: gain,
                before: last.offset,
                stranded: segment.tokens,
                cached_now: judged.plan.now.read,
                cached_after: judged.plan.now.read + more * segment.tokens,
            }),
            weight: Weight::ByShare,
        },
    ))
}
