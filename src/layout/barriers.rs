//! Barriers: which segments strand more stable ones behind them, and how much; the boundary of what is shared.
//! Knows nothing of prices.

use std::collections::HashMap;

use super::{Kind, Layout, Segment, Terms};
use crate::volatility::{Class, Confidence, Key, Origin, Scope};

impl Layout {
    /// Traffic-free: the last end before the first barrier or call piece.
    pub fn boundary(&self, terms: &Terms) -> f64 {
        let limit = self
            .blocker()
            .map_or(self.total(), |index| self.offset(index));
        self.ends(terms)
            .iter()
            .map(|end| end.at)
            .filter(|at| *at <= limit + 1e-9)
            .fold(0.0, f64::max)
    }

    /// The segment that ends the shared prefix: the first barrier or call piece.
    pub fn blocker(&self) -> Option<usize> {
        let mut sight = Sight::new(self);
        (0..self.segments.len()).find(|index| {
            self.segments[*index].key.scope == Scope::Call || sight.strands(*index).is_some()
        })
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
