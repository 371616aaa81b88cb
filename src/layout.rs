//! Wire order, keys, ends, barriers, stranded tokens: one prompt as a sequence of segments on one target.
//! Knows nothing of rules, files or formats. `build.rs` makes a layout from a prompt; this file is its arithmetic.

use std::collections::HashMap;

use crate::cost::{bill, Bill, End, Prefix, Rates, Stretch};
use crate::prompt::{Hop, MarkerHow, Rewrite, Section};
use crate::providers::{Match, Model, Prices};
use crate::source::Place;
use crate::volatility::{Class, Confidence, Key, Origin, Scope, Volatility};

mod build;
mod keys;
pub use build::{build, Count};

/// What a segment is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Tokens that the chat format adds.
    Framing,
    /// Stable text; the hash names its content.
    Text { hash: u64 },
    /// A value.
    Value {
        expr: String,
        volatility: Volatility,
        trace: Vec<Hop>,
    },
    /// A point where the prefix forks; the arm that is laid out covers the next `covers` segments.
    Fork {
        condition: String,
        volatility: Volatility,
        covers: usize,
    },
    /// The conversation so far.
    History {
        expr: String,
        rewritten: Option<Rewrite>,
    },
    /// Zero tokens behind a history: the next call has new turns here, so nothing behind it can match.
    Growth,
    /// Image, audio, file.
    Media,
    /// Zero tokens: an option that is part of the cache key.
    Setting {
        name: String,
        volatility: Volatility,
    },
}

/// A stretch of the request with one key.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Index in the layout as written; moves keep it.
    pub id: usize,
    pub tokens: f64,
    pub key: Key,
    pub kind: Kind,
    pub place: Place,
    /// Number of the message in wire order.
    pub message: usize,
    /// Ascending over the whole request; blocks of the source are `BLOCK_GAP` apart so that an edit can put blocks between.
    pub block: usize,
}

/// Beyond this many steps of a request only those count where something changes.
const MOST_ENDS: usize = 1 << 16;

/// Distance between the block numbers of two blocks of the source.
pub const BLOCK_GAP: usize = 1 << 16;

impl Segment {
    pub fn volatility(&self) -> Option<&Volatility> {
        match &self.kind {
            Kind::Value { volatility, .. }
            | Kind::Fork { volatility, .. }
            | Kind::Setting { volatility, .. } => Some(volatility),
            _ => None,
        }
    }

    /// Whether an edit can move it: a value or a fork.
    fn is_movable(&self) -> bool {
        matches!(
            self.kind,
            Kind::Value { .. } | Kind::Fork { .. } | Kind::Media
        )
    }

    pub fn is_stable(&self) -> bool {
        self.key.is_constant()
    }
}

/// A cache breakpoint in wire order.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// It stands behind the last segment whose block is at most this.
    pub block: usize,
    /// TTL in minutes as written.
    pub ttl: Option<u32>,
    /// `None`: added by the plan.
    pub place: Option<Place>,
    pub how: MarkerHow,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MessageInfo {
    pub section: Section,
    pub place: Place,
}

/// The request on the wire.
#[derive(Clone, Debug)]
pub struct Layout {
    pub segments: Vec<Segment>,
    pub messages: Vec<MessageInfo>,
    pub marks: Vec<Mark>,
    /// Only explicit marks count (`prompt_cache_options.mode = explicit`).
    pub explicit_only: bool,
    /// Markers are set where this source cannot show them (by the code that sends a template): every message end
    /// and history end is taken to be marked.
    pub assumed_marks: bool,
    /// The provider caches nothing without a routing key, and the request sends none.
    pub unkeyed: bool,
    /// Texts of other files and places within the stable runs, in wire order: what another request may hold as well.
    pub parts: Vec<Part>,
}

/// A text within a stable run.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Id of the run's segment.
    pub segment: usize,
    /// Of the text without white space around it.
    pub hash: u64,
    /// Tokens of the run in front of it.
    pub at: f64,
    pub tokens: f64,
    pub place: Place,
    /// Hash of the run in front of it.
    pub front: u64,
}

/// The terms under which a layout is priced.
#[derive(Clone, Debug)]
pub struct Terms<'a> {
    pub model: &'a Model,
    pub prices: Prices,
    pub rates: Rates,
    /// Idle lifetime in minutes of an entry without a TTL of its own.
    pub ttl: f64,
}

