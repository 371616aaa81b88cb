//! Wire order, keys, ends, barriers, stranded tokens: one prompt as a sequence of segments on one target.
//! Knows nothing of rules, files or formats. `build.rs` makes a layout from a prompt; its arithmetic is here, in
//! `ends.rs` (where a target can match) and in `barriers.rs` (what stands in front of what).

use std::sync::Arc;

use crate::cost::{bill, Bill, Prefix, Rates, Stretch};
use crate::prompt::{Hop, MarkerHow, Rewrite, Section};
use crate::providers::{Match, Model, Prices};
use crate::source::Place;
use crate::volatility::{Confidence, Key, Lifetime, Origin, Scope, Volatility};

mod barriers;
mod build;
#[cfg(test)]
mod build_tests;
mod ends;
mod keys;
mod options;
pub use barriers::{speaker, Barrier};
pub use build::{build, Count};

/// What a segment is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Tokens that the chat format adds.
    Framing,
    /// Stable text; the hash names its content, the opening is for those who look at it.
    Text { hash: u64, opening: Arc<str> },
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

    /// Whether it is stable text that is in sight: what is assumed has no opening to show.
    pub fn is_seen_text(&self) -> bool {
        matches!(&self.kind, Kind::Text { opening, .. } if !opening.is_empty())
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

    pub fn bill(&self, terms: &Terms) -> Bill {
        bill(
            &self.stretches(),
            &self.ends(terms),
            &terms.prices,
            &terms.rates,
        )
    }

    /// The request with the benefit of the doubt: values of which nothing is sure are taken to stay as they are. `None`
    /// where that says nothing new: they matter beside a clock or another value that the program makes up,
    /// and in a wrapper around a conversation, all of whose text is handed in.
    pub fn trusting(&self) -> Option<Layout> {
        let of = |segment: &Segment, test: fn(&Volatility) -> bool| {
            !segment.is_stable() && segment.volatility().is_some_and(test)
        };
        let made_up = |v: &Volatility| {
            v.origin == Origin::MadeUp
                && v.confidence > Confidence::Possible
                && v.priced().lifetime() < Lifetime::FOREVER
        };
        let doubtful = |v: &Volatility| v.confidence == Confidence::Possible;
        let holds = |test| self.segments.iter().any(|segment| of(segment, test));
        let wrapper = self.has_history() && !self.segments.iter().any(Segment::is_seen_text);
        if !(holds(made_up) || wrapper) || !holds(doubtful) {
            return None;
        }
        let mut trusting = self.clone();
        for segment in &mut trusting.segments {
            if of(segment, doubtful) {
                segment.key = Key::constant();
            }
        }
        Some(trusting)
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
}
