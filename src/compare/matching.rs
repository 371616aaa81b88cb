//! Which prompt of one side is which of the other one: by identity, then by content, so that a rename is not a loss
//! and a gain. Knows nothing of money.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use super::{SAME_TOKENS, SAME_USD};
use crate::cost::Reach;
use crate::judge::Judged;
use crate::layout::Kind;
use crate::prompt::{Piece, Prompt};
use crate::source::stable_hash;

/// A match of two prompts by their places in the lists; `None`: it is on one side only.
pub type Match = (Option<usize>, Option<usize>);

/// Fewer words of stable text say nothing of which prompt it is.
const TELLING_WORDS: usize = 12;
/// Share of the stable text that a prompt and its former self have in common.
const LEAST_IN_COMMON: f64 = 0.5;
/// Pairs whose texts are compared: a change that adds and deletes more prompts than this allows is no rename.
const MOST_PAIRS: usize = 1 << 18;

/// Whether two prompts send the same and cost the same.
pub fn same(base: &Judged, head: &Judged) -> bool {
    let usd = |judged: &Judged| judged.plan.now.usd_per_1k_calls;
    let months = |judged: &Judged| judged.traffic.calls_per_month;
    base.model.id == head.model.id
        && base.priced == head.priced
        && months(base) == months(head)
        && (usd(base) - usd(head)).abs() < SAME_USD
        && (base.boundary - head.boundary).abs() < SAME_TOKENS
        && (base.prompt == head.prompt || outline(base) == outline(head))
}

/// Names what is sent, piece by piece.
fn outline(judged: &Judged) -> u64 {
    let layout = &judged.layout;
    let segments = layout.segments.iter().map(|segment| {
        let section = layout.messages.get(segment.message);
        let section = section.map_or("", |message| message.section.name());
        let reach = Reach::of(&segment.key);
        format!("{section}|{}|{reach:?}", piece(&segment.kind))
    });
    let marks = layout.marks.iter().map(|mark| {
        let at = layout.mark_offset(mark);
        format!("mark|{at:.1}|{:?}|{:?}", mark.ttl, mark.how)
    });
    let parts: Vec<String> = segments.chain(marks).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    stable_hash(&parts)
}

/// What a piece is, wherever it stands.
pub fn piece(kind: &Kind) -> String {
    match kind {
        Kind::Framing => "framing".to_string(),
        Kind::Text { hash, .. } => format!("text {hash:x}"),
        Kind::Value { expr, .. } => format!("value {expr}"),
        Kind::Fork { condition, .. } => format!("fork {condition}"),
        Kind::History { expr, rewritten } => {
            let how = rewritten
                .as_ref()
                .map_or("", |rewrite| rewrite.how.as_str());
            format!("history {expr} {how}")
        }
        Kind::Growth => "growth".to_string(),
        Kind::Media => "media".to_string(),
        Kind::Setting { name, .. } => format!("setting {name}"),
    }
}

/// A prompt as far as matching looks at it.
struct Face<'a> {
    judged: &'a Judged,
    outline: OnceCell<u64>,
    text: OnceCell<Option<u64>>,
}

impl<'a> Face<'a> {
    fn of(judged: &'a Judged) -> Face<'a> {
        Face {
            judged,
            outline: OnceCell::new(),
            text: OnceCell::new(),
        }
    }

    fn id(&self) -> &'a str {
        &self.judged.prompt.id
    }

    fn outline(&self) -> u64 {
        *self.outline.get_or_init(|| outline(self.judged))
    }

    /// The id without the number that tells prompts of one symbol apart.
    fn stem(&self) -> &'a str {
        stem(self.id())
    }

    /// Hash of the stable text; `None` where there is too little of it. Most prompts find their partner before.
    fn text(&self) -> Option<u64> {
        *self.text.get_or_init(|| {
            let words = stable_words(&self.judged.prompt);
            (words.len() >= TELLING_WORDS).then(|| stable_hash(&words))
        })
    }
}

/// `a.py#build:2` -> `a.py#build`.
fn stem(id: &str) -> &str {
    match id.rsplit_once(':') {
        Some((stem, number)) if number.bytes().all(|b| b.is_ascii_digit()) => stem,
        _ => id,
    }
}

/// Matches all prompts of two sides, each at most once. In the order of the older side; new ones behind.
pub fn matched(base: &[Arc<Judged>], head: &[Arc<Judged>]) -> Vec<Match> {
    let mut matching = Matching {
        base: base.iter().map(|judged| Face::of(judged)).collect(),
        head: head.iter().map(|judged| Face::of(judged)).collect(),
        partner: vec![None; base.len()],
        taken: vec![false; head.len()],
    };
    // What is stricter comes first: a prompt that is put in front of its namesakes shifts their numbers.
    matching.pair_equal();
    matching.pair_by(|face| Some((face.id(), face.outline())));
    matching.pair_by(|face| Some((face.stem(), face.outline())));
    matching.pair_by(|face| Some((face.id(), face.text()?)));
    matching.pair_by(|face| Some((face.stem(), face.text()?)));
    matching.pair_by(|face| Some((face.id(), 0)));
    matching.pair_by(|face| Some((face.stem(), 0)));
    matching.pair_by(|face| face.text().map(|_| ("", face.outline())));
    matching.pair_by(|face| Some(("", face.text()?)));
    matching.pair_alike(base, head);
    let Matching { partner, taken, .. } = matching;
    let known = partner
        .into_iter()
        .enumerate()
        .map(|(index, partner)| (Some(index), partner));
    let added = taken
        .into_iter()
        .enumerate()
        .filter(|(_, taken)| !taken)
        .map(|(index, _)| (None, Some(index)));
    known.chain(added).collect()
}