impl Terms<'_> {
    /// Whether this target can cache at all.
    pub fn caches(&self) -> bool {
        self.model.matching != Match::None && self.prices.read.is_some()
    }

    /// Neighbouring slots with less stable text between them than this are one barrier.
    pub fn granularity(&self) -> f64 {
        match self.model.matching {
            Match::Steps { step } if step > 1 => f64::from(step),
            _ => 64.0,
        }
    }
}

impl Layout {
    pub fn total(&self) -> f64 {
        self.segments.iter().map(|segment| segment.tokens).sum()
    }

    /// Tokens in front of a segment index.
    pub fn offset(&self, index: usize) -> f64 {
        self.segments[..index]
            .iter()
            .map(|segment| segment.tokens)
            .sum()
    }

    /// The prefix keys along the request.
    pub fn stretches(&self) -> Vec<Stretch> {
        let (mut end, mut key) = (0.0, Prefix::default());
        let mut out: Vec<Stretch> = Vec::new();
        for segment in &self.segments {
            end += segment.tokens;
            let changed = !segment.key.is_constant() && key.join(&segment.key);
            match out.last_mut() {
                Some(last) if !changed => last.end = end,
                _ => out.push(Stretch {
                    end,
                    key: key.reach(),
                }),
            }
        }
        out
    }

    /// Tokens in front of each segment, and of all.
    fn offsets(&self) -> Vec<f64> {
        let mut at = 0.0;
        let mut out = vec![at];
        for segment in &self.segments {
            at += segment.tokens;
            out.push(at);
        }
        out
    }

    /// The offsets at which marks stand. An edit may leave block numbers out of order: the last segment of at most a
    /// block is the last one behind which all others are of later blocks.
    fn mark_offsets(&self) -> Vec<f64> {
        if self.marks.is_empty() {
            return Vec::new();
        }
        let mut least: Vec<usize> = self.segments.iter().map(|segment| segment.block).collect();
        for index in (1..least.len()).rev() {
            least[index - 1] = least[index - 1].min(least[index]);
        }
        let offsets = self.offsets();
        let marks = self.marks.iter();
        marks
            .map(|mark| offsets[least.partition_point(|block| *block <= mark.block)])
            .collect()
    }

    /// The offset at which a mark stands.
    pub fn mark_offset(&self, mark: &Mark) -> f64 {
        let behind = self
            .segments
            .iter()
            .rposition(|segment| segment.block <= mark.block)
            .map_or(0, |index| index + 1);
        self.offset(behind)
    }

    /// Where the target can match, ascending, each at least the minimum.
    pub fn ends(&self, terms: &Terms) -> Vec<End> {
        if !terms.caches() || self.unkeyed {
            return Vec::new();
        }
        let minimum = f64::from(terms.model.minimum);
        let write = terms.prices.write.unwrap_or(terms.prices.input);
        let plain = |at: f64| End {
            at,
            ttl: terms.ttl,
            write,
        };
        let mut ends: Vec<End> = match terms.model.matching {
            Match::None => Vec::new(),
            Match::Steps { step } => {
                let step = f64::from(step.max(1));
                let total = self.total();
                let count = if total < minimum {
                    0
                } else {
                    ((total - minimum) / step) as usize + 1
                };
                // A step of one token has a cheap equivalent: an end wherever the key changes, and the total.
                if step <= 1.0 || count > MOST_ENDS {
                    let mut at: Vec<f64> =
                        self.stretches().iter().map(|stretch| stretch.end).collect();
                    at.push(minimum);
                    at.sort_by(f64::total_cmp);
                    at.into_iter()
                        .filter(|at| *at <= total)
                        .map(plain)
                        .collect()
                } else {
                    (0..count)
                        .map(|n| plain(minimum + step * n as f64))
                        .collect()
                }
            }
            Match::Ends => {
                let mut at = Vec::new();
                if terms.model.self_healing {
                    at.extend(self.stretches().iter().map(|stretch| stretch.end));
                }
                if !self.explicit_only {
                    at.extend(self.eligible_ends());
                }
                at.into_iter()
                    .map(plain)
                    .chain(self.marked_ends(terms, write))
                    .collect()
            }
            Match::Marks => self.marked_ends(terms, write),
        };
        ends.retain(|end| end.at >= minimum);
        ends.sort_by(|a, b| a.at.total_cmp(&b.at));
        ends.dedup_by(|later, kept| later.at == kept.at);
        ends
    }

    fn marked_ends(&self, terms: &Terms, write: f64) -> Vec<End> {
        let mut out: Vec<End> = self
            .marks
            .iter()
            .zip(self.mark_offsets())
            .map(|(mark, at)| {
                let long = mark.ttl.is_some_and(|ttl| f64::from(ttl) > terms.ttl);
                End {
                    at,
                    ttl: mark.ttl.map_or(terms.ttl, f64::from),
                    write: if long {
                        terms.prices.write_long.unwrap_or(write)
                    } else {
                        write
                    },
                }
            })
            .collect();
        // A marker in or behind a history reads back to the end of the turns that were sent before.
        if let Some(history) = self.history_end() {
            if let Some(last) = out.iter().copied().max_by(|a, b| a.at.total_cmp(&b.at)) {
                if last.at >= history {
                    out.push(End {
                        at: history,
                        ..last
                    });
                }
            }
        }
        if self.assumed_marks {
            let at = self.message_ends().into_iter().chain(self.history_end());
            out.extend(at.map(|at| End {
                at,
                ttl: terms.ttl,
                write,
            }));
        }
        out
    }

    fn history_end(&self) -> Option<f64> {
        let index = self
            .segments
            .iter()
            .rposition(|segment| matches!(segment.kind, Kind::History { .. }))?;
        Some(self.offset(index + 1))
    }

    fn message_ends(&self) -> Vec<f64> {
        let mut out = Vec::new();
        let mut at = 0.0;
        for (index, segment) in self.segments.iter().enumerate() {
            at += segment.tokens;
            let last = self
                .segments
                .get(index + 1)
                .is_none_or(|next| next.message != segment.message);
            if last {
                out.push(at);
            }
        }
        out
    }

    /// Ends of eligible messages: each user message, the last tool message of a group, the last message of the
    /// initial developer group, the end of a history.
    fn eligible_ends(&self) -> Vec<f64> {
        let mut out = Vec::new();
        let mut at = 0.0;
        for (index, segment) in self.segments.iter().enumerate() {
            at += segment.tokens;
            let next = self.segments.get(index + 1);
            if next.is_some_and(|next| next.message == segment.message) {
                continue;
            }
            let section = &self.messages[segment.message].section;
            let next_section = next.map(|next| &self.messages[next.message].section);
            let eligible = match section {
                Section::Role(role) if role == "user" => true,
                Section::Role(role) if role == "tool" => {
                    next_section.is_none_or(|next| next != section)
                }
                // At the end of a fragment the turns follow.
                section if section.is_preamble() => {
                    next_section.is_none_or(|next| !next.is_preamble())
                }
                _ => false,
            };
            if eligible {
                out.push(at);
            }
        }
        out.extend(self.history_end());
        out
    }

    pub fn bill(&self, terms: &Terms) -> Bill {
        bill(
            &self.stretches(),
            &self.ends(terms),
            &terms.prices,
            &terms.rates,
        )
    }

    /// Traffic-free: the last end before the first barrier or call piece.
    pub fn boundary(&self, terms: &Terms) -> f64 {
        let mut sight = Sight::new(self);
        let blocker = (0..self.segments.len()).find(|index| {
            self.segments[*index].key.scope == Scope::Call || sight.strands(*index).is_some()
        });
        let limit = blocker.map_or(self.total(), |index| self.offset(index));
        self.ends(terms)
            .iter()
            .map(|end| end.at)
            .filter(|at| *at <= limit + 1e-9)
            .fold(0.0, f64::max)
    }

    /// First index behind a segment and what it covers.
    fn behind(&self, index: usize) -> usize {
        match self.segments[index].kind {
            Kind::Fork { covers, .. } => (index + 1 + covers).min(self.segments.len()),
            _ => index + 1,
        }
    }

    /// Tokens stranded behind a segment: up to the first piece at least as volatile on every axis.
    pub fn stranded(&self, index: usize, key: &Key) -> f64 {
        self.segments[self.behind(index)..]
            .iter()
            .take_while(|segment| !segment.key.at_least(key))
            .map(|segment| segment.tokens)
            .sum()
    }

    /// The largest prefix that any order of the request could share between calls.
    pub fn best_prefix(&self) -> f64 {
        self.segments
            .iter()
            .filter(|segment| segment.key.scope != Scope::Call)
            .map(|segment| segment.tokens)
            .sum()
    }