struct Matching<'a> {
    base: Vec<Face<'a>>,
    head: Vec<Face<'a>>,
    partner: Vec<Option<usize>>,
    taken: Vec<bool>,
}

impl<'a> Matching<'a> {
    /// Pairs what did not change at all: most prompts, and nothing needs to be named for it. Both sides are in the order
    /// of ids, each of which stands once.
    fn pair_equal(&mut self) {
        for (index, face) in self.base.iter().enumerate() {
            let found = self
                .head
                .binary_search_by(|other| other.id().cmp(face.id()));
            let Ok(found) = found else { continue };
            if self.head[found].judged.prompt == face.judged.prompt {
                self.partner[index] = Some(found);
                self.taken[found] = true;
            }
        }
    }

    /// Pairs what has the same key, in order.
    fn pair_by(&mut self, key: impl Fn(&Face<'a>) -> Option<(&'a str, u64)>) {
        let mut open: HashMap<(&str, u64), VecDeque<usize>> = HashMap::new();
        for (index, face) in self.head.iter().enumerate() {
            if let (false, Some(key)) = (self.taken[index], key(face)) {
                open.entry(key).or_default().push_back(index);
            }
        }
        for (index, face) in self.base.iter().enumerate() {
            if self.partner[index].is_some() {
                continue;
            }
            let found = key(face).and_then(|key| open.get_mut(&key)?.pop_front());
            if let Some(found) = found {
                self.partner[index] = Some(found);
                self.taken[found] = true;
            }
        }
    }

    /// Pairs what has most of its stable text in common, the likest first.
    fn pair_alike(&mut self, base: &[Arc<Judged>], head: &[Arc<Judged>]) {
        let free = |taken: &[bool]| -> Vec<usize> {
            (0..taken.len()).filter(|index| !taken[*index]).collect()
        };
        let gone: Vec<bool> = self.partner.iter().map(Option::is_some).collect();
        let (left, right) = (free(&gone), free(&self.taken));
        if left.len() * right.len() > MOST_PAIRS {
            return;
        }
        let texts = |side: &[Arc<Judged>], free: &[usize]| -> Vec<(usize, Shingles)> {
            free.iter()
                .map(|index| (*index, Shingles::of(&side[*index].prompt)))
                .filter(|(_, shingles)| shingles.total >= TELLING_WORDS)
                .collect()
        };
        let (left, right) = (texts(base, &left), texts(head, &right));
        let mut alike: Vec<(f64, usize, usize)> = Vec::new();
        for (before, one) in &left {
            for (after, other) in &right {
                let share = one.in_common(other);
                if share >= LEAST_IN_COMMON {
                    alike.push((share, *before, *after));
                }
            }
        }
        alike.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        for (_, before, after) in alike {
            if self.partner[before].is_none() && !self.taken[after] {
                self.partner[before] = Some(after);
                self.taken[after] = true;
            }
        }
    }
}

/// The words of the stable text of a prompt.
fn stable_words(prompt: &Prompt) -> Vec<&str> {
    let mut out = Vec::new();
    let blocks = prompt.messages.iter().flat_map(|message| &message.blocks);
    for block in blocks {
        words(&block.pieces, &mut out);
    }
    out
}

fn words<'p>(pieces: &'p [Piece], out: &mut Vec<&'p str>) {
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.extend(text.as_str().split_whitespace()),
            Piece::Branch(branch) => branch.arms.iter().for_each(|arm| words(arm, out)),
            Piece::Repeat(repeat) => words(&repeat.body, out),
            Piece::Slot(_) | Piece::History(_) | Piece::Media(_) => {}
        }
    }
}

/// How often each three words in a row stand in a text.
struct Shingles {
    counts: BTreeMap<u64, usize>,
    total: usize,
}

impl Shingles {
    fn of(prompt: &Prompt) -> Shingles {
        let words = stable_words(prompt);
        let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
        for three in words.windows(3) {
            *counts.entry(stable_hash(three)).or_default() += 1;
        }
        Shingles {
            total: words.len().saturating_sub(2),
            counts,
        }
    }

    /// The share of the larger text that both have.
    fn in_common(&self, other: &Shingles) -> f64 {
        let larger = self.total.max(other.total);
        if self.total.min(other.total) * 2 < larger {
            return 0.0;
        }
        let common: usize = self
            .counts
            .iter()
            .map(|(three, count)| other.counts.get(three).map_or(0, |own| *own.min(count)))
            .sum();
        common as f64 / larger.max(1) as f64
    }
}