    pub fn has_history(&self) -> bool {
        self.segments
            .iter()
            .any(|segment| matches!(segment.kind, Kind::History { .. }))
    }

    /// Barriers in wire order: movable segments (and settings) that strand something, neighbours joined.
    pub fn barriers(&self, granularity: f64) -> Vec<Barrier> {
        let mut out: Vec<Barrier> = Vec::new();
        let mut at = 0.0;
        let offsets = self.offsets();
        let mut sight = Sight::new(self);
        for (index, segment) in self.segments.iter().enumerate() {
            let from = at;
            at += segment.tokens;
            let setting = matches!(segment.kind, Kind::Setting { .. });
            if !(segment.is_movable() || setting)
                || segment.key.is_constant()
                || sight.strands(index).is_none()
            {
                continue;
            }
            let to = offsets[self.behind(index)];
            let near = out.last_mut().filter(|last| {
                !setting
                    && !last.setting
                    && last.message == segment.message
                    && (from - last.end < granularity || index < last.until)
            });
            match near {
                Some(last) => last.add(index, segment, self.behind(index), to),
                None => out.push(Barrier::new(
                    index,
                    segment,
                    self.behind(index),
                    to,
                    setting,
                )),
            }
        }
        out
    }
}

/// What the segments of a layout strand. The last segment that a key makes worse is the same wherever the key
/// stands, so each key looks for it once.
struct Sight<'a> {
    layout: &'a Layout,
    last: HashMap<&'a Key, Option<usize>>,
}

impl<'a> Sight<'a> {
    fn new(layout: &'a Layout) -> Sight<'a> {
        Sight {
            layout,
            last: HashMap::new(),
        }
    }

    /// The last segment whose key a segment makes worse, if any: then it is a barrier.
    fn strands(&mut self, index: usize) -> Option<usize> {
        let segments = &self.layout.segments;
        let key = &segments[index].key;
        if key.is_constant() {
            return None;
        }
        let last = *self.last.entry(key).or_insert_with(|| {
            segments
                .iter()
                .rposition(|later| later.tokens > 0.0 && !later.key.at_least(key))
        });
        last.filter(|last| *last >= self.layout.behind(index))
    }
}

/// One barrier: a value, or neighbouring values, in front of something more stable.
#[derive(Clone, Debug, PartialEq)]
pub struct Barrier {
    /// Segment indices, ascending.
    pub members: Vec<usize>,
    pub key: Key,
    pub message: usize,
    /// An option of the request, not a piece of its text.
    pub setting: bool,
    /// Behind the last member and what it covers.
    pub until: usize,
    end: f64,
}

impl Barrier {
    fn new(index: usize, segment: &Segment, until: usize, end: f64, setting: bool) -> Self {
        Barrier {
            members: vec![index],
            key: segment.key.clone(),
            message: segment.message,
            setting,
            until,
            end,
        }
    }

    /// This barrier and a later one as one.
    pub fn with(&self, later: &Barrier) -> Barrier {
        let mut members = self.members.clone();
        members.extend(&later.members);
        Barrier {
            members,
            key: self.key.join(&later.key),
            until: self.until.max(later.until),
            end: self.end.max(later.end),
            ..*self
        }
    }

    fn add(&mut self, index: usize, segment: &Segment, until: usize, end: f64) {
        self.members.push(index);
        self.key = self.key.join(&segment.key);
        self.until = self.until.max(until);
        self.end = self.end.max(end);
    }
}

/// The member of a barrier that speaks for it: the most volatile value, made-up ones first. Of a fork and a value of
/// one class the value speaks: a fork has as many prefixes as arms, the value as many as it has values.
pub fn speaker<'a>(segments: impl Iterator<Item = &'a Segment>) -> Option<&'a Segment> {
    segments.fold(None, |best: Option<&Segment>, segment| {
        let rank = |s: &Segment| {
            let v = s.volatility();
            let class = v.map_or(Class::Constant, |v| v.priced());
            let origin = v.map_or(Origin::Fixed, |v| v.origin);
            (
                class.scope(),
                std::cmp::Reverse(class.lifetime()),
                origin == Origin::MadeUp,
                v.map_or(Confidence::Possible, |v| v.confidence),
                !matches!(s.kind, Kind::Fork { .. }),
            )
        };
        match best {
            Some(known) if rank(known) >= rank(segment) => Some(known),
            _ => Some(segment),
        }
    })
}
